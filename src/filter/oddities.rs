//! What is odd about a message, as findings. Their weights are `score` lines in the rules.

use crate::{
    mail::{Message, Oddity},
    verdict::{Evidence, Finding, Points},
};

/// One finding per oddity.
pub(super) fn findings(message: &Message) -> Vec<Finding> {
    message.oddities().iter().map(|&oddity| finding(oddity)).collect()
}

fn finding(oddity: Oddity) -> Finding {
    let (name, fact) = match oddity {
        Oddity::Truncated => ("SCAN_LIMIT", "longer than limits.scan_bytes: the end was not read"),
        Oddity::TooDeep => ("MIME_TOO_DEEP", "nested deeper than is read"),
        Oddity::TooManyParts => ("MIME_TOO_MANY_PARTS", "more parts than are read"),
        Oddity::TooManyFields => ("HEADER_TOO_MANY_FIELDS", "more header fields than are read"),
        Oddity::OpenMultipart => ("MIME_OPEN_MULTIPART", "a multipart that never closes"),
        Oddity::NoSeparator => ("HEADER_NO_SEPARATOR", "no empty line ends the header"),
        Oddity::Unparsable => ("MIME_UNPARSABLE", "could not be parsed"),
    };
    Finding { name: name.into(), weight: Points::ZERO, evidence: Evidence::Fact(fact.to_owned()) }
}
