//! Control words of RTF, as far as they matter.

/// What the text of a group is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// Shown.
    Shown,
    /// Not shown, nor anything else.
    Nothing,
    /// The digits of an object.
    Object,
    /// The digits of a picture.
    Picture,
    /// What a field is told to do.
    Field,
    /// Where the template is.
    Template,
    /// The class of an object.
    Class,
    /// An address.
    Address,
    /// Something the document says of itself.
    Property,
}

impl Kind {
    /// Whether it is kept apart until its group ends.
    pub(super) fn is_kept(self) -> bool {
        !matches!(self, Self::Shown | Self::Nothing)
    }

    /// Whether it is kept apart, and text.
    pub(super) fn is_text(self) -> bool {
        self.is_kept() && !matches!(self, Self::Object | Self::Picture)
    }
}

/// What a word makes of the text of its group; `None` if nothing else.
pub(super) fn kind(word: &str) -> Option<Kind> {
    Some(match word {
        "objdata" => Kind::Object,
        "pict" => Kind::Picture,
        "fldinst" => Kind::Field,
        "template" => Kind::Template,
        "objclass" => Kind::Class,
        "hlsrc" => Kind::Address,
        "title" | "subject" | "author" | "keywords" | "doccomm" => Kind::Property,
        "fonttbl" | "colortbl" | "stylesheet" | "info" | "listtext" | "nonshppict" | "sn"
        | "sv" | "objname" | "revtbl" | "themedata" | "xmlnstbl" => Kind::Nothing,
        "shppict" | "shpinst" | "shptxt" | "result" | "fldrslt" | "header" | "footer"
        | "footnote" | "annotation" => Kind::Shown,
        _ => return None,
    })
}

/// Words that are characters.
pub(super) const MARKS: &[(&str, &str)] = &[
    ("par", "\n"),
    ("line", "\n"),
    ("row", "\n"),
    ("sect", "\n"),
    ("page", "\n"),
    ("cell", "\t"),
    ("tab", "\t"),
    ("emdash", "\u{2014}"),
    ("endash", "\u{2013}"),
    ("bullet", "\u{2022}"),
    ("lquote", "\u{2018}"),
    ("rquote", "\u{2019}"),
    ("ldblquote", "\u{201c}"),
    ("rdblquote", "\u{201d}"),
    ("emspace", " "),
    ("enspace", " "),
];
