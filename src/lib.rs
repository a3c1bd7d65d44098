//! gatepost: a spam and virus filter that answers inside the SMTP session, as a milter beside
//! Postfix or sendmail.
//!
//! # The map
//! Floors, from the top. A module uses only lower floors or its own children; siblings on one
//! floor do not know each other. `tests/it/floors.rs` holds them to it, and each outside crate to
//! its one home.
//!
//! | floor | modules | what |
//! |---|---|---|
//! | 8 | [`cli`] | serve, check, explain, train, access, store, cluster, replay, rules, config: a file or folder each |
//! | 7 | [`service`] | builds everything from the configuration, opens the doors, reloads, drains |
//! | 6 | [`config`] | nests every component's settings; reads and checks the file |
//! | 5 | [`milter`] [`control`] [`replay`] [`cluster`] | doors: one protocol each; kept mail instead of live mail; other nodes |
//! | 4 | [`filter`] | the one path from envelope and message to judgement; learning |
//! | 3 | [`checks`] | one question a file: access, lists, auth, sender, links, antivirus, attachments, rules, bayes, test strings |
//! | 2 | [`dns`] [`clamd`] [`contents`] [`listen`] [`store`] [`history`] [`corpus`] | ports to the outside world; they know nothing of spam |
//! | 1 | [`mail`] [`verdict`] [`metrics`] [`endpoint`] | words: pure data and parsing |
//!
//! # The path of a message
//! 1. [`milter`] turns the MTA's events into calls on a session.
//! 2. [`filter::Filter::visit`] at CONNECT: questions about the client start, and those that the message
//!    will most likely raise ([`checks::lists`]).
//!    [`filter::Visit::inquire`] at MAIL: the origin gives the profile.
//!    [`filter::Inquiry::recipient`] at RCPT: a listed client is refused before it sends anything.
//!    SPF is on its way meanwhile; DKIM and DMARC need the message and its answer.
//! 3. [`filter::Inquiry::conclude`] at the end: [`mail::Message::parse`]; archives and documents are opened
//!    ([`contents`]), and what is in them joins the message; the checks side by side, metas, the exact sum, the
//!    verdict, by the profile's deadline. Where pictures can still change that, they are read, and what reads texts is asked
//!    once more.
//! 4. [`milter::reply`] words the answer; one log line says everything.
//! 5. What came from outside is taken down on the way ([`verdict::Witness`]) and recorded with the
//!    judgement ([`filter::record`], [`history`]), so that it can be explained, and made again without
//!    asking anybody.
//!
//! `check` and `replay` take the same path ([`replay::judge`]). There is no test mode.
//!
//! # The path of a lesson
//! 1. `train`, by way of [`control`] if a service runs, or the filter itself ([`filter::learn::autolearn`])
//!    brings a message to [`filter::learn::Learner`]; [`checks::bayes`] says which message it is and what
//!    is to be kept of it: hashes, never text.
//! 2. One thread writes lessons to the [`store`] in batches. The store is a set of events, the last word
//!    on each message by its stamp: nodes that hold the same events hold the same state, in whatever
//!    order these came. After the transaction the lesson is learned for good.
//! 3. The model in memory follows, and is made anew in pauses, by that set alone; judging only ever reads it.
//! 4. [`cluster`] tells the farm, if there is one, and brings what other nodes were taught to the same
//!    learner.
//!
//! # The path of an administrator's word
//! `access` lets somebody in or keeps him out ([`checks::access`]). It goes the way of a lesson, as another topic
//! of the same events, and stands in a list in memory that every node's checks read; what the entries come to
//! is decided beside the score, once it is proved who is responsible for the message ([`filter`]).
//!
//! # What never happens
//! - A message is accepted that no scanner has seen, without a header, a log field and a counter
//!   that say so.
//! - A failure inside ends in anything but what the profile names: each check that is late, broken
//!   or panics is an outcome ([`verdict::Outcome`]), counted and logged.
//! - Load changes a verdict in silence: what cannot be judged in time is told 4xx; of pictures that nobody had time to
//!   read, the judgement says so (`HEAVY_SKIPPED`).
//! - A hostile format is opened in the process that holds the sessions.
//! - A verdict is forced by adding points: [`verdict::Forced`] stands beside the score.
//! - Two configurations meet in one connection: a session keeps the one it began with.
//! - A lesson counts twice, or in part; one that was acknowledged is lost.
//! - Judging waits for the disk of the store or of the history, or for another node.

pub mod checks;
pub mod clamd;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod contents;
pub mod control;
pub mod corpus;
pub mod dns;
pub mod endpoint;
pub mod filter;
pub mod history;
pub mod listen;
pub mod mail;
pub mod metrics;
pub mod milter;
pub mod replay;
pub mod service;
pub mod store;
pub mod verdict;

/// An error and its causes in one line: each layer says only its own part.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
