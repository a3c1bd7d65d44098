//! What is inside a message joins it before the other checks read it: archives and documents always, pictures
//! only where they can still change what becomes of it.

use futures_util::future::join_all;
use tokio::{runtime::Handle, time::Instant};

use super::{
    Filter, Lane,
    examine::{Examination, Order},
    judge,
    profile::Profile,
    record::Then,
};
use crate::{
    checks::Case,
    contents::{
        Picture, Readers, SeeError,
        pool::{Failure, queue},
    },
    mail::{FoundText, Inside, Item, Message, Origin},
    metrics,
    verdict::{
        Answer, Evidence, Finding, Forced, Outcome, PictureSaid, Pictured, Points, Testimony,
        Verdict,
    },
};

/// The check's name.
pub(super) const NAME: &str = "contents";

/// The finding that says that something was not looked into.
const SKIPPED: &str = "HEAVY_SKIPPED";

/// Opens archives and documents. Blocks; called on a thread for computing.
pub(super) fn open(
    order: &Order,
    message: Message,
    runtime: &Handle,
    deadline: Instant,
) -> (Message, Option<Outcome>) {
    if !order.profile.asks(NAME) {
        return (message, None);
    }
    if let Some(failure) = order.then.as_ref().and_then(|then| then.failure_of(NAME)) {
        return (message, Some(failure));
    }
    let Some(readers) = &order.filter.readers else { return (message, None) };
    let lane = lane(order.lane);
    match runtime.block_on(readers.open(&message, lane, deadline.into_std())) {
        None => (message, None),
        Some(Ok(found)) => {
            let message = message.with_inside(found.inside, found.kept);
            (message, Some(Outcome::Answered(Answer::default())))
        }
        Some(Err(failure)) => (message, Some(outcome(&failure, "archives and documents"))),
    }
}

fn lane(lane: Lane) -> queue::Lane {
    match lane {
        Lane::Outside => queue::Lane::Outside,
        Lane::Ours => queue::Lane::Ours,
    }
}

/// What a failure of the workers means for the message.
fn outcome(failure: &Failure, what: &str) -> Outcome {
    match failure {
        Failure::Late => Outcome::Late,
        Failure::Skipped(_) => {
            let why = format!("{what}: {}", crate::chain(failure));
            Outcome::Answered(Answer { findings: vec![skipped(why)], ..Answer::default() })
        }
        _ => Outcome::Broken(crate::chain(failure)),
    }
}

fn skipped(why: String) -> Finding {
    Finding { name: SKIPPED.into(), weight: Points::ZERO, evidence: Evidence::Fact(why) }
}

/// What reading the pictures of a message has brought.
pub(super) struct Read {
    /// The message with what they show, if they show anything.
    pub message: Option<Message>,
    /// How it went.
    pub outcome: Outcome,
    /// For the record.
    pub testimony: Testimony,
}

/// Reads the pictures of a message, if that can change what becomes of it.
pub(super) async fn read_pictures(
    order: &Order,
    seen: &Examination,
    early: &Examination,
    deadline: Instant,
) -> Option<Read> {
    let case = seen.case.as_ref()?;
    let readers = order.filter.readers.as_ref().filter(|_| order.profile.asks(NAME))?;
    let pictures = readers.pictures(&case.message);
    if pictures.is_empty() || !is_undecided(&order.filter, &order.profile, seen, early) {
        return None;
    }
    let said = match &order.then {
        Some(then) => recalled(then, pictures.len()),
        None => look(readers, &pictures, order.lane, deadline).await,
    };
    Some(read(case, &pictures, said))
}

/// Whether what pictures show can still change what becomes of the message.
fn is_undecided(
    filter: &Filter,
    profile: &Profile,
    seen: &Examination,
    early: &Examination,
) -> bool {
    let Some(heavy) = profile.heavy else { return false };
    let (score, forced) = judge::foresee(profile, &filter.rules, seen, early);
    let is_refused = |forced: &Forced| forced.verdict >= Verdict::Reject;
    (heavy.from..heavy.below).contains(&score) && !forced.iter().any(is_refused)
}

