//! The check: which entries name those who send a message.

use std::sync::Arc;

use super::{Book, Entry, List};
use crate::{
    checks::{Asked, Case, Check, Earlier, Work},
    mail::{Envelope, HeaderBlock, addresses},
    verdict::{Answer, Party, Ruling, Witness},
};

/// So many authors are looked at.
const MOST_AUTHORS: usize = 1_000;

/// The check. It asks nobody: the list is in memory.
#[derive(Debug)]
pub struct Gate(Arc<Book>);

impl Gate {
    /// By this book.
    pub fn new(book: Arc<Book>) -> Self {
        Self(book)
    }

    /// What is said of these parties, now, or when the message was judged first.
    fn ask(
        &self,
        witness: &Witness,
        parties: &[Party],
        now: impl FnOnce(&List) -> Vec<Ruling>,
    ) -> Vec<Ruling> {
        let rulings = match witness.then() {
            Some(then) => {
                let rulings = then.rulings.iter();
                rulings.filter(|ruling| parties.contains(&ruling.party)).cloned().collect()
            }
            None => now(&self.0.list()),
        };
        witness.ruled(&rulings);
        rulings
    }
}

impl Check for Gate {
    fn name(&self) -> &'static str {
        "access"
    }

    fn of_envelope(&self, envelope: &Arc<Envelope>, witness: &Witness) -> Option<Asked> {
        let parties = [Party::Client, Party::Sender];
        let rulings = self.ask(witness, &parties, |list| of_envelope(list, envelope));
        let answer = Answer { rulings, ..Answer::default() };
        (!answer.rulings.is_empty()).then(|| Box::pin(async { Ok(answer) }) as Asked)
    }

    /// Where nothing was said about the envelope at MAIL, something may be by now.
    fn of_message_after(
        &self,
        case: &Case,
        earlier: Option<Earlier>,
        witness: &Witness,
    ) -> Option<Work> {
        let Case { envelope, message } = case;
        let mut rulings =
            self.ask(witness, &[Party::Author], |list| of_authors(list, message.headers()));
        if earlier.is_none() {
            let parties = [Party::Client, Party::Sender];
            rulings.extend(self.ask(witness, &parties, |list| of_envelope(list, envelope)));
        }
        let answer = Answer { rulings, ..Answer::default() };
        (!answer.rulings.is_empty()).then(|| Work::Cpu(Box::new(move || Ok(answer))))
    }
}

fn of_envelope(list: &List, envelope: &Envelope) -> Vec<Ruling> {
    let Envelope { client, relay, login, sender, .. } = envelope;
    // The login of relayed mail is the relay's; and a relay's own address says nothing.
    let is_ours = match relay {
        Some(relay) => relay == client,
        None => login.is_some(),
    };
    let address = client.address.filter(|_| !is_ours);
    let mut rulings: Vec<_> = address.map_or_else(Vec::new, |address| {
        let who = address.to_canonical().to_string();
        let entries = list.of_client(address).into_iter();
        entries.map(|entry| ruling(Party::Client, &who, entry)).collect()
    });
    rulings.extend(of_address(list, Party::Sender, sender.as_str()));
    rulings
}

fn of_authors(list: &List, headers: &HeaderBlock) -> Vec<Ruling> {
    let mut rulings = Vec::new();
    if list.is_empty() {
        return rulings;
    }
    let authors = headers.named("From").flat_map(|field| addresses(&field.decoded));
    for author in authors.take(MOST_AUTHORS) {
        for ruling in of_address(list, Party::Author, &author.address) {
            if !rulings.contains(&ruling) {
                rulings.push(ruling);
            }
        }
    }
    rulings
}

fn of_address(list: &List, party: Party, address: &str) -> Vec<Ruling> {
    let entries = list.of_address(address).into_iter();
    entries.map(|entry| ruling(party, address, entry)).collect()
}

fn ruling(party: Party, who: &str, entry: &Entry) -> Ruling {
    Ruling {
        party,
        who: who.to_owned(),
        word: entry.word,
        entry: entry.pattern.to_string(),
        note: entry.note.clone(),
        unverified: entry.unverified,
    }
}
