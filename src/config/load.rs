//! From a file to checked settings.

use std::{
    borrow::Cow,
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{ConfigError, Place, Settings, profiles, validate};
use crate::filter::{Profiles, profile};

/// Where the configuration is looked for when none is named.
pub const DEFAULT_PATH: &str = "/etc/gatepost/gatepost.toml";

/// The defaults, with comments: what `gatepost config default` prints.
pub const DEFAULT_TEXT: &str = include_str!("default.toml");

/// Settings that have been checked, and where they came from.
#[derive(Clone, Debug)]
pub struct Config {
    /// The settings.
    pub settings: Settings,
    /// The file; `None` for the built-in defaults.
    pub file: Option<PathBuf>,
}

impl Config {
    /// Reads `path`, or else [`DEFAULT_PATH`] if it is there, or else takes the defaults.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let path = path.unwrap_or(Path::new(DEFAULT_PATH));
        match fs::read_to_string(path) {
            Ok(text) => Self::read(&text, Some(path)),
            Err(error)
                if error.kind() == io::ErrorKind::NotFound && path == Path::new(DEFAULT_PATH) =>
            {
                Ok(Self { settings: Settings::default(), file: None })
            }
            Err(source) => Err(ConfigError::Read { path: path.to_owned(), source }),
        }
    }

    /// Reads a text; `file` is for messages.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn read(text: &str, file: Option<&Path>) -> Result<Self, ConfigError> {
        let reader = toml::Deserializer::parse(text).map_err(|e| syntax(&e, None, text, file))?;
        let mut settings: Settings = serde_path_to_error::deserialize(reader).map_err(|error| {
            let key = Some(error.path().to_string()).filter(|key| key != ".");
            syntax(error.inner(), key, text, file)
        })?;
        for (name, shipped) in profile::shipped() {
            let written = settings.profile.shift_remove(name).unwrap_or_default();
            settings.profile.insert(name.to_owned(), written.over(&shipped));
        }
        validate::validate(&settings).map_err(|fault| ConfigError::Invalid {
            place: Place { file: file.map(Path::to_owned), line: line_of_key(text, &fault.key) },
            key: fault.key.join("."),
            message: fault.message,
        })?;
        Ok(Self { settings, file: file.map(Path::to_owned) })
    }

    /// All settings as text: the same for the same settings.
    pub fn to_text(&self) -> String {
        // Settings that were read can be written; tested.
        toml::to_string(&self.settings).unwrap_or_default()
    }

    /// The profiles as used. Validation has made sure that they can be had.
    pub fn profiles(&self) -> Profiles {
        profiles::resolve(&self.settings.profile)
    }

    /// Whether any profile asks this check.
    pub fn asks(&self, check: &str) -> bool {
        let profiles = &self.settings.profile;
        profiles.keys().any(|name| profiles::resolved(profiles, name).asks(check))
    }
}

fn syntax(
    error: &toml::de::Error,
    key: Option<String>,
    text: &str,
    file: Option<&Path>,
) -> ConfigError {
    let line = error.span().map(|span| line_at(text, span.start));
    let message = error.message();
    let nearest = nearest(message).or_else(|| misplaced(message, key.as_deref()));
    ConfigError::Syntax {
        place: Place { file: file.map(Path::to_owned), line },
        key,
        message: plain(message),
        nearest,
    }
}

/// Names of Rust's number types say nothing to an administrator.
fn plain(message: &str) -> String {
    let number = ["expected usize", "expected u64", "expected u32"];
    number.iter().fold(message.to_owned(), |text, jargon| {
        text.replace(jargon, "expected a whole number, 0 or more")
    })
}

/// serde says "unknown field `x`, expected one of `a`, `b`": picks the nearest of those.
fn nearest(message: &str) -> Option<String> {
    let mut quoted = message.strip_prefix("unknown ")?.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    let scored = quoted.map(|known| (strsim::damerau_levenshtein(unknown, known), known));
    let (distance, known) = scored.min()?;
    (distance <= unknown.len().max(known.len()) / 2).then(|| known.to_owned())
}

/// An unknown key that is known elsewhere, or that is the rest of a domain written without quotes.
fn misplaced(message: &str, key: Option<&str>) -> Option<String> {
    let unknown = message.strip_prefix("unknown field `")?.split('`').next()?;
    if let Some(domain) = key.and_then(|key| key.strip_prefix("auth.domain.")) {
        return domain.contains('.').then(|| format!("auth.domain.\"{domain}\""));
    }
    let defaults = DeTable::parse(DEFAULT_TEXT).ok()?;
    let mut places = places_of(unknown, defaults.get_ref());
    // Of what stands in every profile, that of mail from outside is meant most likely.
    places.sort_by_key(|place| !place.starts_with("profile.external."));
    places.into_iter().next()
}

/// Where a key stands in a table, and in those within it: dotted.
fn places_of(key: &str, table: &DeTable<'_>) -> Vec<String> {
    let inner = |(name, value): (&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        let name = name.get_ref().to_string();
        match value.get_ref() {
            DeValue::Table(inner) => {
                let places = places_of(key, inner).into_iter();
                places.map(|place| format!("{name}.{place}")).collect()
            }
            _ if name == key => vec![name],
            _ => Vec::new(),
        }
    };
    table.iter().flat_map(inner).collect()
}

fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    1 + before.iter().filter(|&&byte| byte == b'\n').count()
}

/// The line on which a dotted key stands, or the nearest table above it that is written.
fn line_of_key(text: &str, key: &[String]) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let mut found: Option<Range<usize>> = None;
    for name in key {
        let Some((written, value)) = table.iter().find(|(k, _)| k.get_ref() == name) else { break };
        found = Some(written.span());
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    found.map(|span| line_at(text, span.start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commented_defaults_are_the_defaults() {
        let read = Config::read(DEFAULT_TEXT, None).unwrap();
        assert_eq!(read.settings, Settings::default());
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        let shown = toml::to_string(&Settings::default()).unwrap();
        assert_eq!(Config::read(&shown, None).unwrap().settings, Settings::default());
    }

    /// Beside this file: configurations that are wrong, each with the error they must give.
    #[test]
    fn mistakes_are_named() {
        let cases = include_str!("mistakes.cases");
        let mut count = 0;
        for case in cases.split("### ").skip(1) {
            let (expected, text) = case.split_once('\n').unwrap();
            let error = Config::read(text, Some(Path::new("gatepost.toml"))).unwrap_err();
            assert_eq!(error.to_string(), expected, "{text}");
            count += 1;
        }
        assert!(count > 10);
    }
}
