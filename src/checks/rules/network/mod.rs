//! Network rules as plain data: what the rules want asked, of whom, and which answers count.
//!
//! Nothing is asked here. Whoever asks (`filter::rule_lists` makes lists of the questions) makes a
//! finding under the rule's name; the rule then hits, and metas see it.

mod answer;
mod function;
mod hashbl;

pub use answer::{Answer, AnswerError, AnswerPattern};
pub use function::Subject;

use std::collections::{HashMap, HashSet};

use super::{
    conf::ConfError,
    eval::Call,
    language::{Flags, Scope, readable},
};
use crate::verdict::Name;

/// What rules files say about questions to the DNS.
#[derive(Debug)]
pub struct Network {
    /// What is asked, in the order of the rules.
    pub questions: Vec<Question>,
    /// How many of a message's domains are looked up at most (`uridnsbl_max_domains`).
    pub most_domains: usize,
    /// Domains and hosts that no link is looked up for (`uridnsbl_skip_domain`), lower case.
    skipped: HashSet<String>,
    /// Whether names in these domains are denied (`dns_query_restriction`), lower case.
    denied: HashMap<String, bool>,
    /// What `uri*bl` and `uri*sub` lines define, by rule.
    links: HashMap<String, Links>,
}

/// A question for one rule.
#[derive(Clone, Debug)]
pub struct Question {
    /// The rule.
    pub rule: Name,
    /// What is asked.
    pub asked: Asked,
    /// A hit speaks for the message (`tflags nice`).
    pub nice: bool,
    /// What of names and addresses is meant.
    pub scope: Scope,
}

/// What is asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// A list of links (`urirhsbl` and its like).
    Links(Links),
    /// A name of one's own making (`askdns`).
    Template {
        /// The name, with tags such as `_AUTHORDOMAIN_`.
        name: String,
        /// Types of records, such as `TXT`, in capitals.
        records: Vec<String>,
        /// Which answers count; any if there is none.
        answer: Option<Answer>,
    },
    /// A list that a function such as `check_rbl` names.
    List {
        /// About what.
        subject: Subject,
        /// The list's zone, without a dot at its end.
        zone: String,
        /// The type of record, `A` or `TXT`.
        record: &'static str,
        /// Which answers count; any if there is none.
        answer: Option<Answer>,
    },
    /// Another answer of the lists that are asked for the same set of relays (`check_rbl_sub`).
    Part {
        /// The set's name.
        set: String,
        /// Which answers count.
        answer: Answer,
    },
}

/// A list that is asked about the links of a message.
#[derive(Clone, Debug)]
pub struct Links {
    /// The list's zone, without a dot at its end.
    pub zone: String,
    /// The type of record, `A` or `TXT`.
    pub record: String,
    /// By what it is asked.
    pub key: Key,
    /// Which answers count; any if there is none.
    pub answer: Option<Answer>,
}

/// By what of a link a list is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// `uridnsbl`, `uridnssub`: addresses, those of name servers unless the scope says otherwise.
    Address,
    /// `urirhsbl`, `urirhssub`: its domain.
    Domain,
    /// `urinsrhsbl`, `urinsrhssub`: the domains of its name servers.
    NameServerDomain,
    /// `urifullnsrhsbl`, `urifullnsrhssub`: the whole names of its name servers.
    NameServerHost,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            questions: Vec::new(),
            most_domains: 20,
            skipped: HashSet::new(),
            denied: HashMap::new(),
            links: HashMap::new(),
        }
    }
}

impl Network {
    /// Whether the rules allow a question for this name: the entry for the nearest domain above
    /// it decides, then that for `*`.
    pub fn allows(&self, name: &str) -> bool {
        let name = bare(name);
        let above = name.match_indices('.').filter_map(|(at, _)| name.get(at + 1..));
        let mut domains = std::iter::once(name.as_str()).chain(above).chain(["*"]);
        !domains.find_map(|domain| self.denied.get(domain)).is_some_and(|denied| *denied)
    }

