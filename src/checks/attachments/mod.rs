//! Attachments: what their names and first bytes give away.
//!
//! | finding | weight | what it means |
//! |---|---|---|
//! | `ATTACHMENT_DANGEROUS` | 3.0 | the name ends in an extension that runs when opened |
//! | `ATTACHMENT_DOUBLE_EXT` | 5.0 | …behind one that looks like a document: `invoice.pdf.exe` |
//! | `ATTACHMENT_RTLO` | 4.0 | the name holds U+202E, which shows its end backwards |
//! | `ATTACHMENT_TYPE_MISMATCH` | 3.0 | declared a picture or document, but the bytes are a program, a script or a page |
//! | `ATTACHMENT_ENCRYPTED` | 0.0 | it is encrypted, or a file in it |
//! | `ATTACHMENT_MACRO` | 0.0 | it holds macros, or a file in it |
//!
//! Files in archives and documents are judged like attachments, as far as `contents` has looked
//! ([`Message::inside`]). Each is found once a message, on the first attachment that has it, so that ten bad
//! attachments weigh no more than one. The weights are defaults: a `score` line in the rules
//! overrides them. An extension under `forbidden` forces a reject, whatever the score. What else is done about
//! the last two and dangerous ones is said by the profile ([`trouble_of`]).

mod content;
mod inside;
mod name;

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Case, Check, Work};
use crate::{
    mail::{Message, Part},
    verdict::{Answer, Evidence, Finding, Forced, Name, Points, Reason, Trouble, Verdict, Witness},
};

/// Extensions that Windows, macOS or a desktop runs, mounts or imports when a reader opens them.
const DANGEROUS: &[&str] = &[
    // programs and installers
    "exe",
    "com",
    "scr",
    "pif",
    "cpl",
    "msi",
    "msp",
    "mst",
    "msix",
    "appx",
    "appxbundle",
    "jar",
    "jnlp",
    "app",
    "apk",
    "dll",
    "gadget",
    "xll",
    // scripts
    "bat",
    "cmd",
    "vb",
    "vbs",
    "vbe",
    "js",
    "jse",
    "ws",
    "wsf",
    "wsh",
    "wsc",
    "sct",
    "hta",
    "ps1",
    "psm1",
    "ps1xml",
    "msh",
    "a3x",
    "ahk",
    // shortcuts, settings, help files
    "lnk",
    "url",
    "scf",
    "reg",
    "inf",
    "chm",
    "settingcontent-ms",
    "library-ms",
    "search-ms",
    "appref-ms",
    "diagcab",
    // disk images, which carry the above past the mark of the web
    "iso",
    "img",
    "vhd",
    "vhdx",
    "udf",
    "daa",
];

/// Names and weights of the findings.
const DANGEROUS_NAME: (&str, Points) = ("ATTACHMENT_DANGEROUS", Points::from_micros(3_000_000));
const DOUBLE_EXTENSION: (&str, Points) = ("ATTACHMENT_DOUBLE_EXT", Points::from_micros(5_000_000));
const OVERRIDE: (&str, Points) = ("ATTACHMENT_RTLO", Points::from_micros(4_000_000));
const TYPE_MISMATCH: (&str, Points) = ("ATTACHMENT_TYPE_MISMATCH", Points::from_micros(3_000_000));

const ENCRYPTED: (&str, Points) = ("ATTACHMENT_ENCRYPTED", Points::ZERO);
const MACRO: (&str, Points) = ("ATTACHMENT_MACRO", Points::ZERO);

/// `[attachments]` as written. Extensions are compared without case, with or without a dot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Extensions that run when opened; they weigh. The shipped list names the usual ones.
    pub dangerous: Vec<String>,
    /// Extensions refused outright, whatever the score; none as shipped.
    pub forbidden: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            dangerous: DANGEROUS.iter().copied().map(str::to_owned).collect(),
            forbidden: Vec::new(),
        }
    }
}

/// The check `attachments`.
pub struct Attachments {
    policy: Arc<Policy>,
}

/// The settings as used: extensions in lower case, no dots.
struct Policy {
    dangerous: BTreeSet<String>,
    forbidden: BTreeSet<String>,
}

impl Attachments {
    /// Prepares the lists.
    pub fn new(settings: &Settings) -> Self {
        Self {
            policy: Arc::new(Policy {
                dangerous: extensions(&settings.dangerous),
                forbidden: extensions(&settings.forbidden),
            }),
        }
    }
}

fn extensions(written: &[String]) -> BTreeSet<String> {
    written.iter().map(|ext| ext.trim().trim_start_matches('.').to_lowercase()).collect()
}

impl Check for Attachments {
    fn name(&self) -> &'static str {
        "attachments"
    }

    fn of_message(&self, case: &Case, _: &Witness) -> Option<Work> {
        let policy = self.policy.clone();
        let message = case.message.clone();
        Some(Work::Cpu(Box::new(move || Ok(policy.examine(&message)))))
    }
}

impl Policy {
    fn examine(&self, message: &Message) -> Answer {
        let mut answer = Answer::default();
        for part in message.parts().iter().filter(|part| !part.is_container) {
            let file_name = file_name(part);
            self.examine_name(file_name, &mut answer);
            if let Some(trait_) = content::mismatch(part, file_name, message.raw()) {
                find(&mut answer, TYPE_MISMATCH, file_name, trait_);
            }
        }
        self.examine_inside(message, &mut answer);
        answer
    }

    fn examine_name(&self, file_name: &str, answer: &mut Answer) {
        if name::has_override(file_name) {
            find(answer, OVERRIDE, file_name, "right-to-left override".to_owned());
        }
        let Some(extension) = name::extension(file_name) else {
            return;
        };
        if self.dangerous.contains(&extension) {
            find(answer, DANGEROUS_NAME, file_name, format!(".{extension}"));
            if let Some(shown) = name::document_extension_before_last(file_name) {
                find(answer, DOUBLE_EXTENSION, file_name, format!(".{shown} before .{extension}"));
            }
        }
        if answer.forced.is_none() && self.forbidden.contains(&extension) {
            let reason = Reason::Attachment(name::printable(file_name));
            answer.forced = Some(Forced { verdict: Verdict::Reject, reason });
        }
    }
}

/// The part's file name, or "". A forwarded message is named after its subject, which may end
/// in anything (`Your order at shop.com`): it has no file name to judge.
fn file_name(part: &Part) -> &str {
    let is_message = part.content_type.starts_with("message/");
    part.file_name.as_deref().filter(|_| !is_message).unwrap_or_default()
}

/// What trouble a finding of this check shows, and with which file.
pub fn trouble_of(finding: &Finding) -> Option<(Trouble, &str)> {
    let Evidence::Attachment { name, .. } = &finding.evidence else { return None };
    let troubles = [
        (ENCRYPTED, Trouble::Encrypted),
        (MACRO, Trouble::Macros),
        (DANGEROUS_NAME, Trouble::Dangerous),
    ];
    let mut same = troubles.iter().filter(|((known, _), _)| finding.name.as_str() == *known);
    same.next().map(|(_, trouble)| (*trouble, name.as_str()))
}

/// Adds a finding unless an earlier attachment already has it.
fn find(answer: &mut Answer, (name, weight): (&str, Points), file_name: &str, trait_: String) {
    if answer.findings.iter().any(|known| known.name.as_str() == name) {
        return;
    }
    let evidence = Evidence::Attachment { name: name::printable(file_name), trait_ };
    answer.findings.push(Finding { name: Name::from(name), weight, evidence });
}

#[cfg(test)]
mod tests;
