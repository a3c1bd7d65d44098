//! The workers in which hostile formats are read ([`process`](super::process)), from the side of the service.
//!
//! [`Workers`] of one role are processes that are started when they are needed, used again, the last used
//! first, and ended when they have done enough or grown. [`Workers::run`] is one task: it gets a turn, or is
//! skipped ([`queue`], by what [`cost`] expects); it talks with a worker ([`talk`]); and it ends in one of
//! - its answer;
//! - [`Failure::Late`]: its deadline has come, and its worker was killed;
//! - [`Failure::Crashed`]: its worker ended, or talked nonsense and was killed;
//! - [`Failure::Skipped`], [`Failure::NoWorker`].
//!
//! Whoever drops the future gives the task up; its worker is killed, the next in line begins.
//!
//! Nothing that a worker says is believed further than its bounds: it may be in the hands of whoever wrote what
//! it read, from that task on. So [`Settings::tasks_each`] also bounds how many messages that can touch.

pub mod cost;
mod lines;
pub mod queue;
mod starts;
mod talk;
mod worker;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tokio::{
    sync::oneshot,
    time::{sleep, timeout, timeout_at},
};

use self::{
    cost::{Costs, Load},
    lines::Limiter,
    queue::{Counts, End, Lane, Notice, Offer, Place, Queue, Room, Skip, Ticket},
    starts::{BackOff, Starter},
    worker::Worker,
};
pub use self::{
    starts::Program,
    talk::{Look, Open, PartIn, Pipe, Seen, Talk, TalkError},
    worker::{Death, StartError},
};
use super::{
    process::{Confinement, Role},
    task::Confined,
};

/// How many workers there are, and how much each may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Tasks at once; 0 means one a processor core.
    pub workers: usize,
    /// As many more for mail that is not from outside.
    pub reserved: usize,
    /// Memory of a worker, in bytes of address space; of each process, if it starts others.
    pub memory_bytes: u64,
    /// Whether workers work on a kernel that cannot confine them.
    pub unconfined: bool,
    /// After so many tasks, a worker is replaced; 1 gives each task one of its own.
    pub tasks_each: u32,
    /// A worker that holds more after a task is replaced, in bytes.
    pub idle_bytes: u64,
    /// How much may wait in each lane, as the time that it is expected to take, in milliseconds.
    pub waiting_ms: u64,
    /// How many tasks may wait in each lane, however short.
    pub waiting_tasks: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            workers: 0,
            reserved: 1,
            memory_bytes: 1 << 30,
            unconfined: false,
            tasks_each: 500,
            idle_bytes: 256 << 20,
            waiting_ms: 20_000,
            waiting_tasks: 500,
        }
    }
}

/// Why a task has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// Its worker crashed, or had to be killed for what it said.
    #[error("the worker crashed ({words})")]
    Crashed {
        /// What it said last.
        words: String,
        /// How.
        #[source]
        how: Death,
    },
    /// Its worker was killed at the deadline.
    #[error("the worker was not done in time")]
    Late,
    /// There is too much to do.
    #[error("skipped: {}", match .0 {
        Skip::Full => "too much to do",
        Skip::Deadline => "it would not be done in time",
    })]
    Skipped(Skip),
    /// None can be started.
    #[error("there is no worker")]
    NoWorker(#[source] StartError),
}

/// How things stand.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// What the workers do.
    pub role: &'static str,
    /// What became of all tasks.
    pub counts: Counts,
    /// Tasks at work.
    pub working: usize,
    /// Tasks from outside that wait.
    pub waiting_outside: usize,
    /// Tasks of ours that wait.
    pub waiting_ours: usize,
    /// How long those that wait are expected to take, in milliseconds.
    pub waiting_ms: u64,
    /// What becomes of processes.
    pub processes: Processes,
    /// How far the last one that was started is confined.
    pub confined: Option<Confined>,
    /// What work is expected to cost.
    pub costs: Costs,
}

/// What became of processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Processes {
    /// Started, and ready.
    pub started: u64,
    /// Did not become ready.
    pub failed: u64,
    /// Ended for what they had done or held.
    pub retired: u64,
    /// Have nothing to do now.
    pub idle: usize,
}

/// The workers of one role. Dropped, they all end.
#[derive(Debug)]
pub struct Workers {
    role: Role,
    settings: Settings,
    starter: Starter,
    limiter: Arc<Mutex<Limiter>>,
    state: Mutex<State>,
    /// Processor time after which one is replaced.
    most_time: Duration,
}

impl State {
    /// Has a worker wait for more to do; and tells one that has long had nothing, if there is.
    fn rest(&mut self, worker: Worker) -> Option<Worker> {
        const LONG: Duration = Duration::from_secs(60);
        self.idle.push(worker);
        let is_long = self.idle.first().is_some_and(|first| first.used.elapsed() > LONG);
        is_long.then(|| self.idle.remove(0))
    }
}

/// How one who waits is told that his turn has come, or that he is skipped.
type Token = oneshot::Sender<Result<(), Skip>>;

/// What work has really cost.
type Measured = Vec<(Load, Duration)>;

