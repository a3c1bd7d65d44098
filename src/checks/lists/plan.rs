//! What one client, envelope or message makes the lists be asked: each question once, however many
//! lists read its answer.

use std::collections::HashMap;

use super::{About, Definition, digest, labels, list::List};
use crate::{
    checks::{Case, Facts, Reader},
    dns::Kind,
    mail::{Client, Envelope},
};

/// A question to a zone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Question {
    /// Which zone, by its number.
    pub(super) zone: usize,
    /// What is put in front of it.
    pub(super) label: String,
    pub(super) kind: Kind,
    /// The lists that read the answer, by number.
    pub(super) lists: Vec<usize>,
}

/// All questions.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) questions: Vec<Question>,
    /// Hosts whose addresses are looked up for lists that want these.
    pub(super) hosts: Vec<String>,
    /// Domains whose name servers are.
    pub(super) domains: Vec<String>,
    /// The lists that want what these lookups find, by number.
    pub(super) following: Vec<usize>,
    by_name: HashMap<(usize, String, Kind), usize>,
}

impl Plan {
    /// Adds what a list is asked about.
    pub(super) fn add(&mut self, number: usize, list: &List, labels: Vec<String>) {
        for label in labels {
            let key = (list.zone, label.clone(), list.definition.records);
            let place = *self.by_name.entry(key).or_insert(self.questions.len());
            match self.questions.get_mut(place) {
                Some(question) => question.lists.push(number),
                None => self.questions.push(Question {
                    zone: list.zone,
                    label,
                    kind: list.definition.records,
                    lists: vec![number],
                }),
            }
        }
    }

    /// Adds the hosts and domains that other lookups start from.
    pub(super) fn follow(&mut self, number: usize, list: &Definition, facts: &Facts) {
        self.following.push(number);
        let names = |part: fn(&crate::checks::Link) -> &String| -> Vec<String> {
            let links = facts.links.iter().take(list.most);
            let names = links.map(part).filter(|name| name.parse::<std::net::IpAddr>().is_err());
            labels::once_each(names.filter_map(|name| labels::name(name)).collect(), list.most)
        };
        let (all, new) = match list.about {
            About::UriAddress => (&mut self.hosts, names(|link| &link.host)),
            _ => (&mut self.domains, names(|link| &link.domain)),
        };
        for name in new {
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }

    /// Whether there is nothing to ask.
    pub(super) fn is_empty(&self) -> bool {
        self.questions.is_empty() && self.hosts.is_empty() && self.domains.is_empty()
    }
}

/// What a list is asked when a client connects.
pub(super) fn of_client(list: &Definition, client: &Client) -> Vec<String> {
    let address = client.address.and_then(labels::listable);
    let known = address.filter(|address| address.is_ipv4() || list.ipv6);
    known.map(labels::reversed).into_iter().collect()
}

/// What a list is asked that is about what SMTP said, as far as it did.
pub(super) fn of_envelope(
    list: &List,
    envelope: &Envelope,
    facts: &Facts,
    reader: &dyn Reader,
) -> Vec<String> {
    let of_host = |host: &Option<String>| {
        let host = host.as_deref().map(|host| host.trim_matches(['[', ']']));
        host.and_then(|host| labels::of_host(&list.definition, host)).into_iter().collect()
    };
    match list.definition.about {
        About::Helo => of_host(&envelope.helo),
        About::ReverseName => of_host(&envelope.client.name),
        _ => of_facts(list, facts, reader),
    }
}

/// What a list is asked about a message; without those that other lookups lead to.
pub(super) fn of_message(
    list: &List,
    case: &Case,
    facts: &Facts,
    reader: &dyn Reader,
) -> Vec<String> {
    let definition = &list.definition;
    match definition.about {
        About::Client => of_client(definition, &case.envelope.client),
        About::Sender if !definition.by_message => {
            of_facts(list, &Facts::of_envelope(&case.envelope), reader)
        }
        _ if definition.about.is_digest() => digest::labels(definition, facts, &case.message),
        _ => of_envelope(list, &case.envelope, facts, reader),
    }
}

/// What a list is asked by what is read of a message.
pub(super) fn of_facts(list: &List, facts: &Facts, reader: &dyn Reader) -> Vec<String> {
    let Some(template) = &list.template else {
        return labels::of_facts(&list.definition, facts, reader);
    };
    let zone = template.zone().map(|zone| format!(".{zone}"));
    let names = template.names(facts).into_iter().filter_map(|name| match &zone {
        Some(zone) => name.strip_suffix(zone.as_str()).map(str::to_owned),
        None => Some(name),
    });
    labels::once_each(names.collect(), list.definition.most)
}
