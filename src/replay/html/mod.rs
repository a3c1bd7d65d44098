//! A report as one HTML file: it asks for nothing outside itself, works from a disk, and shows its
//! pictures without its script, which only sorts tables and says what is under the pointer.
//!
//! File names come from strangers. Markup is escaped by `maud`; characters that cannot be seen are
//! spelled out; the Content Security Policy (W3C, CSP level 3) allows this style and this script by
//! their digests, and nothing else. The same report and run give the same bytes.

mod figures;
mod flips;
mod head;
mod messages;
mod number;
mod picture;
mod policy;
mod rules;
mod table;
mod timing;
mod verdicts;

#[cfg(test)]
mod tests;

use std::{fmt::Write, time::SystemTime};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Report;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// What a report does not say of its replay.
#[derive(Clone, Debug)]
pub struct Run {
    /// When it began.
    pub at: SystemTime,
    /// Where the mail came from.
    pub mail: Vec<String>,
    /// How it was judged, as on the command line.
    pub options: Vec<String>,
    /// The configuration.
    pub config: String,
    /// The configuration it is compared with.
    pub other: Option<String>,
}

/// A heading and what stands below it.
struct Section {
    /// Where the table of contents leads.
    id: &'static str,
    title: &'static str,
    content: Markup,
}

impl Section {
    fn new(id: &'static str, title: &'static str, content: Markup) -> Self {
        Self { id, title, content }
    }
}

/// The whole file.
pub fn page(report: &Report, run: &Run) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy::policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content="gatepost";
                title { "gatepost replay " (head::date(run)) }
                // Else a browser would ask the server that the file may lie on for an icon.
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                (visible(&body(report, run)))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

fn body(report: &Report, run: &Run) -> Markup {
    let sections = sections(report, run);
    html! {
        (head::head(report, run))
        nav aria-label="Contents" {
            ul {
                @for Section { id, title, .. } in &sections {
                    li { a href={ "#" (id) } { (title) } }
                }
            }
        }
        main {
            @for Section { id, title, content } in &sections {
                section id=(id) {
                    h2 { (title) }
                    (content)
                }
            }
        }
    }
}

/// Those that have something to say.
fn sections(report: &Report, run: &Run) -> Vec<Section> {
    let known = table::Descriptions::new(report);
    let sections = [
        figures::gates(report),
        figures::figures(report, run),
        flips::flips(report, run, &known),
        verdicts::verdicts(report),
        picture::scores(report),
        picture::curve(report),
        messages::false_positives(report, &known),
        messages::misses(report, &known),
        rules::rules(report),
        rules::overlaps(report),
        timing::latency(report),
        timing::learning(report),
    ];
    sections.into_iter().flatten().collect()
}

/// Spells out control characters and those that turn the direction of text: `\u{202e}`. The markup
/// itself has none.
fn visible(markup: &Markup) -> Markup {
    let mut text = String::with_capacity(markup.0.len());
    for character in markup.0.chars() {
        if character.is_control() || turns(character) {
            // Nothing fails to be written to a string.
            let _ = write!(text, "{}", character.escape_default());
        } else {
            text.push(character);
        }
    }
    PreEscaped(text)
}

/// Bidirectional formatting characters (Unicode Standard Annex 9, 2), and the byte order mark.
fn turns(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}