    /// Whether some names are denied.
    pub fn is_restricted(&self) -> bool {
        !self.denied.is_empty()
    }

    /// Whether links to this host or domain (lower case) are not looked up.
    pub fn skips(&self, domain: &str) -> bool {
        self.skipped.contains(domain)
    }

    /// Takes a directive if it is one of these.
    ///
    /// # Errors
    /// Its value cannot be used.
    pub(super) fn read(&mut self, key: &str, value: &str) -> Option<Result<(), ConfError>> {
        let words = || value.split_whitespace().map(|word| bare(&readable(word)));
        let read = match key {
            "dns_query_restriction" => self.restrict(value),
            "clear_dns_query_restriction" | "clear_dns_query_restrictions" => {
                self.denied.clear();
                Ok(())
            }
            "uridnsbl_skip_domain" => {
                self.skipped.extend(words());
                Ok(())
            }
            "clear_uridnsbl_skip_domain" if value.is_empty() => {
                self.skipped.clear();
                Ok(())
            }
            "clear_uridnsbl_skip_domain" => {
                words().for_each(|word| _ = self.skipped.remove(&word));
                Ok(())
            }
            "uridnsbl_max_domains" => match value.parse() {
                Ok(most) => {
                    self.most_domains = most;
                    Ok(())
                }
                Err(_) => Err("needs a whole number".to_owned()),
            },
            _ => self.list(key, value)?,
        };
        Some(read.map_err(|what| ConfError::Value { key: key.to_owned(), what }))
    }

    /// What a rule asks by calling this function, if that asks the network.
    ///
    /// # Errors
    /// An argument says of answers what cannot be used.
    pub(super) fn asked_by(&self, call: &Call) -> Option<Result<Asked, AnswerError>> {
        if call.function == "check_uridnsbl" {
            let name = readable(call.arguments.get(1)?);
            return Some(Ok(Asked::Links(self.links.get(&name)?.clone())));
        }
        function::asked_by(call)
    }

    /// What a call says of its question without effect.
    pub(super) fn unheeded(call: &Call) -> Option<hashbl::Unheeded> {
        hashbl::unheeded(call)
    }

    /// Takes in what a rule asks.
    pub(super) fn ask(&mut self, rule: &Name, asked: Asked, flags: &Flags) {
        let (nice, scope) = (flags.nice, flags.scope);
        self.questions.push(Question { rule: rule.clone(), asked, nice, scope });
    }

    fn restrict(&mut self, value: &str) -> Result<(), String> {
        let (word, domains) = value.split_once(char::is_whitespace).unwrap_or_default();
        let denied = match word.to_ascii_lowercase().as_str() {
            "deny" => true,
            "allow" => false,
            _ => return Err("needs `allow` or `deny` and domains".to_owned()),
        };
        for domain in domains.split_whitespace() {
            self.denied.insert(bare(&readable(domain)), denied);
        }
        Ok(())
    }

    /// `urirhsbl NAME zone A`, `urirhssub NAME zone A answer` and their like.
    fn list(&mut self, key: &str, value: &str) -> Option<Result<(), String>> {
        let (stem, with_answer) = match (key.strip_suffix("bl"), key.strip_suffix("sub")) {
            (Some(stem), _) => (stem, false),
            (_, Some(stem)) => (stem, true),
            _ => return None,
        };
        let by = match stem {
            "uridns" => Key::Address,
            "urirhs" => Key::Domain,
            "urinsrhs" => Key::NameServerDomain,
            "urifullnsrhs" => Key::NameServerHost,
            _ => return None,
        };
        Some(self.define(by, with_answer, value))
    }

