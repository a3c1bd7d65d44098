//! The service: builds everything from a configuration, opens the doors, reloads, drains.
//!
//! [`run`] is the whole of it. Who calls it brings the signals, so that tests can start the real
//! service too:
//!
//! - a reload builds a new filter beside the running one and swaps it in for the connections to
//!   come; if the file is bad, the running one stays and the log says why;
//! - a stop closes the doors, lets messages in flight finish (bounded), then returns.

mod build;
mod learned;
mod standing;

use std::{future::Future, io, path::PathBuf, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt, future::join_all, stream};
use sd_notify::NotifyState;
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet, spawn_blocking},
    time::timeout,
};
use tracing::{error, info, warn};

use build::build_with;
pub use build::{BuildError, Built, Offline, build};
pub use learned::{Learned, store_socket};
use standing::Standing;
pub use standing::{ListStatus, Status};

use crate::{
    checks::bayes,
    cluster::Member,
    config::{Config, ConfigError, Settings},
    contents::pool::Program,
    control::{self, View, Views},
    endpoint::Endpoint,
    filter::{learn::Learner, record},
    history::{self, History},
    listen::{self, ListenError, Socket},
    metrics,
    milter::{Door, DoorError},
};

/// After the milter doors, control connections get so long to end: their clients may hang.
const FAREWELL: Duration = Duration::from_secs(2);

