//! What is inside a message joins it before the other checks read it: archives and documents always, pictures
//! only where they can still change what becomes of it.

use std::sync::Arc;

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
    let message = &seen.case.as_ref()?.message;
    let pictures = &seen.pictures;
    if pictures.is_empty() || !is_undecided(&order.filter, &order.profile, seen, early) {
        return None;
    }
    let said = match (&order.then, &order.filter.readers) {
        (Some(then), _) => recalled(then, pictures.len()),
        (None, Some(readers)) => look(readers, message, order, pictures, deadline).await,
        (None, None) => return None,
    };
    Some(read(message, pictures, said))
}

/// The pictures that a message shows, where they may be read at all.
pub(super) fn pictures(order: &Order, message: &Message) -> Vec<Picture> {
    let wanted = order.profile.asks(NAME) && order.profile.heavy.is_some();
    let readers = order.filter.readers.as_ref().filter(|_| wanted);
    readers.map(|readers| readers.pictures(message)).unwrap_or_default()
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
    message: &Arc<Message>,
    order: &Order,
    pictures: &[Picture],
    deadline: Instant,
) -> Vec<Pictured> {
    let until = readers.pictures_until(deadline.into_std());
    let Some(digests) = digests(order, message, pictures).await else {
        let failed = PictureSaid::Failed("no thread to compute its digest".to_owned());
        let said =
            (0..).zip(pictures).map(|(picture, _)| Pictured { picture, result: failed.clone() });
        return said.collect();
    };
    let looks = (0..).zip(pictures).zip(digests).map(async |((picture, shown), digest)| {
        let result = match readers.see(message, shown, digest, lane(order.lane), until).await {
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

/// Of each picture; computed on a thread for that. `None` if there is none.
async fn digests(
    order: &Order,
    message: &Arc<Message>,
    pictures: &[Picture],
) -> Option<Vec<[u8; 32]>> {
    let (message, pictures) = (Arc::clone(message), pictures.to_vec());
    let digests = move || pictures.iter().map(|picture| picture.digest(&message)).collect();
    order.filter.admission.computing.run(digests).ok()?.await.ok()
}

fn read(message: &Message, pictures: &[Picture], said: Vec<Pictured>) -> Read {
    let mut inside = message.inside().clone();
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
    let message = is_news.then(|| message.with_more(inside));
    Read { message, outcome, testimony: Testimony { pictures: said, ..Testimony::default() } }
}

/// Adds what a picture shows; true if that is anything.
fn add(inside: &mut Inside, picture: &Picture, text: &str, codes: &[String]) -> bool {
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
