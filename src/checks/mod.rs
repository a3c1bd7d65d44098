//! Checks: one question each, asked about a client, an envelope or a message.
//!
//! A check is one file (or one folder with a `mod.rs`). It implements [`Check`] for the stage at
//! which all facts of its question are known; the filter starts it there and joins the answer as
//! late as it can. A check never decides: it *finds*; the profile and the judge decide. It has no
//! state of its own per message, never sees another check, and may panic or be late: both are
//! outcomes that the profile turns into an action.

pub mod access;
pub mod antivirus;
pub mod attachments;
pub mod auth;
pub mod bayes;
mod facts;
pub mod links;
pub mod lists;
pub mod rules;
pub mod sender;
pub mod test_strings;

use std::{error::Error, sync::Arc};

use futures_util::future::{BoxFuture, Shared};

pub use facts::{Facts, LastExternal, Link, Reader, Relay, Wanted, Way};

use crate::{
    mail::{Client, Envelope, Message},
    verdict::{Answer, Outcome, Witness},
};

/// Why a check could not answer. The text becomes the outcome `broken`; the chain is logged.
pub type Failure = Box<dyn Error + Send + Sync>;

/// How a check's question ends.
pub type Answered = Result<Answer, Failure>;

/// A question on its way: I/O that is awaited later.
pub type Asked = BoxFuture<'static, Answered>;

/// Computing that takes a while, and ends in an answer.
pub type Computation = Box<dyn FnOnce() -> Answered + Send>;

/// Work about a message: waiting for others, or computing here.
pub enum Work {
    /// Runs on the asynchronous threads: must never block or compute for long.
    Io(Asked),
    /// Runs on the threads for computing.
    Cpu(Computation),
    /// First the one, then the other with what came of it.
    IoThenCpu(BoxFuture<'static, Result<Computation, Failure>>),
}

/// What came, or will come, of the question that the same check asked about the envelope.
pub type Earlier = Shared<BoxFuture<'static, Outcome>>;

/// A message with its envelope, complete: what checks of the last stage see.
#[derive(Clone, Debug)]
pub struct Case {
    /// What SMTP said.
    pub envelope: Arc<Envelope>,
    /// What was sent.
    pub message: Arc<Message>,
}

/// One question. Default methods: nothing to ask at that stage.
///
/// Whatever comes from outside goes by the witness: it takes down what is heard, so that the message
/// can be judged again without asking anybody; and when that is done, it says what was heard then.
pub trait Check: Send + Sync {
    /// The name in configuration (`checks = [...]`), logs and metrics.
    fn name(&self) -> &'static str;

    /// Whether it is asked for mail of this profile, if the profile names it. Several checks of one
    /// name may share the profiles among them.
    fn serves(&self, _profile: &str) -> bool {
        true
    }

    /// Asked when a client connects, or for relayed mail when the headers have named it.
    fn of_client(&self, _client: &Arc<Client>, _witness: &Witness) -> Option<Asked> {
        None
    }

    /// Asked when the sender is known (MAIL), or for relayed mail when the headers have named its client.
    fn of_envelope(&self, _envelope: &Arc<Envelope>, _witness: &Witness) -> Option<Asked> {
        None
    }

    /// Asked when the message is complete.
    fn of_message(&self, _case: &Case, _witness: &Witness) -> Option<Work> {
        None
    }

    /// As [`Check::of_message`], for a check that needs its own answer about the envelope; `None` if it
    /// was not asked.
    fn of_message_after(
        &self,
        case: &Case,
        _earlier: Option<Earlier>,
        witness: &Witness,
    ) -> Option<Work> {
        self.of_message(case, witness)
    }
}
