//! What a replay found, for people and for machines.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use nix::sys::resource::{UsageWho, getrusage};
use serde::Serialize;

use super::online::{Replayed, Scored};
use crate::replay::{Confusion, Curve, percent};

/// The loss of ham, in percent, at which the missed spam is reported.
const HAM_LOSSES: [f64; 3] = [0.1, 0.5, 1.0];

/// A score file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}", path.display())]
pub(super) struct ScoresError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// One line a message, in the order in which they were judged.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write_scores(path: &Path, scored: &[Scored]) -> Result<(), ScoresError> {
    let write = || {
        let mut file = BufWriter::new(File::create(path)?);
        for Scored { label, score, path } in scored {
            writeln!(file, "{label}\t{score:.17e}\t{path}")?;
        }
        file.flush()
    };
    write().map_err(|source| ScoresError { path: path.to_owned(), source })
}

/// The keys are a contract.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    messages: usize,
    spam: usize,
    ham: usize,
    false_positives: usize,
    false_negatives: usize,
    /// `None` without ham or spam.
    roca_percent: Option<f64>,
    lam_percent: Option<f64>,
    /// Spam missed where so much ham is lost: both in percent.
    missed_percent: Vec<(f64, Option<f64>)>,
    messages_per_second: f64,
    cpu_micros_per_message: f64,
    /// Of that, per message: extracting what is learned.
    features_micros: f64,
    /// Judging it.
    judge_micros: f64,
    /// Learning it.
    learn_micros: f64,
    peak_rss_bytes: u64,
    /// Distinct tokens at the end.
    tokens: usize,
    /// What the classifier takes of memory at the end, in bytes.
    model_bytes: usize,
    /// What the store keeps of a message, in bytes, on average.
    stored_bytes_per_message: f64,
}

impl Report {
    pub(super) fn of(replayed: &Replayed) -> Self {
        let mut confusion = Confusion::default();
        for scored in &replayed.scored {
            confusion.count(scored.label, scored.score > 0.0);
        }
        let curve = Curve::new(replayed.scored.iter().map(|s| (s.label, s.score)));
        let (spam, ham) = curve.counts();
        let each = |micros: f64| micros / replayed.scored.len().max(1) as f64;
        let Confusion { false_positives, false_negatives, .. } = confusion;
        Self {
            messages: replayed.scored.len(),
            spam,
            ham,
            false_positives,
            false_negatives,
            roca_percent: curve.roca_percent(),
            lam_percent: confusion.lam_percent(),
            missed_percent: HAM_LOSSES.map(|loss| (loss, curve.missed_percent(loss))).to_vec(),
            messages_per_second: replayed.scored.len() as f64 / replayed.seconds.max(1e-9),
            cpu_micros_per_message: each(replayed.cpu_micros),
            features_micros: each(replayed.features_micros),
            judge_micros: each(replayed.judge_micros),
            learn_micros: each(replayed.learn_micros),
            peak_rss_bytes: peak_rss_bytes(),
            tokens: replayed.tokens,
            model_bytes: replayed.model_bytes,
            stored_bytes_per_message: each(replayed.stored_bytes as f64),
        }
    }

    /// One object on one line.
    pub(super) fn json(&self) -> io::Result<()> {
        let mut output = io::stdout().lock();
        serde_json::to_writer(&mut output, self)?;
        writeln!(output)
    }

    /// A table.
    pub(super) fn text(&self) -> io::Result<()> {
        let mut output = io::stdout().lock();
        let shown = |figure: Option<f64>| figure.map_or("–".to_owned(), |f| format!("{f:.4} %"));
        let Self { spam, ham, false_positives, false_negatives, .. } = *self;
        writeln!(output, "{} messages: {spam} spam, {ham} ham", self.messages)?;
        writeln!(output, "1-ROCA                     {:>12}", shown(self.roca_percent))?;
        for (loss, missed) in &self.missed_percent {
            writeln!(output, "spam missed at {loss:.1} % of ham {:>11}", shown(*missed))?;
        }
        writeln!(
            output,
            "at even odds               {false_positives} ham taken for spam ({:.3} %), \
             {false_negatives} spam missed ({:.2} %), lam {}",
            percent(false_positives, ham),
            percent(false_negatives, spam),
            shown(self.lam_percent)
        )?;
        writeln!(
            output,
            "CPU a message              {:.0} µs, of which {:.0} to read what is learned, {:.0} to judge, {:.0} to learn",
            self.cpu_micros_per_message, self.features_micros, self.judge_micros, self.learn_micros
        )?;
        writeln!(
            output,
            "learned                    {} tokens, {:.1} MiB in memory, {:.0} bytes stored a message",
            self.tokens,
            self.model_bytes as f64 / f64::from(1 << 20),
            self.stored_bytes_per_message
        )
    }
}

/// The most memory this process ever had, in bytes.
fn peak_rss_bytes() -> u64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF);
    usage.map_or(0, |usage| u64::try_from(usage.max_rss()).unwrap_or(0) * 1024)
}
