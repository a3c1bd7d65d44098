//! Texts that count, by a regular expression.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use regex::RegexBuilder;

/// Bytes that one compiled expression may take.
const MOST_BYTES: usize = 1 << 20;

/// Tells whether a text counts.
type Matches = dyn Fn(&str) -> bool + Send + Sync;

/// Which texts count. Two are the same if they are written the same.
#[derive(Clone)]
pub struct TextPattern {
    written: Arc<str>,
    matches: Arc<Matches>,
}

impl TextPattern {
    /// Compiles an expression of the crate `regex`, without delimiters.
    ///
    /// # Errors
    /// It is none, or too large.
    pub fn compile(pattern: &str) -> Result<Self, regex::Error> {
        let regex = RegexBuilder::new(pattern).size_limit(MOST_BYTES).build()?;
        Ok(Self::new(pattern, move |text| regex.is_match(text)))
    }

    /// Of somebody else's pattern, as it is written there.
    pub fn new(written: &str, matches: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { written: written.into(), matches: Arc::new(matches) }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether a text counts.
    pub fn matches(&self, text: &str) -> bool {
        (self.matches)(text)
    }
}

impl fmt::Debug for TextPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.written)
    }
}

impl PartialEq for TextPattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for TextPattern {}

impl Hash for TextPattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.written.hash(state);
    }
}
