//! Web mailers.

use std::sync::LazyLock;

use super::super::{
    address,
    received::{Draft, Line, behind, word},
    template::{Slot, Template},
};

/// Web mailers that name their user's address.
pub(super) fn mail(draft: &mut Draft<'_>) -> Option<Line> {
    let line = draft.rest;
    let is_squirrel = [" (SquirrelMail", " (NaSMail"]
        .iter()
        .any(|name| behind(line, name).any(|rest| rest.starts_with(" authenticated user ")));
    if is_squirrel && let Some((ip, by)) = squirrel(line) {
        (draft.ip, draft.by) = (ip, by);
        return Some(draft.relay());
    }
    if line.contains("aol.com") && line.contains("with HTTP (WebMailUI)") {
        let mut at = 0;
        while let Some((start, end)) = address::find_ip(line.as_bytes(), at) {
            at = end;
            let rest = line.get(end..).unwrap_or_default();
            if let Some(kept) = AOL.read(rest) {
                draft.ip = line.get(start..end).unwrap_or_default();
                draft.by = kept.get(Slot::By, rest).unwrap_or_default();
                return Some(draft.relay());
            }
        }
    }
    None
}

static AOL: LazyLock<Template> =
    LazyLock::new(|| Template::new(" by {by} ({~ip}) with HTTP (WebMailUI)"));

/// An address, and within 10 to 80 bytes `by x with HTTP`.
fn squirrel(line: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    while let Some((start, end)) = address::find_ip(line.as_bytes(), at) {
        at = end;
        let rest = line.get(end..).unwrap_or_default();
        if rest.starts_with(['.', '-']) {
            continue;
        }
        let mut by = rest.rmatch_indices("by ").filter(|(at, _)| (10..=80).contains(at));
        let by = by.find_map(|(at, by)| {
            let rest = rest.get(at + by.len()..)?;
            let by = word(rest);
            let is_http = rest.get(by.len()..)?.starts_with(" with HTTP");
            (!by.is_empty() && is_http).then_some(by)
        });
        if let Some(by) = by {
            return Some((line.get(start..end)?, by));
        }
    }
    None
}
