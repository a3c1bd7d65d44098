//! Secrets in names: what a paid list is asked with, and nobody else may read.

use std::sync::Arc;

use super::DnsError;

/// What is shown instead of a secret.
pub const HIDDEN: &str = "{key}";

/// The secrets.
#[derive(Clone, Debug, Default)]
pub(super) struct Hidden(Option<Arc<[String]>>);

impl Hidden {
    pub(super) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let secrets: Arc<[String]> =
            secrets.into_iter().filter(|s| !s.is_empty()).map(|s| s.to_ascii_lowercase()).collect();
        Self((!secrets.is_empty()).then_some(secrets))
    }

    /// The text without secrets; it must be in lower case.
    pub(super) fn in_text(&self, mut shown: String) -> String {
        for secret in self.0.iter().flat_map(|secrets| secrets.iter()) {
            if shown.contains(secret.as_str()) {
                shown = shown.replace(secret.as_str(), HIDDEN);
            }
        }
        shown
    }

    /// The error without secrets. What hickory says of its troubles may hold names, too.
    pub(super) fn in_error(&self, error: DnsError) -> DnsError {
        if self.0.is_none() {
            return error;
        }
        let shown = |name: String| self.in_text(name.to_ascii_lowercase());
        match error {
            DnsError::Timeout { name, after } => DnsError::Timeout { name: shown(name), after },
            DnsError::Refused { name, code } => DnsError::Refused { name: shown(name), code },
            DnsError::Name { name, source } => DnsError::Name { name: shown(name), source },
            DnsError::TooLong { name, bytes } => DnsError::TooLong { name: shown(name), bytes },
            DnsError::GivenUp { name } => DnsError::GivenUp { name: shown(name) },
            DnsError::Failed { name, source } => {
                DnsError::FailedThen { name: shown(name), why: shown(crate::chain(&source)) }
            }
            other => other,
        }
    }
}
