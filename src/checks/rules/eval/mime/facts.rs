//! What all questions of MIMEEval ask about, gathered in one pass over the parts.

use memchr::{memchr, memchr2, memmem};

use super::super::entity::Entity;

/// How long a line of quoted-printable may be, in bytes with its line end.
const LONGEST_LINE: usize = 79;

/// How many characters of a charset's name are read.
const LONGEST_CHARSET: usize = 256;

/// Facts about the parts of a message.
#[derive(Debug, Default)]
pub(in super::super::super) struct MimeFacts {
    /// Parts of text/html.
    pub(super) html_parts: usize,
    /// Parts of other text types.
    pub(super) text_parts: usize,
    /// Parts in base64.
    pub(super) base64_parts: usize,
    /// Parts in quoted-printable.
    pub(super) qp_parts: usize,
    /// A part calls itself an attachment.
    pub(super) has_attachment: bool,
    /// A text in ASCII is in base64 all the same.
    pub(super) has_base64_text: bool,
    /// A charset that begins like one of ISO's and is none.
    pub(super) has_bad_iso_charset: bool,
    /// There is a multipart/alternative.
    pub(super) has_alternative: bool,
    /// The charsets of all parts, in lower case.
    pub(super) charsets: Vec<String>,
    /// Bytes of bodies in quoted-printable.
    pub(super) qp_bytes: usize,
    /// Escapes in them that nothing needed.
    pub(super) qp_escapes: usize,
    /// A line in them is longer than mail may be.
    pub(super) has_long_qp_line: bool,
    /// A text without charset, or in ASCII, has bytes that are none.
    pub(super) has_illegal_ascii: bool,
    /// Escapes such as `&#x0431;` in plain texts, by bytes that are no such escapes.
    pub(super) unicode_ratio: f64,
    /// The size of the last text/plain by that of the last text/html of a multipart/alternative;
    /// 1 if one is missing.
    pub(super) alternative_ratio: f64,
    /// The longest line in base64, in bytes with its line end.
    pub(super) longest_base64_line: usize,
}

/// What is summed up while the parts are read.
#[derive(Default)]
struct Sums {
    unicode_escapes: usize,
    other_bytes: usize,
    last_plain: Option<usize>,
    last_html: Option<usize>,
}

