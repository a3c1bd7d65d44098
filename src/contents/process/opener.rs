//! Reads the parts of a message.

use super::Pipe;
use crate::{
    contents::{
        self, Found,
        task::{Answer, MOST_TEXT, OpenBounds, PartHead, STRING},
        wire::WireError,
    },
    mail::Limit,
};

/// Reads them, and tells what was found.
///
/// # Errors
/// The pipe broke.
pub(super) fn open(
    parts: &[PartHead],
    strings: Vec<Vec<u8>>,
    passwords: &[String],
    bounds: OpenBounds,
    pipe: &mut Pipe,
) -> Result<(), WireError> {
    let parts = parts.iter().zip(&strings);
    let parts = parts.map(|(part, bytes)| (part.number, part.name.as_str(), bytes.as_slice()));
    let mut found = contents::walk(parts, passwords, bounds.bounds());
    fit(&mut found, MOST_TEXT);
    let kept = found.kept.iter().map(|(place, _)| *place).collect();
    let strings: Vec<&[u8]> = found.kept.iter().map(|(_, bytes)| &bytes[..]).collect();
    pipe.tell(&Answer::Found { inside: found.inside, kept }, &strings)
}

/// Strings beyond this many bytes are left out; then a limit says so.
fn fit(found: &mut Found, most: usize) {
    let mut left = most;
    let mut is_cut = false;
    let mut fits = |text: &String| {
        let size = text.len() + STRING;
        let fits = size <= left;
        left -= if fits { size } else { 0 };
        is_cut |= !fits;
        fits
    };
    for item in &mut found.inside.items {
        item.texts.retain(|text| fits(&text.text));
        item.uris.retain(&mut fits);
        item.traits.retain(|known| fits(&known.detail));
        if !fits(&item.name) {
            item.name.clear();
        }
    }
    if is_cut && !found.inside.limits.contains(&Limit::Bytes) {
        found.inside.limits.push(Limit::Bytes);
        found.inside.limits.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{FoundText, Inside, Item, Origin};

    #[test]
    fn what_is_too_much_to_say_is_left_out() {
        let text = |text: &str| FoundText { origin: Origin::Plain, text: text.to_owned() };
        let item = Item {
            name: "n".into(),
            texts: vec![text("1234"), text("123456789012345"), text("12")],
            uris: vec!["12345678".into(), "1".into()],
            ..Item::default()
        };
        let inside = Inside { items: vec![item], limits: vec![Limit::Time] };
        let mut found = Found { inside, ..Found::default() };
        fit(&mut found, 8 + 4 * STRING);
        let item = &found.inside.items[0];
        assert_eq!(item.texts, [text("1234"), text("12")]);
        assert_eq!(item.uris, ["1"]);
        assert_eq!(item.name, "n");
        assert_eq!(found.inside.limits, [Limit::Bytes, Limit::Time]);
        let before = found.clone();
        fit(&mut found, 8 + 4 * STRING);
        assert_eq!(found, before, "what fits stays");
    }
}
