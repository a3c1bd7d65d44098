//! A judgement as machines read it; what people read is made of the same.

use std::{
    collections::BTreeMap,
    time::{Duration, UNIX_EPOCH},
};

use serde::Serialize;

use crate::{
    dns,
    filter::record::Record,
    mail::{Client, Envelope},
    verdict::{
        Decision, Finding, Flip, Forced, Lookup, Points, Reason, Response, ScanSaid, Verdict,
    },
};

/// The whole arithmetic. The keys that `check --json` has mean the same here.
#[derive(Serialize)]
pub(super) struct Explanation<'r> {
    /// Of a message that was judged now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    pub(super) r#ref: String,
    /// When it was judged.
    pub(super) date: String,
    pub(super) profile: &'r str,
    pub(super) verdict: Verdict,
    pub(super) reason: &'r Reason,
    pub(super) score: Points,
    pub(super) required: Option<Points>,
    pub(super) thresholds: Vec<Threshold>,
    pub(super) forced: &'r [Forced],
    /// The heaviest first.
    pub(super) findings: Vec<&'r Finding>,
    pub(super) late: &'r [String],
    pub(super) broken: BTreeMap<&'r str, &'r str>,
    pub(super) unscanned: bool,
    pub(super) dry_run: bool,
    pub(super) truncated: bool,
    pub(super) micros: u64,
    /// Of the settings and rules.
    pub(super) configuration: String,
    pub(super) envelope: Smtp<'r>,
    pub(super) dns: Vec<Asked<'r>>,
    pub(super) virus_scans: Vec<Scanned<'r>>,
    pub(super) classifier: Option<Thought<'r>>,
    pub(super) milder: Option<Flip>,
    pub(super) severer: Option<Flip>,
}

/// From which score which verdict.
#[derive(Serialize)]
pub(super) struct Threshold {
    pub(super) verdict: Verdict,
    pub(super) from: Points,
}

/// What SMTP said.
#[derive(Serialize)]
pub(super) struct Smtp<'r> {
    pub(super) client: String,
    pub(super) relay: Option<String>,
    pub(super) helo: Option<&'r str>,
    pub(super) tls: Option<&'r str>,
    pub(super) login: Option<&'r str>,
    pub(super) sender: &'r str,
    pub(super) recipients: Vec<&'r str>,
    pub(super) queue_id: Option<&'r str>,
    pub(super) bytes: Option<u64>,
}

/// A question to DNS.
#[derive(Serialize)]
pub(super) struct Asked<'r> {
    pub(super) question: &'r str,
    pub(super) r#type: String,
    /// Records as zone files write them; none if there is no such name or record.
    pub(super) answer: Vec<String>,
    /// Why there is no answer.
    pub(super) failure: Option<String>,
    pub(super) ttl: u32,
    /// Milliseconds; 0 from the cache.
    pub(super) millis: u32,
    pub(super) date: String,
}

/// A scan.
#[derive(Serialize)]
pub(super) struct Scanned<'r> {
    /// `None`: the message as a whole.
    pub(super) part: Option<u32>,
    pub(super) result: &'static str,
    /// The signature, or why there is no result.
    pub(super) detail: Option<&'r str>,
}

/// What the classifier thought.
#[derive(Serialize)]
pub(super) struct Thought<'r> {
    /// Of spam; `None` if too little had been learned.
    pub(super) probability: Option<f64>,
    /// The state hash of what had been learned.
    pub(super) state: Option<String>,
    pub(super) failure: Option<&'r str>,
}