#[derive(Debug)]
struct State {
    queue: Queue<Token>,
    costs: Costs,
    idle: Vec<Worker>,
    pause: BackOff,
    processes: Processes,
    confined: Option<Confined>,
}

impl Workers {
    /// None yet; they are started from this program, and confined like this but for what the settings say.
    ///
    /// # Errors
    /// There is no thread to start them.
    pub fn new(
        program: Program,
        confinement: Confinement,
        settings: &Settings,
    ) -> io::Result<Self> {
        let cores = || std::thread::available_parallelism().map_or(2, usize::from);
        let room = Room {
            slots: if settings.workers == 0 { cores() } else { settings.workers },
            reserved: settings.reserved,
            waiting: Duration::from_millis(settings.waiting_ms),
            tasks: settings.waiting_tasks,
        };
        let (memory, insist) = (settings.memory_bytes, !settings.unconfined);
        let confinement = Confinement { memory, insist, ..confinement };
        let state = State {
            queue: Queue::new(room),
            costs: Costs::default(),
            idle: Vec::new(),
            pause: BackOff::default(),
            processes: Processes::default(),
            confined: None,
        };
        Ok(Self {
            role: confinement.role,
            settings: settings.clone(),
            most_time: Duration::from_secs(confinement.seconds / 2),
            starter: Starter::new(program, confinement)?,
            limiter: Arc::new(Mutex::new(Limiter::new(Instant::now()))),
            state: Mutex::new(state),
        })
    }

    /// One task, done by the deadline or not at all.
    ///
    /// # Errors
    /// Each is counted; see [`Failure`].
    pub async fn run<T: Talk>(
        &self,
        talk: T,
        lane: Lane,
        deadline: Instant,
    ) -> Result<T::Answer, Failure> {
        let loads = talk.loads();
        let turn = self.turn(&loads, talk.in_part(), lane, deadline).await?;
        let began = Instant::now();
        let result = self.work(talk, deadline).await;
        self.learn(&result, &loads, began.elapsed());
        let (result, end) = match result {
            Ok((answer, _)) => (Ok(answer), End::Done),
            Err(failure) => {
                let end = end(&failure);
                (Err(failure), end)
            }
        };
        turn.end(end);
        result
    }

