//! Findings to verdict: exact sum, thresholds, forced verdicts, failures. Pure.

use std::sync::Arc;

use tokio::time::Instant;

use super::{access, attachments, authenticity, examine::Examination, profile::Profile};
use crate::{
    checks::rules::RuleSet,
    metrics,
    verdict::{
        Authentication, Evidence, Finding, Forced, Judgement, OnFailure, Outcome, Points, Reason,
        Reference, Ruling, Verdict,
    },
};

/// Decides. Of the score's verdict, the forced ones and those of failures, the severest stands.
pub(super) fn judge(
    profile: &Profile,
    rules: &RuleSet,
    seen: Examination,
    forced: Option<Forced>,
    started: Instant,
) -> Judgement {
    let mut tally = Tally { forced: forced.into_iter().collect(), ..Tally::default() };
    for (check, outcome) in seen.outcomes {
        tally.add(profile, check, outcome);
    }
    tally.forced.extend(authenticity::refusal(profile, &tally.authentication));
    tally.forced.extend(attachments::verdicts(profile, &tally.findings));
    tally.heed_entries(seen.only_for_roles);
    leave_claims(rules, &tally.authentication, &mut tally.findings);
    weigh(rules, &mut tally.findings);
    if let Some(mut hits) = seen.hits {
        if tally.is_authenticated {
            hits.settle(&tally.authentication);
        }
        // On a runtime thread: some 60 µs a message with SpamAssassin's stock rules
        // (`cargo bench --bench rules -- INDEX FOLDER /usr/share/spamassassin`, row "conclude").
        let concluded = rules.conclude(hits, &tally.findings);
        tally.findings.extend(concluded);
    }
    // What only metas are to see.
    tally.findings.retain(|finding| !finding.name.as_str().starts_with("__"));
    let (truncated, identity) = (seen.truncated, seen.identity);
    let score: Points = tally.findings.iter().map(|finding| finding.weight).sum();
    let (verdict, reason) = severest(profile.verdict_for(score), tally.forced.clone());
    Judgement {
        reference: Reference::random(),
        profile: profile.name.clone(),
        verdict,
        reason,
        score,
        required: profile.required(),
        thresholds: profile.thresholds.clone(),
        forced: tally.forced,
        findings: tally.findings,
        late: tally.late,
        broken: tally.broken,
        unscanned: tally.unscanned || truncated,
        spam_headers: profile.spam_headers,
        dry_run: profile.dry_run,
        truncated,
        rcpt_unanswered: seen.rcpt_unanswered,
        identity,
        authentication: tally.is_authenticated.then(|| Arc::new(tally.authentication)),
        testimony: seen.testimony,
        took: started.elapsed(),
    }
}

/// What the score would be by what was found so far, and the verdicts beside it.
pub(super) fn foresee(
    profile: &Profile,
    rules: &RuleSet,
    seen: &Examination,
    early: &Examination,
) -> (Points, Vec<Forced>) {
    let outcomes = seen.outcomes.iter().chain(&early.outcomes).cloned().collect();
    let seen = Examination {
        outcomes,
        hits: seen.hits.clone(),
        only_for_roles: early.only_for_roles,
        ..Examination::default()
    };
    let judgement = judge(profile, rules, seen, None, Instant::now());
    (judgement.score, judgement.forced)
}

/// Counts how each check ended.
pub(super) fn count_checks(seen: &Examination) {
    for (check, outcome) in &seen.outcomes {
        metrics::check_ended(
            check,
            match outcome {
                Outcome::Answered(_) => "answered",
                Outcome::Late | Outcome::Partly(_) => "late",
                Outcome::Broken(_) => "broken",
                Outcome::Absent => "absent",
            },
        );
    }
}

/// Counts what was decided.
pub(super) fn count(judgement: &Judgement) {
    let verdict = judgement.effective().as_str();
    metrics::judged(&judgement.profile, verdict, judgement.took);
    for (method, result) in judgement.authentication.iter().flat_map(|found| found.results()) {
        metrics::authenticated(method, result.as_str());
    }
    let delivered = judgement.effective() < Verdict::Defer;
    if judgement.unscanned && delivered {
        metrics::accepted_unscanned(&judgement.profile);
    }
}

