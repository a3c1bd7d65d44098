//! Teachers who remember what they were told: what is acknowledged must be known in the end, and nothing
//! that nobody taught.
//!
//! A message is taught at one node only until all know the same; so the last acknowledged word on it is
//! what it must be, whatever the clocks say. Where no answer came, both are right.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use gatepost::{
    checks::bayes::digest,
    control::ClientError,
    filter::learn::{Taught, Teach},
    mail::Message,
    store::Digest,
};
use rand::{Rng, RngExt, seq::SliceRandom as _};

use super::node::{Export, Teacher, any_teach, fresh_message};

/// A teacher rests so long between two lessons: the machine has other things to do.
const REST: Duration = Duration::from_millis(20);
/// And so long when nobody answers.
const LONG_REST: Duration = Duration::from_millis(100);

/// Says that it is over, also if the test fails meanwhile.
pub(crate) struct UntilDropped<'a>(pub(crate) &'a AtomicBool);

impl Drop for UntilDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A message, and what it may be known as.
pub(crate) struct Lesson {
    message: Vec<u8>,
    digest: String,
    /// The last word that was acknowledged.
    said: Option<Teach>,
    /// Words after that, which nobody answered.
    doubtful: Vec<Teach>,
}

/// What was taught at one node.
#[derive(Default)]
pub(crate) struct Register {
    lessons: Vec<Lesson>,
    /// Events that were acknowledged since the last check, and that may have come to be.
    pub(crate) acknowledged: u64,
    pub(crate) doubtful: u64,
    /// The node's events, as of the last check.
    events: u64,
}

impl Register {
    /// Teaches until it is over; messages that are new, or any.
    pub(crate) fn fill(
        &mut self,
        teacher: &Teacher,
        random: &mut impl Rng,
        only_new: bool,
        is_over: &AtomicBool,
    ) {
        while !is_over.load(Ordering::Relaxed) {
            let is_new = self.lessons.is_empty() || only_new || random.random_bool(0.5);
            if is_new {
                self.lessons.push(Lesson::new(fresh_message(random)));
            }
            let last = self.lessons.len() - 1;
            let number = if is_new { last } else { random.random_range(0..=last) };
            let is_answered = self.teach(teacher, number, any_teach(random));
            thread::sleep(if is_answered { REST } else { LONG_REST });
        }
    }

    /// Messages on which there is a word.
    pub(crate) fn messages(&self) -> u64 {
        self.lessons.iter().filter(|lesson| lesson.said.is_some()).count() as u64
    }

    fn teach(&mut self, teacher: &Teacher, number: usize, teach: Teach) -> bool {
        let lesson = &mut self.lessons[number];
        let taught = teacher.teach(teach, &lesson.message);
        match &taught {
            Ok(taught) => {
                // To forget what was never known is no event.
                if *taught != Taught::NotKnown || lesson.said.is_some() {
                    lesson.said = Some(teach);
                }
                lesson.doubtful.clear();
                let is_event = !matches!(taught, Taught::Known | Taught::NotKnown);
                self.acknowledged += u64::from(is_event);
            }
            Err(ClientError::Connect(..)) => {}
            Err(_) => {
                lesson.doubtful.push(teach);
                self.doubtful += 1;
            }
        }
        taught.is_ok()
    }
}

impl Lesson {
    fn new(message: Vec<u8>) -> Self {
        let digest = Digest(digest(&Message::parse(message.clone()))).to_string();
        Self { message, digest, said: None, doubtful: Vec::new() }
    }

    /// What `store export` may say of it.
    fn may_be(&self, found: Option<&str>) -> bool {
        let mut words = self.said.iter().chain(&self.doubtful);
        match found {
            Some(found) => words.any(|&teach| word(teach) == found),
            None => self.said.is_none(),
        }
    }
}

fn word(teach: Teach) -> &'static str {
    match teach {
        Teach::Spam => "spam",
        Teach::Ham => "ham",
        Teach::Forget => "forgotten",
    }
}

/// What became of the lessons of all.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// Events that were acknowledged.
    pub(crate) acknowledged: u64,
    /// Events without an answer.
    pub(crate) doubtful: u64,
    /// Messages that are not what they must be, and events that nobody has.
    pub(crate) lost: u64,
    /// Messages that nobody taught, and events that nobody gave.
    pub(crate) doubled: u64,
}

/// Compares what all know with what was taught. `names` are the beginnings of the nodes' origins. A node
/// that was `restored` may have taught under numbers of its former self, which are not counted twice.
pub(crate) fn settle_accounts(
    registers: &mut [Register],
    names: &[String],
    export: &Export,
    restored: Option<usize>,
) -> Account {
    let mut account = Account::default();
    let known: BTreeSet<&str> = registers
        .iter()
        .flat_map(|register| &register.lessons)
        .map(|lesson| lesson.digest.as_str())
        .collect();
    let is_stray = |digest: &&String| !known.contains(digest.as_str());
    account.doubled += export.entries.keys().filter(is_stray).count() as u64;
    for (number, (register, name)) in registers.iter_mut().zip(names).enumerate() {
        account.acknowledged += register.acknowledged;
        account.doubtful += register.doubtful;
        count_messages(register, &export.entries, &mut account);
        count_events(register, events_of(name, export), restored == Some(number), &mut account);
    }
    account
}

fn events_of(name: &str, export: &Export) -> u64 {
    let of_node = export.positions.iter().filter(|(origin, _)| origin.starts_with(name));
    of_node.map(|(_, sequence)| sequence).sum()
}

fn count_messages(
    register: &mut Register,
    entries: &BTreeMap<String, String>,
    account: &mut Account,
) {
    for lesson in &mut register.lessons {
        let found = entries.get(&lesson.digest).map(String::as_str);
        if !lesson.may_be(found) {
            println!("{} is {found:?}, taught {:?}", lesson.digest, lesson.said);
            account.lost += 1;
        }
        lesson.doubtful.clear();
        lesson.said = [Teach::Spam, Teach::Ham, Teach::Forget]
            .into_iter()
            .find(|&teach| Some(word(teach)) == found);
    }
}

fn count_events(register: &mut Register, events: u64, is_restored: bool, account: &mut Account) {
    let least = register.events + if is_restored { 0 } else { register.acknowledged };
    let most = register.events + register.acknowledged + register.doubtful;
    account.lost += least.saturating_sub(events);
    account.doubled += events.saturating_sub(most);
    (register.events, register.acknowledged, register.doubtful) = (events, 0, 0);
}

/// Gives each message to any of the teachers: all nodes know the same now.
pub(crate) fn change_teachers(registers: &mut [Register], random: &mut impl Rng) {
    let lessons = registers.iter_mut().map(|register| std::mem::take(&mut register.lessons));
    let mut lessons: Vec<_> = lessons.flatten().collect();
    lessons.shuffle(random);
    let count = registers.len();
    for (number, lesson) in lessons.into_iter().enumerate() {
        registers[number % count].lessons.push(lesson);
    }
}
