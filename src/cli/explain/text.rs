//! For people: what came, what was found, what it adds up to, what would change it, what was heard.

use std::io::{self, Write};

use super::explanation::{Asked, Explanation, Scanned, Smtp, Thought};
use crate::{
    cli::check::shown,
    verdict::{Finding, Flip, Forced, Name, Reason, Trouble, Verdict},
};

/// Recipients that are named.
const MOST_RECIPIENTS: usize = 10;

pub(super) fn write(output: &mut impl Write, of: &Explanation<'_>) -> io::Result<()> {
    head(output, of)?;
    smtp(output, &of.envelope)?;
    arithmetic(output, of)?;
    decision(output, of)?;
    writeln!(output, "\nWhat would change it")?;
    for flip in [&of.milder, &of.severer].into_iter().flatten() {
        change(output, of, flip)?;
    }
    if of.milder.is_none() && of.severer.is_none() {
        writeln!(output, "  nothing: this profile knows no other verdict for it")?;
    }
    outside(output, of)
}

fn head(output: &mut impl Write, of: &Explanation<'_>) -> io::Result<()> {
    if let Some(path) = &of.path {
        writeln!(output, "{path}")?;
    }
    let required = of.required.map_or_else(|| "–".to_owned(), |required| required.to_string());
    let (reference, verdict, score, profile) = (&of.r#ref, of.verdict, of.score, of.profile);
    writeln!(output, "{reference}: {verdict}, score {score} of {required} ({profile})")?;
    let millis = of.micros as f64 / 1e3;
    writeln!(output, "  judged {} in {millis:.1} ms", of.date)?;
    writeln!(output, "  configuration {}", of.configuration)?;
    if of.dry_run {
        writeln!(output, "  a dry run: the message passed unchanged")?;
    }
    Ok(())
}

fn smtp(output: &mut impl Write, smtp: &Smtp<'_>) -> io::Result<()> {
    if let Some(queue_id) = smtp.queue_id {
        writeln!(output, "  queue id {queue_id}")?;
    }
    writeln!(output, "  sender <{}>", smtp.sender)?;
    for recipient in smtp.recipients.iter().take(MOST_RECIPIENTS) {
        writeln!(output, "  recipient <{recipient}>")?;
    }
    if let Some(more) = smtp.recipients.len().checked_sub(MOST_RECIPIENTS).filter(|&more| more > 0)
    {
        writeln!(output, "  and {more} more")?;
    }
    let client = if smtp.client.is_empty() { "unknown" } else { &smtp.client };
    write!(output, "  client {client}")?;
    let more = [("HELO", smtp.helo), ("TLS", smtp.tls), ("login", smtp.login)];
    for (what, said) in more.into_iter().filter_map(|(what, said)| Some((what, said?))) {
        write!(output, ", {what} {said}")?;
    }
    writeln!(output)?;
    if let Some(relay) = &smtp.relay {
        writeln!(output, "  handed on by {relay}")?;
    }
    if let Some(bytes) = smtp.bytes {
        writeln!(output, "  {bytes} bytes")?;
    }
    Ok(())
}

fn arithmetic(output: &mut impl Write, of: &Explanation<'_>) -> io::Result<()> {
    writeln!(output, "\n  points  finding                      what was seen")?;
    for Finding { name, weight, evidence } in &of.findings {
        writeln!(output, "{weight:>8}  {name:<28} {}", shown(evidence))?;
    }
    writeln!(output, "{:>8}  = the score", of.score)?;
    for check in of.late {
        writeln!(output, "    late  {check}: no answer by the deadline")?;
    }
    for (check, why) in &of.broken {
        writeln!(output, "  broken  {check}: {why}")?;
    }
    if of.truncated {
        writeln!(output, "          only the beginning of the message was read")?;
    }
    if of.unscanned {
        writeln!(output, "          no virus scanner vouches for it")?;
    }
    Ok(())
}

fn decision(output: &mut impl Write, of: &Explanation<'_>) -> io::Result<()> {
    writeln!(output, "\nWhy")?;
    let thresholds: Vec<String> =
        of.thresholds.iter().map(|t| format!("{} from {}", t.verdict, t.from)).collect();
    let thresholds = if thresholds.is_empty() { "none".to_owned() } else { thresholds.join(", ") };
    writeln!(output, "  thresholds: {thresholds}")?;
    for Forced { verdict, reason } in of.forced {
        writeln!(output, "  beside the score: {verdict}, for {}", because(reason))?;
    }
    let why = match of.reason {
        Reason::Score if of.verdict == Verdict::Accept => {
            "the score is below all thresholds".to_owned()
        }
        Reason::Score => "of the score".to_owned(),
        other => format!("of {}", because(other)),
    };
    let why = if of.verdict == Verdict::Accept { why } else { format!("because {why}") };
    writeln!(output, "  verdict: {}, {why}", of.verdict)
}

/// A reason in words.
fn because(reason: &Reason) -> String {
    match reason {
        Reason::Score => "the score".to_owned(),
        Reason::Virus(signature) => format!("the virus {signature}"),
        Reason::TestString => "the test string".to_owned(),
        Reason::Attachment(name) => format!("the attachment {name}"),
        Reason::Trouble { trouble: Trouble::Encrypted, file } => {
            format!("{file}, which is encrypted")
        }
        Reason::Trouble { trouble: Trouble::Macros, file } => format!("{file}, which holds macros"),
        Reason::Trouble { trouble: Trouble::Dangerous, file } => {
            format!("{file}, which can run programs")
        }
        Reason::ClientListed(lists) => {
            format!("the lists that know the client: {}", lists.join(", "))
        }
        Reason::Unchecked(check) => format!("the check {check}, which was late or broke"),
        Reason::Busy => "too many messages at once".to_owned(),
        Reason::Draining => "the service going down".to_owned(),
        Reason::Internal => "an internal error".to_owned(),
        Reason::SpfFail { domain, .. } => format!("SPF of {domain}, which the client fails"),
        Reason::DmarcFail { domain } => format!("DMARC of {domain}, which the message fails"),
        Reason::Blocked { party, who } => {
            format!("the administrator, who keeps out the {} {who}", party.as_str())
        }
    }
}

fn change(output: &mut impl Write, of: &Explanation<'_>, flip: &Flip) -> io::Result<()> {
    let mut needed: Vec<String> =
        flip.without_reasons.iter().map(|reason| format!("without {}", because(reason))).collect();
    let is_milder = flip.verdict < of.verdict;
    if let Some(points) = flip.points {
        needed.push(if is_milder && points.micros() == 0 {
            "anything less than this score".to_owned()
        } else if is_milder {
            format!("more than {points} points less")
        } else {
            format!("{points} points more")
        });
    }
    writeln!(output, "  {}: {}", flip.verdict, needed.join(", and "))?;
    match flip.without.as_deref() {
        None | Some([]) => Ok(()),
        Some(_) if flip.any_of.len() > 1 => {
            writeln!(output, "          such as without one of {}", names(of, &flip.any_of, " or "))
        }
        Some(without) => {
            writeln!(output, "          such as without {}", names(of, without, " and "))
        }
    }
}

fn names(of: &Explanation<'_>, names: &[Name], between: &str) -> String {
    let weight = |name: &Name| {
        let finding = of.findings.iter().find(|finding| finding.name == *name);
        finding.map_or_else(String::new, |finding| format!(" ({})", finding.weight))
    };
    let shown: Vec<String> = names.iter().map(|name| format!("{name}{}", weight(name))).collect();
    shown.join(between)
}

fn outside(output: &mut impl Write, of: &Explanation<'_>) -> io::Result<()> {
    if of.dns.is_empty() && of.virus_scans.is_empty() && of.classifier.is_none() {
        return Ok(());
    }
    writeln!(output, "\nWhat came from outside")?;
    for Asked { question, r#type, answer, failure, ttl, millis, .. } in &of.dns {
        let answer = match failure {
            Some(why) => why.clone(),
            None if answer.is_empty() => "nothing".to_owned(),
            None => answer.join(", "),
        };
        writeln!(output, "  DNS {question} {type} → {answer} (TTL {ttl} s, {millis} ms)")?;
    }
    for Scanned { part, result, detail } in &of.virus_scans {
        let part = part.map_or_else(|| "the message".to_owned(), |part| format!("part {part}"));
        let detail = detail.map_or_else(String::new, |detail| format!(": {detail}"));
        writeln!(output, "  virus scan of {part}: {result}{detail}")?;
    }
    if let Some(Thought { probability, state, failure }) = &of.classifier {
        let said = match (probability, failure) {
            (_, Some(why)) => format!("no opinion: {why}"),
            (Some(probability), None) => format!("spam with a probability of {probability:.6}"),
            (None, None) => "no opinion: too little had been learned".to_owned(),
        };
        writeln!(output, "  classifier: {said}")?;
        if let Some(state) = state {
            writeln!(output, "  by what was learned: state {state}")?;
        }
    }
    Ok(())
}
