//! VBounce: whether what comes back was sent by us.

use super::{
    super::{addresses::AddressList, scene::Scene},
    Function, Question, Standing,
};

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "have_any_bounce_relays",
        standing: Standing::Same,
        make: |_, _| Ok(Question::yes_no(|scene| relays(scene).is_some())),
    },
    Function {
        name: "check_welcomelist_bounce_relays",
        standing: Standing::Same,
        make: |_, _| Ok(Question::yes_no(came_from_us)),
    },
    Function {
        name: "check_whitelist_bounce_relays",
        standing: Standing::Same,
        make: |_, _| Ok(Question::yes_no(came_from_us)),
    },
];

/// The relays of ours that `welcomelist_bounce_relays` names.
fn relays<'s>(scene: &'s Scene<'_>) -> Option<&'s AddressList> {
    scene.conf.lists.addresses("welcomelist_bounce_relays").filter(|list| !list.is_empty())
}

/// Whether a Received field that is quoted or attached in the body names one of our relays.
fn came_from_us(scene: &Scene<'_>) -> bool {
    let Some(relays) = relays(scene) else { return false };
    let mut quoted = scene.paragraphs().filter(|paragraph| is_received(paragraph));
    let is_space = |byte: u8| byte == b' ';
    if quoted.any(|paragraph| names(paragraph, is_space).any(|name| relays.contains(name))) {
        return true;
    }
    let message = &scene.case.message;
    let body = message.parts().first().and_then(|part| message.raw().get(part.raw_body.clone()));
    let is_blank = |byte: u8| byte.is_ascii_whitespace();
    fields(body.unwrap_or_default())
        .iter()
        .any(|field| names(field, is_blank).any(|name| relays.contains(name)))
}

/// `Received:`, perhaps quoted.
fn is_received(line: &[u8]) -> bool {
    const NAME: &[u8] = b"received:";
    let quote = line.iter().take_while(|byte| matches!(byte, b'>' | b' ')).count();
    let behind = line.get(quote..).unwrap_or_default();
    behind.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME))
}

/// The Received fields in the text of a body, folded lines joined.
fn fields(body: &[u8]) -> Vec<Vec<u8>> {
    let mut fields: Vec<Vec<u8>> = Vec::new();
    let mut is_open = false;
    for line in body.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let is_folded = line.first().is_some_and(u8::is_ascii_whitespace);
        match fields.last_mut().filter(|_| is_open && is_folded) {
            Some(field) => field.extend_from_slice(line),
            None => {
                is_open = is_received(line);
                fields.extend(is_open.then(|| line.to_vec()));
            }
        }
    }
    fields
}

/// Words with a dot inside that stand between two blanks. A blank separates only one such word
/// from what is before it: of two in a row, the second is not seen.
fn names(text: &[u8], is_blank: fn(u8) -> bool) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(at..)?;
            let start = at + rest.iter().position(|&byte| is_blank(byte))? + 1;
            let rest = text.get(start..)?;
            let length = rest.iter().position(|byte| byte.is_ascii_whitespace())?;
            let word = rest.get(..length)?;
            let ends = rest.get(length).copied().is_some_and(is_blank);
            let inner = word.get(1..length.saturating_sub(1)).unwrap_or_default();
            at = start + length;
            if ends && inner.contains(&b'.') {
                at += 1;
                return Some(word);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{super::scenes, *};

    #[test]
    fn words_between_blanks_are_names() {
        for (text, found) in [
            ("by a.example with", &["a.example"][..]),
            ("by a.example", &[]),
            ("a.example b.example c", &["b.example"]),
            (" a.b c.d e.f ", &["a.b", "e.f"]),
            (" .a b. c.d\t", &[]),
            (" a..b ", &["a..b"]),
            ("", &[]),
        ] {
            let words: Vec<_> = names(text.as_bytes(), |byte| byte == b' ').collect();
            let found: Vec<_> = found.iter().map(|word| word.as_bytes()).collect();
            assert_eq!(words, found, "{text:?}");
        }
    }

    #[test]
    fn bounces_of_our_mail_are_known() {
        scenes::check(include_str!("vbounce.scenes"));
    }
}
