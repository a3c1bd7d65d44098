//! Pieces that tables share.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::{
    replay::{Report, Weighed},
    verdict::Label,
};

/// What findings mean, by name.
pub(super) struct Descriptions<'r>(BTreeMap<&'r str, &'r str>);

impl<'r> Descriptions<'r> {
    /// Of all rules that hit; where both configurations describe one, as the first does.
    pub(super) fn new(report: &'r Report) -> Self {
        let other = report.against.iter().flat_map(|against| &against.other.rules);
        let all = other.chain(&report.rules);
        Self(
            all.filter_map(|rule| Some((rule.name.as_str(), rule.description.as_deref()?)))
                .collect(),
        )
    }

    /// What a finding means, if anybody said so.
    pub(super) fn of(&self, name: &str) -> Option<&'r str> {
        self.0.get(name).copied()
    }
}

/// The head of a column.
pub(super) enum Column {
    /// Words, set to the left.
    Text(&'static str),
    /// Numbers, set to the right.
    Number(&'static str),
}

/// A table's head.
pub(super) fn columns(columns: &[Column]) -> Markup {
    html! {
        thead {
            tr {
                @for column in columns {
                    @match column {
                        Column::Text(text) => { th scope="col" { (text) } },
                        Column::Number(text) => { th.number scope="col" { (text) } },
                    }
                }
            }
        }
    }
}

/// A cell with a number.
pub(super) fn number(text: &str) -> Markup {
    html! { td.number { (text) } }
}

/// A cell with a number, and a bar for it; `part` is 0 to 1.
pub(super) fn bar(text: &str, part: f64, label: Label) -> Markup {
    let width = format!("{:.1}", 100.0 * part.clamp(0.0, 1.0));
    html! {
        td.number.barred {
            (text)
            svg.bar viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" {
                rect class=(label) width=(width) height="4" {}
            }
        }
    }
}

/// Spam or ham, with its mark.
pub(super) fn label(label: Label) -> Markup {
    html! { span.label.(label) { (label) } }
}

/// Findings and what each adds.
pub(super) fn findings(findings: &[Weighed], known: &Descriptions<'_>) -> Markup {
    html! {
        table.findings {
            caption { "Findings, the heaviest first" }
            (columns(&[Column::Text("finding"), Column::Number("points"), Column::Text("what it means")]))
            tbody {
                @for Weighed { name, weight } in findings {
                    tr {
                        th scope="row" { code { (name) } }
                        (number(&weight.to_string()))
                        td.about { (known.of(name.as_str()).unwrap_or_default()) }
                    }
                }
            }
        }
    }
}
