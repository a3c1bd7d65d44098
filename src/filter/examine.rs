//! The checks of the last stage, side by side: I/O on the runtime, computing on its own threads.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::{
    sync::OwnedSemaphorePermit,
    task::spawn_blocking,
    time::{Instant, timeout_at},
};

use super::{
    Filter,
    pending::{Pending, outcome_of, panic_text},
    profile::Profile,
};
use crate::{
    checks::{Answered, Case, Work, rules::Hits},
    verdict::Outcome,
};

/// The check that no profile can leave out.
const ALWAYS: &str = "test_strings";

/// How all checks of a message ended.
#[derive(Default)]
pub(super) struct Examination {
    /// By check, in no particular order; a check may stand here once per stage.
    pub outcomes: Vec<(&'static str, Outcome)>,
    /// The rules that matched.
    pub hits: Option<Hits>,
    /// Only the beginning of the message was read.
    pub truncated: bool,
}

type Job = (&'static str, Box<dyn FnOnce() -> Answered + Send>);

/// Runs the profile's checks on a complete message, until the deadline. Computing that is still
/// going on then ends in its own time and keeps its `permit` so long.
pub(super) async fn examine(
    filter: &Filter,
    profile: &Profile,
    case: Case,
    permit: OwnedSemaphorePermit,
    deadline: Instant,
) -> Examination {
    let (asked, jobs) = start(filter, profile, &case);
    let names: Vec<&'static str> = jobs.iter().map(|&(name, _)| name).collect();
    let rules = profile.asks("rules").then(|| std::sync::Arc::clone(&filter.rules));
    let computing = spawn_blocking(move || {
        let outcomes: Vec<_> =
            jobs.into_iter().map(|(name, job)| (name, caught(|| outcome_of(job())))).collect();
        let hits = rules.map(|rules| catch_unwind(AssertUnwindSafe(|| rules.examine(&case))));
        drop(permit);
        (outcomes, hits)
    });
    let mut seen = Examination::default();
    match timeout_at(deadline, computing).await {
        Ok(Ok((outcomes, hits))) => {
            seen.outcomes = outcomes;
            match hits {
                Some(Ok(hits)) => seen.hits = Some(hits),
                Some(Err(panic)) => {
                    seen.outcomes.push(("rules", Outcome::Broken(panic_text(&*panic))));
                }
                None => {}
            }
        }
        ended => seen.outcomes = all_ended(&names, profile, ended.is_err()),
    }
    for pending in asked {
        seen.outcomes.push((pending.check, pending.by(deadline).await));
    }
    if profile.asks("antivirus") && !seen.outcomes.iter().any(|(name, _)| *name == "antivirus") {
        seen.outcomes.push(("antivirus", Outcome::Absent));
    }
    seen
}

/// Starts the I/O; the computing is still to be run.
fn start(filter: &Filter, profile: &Profile, case: &Case) -> (Vec<Pending>, Vec<Job>) {
    let (mut asked, mut jobs) = (Vec::new(), Vec::new());
    let wanted = |name: &str| name == ALWAYS || profile.asks(name);
    for check in filter.checks.iter().filter(|check| wanted(check.name())) {
        match check.of_message(case) {
            Some(Work::Io(question)) => asked.push(Pending::start(check.name(), question)),
            Some(Work::Cpu(job)) => jobs.push((check.name(), job)),
            None => {}
        }
    }
    (asked, jobs)
}

fn caught(work: impl FnOnce() -> Outcome) -> Outcome {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Outcome::Broken(panic_text(&*panic)))
}

/// The computing as a whole was late, or its thread died.
fn all_ended(
    names: &[&'static str],
    profile: &Profile,
    late: bool,
) -> Vec<(&'static str, Outcome)> {
    let outcome = if late { Outcome::Late } else { Outcome::Broken("its thread ended".to_owned()) };
    let rules = profile.asks("rules").then_some("rules");
    names.iter().copied().chain(rules).map(|name| (name, outcome.clone())).collect()
}
