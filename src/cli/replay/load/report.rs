//! What a milter did, for people and for machines.

use std::io::{self, Write};

use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeVal,
};
use serde::Serialize;

use crate::{
    endpoint::Endpoint,
    replay::{
        load::{Figures, Latency},
        percent,
    },
};

/// The keys are a contract.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    milter: Endpoint,
    #[serde(flatten)]
    figures: Figures,
    /// What playing a message cost this process, not the milter.
    cpu_micros_per_message: f64,
    /// The most memory that this process had, not the milter.
    peak_rss_bytes: u64,
}

impl Report {
    pub(super) fn new(milter: &Endpoint, figures: Figures) -> Self {
        let (cpu_micros, peak_rss_bytes) = own_usage();
        let cpu_micros_per_message = cpu_micros / figures.messages.max(1) as f64;
        Self { milter: milter.clone(), figures, cpu_micros_per_message, peak_rss_bytes }
    }

    /// One object on one line.
    pub(super) fn json(&self) -> io::Result<()> {
        let mut output = io::stdout().lock();
        serde_json::to_writer(&mut output, self)?;
        writeln!(output)
    }

    /// Tables.
    pub(super) fn text(&self) -> io::Result<()> {
        let mut output = io::stdout().lock();
        self.verdicts(&mut output)?;
        self.latencies(&mut output)
    }

    fn verdicts(&self, output: &mut impl Write) -> io::Result<()> {
        let Figures { messages, unanswered, unanswered_by: by, .. } = &self.figures;
        let Figures { seconds, messages_per_second, .. } = self.figures;
        writeln!(
            output,
            "{messages} messages in {seconds:.1} s: {messages_per_second:.1} answered a second"
        )?;
        for (verdict, count) in &self.figures.per_verdict {
            writeln!(
                output,
                "{:<15} {count:>9} {:>6.2} %",
                verdict.as_str(),
                percent(*count, *messages)
            )?;
        }
        writeln!(
            output,
            "{:<15} {unanswered:>9} {:>6.2} %",
            "unanswered",
            percent(*unanswered, *messages)
        )?;
        if *unanswered > 0 {
            writeln!(
                output,
                "                of these: {} without a connection, {} cut off, {} too late, {} not understood",
                by.refused, by.lost, by.late, by.garbled
            )?;
        }
        self.replies(output)?;
        self.mistakes(output)
    }

    fn replies(&self, output: &mut impl Write) -> io::Result<()> {
        for (code, count) in &self.figures.replies {
            writeln!(output, "  {code:<13} {count:>9}")?;
        }
        Ok(())
    }

    /// Of labelled mail.
    fn mistakes(&self, output: &mut impl Write) -> io::Result<()> {
        let Figures { spam, ham, false_positives, false_negatives, roca_percent, .. } =
            self.figures;
        if spam + ham == 0 {
            return Ok(());
        }
        let roca = roca_percent.map_or(String::new(), |roca| format!("; 1-ROCA {roca:.4} %"));
        writeln!(
            output,
            "of {ham} ham {false_positives} taken for spam ({:.3} %), of {spam} spam {false_negatives} missed ({:.2} %){roca}",
            percent(false_positives, ham),
            percent(false_negatives, spam),
        )
    }

    fn latencies(&self, output: &mut impl Write) -> io::Result<()> {
        writeln!(
            output,
            "\n{:<15} {:>9} {:>9} {:>9} {:>9}  ms",
            "latency", "p50", "p90", "p99", "max"
        )?;
        // In the order of the protocol, not of the alphabet.
        for name in ["connect", "mail", "rcpt", "content", "end_of_message"] {
            if let Some(latency) = self.figures.stages.get(name) {
                row(output, &name.replace('_', " "), latency)?;
            }
        }
        row(output, "whole", &self.figures.whole)
    }
}

fn row(output: &mut impl Write, name: &str, latency: &Latency) -> io::Result<()> {
    let Latency { p50_ms, p90_ms, p99_ms, max_ms } = *latency;
    let [p50, p90, p99, max] = [p50_ms, p90_ms, p99_ms, max_ms]
        .map(|ms| ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms:.2}")));
    writeln!(output, "{name:<15} {p50:>9} {p90:>9} {p99:>9} {max:>9}")
}

/// CPU time of this process in microseconds, and the most memory it ever had in bytes.
fn own_usage() -> (f64, u64) {
    let micros = |time: TimeVal| time.tv_sec() as f64 * 1e6 + time.tv_usec() as f64;
    getrusage(UsageWho::RUSAGE_SELF).map_or((0.0, 0), |usage| {
        let rss = u64::try_from(usage.max_rss()).unwrap_or(0) * 1024;
        (micros(usage.user_time()) + micros(usage.system_time()), rss)
    })
}
