//! Rules in the language of SpamAssassin (`.cf`), run natively.
//!
//! ```text
//! Settings ──source──▶ bytes ──language──▶ directives ──draft──▶ Draft ──compile──▶ RuleSet
//! RuleSet.examine(case)            → Hits       patterns; computing, no waiting
//! RuleSet.conclude(hits, findings) → findings   metas and scores; needs the other checks' findings
//! ```
//! A set is compiled once, never changes and is shared by all sessions; a reload makes another.
//! Per message nothing is compiled and no text is scanned twice for the same purpose: rules that
//! read the same text form a `group`, one pass over it tells which of their patterns can match,
//! and only those run. A pattern's time is linear in the text, or bounded: one that takes more steps
//! than that has not hit, and is reported ([`RuleSet::given_up`]).
//!
//! Where this differs from SpamAssassin on purpose: `full` and `:raw` texts have bare line feeds
//! however they came; `full` reads the first MiB; `multiple` counts to 256 at most; a division
//! by 0 in a meta is 0; `priority` changes nothing. As there, a rule whose score is 0 is not run,
//! not even for a meta, and of four scores the second counts (network tests, no Bayes).
//!
//! What cannot be read or run is left out with a [`Complaint`] that names file, line and cause;
//! the rest of the set works. The language is that of Mail::SpamAssassin::Conf 4.0. Not yet:
//! `eval:` functions, `mimeheader`, `uri_detail`, network rules, relays in pseudo-headers; rules that
//! need them are left out, and count 0 in metas.

mod addresses;
mod builtin;
pub mod cases;
mod compile;
mod complaint;
mod conclude;
mod conf;
mod domains;
mod draft;
mod eval;
mod expression;
mod group;
mod hits;
mod language;
mod metas;
mod pattern;
mod relays;
mod replace_tags;
mod scene;
mod score_set;
mod set;
mod sites;
mod source;
mod text;

#[cfg(test)]
mod tests;

pub use complaint::{Complaint, Severity};
pub use eval::{FunctionInfo, functions};
pub use hits::Hits;
pub use score_set::ScoreSet;
pub use set::{Counts, Kind, RuleInfo, RuleSet};
pub use source::{RulesError, Settings};