/// What lists say of a domain that signed the message counts only if that signature is valid: any
/// message can name a domain of good repute beside a valid signature of its own.
fn leave_claims(rules: &RuleSet, proved: &Authentication, findings: &mut Vec<Finding>) {
    findings.retain(|finding| match &finding.evidence {
        Evidence::Dns { question, .. } => {
            !rules.rests_on_signature(finding.name.as_str()) || is_about_signer(question, proved)
        }
        _ => true,
    });
}

/// Whether this name asks about a domain whose signature is valid.
fn is_about_signer(question: &str, proved: &Authentication) -> bool {
    let labels = format!(".{}", question.to_ascii_lowercase());
    proved.valid().any(|signature| labels.contains(&format!(".{}.", signature.domain)))
}

/// `score` lines in the rules weigh the findings of all checks.
fn weigh(rules: &RuleSet, findings: &mut [Finding]) {
    for finding in findings {
        if let Some(weight) = rules.weight(finding.name.as_str()) {
            finding.weight = weight;
        }
    }
}

fn severest(by_score: Verdict, forced: Vec<Forced>) -> (Verdict, Reason) {
    let mut worst = (by_score, Reason::Score);
    for Forced { verdict, reason } in forced {
        // The score may throw a message away quietly, but not when there is a reason to refuse it.
        let says_more = verdict >= worst.0.min(Verdict::Reject) && worst.1 == Reason::Score;
        if verdict > worst.0 || says_more {
            worst = (verdict, reason);
        }
    }
    worst
}

#[derive(Default)]
struct Tally {
    findings: Vec<Finding>,
    forced: Vec<Forced>,
    late: Vec<&'static str>,
    broken: Vec<(&'static str, String)>,
    unscanned: bool,
    authentication: Authentication,
    rulings: Vec<Ruling>,
    /// Somebody asked who is responsible for the message.
    is_authenticated: bool,
}

impl Tally {
    fn add(&mut self, profile: &Profile, check: &'static str, outcome: Outcome) {
        match outcome {
            Outcome::Answered(answer) => {
                self.findings.extend(answer.findings);
                self.forced.extend(answer.forced);
                self.rulings.extend(answer.rulings);
                if let Some(found) = answer.authentication {
                    self.is_authenticated = true;
                    self.authentication.add(*found);
                }
            }
            Outcome::Absent => {
                self.unscanned |= check == "antivirus";
            }
            Outcome::Late => self.late(profile, check),
            Outcome::Partly(findings) => {
                self.findings.extend(findings);
                self.late(profile, check);
            }
            Outcome::Broken(why) => {
                self.broken.push((check, why));
                self.fail(profile, check);
            }
        }
    }

    /// What the administrator has said about those who sent it.
    fn heed_entries(&mut self, only_for_roles: bool) {
        let said = access::conclude(&self.rulings, &self.authentication);
        if said.is_welcome {
            self.forced.retain(|forced| !forced.reason.is_hearsay());
        }
        // At RCPT it was the reason to judge.
        let refusal = said.refusal.filter(|refusal| !self.forced.contains(refusal));
        let refusal = refusal.filter(|_| !only_for_roles);
        self.forced.extend(refusal);
        self.findings.extend(said.findings);
    }

    fn late(&mut self, profile: &Profile, check: &'static str) {
        self.late.push(check);
        self.fail(profile, check);
    }

    fn fail(&mut self, profile: &Profile, check: &'static str) {
        self.unscanned |= check == "antivirus";
        let verdict = match profile.on_failure_of(check) {
            OnFailure::Accept => return,
            OnFailure::Defer => Verdict::Defer,
            OnFailure::Reject => Verdict::Reject,
        };
        self.forced.push(Forced { verdict, reason: Reason::Unchecked(check.into()) });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        checks::Case,
        filter::profile::shipped,
        verdict::{Answer, AuthResult, DomainPolicy, Handling, Party, Signature, Word},
    };

    fn profile(name: &str) -> Profile {
        shipped().into_iter().find(|(n, _)| *n == name).unwrap().1.resolve(name)
    }

