//! Filters that share what they learn, each on a host of its own with a server beside it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use gatepost::{
    cluster::Status,
    control::{Client, ClientError},
    endpoint::Endpoint,
    filter::learn::{Taught, Teach},
};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use tokio::runtime::{Builder, Runtime};

use crate::servers::{
    Folder,
    gatepost::{Config, Gatepost},
    nats::Nats,
    netns::{Host, Net},
    wait_until,
};

/// After the worst of what is done to them, servers and nodes find each other again within this.
const PATIENCE: Duration = Duration::from_secs(300);

/// A network of hosts; on each a server and a node.
pub(crate) struct Farm {
    pub(crate) nodes: Vec<Node>,
    pub(crate) servers: Vec<Nats>,
    pub(crate) net: Net,
}

impl Farm {
    /// So many of each, all connected when this returns.
    pub(crate) fn of(hosts: u8) -> Self {
        Self::with(hosts, &Config::new())
    }

    /// As [`Farm::of`], with more configuration.
    pub(crate) fn with(hosts: u8, config: &Config) -> Self {
        let net = Net::of(hosts);
        let servers = Nats::cluster(net.hosts());
        let urls: Vec<_> = servers.iter().map(Nats::url).collect();
        let start = |number| Node::start(net.host(number), number, &urls, config);
        let nodes: Vec<_> = (0..usize::from(hosts)).map(start).collect();
        let farm = Self { nodes, servers, net };
        farm.wait_level();
        farm
    }

    /// Waits until all are connected and say that all know the same; panics after some minutes.
    pub(crate) fn wait_level(&self) {
        wait_until("a level farm", PATIENCE, || self.is_level());
    }

    fn is_level(&self) -> bool {
        let statuses: Vec<_> = self.nodes.iter().map(|node| node.teacher().status()).collect();
        statuses.iter().all(|status| {
            status.as_ref().is_ok_and(|status| {
                let speaking = status.nodes.iter().filter(|node| node.speaks).count();
                status.server.is_some() && status.level && speaking == self.nodes.len()
            })
        })
    }

    /// The same of what the stores really have. Everybody must have stopped teaching.
    pub(crate) fn wait_the_same(&self) -> Export {
        self.wait_level();
        wait_until("stores that are the same", PATIENCE, || {
            let exports: Vec<_> = self.nodes.iter().map(Node::export).collect();
            exports.iter().all(|export| *export == exports[0])
        });
        self.assert_the_same()
    }

    /// All stores have the same state, and their journals are known everywhere. Returns it.
    pub(crate) fn assert_the_same(&self) -> Export {
        let exports: Vec<_> = self.nodes.iter().map(Node::export).collect();
        for export in &exports {
            assert_eq!(export.hash, exports[0].hash);
            assert_eq!(export.positions, exports[0].positions);
            assert_eq!(export.entries, exports[0].entries);
        }
        exports.into_iter().next().unwrap()
    }
}

/// What `store export` says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Export {
    pub(crate) hash: String,
    /// By origin, in hexadecimal digits.
    pub(crate) positions: BTreeMap<String, u64>,
    /// What is known of each message, by digest.
    pub(crate) entries: BTreeMap<String, String>,
}

/// A filter that takes part.
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) gatepost: Gatepost,
    host: Host,
}

impl Node {
    /// Named by its number: a, b, c…
    pub(crate) fn start(host: &Host, number: usize, urls: &[String], config: &Config) -> Self {
        let name = char::from(b'a' + number as u8).to_string();
        let replicas = if urls.len() < 3 { 1 } else { 3 };
        let cluster =
            format!("[cluster]\nnats = {urls:?}\nnode = \"{name}\"\nreplicas = {replicas}");
        Self::configured(host, &name, &config.clone().with(&cluster))
    }

    /// Whose configuration has all it needs.
    pub(crate) fn configured(host: &Host, name: &str, config: &Config) -> Self {
        let gatepost = host.inside(|| Gatepost::start(config));
        Self { name: name.to_owned(), gatepost, host: host.clone() }
    }

    /// After it was killed.
    pub(crate) fn restart(&mut self) {
        let gatepost = &mut self.gatepost;
        self.host.inside(|| gatepost.restart());
    }

    /// Where it runs.
    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// A copy of its store. The node must not run.
    pub(crate) fn back_up(&mut self) -> Folder {
        assert!(!self.gatepost.is_running());
        let backup = Folder::new();
        copy_files(&self.gatepost.store(), backup.path());
        backup
    }

    /// Has the store of that copy again. The node must not run.
    pub(crate) fn restore(&mut self, backup: &Folder) {
        assert!(!self.gatepost.is_running());
        let store = self.gatepost.store();
        fs::remove_dir_all(&store).unwrap();
        fs::create_dir(&store).unwrap();
        copy_files(backup.path(), &store);
    }

