//! A judgement for people, and for machines.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde::Serialize;

use crate::{
    filter::record::Record,
    milter::reply::Reply,
    verdict::{Authentication, Evidence, Finding, Judgement, Token},
};

/// One line of `check --json`. The keys are a contract.
#[derive(Serialize)]
pub(super) struct Report<'j> {
    path: &'j str,
    profile: &'j str,
    verdict: &'static str,
    reason: &'static str,
    score: crate::verdict::Points,
    required: Option<crate::verdict::Points>,
    reply: Option<String>,
    r#ref: String,
    findings: &'j [Finding],
    /// What SPF, DKIM, ARC and DMARC tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication: Option<&'j Authentication>,
    late: &'j [&'static str],
    broken: Vec<&'static str>,
    /// Why the broken checks broke.
    causes: BTreeMap<&'static str, &'j str>,
    unscanned: bool,
    micros: u64,
    /// What was decided when the message came.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<Recorded<'j>>,
}

/// A judgement that was recorded, beside the one by its answers.
#[derive(Serialize)]
struct Recorded<'j> {
    r#ref: String,
    verdict: &'static str,
    reason: &'static str,
    score: crate::verdict::Points,
    /// What was asked now that was not asked then.
    missing: &'j [String],
}

impl<'j> Recorded<'j> {
    fn new(record: &Record, judgement: &'j Judgement) -> Self {
        Self {
            r#ref: record.reference.to_string(),
            verdict: record.verdict.as_str(),
            reason: record.reason.as_str(),
            score: record.score,
            missing: &judgement.testimony.missing,
        }
    }
}

impl<'j> Report<'j> {
    pub(super) fn new(
        path: &'j str,
        judgement: &'j Judgement,
        reply: Option<&Reply>,
        record: Option<&Record>,
    ) -> Self {
        let broken = &judgement.broken;
        Self {
            path,
            profile: &judgement.profile,
            verdict: judgement.verdict.as_str(),
            reason: judgement.reason.as_str(),
            score: judgement.score,
            required: judgement.required,
            reply: reply.map(Reply::to_string),
            r#ref: judgement.reference.to_string(),
            findings: &judgement.findings,
            authentication: judgement.authentication.as_deref(),
            late: &judgement.late,
            broken: broken.iter().map(|&(check, _)| check).collect(),
            causes: broken.iter().map(|(check, why)| (*check, why.as_str())).collect(),
            unscanned: judgement.unscanned,
            micros: judgement.took.as_micros() as u64,
            recorded: record.map(|record| Recorded::new(record, judgement)),
        }
    }

    /// One object on one line.
    pub(super) fn json(&self, output: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *output, self)?;
        writeln!(output)
    }

    /// A headline, then the findings, heaviest first.
    pub(super) fn text(&self, output: &mut impl Write) -> io::Result<()> {
        let required = self.required.map_or_else(|| "–".to_owned(), |r| r.to_string());
        let (path, verdict, profile) = (self.path, self.verdict, self.profile);
        writeln!(
            output,
            "{path}: {verdict}, score {} of {required} ({profile}, ref {})",
            self.score, self.r#ref
        )?;
        let mut findings: Vec<&Finding> = self.findings.iter().collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.weight.micros().abs()));
        for finding in findings {
            let Finding { name, weight, evidence } = finding;
            writeln!(output, "{weight:>8}  {name:<28} {}", shown(evidence))?;
        }
        if let Some(found) = self.authentication {
            writeln!(output, "          authentication: {found}")?;
        }
        if let Some(reply) = &self.reply {
            writeln!(output, "          reply: {reply}")?;
        }
        for check in self.late {
            writeln!(output, "          late: {check}")?;
        }
        for (check, why) in &self.causes {
            writeln!(output, "          broken: {check}: {why}")?;
        }
        if let Some(Recorded { r#ref, verdict, score, missing, .. }) = &self.recorded {
            writeln!(output, "          recorded: {verdict}, score {score} (ref {})", r#ref)?;
            for missing in *missing {
                writeln!(output, "          not recorded: {missing}")?;
            }
        }
        Ok(())
    }
}

/// Evidence in a line.
pub(in crate::cli) fn shown(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Dns { question, answer } => format!("{question} → {}", answer.join(", ")),
        Evidence::Matched { place, text } => format!("{place}: “{text}”"),
        Evidence::Meta { of } => {
            let names: Vec<&str> = of.iter().map(|name| name.as_str()).collect();
            names.join(" ")
        }
        Evidence::Signature(signature) => signature.clone(),
        Evidence::Attachment { name, trait_ } => format!("{name}: {trait_}"),
        Evidence::Probability { millionths, because } => {
            let tokens: Vec<String> = because.iter().map(token).collect();
            format!("{:.6}: {}", f64::from(*millionths) / 1e6, tokens.join(", "))
        }
        Evidence::Fact(fact) => fact.clone(),
    }
}

/// A token, how much it says, and how often it was in spam and in ham.
fn token(token: &Token) -> String {
    let Token { text, spam, ham, log_odds } = token;
    format!("“{text}” {log_odds:+.1} ({spam}:{ham})")
}
