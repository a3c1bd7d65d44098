//! `gatepost train`: teaches the filter what is spam and what is not.

mod summary;
mod teacher;

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use tokio::runtime::Handle;

pub(super) use self::teacher::{Absent, Teacher, TeacherError};
use self::{
    summary::{Skipped, Summary},
    teacher::{Hand, NotTaught},
};
use super::{Exit, Failure, progress::Progress, runtime, tell};
use crate::{
    config::{Config, Settings},
    corpus::{self, Item, SourceError},
    filter::learn::{Taught, Teach},
    mail::HeaderBlock,
};

/// What `train` takes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A running service is taught through its control socket, as long as this user may connect to it; else \
                  the store is opened here. A message counts once, however often and in whatever form it is taught, \
                  so that an interrupted run is just started again; teaching it as the other moves it.\n\n\
                  Exit status: 0 all messages are taught (or were known; what is empty or no message is left out); \
                  2 wrong usage or configuration; 3 a file could not be read, a message not be learned, the store \
                  not be reached or written, or the run was interrupted.\n\n\
                  Examples:\n  \
                  gatepost train spam ~/Maildir/.Junk\n  \
                  gatepost train ham ~/Maildir archive.mbox\n  \
                  gatepost train spam - < message.eml      (a pipe of Dovecot's IMAPSieve, or of a spamtrap)\n  \
                  gatepost train forget wrongly-learned.eml"
)]
pub(super) struct Arguments {
    /// What the messages are
    #[command(subcommand)]
    teach: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Learn that they are spam
    Spam(Messages),
    /// Learn that they are wanted mail
    Ham(Messages),
    /// Take back what was learned of them
    Forget(Messages),
}

#[derive(Debug, clap::Args)]
struct Messages {
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Messages taught at once; they share the waiting for the disk
    #[arg(long, default_value_t = 16, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    jobs: u8,
    /// The summary as one JSON object instead of text for people
    #[arg(long)]
    json: bool,
    /// Files, Maildirs, directories (recursively), mbox files, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

impl What {
    fn parts(&self) -> (Teach, &Messages) {
        match self {
            Self::Spam(messages) => (Teach::Spam, messages),
            Self::Ham(messages) => (Teach::Ham, messages),
            Self::Forget(messages) => (Teach::Forget, messages),
        }
    }
}

pub(super) fn run(path: Option<PathBuf>, arguments: &Arguments) -> Result<Exit, Failure> {
    let settings = Config::load(path.as_deref())?.settings;
    let (teach, messages) = arguments.teach.parts();
    let runtime = runtime()?;
    let teacher = find(&settings, runtime.handle(), messages.dry_run)?;
    let stop = Arc::new(AtomicBool::new(false));
    let interrupted = Arc::clone(&stop);
    runtime.spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupted.store(true, Ordering::Relaxed);
        }
    });
    let lesson =
        Lesson { teach, dry: messages.dry_run, most: settings.limits.scan_bytes, stop: &stop };
    let summary = lesson.teach_all(teacher.as_ref(), messages);
    if messages.json {
        summary.json()?
    } else {
        summary.text(teach, messages.dry_run)?
    }
    Ok(if summary.failed() { Exit::Failed } else { Exit::Done })
}

/// Who learns. `None`: a dry run without a store, which is left like that.
fn find(settings: &Settings, runtime: &Handle, dry: bool) -> Result<Option<Teacher>, TeacherError> {
    if !dry {
        return Teacher::find(settings, runtime, Absent::Make).map(Some);
    }
    match Teacher::find(settings, runtime, Absent::Refuse) {
        Err(TeacherError::Store(error)) if error.is_missing() => Ok(None),
        found => found.map(Some),
    }
}

/// What is done with each message.
struct Lesson<'s> {
    teach: Teach,
    dry: bool,
    /// Of a longer message, only so many bytes count: the filter reads no more either.
    most: usize,
    stop: &'s AtomicBool,
}

impl Lesson<'_> {
    fn teach_all(&self, teacher: Option<&Teacher>, messages: &Messages) -> Summary {
        let files = corpus::files(&messages.paths);
        let progress = Progress::new("teaching", files.len());
        let items = files.into_iter().flat_map(|file| {
            progress.step();
            corpus::messages(file)
        });
        let (items, summary) = (Mutex::new(items), Mutex::new(Summary::start()));
        thread::scope(|scope| {
            for _ in 0..messages.jobs {
                scope.spawn(|| self.work(teacher, &items, &summary));
            }
        });
        summary.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// One of several workers: takes the next message as long as there are any.
    fn work(
        &self,
        teacher: Option<&Teacher>,
        items: &Mutex<impl Iterator<Item = Result<Item, SourceError>>>,
        summary: &Mutex<Summary>,
    ) {
        let mut hand = match teacher.map_or(Ok(Hand::Nothing), Teacher::hand) {
            Ok(hand) => hand,
            Err(failure) => return self.give_up(summary, &*failure),
        };
        while !self.stop.load(Ordering::Relaxed) {
            let item = items.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(item) = item else { return };
            match self.take(&mut hand, item) {
                Ok(Ok(taught)) => locked(summary, |summary| summary.count(taught)),
                Ok(Err(skipped)) => locked(summary, |summary| summary.skip(skipped)),
                Err(failure) => return self.give_up(summary, &*failure),
            }
        }
        locked(summary, Summary::interrupt);
    }

    /// Teaches one message, or says why it is skipped.
    ///
    /// # Errors
    /// No other one would be taught either.
    fn take(
        &self,
        hand: &mut Hand,
        item: Result<Item, SourceError>,
    ) -> Result<Result<Taught, Skipped>, Failure> {
        let item = match item.map(|item| self.readable(item)) {
            Ok(Ok(item)) => item,
            Ok(Err(skipped)) => return Ok(Err(skipped)),
            Err(unread) => {
                tell(&unread);
                return Ok(Err(Skipped::Unreadable));
            }
        };
        match hand.teach(self.teach, item.raw, self.dry) {
            Ok(taught) => Ok(Ok(taught)),
            Err(NotTaught::Message(failure)) => {
                let _ =
                    writeln!(io::stderr(), "gatepost: {}: {}", item.label, crate::chain(&*failure));
                Ok(Err(Skipped::Refused))
            }
            Err(NotTaught::Any(failure)) => Err(failure),
        }
    }

    /// The rest would fail the same way.
    fn give_up(&self, summary: &Mutex<Summary>, failure: &(dyn std::error::Error + 'static)) {
        if !self.stop.swap(true, Ordering::Relaxed) {
            tell(failure);
        }
        locked(summary, Summary::fail);
    }

    fn readable(&self, mut item: Item) -> Result<Item, Skipped> {
        item.raw.truncate(self.most);
        if item.raw.trim_ascii().is_empty() {
            return Err(Skipped::Empty);
        }
        if HeaderBlock::parse(&item.raw).fields.is_empty() {
            return Err(Skipped::NoMessage);
        }
        Ok(item)
    }
}

fn locked(summary: &Mutex<Summary>, change: impl FnOnce(&mut Summary)) {
    change(&mut summary.lock().unwrap_or_else(PoisonError::into_inner));
}
