//! Rules in the language of SpamAssassin (`.cf`), run natively.
//!
//! ```text
//! Settings ──source──▶ bytes ──language──▶ directives ──draft──▶ Draft ──compile──▶ RuleSet
//! RuleSet.examine(case)            → Hits       patterns; computing, no waiting
//! RuleSet.conclude(hits, findings) → findings   metas and scores; needs the other checks' findings
//! ```
//! A set is compiled once, never changes and is shared by all sessions; a reload makes another.
//! Per message nothing is compiled, but for parts of a pattern that backtracks, once, when it first
//! runs, and for patterns with what others have caught, where it stands in the text; and no text is
//! scanned twice for the same purpose: rules that read the same text form a `group`, one pass over
//! it (`prefilter`) tells which of their patterns can match, and only those run. Sub-rules among them
//! wait until a meta could change by them (`deferral`); [`RuleSet::examine_all`] runs all. A
//! pattern's time is linear in the text, or bounded in steps and CPU time: one that takes more has
//! not hit, and is reported ([`RuleSet::given_up`]).
//!
//! Where this differs from SpamAssassin on purpose: `full` and `:raw` texts have bare line feeds
//! however they came; `full` reads the first MiB; `multiple` counts to 256 at most; a division
//! by 0 in a meta is 0; all rules run side by side, so that `priority` matters only to what
//! `shortcircuit` ends; metas in circles are left out; while a message comes in, its client is the
//! first relay, since the MTA writes that Received field only later. As there, a rule whose score is
//! 0 is not run, not even for a meta, and a meta that rests on a meta which is not run never hits;
//! fields named `X-Spam-…` are no part of a message, except to `full` and `ALL:raw`.
//!
//! What cannot be read or run is left out with a [`Complaint`] that names file, line and cause;
//! the rest of the set works. The language is that of Mail::SpamAssassin::Conf 4.0, with the plugins
//! that Debian's package loads; the table in `eval` says of each function whether it is the same,
//! differs (how) or is not there yet. Network rules are plain data ([`network`]), answered by the
//! findings of other checks, as are those on signatures, Bayes and reputation: where no check
//! answers, they do not hit. What patterns catch for others is in `captures`. Not yet: `%{NAME}` for
//! tags that no pattern catches, and `uri_block_*` rules; such rules are not run or left out, and
//! count 0 in metas.

mod addresses;
mod builtin;
mod captures;
pub mod cases;
mod compile;
mod complaint;
mod conclude;
mod conf;
mod cost;
mod deferral;
mod domains;
mod draft;
mod eval;
mod examination;
mod expression;
mod facts;
mod glob;
mod group;
mod hits;
mod language;
mod metas;
mod mime_header;
pub mod network;
mod pattern;
mod place;
mod prefilter;
mod relays;
mod replace_tags;
mod scene;
mod score_set;
mod set;
mod shortcircuit;
mod sieve;
mod sites;
mod source;
mod text;
pub mod tune;
mod uri_detail;

#[cfg(test)]
mod tests;

pub use complaint::{Complaint, Severity};
pub use cost::Costs;
pub use eval::{FunctionInfo, functions};
pub use hits::Hits;
pub use language::Scope;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub use pattern::disagreement;
pub use score_set::ScoreSet;
pub use set::{Counts, Kind, Memory, RuleInfo, RuleSet};
pub use source::{RulesError, Settings};
