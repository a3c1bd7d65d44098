//! What a browser may do with the file (W3C, Content Security Policy level 3): nothing but this style
//! and this script, which it knows by their digests.

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use super::{SCRIPT, STYLE};

/// The policy. `data:` is the empty icon.
pub(super) fn policy() -> String {
    let (style, script) = (source(STYLE), source(SCRIPT));
    format!(
        "default-src 'none'; img-src data:; style-src {style}; script-src {script}; base-uri 'none'; \
         form-action 'none'"
    )
}

/// A hash-source.
fn source(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text)))
}
