//! A worker that does what a conquered one might try, and tells what came of it; and the service's side of that.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{Read as _, Write as _},
    net::{TcpListener, UdpSocket},
    os::unix::{net::UnixStream, process::CommandExt as _},
    process::{Command, ExitCode},
    thread,
    time::{Duration, Instant},
};

use gatepost::contents::{
    pool::{
        Pipe, Talk, TalkError,
        cost::{Kind, Load},
    },
    process,
    wire::Most,
};
use nix::{
    sys::{
        resource::{Resource, setrlimit},
        signal::kill,
    },
    unistd::getppid,
};
use serde::{Deserialize, Serialize};

/// What it tries.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Probe {
    /// Answers what it got.
    Echo,
    /// Computes for so many milliseconds.
    Spin(u64),
    /// Counts the variables of its environment.
    Environment,
    /// Reads a file.
    ReadFile(String),
    /// Lists a folder.
    ReadFolder(String),
    /// Writes a file.
    WriteFile(String),
    /// Listens on a TCP port.
    Tcp,
    /// Makes a UDP socket.
    Udp,
    /// Makes a pair of unix sockets.
    Pair,
    /// Becomes another program.
    Exec(String),
    /// Starts another program with these arguments, and gives it its own input and output.
    Start(String, Vec<String>),
    /// Starts another program with this argument and this input, and answers what it says.
    Run(String, Vec<String>),
    /// Starts a thread.
    Thread,
    /// Allocates so many bytes, and touches them.
    Allocate(usize),
    /// Sends its parent a signal that does nothing.
    Signal,
    /// Raises its own limits.
    Limits,
    /// Writes these bytes instead of an answer.
    Raw(Vec<u8>),
    /// Panics.
    Panic,
    /// Uses up the stack.
    Recurse,
    /// Ends.
    End,
    /// Says so many lines on standard error.
    Babble(u32),
}

pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    process::serve(arguments, |(probe, strings): (Probe, Vec<Vec<u8>>), pipe| {
        if let Probe::Raw(bytes) = &probe {
            pipe.write_all(bytes)?;
            return Ok(());
        }
        let told = attempt(probe, &strings);
        let strings: Vec<&[u8]> = strings.iter().map(Vec::as_slice).collect();
        pipe.tell(&told, &strings)
    })
}

type Told = Result<String, String>;

fn attempt(probe: Probe, strings: &[Vec<u8>]) -> Told {
    let done = |result: std::io::Result<()>| result.map(|()| String::new());
    let result = match probe {
        Probe::Echo | Probe::Raw(_) => Ok(String::new()),
        Probe::Spin(millis) => done(spin(millis)),
        Probe::Environment => Ok(std::env::vars_os().count().to_string()),
        Probe::ReadFile(path) => fs::read(path).map(|bytes| bytes.len().to_string()),
        Probe::ReadFolder(path) => fs::read_dir(path).map(|_| String::new()),
        Probe::WriteFile(path) => File::create(path).map(|_| String::new()),
        Probe::Tcp => TcpListener::bind("127.0.0.1:0").map(|_| String::new()),
        Probe::Udp => UdpSocket::bind("127.0.0.1:0").map(|_| String::new()),
        Probe::Pair => UnixStream::pair().map(|_| String::new()),
        Probe::Exec(path) => Err(Command::new(path).exec()),
        Probe::Start(path, arguments) => {
            Command::new(path).args(arguments).status().map(|_| String::new())
        }
        Probe::Run(path, arguments) => start(&path, &arguments, strings),
        Probe::Thread => thread::Builder::new().spawn(|| ()).map(|_| String::new()),
        Probe::Allocate(bytes) => done(allocate(bytes)),
        Probe::Signal => done(kill(getppid(), None).map_err(Into::into)),
        Probe::Limits => {
            let all = u64::MAX;
            done(setrlimit(Resource::RLIMIT_AS, all, all).map_err(Into::into))
        }
        Probe::Panic => panic!("on purpose\nin two lines"),
        Probe::Recurse => Ok(recurse(1).to_string()),
        Probe::End => std::process::exit(7),
        Probe::Babble(lines) => {
            done((0..lines).try_for_each(|n| writeln!(std::io::stderr(), "line {n}")))
        }
    };
    result.map_err(|error| error.to_string())
}

fn spin(millis: u64) -> std::io::Result<()> {
    let end = Instant::now() + Duration::from_millis(millis);
    while Instant::now() < end {
        std::hint::spin_loop();
    }
    Ok(())
}

fn allocate(bytes: usize) -> std::io::Result<()> {
    let mut all = vec![1_u8; bytes];
    all[bytes / 2] = 2;
    std::hint::black_box(&all);
    Ok(())
}

#[allow(unconditional_recursion, reason = "to use up the stack")]
fn recurse(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 100]);
    recurse(depth + 1) + room[7]
}

fn start(path: &str, arguments: &[String], strings: &[Vec<u8>]) -> std::io::Result<String> {
    use std::process::Stdio;
    let mut child = Command::new(path)
        .args(arguments)
        .env("OMP_THREAD_LIMIT", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().unwrap();
    // What is read there is read to its end before anything is said.
    for string in strings {
        let _ = stdin.write_all(string);
    }
    drop(stdin);
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said)?;
    let status = child.wait()?;
    Ok(format!("{status}: {said}"))
}

/// One probe, from the side of the service.
pub(crate) struct Try {
    pub(crate) probe: Probe,
    pub(crate) strings: Vec<Vec<u8>>,
    pub(crate) load: Load,
}

impl Try {
    pub(crate) fn new(probe: Probe) -> Self {
        Self { probe, strings: Vec::new(), load: Load { kind: Kind::Look, amount: 0.0 } }
    }
}

impl Talk for Try {
    type Answer = (Told, Vec<Vec<u8>>);

    fn loads(&self) -> Vec<Load> {
        vec![self.load]
    }

    async fn talk(self, pipe: &mut Pipe<'_>) -> Result<Self::Answer, TalkError> {
        let began = Instant::now();
        let strings: Vec<&[u8]> = self.strings.iter().map(Vec::as_slice).collect();
        pipe.tell(&self.probe, &strings).await?;
        let answer = pipe.hear(Most { head: 1 << 20, bytes: 100 << 20, strings: 10 }).await?;
        pipe.measured(self.load, began.elapsed());
        Ok(answer)
    }
}
