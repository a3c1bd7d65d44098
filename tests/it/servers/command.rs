//! One run of the program at a shell: what it was given, what it said, how it ended.

use std::{
    fs,
    io::Write,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use nix::unistd::User;
use serde_json::Value;

use super::{gatepost::program, set_mode};

/// What a run said, and its exit status.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// The one object on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs with one configuration, as one user.
pub(crate) struct Shell {
    config: PathBuf,
    user: Option<&'static str>,
}

impl Shell {
    /// As the user of this test.
    pub(crate) fn new(config: impl Into<PathBuf>) -> Self {
        Self { config: config.into(), user: None }
    }

    /// As a user without privileges.
    pub(crate) fn of(config: impl Into<PathBuf>, user: &'static str) -> Self {
        Self { config: config.into(), user: Some(user) }
    }

    /// `gatepost ARGUMENTS`
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.feed(arguments, b"")
    }

    /// The same with something on standard input.
    pub(crate) fn feed(&self, arguments: &[&str], input: &[u8]) -> Said {
        let mut child = self.start(arguments);
        // It may end before it has read all of it.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        Said {
            status: output.status.code().expect("ended by itself"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The same, running.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.user.map_or_else(program, program_of);
        let command = command.arg("--config").arg(&self.config).args(arguments);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// `gatepost train TEACH --json PATHS`, which must succeed: the counts by what became of them.
    pub(crate) fn train(&self, teach: &str, paths: &[&str]) -> Value {
        let said = self.run(&[&["train", teach, "--json"], paths].concat());
        assert_eq!(said.status, 0, "{paths:?}: {said:?}");
        said.json()["taught"].take()
    }

    /// The same with one message on standard input.
    pub(crate) fn teach(&self, teach: &str, message: &[u8]) -> Value {
        let said = self.feed(&["train", teach, "--json", "-"], message);
        assert_eq!(said.status, 0, "{said:?}");
        said.json()["taught"].take()
    }

    /// `gatepost store verify --json`: how much is learned; panics unless all is sound.
    pub(crate) fn verify(&self) -> Value {
        let said = self.run(&["store", "verify", "--json"]);
        assert_eq!(said.status, 0, "{said:?}");
        let verified = said.json();
        assert_eq!(verified["mistakes"], Value::Array(Vec::new()), "{verified}");
        verified["status"].clone()
    }

    /// Messages learned as spam, as ham, and forgotten.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        let status = self.verify();
        let count = |name: &str| status[name].as_u64().unwrap();
        (count("spam"), count("ham"), count("forgotten"))
    }
}

/// The program as another user runs it.
pub(crate) fn program_of(user: &'static str) -> Command {
    let mut command = Command::new(for_everybody());
    command.env_remove("GATEPOST_LOG");
    become_user(&mut command, user);
    command
}

/// Makes a command run as a system user, in that user's own group alone.
pub(crate) fn become_user(command: &mut Command, user: &str) {
    let user = User::from_name(user).unwrap().expect("no such system user");
    command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
}

/// A copy of the program that every user may run: the build folder may lie in somebody's home. It
/// goes away with the file system that tests/run.sh makes.
pub(crate) fn for_everybody() -> &'static Path {
    static COPY: OnceLock<PathBuf> = OnceLock::new();
    COPY.get_or_init(|| {
        let folder = tempfile::Builder::new().prefix("gatepost-bin.").tempdir().unwrap().keep();
        set_mode(&folder, 0o755);
        let copy = folder.join("gatepost");
        fs::copy(env!("CARGO_BIN_EXE_gatepost"), &copy).unwrap();
        copy
    })
}
