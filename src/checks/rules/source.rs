//! Where rules come from: the binary, files, directories.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::builtin;

/// `[rules]` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What is read, in this order; later lines win. `builtin` stands for the rules in the
    /// binary; anything else is a file, or a directory of which all `*.cf` are read by name. The
    /// `*.pre` of all directories come first: they say which plugins there are.
    pub include: Vec<String>,
    /// Whether rules that ask the network do so, where a profile asks `lists`.
    pub network: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { include: vec![BUILTIN.to_owned()], network: true }
    }
}

/// Rules that cannot be read at all. What is wrong *in* them is a complaint instead.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// A file or directory that is not there or may not be read.
    #[error("cannot read rules from {}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file too large to be a rules file.
    #[error("{} is larger than {} MiB: not a rules file", path.display(), MOST_BYTES >> 20)]
    TooLarge {
        /// Which.
        path: PathBuf,
    },
}

/// One file.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// As complaints name it.
    pub(super) name: Arc<str>,
    /// Its bytes, in whatever charset.
    pub(super) text: Vec<u8>,
}

/// Reads everything the settings name.
///
/// # Errors
/// Something cannot be read.
pub(super) fn gather(settings: &Settings) -> Result<Vec<Source>, RulesError> {
    let mut sources = Vec::new();
    for include in settings.include.iter().filter(|include| *include != BUILTIN) {
        for path in listed(Path::new(include), "pre")? {
            sources.push(read(&path)?);
        }
    }
    for include in &settings.include {
        if include == BUILTIN {
            sources.extend(builtin::RULES.iter().map(|(name, text)| Source {
                name: format!("builtin/{name}").into(),
                text: text.as_bytes().to_vec(),
            }));
            continue;
        }
        for path in files(Path::new(include))? {
            sources.push(read(&path)?);
        }
    }
    Ok(sources)
}

const BUILTIN: &str = "builtin";
const MOST_BYTES: u64 = 64 << 20;

/// What an `include` line in the file `from` names; a path that is not absolute starts where that
/// file stands.
///
/// # Errors
/// It cannot be read.
pub(super) fn included(from: &str, path: &str) -> Result<Source, RulesError> {
    read(&Path::new(from).parent().unwrap_or(Path::new("")).join(path))
}

/// The file itself, or the rules files of a directory.
fn files(path: &Path) -> Result<Vec<PathBuf>, RulesError> {
    let unreadable = |source| RulesError::Unreadable { path: path.to_owned(), source };
    if fs::metadata(path).map_err(unreadable)?.is_dir() {
        return listed(path, "cf");
    }
    Ok(vec![path.to_owned()])
}

/// The files of a directory whose names end so, by name; none of what is no directory.
fn listed(path: &Path, extension: &str) -> Result<Vec<PathBuf>, RulesError> {
    let unreadable = |source| RulesError::Unreadable { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|found| found == extension) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<Source, RulesError> {
    let unreadable = |source| RulesError::Unreadable { path: path.to_owned(), source };
    if fs::metadata(path).map_err(unreadable)?.len() > MOST_BYTES {
        return Err(RulesError::TooLarge { path: path.to_owned() });
    }
    let text = fs::read(path).map_err(unreadable)?;
    Ok(Source { name: path.display().to_string().into(), text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_gives_its_rules_files_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.cf", "a.cf", "c.pre", "README"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let include = vec![folder.path().display().to_string()];
        let sources = gather(&Settings { include, ..Settings::default() }).unwrap();
        let texts: Vec<_> = sources.iter().map(|source| source.text.as_slice()).collect();
        assert_eq!(texts, [&b"c.pre"[..], b"a.cf", b"b.cf"]);
    }

    #[test]
    fn settings_are_strict() {
        assert_eq!(serde_json::from_str::<Settings>("{}").unwrap(), Settings::default());
        assert!(serde_json::from_str::<Settings>(r#"{"includes": []}"#).is_err());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let include = vec!["/no/such/rules.cf".to_owned()];
        let error = gather(&Settings { include, ..Settings::default() }).unwrap_err();
        assert_eq!(error.to_string(), "cannot read rules from /no/such/rules.cf");
    }
}
