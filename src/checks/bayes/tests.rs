//! The classifier as a whole: what its state depends on, and what hostile bytes do.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};

use super::{
    Features, FeaturesError, Model, ModelError, TOKENIZER,
    counts::{Count, Counts},
    digest, packed,
};
use crate::{mail::Message, verdict::Label};

fn message(text: &str) -> Message {
    Message::parse(text.as_bytes().to_vec())
}

/// The `number`th message of a label.
fn sample(label: Label, number: usize) -> Features {
    let (sender, words) = match label {
        Label::Spam => ("win@prize.example", "Claim your FREE money now, click here"),
        Label::Ham => ("ann@work.example", "Notes of the meeting on the parser"),
    };
    Features::of(&message(&format!(
        "From: {sender}\nSubject: number {number}\nDate: Mon, 6 Jul 2026 10:00:00 +0200\n\n\
         {words} {number}\nword{} and more\n",
        number % 7
    )))
}

fn lessons(count: usize) -> Vec<(Label, Features)> {
    let label = |number| if number % 3 == 0 { Label::Spam } else { Label::Ham };
    (0..count).map(|number| (label(number), sample(label(number), number))).collect()
}

fn taught(lessons: &[(Label, Features)]) -> Model {
    let mut model = Model::new();
    lessons.iter().for_each(|(label, features)| model.learn(*label, features));
    model
}

fn bytes(model: &Model) -> Vec<u8> {
    let mut bytes = Vec::new();
    model.write_to(&mut bytes).unwrap();
    bytes
}

/// A token, in how much spam, and in how much ham.
type Counted = (Option<String>, u32, u32);

/// All that the counts say about some messages.
fn counted(model: &Model) -> (usize, (u64, u64), Vec<Counted>) {
    let lessons = lessons(9);
    let clues = lessons.iter().flat_map(|(_, features)| model.explain(features, usize::MAX).1);
    let mut counts: Vec<_> = clues.map(|clue| (clue.text, clue.spam, clue.ham)).collect();
    counts.sort();
    (model.tokens(), model.learned(), counts)
}

#[test]
fn what_was_taught_is_known_again() {
    let model = taught(&lessons(300));
    let spam = model.judge(&sample(Label::Spam, 1_000));
    let ham = model.judge(&sample(Label::Ham, 1_000));
    assert!(spam.log_odds > 5.0 && spam.probability > 0.5, "{spam:?}");
    assert!(ham.log_odds < -5.0 && ham.probability < 0.01, "{ham:?}");
}

#[test]
fn the_tokens_that_decided_are_told() {
    let model = taught(&lessons(90));
    let (opinion, clues) = model.explain(&sample(Label::Spam, 1_000), usize::MAX);
    assert_eq!(opinion, model.judge(&sample(Label::Spam, 1_000)));
    let free = clues.iter().find(|clue| clue.text.as_deref() == Some("FREE")).unwrap();
    assert_eq!((free.spam, free.ham), (30, 0));
    assert!(free.log_odds > 0.1, "{free:?}");
    assert!(clues.is_sorted_by(|a, b| a.log_odds.abs() >= b.log_odds.abs()));
}

#[test]
fn counts_do_not_depend_on_order() {
    let forth = lessons(60);
    let mut back = forth.clone();
    back.reverse();
    assert_eq!(counted(&taught(&forth)), counted(&taught(&back)));
}

#[test]
fn what_is_forgotten_was_never_counted() {
    let lessons = lessons(40);
    let (kept, forgotten) = lessons.split_at(25);
    let mut model = taught(&lessons);
    model.settle();
    forgotten.iter().rev().for_each(|(label, features)| model.forget(*label, features));
    assert!(!model.is_settled());
    assert_eq!(counted(&model), counted(&taught(kept)));
}

#[test]
fn a_message_that_moved_is_judged_by_its_new_class() {
    let mut model = taught(&lessons(60));
    let odd = sample(Label::Spam, 7_777);
    model.learn(Label::Ham, &odd);
    let before = model.judge(&odd).log_odds;
    model.forget(Label::Ham, &odd);
    model.learn(Label::Spam, &odd);
    assert!(model.judge(&odd).log_odds > before);
}

#[test]
fn stored_features_rebuild_the_same_model_bit_for_bit() {
    let lessons = lessons(50);
    let stored: Vec<(Label, Features)> = lessons
        .iter()
        .map(|(label, features)| (*label, Features::from_bytes(&features.to_bytes()).unwrap()))
        .collect();
    assert_eq!(bytes(&taught(&lessons)), bytes(&taught(&stored)));
}

