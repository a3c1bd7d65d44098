//! A report for people.

mod against;

use std::io::{self, Write};

use crate::replay::{
    ByRecord, Interval, Learning, Listed, Overlap, Passage, Report, Timing, Weighed, percent,
};

/// The whole of it.
pub(super) fn write(output: &mut impl Write, report: &Report) -> io::Result<()> {
    let Report { messages, spam, ham, .. } = report;
    writeln!(output, "{messages} messages: {spam} spam, {ham} ham\n")?;
    verdicts(output, report)?;
    figures(output, report)?;
    rules(output, report)?;
    listed(output, "ham taken for spam", report.false_positives, &report.false_positive_list)?;
    listed(output, "spam taken for ham", report.false_negatives, &report.false_negative_list)?;
    if let Some(against) = &report.against {
        self::against::write(output, against)?;
    }
    if let Some(timing) = &report.timing {
        self::timing(output, timing)?;
    }
    if let Some(learning) = &report.learning {
        self::learning(output, learning, report.timing.is_some())?;
    }
    if let Some(ByRecord { same, other, left_out, missing }) = &report.by_record {
        writeln!(
            output,
            "by record: {same} messages have the verdict and score that they had, {other} have others; \
             {left_out} were left out for want of a record, {missing} questions were not asked then"
        )?;
    }
    for Passage { gate, failed, .. } in &report.gates {
        writeln!(output, "gate {gate}: {}", if *failed { "failed" } else { "passed" })?;
    }
    Ok(())
}

fn verdicts(output: &mut impl Write, report: &Report) -> io::Result<()> {
    writeln!(output, "{:<12} {:>8} {:>9} {:>8} {:>9}", "verdict", "spam", "", "ham", "")?;
    for (verdict, counted) in &report.confusion {
        let (spam, ham) = (counted.spam, counted.ham);
        writeln!(
            output,
            "{:<12} {spam:>8} {:>7.2} % {ham:>8} {:>7.2} %",
            verdict.as_str(),
            percent(spam, report.spam),
            percent(ham, report.ham)
        )?;
    }
    writeln!(output)
}

fn figures(output: &mut impl Write, report: &Report) -> io::Result<()> {
    let Report { spam, ham, false_positives, false_negatives, .. } = *report;
    for (what, count, of) in [
        ("ham taken for spam", false_positives, ham),
        ("spam missed", false_negatives, spam),
        ("not judged", report.undecided, report.messages),
    ] {
        writeln!(output, "{what:<26} {:>9.4} %  {count}", percent(count, of))?;
    }
    figure(output, "lam", report.lam_percent, report.lam_interval)?;
    figure(output, "1-ROCA", report.roca_percent, report.roca_interval)?;
    for ((loss, missed), interval) in report.missed_percent.iter().zip(&report.missed_interval) {
        figure(output, &format!("missed at {loss} % of ham"), *missed, *interval)?;
    }
    for (check, messages) in &report.late {
        writeln!(output, "{check} was late for {messages}")?;
    }
    for (check, messages) in &report.broken {
        writeln!(output, "{check} broke for {messages}")?;
    }
    Ok(())
}

/// A share, and the interval that holds 95 % of resamples.
fn figure(
    output: &mut impl Write,
    what: &str,
    share: Option<f64>,
    interval: Option<Interval>,
) -> io::Result<()> {
    match (share, interval) {
        (Some(share), Some([low, high])) => {
            writeln!(output, "{what:<26} {share:>9.4} %  {low:.4} to {high:.4}")
        }
        (Some(share), None) => writeln!(output, "{what:<26} {share:>9.4} %"),
        (None, _) => writeln!(output, "{what:<26} {:>9}", "–"),
    }
}

fn rules(output: &mut impl Write, report: &Report) -> io::Result<()> {
    if report.rules.is_empty() {
        return Ok(());
    }
    writeln!(
        output,
        "\n{:>8} {:>8} {:>8} {:>6} {:>9}  rule",
        "hits", "spam %", "ham %", "S/O", "score"
    )?;
    for rule in &report.rules {
        writeln!(
            output,
            "{:>8} {:>8.3} {:>8.3} {:>6.3} {:>9}  {}",
            rule.hits,
            rule.spam_percent,
            rule.ham_percent,
            rule.spam_overall,
            rule.score.to_string(),
            rule.name
        )?;
    }
    for Overlap { name, other, both, percent, .. } in &report.overlaps {
        writeln!(output, "{name} and {other} hit together: {both} times, {percent:.1} %")?;
    }
    Ok(())
}

fn listed(output: &mut impl Write, what: &str, of: usize, all: &[Listed]) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(output, "\n{what}, {} of {of}:", all.len())?;
    for Listed { path, verdict, score, findings, profile, .. } in all {
        let score = shown(*score);
        writeln!(output, "{path}: {verdict}, score {score} ({profile})")?;
        if !findings.is_empty() {
            writeln!(output, "    {}", weighed(findings))?;
        }
    }
    Ok(())
}

/// At most three decimals; points have no more of them, as a rule.
fn shown(score: f64) -> String {
    format!("{}", (score * 1e3).round() / 1e3)
}

/// `NAME=points` each.
fn weighed(findings: &[Weighed]) -> String {
    let shown: Vec<String> =
        findings.iter().map(|Weighed { name, weight }| format!("{name}={weight}")).collect();
    shown.join(" ")
}

fn timing(output: &mut impl Write, timing: &Timing) -> io::Result<()> {
    let latency = &timing.latency;
    writeln!(
        output,
        "\n{:.0} messages a second, {:.0} µs of CPU time each, at most {:.1} MiB of memory",
        timing.messages_per_second,
        timing.cpu_micros_per_message,
        timing.peak_rss_bytes as f64 / f64::from(1 << 20)
    )?;
    writeln!(
        output,
        "judged in {:.2} ms on average, 50 % in {:.2}, 99 % in {:.2}, all in {:.2}",
        latency.mean_ms, latency.p50_ms, latency.p99_ms, latency.max_ms
    )?;
    for slow in &timing.slowest {
        writeln!(output, "{:>10.2} ms  {}", slow.millis, slow.path)?;
    }
    Ok(())
}

fn learning(output: &mut impl Write, learning: &Learning, timings: bool) -> io::Result<()> {
    if timings {
        writeln!(
            output,
            "{:.0} µs to read what is learned of a message, {:.0} to judge it, {:.0} to learn it",
            learning.features_micros, learning.judge_micros, learning.learn_micros
        )?;
    }
    writeln!(
        output,
        "\n{} tokens learned, {:.1} MiB in memory, {:.0} bytes stored a message",
        learning.tokens,
        learning.model_bytes as f64 / f64::from(1 << 20),
        learning.stored_bytes_per_message
    )
}
