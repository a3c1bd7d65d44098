//! The log: exactly one line for each message that was answered.

use tracing::info;

use crate::{
    mail::Envelope,
    verdict::{Finding, Judgement},
};

/// Recipients written out in full; beyond them the line says how many more.
const MOST_RECIPIENTS: usize = 20;

/// Writes the line of a judged message, or of a client refused at RCPT.
pub(super) fn judged(envelope: &Envelope, judgement: &Judgement, stage: &'static str) {
    let client = envelope.client.address.map(|a| a.to_string()).unwrap_or_default();
    let relay = envelope.relay.as_ref().and_then(|r| r.address).map(|a| a.to_string());
    info!(
        target: "gatepost::message",
        queue_id = envelope.queue_id.as_deref().unwrap_or_default(),
        client,
        client_name = envelope.client.name.as_deref().unwrap_or_default(),
        relay = relay.as_deref(),
        helo = envelope.helo.as_deref().unwrap_or_default(),
        login = envelope.login.as_deref(),
        sender = envelope.sender.as_str(),
        recipients = recipients(envelope),
        profile = &*judgement.profile,
        stage,
        verdict = judgement.verdict.as_str(),
        reason = judgement.reason.as_str(),
        score = %judgement.score,
        required = judgement.required.map(|r| r.to_string()).as_deref(),
        findings = findings(&judgement.findings),
        authentication = judgement.authentication.as_ref().map(|found| found.to_string()),
        late = judgement.late.join(","),
        broken = broken(judgement),
        unscanned = judgement.unscanned,
        dry_run = judgement.dry_run,
        millis = judgement.took.as_secs_f64() * 1_000.0,
        r#ref = %judgement.reference,
        "judged"
    );
}

fn recipients(envelope: &Envelope) -> String {
    let all = &envelope.recipients;
    let shown: Vec<&str> = all.iter().take(MOST_RECIPIENTS).map(|r| r.as_str()).collect();
    let mut text = shown.join(",");
    if all.len() > MOST_RECIPIENTS {
        text.push_str(&format!(" and {} more", all.len() - MOST_RECIPIENTS));
    }
    text
}

fn findings(findings: &[Finding]) -> String {
    let shown: Vec<String> = findings.iter().map(|f| format!("{}={}", f.name, f.weight)).collect();
    shown.join(",")
}

fn broken(judgement: &Judgement) -> String {
    let shown: Vec<String> =
        judgement.broken.iter().map(|(check, why)| format!("{check}: {why}")).collect();
    shown.join("; ")
}

/// Writes the line of a message that was told 4xx without being judged.
pub(super) fn turned_away(envelope: &Envelope, why: &'static str) {
    info!(
        target: "gatepost::message",
        queue_id = envelope.queue_id.as_deref().unwrap_or_default(),
        client = envelope.client.address.map(|a| a.to_string()).unwrap_or_default(),
        helo = envelope.helo.as_deref().unwrap_or_default(),
        login = envelope.login.as_deref(),
        sender = envelope.sender.as_str(),
        recipients = recipients(envelope),
        verdict = "defer",
        reason = why,
        "turned away"
    );
}
