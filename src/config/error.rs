//! What can be wrong with a configuration file, said so that it can be mended.

use std::{fmt, io, path::PathBuf};

/// Where in which file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file; `None` for the built-in defaults and the command line.
    pub file: Option<PathBuf>,
    /// From 1; `None` where the key is not written and its default is what clashes.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{}:{line}", file.display()),
            (Some(file), None) => write!(f, "{}", file.display()),
            (None, _) => f.write_str("configuration"),
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the configuration file {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("{place}: {}{message}{}", prefix(key.as_deref()), hint(nearest.as_deref()))]
    Syntax {
        /// Where.
        place: Place,
        /// The key, dotted, where the reader got that far.
        key: Option<String>,
        /// What the reader says.
        message: String,
        /// The known key that an unknown one comes nearest to.
        nearest: Option<String>,
    },
    /// Values that cannot be meant so.
    #[error("{place}: {key}: {message}")]
    Invalid {
        /// Where.
        place: Place,
        /// The key, dotted.
        key: String,
        /// What is wrong with it.
        message: String,
    },
}

fn prefix(key: Option<&str>) -> String {
    key.map_or_else(String::new, |key| format!("{key}: "))
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |key| format!("; did you mean `{key}`?"))
}