    fn define(&mut self, key: Key, with_answer: bool, value: &str) -> Result<(), String> {
        let words: Vec<String> = value.split_whitespace().map(readable).collect();
        let (rule, zone, record, answer) = match (words.as_slice(), with_answer) {
            ([rule, zone, record], false) => (rule, zone, record, None),
            ([rule, zone, record, answer @ ..], true) if !answer.is_empty() => {
                let answer =
                    Answer::number(&answer.join(" ")).map_err(|error| error.to_string())?;
                (rule, zone, record, Some(answer))
            }
            (_, false) => return Err("needs a rule, a zone and a type of record".to_owned()),
            (_, true) => return Err("needs a rule, a zone, a type of record, an answer".to_owned()),
        };
        let zone = zone.strip_suffix('.').unwrap_or(zone).to_owned();
        let record = record.to_ascii_uppercase();
        if record != "A" && record != "TXT" {
            return Err(format!("knows records of the types A and TXT, not `{record}`"));
        }
        self.links.insert(rule.clone(), Links { zone, record, key, answer });
        Ok(())
    }
}

/// Reads `askdns`, from behind the rule's name.
///
/// # Errors
/// Its words, or what it says of answers, cannot be used.
pub(super) fn askdns(value: &str) -> Result<Asked, AnswerError> {
    let mut words = value.splitn(3, char::is_whitespace);
    let name = readable(words.next().unwrap_or_default());
    let records = words.next().unwrap_or("A").to_ascii_uppercase();
    let answer = words.next().map(str::trim).filter(|answer| !answer.is_empty());
    let records: Vec<String> = records.split(',').map(str::to_owned).collect();
    let known = |record: &String| RECORDS.split_whitespace().any(|known| known == record);
    if name.is_empty() || !records.iter().all(known) {
        return Err(AnswerError::Question);
    }
    Ok(Asked::Template { name, records, answer: answer.map(Answer::any).transpose()? })
}

/// The types of records that `askdns` asks for.
const RECORDS: &str = "ANY A AAAA MX TXT PTR NAPTR NS SOA CERT CNAME DNAME DHCID HINFO MINFO RP HIP \
    IPSECKEY KX LOC GPOS SRV OPENPGPKEY SSHFP SPF TLSA URI CAA CSYNC";

/// A domain in lower case, without dots at its ends.
fn bare(domain: &str) -> String {
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    domain.strip_suffix('.').unwrap_or(domain).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_domain_decides() {
        let mut network = Network::default();
        for (key, value) in [
            ("dns_query_restriction", "deny list.example Other.example."),
            ("dns_query_restriction", "allow zen.list.example"),
        ] {
            assert!(network.read(key, value).is_some_and(|read| read.is_ok()));
        }
        for (name, allowed) in [
            ("1.2.zen.list.example", true),
            ("1.2.bl.LIST.example.", false),
            ("other.example", false),
            ("another.example", true),
        ] {
            assert_eq!(network.allows(name), allowed, "{name}");
        }
        network.read("dns_query_restriction", "deny *");
        assert!(!network.allows("another.example"));
        network.read("clear_dns_query_restriction", "");
        assert!(network.allows("list.example"));
    }

    #[test]
    fn definitions_are_checked() {
        let mut network = Network::default();
        for (key, value, right) in [
            ("urirhssub", "R multi.list.example. A 127.0.0.2", true),
            ("urirhssub", "R multi.list.example. A", false),
            ("urirhssub", "R multi.list.example. A x", false),
            ("urirhsbl", "R list.example A", true),
            ("uridnsbl", "R list.example. TXT", true),
            ("uridnssub", "R list.example. MX 2", false),
            ("urifullnsrhssub", "R list.example. A 0x10", true),
            ("uridnsbl_max_domains", "many", false),
            ("dns_query_restriction", "perhaps list.example", false),
        ] {
            assert_eq!(network.read(key, value).map(|read| read.is_ok()), Some(right), "{key}");
        }
        assert!(network.read("uribl", "R list.example A").is_none());
        assert!(askdns("_AUTHORDOMAIN_.list.example A,TXT /^127/").is_ok());
        assert!(askdns("_AUTHORDOMAIN_.list.example").is_ok());
        assert!(askdns("name.example BOGUS").is_err());
        assert!(askdns("name.example A [NOSUCHCODE]").is_err());
    }
}
