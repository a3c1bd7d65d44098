//! FreeMail: addresses at providers where anybody can have one.

mod conf;
mod role;
mod text;

pub(in super::super) use conf::Providers;
pub(in super::super) use text::find as find_address;

use std::{cell::OnceCell, collections::HashSet, sync::LazyLock};

use memchr::memchr2;

use super::{
    super::{
        addresses::{self, lower},
        domains,
        pattern::Matcher,
        scene::Scene,
        text::HeaderQuery,
    },
    Arguments, CallError, Function, Question, Standing,
};

const OWN_PATTERN: Standing = Standing::Differs(
    "each rule has the regular expression it names; there, the first rule's counts for all",
);

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "check_freemail_from", standing: OWN_PATTERN, make: |a, _| from(a) },
    Function { name: "check_freemail_header", standing: OWN_PATTERN, make: |a, _| header(a) },
    Function { name: BODY, standing: OWN_PATTERN, make: |a, _| body(a) },
    Function { name: REPLY_TO, standing: Standing::Same, make: |a, _| reply_to(a) },
];

const BODY: &str = "check_freemail_body";
const REPLY_TO: &str = "check_freemail_replyto";

/// Whether a call reads the text, which other rules then see without quoted addresses.
pub(in super::super) fn reads_text(function: &str) -> bool {
    [BODY, REPLY_TO].contains(&function)
}

/// Addresses from the text, most: of links, and in all.
const MOST_LINKED: usize = 20;
const MOST: usize = 40;

/// What the fields that answers go to say of a message.
#[derive(Debug)]
struct Writer {
    from: Vec<Vec<u8>>,
    reply_to: Vec<Vec<u8>>,
    is_from_free: bool,
    is_reply_to_free: bool,
}

/// What functions need of one message, each made once.
#[derive(Debug, Default)]
pub(in super::super) struct Freemails {
    writer: OnceCell<Option<Writer>>,
    text: OnceCell<Text>,
}

/// What the text holds.
#[derive(Debug)]
struct Text {
    /// The paragraphs without quoted addresses; `None` for those that have none.
    paragraphs: Vec<Option<Vec<u8>>>,
    /// Addresses at providers, in lower case; `None` if there are too many addresses.
    freemails: Option<Vec<Vec<u8>>>,
}

fn from(arguments: &Arguments) -> Result<Question, CallError> {
    let pattern = optional_pattern(arguments, 1)?;
    Ok(Question::yes_no(move |scene| {
        !scene.conf.providers.is_empty()
            && addresses::senders(scene).iter().any(|sender| hits(scene, sender, pattern.as_ref()))
    }))
}

fn header(arguments: &Arguments) -> Result<Question, CallError> {
    let wrong = |error| CallError::Value { number: 1, what: format!("{error}") };
    let query = HeaderQuery::parse(&format!("{}:addr", arguments.text(1)?)).map_err(wrong)?;
    let pattern = optional_pattern(arguments, 2)?;
    Ok(Question::yes_no(move |scene| {
        let found = addresses::of_field(scene, &query);
        found.iter().any(|address| hits(scene, address, pattern.as_ref()))
    }))
}

fn body(arguments: &Arguments) -> Result<Question, CallError> {
    let pattern = optional_pattern(arguments, 1)?;
    Ok(Question::yes_no(move |scene| {
        let freemails = text(scene).and_then(|text| text.freemails.as_deref()).unwrap_or_default();
        freemails
            .iter()
            .any(|address| pattern.as_ref().is_none_or(|pattern| pattern.is_match(address)))
    }))
}

/// What `check_freemail_replyto` compares with the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compared {
    /// Reply-To alone.
    ReplyTo,
    /// From where there is no Reply-To.
    Either,
}

fn reply_to(arguments: &Arguments) -> Result<Question, CallError> {
    let compared = match arguments.get(1) {
        None | Some("replyto") => Compared::ReplyTo,
        Some("reply") => Compared::Either,
        Some(other) => {
            let what = format!("`{other}` is neither `replyto` nor `reply`");
            return Err(CallError::Value { number: 1, what });
        }
    };
    Ok(Question::yes_no(move |scene| differs(scene, compared)))
}

fn optional_pattern(arguments: &Arguments, number: usize) -> Result<Option<Matcher>, CallError> {
    arguments.get(number).map(|_| arguments.pattern(number)).transpose()
}

/// Whether an address is at a provider, and matches.
fn hits(scene: &Scene<'_>, address: &[u8], pattern: Option<&Matcher>) -> bool {
    let address = lower(address);
    scene.conf.providers.has(scene.conf, &address)
        && pattern.is_none_or(|pattern| pattern.is_match(&address))
}

/// Whether answers would go to another freemail address than the one in From or in the text.
fn differs(scene: &Scene<'_>, compared: Compared) -> bool {
    let Some(writer) = writer(scene) else { return false };
    if writer.has_two_addresses() {
        return true;
    }
    if !writer.is_compared(compared) {
        return false;
    }
    let answers_to = match compared {
        Compared::Either if !writer.is_reply_to_free => &writer.from,
        _ => &writer.reply_to,
    };
    let freemails = text(scene).and_then(|text| text.freemails.as_deref()).unwrap_or_default();
    freemails.iter().any(|freemail| answers_to.iter().any(|address| address != freemail))
}