    /// How things stand.
    pub fn status(&self) -> Status {
        let state = self.state();
        let (waiting_outside, outside) = state.queue.waiting(Lane::Outside);
        let (waiting_ours, ours) = state.queue.waiting(Lane::Ours);
        Status {
            role: self.role.name(),
            counts: state.queue.counts(),
            working: state.queue.working(),
            waiting_outside,
            waiting_ours,
            waiting_ms: u64::try_from((outside + ours).as_millis()).unwrap_or(u64::MAX),
            processes: Processes { idle: state.idle.len(), ..state.processes },
            confined: state.confined,
            costs: state.costs.clone(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn.
    async fn turn(
        &self,
        loads: &[Load],
        in_part: bool,
        lane: Lane,
        deadline: Instant,
    ) -> Result<Turn<'_>, Failure> {
        let (token, told) = oneshot::channel();
        let (place, notices) = self.offer(loads, in_part, lane, deadline, token);
        tell(notices);
        let turn = |ticket| Turn { workers: self, ticket: Some(ticket) };
        let ticket = match place.map_err(Failure::Skipped)? {
            Place::Works(ticket) => return Ok(turn(ticket)),
            Place::Waits(ticket) => ticket,
        };
        let turn = turn(ticket);
        match timeout_at(deadline.into(), told).await {
            Ok(Ok(Ok(()))) => Ok(turn),
            // It is not known in the queue any more.
            Ok(Ok(Err(skip))) => Err(Failure::Skipped(skip)),
            Ok(Err(_)) | Err(_) => {
                turn.end(End::Waited);
                Err(Failure::Skipped(Skip::Deadline))
            }
        }
    }

    fn offer(
        &self,
        loads: &[Load],
        in_part: bool,
        lane: Lane,
        deadline: Instant,
        token: Token,
    ) -> (Result<Place, Skip>, Vec<Notice<Token>>) {
        let mut state = self.state();
        let now = Instant::now();
        let cost = state.costs.of(loads);
        let least = if in_part { state.costs.base(loads) } else { cost };
        let offer = Offer { lane, cost, least, deadline };
        let offered = state.queue.offer(offer, token, now);
        if offered.0 == Err(Skip::Deadline) && now + least > deadline {
            state.costs.relax(loads);
        }
        offered
    }

    /// Has a worker do it.
    async fn work<T: Talk>(
        &self,
        talk: T,
        deadline: Instant,
    ) -> Result<(T::Answer, Measured), Failure> {
        let left = deadline.saturating_duration_since(Instant::now());
        let worker = timeout(left, self.worker()).await.map_err(|_| Failure::Late)?;
        let mut worker = worker.map_err(Failure::NoWorker)?;
        let mut pipe = Pipe::new(&mut worker, deadline);
        let talked = timeout_at(deadline.into(), talk.talk(&mut pipe)).await;
        let measured = pipe.into_measured();
        match talked {
            Ok(Ok(answer)) => {
                self.put_back(worker);
                Ok((answer, measured))
            }
            Ok(Err(error)) => Err(self.crashed(worker, error).await),
            Err(_) => {
                tracing::debug!(role = self.role.name(), pid = worker.process(), "killed: late");
                worker.kill();
                Err(Failure::Late)
            }
        }
    }

    async fn crashed(&self, worker: Worker, error: TalkError) -> Failure {
        let (role, pid) = (self.role.name(), worker.process());
        let (how, words) = match error {
            TalkError::Wire(error) => worker.death(error).await,
            TalkError::Unsound(what) => {
                worker.kill();
                (Death::Unsound(what), String::new())
            }
        };
        tracing::warn!(role, pid, words, "a worker crashed: {}", crate::chain(&how));
        Failure::Crashed { words, how }
    }

    /// One that has nothing to do, or a new one. If it does not come up, that is not for this task to suffer: it
    /// is tried again, as long as the pauses are short.
    async fn worker(&self) -> Result<Worker, StartError> {
        const TRIES: usize = 4;
        const PATIENCE: Duration = Duration::from_millis(500);
        let mut failed = StartError::Paused;
        for _ in 0..TRIES {
            if let Some(worker) = self.idle() {
                return Ok(worker);
            }
            let pause = self.state().pause.left(Instant::now());
            if pause > PATIENCE {
                return Err(failed);
            }
            sleep(pause).await;
            match self.start().await {
                Ok((worker, confined)) => {
                    self.started(confined);
                    return Ok(worker);
                }
                Err(error) => failed = self.not_started(error),
            }
        }
        Err(failed)
    }

    /// The one that was used last, unless it has died meanwhile.
    fn idle(&self) -> Option<Worker> {
        loop {
            let idle = self.state().idle.pop();
            let mut worker = idle?;
            if worker.is_alive() {
                return Some(worker);
            }
        }
    }

    fn started(&self, confined: Confined) {
        let before = {
            let mut state = self.state();
            state.pause.came_up();
            state.processes.started += 1;
            state.confined.replace(confined)
        };
        self.tell_confined(confined, before);
    }

    fn not_started(&self, error: StartError) -> StartError {
        tracing::error!(role = self.role.name(), "no worker: {}", crate::chain(&error));
        let mut state = self.state();
        state.pause.failed(Instant::now());
        state.processes.failed += 1;
        error
    }

    async fn start(&self) -> Result<(Worker, Confined), StartError> {
        let child = self.starter.start().await.map_err(StartError::Spawn)?;
        Worker::greet(child, self.role, Arc::clone(&self.limiter)).await
    }

    /// Once each way.
    fn tell_confined(&self, confined: Confined, before: Option<Confined>) {
        if before == Some(confined) {
            return;
        }
        let Confined { landlock, calls, limits } = confined;
        let role = self.role.name();
        if confined.is_held() {
            tracing::info!(role, ?landlock, ?calls, ?limits, "workers are confined");
        } else {
            tracing::warn!(role, ?landlock, ?calls, ?limits, "workers are not confined");
        }
    }

    fn put_back(&self, mut worker: Worker) {
        worker.tasks += 1;
        worker.used = Instant::now();
        let has_grown = || {
            worker.usage().is_some_and(|(bytes, time)| {
                bytes > self.settings.idle_bytes || time > self.most_time
            })
        };
        let retired = if worker.tasks >= self.settings.tasks_each || has_grown() {
            Some(worker)
        } else {
            self.state().rest(worker)
        };
        if let Some(worker) = retired {
            self.state().processes.retired += 1;
            worker.kill();
        }
    }

    fn learn<A>(&self, result: &Result<(A, Measured), Failure>, loads: &[Load], took: Duration) {
        let mut state = self.state();
        match result {
            Ok((_, measured)) => {
                for (load, took) in measured {
                    state.costs.learn(*load, *took);
                }
            }
            Err(Failure::Late) => state.costs.at_least(loads, took),
            Err(_) => {}
        }
    }
}

fn end(failure: &Failure) -> End {
    match failure {
        Failure::Crashed { .. } => End::Crashed,
        Failure::Late => End::Late,
        Failure::NoWorker(_) => End::Unserved,
        Failure::Skipped(_) => End::Waited,
    }
}

/// Who has gone meanwhile gives the turn back by himself.
fn tell(notices: Vec<Notice<Token>>) {
    for notice in notices {
        let _ = notice.token.send(notice.turn);
    }
}

/// A place in the queue or at work. Dropped, it is given up.
#[derive(Debug)]
struct Turn<'w> {
    workers: &'w Workers,
    ticket: Option<Ticket>,
}

impl Turn<'_> {
    fn end(mut self, end: End) {
        self.leave(end);
    }

    fn leave(&mut self, end: End) {
        if let Some(ticket) = self.ticket.take() {
            let notices = self.workers.state().queue.end(ticket, end, Instant::now());
            tell(notices);
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.leave(End::Dropped);
    }
}
