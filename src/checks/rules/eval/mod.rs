//! `eval:` functions: the questions of the rule language that are no patterns.
//!
//! One file a plugin of SpamAssassin, named after it. Each has a `FUNCTIONS` table with a
//! [`Function`] for each name, which says how close to SpamAssassin's it comes, and reads its own
//! directives, if it has any, into a part of [`Conf`](super::conf::Conf). A call is made into a
//! [`Question`] when the rules are compiled, so that its arguments are read (and its patterns
//! compiled) once; per message it is asked with a [`Scene`], which keeps what several questions need.
//! Functions that other checks answer share one file, `elsewhere`.
//!
//! How the functions compare with SpamAssassin's:
//!
#![doc = include_str!("functions.md")]

/// A [`Function`] without arguments that is answered with yes or no, as SpamAssassin does.
macro_rules! yes_no {
    ($name:literal, $ask:expr) => {
        Function { name: $name, standing: Standing::Same, make: |_, _| Ok(Question::yes_no($ask)) }
    };
}

mod antivirus;
mod authentication;
mod body;
mod call;
mod comparison;
mod elsewhere;
mod entity;
#[cfg(test)]
mod examples;
mod freemail;
mod from_name_spoof;
mod header;
#[cfg(test)]
mod hostile;
mod html;
mod https;
mod image;
mod inside;
mod locales;
mod mime;
mod pdf;
mod relay;
#[cfg(test)]
mod scenes;
mod table;
mod textcat;
mod uri;
mod vbounce;
mod welcomelist;
mod welcomelist_subject;

pub(super) use authentication::Condition;
pub(super) use body::{Alternatives, Signature};
pub(super) use call::{Arguments, Call, CallError};
pub(super) use entity::{Entity, entities};
pub(super) use freemail::{Freemails, Providers, find_address, reads_text};
pub(super) use from_name_spoof::{FromName, FromNames};
pub(super) use header::{Dates, HeaderFacts};
pub(super) use image::Images;
pub(super) use inside::{limit_named, trait_named};
pub(super) use locales::Locales;
pub(super) use mime::{MimeFacts, uppercase};
pub(super) use pdf::Pdfs;
pub use table::{FunctionInfo, functions};
pub(super) use textcat::Languages;
pub(super) use welcomelist::Lists;
pub(super) use welcomelist_subject::Subjects;

use std::ops::RangeInclusive;

use super::{conf::Conf, scene::Scene};
use crate::verdict::{Evidence, Finding};

/// A function as rules name it.
pub(super) struct Function {
    /// `check_for_missing_to_header`.
    pub(super) name: &'static str,
    /// How it compares with SpamAssassin's.
    pub(super) standing: Standing,
    /// Reads the arguments of a call.
    pub(super) make: fn(&Arguments, &Conf) -> Result<Question, CallError>,
}

