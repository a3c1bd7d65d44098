//! The forms of Received fields that are known, in the order in which they are tried.
//!
//! A form is believed only if it fits; so the order goes from what an MTA says of itself to what
//! several write, and from the particular to the general. See [`super::template`] for the notation.

mod any;
mod mta;
mod web;

use std::sync::LazyLock;

use super::{
    received::{Draft, Line, word},
    template::Template,
};

/// What a line of a form is.
#[derive(Clone, Copy)]
enum Means {
    /// A handover; the MTA does not look up names, or does not say.
    Relay,
    /// A handover; the MTA looks up names: none in the line means there is none.
    LookedUp,
    /// Nothing about hosts.
    Nothing,
    /// A handover, if this says so; it may also look closer.
    If(fn(&mut Draft<'_>) -> bool),
    /// Read by this instead.
    Read(fn(&mut Draft<'_>) -> Option<Line>),
}

use Means::{If, LookedUp, Nothing, Read};

/// A form, ready for use.
struct Form {
    template: Template,
    means: Means,
}

type Forms = LazyLock<Vec<Form>>;

fn ready(forms: &[(&'static str, Means)]) -> Vec<Form> {
    forms.iter().map(|&(form, means)| Form { template: Template::new(form), means }).collect()
}

/// Reads a line that began with `from `. `None`: no form fits.
pub(super) fn read(draft: &mut Draft<'_>) -> Option<Line> {
    web::mail(draft)
        .or_else(|| mta::of(draft.rest).and_then(|forms| first(forms, draft)))
        .or_else(|| first(&any::ANY, draft))
        .or_else(|| {
            if draft.helo.is_empty() {
                draft.helo = guessed_helo(draft.rest);
            }
            None
        })
}

/// Reads a line that began with `FROM `.
pub(super) fn read_upper_case(draft: &mut Draft<'_>) -> Option<Line> {
    first(&UPPER_CASE, draft)
}

/// Reads a line that began with `(from `.
pub(super) fn read_parenthesized(draft: &mut Draft<'_>) -> Option<Line> {
    first(&PARENTHESIZED, draft)
}

/// What the first form that fits says.
fn first(forms: &[Form], draft: &mut Draft<'_>) -> Option<Line> {
    forms.iter().find_map(|form| {
        let kept = form.template.read(draft.rest)?;
        match form.means {
            Nothing => return Some(Line::Ignored),
            Read(read) => return read(draft),
            Means::Relay => draft.take(&kept),
            LookedUp => {
                draft.take(&kept);
                draft.looks_up = true;
            }
            If(is) => {
                let before = draft.clone();
                draft.take(&kept);
                if !is(draft) {
                    *draft = before;
                    return None;
                }
            }
        }
        Some(draft.relay())
    })
}

/// The first word, for lines of no known form.
fn guessed_helo(line: &str) -> &str {
    let first = word(line);
    if first.len() < line.len() {
        return first;
    }
    // A single word: up to the last character that a name cannot have.
    let may_be = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    let end = first.bytes().rposition(|b| !may_be(b)).unwrap_or_default();
    first.get(..end).unwrap_or_default()
}

static UPPER_CASE: Forms = LazyLock::new(|| {
    fn verified(draft: &mut Draft<'_>) -> bool {
        if draft.rdns == "unverified" {
            draft.rdns = "";
        }
        let id = draft.id.strip_prefix('<').unwrap_or(draft.id);
        draft.id = id.strip_suffix('>').unwrap_or(id);
        draft.looks_up = true;
        true
    }
    ready(&[
        ("{helo} ({rdns} [{ip}]) BY {by} ({^)}) WITH SMTP ID {id} FOR <{^>}>{$}", If(verified)),
        ("{helo} ({rdns} [{ip}]) BY {by} ({^)}) WITH SMTP ID {id}{$}", If(verified)),
        ("{helo} ({rdns} [{ip}]) BY {by} ID {id} FOR <{^>}>{$}", If(verified)),
        ("{helo} ({rdns} [{ip}]) BY {by} ID {id}{$}", If(verified)),
    ])
});

static PARENTHESIZED: Forms = LazyLock::new(|| {
    ready(&[
        ("{helo?} [{ip}]) by {by} (NAVGW {...}) with ", Means::Relay),
        ("{}@localhost) by {} ", Nothing),
        ("{^ @}@{^)}) by {}(jqueuemail) id {^ ;}", Nothing),
    ])
});
