//! Subjects, and characters that do not belong into a header.

use super::{
    super::{
        super::{conf::Conf, scene::Scene, text::HeaderQuery},
        Arguments, CallError, Question, count_bytes,
    },
    address, pattern,
};

/// Marks of answers before a subject.
const ANSWERS: [&str; 10] = ["Re", "Fwd", "Fw", "Aw", "Antwort", "WG", "SV", "VB", "VS", "VL"];

/// The shortest subject that can shout, in bytes.
const SHORTEST: usize = 10;

/// `subject_is_all_caps()`: several words, and none of their letters is small.
pub(super) fn all_caps(_: &Arguments, _: &Conf) -> Result<Question, CallError> {
    // Charsets in which bytes look like capitals.
    let charset = pattern(
        r"(?i)=\?[-_a-z0-9]*(?:koi|jp|jis|euc|gb|big5|isoir|cp1251|windows-1251|georgianps|pt154|tis)[-_a-z0-9]*\?",
    )?;
    Ok(Question::yes_no(move |scene| {
        let raw = || scene.headers.named("subject").any(|field| charset.is_match(&field.raw));
        shouts(scene.headers.joined("subject")) && !raw()
    }))
}

fn shouts(subject: &str) -> bool {
    let subject = without_answers(subject.trim_matches(is_blank));
    let mut letters = subject.bytes().filter(u8::is_ascii_alphabetic).peekable();
    subject.contains(is_blank)
        && subject.len() >= SHORTEST
        && letters.peek().is_some()
        && letters.all(|letter| letter.is_ascii_uppercase())
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

fn without_answers(mut subject: &str) -> &str {
    let rest = |subject: &str| {
        let (mark, rest) = subject.split_once(':')?;
        let is_mark = ANSWERS.iter().any(|answer| answer.eq_ignore_ascii_case(mark));
        is_mark.then_some(rest.len())
    };
    while let Some(length) = rest(subject) {
        let start = subject.len() - length;
        subject = subject.get(start..).unwrap_or_default().trim_start_matches(is_blank);
    }
    subject
}

/// `check_for_to_in_subject('address' or 'user')`: the subject names whom it is sent to.
pub(super) fn names_recipient(arguments: &Arguments, _: &Conf) -> Result<Question, CallError> {
    let names: fn(&str, &str) -> bool = match arguments.text(1)? {
        "address" => has_address,
        "user" => |subject, to| calls(subject, to.split('@').next().unwrap_or_default()),
        _ => |_, _| false,
    };
    Ok(Question::yes_no(move |scene| {
        let to = address(scene, "to");
        !to.is_empty() && names(scene.headers.joined("subject"), &to)
    }))
}

/// Whether an address stands in the subject, as words of its own.
fn has_address(subject: &str, to: &str) -> bool {
    let (subject, to) = (subject.to_ascii_lowercase(), to.to_ascii_lowercase());
    let is_word = |at: Option<usize>| {
        let byte = at.and_then(|at| subject.as_bytes().get(at));
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    let is_edge = |at: usize| is_word(at.checked_sub(1)) != is_word(Some(at));
    subject.match_indices(&to).any(|(at, _)| is_edge(at) && is_edge(at + to.len()))
}

/// Whether a subject begins with a user's name as with a greeting, or consists of it.
fn calls(subject: &str, user: &str) -> bool {
    let line = subject.strip_suffix('\n').unwrap_or(subject);
    let is_mark = |c: char| ",:;!?-".contains(c);
    let is_greeting = subject.strip_prefix(user).is_some_and(|rest| {
        let rest = rest.trim_start_matches(is_blank);
        let mut characters = rest.chars();
        characters.next().is_some_and(is_mark) && characters.next().is_none_or(is_blank)
    });
    let is_behind_comma = line.strip_prefix(',').is_some_and(|rest| {
        let rest = rest.trim_start_matches(is_blank);
        let name = rest.strip_suffix(is_mark);
        name.is_some_and(|name| name.eq_ignore_ascii_case(user))
    });
    is_greeting || is_behind_comma || line.eq_ignore_ascii_case(user) || answers(line, user)
}

/// `Re: name`, perhaps with one word before it.
fn answers(line: &str, user: &str) -> bool {
    let Some((mark, rest)) = line.split_once(':') else { return false };
    let is_mark = ["re", "fw"].iter().any(|answer| answer.eq_ignore_ascii_case(mark));
    let rest = rest.trim_start_matches(is_blank);
    let behind_word = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let name = behind_word.trim_start_matches(is_blank);
    let has_word = behind_word.len() < rest.len() && name.len() < behind_word.len();
    is_mark && (rest.eq_ignore_ascii_case(user) || (has_word && name.eq_ignore_ascii_case(user)))
}

/// `check_illegal_chars(header, ratio, count)`: bytes that must be encoded in a header (RFC 2045,
/// RFC 5322): control characters, and above 127 what is no UTF-8.
pub(super) fn illegal_characters(arguments: &Arguments, _: &Conf) -> Result<Question, CallError> {
    let wrong = |number, what: &str| CallError::Value { number, what: what.to_owned() };
    let name = arguments.text(1)?;
    let name = name.strip_suffix(":raw").unwrap_or(name);
    let query = HeaderQuery::parse(&format!("{name}:raw"));
    let query = query.map_err(|error| wrong(1, &error.to_string()))?;
    let ratio: f64 = arguments.number(2)?.ok_or(CallError::Missing(2))?;
    let count: f64 = arguments.number(3)?.ok_or(CallError::Missing(3))?;
    let is_subject = name.eq_ignore_ascii_case("subject");
    Ok(Question::yes_no(move |scene| {
        let text = query.values(scene).concat();
        let illegal = illegal(&text, is_subject) as f64;
        text.iter().any(|byte| !super::super::super::text::is_blank(*byte))
            && illegal / text.len() as f64 >= ratio
            && illegal >= count
    }))
}

/// How many bytes of a value are illegal.
fn illegal(text: &[u8], is_subject: bool) -> usize {
    let is_control = |byte: u8| matches!(byte, 0..=8 | 0xb | 0xc | 0xe..=0x1f);
    let controls = count_bytes(text, is_control);
    if !text.is_ascii() && controls == 0 && std::str::from_utf8(text).is_ok() {
        return 0;
    }
    let illegal = controls + count_bytes(text, |byte| byte >= 0x7f);
    // One sign for cent, pound or "registered" is forgiven.
    let is_forgiven = |signs| is_subject && illegal > 0 && signs == 1;
    illegal - usize::from(is_forgiven(count_bytes(text, |byte| matches!(byte, 0xa2 | 0xa3 | 0xae))))
}

/// Whether From or Subject is encoded in a charset that the recipients cannot read.
pub(super) fn has_faraway_charset(scene: &Scene<'_>) -> bool {
    let locales = &scene.conf.locales;
    !locales.are_all()
        && ["from", "subject"].iter().flat_map(|name| scene.headers.named(name)).any(|field| {
            charsets(&String::from_utf8_lossy(&field.raw)).iter().any(|name| !locales.expect(name))
        })
}

/// The charsets of encoded words.
fn charsets(value: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for line in value.split('\n') {
        let mut rest = line;
        while let Some((_, word)) = rest.split_once("=?") {
            let Some((name, behind)) = word.split_once('?') else { break };
            let content = behind.get(1..).and_then(|behind| behind.strip_prefix('?'));
            match content.and_then(|content| content.split_once("?=")) {
                Some((_, behind)) if !name.is_empty() => {
                    names.push(name);
                    rest = behind;
                }
                _ => rest = word,
            }
        }
    }
    names
}
