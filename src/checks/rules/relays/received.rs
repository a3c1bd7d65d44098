//! One Received field (RFC 5321, section 4.4), as dozens of MTAs write it.

use super::Relay;

/// What a field says.
pub(super) enum Line {
    /// A handover from host to host.
    Relay(Box<Relay>),
    /// Nothing about hosts: a step inside one machine, or one that tells no address.
    Ignored,
    /// A mail fetcher's (POP, IMAP): what it got is a new message.
    Fetched,
    /// qmail-scanner's, which describes the handover in the next line; perhaps with the sender.
    Scanner(Option<String>),
    /// A handover in an unknown form.
    Unparseable,
}

/// Reads the decoded value of a field.
pub(super) fn parse(_value: &str) -> Line {
    Line::Unparseable
}
