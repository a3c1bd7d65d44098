//! Entries and proofs in, verdicts out.

use super::*;
use crate::verdict::{DomainPolicy, SenderPolicy, Signature};

/// `party who allow|block[!] entry`, parted by semicolons; `!` needs no proof.
fn rulings(text: &str) -> Vec<Ruling> {
    let ruling = |text: &str| {
        let [party, who, word, entry] = text.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{text}")
        };
        let party = match party {
            "client" => Party::Client,
            "sender" => Party::Sender,
            _ => Party::Author,
        };
        let plain = word.trim_end_matches('!');
        Ruling {
            party,
            who: who.to_owned(),
            word: if plain == "allow" { Word::Allow } else { Word::Block },
            entry: entry.to_owned(),
            note: String::new(),
            unverified: plain != word,
        }
    };
    text.split("; ").filter(|text| !text.is_empty()).map(ruling).collect()
}

/// `spf=`, `dkim=`, `partial=`, `broken=`, `dmarc=` and a domain each.
fn proved(text: &str) -> Authentication {
    let mut proved = Authentication::default();
    for (method, domain) in text.split_whitespace().filter_map(|text| text.split_once('=')) {
        let (domain, result) = (domain.to_owned(), AuthResult::Pass);
        let is_partial = method == "partial";
        match method {
            "spf" => {
                proved.mail_from = Some(SenderPolicy { result, domain, ..SenderPolicy::default() });
            }
            "dmarc" => {
                proved.dmarc = Some(DomainPolicy { result, domain, ..DomainPolicy::default() });
            }
            _ => {
                let result = if method == "broken" { AuthResult::Fail } else { result };
                proved.signatures.push(Signature {
                    result,
                    domain,
                    is_partial,
                    ..Signature::default()
                });
            }
        }
    }
    proved
}

const A: &str = "a@example.org";

#[test]
fn entries_and_proofs_decide() {
    let allow = format!("sender {A} allow example.org");
    let unverified = format!("sender {A} allow! example.org");
    let exception = format!("sender {A} allow a@example.org; sender {A} block example.org");
    let exclusion = format!("sender {A} block a@example.org; sender {A} allow example.org");
    let author = "author a@news.example.org allow example.org";
    let client = "client 192.0.2.7 allow 192.0.2.7; client 192.0.2.7 block 192.0.2.0/24";
    let both = format!("{client}; sender {A} block example.org");
    let (none, maybe, refused) = ("silent", "may pass", "refused");
    for (said, proofs, at_rcpt, findings, end) in [
        ("", "", none, "", ""),
        (client, "", maybe, "CLIENT_IN_WELCOMELIST", "welcome"),
        ("client 192.0.2.7 block 192.0.2.0/24", "", refused, "CLIENT_IN_BLOCKLIST", "refused"),
        (&allow, "", maybe, "USER_IN_WELCOMELIST_UNPROVED", ""),
        (&allow, "spf=example.org", maybe, "USER_IN_WELCOMELIST", "welcome"),
        (&allow, "spf=example.net", maybe, "USER_IN_WELCOMELIST_UNPROVED", ""),
        (&allow, "dkim=example.org", maybe, "USER_IN_WELCOMELIST", "welcome"),
        (&allow, "broken=example.org", maybe, "USER_IN_WELCOMELIST_UNPROVED", ""),
        (&allow, "partial=example.org", maybe, "USER_IN_WELCOMELIST_UNPROVED", ""),
        (&allow, "dkim=mail.example.org", maybe, "USER_IN_WELCOMELIST_UNPROVED", ""),
        (&unverified, "", maybe, "USER_IN_WELCOMELIST", "welcome"),
        (author, "dkim=example.org", maybe, "USER_IN_WELCOMELIST", "welcome"),
        (author, "dmarc=news.example.org", maybe, "USER_IN_WELCOMELIST", "welcome"),
        (author, "dmarc=example.org", maybe, "USER_IN_WELCOMELIST_UNPROVED", ""),
        (&exception, "spf=example.org", maybe, "USER_IN_WELCOMELIST", "welcome"),
        (&exception, "", maybe, "USER_IN_BLOCKLIST", "refused"),
        (&exclusion, "spf=example.org", refused, "USER_IN_BLOCKLIST", "refused"),
        (&both, "", refused, "CLIENT_IN_WELCOMELIST USER_IN_BLOCKLIST", "refused"),
    ] {
        let rulings = rulings(said);
        let found = match early(&rulings) {
            Early::Silent => none,
            Early::MayPass => maybe,
            Early::Refused(_) => refused,
        };
        assert_eq!(found, at_rcpt, "{said}");
        let conclusion = conclude(&rulings, &proved(proofs));
        let names: Vec<_> = conclusion.findings.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names.join(" "), findings, "{said} with {proofs}");
        assert!(names.iter().all(|name| is_of_entry(name)));
        let found = match (&conclusion.refusal, conclusion.is_welcome) {
            (Some(_), false) => "refused",
            (None, true) => "welcome",
            (None, false) => "",
            (Some(_), true) => "both",
        };
        assert_eq!(found, end, "{said} with {proofs}");
    }
}

#[test]
fn evidence_names_the_entry_and_its_note() {
    let mut rulings =
        rulings(&format!("sender {A} block example.org; author b@example.org block example.org"));
    rulings[0].note = "ticket\u{7}4711".to_owned();
    let Conclusion { findings, refusal, .. } = conclude(&rulings, &Authentication::default());
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    let fact = "sender a@example.org: block example.org (ticket 4711)";
    assert_eq!(finding.evidence, Evidence::Fact(fact.to_owned()));
    assert_eq!(finding.weight, Points::ZERO, "the verdict stands beside the score");
    let reason = Reason::Blocked { party: Party::Sender, who: A.to_owned() };
    assert_eq!(refusal, Some(Forced { verdict: Verdict::Reject, reason }));
}
