//! Functions of plugins whose questions other checks answer, or nobody; those of SPF, DKIM and DMARC
//! aside. Here a call's arguments
//! are read; the rule hits if another check makes the finding.
//!
//! A function without arguments stands for a finding by the name that the stock rules give it,
//! whatever the rule that asks is called. Where the arguments make the question, the finding bears
//! the name of the rule. Without the network, such rules never hit, as in SpamAssassin.

use super::{Arguments, CallError, Function, Question, Standing};

/// A function that stands for one finding.
macro_rules! found {
    ($name:literal, $finding:literal, $check:expr) => {
        Function {
            name: $name,
            standing: Standing::Elsewhere($check),
            make: |_, _| Ok(Question::Found($finding)),
        }
    };
}

/// A function whose arguments make the question; so many of them must be there.
macro_rules! own {
    ($name:literal, $needed:literal, $check:expr) => {
        Function {
            name: $name,
            standing: Standing::Elsewhere($check),
            make: |arguments, _| under_own_name(arguments, $needed),
        }
    };
}

const LISTS: &str = "lists";
const SENDER: &str = "sender";
const REPUTATION: &str = "reputation";
const NOBODY: &str = "none: its network is not asked";
const NOT_YET: &str = "none yet";

/// See [`super::PLUGINS`].
pub(super) const DNS_EVAL: &[Function] = &[
    own!("check_rbl", 2, LISTS),
    own!("check_rbl_accreditor", 2, NOT_YET),
    own!("check_rbl_envfrom", 2, LISTS),
    own!("check_rbl_from_domain", 2, LISTS),
    own!("check_rbl_from_host", 2, LISTS),
    own!("check_rbl_headers", 2, NOT_YET),
    own!("check_rbl_ns_from", 2, NOT_YET),
    own!("check_rbl_rcvd", 2, NOT_YET),
    own!("check_rbl_sub", 2, LISTS),
    own!("check_rbl_txt", 2, LISTS),
    own!("check_dns_sender", 0, SENDER),
];

/// See [`super::PLUGINS`].
pub(super) const URIDNSBL: &[Function] = &[own!("check_uridnsbl", 1, LISTS)];

/// See [`super::PLUGINS`].
pub(super) const HASHBL: &[Function] = &[
    own!("check_hashbl_attachments", 1, LISTS),
    own!("check_hashbl_bodyre", 3, NOT_YET),
    own!("check_hashbl_emails", 1, LISTS),
    own!("check_hashbl_tag", 3, NOT_YET),
    own!("check_hashbl_uris", 1, LISTS),
];

/// See [`super::PLUGINS`].
pub(super) const ASN: &[Function] = &[own!("check_asn", 1, NOT_YET)];

/// See [`super::PLUGINS`].
pub(super) const PYZOR: &[Function] = &[found!("check_pyzor", "PYZOR_CHECK", NOBODY)];

/// See [`super::PLUGINS`].
pub(super) const RAZOR2: &[Function] =
    &[found!("check_razor2", "RAZOR2_CHECK", NOBODY), own!("check_razor2_range", 0, NOBODY)];

/// See [`super::PLUGINS`].
pub(super) const DCC: &[Function] =
    &[found!("check_dcc", "DCC_CHECK", NOBODY), own!("check_dcc_reputation_range", 0, NOBODY)];

/// See [`super::PLUGINS`].
pub(super) const AWL: &[Function] = &[
    found!("check_from_in_auto_welcomelist", "AWL", REPUTATION),
    found!("check_from_in_auto_whitelist", "AWL", REPUTATION),
];

/// See [`super::PLUGINS`].
pub(super) const TXREP: &[Function] = &[found!("check_senders_reputation", "TXREP", REPUTATION)];

/// See [`super::PLUGINS`].
pub(super) const SHORTCIRCUIT: &[Function] = &[Function {
    name: "check_shortcircuit",
    standing: Standing::Same,
    make: |_, _| Ok(Question::UnderOwnName),
}];

/// See [`super::PLUGINS`].
pub(super) const ACCESS_DB: &[Function] = &[Function {
    name: "check_access_database",
    standing: Standing::Differs("never hits: Berkeley DB files are not read"),
    make: |arguments, _| under_own_name(arguments, 1),
}];

/// See [`super::PLUGINS`].
pub(super) const BAYES: &[Function] = &[Function {
    name: "check_bayes",
    standing: Standing::Elsewhere("bayes"),
    make: |arguments, _| probability(arguments),
}];

