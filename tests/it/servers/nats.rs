//! nats-server with JetStream: one alone, or a cluster whose members can be lost one by one.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use nix::sys::signal::Signal;
use serde_json::Value;

use super::{Folder, daemon::Daemon, free_port, netns::Host, wait_until};

/// A cluster that was cut or restarted takes some seconds to elect; a loaded machine, many.
const ELECTION: Duration = Duration::from_secs(120);

/// One server: running, stopped, killed or started again on its folder.
pub(crate) struct Nats {
    host: Host,
    client: SocketAddr,
    monitor: SocketAddr,
    /// What starts it.
    command: Vec<String>,
    /// JetStream's folder.
    storage: PathBuf,
    daemon: Option<Daemon>,
    folder: Folder,
}

impl Nats {
    /// One alone, without TLS or users, which is ready when this returns.
    pub(crate) fn start(host: &Host) -> Self {
        let mut server = Self::prepare(host);
        server.configure("n0", "");
        server.restart();
        server.wait_healthy();
        server
    }

    /// A cluster, one server a host, without TLS or users; JetStream has a leader when this returns.
    pub(crate) fn cluster(hosts: &[Host]) -> Vec<Self> {
        let mut servers: Vec<_> = hosts.iter().map(Self::prepare).collect();
        let port = |server: &Self| if server.host.is_own() { 6222 } else { free_port() };
        let routes: Vec<_> = servers
            .iter()
            .map(|server| SocketAddr::from((server.host.address(), port(server))))
            .collect();
        let all: Vec<_> = routes.iter().map(|route| format!("nats-route://{route}")).collect();
        for (number, (server, route)) in servers.iter_mut().zip(&routes).enumerate() {
            let cluster = format!(
                "cluster {{ name: test, listen: \"{route}\", no_advertise: true, \
                 routes: [{}] }}\n",
                all.join(", ")
            );
            server.configure(&format!("n{number}"), &cluster);
            server.restart();
        }
        for server in &mut servers {
            server.wait_healthy();
        }
        servers
    }

    /// One in a namespace of its own that somebody else has configured: clients on port 4222, its state
    /// on port 8222 of loopback. `command` starts it, on that JetStream folder. It does not run yet.
    pub(crate) fn configured(host: &Host, command: &[&str], storage: &Path) -> Self {
        let mut server = Self::prepare(host);
        server.monitor = SocketAddr::from((Ipv4Addr::LOCALHOST, 8222));
        server.command = command.iter().map(|&word| word.to_owned()).collect();
        server.storage = storage.to_owned();
        server
    }

    fn prepare(host: &Host) -> Self {
        let at = |port: u16| {
            let port = if host.is_own() { port } else { free_port() };
            SocketAddr::from((host.address(), port))
        };
        let (client, monitor) = (at(4222), at(8222));
        let folder = Folder::new();
        let storage = folder.path().join("jetstream");
        let (host, command, daemon) = (host.clone(), Vec::new(), None);
        Self { host, client, monitor, command, storage, daemon, folder }
    }

    fn configure(&mut self, name: &str, more: &str) {
        let text = format!(
            "server_name: {name}\nlisten: \"{}\"\nhttp: \"{}\"\nping_interval: \"2s\"\nping_max: 2\n\
             jetstream {{ store_dir: \"{}\", max_file: 4G, max_mem: 64M }}\n{more}",
            self.client,
            self.monitor,
            self.storage.display()
        );
        let file = self.folder.write("nats-server.conf", text).display().to_string();
        self.command = vec!["nats-server".to_owned(), "--config".to_owned(), file];
    }

    /// Where it runs.
    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// `nats://HOST:PORT`
    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.client)
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.kill();
        }
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.signal(Signal::SIGTERM);
            daemon.wait(Duration::from_secs(60));
        }
    }

    /// Loses everything JetStream has kept. The server must not run.
    pub(crate) fn wipe(&self) {
        assert!(self.daemon.is_none(), "stop or kill it first");
        for entry in fs::read_dir(&self.storage).into_iter().flatten() {
            fs::remove_dir_all(entry.unwrap().path()).unwrap();
        }
    }

    /// Starts it on its folder; clients may connect when this returns. JetStream may need others for
    /// more than that: [`wait_healthy`](Self::wait_healthy).
    pub(crate) fn restart(&mut self) {
        let (program, arguments) = self.command.split_first().expect("configured");
        let mut command = Command::new(program);
        command.args(arguments);
        let log = self.folder.path().join("log");
        let (client, host) = (self.client, self.host.clone());
        self.daemon = Some(host.inside(|| {
            let mut daemon = Daemon::spawn("nats-server", &mut command, &log);
            daemon.wait_ready(|| TcpStream::connect(client).is_ok());
            daemon
        }));
    }

    /// Waits until JetStream knows its leader and holds all that it should.
    pub(crate) fn wait_healthy(&self) {
        wait_until("JetStream's health", ELECTION, || self.is_healthy());
    }

    /// What [`wait_healthy`](Self::wait_healthy) waits for. The state of health alone is not it: a
    /// server that has met nobody yet has nothing to complain of.
    pub(crate) fn is_healthy(&self) -> bool {
        let leader = &self.state("/jsz")["meta_cluster"]["leader"];
        let healthy = self.ask("/healthz").is_some_and(|page| page.starts_with("HTTP/1.0 200"));
        // Null: there is no cluster.
        healthy && leader.as_str() != Some("")
    }

    /// How many connections to other servers it has.
    pub(crate) fn routes(&self) -> u64 {
        self.state("/routez")["num_routes"].as_u64().unwrap_or(0)
    }

    fn state(&self, path: &str) -> Value {
        let page = self.ask(path).unwrap_or_default();
        let body = page.split_once("\r\n\r\n").map(|(_, body)| body);
        body.and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default()
    }

    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// A page of its monitoring door, with the header; nothing if it does not answer.
    fn ask(&self, path: &str) -> Option<String> {
        let monitor = self.monitor;
        let request = format!("GET {path} HTTP/1.0\r\n\r\n");
        self.host.inside(move || {
            let mut stream = TcpStream::connect(monitor).ok()?;
            stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
            stream.write_all(request.as_bytes()).ok()?;
            let mut page = String::new();
            stream.read_to_string(&mut page).ok()?;
            Some(page)
        })
    }
}
