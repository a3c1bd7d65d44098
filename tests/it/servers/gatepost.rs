//! The filter under test: the real binary, on a configuration of the test's own.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    time::Duration,
};

use nix::sys::signal::Signal;
use serde_json::Value;
use toml::Table;

use super::{
    Folder,
    clamd::Clamd,
    command::{Shell, program_of},
    daemon::Daemon,
    free_port, give_to,
    rbldnsd::Rbldnsd,
    wait_until,
    zone::Zone,
};

/// The four lists that [`Rbldnsd`] serves; `one.test` and `two.test` refuse only together.
const LISTS: &str = r#"
[[dns.list]]
zone = "bl.test"
about = "client"
refuse = true
findings = { "127.0.0.2" = "RCVD_IN_BL_TEST" }
[[dns.list]]
zone = "one.test"
about = "client"
findings = { "127.0.0.2" = "RCVD_IN_ONE_TEST" }
[[dns.list]]
zone = "two.test"
about = "client"
findings = { "127.0.0.2" = "RCVD_IN_TWO_TEST" }
[[dns.list]]
zone = "wl.test"
about = "client"
allow = true
findings = { "127.0.0.2" = "RCVD_IN_WL_TEST" }
"#;

/// Rules whose scores a test can rely on.
const RULES: &str = "\
header   LOCAL_MARK    Subject =~ /spam-between-mark-and-reject/
describe LOCAL_MARK    Six points for a test
score    LOCAL_MARK    6.0
header   LOCAL_REJECT  Subject =~ /spam-beyond-reject/
describe LOCAL_REJECT  Twelve points for a test
score    LOCAL_REJECT  12.0
";

/// A configuration in the making: a TOML table.
#[derive(Clone)]
pub(crate) struct Config(Table);

impl Config {
    /// No lists, no scanner, nobody local: only the rules. DNS fails, so that nothing is found by it.
    pub(crate) fn new() -> Self {
        // Authentication-Results would stand in every message: who wants it says so.
        let checks = r#"["access", "lists", "sender", "links", "antivirus", "attachments", "bayes", "rules"]"#;
        Self(Table::new())
            .with("networks.local = []\nnetworks.relays = []")
            .with(&format!("dns.servers = [\"{}\"]", Zone::failing().address()))
            .with(&format!("[profile.external]\nchecks = {checks}"))
    }

    /// Adds TOML; tables are merged, everything else is replaced.
    pub(crate) fn with(mut self, toml: &str) -> Self {
        let more = toml.parse().unwrap_or_else(|error| panic!("{error}\n{toml}"));
        merge(&mut self.0, more);
        self
    }

    /// The four client lists of [`Rbldnsd`].
    pub(crate) fn lists(self, server: SocketAddr) -> Self {
        self.with(LISTS).dns(server)
    }

    /// Where to ask DNS.
    pub(crate) fn dns(self, server: SocketAddr) -> Self {
        self.with(&format!("[dns]\nservers = [\"{server}\"]\ntimeout_ms = 2000\nrefuse_hits = 2"))
    }

    /// Which clamd to ask, in order.
    pub(crate) fn clamd(self, sockets: &[String]) -> Self {
        self.with(&format!("[antivirus]\nclamd = {sockets:?}\ntimeout_ms = 5000"))
    }

    /// The whole set: lists, scanner.
    pub(crate) fn full(lists: &Rbldnsd, clamd: &Clamd) -> Self {
        Self::new().lists(lists.address()).clamd(&[clamd.unix()])
    }
}

fn merge(into: &mut Table, from: Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new)) => merge(old, new),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// A running gatepost with an inet and a unix door.
pub(crate) struct Gatepost {
    port: u16,
    control: SocketAddr,
    daemon: Daemon,
    folder: Folder,
    /// Who it runs as; who runs the tests if nobody is named.
    user: Option<&'static str>,
    /// How far its clock is ahead, in hours.
    clock: i32,
}

impl Gatepost {
    pub(crate) fn start(config: &Config) -> Self {
        Self::launch(config, None)
    }

    /// As a system user without privileges, as a service runs.
    pub(crate) fn start_as(user: &'static str, config: &Config) -> Self {
        Self::launch(config, Some(user))
    }

    fn launch(config: &Config, user: Option<&'static str>) -> Self {
        let folder = Folder::new();
        let port = free_port();
        let control = super::free_address();
        folder.write("local.cf", RULES);
        write_config(&folder, port, control, config);
        if let Some(user) = user {
            give_to(folder.path(), user);
        }
        let daemon = spawn(folder.path(), user, 0);
        let mut gatepost = Self { port, control, daemon, folder, user, clock: 0 };
        gatepost.wait_ready();
        gatepost
    }