#[test]
fn a_checkpoint_goes_on_where_it_was_written() {
    let lessons = lessons(30);
    let (first, second) = lessons.split_at(20);
    let mut model = taught(first);
    model.learn(Label::Spam, &Features::imported(90_000, [("viagra", 70_000)]));
    let mut restored = Model::read_from(&bytes(&model)[..]).unwrap();
    assert_eq!(restored.is_settled(), model.is_settled());
    for (label, features) in second {
        model.learn(*label, features);
        restored.learn(*label, features);
    }
    assert!(bytes(&model) == bytes(&restored));
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let good = bytes(&taught(&lessons(5)));
    for at in [20, 60, good.len() - 1] {
        let mut bad = good.clone();
        bad[at] ^= 4;
        assert!(matches!(Model::read_from(&bad[..]), Err(ModelError::Damaged)), "{at}");
        assert!(matches!(Model::read_from(&good[..at]), Err(ModelError::Damaged)), "{at}");
    }
    let mut other = good;
    other[9] ^= 1;
    assert!(matches!(Model::read_from(&other[..]), Err(ModelError::OtherVersion)));
}

#[test]
fn counts_of_another_filter_decide_until_somebody_teaches() {
    let mut model = Model::new();
    let (spam, ham) =
        ([("free", 90), ("money", 80), ("meeting", 1)], [("free", 1), ("Meeting", 90)]);
    let lessons = [Features::imported(100, spam), Features::imported(100, ham)];
    let stored = lessons.map(|lesson| Features::from_bytes(&lesson.to_bytes()).unwrap());
    for (label, lesson) in [Label::Spam, Label::Ham].into_iter().zip(&stored) {
        model.learn(label, lesson);
    }
    assert_eq!(model.learned(), (100, 100));
    assert!(model.is_settled());
    let judge = |text: &str| model.judge(&Features::of(&message(text))).log_odds;
    assert!(judge("\nfree money\n") > 1.0);
    assert!(judge("\nMeeting\n") < -1.0);
    model.forget(Label::Spam, &stored[0]);
    assert_eq!(model.learned(), (0, 100));
}

#[test]
fn delivery_leaves_no_trace_in_features() {
    let plain = "Received: from a.example ([192.0.2.1]) by b.example; Mon, 6 Jul 2026 10:00:00 +0200\n\
                 From: a@a.example\nSubject: hello\n\nA text\n";
    let delivered = format!(
        "From a@a.example Mon Jul  6 10:00:00 2026\nReturn-Path: <a@a.example>\n\
         Delivered-To: b@b.example\nX-Spam-Status: Yes, score=9\nX-Bogosity: Spam\n\
         Authentication-Results: b.example; spf=fail\nStatus: RO\nX-MS-Exchange-Organization-SCL: 9\n{plain}"
    );
    let mut with = Features::of(&message(&delivered));
    let mut without = Features::of(&message(plain));
    // The size is a power of two; the header lines may reach the next.
    let size =
        |token: &u32| (1..40).any(|size| super::token::token(&format!("size:{size}")) == *token);
    with.head.retain(|token| !size(token));
    without.head.retain(|token| !size(token));
    assert_eq!(with, without);
}

#[test]
fn features_of_the_largest_messages_are_small() {
    let field = format!("X-{}: {}\n", "n".repeat(5_000), "word ".repeat(3_000));
    let words: String = (0..400_000).map(|number| format!("w{number} ")).collect();
    let tags = "<a href=http://a.example/b title=c>".repeat(5_000);
    let hostile = format!("{}Content-Type: text/html\n\n{tags}{words}", field.repeat(100));
    let features = Features::of(&message(&hostile));
    assert!(features.to_bytes().len() <= 16 * 1024, "{}", features.to_bytes().len());
    assert_eq!(Features::from_bytes(&features.to_bytes()).unwrap(), features);
}

#[test]
fn features_of_another_version_say_so() {
    let mut stored = sample(Label::Ham, 1).to_bytes();
    stored[0] += 1;
    let refused = Features::from_bytes(&stored).unwrap_err();
    assert_eq!(refused, FeaturesError::OtherTokenizer { found: TOKENIZER + 1 });
    assert_eq!(Features::from_bytes(&[]).unwrap_err(), FeaturesError::Damaged { at: 0 });
}

