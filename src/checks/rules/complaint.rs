//! What is wrong with a rules file, line by line.

use std::{fmt, sync::Arc};

/// How much a complaint matters. Ordered, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Understood, and without effect here.
    Note,
    /// The line is right, but the rule does less than its author expects, or was left out because
    /// this engine cannot run it.
    Warning,
    /// The line is wrong and was left out.
    Error,
}

impl Severity {
    /// The word for reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One thing to say about one line. The rest of the set works all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The file, as it was named when it was read.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong and what became of it, in one line.
    pub text: String,
}

impl fmt::Display for Complaint {
    /// `file:line: text`, as editors expect it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}
