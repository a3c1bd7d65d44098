//! A question on its way, whose answer several messages of a connection may share.

use std::any::Any;

use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};

use super::record::Then;
use crate::{
    checks::{Asked, Earlier},
    verdict::{Finding, Outcome, Testimony, Witness},
};

/// A check's question, asked already. Cloning shares it.
#[derive(Clone)]
pub(super) struct Pending {
    /// The check's name.
    pub check: &'static str,
    outcome: Earlier,
    witness: Witness,
}

impl Pending {
    /// Sets a question going, unless its check was late when the message was judged first.
    pub(super) fn of(
        check: &'static str,
        asked: Asked,
        witness: Witness,
        then: Option<&Then>,
    ) -> Self {
        if then.is_some_and(|then| then.was_late(check)) {
            return Self::late(check, asked, witness);
        }
        Self::start(check, asked, witness)
    }

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
        Self { check, outcome: outcome.boxed().shared(), witness }
    }

    /// A question of a check that was late when the message was judged first: what had not come by
    /// then does not come again, and what had been found counts again.
    pub(super) fn late(check: &'static str, asked: Asked, witness: Witness) -> Self {
        // What is recorded is there at once; nobody waits for the rest.
        let outcome = match asked.now_or_never() {
            Some(answered) if !witness.lacks() => outcome_of(answered),
            Some(Ok(answer)) => partly(answer.findings),
            _ => Outcome::Late,
        };
        Self { check, outcome: std::future::ready(outcome).boxed().shared(), witness }
    }

    /// The outcome, for whoever has to know it before the deadline.
    pub(super) fn shared(&self) -> Earlier {
        self.outcome.clone()
    }

    /// What it has heard so far.
    pub(super) fn testimony(&self) -> Testimony {
        self.witness.testimony()
    }

    /// The outcome, or [`Outcome::Late`] if it is not there yet; it may still come.
    pub(super) async fn by(&self, time: Instant) -> Outcome {
        timeout_at(time, self.outcome.clone()).await.unwrap_or(Outcome::Late)
    }

    /// The outcome, or what the check has found by the deadline; and what it has heard.
    pub(super) async fn at_last(&self, deadline: Instant) -> (Outcome, Testimony) {
        match timeout_at(deadline, self.outcome.clone()).await {
            Ok(outcome) => (outcome, self.testimony()),
            Err(_) => {
                let (findings, heard) = self.witness.so_far();
                (partly(findings), heard)
            }
        }
    }
}

/// How a check ends that is late, but has found this.
fn partly(findings: Vec<Finding>) -> Outcome {
    if findings.is_empty() { Outcome::Late } else { Outcome::Partly(findings) }
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
