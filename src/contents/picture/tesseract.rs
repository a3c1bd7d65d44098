//! Reading text from a prepared picture by Tesseract, a process each: nothing of it is linked in, and it is
//! killed alone when it takes too long.
//!
//! The picture goes in as a file in memory, words and how sure each is come back through a pipe as TSV.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    os::fd::AsFd,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::memfd::{MFdFlags, memfd_create},
};

use super::grey::Grey;

/// The most that is read of what it says, in bytes.
const LONGEST: usize = 4 << 20;

/// How text is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ocr {
    /// Tesseract; searched in `PATH` if it has no folder.
    pub program: PathBuf,
    /// Languages whose data are installed, in Tesseract's letters: `eng`, or `eng+deu`.
    pub languages: String,
}

impl Default for Ocr {
    fn default() -> Self {
        Self { program: PathBuf::from("tesseract"), languages: "eng".to_owned() }
    }
}

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OcrError {
    /// It is not installed, or may not run.
    #[error("cannot start {}", .0.display())]
    Start(PathBuf, #[source] std::io::Error),
    /// No way to it, or from it.
    #[error("no way to Tesseract")]
    Pipe(#[source] std::io::Error),
    /// It gave up: most likely, data of a language are missing.
    #[error("Tesseract gave up ({0})")]
    Failed(std::process::ExitStatus),
    /// It was killed.
    #[error("too late")]
    Late,
}

/// How the text stands in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// On a page of whatever form.
    Page,
    /// In one block.
    Block,
    /// Scattered.
    Sparse,
}

impl Layout {
    /// Tesseract's page segmentation mode.
    fn mode(self) -> &'static str {
        match self {
            Self::Page => "3",
            Self::Block => "6",
            Self::Sparse => "11",
        }
    }
}

/// Words as they were read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Words {
    /// A line each.
    pub lines: Vec<String>,
    /// Letters and digits in words that are likely right.
    pub letters: usize,
    /// How sure all words are, the longer ones counting more; 0 to 100.
    pub confidence: f32,
}

impl Ocr {
    /// Reads a picture.
    ///
    /// # Errors
    /// The program does not run, or not until the deadline.
    pub(super) fn words(
        &self,
        grey: &Grey,
        layout: Layout,
        deadline: Instant,
    ) -> Result<Words, OcrError> {
        let picture = in_memory(grey).map_err(OcrError::Pipe)?;
        let mut running = Running(self.start(picture, layout)?);
        let Some(mut output) = running.0.stdout.take() else {
            return Err(OcrError::Pipe(std::io::ErrorKind::BrokenPipe.into()));
        };
        let text = collect(&mut output, deadline)?;
        drop(output);
        let status = running.end()?;
        if status.success() { Ok(words(&text)) } else { Err(OcrError::Failed(status)) }
    }

    fn start(&self, picture: File, layout: Layout) -> Result<Child, OcrError> {
        Command::new(&self.program)
            .args(["-", "-", "-l", &self.languages, "--oem", "1", "--psm", layout.mode()])
            .args(["--dpi", "300", "-c", "tessedit_create_tsv=1"])
            .env("OMP_THREAD_LIMIT", "1")
            .stdin(picture)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| OcrError::Start(self.program.clone(), error))
    }
}

/// A picture as a PGM file that has no name.
fn in_memory(grey: &Grey) -> std::io::Result<File> {
    let mut file = File::from(memfd_create(c"picture", MFdFlags::MFD_CLOEXEC)?);
    write!(file, "P5 {} {} 255\n", grey.width(), grey.height())?;
    file.write_all(grey.pixels())?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// A process that does not outlive this.
struct Running(Child);

impl Running {
    /// How it ended: it has closed its output, so what else it does is not waited for.
    fn end(&mut self) -> Result<std::process::ExitStatus, OcrError> {
        self.0.wait().map_err(OcrError::Pipe)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// All that comes until the end.
fn collect(output: &mut ChildStdout, deadline: Instant) -> Result<String, OcrError> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 16 << 10];
    loop {
        await_bytes(output, deadline)?;
        let read = match output.read(&mut chunk) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(OcrError::Pipe(error)),
        };
        bytes.extend_from_slice(chunk.get(..read).unwrap_or_default());
        if read == 0 || bytes.len() > LONGEST {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}

fn await_bytes(output: &ChildStdout, deadline: Instant) -> Result<(), OcrError> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(OcrError::Late);
        }
        let timeout = PollTimeout::try_from(left + Duration::from_millis(1));
        let mut waiting = [PollFd::new(output.as_fd(), PollFlags::POLLIN)];
        match poll(&mut waiting, timeout.unwrap_or(PollTimeout::MAX)) {
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(OcrError::Pipe(error.into())),
        }
    }
}

/// A row of TSV: level, page, block, paragraph, line, word, left, top, width, height, confidence, text.
fn words(tsv: &str) -> Words {
    /// Less sure is noise, of 100.
    const NOISE: f32 = 30.0;
    /// From here on it is likely right.
    const LIKELY: f32 = 60.0;
    let mut found = Words::default();
    let (mut weight, mut sum) = (0.0, 0.0);
    let mut last = None;
    for row in tsv.lines() {
        let fields: Vec<&str> = row.splitn(12, '\t').collect();
        let &["5", _, block, paragraph, line, _, _, _, _, _, sure, text] = fields.as_slice() else {
            continue;
        };
        let sure: f32 = sure.parse().unwrap_or(0.0);
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        sum += sure * letters as f32;
        weight += letters as f32;
        if sure < NOISE || text.trim().is_empty() {
            continue;
        }
        if sure >= LIKELY {
            found.letters += letters;
        }
        let place = Some((block, paragraph, line));
        match found.lines.last_mut().filter(|_| last == place) {
            Some(line) => line.push_str(&format!(" {text}")),
            None => found.lines.push(text.to_owned()),
        }
        last = place;
    }
    found.confidence = if weight > 0.0 { sum / weight } else { 0.0 };
    found
}
