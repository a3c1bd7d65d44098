//! Starting workers, but not again and again if they do not come up.

use std::{
    ffi::OsString,
    io,
    path::PathBuf,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use tokio::{
    process::{Child, Command},
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use crate::contents::process::Confinement;

/// What workers are started from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The file.
    pub path: PathBuf,
    /// Its arguments, before those of [`Confinement::arguments`].
    pub arguments: Vec<OsString>,
}

impl Program {
    /// The very file that runs now, even if another has taken its name: both ends of the pipe are then of one
    /// release.
    pub fn own() -> Self {
        Self { path: "/proc/self/exe".into(), arguments: vec!["worker".into()] }
    }

    fn command(&self, confinement: &Confinement) -> Command {
        let mut command = Command::new(&self.path);
        command
            .arg0("gatepost")
            .args(&self.arguments)
            .args(confinement.arguments())
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Whatever it starts is killed with it.
            .process_group(0)
            .kill_on_drop(true);
        command
    }
}

/// Starts processes, by a thread of its own: they are killed when the thread ends that started them, which is
/// when this is dropped; and a thread of the runtime may end at any time.
#[derive(Debug)]
pub(super) struct Starter {
    orders: mpsc::UnboundedSender<Order>,
}

#[derive(Debug)]
struct Order {
    runtime: Handle,
    child: oneshot::Sender<io::Result<Child>>,
}

impl Starter {
    /// Of this program.
    ///
    /// # Errors
    /// There is no thread for it.
    pub(super) fn new(program: Program, confinement: Confinement) -> io::Result<Self> {
        let (orders, mut received) = mpsc::unbounded_channel::<Order>();
        let work = move || {
            while let Some(order) = received.blocking_recv() {
                let _runtime = order.runtime.enter();
                // If nobody takes the child, it is killed.
                let _ = order.child.send(program.command(&confinement).spawn());
            }
        };
        thread::Builder::new().name("workers".to_owned()).spawn(work)?;
        Ok(Self { orders })
    }

    /// Starts one.
    ///
    /// # Errors
    /// It cannot be.
    pub(super) async fn start(&self) -> io::Result<Child> {
        let gone = || io::Error::other("the thread that starts workers has ended");
        let (child, started) = oneshot::channel();
        let order = Order { runtime: Handle::current(), child };
        self.orders.send(order).map_err(|_| gone())?;
        started.await.map_err(|_| gone())?
    }
}

/// When the next one may be started.
#[derive(Debug, Default)]
pub(super) struct BackOff {
    /// How many did not come up, in a row.
    failed: u32,
    not_before: Option<Instant>,
}

impl BackOff {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(30);

    /// How long it is until then.
    pub(super) fn left(&self, now: Instant) -> Duration {
        self.not_before.map_or(Duration::ZERO, |then| then.saturating_duration_since(now))
    }

    /// One came up.
    pub(super) fn came_up(&mut self) {
        *self = Self::default();
    }

    /// One did not come up. Those that were started side by side count once.
    pub(super) fn failed(&mut self, now: Instant) {
        if self.left(now).is_zero() {
            let pause = Self::FIRST.saturating_mul(1 << self.failed.min(16)).min(Self::LONGEST);
            self.failed = self.failed.saturating_add(1);
            self.not_before = Some(now + pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_while_none_comes_up() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut pause = BackOff::default();
        assert_eq!(pause.left(start), Duration::ZERO);
        pause.failed(start);
        pause.failed(start);
        assert_eq!(pause.left(at(99)), Duration::from_millis(1));
        assert_eq!(pause.left(at(100)), Duration::ZERO, "two at once count once");
        pause.failed(at(100));
        assert_eq!(pause.left(at(100)), Duration::from_millis(200));
        let mut now = at(300);
        for _ in 0..100 {
            pause.failed(now);
            now += BackOff::LONGEST;
            assert_eq!(pause.left(now), Duration::ZERO);
        }
        pause.came_up();
        assert_eq!(pause.left(start), Duration::ZERO);
        pause.failed(now);
        assert_eq!(pause.left(now), BackOff::FIRST, "and begins anew");
    }
}
