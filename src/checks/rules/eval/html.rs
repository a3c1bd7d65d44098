//! HTMLEval: what pages look like.

use super::{
    super::scene::Scene, Arguments, CallError, Function, Question, Standing, comparison::Comparison,
};
use crate::mail::{HtmlFacts, LinkType};

/// A function whose question is about each page: one that says yes is enough.
macro_rules! each_page {
    ($name:literal, $read:expr) => {
        Function {
            name: $name,
            standing: Standing::Same,
            make: |arguments, _| {
                let ask = $read(arguments)?;
                Ok(Question::yes_no(move |scene| pages(scene).any(&ask)))
            },
        }
    };
}

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[
    each_page!("html_tag_balance", tag_balance),
    each_page!("html_tag_exists", tag_exists),
    each_page!("html_image_only", image_only),
    each_page!("html_image_ratio", image_ratio),
    each_page!("html_test", test),
    each_page!("html_eval", compare),
    each_page!("html_range", range),
    each_page!("html_text_match", |arguments| text_match(arguments, true)),
    each_page!("html_text_not_match", |arguments| text_match(arguments, false)),
    each_page!("check_iframe_src", |_: &Arguments| Ok::<_, CallError>(has_frame)),
    Function {
        name: "html_title_subject_ratio",
        standing: Standing::Same,
        make: title_subject_ratio,
    },
    Function {
        name: "html_charset_faraway",
        standing: Standing::Differs("never hits; SpamAssassin 4.0.1 does not fill what it asks"),
        make: |_, _| Ok(Question::yes_no(|_| false)),
    },
];

fn pages<'s>(scene: &'s Scene<'_>) -> impl Iterator<Item = &'s HtmlFacts> {
    scene.case.message.html().iter()
}

/// A question about a page.
type Ask = Box<dyn Fn(&HtmlFacts) -> bool + Send + Sync>;

/// A number that a page may have.
type Fact = fn(&HtmlFacts) -> Option<f64>;

/// The number of this name; 1 for what is the case.
fn fact(arguments: &Arguments) -> Result<Fact, CallError> {
    let name = arguments.text(1)?;
    Ok(match name {
        "html" => |_| Some(1.0),
        "length" => |page| Some(count(page.length)),
        "non_space_len" => |page| Some(count(page.non_space_len)),
        "image_area" => |page| Some(page.image_area),
        "min_size" => |page| Some(page.min_size as f64),
        "max_size" => |page| Some(page.max_size as f64),
        "ratio" => |page| page.ratio,
        "bad_tag_ratio" => HtmlFacts::bad_tag_ratio,
        "non_element_ratio" => HtmlFacts::non_element_ratio,
        "closed_extra_ratio" => HtmlFacts::closed_extra_ratio,
        "obfuscation_ratio" => HtmlFacts::obfuscation_ratio,
        "embeds" => |page| flag(page.embeds),
        "font_face_bad" => |page| flag(page.font_face_bad),
        "font_invalid_color" => |page| flag(page.font_invalid_color),
        "font_low_contrast" => |page| flag(page.font_low_contrast),
        "form_action_mailto" => |page| flag(page.form_action_mailto),
        _ => {
            let what = format!("no fact of a page is called `{name}`");
            return Err(CallError::Value { number: 1, what });
        }
    })
}

fn count(count: usize) -> f64 {
    count as f64
}

fn flag(is: bool) -> Option<f64> {
    is.then_some(1.0)
}

/// `html_tag_balance('body', '!= 0')`: how many of an element are still open at the end.
fn tag_balance(arguments: &Arguments) -> Result<Ask, CallError> {
    let tag = arguments.text(1)?.to_owned();
    let comparison = Comparison::argument(arguments, 2)?;
    Ok(Box::new(move |page| {
        page.inside(&tag).is_some_and(|open| comparison.holds(f64::from(open)))
    }))
}