/// Why the service did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The configuration cannot be built.
    #[error("the service cannot be built from its configuration")]
    Build(#[from] BuildError),
    /// A socket cannot be had.
    #[error("a door cannot be opened")]
    Listen(#[from] ListenError),
    /// A milter listener ended.
    #[error("a door has closed by itself")]
    Door(#[from] DoorError),
    /// A milter listener ended without a reason.
    #[error("a milter listener is gone")]
    Gone,
    /// Another counter recorder is installed.
    #[error("counters cannot be kept")]
    Metrics(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Where the configuration comes from, again at each reload.
pub struct Source {
    /// `--config`.
    pub path: Option<PathBuf>,
    /// `--listen`, which wins over the file.
    pub listen: Vec<Endpoint>,
    /// What readers of attachments are started from; none: nothing is looked into.
    pub program: Option<Program>,
}

impl Source {
    /// Reads the configuration.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(&self) -> Result<Config, ConfigError> {
        let mut config = Config::load(self.path.as_deref())?;
        if !self.listen.is_empty() {
            config.settings.milter.listen.clone_from(&self.listen);
        }
        config.settings.contents.program.clone_from(&self.program);
        Ok(config)
    }
}

/// Serves until `stop` completes and the messages in flight are answered.
///
/// # Errors
/// It could not start, or all it listens with is gone.
pub async fn run(
    source: Source,
    config: Config,
    reload: impl Stream<Item = ()> + Send,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServiceError> {
    let text = metrics::install().map_err(|error| ServiceError::Metrics(error.into()))?;
    let (learned, history) = open_kept(&config).await;
    let ripens = learned.clone().ripens(config.settings.clone());
    let mut built =
        build_with(&config, Offline::No, learned.clone(), history.as_ref(), None).await?;
    built.network.watch_lists();
    say_what_is_missing(&config);
    let door =
        Door::new(&config.settings.milter, Arc::clone(&built.filter), Arc::clone(&built.replies));
    let upkeep = tokio::spawn(text.clone().keep_up());
    let (over, is_over) = watch::channel(false);
    let member = join_farm(&config, &learned);
    let standing = Standing::of(&built);
    let views = Views { status: standing.view(), farm: member.as_ref().map(farm) };
    let opening = Opening { text: &text, learner: learned.learner(), views };
    // Before the milter: when that answers, all of the service does.
    let controls = open_control(&config, opening, &is_over).await?;
    let mut doors = open_milter(&config, &door).await?;
    // What is learned changes which scores count.
    let reload = stream::select(reload, stream::once(ripens));
    notify(&[NotifyState::Ready]);
    let ended = tokio::select! {
        () = follow(source, config, built, (&door, &standing), history.as_ref(), reload) => Ok(()),
        () = stop => Ok(()),
        error = next_failure(&mut doors) => Err(error),
    };
    notify(&[NotifyState::Stopping]);
    door.close();
    while doors.join_next().await.is_some() {}
    let _ = over.send(true);
    close_control(controls).await;
    upkeep.abort();
    close(member, history, learned).await;
    info!("stopped");
    ended
}

type Doors = JoinSet<Result<(), DoorError>>;

/// Why the first milter listener ends that does, which none should.
async fn next_failure(doors: &mut Doors) -> ServiceError {
    match doors.join_next().await {
        Some(Ok(Err(error))) => ServiceError::Door(error),
        _ => ServiceError::Gone,
    }
}

async fn open_milter(config: &Config, door: &Door) -> Result<Doors, ListenError> {
    let milter = &config.settings.milter;
    let mut doors = JoinSet::new();
    // By its name profiles know a listener: as written in the file, or as systemd bound it.
    let bound = |socket: &Socket| socket.endpoint().map(|e| e.to_string()).unwrap_or_default();
    let mut sockets: Vec<(String, Socket)> =
        listen::inherited()?.into_iter().map(|socket| (bound(&socket), socket)).collect();
    if sockets.is_empty() {
        for endpoint in &milter.listen {
            let socket = listen::bind(endpoint, milter.socket_mode.0).await?;
            sockets.push((endpoint.to_string(), socket));
        }
    }
    for (name, socket) in sockets {
        info!(listener = bound(&socket), "taking milter connections");
        doors.spawn(door.clone().serve(name.as_str().into(), socket));
    }
    Ok(doors)
}

/// Opens what is kept on the disk: what was learned, and the history.
async fn open_kept(config: &Config) -> (Learned, Option<Arc<History>>) {
    (open_store(config).await, open_history(config).await)
}

/// Opens what was learned. Blocks a thread of its own, for as long as that takes.
async fn open_store(config: &Config) -> Learned {
    let settings = config.settings.clone();
    let opened = spawn_blocking(move || Learned::open(&settings)).await;
    opened.unwrap_or_else(|_| Learned::Missing("the store broke its reader".to_owned()))
}

/// Opens the history. What it cannot have it does without, and says so.
async fn open_history(config: &Config) -> Option<Arc<History>> {
    let settings = config.settings.history.clone();
    if !settings.enabled {
        return None;
    }
    let store = config.settings.store.path.clone();
    let folder = settings.folder(&store);
    let path = folder.clone();
    let opened =
        spawn_blocking(move || History::open(&path, &settings, record::DICTIONARY)).await.ok()?;
    let why = match opened {
        Ok(history) => return Some(Arc::new(history)),
        Err(error) => crate::chain(&error),
    };
    if folder.starts_with(&store) && !store.exists() {
        info!(why, "judgements are not recorded: there is no folder for them ([history] path)");
    } else {
        error!(why, "judgements are not recorded, until a restart");
    }
    None
}

/// Leaves the farm; what was learned last is told when the node is back. Writes what waits: messages that are
/// still in flight are not recorded any more. Then ends learning: all that was acknowledged is durable already,
/// the copy of the model is not.
async fn close(member: Option<Member>, history: Option<Arc<History>>, learned: Learned) {
    if let Some(member) = member {
        member.leave().await;
    }
    if let Some(history) = history
        && spawn_blocking(move || history.close()).await.is_err()
    {
        warn!("the history was not written to its end");
    }
    if let Some(learner) = learned.learner().cloned()
        && spawn_blocking(move || learner.close()).await.is_err()
    {
        warn!("the model was not copied");
    }
}

/// Takes part in the farm, if there is one and a store to share.
fn join_farm(config: &Config, learned: &Learned) -> Option<Member> {
    let Settings { cluster, store, .. } = &config.settings;
    let node = cluster.node().ok().flatten()?;
    let Some(learner) = learned.learner() else {
        error!("this node takes no part in the farm: it has no token store");
        return None;
    };
    let bounds = (store.most_messages.get(), bayes::TOKENIZER);
    Some(Member::join(cluster, &node, Arc::clone(learner), &store.path, bounds))
}

/// How the farm looks, for the control door.
fn farm(member: &Member) -> View {
    let status = member.status();
    Arc::new(move || serde_json::json!(*status.borrow()))
}

/// What the control door shows and takes.
struct Opening<'a> {
    text: &'a metrics::Text,
    learner: Option<&'a Arc<Learner>>,
    views: Views,
}

type Controls = Vec<JoinHandle<io::Result<()>>>;

async fn open_control(
    config: &Config,
    Opening { text, learner, views }: Opening<'_>,
    over: &watch::Receiver<bool>,
) -> Result<Controls, ListenError> {
    let control = &config.settings.control;
    let mut sockets = Vec::new();
    for endpoint in &control.listen {
        let socket = listen::bind(endpoint, control.socket_mode.0).await?;
        info!(listener = %endpoint, "taking control connections");
        sockets.push(socket);
    }
    if learner.is_some() {
        sockets.extend(bind_store_socket(config).await);
    }
    let serve = |socket| {
        let mut over = over.clone();
        let shutdown = async move {
            let _ = over.wait_for(|&over| over).await;
        };
        tokio::spawn(control::serve(
            socket,
            text.clone(),
            learner.cloned(),
            views.clone(),
            shutdown,
        ))
    };
    Ok(sockets.into_iter().map(serve).collect())
}

async fn close_control(controls: Controls) {
    if timeout(FAREWELL, join_all(controls)).await.is_err() {
        warn!("a control connection was cut off");
    }
}

/// The socket in the store's folder; only a convenience, so that nothing fails for want of it.
async fn bind_store_socket(config: &Config) -> Option<Socket> {
    let endpoint = store_socket(&config.settings);
    let bound = listen::bind(&endpoint, 0o600).await;
    bound
        .inspect_err(|error| {
            let error = crate::chain(error);
            warn!(error, "`gatepost train` needs another control socket ([control] listen)");
        })
        .ok()
}

/// Reloads whenever asked; never returns while anybody may still ask.
async fn follow(
    source: Source,
    mut config: Config,
    mut built: Built,
    (door, standing): (&Door, &Standing),
    history: Option<&Arc<History>>,
    reload: impl Stream<Item = ()> + Send,
) {
    let mut reload = std::pin::pin!(reload);
    while reload.next().await.is_some() {
        notify(&[NotifyState::Reloading, now()]);
        match reloaded(&source, &config, &built, history).await {
            Ok((next_config, mut next)) => {
                warn_of_what_stays(&config, &next_config);
                let authserv_id = next_config.settings.milter.authserv_id.clone();
                door.reconfigure(authserv_id, Arc::clone(&next.filter), Arc::clone(&next.replies));
                standing.renew(&next);
                next.network.watch_lists();
                (config, built) = (next_config, next);
                metrics::reloaded(true);
                info!("the new configuration is in force");
            }
            Err(failed) => {
                metrics::reloaded(false);
                error!(error = failed, "the configuration was not reloaded; the running one stays");
            }
        }
        notify(&[NotifyState::Ready]);
    }
    std::future::pending::<()>().await;
}

async fn reloaded(
    source: &Source,
    old: &Config,
    built: &Built,
    history: Option<&Arc<History>>,
) -> Result<(Config, Built), String> {
    let config = source.load().map_err(|error| crate::chain(&error))?;
    let learned = built.learned.clone();
    let next = build_with(&config, Offline::No, learned, history, Some((old, built))).await;
    next.map(|built| (config, built)).map_err(|error| crate::chain(&error))
}

/// Nobody should believe that mail is scanned when it is not.
fn say_what_is_missing(config: &Config) {
    if config.settings.antivirus.clamd.0.is_empty() {
        warn!(
            "no virus scanner is configured ([antivirus] clamd): mail is not scanned for viruses"
        );
    }
    if config.settings.dns.list.is_empty() && config.settings.dns.used.is_empty() {
        info!("no DNS lists are configured ([dns] use, [[dns.list]])");
    }
}

/// What is bound or counted once for the life of the process.
fn warn_of_what_stays(old: &Config, new: &Config) {
    let (old, new) = (&old.settings, &new.settings);
    let bounds = |history: &history::Settings| history::Settings {
        // Recording can be ended and begun again, unless it never began.
        enabled: true,
        ..history.clone()
    };
    let kept = [
        ("milter.listen", old.milter.listen != new.milter.listen),
        ("milter.max_connections", old.milter.max_connections != new.milter.max_connections),
        ("milter.idle_seconds", old.milter.idle_seconds != new.milter.idle_seconds),
        ("milter.drain_seconds", old.milter.drain_seconds != new.milter.drain_seconds),
        ("cluster", old.cluster != new.cluster),
        ("control.listen", old.control.listen != new.control.listen),
        ("store", old.store != new.store),
        ("history", bounds(&old.history) != bounds(&new.history)),
        ("bayes.enabled", old.bayes.enabled != new.bayes.enabled),
    ];
    for (key, _) in kept.into_iter().filter(|&(_, changed)| changed) {
        warn!(key, "changed in the file, but takes a restart");
    }
}

/// Best effort: without systemd there is nobody to tell.
fn notify(state: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(state);
}

fn now() -> NotifyState<'static> {
    NotifyState::monotonic_usec_now().unwrap_or(NotifyState::Reloading)
}