impl<'r> Explanation<'r> {
    pub(super) fn new(path: Option<String>, record: &'r Record) -> Self {
        let decision = Decision {
            verdict: record.verdict,
            score: record.score,
            thresholds: &record.thresholds,
            forced: &record.forced,
            findings: &record.findings,
        };
        let mut findings: Vec<&Finding> = record.findings.iter().collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.weight.micros().abs()));
        let thresholds = record.thresholds.iter();
        let broken = record.broken.iter();
        Self {
            path,
            r#ref: record.reference.to_string(),
            date: date(record.at),
            profile: &record.profile,
            verdict: record.verdict,
            reason: &record.reason,
            score: record.score,
            required: record.required,
            thresholds: thresholds.map(|&(verdict, from)| Threshold { verdict, from }).collect(),
            forced: &record.forced,
            findings,
            late: &record.late,
            broken: broken.map(|(check, why)| (check.as_str(), why.as_str())).collect(),
            unscanned: record.unscanned,
            dry_run: record.dry_run,
            truncated: record.truncated,
            micros: record.took_micros,
            configuration: format!("{:016x}", record.provenance.configuration),
            envelope: smtp(record),
            dns: record.testimony.lookups.iter().map(asked).collect(),
            virus_scans: scans(record),
            classifier: thought(record),
            milder: decision.milder(),
            severer: decision.severer(),
        }
    }
}

fn smtp(record: &Record) -> Smtp<'_> {
    let Envelope { client, relay, helo, tls, login, sender, recipients, queue_id, .. } =
        &record.envelope;
    Smtp {
        client: named(client),
        relay: relay.as_deref().map(named),
        helo: helo.as_deref(),
        tls: tls.as_ref().map(|tls| tls.version.as_str()),
        login: login.as_deref(),
        sender: sender.as_str(),
        recipients: recipients.iter().map(|recipient| recipient.as_str()).collect(),
        queue_id: queue_id.as_deref(),
        bytes: record.identity.map(|identity| identity.bytes),
    }
}

fn named(client: &Client) -> String {
    match (client.address, client.name.as_deref()) {
        (Some(address), Some(name)) => format!("{address} ({name})"),
        (Some(address), None) => address.to_string(),
        (None, _) => String::new(),
    }
}

fn asked(lookup: &Lookup) -> Asked<'_> {
    let number = lookup.record_type;
    let (answer, failure) = match &lookup.response {
        Response::Records(records) => {
            (records.iter().map(|record| dns::shown(record, number)).collect(), None)
        }
        Response::Nothing { .. } => (Vec::new(), None),
        Response::Timeout { after } => (Vec::new(), Some(format!("no answer within {after} ms"))),
        Response::Refused { code } => {
            (Vec::new(), Some(format!("the server answers {}", dns::response_code(*code))))
        }
        Response::Failed(why) => (Vec::new(), Some(why.clone())),
        Response::SetAside(why) => (Vec::new(), Some(format!("not asked: {why}"))),
    };
    Asked {
        question: &lookup.name,
        r#type: dns::record_type(number),
        answer,
        failure,
        ttl: lookup.ttl,
        millis: lookup.took,
        date: date(lookup.asked),
    }
}

fn scans(record: &Record) -> Vec<Scanned<'_>> {
    let scans = record.testimony.scans.iter();
    scans
        .map(|scan| {
            let (result, detail) = match &scan.result {
                ScanSaid::Clean => ("clean", None),
                ScanSaid::Infected(signature) => ("infected", Some(signature.as_str())),
                ScanSaid::Failed(why) => ("failed", Some(why.as_str())),
            };
            Scanned { part: scan.part, result, detail }
        })
        .collect()
}

fn thought(record: &Record) -> Option<Thought<'_>> {
    let opinion = record.testimony.opinion.as_ref()?;
    Some(Thought {
        probability: opinion.millionths.map(|millionths| f64::from(millionths) / 1e6),
        state: opinion.state.map(|state| format!("{state:032x}")),
        failure: opinion.failure.as_deref(),
    })
}

/// Of milliseconds since 1970, as RFC 3339 has them: `1994-11-06T08:49:37Z`.
fn date(millis: u64) -> String {
    /// humantime knows dates to the year 9999.
    const LAST: u64 = 253_402_300_799;
    let seconds = (millis / 1_000).min(LAST);
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
}
