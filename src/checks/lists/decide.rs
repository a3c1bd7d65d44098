//! From what the lists said to an answer. Pure: no list is asked here.

use super::{Definition, Found};
use crate::{
    dns::{Datum, Records},
    verdict::{Answer, Evidence, Finding, Name, Reason},
};

/// A list knows what it was asked about.
#[derive(Clone, Debug)]
pub(super) struct Hit<'l> {
    definition: &'l Definition,
    question: String,
    answers: Vec<String>,
    found: Vec<&'l Found>,
}

impl<'l> Hit<'l> {
    /// What the answers mean, if they mean anything.
    pub(super) fn of(
        definition: &'l Definition,
        question: impl FnOnce() -> String,
        records: &Records<Datum>,
    ) -> Option<Self> {
        let answers = &records.answers;
        let covers = |found: &&Found| {
            answers.iter().any(|answer| found.code.covers(answer))
                || found.code.covers_response(records.code)
        };
        let mut found: Vec<&Found> = Vec::new();
        for new in definition.findings.iter().filter(covers) {
            if !found.iter().any(|known| known.name == new.name) {
                found.push(new);
            }
        }
        let answers = || answers.iter().map(Datum::to_string).collect();
        let hit = |found| Self { definition, question: question(), answers: answers(), found };
        (!found.is_empty()).then(|| hit(found))
    }

    fn findings(&self) -> impl Iterator<Item = Finding> {
        self.found.iter().map(|found| Finding {
            name: found.name.clone(),
            weight: found.weight.unwrap_or(self.definition.weight()),
            evidence: Evidence::Dns {
                question: self.question.clone(),
                answer: self.answers.clone(),
            },
        })
    }
}

/// All findings of a stage: each once for a zone, and those of rules once.
pub(super) fn findings(hits: &[Hit<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: Vec<(&str, Name)> = Vec::new();
    for hit in hits {
        let zone = if hit.definition.by_message { "" } else { &hit.definition.zone };
        for finding in hit.findings() {
            if !seen.contains(&(zone, finding.name.clone())) {
                seen.push((zone, finding.name.clone()));
                findings.push(finding);
            }
        }
    }
    findings
}

/// What is answered about a client: all findings, and a refusal if a refusing list hits, or
/// `refuse_hits` block lists do (0: that many never do), and no allow-list does.
pub(super) fn decide(hits: &[Hit<'_>], refuse_hits: usize) -> Answer {
    let allowed = hits.iter().any(|hit| hit.definition.allow);
    let against = || hits.iter().filter(|hit| !hit.definition.allow);
    let enough = refuse_hits > 0 && against().count() >= refuse_hits;
    let refuse = !allowed && (enough || against().any(|hit| hit.definition.refuse));
    let lists = || against().map(|hit| hit.definition.label().to_owned()).collect();
    Answer {
        findings: findings(hits),
        refuse: refuse.then(|| Reason::ClientListed(lists())),
        ..Answer::default()
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::Duration};

    use super::*;
    use crate::verdict::Points;

    fn records(answers: &[[u8; 4]]) -> Records<Datum> {
        let answers = answers.iter().map(|&octets| Datum::Address(Ipv4Addr::from(octets)));
        Records { answers: answers.collect(), code: 0, ttl: Duration::ZERO }
    }

    fn hit<'l>(list: &'l Definition, answers: &[[u8; 4]]) -> Option<Hit<'l>> {
        Hit::of(list, || "q".to_owned(), &records(answers))
    }

    /// `block`, `refuse` or `allow`, with the codes 127.0.0.2 and the bit 4.
    fn definition(zone: &str, kind: &str) -> Definition {
        let findings = "findings = { \"127.0.0.2\" = \"TWO\", \"&4\" = \"FOUR\" }";
        let kind = if kind == "block" { String::new() } else { format!("{kind} = true") };
        toml::from_str(&format!("zone = \"{zone}\"\n{findings}\n{kind}")).unwrap()
    }

    #[test]
    fn each_code_that_covers_an_answer_is_a_finding() {
        let list = definition("a.example", "block");
        for (answers, names) in [
            (&[[127, 0, 0, 2]][..], &["TWO"][..]),
            (&[[127, 0, 0, 4]], &["FOUR"]),
            (&[[127, 0, 0, 6]], &["FOUR"]),
            (&[[127, 0, 0, 2], [127, 0, 0, 4], [127, 0, 0, 5]], &["TWO", "FOUR"]),
            (&[[127, 0, 0, 8]], &[]),
            (&[], &[]),
        ] {
            let found = hit(&list, answers).map_or(Vec::new(), |hit| hit.found);
            assert_eq!(found.iter().map(|found| found.name.as_str()).collect::<Vec<_>>(), names);
        }
    }

    fn lists_in(reason: Reason) -> usize {
        let Reason::ClientListed(lists) = reason else { panic!("{reason:?}") };
        lists.len()
    }

    #[test]
    fn refusal_needs_a_refusing_list_or_enough_lists_and_nobody_who_vouches() {
        for (kinds, refuse_hits, refused) in [
            (&["block"][..], 2, None),
            (&["block", "block"], 2, Some(2)),
            (&["block", "block"], 3, None),
            (&["block", "block", "block"], 0, None),
            (&["block"], 1, Some(1)),
            (&["refuse"], 2, Some(1)),
            (&["refuse"], 0, Some(1)),
            (&["block", "refuse"], 9, Some(2)),
            (&["refuse", "allow"], 1, None),
            (&["block", "block", "allow"], 2, None),
            (&["allow", "allow"], 1, None),
            (&[], 1, None),
        ] {
            let named = |(n, kind): (usize, &&str)| {
                let name = Name::from(format!("LISTED_{n}").as_str());
                let findings = [("127.0.0.2".parse().unwrap(), name)].into_iter().collect();
                Definition { findings, ..definition(&format!("l{n}"), kind) }
            };
            let lists: Vec<_> = kinds.iter().enumerate().map(named).collect();
            let hits: Vec<_> =
                lists.iter().filter_map(|list| hit(list, &[[127, 0, 0, 2]])).collect();
            let answer = decide(&hits, refuse_hits);
            assert_eq!(answer.findings.len(), kinds.len());
            assert_eq!(answer.refuse.map(lists_in), refused, "{kinds:?} {refuse_hits}");
            let score: Points = answer.findings.iter().map(|finding| finding.weight).sum();
            let sign = |kind: &&str| if *kind == "allow" { -1 } else { 1 };
            assert_eq!(score.micros(), kinds.iter().map(sign).sum::<i64>() * 1_000_000);
        }
    }
}
