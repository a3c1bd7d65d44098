//! MIMEEval: questions about the parts of a message and the characters in it.

mod charset;
mod facts;
mod flags;
mod named;
mod uppercase;

#[cfg(test)]
mod tests;

pub(in super::super) use facts::MimeFacts;
use named::NamedFact;

use super::{Arguments, CallError, Entity, Function, Question, Standing};
use crate::checks::rules::{conf::Conf, scene::Scene};

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[
    same("check_for_mime", |arguments, _| {
        let fact = NamedFact::parse(arguments.text(1)?).ok_or(CallError::Value {
            number: 1,
            what: "not the name of a fact about the parts of a message".to_owned(),
        })?;
        Ok(Question::yes_no(move |scene| fact.holds(scene)))
    }),
    same("check_msg_parse_flags", |arguments, _| {
        let flag = flags::parse(arguments.text(1)?).ok_or(CallError::Value {
            number: 1,
            what: "not the name of a flag of the parser".to_owned(),
        })?;
        Ok(Question::yes_no(move |scene| flag(&scene.case.message.entities().flags)))
    }),
    same("check_for_mime_html", |_, _| {
        Ok(Question::yes_no(|scene| charset::begins_as_html(scene) || scene.mime().html_parts > 0))
    }),
    same("check_for_mime_html_only", |_, _| {
        let is_only = |facts: &MimeFacts| facts.html_parts > 0 && facts.text_parts == 0;
        Ok(Question::yes_no(move |scene| charset::begins_as_html(scene) || is_only(scene.mime())))
    }),
    same("check_mime_multipart_ratio", |arguments, _| {
        let (least, below): (f64, f64) = (arguments.needed_number(1)?, arguments.needed_number(2)?);
        Ok(Question::yes_no(move |scene| (least..below).contains(&scene.mime().alternative_ratio)))
    }),
    same("check_for_ascii_text_illegal", |_, _| {
        Ok(Question::yes_no(|scene| scene.mime().has_illegal_ascii))
    }),
    same("check_abundant_unicode_ratio", |arguments, _| {
        let least: f64 = arguments.needed_number(1)?;
        Ok(Question::yes_no(move |scene| scene.mime().unicode_ratio >= least))
    }),
    same("check_qp_ratio", |arguments, _| {
        let least: f64 = arguments.needed_number(1)?;
        Ok(Question::yes_no(move |scene| scene.mime().qp_ratio() >= least))
    }),
    Function {
        name: "check_for_faraway_charset",
        standing: Standing::Differs(charset::ENVIRONMENT),
        make: |_, _| Ok(Question::yes_no(charset::is_faraway)),
    },
    same("check_for_uppercase", |arguments, _| {
        let (above, most): (f64, f64) = (arguments.needed_number(1)?, arguments.needed_number(2)?);
        Ok(Question::yes_no(move |scene| {
            let percent = scene.uppercase();
            percent > above && percent <= most
        }))
    }),
    same("check_ma_non_text", |_, _| {
        Ok(Question::yes_no(|scene| has_odd_alternative(scene.entities())))
    }),
    same("check_base64_length", |arguments, _| {
        let (least, most): (usize, Option<usize>) =
            (arguments.needed_number(1)?, arguments.number(2)?);
        Ok(Question::yes_no(move |scene| {
            let longest = scene.mime().longest_base64_line;
            longest >= least && most.is_none_or(|most| longest <= most)
        }))
    }),
];

const fn same(
    name: &'static str,
    make: fn(&Arguments, &Conf) -> Result<Question, CallError>,
) -> Function {
    Function { name, standing: Standing::Same, make }
}

/// Whether a multipart/alternative has something right inside that is neither text nor holds
/// others.
fn has_odd_alternative(entities: &[Entity<'_>]) -> bool {
    let is_odd = |entity: &Entity<'_>| {
        let content_type = entity.content_type;
        let is_usual = content_type.starts_with("text/")
            || matches!(content_type, "multipart/related" | "application/rtf");
        entity.is_leaf() && !is_usual
    };
    entities.iter().enumerate().any(|(at, entity)| {
        let behind = entities.get(at + 1..).unwrap_or_default();
        entity.content_type == "multipart/alternative"
            && behind
                .iter()
                .take_while(|inner| inner.depth > entity.depth)
                .any(|inner| inner.depth == entity.depth + 1 && is_odd(inner))
    })
}

/// The share of capital letters among letters and digits of a message's text, in percent; see
/// [`Scene::uppercase`].
pub(in super::super) fn uppercase(scene: &Scene<'_>) -> f64 {
    if charset::reads_as_capitals(scene) { 0.0 } else { uppercase::percent(scene.paragraphs()) }
}
