//! What tuning came to, for people and for machines.

use std::io::{self, Write};

use serde::Serialize;

use super::tune::Seconds;
use crate::{
    checks::rules::tune::{Change, Options, Quality, Rate, Status, Tuning},
    verdict::{Name, Points},
};

/// One object of `rules tune --json`.
#[derive(Serialize)]
pub(super) struct Report<'t> {
    messages: usize,
    spam: usize,
    ham: usize,
    options: Asked<'t>,
    /// With the present scores.
    before: &'t Quality,
    /// By cross-validation.
    after: &'t Quality,
    /// Fitted to the very messages that are judged: always too good.
    in_sample: &'t Quality,
    corpora: Vec<Corpus<'t>>,
    rules: Vec<Rule<'t>>,
    seconds: Seconds,
}

#[derive(Serialize)]
struct Asked<'t> {
    folds: usize,
    seed: u64,
    ham_weight: f64,
    stray: f64,
    least: Points,
    most: Points,
    fewest_hits: u32,
    frozen: Vec<&'t Name>,
}

#[derive(Serialize)]
struct Corpus<'t> {
    name: String,
    before: &'t Quality,
    after: &'t Quality,
    /// Fitted to the other corpora alone.
    unseen: Option<&'t Quality>,
}

#[derive(Serialize)]
struct Rule<'t> {
    name: &'t Name,
    file: &'t str,
    line: usize,
    status: &'static str,
    old: Points,
    new: Points,
    spam: u32,
    ham: u32,
}

impl<'t> Report<'t> {
    /// `corpora` are their names, in order.
    pub(super) fn new(
        tuning: &'t Tuning,
        options: &'t Options,
        corpora: Vec<String>,
        seconds: Seconds,
    ) -> Self {
        let validation = &tuning.validation;
        let (spam, ham) = (validation.before.misses.of, validation.before.false_positives.of);
        let corpora = corpora.into_iter().zip(&validation.corpora).map(|(name, by)| Corpus {
            name,
            before: &by.before,
            after: &by.after,
            unseen: by.unseen.as_ref(),
        });
        let mut changes: Vec<&Change> = tuning.changes.iter().collect();
        changes.sort_by_key(|change| std::cmp::Reverse(moved(change.old, change.new).abs()));
        Self {
            messages: spam + ham,
            spam,
            ham,
            options: Asked::of(options),
            before: &validation.before,
            after: &validation.after,
            in_sample: &validation.in_sample,
            corpora: corpora.collect(),
            rules: changes.into_iter().map(Rule::of).collect(),
            seconds,
        }
    }

    /// One object on one line.
    pub(super) fn json(&self, output: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *output, self)?;
        writeln!(output)
    }

    /// Figures, then the changes, the biggest first.
    pub(super) fn text(&self, output: &mut impl Write) -> io::Result<()> {
        let count = |status: Status| {
            self.rules.iter().filter(|rule| rule.status == status.as_str()).count()
        };
        let (fitted, frozen) = (count(Status::Fitted), count(Status::Frozen));
        let rare = count(Status::Rare);
        let Self { messages, spam, ham, .. } = self;
        writeln!(output, "{messages} messages ({spam} spam, {ham} ham)")?;
        writeln!(
            output,
            "{fitted} rules fitted, {frozen} frozen, {rare} hit too little to change"
        )?;
        self.figures(output)?;
        self.thresholds(output)?;
        self.changes(output)?;
        let Seconds { matrix, fit } = self.seconds;
        writeln!(output, "\nhits took {matrix:.1} s, fits {fit:.1} s")
    }

    fn figures(&self, output: &mut impl Write) -> io::Result<()> {
        let titles = ["at 5 points, with 95 % interval", "false positives", "misses"];
        writeln!(output, "\n{:<44}{:<36}{}", titles[0], titles[1], titles[2])?;
        let folds = format!("fitted, {}-fold cross-validation", self.options.folds);
        line(output, "", "present scores", self.before)?;
        line(output, "", &folds, self.after)?;
        line(output, "", "fitted, the same messages", self.in_sample)?;
        for corpus in self.corpora.iter().filter(|_| self.corpora.len() > 1) {
            writeln!(output, "{}", corpus.name)?;
            line(output, "  ", "present scores", corpus.before)?;
            line(output, "  ", &folds, corpus.after)?;
            if let Some(unseen) = corpus.unseen {
                line(output, "  ", "fitted to the other corpora alone", unseen)?;
            }
        }
        Ok(())
    }

    fn thresholds(&self, output: &mut impl Write) -> io::Result<()> {
        write!(output, "\n{:<44}", "misses if the threshold hits at most")?;
        for at in &self.before.at {
            write!(output, "{:<24}", format!("{} % of ham", at.ham_hit_percent))?;
        }
        writeln!(output)?;
        for (name, quality) in [("present scores", self.before), ("fitted", self.after)] {
            write!(output, "{name:<44}")?;
            for at in &quality.at {
                let above = at.above.map_or_else(String::new, |points| format!(" above {points}"));
                write!(output, "{:<24}", format!("{:.2} %{above}", at.misses.percent))?;
            }
            writeln!(output)?;
        }
        Ok(())
    }

    fn changes(&self, output: &mut impl Write) -> io::Result<()> {
        writeln!(output, "\n     old      new   change     spam      ham  rule")?;
        for rule in self.rules.iter().filter(|rule| rule.old != rule.new) {
            let Rule { name, old, new, spam, ham, .. } = rule;
            let (was, is) = (old.as_f64(), new.as_f64());
            let change = is - was;
            writeln!(output, "{was:>8.3} {is:>8.3} {change:>+8.3} {spam:>8} {ham:>8}  {name}")?;
        }
        Ok(())
    }
}

/// The way from one score to another, in millionths of a point.
fn moved(old: Points, new: Points) -> i64 {
    new.micros().saturating_sub(old.micros())
}

fn line(output: &mut impl Write, indent: &str, name: &str, quality: &Quality) -> io::Result<()> {
    let (wrong, missed) = (rate(&quality.false_positives), rate(&quality.misses));
    writeln!(output, "{:<44}{wrong:<36}{missed}", format!("{indent}{name}"))
}

fn rate(rate: &Rate) -> String {
    let Rate { count, of, percent, low, high } = rate;
    if *of == 0 {
        return "–".to_owned();
    }
    format!("{count} of {of}, {percent:.2} % ({low:.2}–{high:.2})")
}

impl<'t> Asked<'t> {
    fn of(options: &'t Options) -> Self {
        let mut frozen: Vec<&Name> = options.frozen.iter().collect();
        frozen.sort();
        Self {
            folds: options.folds,
            seed: options.seed,
            ham_weight: options.ham_weight,
            stray: options.stray,
            least: options.least,
            most: options.most,
            fewest_hits: options.fewest_hits,
            frozen,
        }
    }
}

impl<'t> Rule<'t> {
    fn of(change: &'t Change) -> Self {
        Self {
            name: &change.name,
            file: &change.file,
            line: change.line,
            status: change.status.as_str(),
            old: change.old,
            new: change.new,
            spam: change.hits.spam,
            ham: change.hits.ham,
        }
    }
}
