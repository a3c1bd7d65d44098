//! Results under SpamAssassin's names. They weigh what the rules' `score` lines say.

use crate::verdict::{
    AuthResult, Authentication, Disposition, DomainPolicy, Evidence, Finding, Handling, Name,
    Points, SenderPolicy,
};

/// Characters of a fact: records and signatures are written by strangers.
const MOST: usize = 200;

fn finding(name: &str, fact: impl AsRef<str>) -> Finding {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let fact = fact.as_ref().chars().map(printable).take(MOST).collect();
    Finding { name: Name::from(name), weight: Points::ZERO, evidence: Evidence::Fact(fact) }
}

/// What SPF found, of what is known at MAIL.
pub(super) fn of_envelope(found: &Authentication) -> Vec<Finding> {
    let helo = found.helo.as_ref().and_then(|helo| Some((helo_name(helo.result)?, helo)));
    let mail_from =
        found.mail_from.as_ref().and_then(|sender| Some((mail_from_name(sender.result)?, sender)));
    let shown = |(name, policy): (&str, &SenderPolicy)| finding(name, &policy.because);
    helo.into_iter().chain(mail_from).map(shown).collect()
}

fn mail_from_name(result: AuthResult) -> Option<&'static str> {
    Some(match result {
        AuthResult::None => "SPF_NONE",
        AuthResult::Pass => "SPF_PASS",
        AuthResult::Fail => "SPF_FAIL",
        AuthResult::Softfail => "SPF_SOFTFAIL",
        AuthResult::Neutral => "SPF_NEUTRAL",
        AuthResult::Temperror => "T_SPF_TEMPERROR",
        AuthResult::Permerror => "T_SPF_PERMERROR",
        AuthResult::Policy => return None,
    })
}

fn helo_name(result: AuthResult) -> Option<&'static str> {
    Some(match result {
        AuthResult::None => "SPF_HELO_NONE",
        AuthResult::Pass => "SPF_HELO_PASS",
        AuthResult::Fail => "SPF_HELO_FAIL",
        AuthResult::Softfail => "SPF_HELO_SOFTFAIL",
        AuthResult::Neutral => "SPF_HELO_NEUTRAL",
        AuthResult::Temperror => "T_SPF_HELO_TEMPERROR",
        AuthResult::Permerror => "T_SPF_HELO_PERMERROR",
        AuthResult::Policy => return None,
    })
}

/// What DKIM, ARC and DMARC found. `author` is the domain of From, `sender` that of MAIL.
pub(super) fn of_message(
    found: &Authentication,
    author: Option<&str>,
    sender: Option<&str>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !found.signatures.is_empty() {
        findings.extend(of_signatures(found, author, sender));
    }
    if let Some(arc) = &found.arc {
        findings.push(finding("ARC_SIGNED", with_cause(&arc.sealers.join(" "), &arc.because)));
        if arc.result == AuthResult::Pass {
            findings.push(finding("ARC_VALID", arc.sealers.join(" ")));
        }
    }
    findings.extend(found.dmarc.as_ref().and_then(of_dmarc));
    findings
}

/// A domain, and what is wrong with what it signed, if anything is.
fn with_cause(domain: &str, because: &str) -> String {
    match (domain, because) {
        (domain, "") => domain.to_owned(),
        ("", because) => format!("({because})"),
        (domain, because) => format!("{domain} ({because})"),
    }
}

fn of_signatures(
    found: &Authentication,
    author: Option<&str>,
    sender: Option<&str>,
) -> Vec<Finding> {
    let domains = |signatures: &mut dyn Iterator<Item = &crate::verdict::Signature>| {
        let domains: Vec<_> = signatures.map(|signature| signature.domain.as_str()).collect();
        domains.join(" ")
    };
    let all = found.signatures.iter();
    let all: Vec<_> = all.map(|one| with_cause(&one.domain, &one.because)).collect();
    let signed = finding("DKIM_SIGNED", all.join(" "));
    let mut findings = vec![signed];
    if found.valid().next().is_none() {
        return findings;
    }
    findings.push(finding("DKIM_VALID", domains(&mut found.valid())));
    for (name, domain) in [("DKIM_VALID_AU", author), ("DKIM_VALID_EF", sender)] {
        let by = domain.filter(|domain| found.valid().any(|valid| valid.signer() == *domain));
        findings.extend(by.map(|domain| finding(name, domain)));
    }
    if found.valid().all(|signature| signature.is_partial) {
        findings.push(finding("DKIM_PARTIAL", domains(&mut found.valid())));
    }
    findings
}

fn of_dmarc(dmarc: &DomainPolicy) -> Option<Finding> {
    if dmarc.handling == Handling::Ignore {
        return None;
    }
    let name = match (dmarc.result, dmarc.disposition) {
        (AuthResult::None, _) => "DMARC_MISSING",
        (AuthResult::Pass, _) => "DMARC_PASS",
        (AuthResult::Fail, Disposition::None) => "DMARC_NONE",
        (AuthResult::Fail, Disposition::Quarantine) => "DMARC_QUAR",
        (AuthResult::Fail, Disposition::Reject) => "DMARC_REJECT",
        _ => return None,
    };
    let DomainPolicy { domain, because, excused, .. } = dmarc;
    let excused = excused.as_ref().map_or(String::new(), |why| format!("; excused: {why}"));
    Some(finding(name, format!("{domain}: {because}{excused}")))
}