    /// Somebody who teaches it.
    pub(crate) fn teacher(&self) -> Teacher {
        Teacher::of(self.gatepost.store().join("control.sock"))
    }

    /// One of its counters, all labels written out.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let metrics = self.host.inside(|| self.gatepost.metrics());
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Who it is in events now.
    pub(crate) fn origin(&self) -> String {
        let out = self.gatepost.shell().run(&["store", "verify", "--json"]);
        let verified: serde_json::Value = serde_json::from_str(&out.out).unwrap();
        assert_eq!(verified["mistakes"], serde_json::json!([]));
        verified["status"]["origin"].as_str().unwrap().to_owned()
    }

    /// All it knows.
    pub(crate) fn export(&self) -> Export {
        let out = self.gatepost.shell().run(&["store", "export"]);
        let mut export =
            Export { hash: String::new(), positions: BTreeMap::new(), entries: BTreeMap::new() };
        for line in out.out.lines() {
            let fields: Vec<_> = line.split('\t').collect();
            match fields.as_slice() {
                ["position", origin, sequence] => {
                    let _ =
                        export.positions.insert((*origin).to_owned(), sequence.parse().unwrap());
                }
                ["end", _, hash] => export.hash = (*hash).to_owned(),
                [kind @ ("spam" | "ham" | "forgotten"), _, _, _, digest, ..] => {
                    let _ = export.entries.insert((*digest).to_owned(), (*kind).to_owned());
                }
                _ => {}
            }
        }
        export
    }
}

fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Teaches a node through its socket; connects again after a failure.
pub(crate) struct Teacher {
    socket: PathBuf,
    runtime: Runtime,
    client: std::cell::RefCell<Option<Client>>,
}

impl Teacher {
    fn of(socket: PathBuf) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        Self { socket, runtime, client: std::cell::RefCell::new(None) }
    }

    /// Teaches; what came of it, once that is durable.
    pub(crate) fn teach(&self, teach: Teach, message: &[u8]) -> Result<Taught, ClientError> {
        let message = message.to_vec();
        self.ask(async |client| client.teach(teach, message, false).await)
    }

    /// Whether the node knows the message as that.
    pub(crate) fn knows(&self, teach: Teach, message: &[u8]) -> Result<bool, ClientError> {
        let message = message.to_vec();
        let foreseen = self.ask(async |client| client.teach(teach, message, true).await)?;
        Ok(matches!(foreseen, Taught::Known | Taught::NotKnown))
    }

    /// How the farm looks from the node.
    pub(crate) fn status(&self) -> Result<Status, ClientError> {
        self.ask(async |client| client.cluster().await)
    }

    fn ask<T>(
        &self,
        question: impl AsyncFnOnce(&mut Client) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let mut slot = self.client.borrow_mut();
        let asked = self.runtime.block_on(async {
            let client = match &mut *slot {
                Some(client) => client,
                None => slot.insert(Client::connect(&Endpoint::Unix(self.socket.clone())).await?),
            };
            question(client).await
        });
        if asked.is_err() {
            *slot = None;
        }
        asked
    }
}

/// Messages, each of which is another one.
static MESSAGES: AtomicU64 = AtomicU64::new(0);

/// A message of some words, that nobody has ever seen.
pub(crate) fn fresh_message(random: &mut impl Rng) -> Vec<u8> {
    let number = MESSAGES.fetch_add(1, Ordering::Relaxed);
    let words: Vec<_> = (0..60).map(|_| format!("w{:x}", random.random_range(0..4000))).collect();
    format!(
        "From: somebody@example.test\r\nMessage-ID: <{number}.{}@example.test>\r\nSubject: {}\r\n\r\n{}\r\n",
        std::process::id(),
        words[..5].join(" "),
        words.join(" ")
    )
    .into_bytes()
}

/// One of the three things to teach.
pub(crate) fn any_teach(random: &mut impl Rng) -> Teach {
    match random.random_range(0..10) {
        0..5 => Teach::Spam,
        5..9 => Teach::Ham,
        _ => Teach::Forget,
    }
}

/// Random, and the same each time.
pub(crate) fn seeded(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// How long it takes until all these nodes know the message; panics after a while.
pub(crate) fn until_known(teachers: &[&Teacher], teach: Teach, message: &[u8]) -> Vec<Duration> {
    let start = Instant::now();
    let mut waiting: Vec<_> = teachers.iter().collect();
    let mut times = Vec::new();
    while !waiting.is_empty() {
        waiting.retain(|teacher| {
            let knows = teacher.knows(teach, message).unwrap_or(false);
            if knows {
                times.push(start.elapsed());
            }
            !knows
        });
        assert!(start.elapsed() < PATIENCE, "never known");
        std::thread::sleep(Duration::from_millis(2));
    }
    times
}
