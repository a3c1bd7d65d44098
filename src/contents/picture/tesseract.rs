//! Reading text from prepared pictures by Tesseract, as a process: nothing of it is linked in, and it is killed
//! alone when it takes too long.
//!
//! Loading its data takes as long as reading a picture, so one process is kept and reads picture after picture.
//! It is told their names, line by line, and all have the same: that of a file in memory, whose content changes.
//! After each picture comes a blank one: when that shows in the output, all of the picture is out. The output is
//! TSV: words, and how sure each is.

use std::{
    collections::VecDeque,
    fs::File,
    io::{Read, Seek, SeekFrom, Write},
    os::fd::{AsFd, AsRawFd},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
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
    /// Scattered.
    Sparse,
}

impl Layout {
    /// Tesseract's page segmentation mode.
    fn mode(self) -> &'static str {
        match self {
            Self::Page => "3",
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

/// Reads picture after picture, by a process that is started when it is needed and ends with this.
#[derive(Debug)]
pub struct Reader {
    ocr: Ocr,
    running: Option<Running>,
}

impl Reader {
    /// How many pictures a process reads before it is replaced: what little it forgets to give back is given
    /// back then.
    const MOST: u32 = 200;

    /// One that is set up like this.
    pub fn new(ocr: Ocr) -> Self {
        Self { ocr, running: None }
    }

    /// Reads a picture.
    ///
    /// # Errors
    /// The program does not run, or not until the deadline. The process is gone then.
    pub(super) fn words(
        &mut self,
        grey: &Grey,
        layout: Layout,
        deadline: Instant,
    ) -> Result<Words, OcrError> {
        let kept = self.running.take();
        let kept = kept.filter(|kept| kept.layout == layout && kept.count < Self::MOST);
        let mut running = match kept {
            Some(running) => running,
            None => Running::start(&self.ocr, layout)?,
        };
        let (rows, is_over) = running.read(grey, deadline)?;
        if !is_over {
            self.running = Some(running);
        }
        Ok(words(&rows))
    }
}

/// A process that does not outlive this.
#[derive(Debug)]
struct Running {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    layout: Layout,
    /// What it reads; it has the same files under the same numbers.
    picture: File,
    blank: File,
    /// What came after the last line end.
    rest: Vec<u8>,
    count: u32,
}

impl Running {
    fn start(ocr: &Ocr, layout: Layout) -> Result<Self, OcrError> {
        let picture = in_memory()?;
        let mut blank = in_memory()?;
        write_picture(&mut blank, 64, 32, &[255; 64 * 32]).map_err(OcrError::Pipe)?;
        // Line by line, whatever the output is.
        let mut child = Command::new("stdbuf")
            .arg("-oL")
            .arg(&ocr.program)
            .args(["-", "-", "-l", &ocr.languages, "--oem", "1", "--psm", layout.mode()])
            .args(["--dpi", "300", "-c", "stream_filelist=1", "-c", "tessedit_create_tsv=1"])
            .env("OMP_THREAD_LIMIT", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| OcrError::Start(ocr.program.clone(), error))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(OcrError::Pipe(std::io::ErrorKind::BrokenPipe.into()));
        };
        Ok(Self { child, input, output, layout, picture, blank, rest: Vec::new(), count: 0 })
    }

    /// The rows of a picture, and whether the process ended.
    fn read(&mut self, grey: &Grey, deadline: Instant) -> Result<(Vec<String>, bool), OcrError> {
        self.count += 1;
        write_picture(&mut self.picture, grey.width(), grey.height(), grey.pixels())
            .map_err(OcrError::Pipe)?;
        let (picture, blank) = (self.picture.as_raw_fd(), self.blank.as_raw_fd());
        let names = format!("/proc/self/fd/{picture}\n/proc/self/fd/{blank}\n");
        let told = self.input.write_all(names.as_bytes()).and_then(|()| self.input.flush());
        match told {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(OcrError::Pipe(error))
            }
            _ => self.collect(deadline),
        }
    }

    /// All rows after the first that tells a page, until the second.
    fn collect(&mut self, deadline: Instant) -> Result<(Vec<String>, bool), OcrError> {
        let mut rows = Vec::new();
        let (mut pages, mut length) = (0, 0);
        let mut lines = VecDeque::new();
        loop {
            while let Some(line) = lines.pop_front() {
                length += String::len(&line);
                pages += usize::from(line.starts_with("1\t"));
                rows.push(line);
                if pages == 2 || length > LONGEST {
                    return Ok((rows, length > LONGEST));
                }
            }
            if !self.receive(&mut lines, deadline)? {
                return self.ended(rows);
            }
        }
    }

    /// It ends when it cannot read a picture; if it has not said a word, it cannot read any.
    fn ended(&mut self, rows: Vec<String>) -> Result<(Vec<String>, bool), OcrError> {
        let _ = self.child.kill();
        let status = self.child.wait().map_err(OcrError::Pipe)?;
        let is_mute = rows.is_empty() && self.count == 1;
        if is_mute { Err(OcrError::Failed(status)) } else { Ok((rows, true)) }
    }

    /// The next lines; false at the end.
    fn receive(
        &mut self,
        lines: &mut VecDeque<String>,
        deadline: Instant,
    ) -> Result<bool, OcrError> {
        await_bytes(&self.output, deadline)?;
        let mut chunk = [0; 16 << 10];
        let read = match self.output.read(&mut chunk) {
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(true),
            Err(error) => return Err(OcrError::Pipe(error)),
        };
        self.rest.extend_from_slice(chunk.get(..read).unwrap_or_default());
        let end = self.rest.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        let complete: Vec<u8> = self.rest.drain(..end).collect();
        lines.extend(String::from_utf8_lossy(&complete).lines().map(str::to_owned));
        Ok(read > 0 && self.rest.len() <= LONGEST)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file that has no name, and that a child process has, too.
fn in_memory() -> Result<File, OcrError> {
    let file = memfd_create(c"picture", MFdFlags::empty());
    file.map(File::from).map_err(|error| OcrError::Pipe(error.into()))
}

/// A picture as PGM, instead of what the file was.
fn write_picture(file: &mut File, width: u32, height: u32, pixels: &[u8]) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.set_len(0)?;
    writeln!(file, "P5 {width} {height} 255")?;
    file.write_all(pixels)
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

/// What rows of TSV say. Each is level, page, block, paragraph, line, word, left, top, width, height, confidence, text.
fn words(rows: &[String]) -> Words {
    /// Less sure is noise, of 100.
    const NOISE: f32 = 30.0;
    /// From here on it is likely right.
    const LIKELY: f32 = 60.0;
    let mut found = Words::default();
    let (mut weight, mut sum) = (0.0, 0.0);
    let mut last = None;
    let page = rows.iter().skip_while(|row| !row.starts_with("1\t"));
    for row in page {
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
