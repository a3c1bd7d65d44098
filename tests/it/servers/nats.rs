//! nats-server with JetStream: one alone, or a cluster whose members can be lost one by one.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use nix::sys::signal::Signal;

use super::{Folder, daemon::Daemon, free_port, netns::Host, wait_until};

/// A cluster that was cut or restarted takes some seconds to elect; a loaded machine, many.
const ELECTION: Duration = Duration::from_secs(120);

/// One server: running, stopped, killed or started again on its folder.
pub(crate) struct Nats {
    host: Host,
    client: SocketAddr,
    monitor: SocketAddr,
    /// Its configuration file, wherever that is.
    config: PathBuf,
    daemon: Option<Daemon>,
    folder: Folder,
}

impl Nats {
    /// One alone, without TLS or users, which is ready when this returns.
    pub(crate) fn start(host: &Host) -> Self {
        let mut server = Self::prepare(host);
        let config = server.plain("n0", "");
        server.config = server.folder.write("nats-server.conf", config);
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
            let config = server.plain(&format!("n{number}"), &cluster);
            server.config = server.folder.write("nats-server.conf", config);
            server.restart();
        }
        for server in &mut servers {
            server.wait_healthy();
        }
        servers
    }

    /// One with a configuration that is written already: clients on port 4222 of the host. Not yet
    /// started. What the file does not say (JetStream's folder, the door for its state) is added.
    pub(crate) fn configured(host: &Host, config: &Path) -> Self {
        let mut server = Self::prepare(host);
        let more = format!("include \"{}\"\n{}", config.display(), server.doors());
        server.config = config.with_file_name("with-doors.conf");
        fs::write(&server.config, more).unwrap();
        server
    }

    fn prepare(host: &Host) -> Self {
        let at = |port: u16| {
            let port = if host.is_own() { port } else { free_port() };
            SocketAddr::from((host.address(), port))
        };
        let (client, monitor) = (at(4222), at(8222));
        let (folder, config) = (Folder::new(), PathBuf::new());
        Self { host: host.clone(), client, monitor, config, daemon: None, folder }
    }

    fn plain(&self, name: &str, more: &str) -> String {
        format!(
            "server_name: {name}\nlisten: \"{}\"\nping_interval: \"2s\"\nping_max: 2\n\
             jetstream {{ store_dir: \"{}\", max_file: 4G, max_mem: 64M }}\n{}{more}",
            self.client,
            self.storage().display(),
            self.doors()
        )
    }

    fn doors(&self) -> String {
        format!("http: \"{}\"\n", self.monitor)
    }

    /// Where it runs.
    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// `nats://HOST:PORT`
    pub(crate) fn url(&self) -> String {
        format!("nats://{}", self.client)
    }

    /// JetStream's folder.
    fn storage(&self) -> PathBuf {
        self.folder.path().join("jetstream")
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
        if self.storage().exists() {
            fs::remove_dir_all(self.storage()).unwrap();
        }
    }

    /// Starts it on its folder; clients may connect when this returns. JetStream may need others for
    /// more than that: [`wait_healthy`](Self::wait_healthy).
    pub(crate) fn restart(&mut self) {
        let mut command = Command::new("nats-server");
        command.arg("--config").arg(&self.config);
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
        let healthy = self.ask("/healthz").is_some_and(|page| page.starts_with("HTTP/1.0 200"));
        let clustered = fs::read_to_string(&self.config).unwrap().contains("cluster {");
        healthy && (!clustered || self.leader().is_some())
    }

    /// Which server leads JetStream, as far as this one knows.
    pub(crate) fn leader(&self) -> Option<String> {
        let page = self.ask("/jsz")?;
        let (_, body) = page.split_once("\r\n\r\n")?;
        let state: serde_json::Value = serde_json::from_str(body).ok()?;
        state["meta_cluster"]["leader"].as_str().map(str::to_owned)
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
