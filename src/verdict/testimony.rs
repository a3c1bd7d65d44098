//! What the outside world said about one message: what DNS and the virus scanner answered, what the
//! classifier thought by what it knew then, which entries of the administrator's named its senders.
//!
//! Each check that asks outside gets a [`Witness`]. While mail is live, the witness only takes down
//! what came. For a message that was judged before, it holds what came then: answers are taken from
//! there, nobody is asked, and a question that was not asked then is taken down as missing. Nothing
//! is global: a witness belongs to one question of one check, and comes back with its answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::{Finding, Ruling, Token};

/// A question to DNS, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    /// The name asked for: absolute, in lower case, without its final dot.
    pub name: String,
    /// The type of records asked for, by its number (RFC 1035, section 3.2.2): 1 is A, 16 TXT.
    pub record_type: u16,
    /// What came.
    pub response: Response,
    /// How long that was to be remembered, in seconds; 0 for a failure.
    pub ttl: u32,
    /// When it was asked, in milliseconds since 1970.
    pub asked: u64,
    /// How long the answer took, in milliseconds; 0 from the cache.
    pub took: u32,
}

/// What came of a question to DNS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Response {
    /// Records: the data of each as on the wire, names in it not compressed beyond itself.
    Records(Vec<Vec<u8>>),
    /// There is no such name (code 3), or no such record (code 0; RFC 1035, section 4.1.1).
    Nothing {
        /// The response code.
        code: u16,
    },
    /// Nobody answered in so many milliseconds.
    Timeout {
        /// Milliseconds.
        after: u32,
    },
    /// A server answered that it will not or cannot say: the response code.
    Refused {
        /// The response code.
        code: u16,
    },
    /// Something else went wrong: what, in a line.
    Failed(String),
    /// Nobody was asked, because the zone was not believed just then: why.
    SetAside(String),
}

/// A part of a message that was scanned for viruses, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// Which part, by its place among all parts of the message and, behind these, all that is inside them;
    /// `None`: the message as a whole.
    pub part: Option<u32>,
    /// What the scanner said.
    pub result: ScanSaid,
}

/// What a virus scanner said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScanSaid {
    /// Nothing known was found.
    Clean,
    /// The signature that it found.
    Infected(String),
    /// It gave no result: why, in a line.
    Failed(String),
}

/// A picture that was to be looked at, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pictured {
    /// Which, by its place among those of the message that are worth a look.
    pub picture: u32,
    /// What came of it.
    pub result: PictureSaid,
}

/// What came of a look at a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PictureSaid {
    /// What it shows.
    Shows {
        /// What is written on it.
        text: String,
        /// What bar codes and QR codes on it say.
        codes: Vec<String>,
    },
    /// Nobody had time for it: why, in a line.
    Skipped(String),
    /// Whoever looked at it failed: why, in a line.
    Failed(String),
}

/// What the classifier thought.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Opinion {
    /// How likely the message is spam, in millionths; `None`: too little had been learned.
    pub millionths: Option<u32>,
    /// The state hash of what had been learned; `None` where nobody kept count.
    pub state: Option<u128>,
    /// Why it could not think; then there are no millionths.
    pub failure: Option<String>,
    /// The tokens that decided, the most telling first. Records keep them with the finding.
    #[serde(skip)]
    pub because: Vec<Token>,
}

/// All that was heard about one message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Testimony {
    /// What DNS said, each question once.
    pub lookups: Vec<Lookup>,
    /// What the virus scanner said.
    pub scans: Vec<Scan>,
    /// What the classifier thought.
    pub opinion: Option<Opinion>,
    /// What was asked of a record that does not hold it.
    pub missing: Vec<String>,
    /// What the administrator had said about those who sent it.
    pub rulings: Vec<Ruling>,
    /// What its pictures show.
    pub pictures: Vec<Pictured>,
}

impl Testimony {
    /// What came of this question.
    pub fn lookup(&self, name: &str, record_type: u16) -> Option<&Lookup> {
        self.lookups.iter().find(|known| known.record_type == record_type && known.name == name)
    }

    /// What was said of this part, or of the whole.
    pub fn scan(&self, part: Option<u32>) -> Option<&ScanSaid> {
        self.scans.iter().find(|scan| scan.part == part).map(|scan| &scan.result)
    }

    /// Takes in what another witness heard.
    pub fn add(&mut self, other: Self) {
        for lookup in other.lookups {
            if self.lookup(&lookup.name, lookup.record_type).is_none() {
                self.lookups.push(lookup);
            }
        }
        self.scans.extend(other.scans);
        self.pictures.extend(other.pictures);
        self.opinion = other.opinion.or(self.opinion.take());
        for what in other.missing {
            if !self.missing.contains(&what) {
                self.missing.push(what);
            }
        }
        for ruling in other.rulings {
            if !self.rulings.contains(&ruling) {
                self.rulings.push(ruling);
            }
        }
    }
}