/// How a function compares with SpamAssassin's of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Gives the same answers.
    Same,
    /// Gives other answers in the cases named here.
    Differs(&'static str),
    /// Another check answers; the rule hits if that check has made the finding.
    Elsewhere(&'static str),
}

/// A call that is ready to be asked about messages.
pub(super) enum Question {
    /// Answered from the message: how often it hits, 0 for not at all.
    Ask(Box<dyn Fn(&Scene<'_>) -> u32 + Send + Sync>),
    /// Hits if authentication has found what the message asks for; `None`: whatever it has found, not.
    Authentication(Box<dyn AsksFor>),
    /// Hits if another check has made the finding of this name.
    Found(&'static str),
    /// Hits if another check has made a finding with the rule's own name.
    UnderOwnName,
    /// Hits if another check has made a finding with [`Evidence::Probability`] in this range.
    Within {
        /// The finding.
        finding: &'static str,
        /// Such as a probability.
        millionths: RangeInclusive<u32>,
    },
}

/// What a message asks of authentication.
pub(super) trait AsksFor: Fn(&Scene<'_>) -> Option<Condition> + Send + Sync {}

impl<F: Fn(&Scene<'_>) -> Option<Condition> + Send + Sync> AsksFor for F {}

impl Question {
    /// A question that is answered with yes or no.
    pub(super) fn yes_no(ask: impl Fn(&Scene<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self::Ask(Box::new(move |scene| u32::from(ask(scene))))
    }

    /// Whether other checks' findings answer it, whatever the rule is called.
    pub(super) fn is_answered(&self, others: &[Finding]) -> bool {
        others.iter().any(|other| match (self, &other.evidence) {
            (Self::Found(name), _) => other.name.as_str() == *name,
            (
                Self::Within { finding, millionths },
                Evidence::Probability { millionths: how_many, .. },
            ) => other.name.as_str() == *finding && millionths.contains(how_many),
            _ => false,
        })
    }
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ask(_) => f.write_str("Ask"),
            Self::Authentication(_) => f.write_str("Authentication"),
            Self::Found(name) => f.debug_tuple("Found").field(name).finish(),
            Self::UnderOwnName => f.write_str("UnderOwnName"),
            Self::Within { finding, millionths } => {
                f.debug_tuple("Within").field(finding).field(millionths).finish()
            }
        }
    }
}

/// All functions, by the plugin of SpamAssassin that has them.
pub(super) const PLUGINS: &[(&str, &[Function])] = &[
    ("ASN", elsewhere::ASN),
    ("AWL", elsewhere::AWL),
    ("AccessDB", elsewhere::ACCESS_DB),
    ("AntiVirus", antivirus::FUNCTIONS),
    ("Bayes", elsewhere::BAYES),
    ("BodyEval", body::FUNCTIONS),
    ("Contents (ours)", inside::OWN),
    ("DCC", elsewhere::DCC),
    ("DKIM", authentication::DKIM),
    ("DMARC", authentication::DMARC),
    ("DNSEval", elsewhere::DNS_EVAL),
    ("FreeMail", freemail::FUNCTIONS),
    ("FromNameSpoof", from_name_spoof::FUNCTIONS),
    ("HTMLEval", html::FUNCTIONS),
    ("HTTPSMismatch", https::FUNCTIONS),
    ("HashBL", elsewhere::HASHBL),
    ("HeaderEval", header::FUNCTIONS),
    ("ImageInfo", image::FUNCTIONS),
    ("MIMEEval", mime::FUNCTIONS),
    ("OLEVBMacro", inside::OLE_VB_MACRO),
    ("PDFInfo", pdf::FUNCTIONS),
    ("Pyzor", elsewhere::PYZOR),
    ("Razor2", elsewhere::RAZOR2),
    ("RelayEval", relay::FUNCTIONS),
    ("SPF", authentication::SPF),
    ("Shortcircuit", elsewhere::SHORTCIRCUIT),
    ("TextCat", textcat::FUNCTIONS),
    ("TxRep", elsewhere::TXREP),
    ("URIDNSBL", elsewhere::URIDNSBL),
    ("URIEval", uri::FUNCTIONS),
    ("VBounce", vbounce::FUNCTIONS),
    ("WLBLEval", welcomelist::FUNCTIONS),
    ("WelcomeListSubject", welcomelist_subject::FUNCTIONS),
];

/// The function of this name.
pub(super) fn function(name: &str) -> Option<&'static Function> {
    PLUGINS.iter().flat_map(|(_, functions)| *functions).find(|function| function.name == name)
}

/// How many bytes of a text are such. Of so few at once that a byte holds their number, which
/// compilers make vector code of.
fn count_bytes(text: &[u8], is: impl Fn(u8) -> bool) -> usize {
    const AT_ONCE: usize = 128;
    let count = |some: &[u8]| some.iter().fold(0_u8, |n, &byte| n.wrapping_add(is(byte).into()));
    text.chunks(AT_ONCE).map(|some| usize::from(count(some))).sum()
}

#[cfg(test)]
mod tests;
