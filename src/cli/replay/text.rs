//! A report for people.

use std::io::{self, Write};

use crate::replay::{Learning, Listed, Report, Timing, percent};

/// The whole of it.
pub(super) fn write(output: &mut impl Write, report: &Report) -> io::Result<()> {
    let Report { messages, spam, ham, .. } = report;
    writeln!(output, "{messages} messages: {spam} spam, {ham} ham\n")?;
    verdicts(output, report)?;
    figures(output, report)?;
    rules(output, report)?;
    listed(output, "ham taken for spam", report.false_positives, &report.false_positive_list)?;
    listed(output, "spam taken for ham", report.false_negatives, &report.false_negative_list)?;
    if let Some(timing) = &report.timing {
        self::timing(output, timing)?;
    }
    report.learning.as_ref().map_or(Ok(()), |learned| learning(output, learned))
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
    let share = |figure: Option<f64>| figure.map_or("–".to_owned(), |f| format!("{f:.4} %"));
    let Report { spam, ham, false_positives, false_negatives, .. } = *report;
    writeln!(
        output,
        "ham taken for spam       {false_positives:>8} {:>10.4} %",
        percent(false_positives, ham)
    )?;
    writeln!(
        output,
        "spam missed              {false_negatives:>8} {:>10.4} %",
        percent(false_negatives, spam)
    )?;
    writeln!(output, "lam                                {:>12}", share(report.lam_percent))?;
    writeln!(output, "1-ROCA                             {:>12}", share(report.roca_percent))?;
    for (loss, missed) in &report.missed_percent {
        writeln!(output, "spam missed at {loss:.1} % of ham        {:>12}", share(*missed))?;
    }
    Ok(())
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
    Ok(())
}

fn listed(output: &mut impl Write, what: &str, of: usize, all: &[Listed]) -> io::Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    writeln!(output, "\n{what}: {} of {of}", all.len())?;
    for Listed { path, verdict, score, findings, profile, .. } in all {
        writeln!(output, "{path}: {verdict}, score {score} ({profile})")?;
        let found: Vec<String> =
            findings.iter().map(|finding| format!("{}={}", finding.name, finding.weight)).collect();
        if !found.is_empty() {
            writeln!(output, "    {}", found.join(" "))?;
        }
    }
    Ok(())
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

fn learning(output: &mut impl Write, learning: &Learning) -> io::Result<()> {
    writeln!(
        output,
        "\n{} tokens learned, {:.1} MiB in memory, {:.0} bytes stored a message",
        learning.tokens,
        learning.model_bytes as f64 / f64::from(1 << 20),
        learning.stored_bytes_per_message
    )
}
