//! Functions of plugins whose questions other checks answer, or nobody. Here a call's arguments
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

/// A function that stands for one finding, or with arguments for that of certain domains.
macro_rules! signed {
    ($name:literal, $finding:literal) => {
        Function {
            name: $name,
            standing: Standing::Elsewhere(AUTHENTICATION),
            make: |arguments, _| match arguments.get(1) {
                None => Ok(Question::Found($finding)),
                Some(_) => Ok(Question::UnderOwnName),
            },
        }
    };
}

const AUTHENTICATION: &str = "authentication";
const LISTS: &str = "lists";
const SENDER: &str = "sender";
const REPUTATION: &str = "reputation";
const NOBODY: &str = "none: its network is not asked";
const NOT_YET: &str = "none yet";

/// See [`super::PLUGINS`].
pub(super) const SPF: &[Function] = &[
    found!("check_for_spf_pass", "SPF_PASS", AUTHENTICATION),
    found!("check_for_spf_neutral", "SPF_NEUTRAL", AUTHENTICATION),
    found!("check_for_spf_none", "SPF_NONE", AUTHENTICATION),
    found!("check_for_spf_fail", "SPF_FAIL", AUTHENTICATION),
    found!("check_for_spf_softfail", "SPF_SOFTFAIL", AUTHENTICATION),
    found!("check_for_spf_permerror", "T_SPF_PERMERROR", AUTHENTICATION),
    found!("check_for_spf_temperror", "T_SPF_TEMPERROR", AUTHENTICATION),
    found!("check_for_spf_helo_pass", "SPF_HELO_PASS", AUTHENTICATION),
    found!("check_for_spf_helo_neutral", "SPF_HELO_NEUTRAL", AUTHENTICATION),
    found!("check_for_spf_helo_none", "SPF_HELO_NONE", AUTHENTICATION),
    found!("check_for_spf_helo_fail", "SPF_HELO_FAIL", AUTHENTICATION),
    found!("check_for_spf_helo_softfail", "SPF_HELO_SOFTFAIL", AUTHENTICATION),
    found!("check_for_spf_helo_permerror", "T_SPF_HELO_PERMERROR", AUTHENTICATION),
    found!("check_for_spf_helo_temperror", "T_SPF_HELO_TEMPERROR", AUTHENTICATION),
    found!("check_for_spf_welcomelist_from", "USER_IN_SPF_WELCOMELIST", AUTHENTICATION),
    found!("check_for_spf_whitelist_from", "USER_IN_SPF_WELCOMELIST", AUTHENTICATION),
    found!("check_for_def_spf_welcomelist_from", "USER_IN_DEF_SPF_WL", AUTHENTICATION),
    found!("check_for_def_spf_whitelist_from", "USER_IN_DEF_SPF_WL", AUTHENTICATION),
    found!("check_spf_skipped_noenvfrom", "SPF_SKIPPED_NOENVFROM", AUTHENTICATION),
];

/// See [`super::PLUGINS`].
pub(super) const DKIM: &[Function] = &[
    signed!("check_dkim_signed", "DKIM_SIGNED"),
    signed!("check_dkim_valid", "DKIM_VALID"),
    signed!("check_dkim_verified", "DKIM_VALID"),
    signed!("check_dkim_valid_author_sig", "DKIM_VALID_AU"),
    signed!("check_arc_signed", "ARC_SIGNED"),
    signed!("check_arc_valid", "ARC_VALID"),
    found!("check_dkim_valid_envelopefrom", "DKIM_VALID_EF", AUTHENTICATION),
    found!("check_dkim_dependable", "__DKIM_DEPENDABLE", AUTHENTICATION),
    found!("check_dkim_testing", "DKIM_POLICY_TESTING", AUTHENTICATION),
    found!("check_dkim_signsome", "DKIM_POLICY_SIGNSOME", AUTHENTICATION),
    found!("check_dkim_signall", "DKIM_POLICY_SIGNALL", AUTHENTICATION),
    own!("check_dkim_adsp", 1, AUTHENTICATION),
    found!("check_for_dkim_welcomelist_from", "USER_IN_DKIM_WELCOMELIST", AUTHENTICATION),
    found!("check_for_dkim_whitelist_from", "USER_IN_DKIM_WELCOMELIST", AUTHENTICATION),
    found!("check_for_def_dkim_welcomelist_from", "USER_IN_DEF_DKIM_WL", AUTHENTICATION),
    found!("check_for_def_dkim_whitelist_from", "USER_IN_DEF_DKIM_WL", AUTHENTICATION),
];

/// See [`super::PLUGINS`].
pub(super) const DMARC: &[Function] = &[
    found!("check_dmarc_pass", "DMARC_PASS", AUTHENTICATION),
    found!("check_dmarc_reject", "DMARC_REJECT", AUTHENTICATION),
    found!("check_dmarc_quarantine", "DMARC_QUAR", AUTHENTICATION),
    found!("check_dmarc_none", "DMARC_NONE", AUTHENTICATION),
    found!("check_dmarc_missing", "DMARC_MISSING", AUTHENTICATION),
];

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
        full OF_LIST eval:check_dkim_valid('list.example')
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
            (finding("OF_LIST", fact()), "OF_LIST"),
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
