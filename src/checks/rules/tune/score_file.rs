//! Scores as a rules file.

use std::fmt::Write;

use super::{Quality, Rate, Status, Tuning};

/// The fitted scores as `score` lines by the files of their rules, under a comment that says how
/// they were made; `command` is the command that made them.
pub fn score_file(tuning: &Tuning, command: &str) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = head(&mut text, tuning, command);
    let fitted = tuning.changes.iter().filter(|change| change.status == Status::Fitted);
    let fitted: Vec<_> = fitted.collect();
    for of_file in fitted.chunk_by(|one, next| one.file == next.file) {
        let file = of_file.first().map(|change| change.file.as_str()).unwrap_or_default();
        let width = of_file.iter().map(|change| change.name.as_str().len()).max().unwrap_or(0);
        let _ = writeln!(text, "\n# {file}");
        for change in of_file {
            let _ = writeln!(text, "score {:<width$} {:>7.3}", change.name, change.new.as_f64());
        }
    }
    text
}

fn head(text: &mut String, tuning: &Tuning, command: &str) -> std::fmt::Result {
    let validation = &tuning.validation;
    writeln!(text, "# Scores fitted to labelled messages. Made anew by:")?;
    for line in command.lines() {
        writeln!(text, "#   {line}")?;
    }
    writeln!(text, "# At 5 points, with 95 % intervals; fitted scores by cross-validation:")?;
    figures(text, "present", &validation.before)?;
    figures(text, "fitted", &validation.after)
}

fn figures(text: &mut String, which: &str, quality: &Quality) -> std::fmt::Result {
    let shown = |rate: &Rate| {
        let Rate { count, of, percent, low, high } = rate;
        format!("{count} of {of} ({percent:.2} %, {low:.2}–{high:.2})")
    };
    let (false_positives, misses) = (shown(&quality.false_positives), shown(&quality.misses));
    writeln!(text, "#   {which:<8} false positives {false_positives}, misses {misses}")
}
