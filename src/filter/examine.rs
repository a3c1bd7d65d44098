//! The checks of the last stage, side by side: I/O on the runtime, computing on its own threads.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, oneshot},
    time::{Instant, timeout_at},
};

use super::{
    Filter, oddities,
    pending::{Pending, outcome_of, panic_text},
    profile::Profile,
};
use crate::{
    checks::{Answered, Case, Work, rules::Hits},
    mail::{Envelope, Message},
    metrics,
    verdict::{Answer, Outcome},
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
    /// What was examined, if that ended in time.
    pub case: Option<Case>,
}

/// A message as it came: all of it, or its beginning.
pub(super) struct Raw {
    pub bytes: Vec<u8>,
    pub truncated: bool,
}

impl Raw {
    fn parse(self) -> Message {
        if self.truncated { Message::truncated(self.bytes) } else { Message::parse(self.bytes) }
    }
}

type Job = (&'static str, Box<dyn FnOnce() -> Answered + Send>);

/// What a thread for computing says once the message is parsed and the questions are on their way.
struct Started {
    asked: Vec<Pending>,
    /// The checks that are being computed, `rules` among them.
    computing: Vec<&'static str>,
}

/// What a thread for computing says at the end.
struct Computed {
    outcomes: Vec<(&'static str, Outcome)>,
    hits: Option<Hits>,
    case: Case,
}

/// The message could not even be parsed in time, or the thread that did it died.
pub(super) struct Unread;

/// Reads the message and runs the profile's checks on it, until the deadline. Computing that is
/// still going on then ends in its own time and keeps its `permit` so long.
///
/// One hop to another thread does it all: each costs more than most messages' parsing.
pub(super) async fn examine(
    filter: &Arc<Filter>,
    profile: &Arc<Profile>,
    envelope: Arc<Envelope>,
    raw: Raw,
    permit: OwnedSemaphorePermit,
    deadline: Instant,
) -> Result<Examination, Unread> {
    let truncated = raw.truncated;
    let (tell, started) = oneshot::channel();
    let (filter, owned) = (Arc::clone(filter), Arc::clone(profile));
    let threads = Arc::clone(&filter.admission.computing);
    let runtime = Handle::current();
    let computing = threads.run(move || {
        // Questions are asked from there.
        let _runtime = runtime.enter();
        let message = Arc::new(raw.parse());
        (compute(&filter, &owned, Case { envelope, message }, tell), permit)
    });
    let computing = computing.map_err(|error| {
        tracing::error!(%error, "no thread for computing");
        Unread
    })?;
    let ended = timeout_at(deadline, computing).await;
    let started = timeout_at(deadline, started).await;
    let Ok(Ok(Started { asked, computing })) = started else { return Err(Unread) };
    let mut seen = Examination { truncated, ..Examination::default() };
    match ended {
        Ok(Ok((Computed { outcomes, hits, case }, _permit))) => {
            (seen.outcomes, seen.hits, seen.case) = (outcomes, hits, Some(case));
        }
        Ok(Err(_)) => {
            let broken = Outcome::Broken("its thread ended".to_owned());
            seen.outcomes = computing.into_iter().map(|name| (name, broken.clone())).collect();
        }
        Err(_) => seen.outcomes = computing.into_iter().map(|n| (n, Outcome::Late)).collect(),
    }
    for pending in asked {
        seen.outcomes.push((pending.check, pending.by(deadline).await));
    }
    if profile.asks("antivirus") && !seen.outcomes.iter().any(|(name, _)| *name == "antivirus") {
        seen.outcomes.push(("antivirus", Outcome::Absent));
    }
    Ok(seen)
}

fn compute(
    filter: &Filter,
    profile: &Profile,
    case: Case,
    tell: oneshot::Sender<Started>,
) -> Computed {
    let (asked, jobs) = start(filter, profile, &case);
    let rules = profile.asks("rules").then_some("rules");
    let computing = jobs.iter().map(|&(name, _)| name).chain(rules).collect();
    // Whoever asked may have gone away; then nobody needs the answer.
    let _ = tell.send(Started { asked, computing });
    let mut outcomes: Vec<_> =
        jobs.into_iter().map(|(name, job)| (name, caught(|| outcome_of(job())))).collect();
    let odd = Answer { findings: oddities::findings(&case.message), ..Answer::default() };
    outcomes.push(("structure", Outcome::Answered(odd)));
    let mut hits = None;
    if rules.is_some() {
        match catch_unwind(AssertUnwindSafe(|| filter.rules.examine(&case))) {
            Ok(found) => {
                report_given_up(filter, &found);
                hits = Some(found);
            }
            Err(panic) => outcomes.push(("rules", Outcome::Broken(panic_text(&*panic)))),
        }
    }
    Computed { outcomes, hits, case }
}

/// A pattern that took too many steps has not hit, but never quietly.
fn report_given_up(filter: &Filter, hits: &Hits) {
    for rule in filter.rules.given_up(hits) {
        metrics::pattern_limit_exceeded();
        tracing::warn!(%rule, "pattern limit exceeded: the rule is not counted");
    }
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
