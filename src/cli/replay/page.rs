//! The report as a page, in a file.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{Arguments, Only, Unwritable};
use crate::replay::{Report, html};

/// Writes the page.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write(path: &Path, report: &Report, run: &html::Run) -> Result<(), Unwritable> {
    let page = html::page(report, run);
    fs::write(path, page).map_err(|source| Unwritable { path: path.to_owned(), source })
}

/// What the page says of this run, which begins now.
pub(super) fn run(config: Option<&Path>, arguments: &Arguments) -> html::Run {
    let Arguments { mail, against, .. } = arguments;
    let named = |label: &'static str, paths: &[PathBuf]| {
        let words = |path: &PathBuf| [label.to_owned(), shown(path)];
        paths.iter().flat_map(words).collect::<Vec<_>>()
    };
    let sources = [("--index", &mail.index), ("--spam", &mail.spam), ("--ham", &mail.ham)];
    html::Run {
        at: SystemTime::now(),
        mail: sources.iter().flat_map(|(label, paths)| named(label, paths)).collect(),
        options: options(arguments),
        config: config.map_or_else(|| "the defaults".to_owned(), shown),
        other: against.as_deref().map(shown),
    }
}

fn shown(path: impl AsRef<Path>) -> String {
    path.as_ref().display().to_string()
}

/// The options that make a difference to what is decided.
fn options(Arguments { mail, judging, .. }: &Arguments) -> Vec<String> {
    let only = judging.only.map(|only| match only {
        Only::Bayes => "bayes",
        Only::Rules => "rules",
    });
    let repeat = Some(mail.repeat.get()).filter(|&times| times > 1);
    let valued = [
        ("--shuffle", mail.shuffle.map(|seed| seed.to_string())),
        ("--repeat", repeat.map(|times| times.to_string())),
        ("--train-first", judging.train_first.map(|messages| messages.to_string())),
        ("--only", only.map(str::to_owned)),
        ("--login", judging.login.clone()),
    ];
    let valued = valued.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?)));
    let flags = [("--online", judging.online), ("--offline", judging.offline)];
    let flags = flags.into_iter().filter(|(_, set)| *set).map(|(name, _)| name.to_owned());
    flags.chain(valued).collect()
}
