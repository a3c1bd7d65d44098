//! The smallest change that would have led to another verdict. Arithmetic alone: a finding that rests
//! on another is counted like any, although it might go with that.

use serde::Serialize;

use super::{Finding, Forced, Name, Points, Reason, Verdict};

/// What a verdict follows from.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'d> {
    /// The verdict.
    pub verdict: Verdict,
    /// The sum of the weights.
    pub score: Points,
    /// Which verdict from which score.
    pub thresholds: &'d [(Verdict, Points)],
    /// Verdicts that stand beside the score.
    pub forced: &'d [Forced],
    /// What was found.
    pub findings: &'d [Finding],
}

/// A change that leads to another verdict. All parts of it together are needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flip {
    /// The other verdict.
    pub verdict: Verdict,
    /// Reasons beside the score that would have to be absent.
    pub without_reasons: Vec<Reason>,
    /// How far the score is from the threshold in question: so much too high (it has to fall below
    /// that) for a milder verdict, so much too low for a severer one. `None`: the score would do.
    pub points: Option<Points>,
    /// The fewest findings that would have to be absent; `None` if no absence can do it.
    pub without: Option<Vec<Name>>,
    /// Where that is one finding: all that would do, one instead of the other.
    pub any_of: Vec<Name>,
}

impl Decision<'_> {
    /// What makes it milder; `None` for what is accepted.
    pub fn milder(&self) -> Option<Flip> {
        if self.verdict == Verdict::Accept {
            return None;
        }
        let (against, others): (Vec<&Forced>, Vec<&Forced>) =
            self.forced.iter().partition(|forced| forced.verdict >= self.verdict);
        let others = others.iter().map(|forced| forced.verdict).max().unwrap_or(Verdict::Accept);
        let without_reasons = against.iter().map(|forced| forced.reason.clone()).collect();
        let by_score = self.by_score(self.score);
        let threshold = self.thresholds.iter().filter(|(verdict, _)| *verdict >= self.verdict);
        let threshold = threshold.map(|&(_, from)| from).min();
        let Some(threshold) = threshold.filter(|&from| self.score >= from) else {
            let verdict = by_score.max(others);
            let (points, without, any_of) = (None, Some(Vec::new()), Vec::new());
            return Some(Flip { verdict, without_reasons, points, without, any_of });
        };
        let excess = minus(self.score, threshold);
        let pull = |finding: &Finding| finding.weight.micros();
        // At the threshold it still counts.
        let without = self.fewest(excess.micros().saturating_add(1), pull);
        let fallen = match &without {
            Some(names) => minus(self.score, self.sum(names)),
            None => Points::from_micros(threshold.micros().saturating_sub(1)),
        };
        let any_of = self.any_of(without.as_deref(), excess.micros().saturating_add(1), pull);
        let verdict = self.by_score(fallen).max(others);
        Some(Flip { verdict, without_reasons, points: Some(excess), without, any_of })
    }

    /// What makes it severer; `None` where no score does.
    pub fn severer(&self) -> Option<Flip> {
        let above = self.thresholds.iter().filter(|(verdict, _)| *verdict > self.verdict);
        let above = above.filter(|&&(_, from)| from > self.score);
        let &(verdict, from) = above.min_by_key(|&&(_, from)| from)?;
        let missing = minus(from, self.score);
        let pull = |finding: &Finding| finding.weight.micros().saturating_neg();
        let without = self.fewest(missing.micros(), pull);
        let any_of = self.any_of(without.as_deref(), missing.micros(), pull);
        let points = Some(missing);
        Some(Flip { verdict, without_reasons: Vec::new(), points, without, any_of })
    }

    /// The verdict of the score alone.
    fn by_score(&self, score: Points) -> Verdict {
        let reached = self.thresholds.iter().filter(|&&(_, from)| score >= from);
        reached.max_by_key(|&&(verdict, from)| (from, verdict)).map_or(Verdict::Accept, |t| t.0)
    }

    /// The fewest findings that together pull by so much: the strongest first.
    fn fewest(&self, needed: i64, pull: fn(&Finding) -> i64) -> Option<Vec<Name>> {
        let mut pulling: Vec<&Finding> =
            self.findings.iter().filter(|finding| pull(finding) > 0).collect();
        pulling.sort_by_key(|finding| (-pull(finding), finding.name.clone()));
        let mut left = needed;
        let mut names = Vec::new();
        for finding in pulling {
            if left <= 0 {
                break;
            }
            left = left.saturating_sub(pull(finding));
            names.push(finding.name.clone());
        }
        (left <= 0).then_some(names)
    }

    /// All that pull by so much alone, if one finding is enough.
    fn any_of(&self, fewest: Option<&[Name]>, needed: i64, pull: fn(&Finding) -> i64) -> Vec<Name> {
        if fewest.is_none_or(|names| names.len() != 1) {
            return Vec::new();
        }
        let enough = self.findings.iter().filter(|finding| pull(finding) >= needed);
        enough.map(|finding| finding.name.clone()).collect()
    }

    fn sum(&self, names: &[Name]) -> Points {
        let named = self.findings.iter().filter(|finding| names.contains(&finding.name));
        named.map(|finding| finding.weight).sum()
    }
}

