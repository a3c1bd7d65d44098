//! Hosts with addresses of their own and links that can be cut: network namespaces on a bridge.
//!
//! A namespace lives as long as its file is open here or a process runs in it, so nothing is left over
//! after a test, however that ends, and nothing has a name that could clash. What [`Host::inside`]
//! runs is on that host: connections, listeners, and every process and runtime that it starts.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    net::Ipv4Addr,
    os::fd::AsRawFd,
    panic::resume_unwind,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use nix::sched::{CloneFlags, setns, unshare};

/// A packet that crosses the bridge is dropped if its ends are a pair of this set. Without a word: the
/// ends see silence, as with a pulled cable.
const FILTER: [&str; 4] = [
    "add table bridge cut",
    "add set bridge cut pairs { type ipv4_addr . ipv4_addr; }",
    "add chain bridge cut forward { type filter hook forward priority 0; }",
    "add rule bridge cut forward ip saddr . ip daddr @pairs drop",
];

/// The same documentation networks that tests/run.sh makes local, for clients of every host.
const LOCAL: [&str; 3] = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"];

/// A place to run things: this very network, or a namespace.
#[derive(Clone)]
pub(crate) struct Host {
    address: Ipv4Addr,
    /// None: where the tests run.
    namespace: Option<Arc<File>>,
}

impl Host {
    /// No namespace: loopback, where the tests run.
    pub(crate) fn here() -> Self {
        Self { address: Ipv4Addr::LOCALHOST, namespace: None }
    }

    fn new(address: Ipv4Addr) -> Self {
        Self { address, namespace: Some(Arc::new(namespace())) }
    }

    /// Its address, of 10.0.0.0/24.
    pub(crate) fn address(&self) -> Ipv4Addr {
        self.address
    }

    /// Whether all of it is its own: ports need not be looked for.
    pub(crate) fn is_own(&self) -> bool {
        self.namespace.is_some()
    }

    /// Does something on this host.
    pub(crate) fn inside<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        let Some(namespace) = &self.namespace else { return act() };
        let entered = || {
            setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
            act()
        };
        thread::scope(|scope| scope.spawn(entered).join())
            .unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Runs a program of the system on this host; it must succeed.
    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        let output = self.inside(|| command.output());
        let output = output.unwrap_or_else(|error| panic!("{program}: {error}; run tests/run.sh"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments:?}: {said}");
    }

    /// The namespace as a path for `ip`.
    fn path(&self) -> String {
        let namespace = self.namespace.as_ref().expect("a namespace of its own");
        format!("/proc/{}/fd/{}", std::process::id(), namespace.as_raw_fd())
    }
}

/// An empty network namespace. A thread makes it, since only a thread that ends may leave its own.
fn namespace() -> File {
    let make = || {
        unshare(CloneFlags::CLONE_NEWNET).expect("may not make namespaces: run tests/run.sh");
        File::open("/proc/thread-self/ns/net").unwrap()
    };
    thread::scope(|scope| scope.spawn(make).join().unwrap())
}

/// A network of hosts 10.0.0.1, 10.0.0.2, … that nothing else is on.
pub(crate) struct Net {
    switch: Host,
    hosts: Vec<Host>,
    /// The pairs of addresses that do not hear each other.
    apart: Mutex<BTreeSet<(Ipv4Addr, Ipv4Addr)>>,
}

impl Net {
    /// So many hosts (at most 250).
    pub(crate) fn of(hosts: u8) -> Self {
        let switch = Host::new(Ipv4Addr::UNSPECIFIED);
        switch.run("ip", &["link", "add", "name", "switch", "type", "bridge"]);
        switch.run("ip", &["link", "set", "switch", "up"]);
        for line in FILTER {
            switch.run("nft", &[line]);
        }
        let host = |number: u8| Host::new(Ipv4Addr::new(10, 0, 0, number));
        let hosts: Vec<_> = (1..=hosts).map(host).collect();
        for host in &hosts {
            plug_in(host, &switch);
        }
        Self { switch, hosts, apart: Mutex::default() }
    }

    /// A host, counted from 0.
    pub(crate) fn host(&self, number: usize) -> &Host {
        &self.hosts[number]
    }

    /// All of them.
    pub(crate) fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// From now on, hosts of one side and hosts of the other do not hear each other.
    pub(crate) fn cut(&self, one: &[usize], other: &[usize]) {
        let mut apart = self.apart.lock().unwrap();
        for (&a, &b) in one.iter().flat_map(|a| other.iter().map(move |b| (a, b))) {
            let (a, b) = (self.hosts[a].address, self.hosts[b].address);
            apart.extend([(a, b), (b, a)]);
        }
        self.apply(&apart);
    }

    /// Cuts a host off from all others.
    pub(crate) fn isolate(&self, host: usize) {
        let others: Vec<_> = (0..self.hosts.len()).filter(|&other| other != host).collect();
        self.cut(&[host], &others);
    }

    /// Everybody hears everybody again.
    pub(crate) fn heal(&self) {
        let mut apart = self.apart.lock().unwrap();
        apart.clear();
        self.apply(&apart);
    }

    /// In one step, so that no packet sees half of it.
    fn apply(&self, apart: &BTreeSet<(Ipv4Addr, Ipv4Addr)>) {
        let mut commands = "flush set bridge cut pairs".to_owned();
        if !apart.is_empty() {
            let pairs: Vec<_> = apart.iter().map(|(a, b)| format!("{a} . {b}")).collect();
            commands += &format!("; add element bridge cut pairs {{ {} }}", pairs.join(", "));
        }
        self.switch.run("nft", &[&commands]);
    }
}

/// Gives a host an interface `eth0` with its address, whose other end is a port of the switch.
fn plug_in(host: &Host, switch: &Host) {
    let port = format!("port{}", host.address.octets()[3]);
    let (path, address) = (host.path(), format!("{}/24", host.address));
    switch.run(
        "ip",
        &["link", "add", "name", &port, "type", "veth", "peer", "name", "eth0", "netns", &path],
    );
    switch.run("ip", &["link", "set", &port, "master", "switch", "up"]);
    host.run("ip", &["address", "add", &address, "dev", "eth0"]);
    host.run("ip", &["link", "set", "eth0", "up"]);
    host.run("ip", &["link", "set", "lo", "up"]);
    // As README.txt of `cluster init` asks for: a connection into the void ends after some 13 s.
    host.inside(|| fs::write("/proc/sys/net/ipv4/tcp_retries2", "5").unwrap());
    for net in LOCAL {
        host.run("ip", &["route", "add", "local", net, "dev", "lo"]);
    }
}