fn tag_exists(arguments: &Arguments) -> Result<Ask, CallError> {
    let tag = arguments.text(1)?.to_owned();
    Ok(Box::new(move |page| page.inside(&tag).is_some()))
}

/// `html_image_only('400', '800')`: a picture, and a page of so many characters.
fn image_only(arguments: &Arguments) -> Result<Ask, CallError> {
    let within = within(arguments, 1)?;
    Ok(Box::new(move |page| page.inside("img").is_some() && within(count(page.length))))
}

/// `html_image_ratio('0.002', '0.004')`: characters of text for a square pixel of pictures.
fn image_ratio(arguments: &Arguments) -> Result<Ask, CallError> {
    let within = within(arguments, 1)?;
    Ok(Box::new(move |page| {
        page.image_area > 0.0 && within(count(page.non_space_len) / page.image_area)
    }))
}

fn test(arguments: &Arguments) -> Result<Ask, CallError> {
    let fact = fact(arguments)?;
    Ok(Box::new(move |page| fact(page).is_some_and(|value| value != 0.0)))
}

/// `html_eval('length', '< 512')`
fn compare(arguments: &Arguments) -> Result<Ask, CallError> {
    let fact = fact(arguments)?;
    let comparison = Comparison::argument(arguments, 2)?;
    Ok(Box::new(move |page| fact(page).is_some_and(|value| comparison.holds(value))))
}

/// `html_range('max_size', '5', 'inf')`
fn range(arguments: &Arguments) -> Result<Ask, CallError> {
    let fact = fact(arguments)?;
    let within = within(arguments, 2)?;
    Ok(Box::new(move |page| fact(page).is_some_and(&within)))
}

/// Above the first argument, and not above the second, if there is one; `inf` has no end.
fn within(
    arguments: &Arguments,
    first: usize,
) -> Result<impl Fn(f64) -> bool + Send + Sync + 'static, CallError> {
    let min: f64 = arguments.number(first)?.unwrap_or(0.0);
    let max: f64 = arguments.number(first + 1)?.unwrap_or(f64::INFINITY);
    Ok(move |value| value > min && value <= max)
}

/// `html_text_match('title', 'pattern')`: whether one of the texts matches, or does not.
fn text_match(arguments: &Arguments, wanted: bool) -> Result<Ask, CallError> {
    let pattern = arguments.pattern(2)?;
    let is_it = move |text: &str| pattern.is_match(text.as_bytes()) == wanted;
    Ok(match arguments.text(1)? {
        "title" => Box::new(move |page| page.titles.iter().any(|text| is_it(text))),
        "comment" => Box::new(move |page| page.comments.iter().any(|text| is_it(text))),
        "anchor" => Box::new(move |page| page.links.anchors().any(&is_it)),
        kind => {
            let what = format!("no texts of a page are called `{kind}`");
            return Err(CallError::Value { number: 1, what });
        }
    })
}

fn has_frame(page: &HtmlFacts) -> bool {
    page.links.iter().any(|link| link.types.contains(&LinkType::Element("iframe")))
}

/// `html_title_subject_ratio('3.5')`: a title so many times as long as the Subject.
fn title_subject_ratio(
    arguments: &Arguments,
    _: &super::super::conf::Conf,
) -> Result<Question, CallError> {
    let least: f64 = arguments.number(1)?.unwrap_or(0.0);
    Ok(Question::yes_no(move |scene| {
        let message = scene.case.message.entities().iter().next();
        let subjects = message.into_iter().flat_map(|message| message.fields.named("subject"));
        // Each with its line end.
        let length: usize = subjects.map(|subject| subject.decoded().len() + 1).sum();
        let is_long = |title: &String| count(title.chars().count()) / count(length) > least;
        length > 0 && pages(scene).any(|page| page.titles.iter().any(is_long))
    }))
}

#[cfg(test)]
mod tests {
    use super::super::examples;

    #[test]
    fn pages_are_asked() {
        examples::check(include_str!("html.examples"));
    }
}