    fn found(points: &str) -> (&'static str, Outcome) {
        let finding = Finding {
            name: "X".into(),
            weight: points.parse().unwrap(),
            evidence: Evidence::Fact(String::new()),
        };
        ("lists", Outcome::Answered(Answer { findings: vec![finding], ..Answer::default() }))
    }

    fn virus() -> (&'static str, Outcome) {
        let reason = Reason::Virus("Eicar".to_owned());
        let forced = Some(Forced { verdict: Verdict::Reject, reason });
        ("antivirus", Outcome::Answered(Answer { forced, ..Answer::default() }))
    }

    #[test]
    fn a_virus_is_refused_even_where_the_score_would_throw_it_away() {
        let reason = || Reason::Virus("Eicar".to_owned());
        let virus = || vec![Forced { verdict: Verdict::Reject, reason: reason() }];
        for (by_score, verdict) in [
            (Verdict::Accept, Verdict::Reject),
            (Verdict::Reject, Verdict::Reject),
            (Verdict::Discard, Verdict::Reject),
        ] {
            assert_eq!(severest(by_score, virus()), (verdict, reason()));
        }
        assert_eq!(severest(Verdict::Discard, vec![]), (Verdict::Discard, Reason::Score));
    }

    #[test]
    fn what_only_metas_see_and_what_is_only_claimed_is_not_reported() {
        let rules = RuleSet::parse(&[(
            "x.cf",
            "askdns __GOOD _DKIMDOMAIN_.l.example A 127.0.0.2\nmeta GOOD __GOOD\nscore GOOD -3\n\
             askdns __NEW _AUTHORDOMAIN_.l.example A 127.0.0.2\nmeta NEW __NEW\nscore NEW 2",
        )]);
        for (found, signer, names) in [
            (&["__GOOD", "__NEW"][..], "", "NEW"),
            (&["__GOOD"], "a.example", "GOOD"),
            (&["__GOOD"], "own.example", ""),
            (&["__GOOD"], "nota.example", ""),
        ] {
            let finding = |name: &&str| Finding {
                name: (*name).into(),
                weight: Points::ZERO,
                evidence: Evidence::Dns {
                    question: "A.example.l.example.".to_owned(),
                    answer: Vec::new(),
                },
            };
            let findings = found.iter().map(finding).collect();
            let result = if signer.is_empty() { AuthResult::Fail } else { AuthResult::Pass };
            let signature = Signature { result, domain: signer.to_owned(), ..Signature::default() };
            let signatures = vec![signature];
            let authentication =
                Some(Box::new(Authentication { signatures, ..Authentication::default() }));
            let proof = Answer { authentication, ..Answer::default() };
            let outcomes =
                vec![("auth", Outcome::Answered(proof)), ("lists", Outcome::Partly(findings))];
            let case = Case { envelope: Arc::default(), message: Arc::default() };
            let hits = Some(rules.examine(&case));
            let seen = Examination { outcomes, hits, ..Examination::default() };
            let judgement = judge(&profile("external"), &rules, seen, None, Instant::now());
            let shown = judgement.findings.iter().map(|finding| finding.name.as_str());
            assert_eq!(shown.collect::<Vec<_>>().join(" "), names);
            assert_eq!(judgement.late, ["lists"]);
        }
    }

    /// An entry for the client, as the check says it.
    fn entry(word: Word) -> (&'static str, Outcome) {
        let (who, entry) = ("192.0.2.7".to_owned(), "192.0.2.0/24".to_owned());
        let (party, note) = (Party::Client, String::new());
        let rulings = vec![Ruling { party, who, word, entry, note, unverified: false }];
        ("access", Outcome::Answered(Answer { rulings, ..Answer::default() }))
    }

    /// DMARC fails, and is to be heeded.
    fn disowned() -> (&'static str, Outcome) {
        let (result, handling) = (AuthResult::Fail, Handling::Reject);
        let dmarc = Some(DomainPolicy { result, handling, ..DomainPolicy::default() });
        let authentication = Some(Box::new(Authentication { dmarc, ..Authentication::default() }));
        ("auth", Outcome::Answered(Answer { authentication, ..Answer::default() }))
    }