fn under_own_name(arguments: &Arguments, needed: usize) -> Result<Question, CallError> {
    for number in 1..=needed {
        arguments.text(number)?;
    }
    Ok(Question::UnderOwnName)
}

/// `check_bayes(above, most)`: above the first probability, unless that is 0, and up to the second.
fn probability(arguments: &Arguments) -> Result<Question, CallError> {
    arguments.text(1)?;
    let least = match millionths(arguments, 1)? {
        None | Some(0) => 0,
        Some(above) => above + 1,
    };
    let most = millionths(arguments, 2)?.unwrap_or(u32::MAX);
    Ok(Question::Within { finding: "BAYES", millionths: least..=most })
}

fn millionths(arguments: &Arguments, number: usize) -> Result<Option<u32>, CallError> {
    let Some(value) = arguments.number::<f64>(number)? else { return Ok(None) };
    if !(0.0..=1.0).contains(&value) {
        return Err(CallError::Value { number, what: "a probability is from 0 to 1".to_owned() });
    }
    Ok(Some((value * 1e6).round() as u32))
}

#[cfg(test)]
mod tests {
    use super::super::super::RuleSet;
    use crate::{
        checks::rules::hits::Hits,
        verdict::{Evidence, Finding, Name, Points},
    };

    const RULES: &str = "
        header MINE eval:check_for_spf_fail()
        header SPF_PASS eval:check_for_spf_pass()
        full DKIM_VALID eval:check_dkim_valid()
        header IN_LIST eval:check_rbl('a', 'bl.example.', '127.0.0.2')
        body LOW eval:check_bayes('0.00', '0.01')
        body MIDDLE eval:check_bayes('0.01', '0.99')
        body HIGH eval:check_bayes('0.99', undef)
        header SHORTCIRCUIT eval:check_shortcircuit()";

    fn probability(millionths: u32) -> Evidence {
        Evidence::Probability { millionths, because: Vec::new() }
    }

    fn finding(name: &str, evidence: Evidence) -> Finding {
        Finding { name: Name::from(name), weight: Points::ZERO, evidence }
    }

    #[test]
    fn findings_of_other_checks_are_hits() {
        let rules = RuleSet::parse(&[("x.cf", RULES)]);
        assert!(rules.complaints().is_empty(), "{:?}", rules.complaints());
        let fact = || Evidence::Fact(String::new());
        for (found, hits) in [
            (finding("SPF_FAIL", fact()), "MINE"),
            (finding("SPF_PASS", fact()), "SPF_PASS"),
            (finding("DKIM_VALID", fact()), "DKIM_VALID"),
            (finding("IN_LIST", fact()), "IN_LIST"),
            (finding("BAYES", probability(0)), "LOW"),
            (finding("BAYES", probability(10_000)), "LOW"),
            (finding("BAYES", probability(10_001)), "MIDDLE"),
            (finding("BAYES", probability(1_000_000)), "HIGH"),
            (finding("BAYES", fact()), ""),
            (finding("OTHER", probability(1)), ""),
        ] {
            let fired = rules.fired(&Hits::none(16), std::slice::from_ref(&found));
            let fired: Vec<_> = fired.iter().map(|name| name.as_str()).collect();
            assert_eq!(fired.join(" "), hits, "{found:?}");
        }
    }

    #[test]
    fn rules_weigh_what_they_leave_to_others() {
        let rules = RuleSet::parse(&[(
            "x.cf",
            "header A eval:check_for_spf_fail()\nscore A 2.5\nheader B eval:check_rbl('b', 'b.example.')\n\
             header __C eval:check_rbl('c', 'c.example.')\nheader D Subject =~ /x/\nscore E 3",
        )]);
        let weights = ["A", "B", "__C", "D", "E", "F"].map(|name| rules.weight(name));
        let points = |points: i64| Some(Points::from_micros(points * 100_000));
        assert_eq!(weights, [points(25), points(10), points(0), None, points(30), None]);
    }

    #[test]
    fn arguments_are_checked() {
        for (call, complaint) in [
            ("check_bayes()", "argument 1 is missing"),
            ("check_bayes('1.5','2')", "argument 1: a probability is from 0 to 1"),
            ("check_rbl('a')", "argument 2 is missing"),
            ("check_dkim_adsp()", "argument 1 is missing"),
        ] {
            let rules = RuleSet::parse(&[("x.cf", format!("header A eval:{call}"))]);
            let [only] = rules.complaints() else { panic!("{call}") };
            assert!(only.text.contains(complaint), "{call}: {}", only.text);
        }
    }
}