impl Writer {
    /// From and Reply-To are at providers, and share no address.
    fn has_two_addresses(&self) -> bool {
        self.is_from_free
            && self.is_reply_to_free
            && !self.from.iter().any(|from| self.reply_to.contains(from))
    }

    /// Whether the text matters.
    fn is_compared(&self, compared: Compared) -> bool {
        match compared {
            Compared::ReplyTo => self.is_reply_to_free,
            Compared::Either => {
                self.is_from_free && (self.reply_to.is_empty() || self.is_reply_to_free)
            }
        }
    }
}

/// `None` if answers do not matter: mail of lists and robots, or no provider is known.
fn writer<'s>(scene: &'s Scene<'_>) -> Option<&'s Writer> {
    static QUERIES: LazyLock<Option<[HeaderQuery; 3]>> = LazyLock::new(|| {
        let query = |name| HeaderQuery::parse(name).ok();
        Some([query("EnvelopeFrom")?, query("From:addr")?, query("Reply-To:addr")?])
    });
    let read = || {
        let [envelope_from, from, reply_to] = QUERIES.as_ref()?;
        let providers = &scene.conf.providers;
        let sender = envelope_from.read(scene).unwrap_or_default();
        if providers.is_empty() || (providers.passes_over_bulk && role::is_bulk(&sender)) {
            return None;
        }
        let lowered = |query| -> Vec<Vec<u8>> {
            addresses::of_field(scene, query).iter().map(|address| lower(address)).collect()
        };
        let (from, reply_to) = (lowered(from), lowered(reply_to));
        let is_free = |all: &[Vec<u8>]| all.iter().any(|a| providers.has(scene.conf, a));
        let (is_from_free, is_reply_to_free) = (is_free(&from), is_free(&reply_to));
        Some(Writer { from, reply_to, is_from_free, is_reply_to_free })
    };
    scene.freemails.writer.get_or_init(read).as_ref()
}

/// The text, as far as it is read for addresses; `None` if no provider is known.
fn text<'s>(scene: &'s Scene<'_>) -> Option<&'s Text> {
    let providers = &scene.conf.providers;
    (!providers.is_empty()).then(|| scene.freemails.text.get_or_init(|| read_text(scene)))
}

fn read_text(scene: &Scene<'_>) -> Text {
    let is_tld = |label: &[u8]| domains::is_top_level(scene, label);
    let written = || scene.case.message.body().iter().map(AsRef::<[u8]>::as_ref);
    let without_quoted = |paragraph| {
        let may_have = memchr2(b'@', b'%', paragraph).is_some();
        may_have.then(|| text::without_quoted(paragraph, &is_tld))
    };
    let paragraphs: Vec<Option<Vec<u8>>> = written().map(without_quoted).collect();
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for address in linked(scene, &is_tld).into_iter().take(MOST_LINKED) {
        if seen.insert(address.clone()) {
            found.push(address);
        }
    }
    for (paragraph, own) in paragraphs.iter().zip(written()) {
        let paragraph = paragraph.as_deref().unwrap_or(own);
        let mut from = 0;
        while let Some(range) = text::find(paragraph, from, &is_tld).filter(|_| found.len() < MOST)
        {
            from = range.end;
            let address = lower(paragraph.get(range).unwrap_or_default());
            if seen.insert(address.clone()) {
                found.push(address);
            }
        }
    }
    let freemails = freemails(scene, found);
    Text { paragraphs, freemails }
}

/// Those at providers, unless there are too many addresses or freemails.
fn freemails(scene: &Scene<'_>, mut addresses: Vec<Vec<u8>>) -> Option<Vec<Vec<u8>>> {
    let providers = &scene.conf.providers;
    let is_over = |count: usize, most: usize| providers.has_limits && most > 0 && count >= most;
    if is_over(addresses.len(), providers.most_addresses) {
        return None;
    }
    addresses.retain(|address| providers.has(scene.conf, address));
    (!is_over(addresses.len(), providers.most_freemails)).then_some(addresses)
}

/// Addresses of links in pages, in lower case.
fn linked(scene: &Scene<'_>, is_tld: &impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let address = |link: &str| {
        let found = text::find(link.as_bytes(), 0, is_tld).filter(|range| range.start == 0)?;
        link.as_bytes().get(found).map(lower)
    };
    domains::mail_links(scene).filter_map(address).collect()
}

impl Freemails {
    /// A paragraph of the rendered text as other rules see it once a function here has read it: web
    /// addresses with an `@` and quoted addresses are blanks, as SpamAssassin leaves them. `None` if
    /// it stays as it is.
    pub(in super::super) fn changed_paragraph(&self, at: usize) -> Option<&[u8]> {
        self.text.get()?.paragraphs.get(at)?.as_deref()
    }
}

#[cfg(test)]
mod tests;