/// What was said of each then.
fn recalled(then: &Then, pictures: usize) -> Vec<Pictured> {
    let said = then.testimony.pictures.iter().cloned();
    said.filter(|said| (said.picture as usize) < pictures).collect()
}

async fn look(
    readers: &Readers,
    pictures: &[Picture<'_>],
    of: Lane,
    deadline: Instant,
) -> Vec<Pictured> {
    let until = readers.pictures_until(deadline.into_std());
    let looks = (0..).zip(pictures).map(async |(picture, bytes)| {
        let result = match readers.see(bytes, lane(of), until).await {
            Ok(sight) => {
                PictureSaid::Shows { text: sight.text.clone(), codes: sight.codes.clone() }
            }
            Err(failure @ SeeError::Worker(Failure::Skipped(_) | Failure::Late)) => {
                PictureSaid::Skipped(crate::chain(&failure))
            }
            Err(failure) => PictureSaid::Failed(crate::chain(&failure)),
        };
        Pictured { picture, result }
    });
    join_all(looks).await
}

fn read(case: &Case, pictures: &[Picture<'_>], said: Vec<Pictured>) -> Read {
    let mut inside = case.message.inside().clone();
    let mut is_news = false;
    let (mut omitted, mut failed) = (Vec::new(), None);
    for Pictured { picture, result } in &said {
        match result {
            PictureSaid::Shows { text, codes } => {
                metrics::picture("read");
                let Some(picture) = pictures.get(*picture as usize) else { continue };
                is_news |= add(&mut inside, picture, text, codes);
            }
            PictureSaid::Skipped(why) => {
                metrics::picture("skipped");
                omitted.push(why.clone());
            }
            PictureSaid::Failed(why) => {
                metrics::picture("failed");
                failed = Some(why.clone());
            }
        }
    }
    let outcome = match (omitted.first(), failed) {
        (_, Some(why)) => Outcome::Broken(why),
        (Some(why), None) => {
            let findings = vec![skipped(format!("pictures, {}: {why}", omitted.len()))];
            Outcome::Answered(Answer { findings, ..Answer::default() })
        }
        (None, None) => Outcome::Answered(Answer::default()),
    };
    let kept = || case.message.kept().map(|(number, _, bytes)| (number, bytes.to_vec())).collect();
    let message =
        is_news.then(|| Message::parse(case.message.raw().to_vec()).with_inside(inside, kept()));
    Read { message, outcome, testimony: Testimony { pictures: said, ..Testimony::default() } }
}

/// Adds what a picture shows; true if that is anything.
fn add(inside: &mut Inside, picture: &Picture<'_>, text: &str, codes: &[String]) -> bool {
    let mut texts = Vec::new();
    if !text.trim().is_empty() {
        texts.push(FoundText { origin: Origin::Picture, text: text.to_owned() });
    }
    let codes = codes.iter().filter(|code| !code.trim().is_empty());
    texts.extend(codes.map(|code| FoundText { origin: Origin::Code, text: code.clone() }));
    if texts.is_empty() {
        return false;
    }
    let item = picture.item.and_then(|item| inside.items.get_mut(item as usize));
    match item {
        Some(item) => item.texts.extend(texts),
        None => inside.items.push(Item { part: picture.part, texts, ..Item::default() }),
    }
    true
}

/// Puts what was examined once more in the place of what was found without the pictures.
pub(super) fn replace(seen: &mut Examination, again: Examination) {
    let names: Vec<&str> = again.outcomes.iter().map(|(name, _)| *name).collect();
    seen.outcomes.retain(|(name, _)| !names.contains(name));
    seen.outcomes.extend(again.outcomes);
    if again.hits.is_some() {
        seen.hits = again.hits;
    }
    seen.testimony.add(again.testimony);
    seen.case = again.case.or(seen.case.take());
}

/// The checks that read texts and addresses, which are asked once more.
pub(super) const AGAIN: [&str; 4] = ["lists", "links", "bayes", "rules"];
