//! gatepost's side: the rules alone, in this process, on one thread.

use std::{hint::black_box, path::Path, sync::Arc, time::Duration};

use gatepost::{
    checks::{
        Case,
        rules::{RuleSet, ScoreSet, Settings},
    },
    mail::{Envelope, Message},
};

use crate::{
    Mail,
    answers::{Answer, Answers},
    figures::{median, own_cpu},
};

/// What gatepost says, and what it took.
pub(crate) struct Ours {
    pub(crate) answers: Answers,
    /// CPU time of reading and compiling the rules.
    pub(crate) loading: Duration,
    /// CPU time a message from its bytes to its findings, in microseconds.
    pub(crate) judging: f64,
    /// CPU time a message of mail-parser's parse, in microseconds.
    pub(crate) bare_parse: f64,
}

/// Judges all messages. There is no envelope: all that is known stands in the messages.
pub(crate) fn judge(rules: &Path, mails: &[Mail], rounds: usize) -> Ours {
    let before = own_cpu();
    let include = vec![rules.display().to_string()];
    let local = ScoreSet { net: false, bayes: false };
    let rules = RuleSet::load(&Settings { include, ..Settings::default() }, local)
        .expect("rules that can be read");
    let loading = own_cpu().saturating_sub(before);
    let rounds: Vec<(f64, f64)> = (0..rounds.max(1))
        .map(|_| {
            let bare = micros(mails, |mail| {
                black_box(mail_parser::MessageParser::default().parse(&mail.raw));
            });
            let judged = micros(mails, |mail| {
                let hits = rules.examine(&case(mail));
                black_box(rules.conclude(hits, &[]));
            });
            (bare, judged)
        })
        .collect();
    let answers = mails.iter().map(|mail| (mail.path.clone(), answer(&rules, mail))).collect();
    Ours {
        answers: Answers(answers),
        loading,
        judging: median(rounds.iter().map(|&(_, judged)| judged).collect()),
        bare_parse: median(rounds.iter().map(|&(bare, _)| bare).collect()),
    }
}

fn case(mail: &Mail) -> Case {
    Case {
        envelope: Arc::new(Envelope::default()),
        message: Arc::new(Message::parse(mail.raw.clone())),
    }
}

fn answer(rules: &RuleSet, mail: &Mail) -> Answer {
    let hits = rules.examine(&case(mail));
    let all = rules.examine_all(&case(mail));
    let fired = |hits, sub_rules: bool| {
        let fired = rules.fired(hits, &[]).into_iter().map(|name| name.as_str().to_owned());
        fired.filter(|name| name.starts_with("__") == sub_rules).collect()
    };
    let (named, sub_rules) = (fired(&hits, false), fired(&all, true));
    let score = rules.conclude(hits, &[]).iter().map(|finding| finding.weight.as_f64()).sum();
    Answer { score, rules: named, sub_rules }
}

/// Mean CPU time of `work`, in microseconds.
fn micros(mails: &[Mail], work: impl Fn(&Mail)) -> f64 {
    let before = own_cpu();
    mails.iter().for_each(work);
    own_cpu().saturating_sub(before).as_secs_f64() * 1e6 / mails.len() as f64
}
