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
mod turn;
mod words;
mod worker;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::time::{sleep, timeout, timeout_at};

use self::{
    cost::{Costs, Load},
    lines::Limiter,
    queue::{End, Lane, Queue, Room},
    starts::{BackOff, Starter},
    turn::Token,
    worker::Worker,
};
pub use self::{
    starts::Program,
    talk::{Look, Open, PartIn, Pipe, Seen, Talk, TalkError},
    words::{Failure, Processes, Settings, Status},
    worker::{Death, StartError},
};
use super::{
    process::{Confinement, Role},
    task::Confined,
};
use crate::metrics;

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
        let result = self.run_in_turn(talk, lane, deadline).await;
        metrics::contents_task(self.role.name(), how(&result));
        result
    }

    async fn run_in_turn<T: Talk>(
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
            role: self.role.name().to_owned(),
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

/// How a task ended, in a word for people who count.
fn how<A>(result: &Result<A, Failure>) -> &'static str {
    match result {
        Ok(_) => "done",
        Err(Failure::Crashed { .. }) => "crashed",
        Err(Failure::Late) => "late",
        Err(Failure::NoWorker(_)) => "unserved",
        Err(Failure::Skipped(_)) => "skipped",
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
