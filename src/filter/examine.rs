//! The checks of the last stage, side by side: I/O on the runtime, computing on its own threads.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, oneshot},
    time::{Instant, timeout_at},
};

use super::{
    Filter, Lane,
    computing::Computing,
    contents, oddities,
    pending::{Pending, outcome_of, panic_text},
    profile::Profile,
    record::{Then, identity},
};
use crate::{
    checks::{Answered, Case, Check, Computation, Failure, Work, rules::Hits},
    contents::Picture,
    mail::{Envelope, Message},
    metrics,
    verdict::{Answer, Identity, Outcome, Testimony, Witness},
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
    /// The pictures that it shows and that may be read, if that ended in time.
    pub pictures: Vec<Picture>,
    /// Which message it is, if judgements are recorded and that ended in time.
    pub identity: Option<Identity>,
    /// What the checks heard.
    pub testimony: Testimony,
    /// RCPT went on before the lists had said what they know of the client.
    pub rcpt_unanswered: bool,
    /// It is for postmaster and abuse alone.
    pub only_for_roles: bool,
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

/// What is to be examined.
pub(super) enum Subject {
    /// A message that nobody has looked at.
    New(Raw),
    /// One of which more was found: what reads texts is asked once more.
    Known(Arc<Message>),
}

impl Subject {
    fn is_truncated(&self) -> bool {
        matches!(self, Self::New(Raw { truncated: true, .. }))
    }

    fn round(&self) -> Round {
        match self {
            Self::New(_) => Round::First,
            Self::Known(_) => Round::Again,
        }
    }
}

/// Which time a message is examined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    First,
    Again,
}

impl Round {
    /// Whether this check is asked.
    fn asks(self, check: &str) -> bool {
        self == Self::First || contents::AGAIN.contains(&check)
    }
}

/// By what a message is examined.
pub(super) struct Order {
    pub filter: Arc<Filter>,
    pub profile: Arc<Profile>,
    /// What came from outside when it was judged first, if it is judged once more.
    pub then: Option<Arc<Then>>,
    /// What was asked before the message was there.
    pub earlier: Vec<Pending>,
    /// Whose slots it takes.
    pub lane: Lane,
}

