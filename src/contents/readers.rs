//! Who looks into messages: the workers for archives and documents, and those for pictures.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::{
    Found, Settings,
    campaign::{Campaigns, Sight},
    parts::{Picture, parcels, pictures},
    passwords::passwords,
    picture::Ocr,
    pool::{Failure, Look, Open, PartIn, Seen, Status as PoolStatus, Workers, queue::Lane},
    process::Confinement,
    task::Looked,
};
use crate::mail::Message;

/// The readers of a service. They live until the last configuration that uses them is gone.
#[derive(Debug)]
pub struct Readers {
    settings: Settings,
    openers: Workers,
    lookers: Workers,
    /// There is a program that reads pictures.
    reads: bool,
    campaigns: Campaigns,
    remembered: AtomicU64,
    alike: AtomicU64,
}

/// Why it is not known what a picture shows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeeError {
    /// The worker.
    #[error(transparent)]
    Worker(#[from] Failure),
    /// The program that reads pictures: what it said.
    #[error("a picture cannot be read: {0}")]
    Reader(String),
}

/// How things stand.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// Archives and documents.
    pub openers: PoolStatus,
    /// Pictures.
    pub lookers: PoolStatus,
    /// Pictures that were known, byte by byte.
    pub pictures_remembered: u64,
    /// Pictures that looked like one that was known.
    pub pictures_alike: u64,
}

impl Readers {
    /// Those of these settings; `None` if they want none.
    ///
    /// # Errors
    /// A thread cannot be started.
    pub fn new(settings: &Settings) -> io::Result<Option<Self>> {
        let Some(program) = settings.program.clone().filter(|_| settings.enabled) else {
            return Ok(None);
        };
        let pictures = &settings.pictures;
        let (program_of_ocr, languages) = (pictures.tesseract.clone(), pictures.languages.clone());
        let reads = program_of_ocr.exists();
        if !reads {
            tracing::warn!(path = %program_of_ocr.display(), "pictures are not read, only codes: there is no such program");
        }
        let ocr = Ocr { program: program_of_ocr, languages };
        let looker = Confinement::looker(ocr, &pictures.data);
        Ok(Some(Self {
            openers: Workers::new(program.clone(), Confinement::opener(), &settings.openers)?,
            lookers: Workers::new(program, looker, &pictures.workers)?,
            reads,
            campaigns: Campaigns::new(pictures.remembered),
            remembered: AtomicU64::new(0),
            alike: AtomicU64::new(0),
            settings: settings.clone(),
        }))
    }

    /// Looks into archives and documents; `None`: there are none in this message.
    pub async fn open(
        &self,
        message: &Message,
        lane: Lane,
        deadline: Instant,
    ) -> Option<Result<Found, Failure>> {
        let parcels = parcels(message);
        if parcels.is_empty() {
            return None;
        }
        let texts: Vec<_> =
            message.visible().iter().map(|text| String::from_utf8_lossy(text)).collect();
        let passwords = passwords(texts.iter().map(AsRef::as_ref));
        let parts = parcels.iter().map(|parcel| PartIn {
            number: parcel.number,
            name: parcel.name,
            bytes: &parcel.bytes,
        });
        let task =
            Open { parts: parts.collect(), passwords: &passwords, bounds: self.settings.bounds() };
        let until = deadline.min(Instant::now() + Duration::from_millis(self.settings.open_ms));
        let found = self.openers.run(task, lane, until).await;
        Some(found.map(|found| without_shown(found, message)))
    }

    /// The pictures that are worth a look.
    pub fn pictures(&self, message: &Message) -> Vec<Picture> {
        let mut pictures = pictures(message);
        pictures.truncate(self.settings.pictures.most);
        pictures
    }

    /// Until when pictures may be read that are asked for now.
    pub fn pictures_until(&self, deadline: Instant) -> Instant {
        deadline.min(Instant::now() + Duration::from_millis(self.settings.pictures.read_ms))
    }

    /// Looks at a picture, and reads what is written on it. One that is damaged shows nothing. `digest` is the
    /// picture's ([`Picture::digest`]), which takes its time to compute.
    ///
    /// # Errors
    /// See [`SeeError`].
    pub async fn see(
        &self,
        message: &Message,
        picture: &Picture,
        digest: [u8; 32],
        lane: Lane,
        until: Instant,
    ) -> Result<Arc<Sight>, SeeError> {
        if let Some(sight) = self.campaigns.same(&digest) {
            self.remembered.fetch_add(1, Ordering::Relaxed);
            return Ok(sight);
        }
        let mut known = None;
        let decide = |looked: &Looked| {
            known = self.campaigns.alike(&looked.hash);
            known.is_none() && looked.is_text_likely && self.reads
        };
        let slices = picture.slices(message);
        let rows = slices.iter().map(|row| row.iter().map(AsRef::as_ref).collect());
        let pixels = Look::<fn(&Looked) -> bool>::guess(picture.size(message));
        let look = Look { rows: rows.collect(), pixels, decide };
        let Ok(Seen { looked, text }) = self.lookers.run(look, lane, until).await? else {
            let nothing = Arc::new(Sight::default());
            self.campaigns.remember(digest, None, Arc::clone(&nothing));
            return Ok(nothing);
        };
        let text = text.transpose().map_err(SeeError::Reader)?;
        let is_whole = text.as_ref().is_none_or(|text| !text.is_cut);
        let hash = text.is_some().then_some(looked.hash);
        let text = match &known {
            Some(known) => {
                self.alike.fetch_add(1, Ordering::Relaxed);
                known.text.clone()
            }
            None => text.map(|text| text.text).unwrap_or_default(),
        };
        let sight = Arc::new(Sight { text, codes: looked.codes });
        if is_whole {
            self.campaigns.remember(digest, hash, Arc::clone(&sight));
        }
        Ok(sight)
    }

    /// How things stand.
    pub fn status(&self) -> Status {
        Status {
            openers: self.openers.status(),
            lookers: self.lookers.status(),
            pictures_remembered: self.remembered.load(Ordering::Relaxed),
            pictures_alike: self.alike.load(Ordering::Relaxed),
        }
    }
}

/// What pages of the message itself show is read with the message.
fn without_shown(mut found: Found, message: &Message) -> Found {
    for item in found.inside.items.iter_mut().filter(|item| item.parent.is_none()) {
        let part = message.parts().get(item.part as usize);
        if part.is_some_and(|part| part.content_type == "text/html") {
            item.texts.clear();
            item.uris.clear();
        }
    }
    found
}
