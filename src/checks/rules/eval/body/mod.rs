//! BodyEval: questions about the text of a message as a whole.

mod alternatives;
mod layout;
mod signature;
mod stock;

#[cfg(test)]
mod tests;

pub(in super::super) use alternatives::Alternatives;
pub(in super::super) use signature::Signature;

use super::{Arguments, CallError, Function, Question, Standing};
use crate::checks::rules::{conf::Conf, scene::Scene};

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[
    same("multipart_alternative_difference", |arguments, _| {
        let (above, most): (f64, Option<f64>) = arguments.range(1)?;
        Ok(Question::yes_no(move |scene| {
            let percent = scene.alternatives().percent;
            (above == 0.0 || percent > above) && most.is_none_or(|most| percent <= most)
        }))
    }),
    same("multipart_alternative_difference_count", |arguments, _| {
        let (above, html): (f64, f64) = (arguments.needed_number(1)?, arguments.needed_number(2)?);
        Ok(Question::yes_no(move |scene| {
            let Alternatives { html_words, text_words, .. } = *scene.alternatives();
            let (html_words, text_words) = (html_words as f64, text_words as f64);
            html_words > html && text_words / html_words > above
        }))
    }),
    same("check_blank_line_ratio", |arguments, _| {
        let (above, most): (f64, f64) = (arguments.needed_number(1)?, arguments.needed_number(2)?);
        let least: usize = arguments.number(3)?.unwrap_or_default();
        Ok(Question::yes_no(move |scene| {
            let percent = layout::blank_lines(scene.chunks(), least);
            percent <= most && (above == 0.0 || percent > above)
        }))
    }),
    same("tvd_vertical_words", |arguments, _| {
        let (least, below): (i32, i32) = (arguments.needed_number(1)?, arguments.needed_number(2)?);
        // 100 percent is the most there is.
        let below = if below >= 100 { 101 } else { below };
        Ok(Question::yes_no(move |scene| {
            (least..below).contains(&layout::spaced_letters(scene.paragraphs()))
        }))
    }),
    same("check_stock_info", |arguments, _| {
        let least: usize = arguments.needed_number(1)?;
        Ok(Question::yes_no(move |scene| least == 0 || stock_words(scene) >= least))
    }),
    same("check_body_length", |arguments, _| {
        let most: usize = arguments.needed_number(1)?;
        Ok(Question::yes_no(move |scene| scene.case.message.entities().body_bytes <= most))
    }),
    same("plaintext_body_length", |arguments, _| {
        within(arguments, f64::INFINITY, |signature| signature.body_bytes as f64)
    }),
    same("plaintext_sig_length", |arguments, _| {
        within(arguments, f64::INFINITY, |signature| signature.bytes as f64)
    }),
    same("plaintext_body_sig_ratio", |arguments, _| {
        within(arguments, signature::NO_SIGNATURE, Signature::ratio)
    }),
];

const fn same(
    name: &'static str,
    make: fn(&Arguments, &Conf) -> Result<Question, CallError>,
) -> Function {
    Function { name, standing: Standing::Same, make }
}

/// Whether a number is in the range that the arguments give; `most` where they give no end.
fn within(
    arguments: &Arguments,
    most: f64,
    number: fn(&Signature) -> f64,
) -> Result<Question, CallError> {
    let (least, end) = arguments.range(1)?;
    let most = end.unwrap_or(most);
    Ok(Question::yes_no(move |scene| {
        scene.signature().is_some_and(|signature| (least..=most).contains(&number(signature)))
    }))
}

/// How many words of offers of shares the first plain text has.
fn stock_words(scene: &Scene<'_>) -> usize {
    let plain = scene.entities().iter().find(|entity| entity.content_type == "text/plain");
    let text = plain.and_then(|entity| scene.leaf_texts().get(entity.leaf?)?.as_ref());
    text.map_or(0, |text| stock::words(&text.text))
}