type Job = (&'static str, Computation);

/// What a thread for computing says once the message is parsed and the questions are on their way.
struct Started {
    asked: Vec<Pending>,
    /// The checks that are being computed, `rules` among them.
    computing: Vec<&'static str>,
    /// What these hear.
    witnesses: Vec<Witness>,
    identity: Option<Identity>,
}

/// What a thread for computing says at the end.
struct Computed {
    outcomes: Vec<(&'static str, Outcome)>,
    hits: Option<Hits>,
    case: Case,
    pictures: Vec<Picture>,
}

/// The message could not even be parsed in time, or the thread that did it died.
pub(super) struct Unread;

/// Reads the message, looks into it, and runs the profile's checks on it, until the deadline. Computing that is
/// still going on then ends in its own time and keeps its `permit` so long.
///
/// One hop to another thread does it all: each costs more than most messages' parsing.
pub(super) async fn examine(
    order: Arc<Order>,
    envelope: Arc<Envelope>,
    subject: Subject,
    permit: OwnedSemaphorePermit,
    deadline: Instant,
) -> Result<Examination, Unread> {
    let truncated = subject.is_truncated();
    let asks_scanner = order.profile.asks("antivirus") && subject.round().asks("antivirus");
    let (tell, started) = oneshot::channel();
    let threads = Arc::clone(&order.filter.admission.computing);
    let runtime = Handle::current();
    let computing = threads.run(move || {
        // Questions are asked from there.
        let _runtime = runtime.enter();
        let begun = begin(&order, envelope, subject, &runtime, deadline);
        (compute(&order, begun, tell), permit)
    });
    let computing = computing.map_err(|error| {
        tracing::error!(%error, "no thread for computing");
        Unread
    })?;
    let ended = timeout_at(deadline, computing).await;
    let started = timeout_at(deadline, started).await;
    let Ok(Ok(Started { asked, computing, witnesses, identity })) = started else {
        return Err(Unread);
    };
    let mut seen = Examination { truncated, identity, ..Examination::default() };
    match ended {
        Ok(Ok((Computed { outcomes, hits, case, pictures }, _permit))) => {
            (seen.outcomes, seen.hits) = (outcomes, hits);
            (seen.case, seen.pictures) = (Some(case), pictures);
        }
        Ok(Err(_)) => {
            let broken = Outcome::Broken("its thread ended".to_owned());
            seen.outcomes = computing.into_iter().map(|name| (name, broken.clone())).collect();
        }
        Err(_) => seen.outcomes = computing.into_iter().map(|n| (n, Outcome::Late)).collect(),
    }
    for pending in asked {
        let (outcome, heard) = pending.at_last(deadline).await;
        seen.outcomes.push((pending.check, outcome));
        seen.testimony.add(heard);
    }
    witnesses.iter().for_each(|witness| seen.testimony.add(witness.testimony()));
    if asks_scanner && !seen.outcomes.iter().any(|(name, _)| *name == "antivirus") {
        seen.outcomes.push(("antivirus", Outcome::Absent));
    }
    Ok(seen)
}

/// A message that was read, and looked into.
struct Begun {
    case: Case,
    /// Of what is asked before all other checks.
    outcomes: Vec<(&'static str, Outcome)>,
    round: Round,
}

fn begin(
    order: &Order,
    envelope: Arc<Envelope>,
    subject: Subject,
    runtime: &Handle,
    deadline: Instant,
) -> Begun {
    let round = subject.round();
    let raw = match subject {
        Subject::New(raw) => raw,
        Subject::Known(message) => {
            return Begun { case: Case { envelope, message }, outcomes: Vec::new(), round };
        }
    };
    let (message, outcome) = contents::open(order, raw.parse(), runtime, deadline);
    let odd = Answer { findings: oddities::findings(&message), ..Answer::default() };
    let mut outcomes = vec![("structure", Outcome::Answered(odd))];
    outcomes.extend(outcome.map(|outcome| (contents::NAME, outcome)));
    Begun { case: Case { envelope, message: Arc::new(message) }, outcomes, round }
}

fn compute(order: &Order, begun: Begun, tell: oneshot::Sender<Started>) -> Computed {
    let Order { filter, profile, then, .. } = order;
    let Questions { asked, jobs, witnesses } = start(order, &begun);
    let Begun { case, mut outcomes, round } = begun;
    let rules = profile.asks("rules").then_some("rules");
    let computing: Vec<_> = jobs.iter().map(|&(name, _)| name).chain(rules).collect();
    let was_late =
        then.as_ref().is_some_and(|then| computing.iter().any(|name| then.was_late(name)));
    let identity =
        filter.history.as_ref().filter(|_| round == Round::First).map(|_| identity(&case.message));
    // Whoever asked may have gone away; then nobody needs the answer.
    let _ = tell.send(Started { asked, computing: computing.clone(), witnesses, identity });
    if was_late {
        // All of it is one piece of work, and was too much for the deadline then.
        outcomes.retain(|(name, _)| *name == contents::NAME);
        outcomes.extend(computing.into_iter().map(|name| (name, Outcome::Late)));
        return Computed { outcomes, hits: None, case, pictures: Vec::new() };
    }
    let jobs = jobs.into_iter().map(|(name, job)| (name, caught(|| outcome_of(job()))));
    outcomes.extend(jobs);
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
    let pictures = match round {
        Round::First => contents::pictures(order, &case.message),
        Round::Again => Vec::new(),
    };
    Computed { outcomes, hits, case, pictures }
}

/// A pattern that took too many steps has not hit, but never quietly.
fn report_given_up(filter: &Filter, hits: &Hits) {
    for rule in filter.rules.given_up(hits) {
        metrics::pattern_limit_exceeded();
        tracing::warn!(%rule, "pattern limit exceeded: the rule is not counted");
    }
}

/// What a message asks for.
#[derive(Default)]
struct Questions {
    asked: Vec<Pending>,
    jobs: Vec<Job>,
    /// Of the jobs.
    witnesses: Vec<Witness>,
}

/// Starts the I/O; the computing is still to be run.
fn start(order: &Order, begun: &Begun) -> Questions {
    let Order { filter, profile, then, earlier, .. } = order;
    let case = &begun.case;
    let mut questions = Questions::default();
    let wanted = |check: &&Arc<dyn Check>| {
        begun.round.asks(check.name()) && (check.name() == ALWAYS || profile.wants(&***check))
    };
    for check in filter.checks.iter().filter(wanted) {
        let (name, witness) = (check.name(), Then::witness(then.as_deref(), check.name()));
        let before = earlier.iter().rev().find(|pending| pending.check == name);
        let shared = before.map(Pending::shared);
        let ask = || check.of_message_after(case, shared, &witness);
        let asked = catch_unwind(AssertUnwindSafe(ask)).unwrap_or_else(|panic| {
            let text = panic_text(&*panic);
            Some(Work::Cpu(Box::new(move || Err(text.into()))))
        });
        match asked {
            Some(Work::Io(question)) => {
                questions.asked.push(Pending::of(name, question, witness, then.as_deref()));
            }
            Some(Work::IoThenCpu(first)) => {
                let question = in_turn(first, Arc::clone(&filter.admission.concluding)).boxed();
                questions.asked.push(Pending::of(name, question, witness, then.as_deref()));
            }
            Some(Work::Cpu(job)) => {
                questions.jobs.push((name, job));
                questions.witnesses.push(witness);
            }
            None => {}
        }
    }
    questions
}

/// Waits, then computes what came of it on a thread for that.
async fn in_turn(
    first: BoxFuture<'static, Result<Computation, Failure>>,
    threads: Arc<Computing>,
) -> Answered {
    let computation = first.await?;
    let caught = || catch_unwind(AssertUnwindSafe(computation));
    match threads.run(caught)?.await? {
        Ok(answered) => answered,
        Err(panic) => Err(panic_text(&*panic).into()),
    }
}

fn caught(work: impl FnOnce() -> Outcome) -> Outcome {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Outcome::Broken(panic_text(&*panic)))
}