/// A message, and whether it is the same as the first.
const FORMS: [(&str, bool); 12] = [
    ("Message-ID: <1@a>\nDate: today\nSubject: s\n\nOne\n\nFrom here\ntwo\n", true),
    ("Message-ID: <1@a>\r\nDate: today\r\nSubject: s\r\n\r\nOne\r\n\r\nFrom here\r\ntwo\r\n", true),
    ("From a@b Mon Jul  6\nMessage-ID: <1@a>\nDate: today\n\nOne\n\n>From here\ntwo\n", true),
    ("Date: today\nMessage-ID: <1@a>\n\nOne\n\n>>From here\ntwo\n\n\n", true),
    (
        "X-Spam-Status: No\nReceived: from x\nMessage-ID: <1@a>\nDate: today\nStatus: RO\n\nOne\n\nFrom here\ntwo\n",
        true,
    ),
    ("message-id:  <1@a>\ndate:\n today\n\nOne\n\nFrom here\ntwo", true),
    ("Message-ID: <1@a>\nDate: today\n\nOne  \n\nFrom here\ntwo\n", true),
    ("Message-ID: <2@a>\nDate: today\n\nOne\n\nFrom here\ntwo\n", false),
    ("Message-ID: <1@a>\nDate: yesterday\n\nOne\n\nFrom here\ntwo\n", false),
    ("Message-ID: <1@a>\nDate: today\n\nOne\nFrom here\ntwo\n", false),
    ("Message-ID: <1@a>\nDate: today\n\nOne\n\nFrom here\nTwo\n", false),
    ("Date: <1@a>\nMessage-ID: today\n\nOne\n\nFrom here\ntwo\n", false),
];

#[test]
fn a_message_is_the_same_in_any_form() {
    let first = digest(&message(FORMS[0].0));
    for (text, is_same) in FORMS {
        assert_eq!(digest(&message(text)) == first, is_same, "{text}");
    }
}

#[test]
fn long_messages_are_the_same_with_any_line_ends() {
    let text = format!("Message-ID: <1@a>\n\n{}", "a line\n".repeat(100_000));
    let first = digest(&message(&text));
    assert_eq!(digest(&message(&text.replace('\n', "\r\n"))), first);
    assert_eq!(digest(&message(&text[..500_000])), first);
    assert_ne!(digest(&message(&text[..100_000])), first);
}

proptest! {
    #[test]
    fn counts_are_those_of_a_plain_map(
        changes in vec((0_u32..40, 0_u32..3, any::<bool>(), any::<bool>()), 0..400),
    ) {
        let (mut counts, mut plain) = (Counts::default(), BTreeMap::new());
        for (key, amount, is_spam, is_more) in changes {
            // Neighbours whose homes are the same slots, at the end of the table as well.
            let token = u32::MAX - key * 0x1_0001;
            let amount = if amount == 2 { 65_500 } else { amount };
            let change = |number: u32| if is_more { number + amount } else { number.saturating_sub(amount) };
            let change = |count: Count| match is_spam {
                true => Count { spam: change(count.spam), ..count },
                false => Count { ham: change(count.ham), ..count },
            };
            counts.change(token, change);
            let count = plain.entry(token).or_default();
            *count = change(*count);
        }
        plain.retain(|_, count| *count != Count::default());
        prop_assert_eq!(counts.tokens(), plain.len());
        for key in 0..40 {
            let token = u32::MAX - key * 0x1_0001;
            prop_assert_eq!(counts.get(token), plain.get(&token).copied().unwrap_or_default());
        }
        prop_assert_eq!(counts.iter().collect::<BTreeMap<_, _>>(), plain);
    }

    #[test]
    fn lists_come_back(list in vec(any::<u32>(), 0..300), number in any::<u32>()) {
        let mut out = Vec::new();
        packed::write_list(&mut out, &list);
        packed::write_number(&mut out, number);
        let mut rest = &out[..];
        prop_assert_eq!(packed::read_list(&mut rest, 300), Some(list));
        prop_assert_eq!(packed::read_number(&mut rest), Some(number));
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn any_bytes_are_features_or_an_error(mut bytes in vec(any::<u8>(), 0..600)) {
        let _ = Features::from_bytes(&bytes);
        bytes.insert(0, 1);
        if let Ok(features) = Features::from_bytes(&bytes) {
            prop_assert!(features.to_bytes().len() < 64 * 1024);
        }
    }

    #[test]
    fn damaged_features_never_panic(at in any::<prop::sample::Index>(), bit in 0..8) {
        let mut stored = sample(Label::Spam, 5).to_bytes();
        let at = at.index(stored.len());
        stored[at] ^= 1_u8 << bit;
        let _ = Features::from_bytes(&stored);
        prop_assert!(Features::from_bytes(&stored[..at]).is_err());
    }

    #[test]
    fn any_bytes_are_read(raw in vec(any::<u8>(), 0..2_000)) {
        let message = Message::parse(raw);
        let features = Features::of(&message);
        prop_assert_eq!(Features::from_bytes(&features.to_bytes()).unwrap(), features);
        digest(&message);
    }
}