    /// The inet door.
    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// The unix door.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("gatepost.sock")
    }

    /// The inet door in Postfix's notation, which is gatepost's too.
    pub(crate) fn inet(&self) -> String {
        format!("inet:{}", self.address())
    }

    /// The inet door in sendmail's notation.
    pub(crate) fn inet_for_sendmail(&self) -> String {
        format!("inet:{}@127.0.0.1", self.port)
    }

    /// The unix door, in everybody's notation.
    pub(crate) fn unix(&self) -> String {
        format!("unix:{}", self.socket().display())
    }

    /// The configuration file.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.folder.path().join("gatepost.toml")
    }

    /// The folder with what it has learned.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// The program at a shell, with the same configuration.
    pub(crate) fn shell(&self) -> Shell {
        Shell::new(self.config_file())
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.daemon.pid()
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Starts it again, on the same doors and configuration.
    pub(crate) fn restart(&mut self) {
        self.daemon = spawn(self.folder.path(), self.user, self.clock);
        self.wait_ready();
    }

    /// From the next start on, its clock is so many hours ahead.
    pub(crate) fn set_clock(&mut self, hours: i32) {
        self.clock = hours;
    }

    /// SIGTERM.
    pub(crate) fn ask_to_end(&self) {
        self.daemon.signal(Signal::SIGTERM);
    }

    /// How it ended; panics if that takes a minute.
    pub(crate) fn wait_end(&mut self) -> ExitStatus {
        self.daemon.wait(Duration::from_secs(60))
    }

    /// Whether the process is there.
    pub(crate) fn is_running(&mut self) -> bool {
        self.daemon.is_running()
    }

    /// Replaces the configuration file, and tells nobody.
    pub(crate) fn write(&self, config: &Config) {
        write_config(&self.folder, self.port, self.control, config);
    }

    /// Waits until a metric has come so far.
    pub(crate) fn wait_metric(&self, name: &str, value: f64) {
        wait_until(&format!("{name} {value}"), Duration::from_secs(60), || {
            self.metric(name, "") >= value
        });
    }

    /// Replaces the configuration file and sends SIGHUP.
    pub(crate) fn reload(&self, config: &Config) {
        write_config(&self.folder, self.port, self.control, config);
        self.hang_up();
    }

    /// Replaces the file by whatever this is, and sends SIGHUP.
    pub(crate) fn reload_text(&self, text: &str) {
        replace(&self.config_file(), text);
        self.hang_up();
    }

    fn hang_up(&self) {
        self.daemon.signal(Signal::SIGHUP);
    }

    /// The log so far, one object a line, each with its fields on top.
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = fs::read(self.folder.path().join("log")).unwrap();
        String::from_utf8_lossy(&text)
            .lines()
            .map(|line| flatten(serde_json::from_str(line).unwrap_or_else(|_| line.into())))
            .collect()
    }

    /// The one line that each message has.
    pub(crate) fn judged(&self) -> Vec<Value> {
        self.log().into_iter().filter(|line| line["message"] == "judged").collect()
    }

    /// Waits until as many messages have been judged, and returns their lines.
    pub(crate) fn wait_judged(&self, count: usize) -> Vec<Value> {
        let mut judged = Vec::new();
        wait_until(&format!("{count} lines \"judged\""), Duration::from_secs(60), || {
            judged = self.judged();
            judged.len() >= count
        });
        judged
    }

    /// Waits until a line's message contains `text`, at least `count` times in all.
    pub(crate) fn wait_logged(&self, text: &str, count: usize) {
        wait_until(&format!("{count} log lines with {text:?}"), Duration::from_secs(60), || {
            self.log().iter().filter(|line| says(line, text)).count() >= count
        });
    }

    /// Waits until that many reloads are in force since the start.
    pub(crate) fn wait_reloads(&self, count: usize) {
        wait_until(&format!("reload {count}"), Duration::from_secs(60), || {
            self.metric("gatepost_reloads_total", "done") >= count as f64
        });
    }

    /// The sum of a metric's values over the lines that contain `label`.
    pub(crate) fn metric(&self, name: &str, label: &str) -> f64 {
        self.metrics()
            .lines()
            .filter(|line| line.starts_with(name) && line.contains(label))
            .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
            .sum()
    }

    /// Where the control door listens.
    pub(crate) fn control(&self) -> SocketAddr {
        self.control
    }

    /// The metrics page.
    pub(crate) fn metrics(&self) -> String {
        let mut stream = TcpStream::connect(self.control).unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        page
    }

    fn wait_ready(&mut self) {
        let (address, socket) = (self.address(), self.socket());
        self.daemon.wait_ready(|| {
            UnixStream::connect(&socket).is_ok() && TcpStream::connect(address).is_ok()
        });
    }
}

/// The program under test.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatepost"));
    command.env_remove("GATEPOST_LOG");
    command
}

/// Whether a log line's message contains `text`.
fn says(line: &Value, text: &str) -> bool {
    line["message"].as_str().is_some_and(|message| message.contains(text))
}

fn spawn(folder: &Path, user: Option<&'static str>, clock: i32) -> Daemon {
    let mut command = user.map_or_else(program, program_of);
    if clock != 0 {
        set_clock(&mut command, clock);
    }
    command.arg("--config").arg(folder.join("gatepost.toml")).arg("serve");
    Daemon::spawn("gatepost", &mut command, &folder.join("log"))
}

/// What the program `faketime` does, without a process of its own between. Waiting is not affected.
fn set_clock(command: &mut Command, hours: i32) {
    command.env("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1");
    command.env("FAKETIME", format!("{hours:+}h")).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
}

/// The test's configuration with the doors of this instance.
fn write_config(folder: &Folder, port: u16, control: SocketAddr, config: &Config) {
    let base = folder.path().display();
    let doors = format!(
        "[milter]\nlisten = [\"inet:127.0.0.1:{port}\", \"unix:{base}/gatepost.sock\"]\n\
         socket_mode = \"0666\"\n\
         [control]\nlisten = [\"inet:{control}\"]\n\
         [store]\npath = \"{base}/store\"\n\
         [rules]\ninclude = [\"builtin\", \"{base}/local.cf\"]\n"
    );
    let Config(mut table) = Config(doors.parse().unwrap());
    merge(&mut table, config.0.clone());
    replace(&folder.path().join("gatepost.toml"), &table.to_string());
}

/// Replaces a file in one step: a reload must never see half of it.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

/// Lifts `fields` of tracing's JSON to the top.
fn flatten(mut line: Value) -> Value {
    if let Some(Value::Object(fields)) = line.get_mut("fields").map(Value::take)
        && let Some(object) = line.as_object_mut()
    {
        object.extend(fields);
    }
    line
}
