//! Messages from paths: files, directories, mbox files, standard input. Read one at a time.

use std::{
    cell::Cell,
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use crate::mail::mbox;

/// One message and where it came from.
pub struct Item {
    /// The path; for a message of an mbox with its number behind a colon.
    pub label: String,
    /// The message.
    pub raw: Vec<u8>,
}

/// How an mbox begins.
const MBOX: &[u8] = b"From ";

/// A line that begins a message of an mbox.
const FIRST_LINE: &[u8] = b"From -\n";

/// What could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}")]
pub struct SourceError {
    path: String,
    #[source]
    source: io::Error,
}

/// All messages under the paths, in the order given; directories in the order of their names.
pub fn items(paths: &[PathBuf]) -> impl Iterator<Item = Result<Item, SourceError>> {
    paths.iter().flat_map(|path| files_under(path)).flat_map(messages)
}

/// All files under the paths, in the order given; directories in the order of their names.
pub fn files(paths: &[PathBuf]) -> Vec<Result<PathBuf, SourceError>> {
    paths.iter().flat_map(|path| files_under(path)).collect()
}

/// The files under a path. Of a Maildir those of `cur` and `new`. Hidden ones are left out of
/// directories, other folders of the same mailbox among them, and so are links to directories: they
/// may lead in circles. So are pipes, sockets and devices.
fn files_under(path: &Path) -> Vec<Result<PathBuf, SourceError>> {
    if !path.is_dir() {
        return vec![Ok(path.to_owned())];
    }
    let entries = fs::read_dir(path).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
    let mut entries: Vec<PathBuf> = match entries {
        Ok(entries) => entries.iter().map(fs::DirEntry::path).collect(),
        Err(source) => return vec![Err(unreadable(path, source))],
    };
    let maildir = ["cur", "new"].map(|name| path.join(name));
    if maildir.iter().all(|folder| folder.is_dir()) {
        entries = maildir.to_vec();
    }
    entries.retain(|entry| !(is_hidden(entry) || is_linked_folder(entry) || is_no_file(entry)));
    entries.sort();
    entries.iter().flat_map(|entry| files_under(entry)).collect()
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// A pipe nobody writes to would be waited for, for ever.
fn is_no_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|about| !(about.is_file() || about.is_dir()))
}

fn is_linked_folder(path: &Path) -> bool {
    path.is_symlink() && path.is_dir()
}

/// The messages of a file, or what is wrong with it.
pub type Messages = Box<dyn Iterator<Item = Result<Item, SourceError>> + Send>;

/// The messages of a file: one, or those of an mbox, which may be larger than the memory.
pub fn messages(file: Result<PathBuf, SourceError>) -> Messages {
    let opened = file.and_then(|path| messages_of(&path).map_err(|error| unreadable(&path, error)));
    opened.unwrap_or_else(|error| Box::new(std::iter::once(Err(error))))
}

fn messages_of(path: &Path) -> io::Result<Messages> {
    let mut input = open(path)?;
    // A pipe may bring less than that at first.
    let mut raw = Vec::new();
    input.by_ref().take(MBOX.len() as u64).read_to_end(&mut raw)?;
    if raw == MBOX {
        return Ok(Box::new(messages_of_mbox(path.to_owned(), MBOX.chain(input))));
    }
    input.read_to_end(&mut raw)?;
    let label = path.display().to_string();
    Ok(Box::new(std::iter::once(Ok(Item { label, raw }))))
}

fn messages_of_mbox(
    path: PathBuf,
    input: impl BufRead,
) -> impl Iterator<Item = Result<Item, SourceError>> {
    let mut messages = mbox(input).zip(1..).peekable();
    std::iter::from_fn(move || {
        let (raw, number) = messages.next()?;
        let is_only = number == 1 && messages.peek().is_none();
        let name = path.display();
        let label = if is_only { name.to_string() } else { format!("{name}:{number}") };
        Some(raw.map(|raw| Item { label, raw }).map_err(|error| unreadable(&path, error)))
    })
}

/// Where the messages of an mbox begin, behind their `From ` lines, in bytes; `None` if the file has
/// one message only, or is standard input, which has no places to go back to.
///
/// # Errors
/// It cannot be read.
pub fn mbox_places(path: &Path) -> Result<Option<Vec<u64>>, SourceError> {
    if path == Path::new("-") {
        return Ok(None);
    }
    let places = || {
        let taken = Cell::new(0);
        let mut input = Counting { input: BufReader::new(File::open(path)?), taken: &taken };
        if !input.fill_buf()?.starts_with(MBOX) {
            return Ok(None);
        }
        input.read_until(b'\n', &mut Vec::new())?;
        let mut places = vec![taken.get()];
        let mut messages = mbox(FIRST_LINE.chain(input));
        while messages.next().transpose()?.is_some() {
            // The message ends behind the `From ` line of the next one.
            places.push(taken.get());
        }
        places.pop();
        Ok(Some(places).filter(|places| places.len() > 1))
    };
    places().map_err(|error| unreadable(path, error))
}

/// The message of an mbox that begins at one of its places.
///
/// # Errors
/// It cannot be read, or there is no message any more.
pub fn message_at(path: &Path, place: u64) -> Result<Vec<u8>, SourceError> {
    let read = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(place))?;
        let message = mbox(FIRST_LINE.chain(BufReader::new(file))).next();
        message.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))
    };
    read().map_err(|error| unreadable(path, error))
}

/// Counts what has been taken.
struct Counting<'c, R> {
    input: R,
    taken: &'c Cell<u64>,
}

impl<R: BufRead> Read for Counting<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.taken.set(self.taken.get() + read as u64);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counting<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.input.consume(amount);
        self.taken.set(self.taken.get() + amount as u64);
    }
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    Ok(Box::new(BufReader::new(File::open(path)?)))
}

fn unreadable(path: &Path, source: io::Error) -> SourceError {
    SourceError { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_an_mbox_are_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mbox");
        for (text, several) in [
            ("From a\nSubject: 1\n\n>From here\n\nFrom b\nSubject: 2\n\nFrom c\n\nFrom d\nx", true),
            ("From a\nSubject: 1\n\nx\n", false),
            ("From a", false),
            ("Subject: 1\n\nFrom a\nx\n", false),
            ("", false),
        ] {
            fs::write(&path, text).unwrap();
            let all: Vec<Vec<u8>> =
                items(std::slice::from_ref(&path)).map(|item| item.unwrap().raw).collect();
            let places = mbox_places(&path).unwrap();
            assert_eq!(places.is_some(), several, "{text}");
            let Some(places) = places else { continue };
            let again: Vec<Vec<u8>> =
                places.iter().map(|&place| message_at(&path, place).unwrap()).collect();
            assert_eq!(again, all, "{text}");
        }
        assert!(mbox_places(&folder.path().join("missing")).is_err());
        assert!(message_at(&path, 0).is_err() || message_at(&path, 0).unwrap().is_empty());
    }
}
