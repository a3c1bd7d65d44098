//! From what the lists said to an answer. Pure: no list is asked here.

use std::net::Ipv4Addr;

use super::Definition;
use crate::verdict::{Answer, Evidence, Finding, Name, Reason};

/// A list knows the client.
#[derive(Debug)]
pub(super) struct Hit<'l> {
    definition: &'l Definition,
    question: String,
    answers: Vec<Ipv4Addr>,
    names: Vec<&'l Name>,
}

impl<'l> Hit<'l> {
    /// What the answers mean, if they mean anything.
    pub(super) fn of(
        definition: &'l Definition,
        question: String,
        answers: Vec<Ipv4Addr>,
    ) -> Option<Self> {
        let mut names = Vec::new();
        for (code, name) in &definition.findings {
            if answers.iter().any(|&answer| code.covers(answer)) && !names.contains(&name) {
                names.push(name);
            }
        }
        (!names.is_empty()).then_some(Self { definition, question, answers, names })
    }

    fn findings(&self) -> impl Iterator<Item = Finding> {
        self.names.iter().map(|&name| Finding {
            name: name.clone(),
            weight: self.definition.weight(),
            evidence: Evidence::Dns {
                question: self.question.clone(),
                answer: self.answers.iter().map(Ipv4Addr::to_string).collect(),
            },
        })
    }
}

/// All findings, and a refusal if a refusing list hits, or `refuse_hits` block lists do (0: that
/// many never do), and no allow-list does.
pub(super) fn decide(hits: &[Hit<'_>], refuse_hits: usize) -> Answer {
    let allowed = hits.iter().any(|hit| hit.definition.allow);
    let against = || hits.iter().filter(|hit| !hit.definition.allow);
    let enough = refuse_hits > 0 && against().count() >= refuse_hits;
    let refuse = !allowed && (enough || against().any(|hit| hit.definition.refuse));
    let lists = || against().map(|hit| hit.definition.label().to_owned()).collect();
    Answer {
        findings: hits.iter().flat_map(Hit::findings).collect(),
        refuse: refuse.then(|| Reason::ClientListed(lists())),
        ..Answer::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Points;

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
            let answers = answers.iter().map(|&octets| octets.into()).collect();
            let hit = Hit::of(&list, "q".into(), answers);
            let found = hit.map_or(Vec::new(), |hit| hit.names);
            assert_eq!(found.iter().map(|name| name.as_str()).collect::<Vec<_>>(), names);
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
            let lists: Vec<_> = kinds
                .iter()
                .enumerate()
                .map(|(n, kind)| definition(&format!("l{n}"), kind))
                .collect();
            let hits: Vec<_> = lists
                .iter()
                .filter_map(|list| Hit::of(list, "q".into(), vec![[127, 0, 0, 2].into()]))
                .collect();
            let answer = decide(&hits, refuse_hits);
            assert_eq!(answer.findings.len(), kinds.len());
            assert_eq!(answer.refuse.map(lists_in), refused, "{kinds:?} {refuse_hits}");
            let score: Points = answer.findings.iter().map(|finding| finding.weight).sum();
            let sign = |kind: &&str| if *kind == "allow" { -1 } else { 1 };
            assert_eq!(score.micros(), kinds.iter().map(sign).sum::<i64>() * 1_000_000);
        }
    }
}
