//! The rules that are tuned.

use std::path::Path;

use super::{
    super::{
        RuleSet, RulesError, ScoreSet, Settings,
        source::{self, Source},
    },
    Digest,
};

/// Rules by themselves: no network is asked, no Bayes filter.
const ALONE: ScoreSet = ScoreSet { net: false, bayes: false };

/// Reads rules, except the score file `except` that earlier tuning made: the fit is drawn to the
/// scores that people wrote, not to its own. A built-in file of the same name is left out, too.
///
/// The digest is of everything that was read, in its order.
///
/// # Errors
/// A file or directory cannot be read.
pub fn load(settings: &Settings, except: Option<&Path>) -> Result<(RuleSet, Digest), RulesError> {
    let mut sources = source::gather(settings)?;
    sources.retain(|source| !except.is_some_and(|except| is_file(source, except)));
    let mut digest = Digest::default();
    for source in &sources {
        digest.add(source.name.as_bytes()).add(&source.text);
    }
    let texts: Vec<_> = sources.into_iter().map(|source| (source.name, source.text)).collect();
    Ok((RuleSet::parse_for(&texts, ALONE), digest))
}

fn is_file(source: &Source, file: &Path) -> bool {
    let built_in = source.name.strip_prefix("builtin/");
    let same_name = built_in.is_some_and(|name| file.file_name().is_some_and(|file| file == name));
    let same_file =
        || Some(Path::new(&*source.name).canonicalize().ok()? == file.canonicalize().ok()?);
    same_name || same_file().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_earlier_score_file_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.cf"), "body A /a/\nscore A 1\n").unwrap();
        let scores = folder.path().join("tuned.cf");
        fs::write(&scores, "score A 3\n").unwrap();
        let settings =
            Settings { include: vec![folder.path().display().to_string()], ..Settings::default() };
        let score = |except| {
            let (set, digest) = load(&settings, except).unwrap();
            (set.list().next().unwrap().score.to_string(), digest)
        };
        let (all, without) = (score(None), score(Some(scores.as_path())));
        assert_eq!((all.0.as_str(), without.0.as_str()), ("3.0", "1.0"));
        assert_ne!(all.1, without.1);
        let (built_in, _) = load(&Settings::default(), Some(Path::new("money.cf"))).unwrap();
        assert!(built_in.list().all(|rule| rule.file != "builtin/money.cf"));
    }
}