impl MimeFacts {
    /// Reads them.
    pub(in super::super::super) fn of(entities: &[Entity<'_>]) -> Self {
        let mut facts = Self { alternative_ratio: 1.0, ..Self::default() };
        let mut sums = Sums::default();
        for entity in entities {
            facts.add_header(entity);
            if entity.is_leaf() {
                facts.add_body(entity, &mut sums);
            }
        }
        if sums.other_bytes > 0 {
            facts.unicode_ratio = ratio(sums.unicode_escapes, sums.other_bytes);
        }
        if let (true, Some(plain), Some(html)) =
            (facts.has_alternative, sums.last_plain, sums.last_html.filter(|&bytes| bytes > 0))
        {
            facts.alternative_ratio = ratio(plain, html);
        }
        facts
    }

    /// Unneeded escapes by bytes of quoted-printable.
    pub(super) fn qp_ratio(&self) -> f64 {
        if self.qp_bytes == 0 { 0.0 } else { ratio(self.qp_escapes, self.qp_bytes) }
    }

    fn add_header(&mut self, entity: &Entity<'_>) {
        let charset = entity.charset.as_deref().unwrap_or_default();
        let cut = charset.char_indices().nth(LONGEST_CHARSET).map_or(charset.len(), |(at, _)| at);
        let charset = charset.get(..cut).unwrap_or_default();
        let is_text = entity.declared_type.starts_with("text");
        let is_base64 = entity.encoding.contains("base64");
        self.has_alternative |= entity.declared_type == "multipart/alternative";
        self.html_parts += usize::from(entity.declared_type == "text/html");
        self.text_parts += usize::from(is_text && entity.declared_type != "text/html");
        self.base64_parts += usize::from(is_base64);
        self.qp_parts += usize::from(!is_base64 && entity.encoding.contains("quoted-printable"));
        self.has_attachment |= entity.is_attachment();
        let is_placed =
            ["attachment", "inline"].iter().any(|place| entity.disposition.starts_with(place));
        self.has_base64_text |= is_text && is_base64 && is_ascii(charset) && !is_placed;
        self.has_bad_iso_charset |= is_bad_iso(charset);
        if charset.contains(|c: char| c.is_ascii_alphabetic()) {
            self.charsets.push(charset.to_owned());
        }
    }

    fn add_body(&mut self, entity: &Entity<'_>, sums: &mut Sums) {
        let body = entity.encoded;
        let encoding = entity.encoding.as_str();
        let is_plain = entity.declared_type == "text/plain";
        // Texts before the multipart/alternative have no size.
        let size = if self.has_alternative { body.len() } else { 0 };
        if !entity.is_attachment() && is_plain {
            sums.last_plain = Some(size);
        }
        if !entity.is_attachment() && entity.declared_type == "text/html" {
            sums.last_html = Some(size);
        }
        if encoding == "quoted-printable" {
            lines(body).for_each(|line| self.add_qp_line(line));
        }
        if encoding == "base64" && entity.declared_type != "application/ics" {
            let longest = lines(body).map(<[u8]>::len).max().unwrap_or_default();
            self.longest_base64_line = self.longest_base64_line.max(longest);
        }
        if is_plain && entity.charset.as_deref().is_none_or(|charset| charset == "us-ascii") {
            self.has_illegal_ascii |= !body.is_ascii() || memchr2(0, b'\r', body).is_some();
        }
        if is_plain && ["", "7bit", "8bit"].contains(&encoding) {
            let escapes = unicode_escapes(body);
            sums.unicode_escapes += escapes;
            sums.other_bytes += body.len().saturating_sub(escapes * UNICODE_ESCAPE);
        }
    }

    /// `SPAM: ` begins a line of a report about a message.
    fn add_qp_line(&mut self, line: &[u8]) {
        if line.starts_with(b"SPAM: ") {
            return;
        }
        self.has_long_qp_line |= line.len() > LONGEST_LINE;
        self.qp_bytes += line.len();
        let escapes = needless_escapes(line);
        if escapes > 0 {
            self.qp_escapes += escapes - blank_escapes_at_end(line);
        }
    }
}

/// Escapes of characters that quoted-printable lets stand as they are; all but `=3D` and line
/// ends.
fn needless_escapes(mut line: &[u8]) -> usize {
    let mut count = 0;
    while let Some(at) = memchr(b'=', line) {
        line = line.get(at + 1..).unwrap_or_default();
        let is_needless = match line {
            [b'0', b'9', ..] => true,
            [b'3', digit, ..] => matches!(digit, b'0'..=b'9' | b'A' | b'B' | b'C' | b'E' | b'F'),
            [b'2' | b'4' | b'5' | b'6', digit, ..] => matches!(digit, b'0'..=b'9' | b'A'..=b'F'),
            [b'7', digit, ..] => matches!(digit, b'0'..=b'9' | b'A'..=b'E'),
            _ => false,
        };
        count += usize::from(is_needless);
    }
    count
}

/// Escaped blanks at the end of a line, which need their escape.
fn blank_escapes_at_end(line: &[u8]) -> usize {
    let mut rest = line.trim_ascii_end();
    let mut count = 0;
    while let Some(before) = rest.strip_suffix(b"=20").or_else(|| rest.strip_suffix(b"=09")) {
        rest = before;
        count += 1;
    }
    count
}

/// Length of `&#x0431;`.
const UNICODE_ESCAPE: usize = 8;

/// How many `&#x0431;` there are.
fn unicode_escapes(text: &[u8]) -> usize {
    let is_escape = |at: &usize| {
        let escape = text.get(*at..*at + UNICODE_ESCAPE).unwrap_or_default();
        matches!(escape, [_, _, _, digits @ .., b';']
            if digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F')))
    };
    memmem::find_iter(text, b"&#x").filter(is_escape).count()
}

/// A body's lines with their line ends.
fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let end = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let (line, behind) = rest.split_at_checked(end).filter(|(line, _)| !line.is_empty())?;
        rest = behind;
        Some(line)
    })
}

/// What stands in the names of ASCII, and in some others.
const ASCII: &[&str] = &[
    "us",
    "ascii",
    "ansi_x3.4-1968",
    "ansi_x3.4-1986",
    "iso-ir-6",
    "iso_646.irv:1991",
    "ibm367",
    "cp367",
];

fn is_ascii(charset: &str) -> bool {
    charset.is_empty() || ASCII.iter().any(|name| charset.contains(name))
}

/// `iso-` with two more words behind it that are neither `8859` and a number nor `2022-jp`, `-kr`.
fn is_bad_iso(charset: &str) -> bool {
    let behind =
        || charset.match_indices("iso-").filter_map(|(at, iso)| charset.get(at + iso.len()..));
    behind().any(is_two_words) && !behind().any(is_good_iso)
}

/// Two words of ISO's names, the second with a letter or digit.
fn is_two_words(text: &str) -> bool {
    let word = text.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
    let second = word.char_indices().skip(1).find(|&(_, c)| c == '-');
    let second = second.and_then(|(at, _)| word.get(at + 1..)).unwrap_or_default();
    second.contains(is_word)
}

fn is_good_iso(text: &str) -> bool {
    let is_over = |rest: &str| !rest.starts_with(is_word);
    let of_8859 = text.strip_prefix("8859-").is_some_and(|number| {
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        (1..=2).contains(&digits) && is_over(number.get(digits..).unwrap_or_default())
    });
    let of_2022 =
        ["2022-jp", "2022-kr"].iter().filter_map(|name| text.strip_prefix(name)).any(is_over);
    of_8859 || of_2022
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// A ratio of sizes; both are far below 2^52.
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}