    #[test]
    fn who_is_let_in_is_refused_for_what_he_sends_alone() {
        let lenient = "score CLIENT_IN_WELCOMELIST -1\nscore CLIENT_IN_BLOCKLIST 3";
        for (rules, outcomes, score, verdict) in [
            ("", vec![disowned()], "0.0", Verdict::Reject),
            ("", vec![disowned(), entry(Word::Allow)], "-100.0", Verdict::Accept),
            ("", vec![found("12"), entry(Word::Allow)], "-88.0", Verdict::Accept),
            ("", vec![virus(), entry(Word::Allow)], "-100.0", Verdict::Reject),
            ("", vec![("antivirus", Outcome::Late), entry(Word::Allow)], "-100.0", Verdict::Defer),
            ("", vec![entry(Word::Block)], "0.0", Verdict::Reject),
            (lenient, vec![found("12"), entry(Word::Allow)], "11.0", Verdict::Reject),
            (lenient, vec![disowned(), entry(Word::Allow)], "-1.0", Verdict::Accept),
            (lenient, vec![entry(Word::Block)], "3.0", Verdict::Reject),
        ] {
            let rules = RuleSet::parse(&[("x.cf", rules)]);
            let shown = format!("{outcomes:?}");
            let seen = Examination { outcomes, ..Examination::default() };
            let judgement = judge(&profile("external"), &rules, seen, None, Instant::now());
            let sum: Points = judgement.findings.iter().map(|finding| finding.weight).sum();
            let found = (judgement.verdict, judgement.score.to_string());
            assert_eq!(found, (verdict, score.to_owned()), "{shown}");
            assert_eq!(sum, judgement.score);
        }
    }

    /// SpamAssassin's stock rules give a finding's points to a meta of its older name.
    #[test]
    fn entries_count_once_beside_the_stock_rules() {
        let rules = RuleSet::parse(&[(
            "60_welcomelist.cf",
            "header USER_IN_WELCOMELIST eval:check_from_in_welcomelist()\n\
             score USER_IN_WELCOMELIST -0.01\n\
             meta USER_IN_WHITELIST (USER_IN_WELCOMELIST)\nscore USER_IN_WHITELIST -100",
        )]);
        let (who, entry) = ("a@example.org".to_owned(), "example.org".to_owned());
        let (party, word, note) = (Party::Sender, Word::Allow, String::new());
        let rulings = vec![Ruling { party, who, word, entry, note, unverified: true }];
        let outcomes = vec![("access", Outcome::Answered(Answer { rulings, ..Answer::default() }))];
        let case = Case { envelope: Arc::default(), message: Arc::default() };
        let hits = Some(rules.examine(&case));
        let seen = Examination { outcomes, hits, ..Examination::default() };
        let judgement = judge(&profile("external"), &rules, seen, None, Instant::now());
        assert_eq!(judgement.score.to_string(), "-100.01");
    }

    #[test]
    fn the_severest_stands() {
        let late = ("antivirus", Outcome::Late);
        let broken = ("antivirus", Outcome::Broken("down".to_owned()));
        let absent = ("antivirus", Outcome::Absent);
        for (name, outcomes, verdict, unscanned) in [
            ("external", vec![], Verdict::Accept, false),
            ("external", vec![found("5")], Verdict::Mark, false),
            ("external", vec![found("4"), found("6")], Verdict::Reject, false),
            ("external", vec![virus()], Verdict::Reject, false),
            ("local", vec![virus()], Verdict::Reject, false),
            ("external", vec![late.clone()], Verdict::Defer, true),
            ("external", vec![late, found("10")], Verdict::Reject, true),
            ("authenticated", vec![broken], Verdict::Accept, true),
            ("external", vec![absent], Verdict::Accept, true),
            ("external", vec![("lists", Outcome::Late)], Verdict::Accept, false),
        ] {
            let seen = Examination { outcomes, ..Examination::default() };
            let rules = RuleSet::parse::<&str, &str>(&[]);
            let judgement = judge(&profile(name), &rules, seen, None, Instant::now());
            assert_eq!((judgement.verdict, judgement.unscanned), (verdict, unscanned), "{name}");
        }
    }
}