fn minus(one: Points, other: Points) -> Points {
    Points::from_micros(one.micros().saturating_sub(other.micros()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::verdict::Evidence;

    fn points(whole: i64) -> Points {
        Points::from_micros(whole * 1_000_000)
    }

    /// `NAME=points` each.
    fn findings(text: &str) -> Vec<Finding> {
        let one = |text: &str| {
            let (name, weight) = text.split_once('=').unwrap();
            let evidence = Evidence::Fact(String::new());
            Finding { name: name.into(), weight: weight.parse().unwrap(), evidence }
        };
        text.split_whitespace().map(one).collect()
    }

    fn shown(flip: Option<Flip>) -> String {
        let Some(flip) = flip else { return "-".to_owned() };
        let names =
            |names: &[Name]| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join("+");
        let without = flip.without.as_deref().map_or("?".to_owned(), names);
        let points = flip.points.map_or("-".to_owned(), |points| points.to_string());
        let reasons: Vec<_> = flip.without_reasons.iter().map(Reason::as_str).collect();
        let any_of = names(&flip.any_of).replace('+', "/");
        format!("{} {points} {without} {any_of} {}", flip.verdict, reasons.join(","))
    }

    #[test]
    fn the_smallest_change() {
        let thresholds = [(Verdict::Mark, points(5)), (Verdict::Reject, points(10))];
        let virus = Forced { verdict: Verdict::Reject, reason: Reason::Virus("x".to_owned()) };
        let late = Forced { verdict: Verdict::Defer, reason: Reason::Unchecked("rules".into()) };
        for (found, forced, milder, severer) in [
            ("", vec![], "-", "mark 5.0 ?  "),
            ("A=4", vec![], "-", "mark 1.0 ?  "),
            ("A=6 B=-2", vec![], "-", "mark 1.0 B B "),
            ("A=5", vec![], "accept 0.0 A A ", "reject 5.0 ?  "),
            ("A=3 B=3 C=1", vec![], "accept 2.0 A A/B ", "reject 3.0 ?  "),
            ("A=2 B=2 C=2 D=2", vec![], "accept 3.0 A+B  ", "reject 2.0 ?  "),
            ("A=11", vec![], "accept 1.0 A A ", "-"),
            ("A=8 B=3", vec![], "accept 1.0 A A/B ", "-"),
            ("A=1", vec![virus.clone()], "accept -   virus", "-"),
            ("A=6", vec![virus.clone(), late.clone()], "defer -   virus", "-"),
            ("A=11", vec![virus], "accept 1.0 A A virus", "-"),
            ("A=1", vec![late], "accept -   unchecked", "reject 9.0 ?  "),
        ] {
            let findings = findings(found);
            let score = findings.iter().map(|finding| finding.weight).sum();
            let mut decision = Decision {
                verdict: Verdict::Accept,
                score,
                thresholds: &thresholds,
                forced: &forced,
                findings: &findings,
            };
            let worst = forced.iter().map(|forced| forced.verdict).max();
            decision.verdict = decision.by_score(score).max(worst.unwrap_or(Verdict::Accept));
            assert_eq!(shown(decision.milder()), milder, "{found}");
            assert_eq!(shown(decision.severer()), severer, "{found}");
        }
    }

    proptest! {
        /// Taking away what is named leads to the verdict that is named; taking one less does not.
        #[test]
        fn what_is_said_is_so(weights in prop::collection::vec(-40i64..80, 0..12)) {
            let thresholds = [(Verdict::Mark, points(5)), (Verdict::Reject, points(10))];
            let finding = |(number, tenths): (usize, &i64)| Finding {
                name: format!("F{number}").as_str().into(),
                weight: Points::from_micros(tenths * 100_000),
                evidence: Evidence::Fact(String::new()),
            };
            let findings: Vec<Finding> = weights.iter().enumerate().map(finding).collect();
            let score: Points = findings.iter().map(|finding| finding.weight).sum();
            let mut decision = Decision {
                verdict: Verdict::Accept, score, thresholds: &thresholds, forced: &[], findings: &findings,
            };
            decision.verdict = decision.by_score(score);
            for flip in [decision.milder(), decision.severer()].into_iter().flatten() {
                let Some(without) = &flip.without else { continue };
                let left = minus(score, decision.sum(without));
                let reached = decision.by_score(left);
                if flip.verdict < decision.verdict {
                    prop_assert_eq!(reached, flip.verdict);
                } else {
                    prop_assert!(reached >= flip.verdict);
                }
                if let Some((_, fewer)) = without.split_last() {
                    let left = minus(score, decision.sum(fewer));
                    prop_assert_eq!(decision.by_score(left), decision.verdict);
                }
                for name in &flip.any_of {
                    let left = minus(score, decision.sum(std::slice::from_ref(name)));
                    prop_assert_ne!(decision.by_score(left), decision.verdict);
                }
            }
        }
    }
}
