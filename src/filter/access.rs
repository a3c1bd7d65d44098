//! What the administrator's entries come to, with what is proved about who is responsible. Pure.
//!
//! - Of the entries that name one party, the one that says it most exactly counts.
//! - A client is its address. That somebody is the sender or author he says he is has to be proved: by SPF of
//!   the sender's domain, by a DKIM signature of the domain over the whole message, or by DMARC. An entry
//!   that lets such a one in without proof is passed over for the next, unless it says that it needs none.
//! - A message is refused if one of its parties is kept out, whoever else is let in. That is a verdict beside
//!   the score: the findings weigh nothing. Postmaster and abuse stay reachable: what is for them alone is
//!   judged by everything else.
//! - Who is let in is not refused for what others say of him: neither early, nor for the failure of SPF or
//!   DMARC, and the score is lowered by SpamAssassin's hundred points. Viruses and whatever else is in the message count all the same.

use crate::{
    mail::{is_in_domain, plain_domain},
    verdict::{
        AuthResult, Authentication, Evidence, Finding, Forced, Name, Party, Points, Reason, Ruling,
        Verdict, Word,
    },
};

/// Characters of an evidence: addresses are written by strangers.
const MOST: usize = 300;

/// A finding of these entries, and what it weighs. SpamAssassin's names, where it has them; `score` lines in
/// the rules weigh them otherwise.
struct Sign {
    name: &'static str,
    points: i64,
}

const USER_BLOCKED: Sign = Sign { name: "USER_IN_BLOCKLIST", points: 0 };
const USER_WELCOME: Sign = Sign { name: "USER_IN_WELCOMELIST", points: -100 };
const CLIENT_BLOCKED: Sign = Sign { name: "CLIENT_IN_BLOCKLIST", points: 0 };
const CLIENT_WELCOME: Sign = Sign { name: "CLIENT_IN_WELCOMELIST", points: -100 };
const UNPROVED: Sign = Sign { name: "USER_IN_WELCOMELIST_UNPROVED", points: 0 };

/// What entries mean before the message is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Early {
    /// Somebody is kept out, whatever the message proves.
    Refused(Reason),
    /// Somebody is let in, or will be if the message proves who he is: until then nobody is refused.
    MayPass,
    /// Nothing.
    Silent,
}

/// What entries come to in the end.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Conclusion {
    pub findings: Vec<Finding>,
    /// The message is refused.
    pub refusal: Option<Forced>,
    /// What others say of who sent it does not refuse it.
    pub is_welcome: bool,
}

/// Whether a finding is one of an entry: it says nothing about what mail looks like.
pub(super) fn is_of_entry(name: &str) -> bool {
    let signs = [USER_BLOCKED, USER_WELCOME, CLIENT_BLOCKED, CLIENT_WELCOME, UNPROVED];
    signs.iter().any(|sign| sign.name == name)
}

/// At RCPT.
pub(super) fn early(rulings: &[Ruling]) -> Early {
    let first = by_party(rulings).filter_map(|of_one| of_one.first().copied());
    let mut early = Early::Silent;
    for ruling in first {
        match ruling.word {
            Word::Block => return Early::Refused(reason(ruling)),
            Word::Allow => early = Early::MayPass,
        }
    }
    early
}

/// At the end.
pub(super) fn conclude(rulings: &[Ruling], proved: &Authentication) -> Conclusion {
    let mut conclusion = Conclusion::default();
    for of_one in by_party(rulings) {
        let counts = |ruling: &&Ruling| ruling.word == Word::Block || is_proved(ruling, proved);
        let counting = of_one.iter().copied().find(counts);
        match counting {
            Some(ruling) => conclusion.add(ruling),
            None => {
                of_one.first().into_iter().for_each(|ruling| conclusion.find(&UNPROVED, ruling))
            }
        }
    }
    conclusion.is_welcome &= conclusion.refusal.is_none();
    conclusion
}

impl Conclusion {
    fn add(&mut self, ruling: &Ruling) {
        let sign = match (ruling.party, ruling.word) {
            (Party::Client, Word::Block) => CLIENT_BLOCKED,
            (Party::Client, Word::Allow) => CLIENT_WELCOME,
            (Party::Sender | Party::Author, Word::Block) => USER_BLOCKED,
            (Party::Sender | Party::Author, Word::Allow) => USER_WELCOME,
        };
        self.find(&sign, ruling);
        match ruling.word {
            Word::Allow => self.is_welcome = true,
            Word::Block => {
                let forced = || Forced { verdict: Verdict::Reject, reason: reason(ruling) };
                self.refusal.get_or_insert_with(forced);
            }
        }
    }

    /// Each sign is found once, on whomever first.
    fn find(&mut self, sign: &Sign, ruling: &Ruling) {
        if self.findings.iter().any(|finding| finding.name.as_str() == sign.name) {
            return;
        }
        let Ruling { party, who, word, entry, note, .. } = ruling;
        let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
        let fact = format!("{} {who}: {} {entry}{note}", party.as_str(), word.as_str());
        let printable = |c: char| if c.is_control() { ' ' } else { c };
        self.findings.push(Finding {
            name: Name::from(sign.name),
            weight: Points::from_micros(sign.points * 1_000_000),
            evidence: Evidence::Fact(fact.chars().map(printable).take(MOST).collect()),
        });
    }
}

/// The rulings of one address after the other, in their order.
fn by_party(rulings: &[Ruling]) -> impl Iterator<Item = Vec<&Ruling>> {
    let mut parties: Vec<(Party, &str)> = Vec::new();
    for ruling in rulings {
        if !parties.contains(&(ruling.party, ruling.who.as_str())) {
            parties.push((ruling.party, &ruling.who));
        }
    }
    let of_one = move |(party, who): (Party, &str)| {
        rulings.iter().filter(|ruling| ruling.party == party && ruling.who == who).collect()
    };
    parties.into_iter().map(of_one)
}

fn reason(ruling: &Ruling) -> Reason {
    Reason::Blocked { party: ruling.party, who: ruling.who.clone() }
}

/// Whether whom an entry lets in is who he says he is.
fn is_proved(ruling: &Ruling, proved: &Authentication) -> bool {
    if ruling.unverified || ruling.party == Party::Client {
        return true;
    }
    let domain = ruling.who.rsplit_once('@').and_then(|(_, domain)| plain_domain(domain));
    domain.is_some_and(|domain| stands_behind(&domain, proved))
}

/// Whether a domain, or one that it lies in, takes responsibility for the message.
fn stands_behind(domain: &str, proved: &Authentication) -> bool {
    let sender = proved.mail_from.as_ref().filter(|policy| policy.result == AuthResult::Pass);
    let sender = sender.map(|policy| policy.domain.as_str());
    let signers = proved.valid().filter(|signature| !signature.is_partial);
    let mut responsible = sender.into_iter().chain(signers.map(|valid| valid.domain.as_str()));
    let by_policy = proved.dmarc.as_ref().filter(|policy| policy.result == AuthResult::Pass);
    by_policy.is_some_and(|policy| policy.domain == domain)
        || responsible.any(|responsible| is_in_domain(domain, responsible))
}

#[cfg(test)]
mod tests;