/// Takes down what a check hears, or tells it what was heard then. Clones share what they hear.
///
/// A check that asks many says what it has found so far; if it is late, that counts.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    then: Option<Arc<Testimony>>,
    was_late: bool,
    notes: Arc<Mutex<Notes>>,
}

/// What a witness has taken down.
#[derive(Debug, Default)]
struct Notes {
    heard: Testimony,
    found: Vec<Finding>,
    /// What came then did not come in time.
    lacks: bool,
}

impl Witness {
    /// One that only takes down: for live mail.
    pub fn live() -> Self {
        Self::default()
    }

    /// One that answers from what was heard `then`, where that is given.
    pub fn of(then: Option<Arc<Testimony>>) -> Self {
        Self { then, ..Self::default() }
    }

    /// The same for a check that was late: what is not recorded had not come by then.
    pub fn of_late(then: Arc<Testimony>) -> Self {
        Self { then: Some(then), was_late: true, ..Self::default() }
    }

    /// What was heard then; `None` while mail is live and the world may be asked.
    pub fn then(&self) -> Option<&Testimony> {
        self.then.as_deref()
    }

    /// Takes down what came of a question to DNS.
    pub fn looked_up(&self, lookup: Lookup) {
        self.notes().heard.lookups.push(lookup);
    }

    /// Takes down what came of a scan.
    pub fn scanned(&self, scan: Scan) {
        self.notes().heard.scans.push(scan);
    }

    /// Takes down what the classifier thought.
    pub fn thought(&self, opinion: Opinion) {
        self.notes().heard.opinion = Some(opinion);
    }

    /// Takes down what the administrator has said.
    pub fn ruled(&self, rulings: &[Ruling]) {
        if !rulings.is_empty() {
            self.notes().heard.rulings.extend_from_slice(rulings);
        }
    }

    /// Takes down that something is not recorded.
    pub fn missed(&self, what: String) {
        let mut notes = self.notes();
        match self.was_late {
            true => notes.lacks = true,
            false => notes.heard.missing.push(what),
        }
    }

    /// Takes down all that the check has found so far.
    pub fn found_so_far(&self, findings: Vec<Finding>) {
        self.notes().found = findings;
    }

    /// What the check has found so far, and all that it has heard for that.
    pub fn so_far(&self) -> (Vec<Finding>, Testimony) {
        let notes = self.notes();
        (notes.found.clone(), notes.heard.clone())
    }

    /// Whether something was asked that had not come in time then.
    pub fn lacks(&self) -> bool {
        self.notes().lacks
    }

    /// All that it has heard so far.
    pub fn testimony(&self) -> Testimony {
        self.notes().heard.clone()
    }

    /// Who panicked while writing has left a note out, nothing worse.
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str, code: u16) -> Lookup {
        let response = Response::Nothing { code };
        Lookup { name: name.to_owned(), record_type: 1, response, ttl: 60, asked: 1, took: 2 }
    }

    #[test]
    fn each_question_is_kept_once_the_first_answer_stands() {
        let (one, other) = (Witness::live(), Witness::live());
        one.looked_up(lookup("a.example", 3));
        other.looked_up(lookup("a.example", 0));
        other.looked_up(lookup("b.example", 3));
        other.missed("c.example".to_owned());
        let mut all = one.testimony();
        all.add(other.testimony());
        all.add(other.testimony());
        assert_eq!(all.lookups, [lookup("a.example", 3), lookup("b.example", 3)]);
        assert_eq!(all.missing, ["c.example"]);
        assert_eq!(all.lookup("b.example", 1), Some(&lookup("b.example", 3)));
        assert_eq!(all.lookup("b.example", 16), None);
    }

    #[test]
    fn clones_hear_the_same() {
        let witness = Witness::live();
        witness.clone().looked_up(lookup("a.example", 3));
        assert_eq!(witness.testimony().lookups.len(), 1);
        assert!(witness.then().is_none());
    }

    #[test]
    fn what_was_late_is_late_again_and_not_missing() {
        let heard = Testimony { lookups: vec![lookup("a.example", 3)], ..Testimony::default() };
        let witness = Witness::of_late(Arc::new(heard));
        assert!(!witness.lacks());
        witness.missed("b.example".to_owned());
        assert!(witness.lacks() && witness.testimony().missing.is_empty());
    }
}
