//! Addresses as SMTP gives them (RFC 5321, section 4.1.2).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A reverse-path or forward-path: `local@domain`, or nothing for the null sender `<>`.
///
/// Lenient: what an MTA accepted is kept as it is, 8-bit and all. The domain compares without
/// case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Address(String);

/// Text that cannot be an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a mail address")]
pub struct AddressError(String);

impl Address {
    /// The null sender of bounces.
    pub fn null() -> Self {
        Self::default()
    }

    /// From an SMTP path: angle brackets and a source route are taken off.
    pub fn from_path(path: &str) -> Self {
        let path = path.trim();
        let path = path.strip_prefix('<').unwrap_or(path);
        let path = path.strip_suffix('>').unwrap_or(path);
        let path = match path.strip_prefix('@').and_then(|_| path.split_once(':')) {
            Some((_route, path)) => path,
            None => path,
        };
        Self(path.to_owned())
    }

    /// As typed by a person: `<>` or `local@domain`.
    ///
    /// # Errors
    /// Control characters or blanks in it, or nothing before or after the `@`.
    pub fn from_person(text: &str) -> Result<Self, AddressError> {
        let address = Self::from_path(text);
        let wrong = |c: char| c.is_control() || c.is_whitespace();
        let halves = address.0.rsplit_once('@');
        let whole =
            address.0.is_empty() || halves.is_some_and(|(l, d)| !l.is_empty() && !d.is_empty());
        if address.0.contains(wrong) || !(whole || halves.is_none()) {
            return Err(AddressError(text.to_owned()));
        }
        Ok(address)
    }

    /// Whether this is the null sender.
    pub fn is_null(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything before the last `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(&self.0, |(local, _)| local)
    }

    /// Everything after the last `@`.
    pub fn domain(&self) -> Option<&str> {
        self.0.rsplit_once('@').map(|(_, domain)| domain)
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Postmaster and abuse (RFC 5321 section 4.5.1, RFC 2142) must stay reachable for senders
    /// whom a list blocks by mistake. An extension (`abuse+x@`) does not count.
    pub fn is_role(&self) -> bool {
        let local = self.local_part();
        local.eq_ignore_ascii_case("postmaster") || local.eq_ignore_ascii_case("abuse")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_brackets_and_routes() {
        for (path, address) in [
            ("<>", ""),
            ("<a@b.example>", "a@b.example"),
            ("a@b.example", "a@b.example"),
            ("<@x.example,@y.example:a@b.example>", "a@b.example"),
            ("<\"a@b\"@c.example>", "\"a@b\"@c.example"),
        ] {
            assert_eq!(Address::from_path(path).as_str(), address, "{path}");
        }
    }

    #[test]
    fn roles_are_reachable_under_any_case() {
        for (address, role) in [
            ("PostMaster", true),
            ("abuse@example.org", true),
            ("ABUSE@example.org", true),
            ("abuser@example.org", false),
            ("info@abuse", false),
        ] {
            assert_eq!(Address::from_path(address).is_role(), role, "{address}");
        }
    }

    #[test]
    fn people_are_told_what_is_no_address() {
        for bad in ["a b@c", "@c", "a@", "a\n@c"] {
            assert!(Address::from_person(bad).is_err(), "{bad}");
        }
        assert!(Address::from_person("<>").is_ok_and(|a| a.is_null()));
    }
}
