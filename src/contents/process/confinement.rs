//! How a worker confines itself, as its arguments say it: nothing is read from elsewhere before it has.

use std::{
    env,
    ffi::OsString,
    num::ParseIntError,
    path::{Path, PathBuf},
};

use crate::contents::picture::Ocr;

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Reads archives and documents.
    Opener,
    /// Looks at pictures.
    Looker,
}

/// How a worker confines itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confinement {
    /// What it does.
    pub role: Role,
    /// Its address space, in bytes; of each process, if it starts others.
    pub memory: u64,
    /// Processor time that one of its processes may take in its life, in seconds.
    pub seconds: u64,
    /// Whether it ends if this kernel cannot confine it; else it says so and goes on with what there is.
    pub insist: bool,
    /// Files and folders that it may read; lookers only.
    pub read: Vec<PathBuf>,
    /// Files that it may run, the loader among them; lookers only.
    pub run: Vec<PathBuf>,
    /// How it has pictures read; lookers only.
    pub ocr: Ocr,
}

/// Arguments that are none of a worker's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// There is no such argument.
    #[error("a worker knows no {0:?}")]
    Unknown(OsString),
    /// No number.
    #[error("{0} is not a number")]
    Number(String, #[source] ParseIntError),
    /// The first argument is no role.
    #[error("no role, which is opener or looker")]
    Role,
    /// It is not said who started it.
    #[error("nobody started it")]
    Parent,
}

impl Role {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opener => "opener",
            Self::Looker => "looker",
        }
    }

    /// How much its processes give way to others, as of nice(2).
    pub(super) fn nice(self) -> i32 {
        match self {
            Self::Opener => 5,
            Self::Looker => 19,
        }
    }
}

impl Confinement {
    /// The usual one of a worker that reads archives and documents.
    pub fn opener() -> Self {
        Self {
            role: Role::Opener,
            memory: 1 << 30,
            seconds: 600,
            insist: true,
            read: Vec::new(),
            run: Vec::new(),
            ocr: Ocr::default(),
        }
    }

    /// The usual one of a worker that looks at pictures and has them read by this program, which reads this
    /// data.
    pub fn looker(ocr: Ocr, data: impl Into<PathBuf>) -> Self {
        const LIBRARIES: [&str; 5] =
            ["/lib", "/lib64", "/usr/lib", "/usr/libexec/coreutils", "/etc/ld.so.cache"];
        const LOADERS: [&str; 3] = [
            "/lib64/ld-linux-x86-64.so.2",
            "/lib/ld-linux-aarch64.so.1",
            "/lib/ld-linux-riscv64-lp64d.so.1",
        ];
        let ocr = Ocr { program: found(&ocr.program), ..ocr };
        // It has the output of the other come line by line.
        let programs = [ocr.program.clone(), found(Path::new("stdbuf"))];
        let loaders = LOADERS.iter().map(PathBuf::from).filter(|path| path.exists());
        let run: Vec<_> = programs.into_iter().chain(loaders).collect();
        let read = LIBRARIES.iter().map(PathBuf::from).chain([data.into()]).collect();
        Self { role: Role::Looker, read, run, ocr, ..Self::opener() }
    }

    /// The arguments that say so, for a worker started by this process.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec![
            self.role.name().into(),
            format!("parent={}", std::process::id()).into(),
            format!("memory={}", self.memory).into(),
            format!("seconds={}", self.seconds).into(),
            format!("insist={}", u8::from(self.insist)).into(),
        ];
        let mut paths = |name: &str, paths: &[PathBuf]| {
            for path in paths {
                let mut argument = OsString::from(name);
                argument.push(path);
                arguments.push(argument);
            }
        };
        paths("read=", &self.read);
        paths("run=", &self.run);
        paths("program=", std::slice::from_ref(&self.ocr.program));
        paths("languages=", &[PathBuf::from(&self.ocr.languages)]);
        arguments
    }

    /// What [`Confinement::arguments`] said, and the process that said it.
    ///
    /// # Errors
    /// It is nothing of the kind.
    pub(super) fn parse(
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<(Self, u32), ArgumentError> {
        let mut arguments = arguments.into_iter();
        let role = arguments.next().unwrap_or_default();
        let roles = [Role::Opener, Role::Looker];
        let role = roles.into_iter().find(|known| role == known.name());
        let role = role.ok_or(ArgumentError::Role)?;
        let mut parsed = Self { role, ..Self::opener() };
        let mut parent = None;
        for argument in arguments {
            parsed.set(&argument, &mut parent)?;
        }
        Ok((parsed, parent.ok_or(ArgumentError::Parent)?))
    }

    fn set(&mut self, argument: &OsString, parent: &mut Option<u32>) -> Result<(), ArgumentError> {
        use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
        let unknown = || ArgumentError::Unknown(argument.clone());
        let bytes = argument.as_bytes();
        let at = bytes.iter().position(|&byte| byte == b'=').ok_or_else(unknown)?;
        let (name, value) = bytes.split_at_checked(at).ok_or_else(unknown)?;
        let value = value.get(1..).unwrap_or_default();
        let path = || PathBuf::from(OsString::from_vec(value.to_vec()));
        match name {
            b"parent" => *parent = Some(number(value)? as u32),
            b"memory" => self.memory = number(value)?,
            b"seconds" => self.seconds = number(value)?,
            b"insist" => self.insist = number(value)? != 0,
            b"read" => self.read.push(path()),
            b"run" => self.run.push(path()),
            b"program" => self.ocr.program = path(),
            b"languages" => self.ocr.languages = String::from_utf8_lossy(value).into_owned(),
            _ => return Err(unknown()),
        }
        Ok(())
    }
}

/// Where a program is: workers have no `PATH` to search.
fn found(program: &Path) -> PathBuf {
    let is_path = program.components().count() > 1;
    let folders = env::var_os("PATH").filter(|_| !is_path).unwrap_or_default();
    let mut candidates = env::split_paths(&folders).map(|folder| folder.join(program));
    candidates.find(|path| path.is_file()).unwrap_or_else(|| program.to_owned())
}

fn number(value: &[u8]) -> Result<u64, ArgumentError> {
    let value = String::from_utf8_lossy(value);
    value.parse().map_err(|error| ArgumentError::Number(value.into_owned(), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_say_all_of_it() {
        let program = PathBuf::from("/usr/bin/read=er");
        let confinement = Confinement {
            memory: 5,
            seconds: 6,
            insist: false,
            ..Confinement::looker(Ocr { program, languages: "eng+deu".into() }, "/data with blanks")
        };
        let (parsed, parent) = Confinement::parse(confinement.arguments()).unwrap();
        assert_eq!(parsed, confinement);
        assert_eq!(parent, std::process::id());
    }

    #[test]
    fn other_arguments_are_refused() {
        let refused = |arguments: &[&str]| {
            Confinement::parse(arguments.iter().map(OsString::from)).unwrap_err().to_string()
        };
        assert_eq!(refused(&[]), "no role, which is opener or looker");
        assert_eq!(refused(&["opener"]), "nobody started it");
        assert_eq!(refused(&["opener", "parent=x"]), "x is not a number");
        assert_eq!(refused(&["opener", "--help"]), "a worker knows no \"--help\"");
        assert_eq!(refused(&["opener", "a=b"]), "a worker knows no \"a=b\"");
    }
}
