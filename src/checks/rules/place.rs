//! Where rules read.

use std::borrow::Cow;

use super::{
    pattern::Genre,
    scene::Scene,
    text::{self, HeaderQuery},
};

/// What the texts are that a rule's pattern reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// A header and what is read if it is missing.
    Header(HeaderQuery, Option<Vec<u8>>),
    Body,
    Uri,
    Rawbody,
    Full,
}

impl Place {
    /// In which order rules catch for others.
    pub(super) fn order(&self) -> u8 {
        match self {
            Self::Header(..) => 0,
            Self::Body => 1,
            Self::Uri => 2,
            Self::Rawbody => 3,
            Self::Full => 4,
        }
    }

    /// What kind of texts these are.
    pub(super) fn genre(&self) -> Genre {
        match self {
            Self::Header(query, _) if query.asks_for_relays() => Genre::Relays,
            Self::Header(..) => Genre::Fields,
            Self::Body => Genre::Body,
            Self::Uri => Genre::Uris,
            Self::Rawbody | Self::Full => Genre::Markup,
        }
    }

    /// As evidence names it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Header(query, _) => format!("header {query}"),
            Self::Body => "body".to_owned(),
            Self::Uri => "uri".to_owned(),
            Self::Rawbody => "rawbody".to_owned(),
            Self::Full => "full".to_owned(),
        }
    }

    /// The texts, which are looked at one by one.
    pub(super) fn texts<'s>(&'s self, scene: &'s Scene<'_>) -> Vec<Cow<'s, [u8]>> {
        match self {
            Self::Header(query, if_unset) => {
                let unset = || if_unset.as_deref().map(Cow::Borrowed);
                vec![query.read(scene).or_else(unset).unwrap_or_default()]
            }
            Self::Body => scene.paragraphs().map(Cow::Borrowed).collect(),
            Self::Uri => {
                let uris = scene.uris().flat().into_iter();
                uris.map(|uri| Cow::Borrowed(uri.as_bytes())).collect()
            }
            Self::Rawbody => scene.chunks().map(Cow::Borrowed).collect(),
            Self::Full => vec![text::full(scene.case.message.raw())],
        }
    }
}
