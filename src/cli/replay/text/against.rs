//! What another configuration would change, for people.

use std::io::{self, Write};

use super::{shown, weighed};
use crate::replay::{Against, Change, Flip, Reweighed, Side};

/// The changes, then every message.
pub(super) fn write(output: &mut impl Write, against: &Against) -> io::Result<()> {
    let Against { flipped, more_false_positives, more_false_negatives, .. } = against;
    writeln!(
        output,
        "\nthe other configuration decides {flipped} messages otherwise: {more_false_positives:+} false positives, \
         {more_false_negatives:+} misses"
    )?;
    for Change { label, from, to, messages } in &against.changes {
        writeln!(output, "{messages:>8}  {label:<4}  {from} -> {to}")?;
    }
    against.flips.iter().try_for_each(|flip| self::flip(output, flip))
}

fn flip(output: &mut impl Write, flip: &Flip) -> io::Result<()> {
    let Flip { path, label, from, to, gained, lost, reweighed } = flip;
    writeln!(output, "{path}: {label}, {} -> {}", side(from), side(to))?;
    for (what, findings) in [("gained", gained), ("lost", lost)] {
        if !findings.is_empty() {
            writeln!(output, "    {what}: {}", weighed(findings))?;
        }
    }
    if !reweighed.is_empty() {
        let shown: Vec<String> = reweighed.iter().map(weights).collect();
        writeln!(output, "    other weight: {}", shown.join(" "))?;
    }
    Ok(())
}

fn weights(Reweighed { name, from, to }: &Reweighed) -> String {
    format!("{name}={from}->{to}")
}

/// The verdict and the score, and what else decided.
fn side(Side { profile, verdict, reason, score, required, failed }: &Side) -> String {
    let required = required.map(|required| format!(" of {required}")).unwrap_or_default();
    let mut shown = format!("{verdict}, {}{required} ({profile}", shown(*score));
    if *reason != "score" {
        shown.push_str(&format!(", {reason}"));
    }
    for check in failed {
        shown.push_str(&format!(", {check} failed"));
    }
    shown.push(')');
    shown
}
