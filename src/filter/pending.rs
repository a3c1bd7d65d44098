//! A question on its way, whose answer several messages of a connection may share.

use std::any::Any;

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::time::{Instant, timeout_at};

use crate::{
    checks::Asked,
    verdict::{Outcome, Testimony, Witness},
};

/// A check's question, asked already. Cloning shares it.
#[derive(Clone)]
pub(super) struct Pending {
    /// The check's name.
    pub check: &'static str,
    /// Its answer may refuse the client.
    pub may_refuse: bool,
    outcome: Shared<BoxFuture<'static, Outcome>>,
    witness: Witness,
}

impl Pending {
    /// Sets the question going, whether or not anybody waits for the answer yet.
    pub(super) fn start(check: &'static str, asked: Asked, witness: Witness) -> Self {
        let task = tokio::spawn(asked);
        let outcome = async move {
            match task.await {
                Ok(answered) => outcome_of(answered),
                Err(error) => Outcome::Broken(match error.try_into_panic() {
                    Ok(panic) => panic_text(&*panic),
                    Err(_) => "cancelled".to_owned(),
                }),
            }
        };
        Self { check, may_refuse: true, outcome: outcome.boxed().shared(), witness }
    }

    /// A question that was answered too late when the message was judged first: nobody waits again.
    pub(super) fn late(check: &'static str) -> Self {
        let outcome = std::future::ready(Outcome::Late).boxed().shared();
        Self { check, may_refuse: true, outcome, witness: Witness::live() }
    }

    /// What it has heard so far.
    pub(super) fn testimony(&self) -> Testimony {
        self.witness.testimony()
    }

    /// The outcome, or [`Outcome::Late`] if it is not there by the deadline.
    pub(super) async fn by(&self, deadline: Instant) -> Outcome {
        timeout_at(deadline, self.outcome.clone()).await.unwrap_or(Outcome::Late)
    }
}

/// What a check's result means.
pub(super) fn outcome_of(answered: crate::checks::Answered) -> Outcome {
    match answered {
        Ok(answer) => Outcome::Answered(answer),
        Err(failure) => Outcome::Broken(crate::chain(&*failure)),
    }
}

/// What a caught panic said.
pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("no reason given"))
}
