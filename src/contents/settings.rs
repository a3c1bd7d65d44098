//! `[contents]`: how far attachments are looked into, and by whom.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{
    pool::{self, Program},
    task::OpenBounds,
};

/// `[contents]` as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether anything is looked into.
    pub enabled: bool,
    /// How deep things may stand in things.
    pub depth: u32,
    /// How many files there may be in one message.
    pub members: u32,
    /// How many bytes all of them may be, unpacked.
    pub bytes: u64,
    /// How many bytes may come of one packed byte, beyond the first MiB.
    pub ratio: u64,
    /// How long archives and documents of one message may take, in milliseconds.
    pub open_ms: u64,
    /// The processes that open them.
    pub openers: pool::Settings,
    /// Pictures.
    pub pictures: Pictures,
    /// What the processes are started from; none: nothing is looked into.
    #[serde(skip)]
    pub program: Option<Program>,
}

/// `[contents.pictures]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pictures {
    /// The program that reads them, Tesseract; none is needed where it is not installed: then only codes are read.
    pub tesseract: PathBuf,
    /// Its data.
    pub data: PathBuf,
    /// The languages it reads, joined by `+`.
    pub languages: String,
    /// How many pictures of one message are looked at, the largest first.
    pub most: usize,
    /// How long they may take, in milliseconds, waiting included.
    pub read_ms: u64,
    /// What is on how many pictures is remembered.
    pub remembered: u64,
    /// The processes that look at them.
    pub workers: pool::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            depth: 12,
            members: 2_000,
            bytes: 128 << 20,
            ratio: 250,
            open_ms: 5_000,
            openers: pool::Settings::default(),
            pictures: Pictures::default(),
            program: None,
        }
    }
}

impl Default for Pictures {
    fn default() -> Self {
        Self {
            tesseract: "/usr/bin/tesseract".into(),
            data: "/usr/share/tesseract-ocr".into(),
            languages: "eng".to_owned(),
            most: 8,
            read_ms: 10_000,
            remembered: 20_000,
            workers: pool::Settings { waiting_ms: 8_000, ..pool::Settings::default() },
        }
    }
}

impl Settings {
    /// How far to read, but for the time.
    pub(super) fn bounds(&self) -> OpenBounds {
        let Self { depth, members, bytes, ratio, open_ms: millis, .. } = *self;
        OpenBounds { depth, members, bytes, ratio, millis }
    }
}
