//! What rules see of one message, each view made once and only if a rule asks for it.

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
};

use super::{
    addresses::Correspondents,
    conf::Conf,
    eval::{
        self, Alternatives, Dates, Entity, Freemails, FromName, HeaderFacts, Images, MimeFacts,
        Pdfs, Signature,
    },
    mime_header,
    relays::Relays,
    text::{self, Fields},
};
use crate::{
    checks::Case,
    mail::{LeafText, Uris},
};

/// A message and its envelope as rules see them. Lives for one examination, on one thread.
pub(super) struct Scene<'c> {
    /// Both, as they came.
    pub(super) case: &'c Case,
    /// What rules files have set.
    pub(super) conf: &'c Conf,
    /// The header fields.
    pub(super) headers: Fields<'c>,
    /// What FreeMail has read.
    pub(super) freemails: Freemails,
    /// What FromNameSpoof has seen.
    pub(super) from_name: FromName,
    /// Whom it is from and to.
    pub(super) correspondents: Correspondents,
    /// What HeaderEval has seen.
    pub(super) header_facts: HeaderFacts,
    relays: OnceCell<Relays>,
    envelope_from: OnceCell<Option<String>>,
    part_fields: RefCell<Vec<PartFields>>,
    entities: OnceCell<Vec<Entity<'c>>>,
    leaf_texts: OnceCell<Vec<Option<LeafText<'c>>>>,
    mime: OnceCell<MimeFacts>,
    uppercase: OnceCell<f64>,
    alternatives: OnceCell<Alternatives>,
    signature: OnceCell<Option<Signature>>,
    images: OnceCell<Images>,
    pdfs: OnceCell<Pdfs>,
    dates: OnceCell<Dates>,
    uris: OnceCell<Uris>,
}

/// A field of all parts.
struct PartFields {
    name: Option<String>,
    raw: bool,
    texts: Rc<[Option<Vec<u8>>]>,
}

impl<'c> Scene<'c> {
    /// The views of a case, none of them made yet.
    pub(super) fn new(case: &'c Case, conf: &'c Conf) -> Self {
        Self {
            case,
            conf,
            headers: Fields::of(case.message.raw()),
            freemails: Freemails::default(),
            from_name: FromName::default(),
            correspondents: Correspondents::default(),
            header_facts: HeaderFacts::default(),
            relays: OnceCell::new(),
            envelope_from: OnceCell::new(),
            part_fields: RefCell::default(),
            entities: OnceCell::new(),
            leaf_texts: OnceCell::new(),
            mime: OnceCell::new(),
            uppercase: OnceCell::new(),
            alternatives: OnceCell::new(),
            signature: OnceCell::new(),
            images: OnceCell::new(),
            pdfs: OnceCell::new(),
            dates: OnceCell::new(),
            uris: OnceCell::new(),
        }
    }

    /// What `mimeheader` rules read of the parts, each kind made once.
    pub(super) fn part_fields(&self, name: Option<&str>, raw: bool) -> Rc<[Option<Vec<u8>>]> {
        let mut made = self.part_fields.borrow_mut();
        let is_it = |texts: &&PartFields| texts.name.as_deref() == name && texts.raw == raw;
        if let Some(texts) = made.iter().find(is_it) {
            return Rc::clone(&texts.texts);
        }
        let texts = mime_header::part_fields(self.case.message.entities(), name, raw).into();
        made.push(PartFields { name: name.map(str::to_owned), raw, texts: Rc::clone(&texts) });
        texts
    }

    /// The relays the message came by.
    pub(super) fn relays(&self) -> &Relays {
        self.relays.get_or_init(|| Relays::of(self))
    }

    /// The sender in SMTP; empty for the null sender, `None` where nobody tells.
    pub(super) fn envelope_from(&self) -> Option<&str> {
        self.envelope_from.get_or_init(|| text::envelope_from(self)).as_deref()
    }

    /// The text of the message in paragraphs, the Subject first; once a function of FreeMail has
    /// read it, without the addresses it takes out.
    pub(super) fn paragraphs(&self) -> impl Iterator<Item = &[u8]> {
        let written = self.case.message.body().iter().enumerate();
        written.map(|(at, own)| self.freemails.changed_paragraph(at).unwrap_or(own.as_ref()))
    }

    /// The URIs of the message, with the forms that the rules' domains and redirectors give them.
    pub(super) fn uris(&self) -> &Uris {
        let (sites, message) = (&self.conf.sites, &self.case.message);
        let own = || self.uris.get_or_init(|| sites.list_uris(message));
        sites.shared_uris(message).unwrap_or_else(own)
    }

    /// The decoded texts in chunks.
    pub(super) fn chunks(&self) -> impl Iterator<Item = &'c [u8]> {
        self.case.message.rawbody().iter().map(Vec::as_slice)
    }

    /// The entities of the message, depth first.
    pub(super) fn entities(&self) -> &[Entity<'c>] {
        self.entities.get_or_init(|| eval::entities(&self.case.message))
    }

    /// The texts of its leaves, in their order.
    pub(super) fn leaf_texts(&self) -> &[Option<LeafText<'c>>] {
        self.leaf_texts.get_or_init(|| self.case.message.leaf_texts())
    }

    /// What there is to know about its parts.
    pub(super) fn mime(&self) -> &MimeFacts {
        self.mime.get_or_init(|| MimeFacts::of(self.entities()))
    }

    /// Capital letters in percent of letters and digits; 0 for short texts and for charsets in
    /// which other letters look like capitals.
    pub(super) fn uppercase(&self) -> f64 {
        *self.uppercase.get_or_init(|| eval::uppercase(self))
    }

    /// How far HTML and plain text say the same.
    pub(super) fn alternatives(&self) -> &Alternatives {
        self.alternatives.get_or_init(|| Alternatives::of(self.entities(), self.leaf_texts()))
    }

    /// The signature of the first plain text, if there is a plain text.
    pub(super) fn signature(&self) -> Option<&Signature> {
        self.signature.get_or_init(|| Signature::of(self.entities())).as_ref()
    }

    /// The attached images.
    pub(super) fn images(&self) -> &Images {
        self.images.get_or_init(|| Images::of_entities(self.entities()))
    }

    /// The attached PDF files.
    pub(super) fn pdfs(&self) -> &Pdfs {
        self.pdfs.get_or_init(|| Pdfs::of_entities(self.entities()))
    }

    /// What its dates tell.
    pub(super) fn dates(&self) -> &Dates {
        self.dates.get_or_init(|| Dates::of(self))
    }
}
