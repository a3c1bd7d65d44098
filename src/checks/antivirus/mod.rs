//! The virus scan.
//!
//! [`Antivirus::new`] once per configuration; nothing configured is no check. An infected message
//! is a forced refusal with the signature's name, beside a finding `CLAMAV` of no weight (the name
//! SpamAssassin's plugin uses).
//!
//! **What is scanned.** The whole message first: clamd unpacks MIME, archives and documents on its
//! own, and only it sees signatures that span parts. But clamd must recognise a message by its
//! first lines and reads MIME in its own way, and whoever knows where it differs from mail readers
//! (blanks or junk in base64, odd header spelling, boundaries that quarrel) hides behind that. So
//! these are scanned once more, each by itself, as *our* reading of the message decodes them:
//!
//! - every part whose transfer encoding hides its bytes, text or not;
//! - every attachment and every part that is not text even if nothing hides it, since many
//!   signatures hold only at the beginning of a file.
//!
//! - what was found inside attachments where the scanner does not reach by itself: archives that a password
//!   in the message opens, rare packings, files that a page's script makes ([`Item::is_hidden`](crate::mail::Item)); of these
//!   only what is not larger than `max_bytes`, since the message would be acceptable without a look inside.
//!
//! Text that stands in the message as it is, uuencoded files in it included, is left to the first
//! scan.
//!
//! **What is not scanned is not clean.** Larger than `max_bytes`, nested or divided beyond the
//! limits, more parts than [`PARTS`], no scanner, no answer: all of them are failures, and the
//! profile decides what a message without a scan deserves. Not so a message that the
//! administrator's own scan limit cut off: its beginning is scanned, and the judgement calls it
//! unscanned; deferring it would only have the sender try again for days.

mod settings;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, fmt, sync::Arc};

use futures_util::future::join_all;

pub use self::settings::{Settings, Sockets};
use crate::{
    checks::{Answered, Case, Check, Work},
    clamd::{self, ClamdError, ScanResult, Scanner, Version},
    mail::{Message, Oddity},
    verdict::{
        Answer, Evidence, Finding, Forced, Name, Points, Reason, Scan, ScanSaid, Verdict, Witness,
    },
};

/// The finding's name.
const FINDING: &str = "CLAMAV";
/// Most parts of one message that are scanned by themselves.
pub const PARTS: usize = 256;
/// Scans that one message may have running at a time: the scanner's slots are everybody's.
const AT_A_TIME: usize = 4;

/// Why a message has no result, or there can be no scanner.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AntivirusError {
    /// A number that must not be zero.
    #[error("antivirus: `{key}` must be at least 1")]
    Zero {
        /// The key in the settings.
        key: &'static str,
    },
    /// Over `max_bytes`.
    #[error("not scanned: {bytes} bytes, of which at most {most} are scanned")]
    TooLarge {
        /// The message, or one of its parts.
        bytes: usize,
        /// `max_bytes`.
        most: usize,
    },
    /// More parts than are scanned.
    #[error("not scanned in full: {parts} parts, of which at most {PARTS} are scanned")]
    TooManyParts {
        /// Parts that should have been scanned.
        parts: usize,
    },
    /// The message was not read to its end or depth.
    #[error("not scanned in full: the message exceeds the limits of what is read ({oddity:?})")]
    Incomplete {
        /// Which limit.
        oddity: Oddity,
    },
    /// The scanner gave no result.
    #[error("not scanned")]
    Scan(#[source] ClamdError),
    /// The scanner gave no result when the message came, and this is all that the record says of it.
    #[error("not scanned then: {why}")]
    NotScannedThen {
        /// Why not, in a line.
        why: String,
    },
    /// The scanner may not be asked now, and what it said then is not recorded.
    #[error("what the scanner said is not recorded")]
    NotRecorded,
}

/// The check. Cheap to clone.
#[derive(Clone)]
pub struct Antivirus {
    scanner: Scanner,
    max_bytes: usize,
    finding: Name,
}

impl Antivirus {
    /// Connects to nothing yet. `None` if no scanner is configured.
    ///
    /// # Errors
    /// A number is zero that must not be.
    pub fn new(settings: &Settings) -> Result<Option<Self>, AntivirusError> {
        let numbers = [
            ("max_bytes", settings.max_bytes),
            ("timeout_ms", settings.timeout_ms),
            ("max_parallel", settings.max_parallel),
        ];
        if let Some(&(key, _)) = numbers.iter().find(|(_, number)| *number == 0) {
            return Err(AntivirusError::Zero { key });
        }
        if settings.clamd.0.is_empty() {
            return Ok(None);
        }
        let scanner = Scanner::new(&clamd::Settings {
            sockets: settings.clamd.0.clone(),
            timeout: settings.timeout(),
            max_parallel: usize::try_from(settings.max_parallel).unwrap_or(usize::MAX),
        });
        let max_bytes = usize::try_from(settings.max_bytes).unwrap_or(usize::MAX);
        Ok(Some(Self { scanner, max_bytes, finding: FINDING.into() }))
    }

    /// Asks every scanner what it is: for `config check`.
    pub async fn versions(&self) -> Vec<Version> {
        self.scanner.versions().await
    }

    async fn judge(self, message: Arc<Message>, witness: Witness) -> Answered {
        match self.signature(&message, &witness).await? {
            Some(signature) => Ok(self.infected(signature)),
            None => Ok(Answer::default()),
        }
    }

    /// The first signature found. A message not seen in full can be infected, but not clean.
    async fn signature(
        &self,
        message: &Message,
        witness: &Witness,
    ) -> Result<Option<String>, AntivirusError> {
        if let Some(signature) = self.scan(None, message.raw(), witness).await? {
            return Ok(Some(signature));
        }
        let mut parts = alone(message);
        let fits = |bytes: &[u8]| bytes.len() <= self.max_bytes;
        parts.extend(inside(message).filter(|(_, bytes)| fits(bytes)));
        for batch in parts.get(..PARTS).unwrap_or(&parts).chunks(AT_A_TIME) {
            let scans = batch.iter().map(|(part, bytes)| self.scan(Some(*part), bytes, witness));
            // A signature counts even beside a scan that failed.
            let results = join_all(scans).await;
            if let Some(signature) = results.iter().find_map(|result| result.as_ref().ok()?.clone())
            {
                return Ok(Some(signature));
            }
            results.into_iter().try_for_each(|result| result.map(|_| ()))?;
        }
        complete(message, parts.len()).map(|()| None)
    }

    /// What the scanner says of these bytes, or said then.
    async fn scan(
        &self,
        part: Option<u32>,
        bytes: &[u8],
        witness: &Witness,
    ) -> Result<Option<String>, AntivirusError> {
        self.fits(bytes.len())?;
        if witness.then().is_some() {
            return recalled(part, witness);
        }
        let result = self.scanner.scan(bytes).await;
        witness.scanned(Scan { part, result: said(&result) });
        match result.map_err(AntivirusError::Scan)? {
            ScanResult::Clean => Ok(None),
            ScanResult::Infected { signature } => Ok(Some(signature)),
        }
    }

    fn fits(&self, bytes: usize) -> Result<(), AntivirusError> {
        let most = self.max_bytes;
        if bytes > most { Err(AntivirusError::TooLarge { bytes, most }) } else { Ok(()) }
    }

    fn infected(&self, signature: String) -> Answer {
        let finding = Finding {
            name: self.finding.clone(),
            weight: Points::ZERO,
            evidence: Evidence::Signature(signature.clone()),
        };
        let forced = Forced { verdict: Verdict::Reject, reason: Reason::Virus(signature) };
        Answer { findings: vec![finding], forced: Some(forced), ..Answer::default() }
    }
}

impl Check for Antivirus {
    fn name(&self) -> &'static str {
        "antivirus"
    }

    fn of_message(&self, case: &Case, witness: &Witness) -> Option<Work> {
        // The future holds the message, so that no scan copies it.
        let judging = self.clone().judge(Arc::clone(&case.message), witness.clone());
        Some(Work::Io(Box::pin(judging)))
    }
}

impl fmt::Debug for Antivirus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Antivirus").field(&self.scanner).finish()
    }
}

/// A result as witnesses keep it.
fn said(result: &Result<ScanResult, ClamdError>) -> ScanSaid {
    match result {
        Ok(ScanResult::Clean) => ScanSaid::Clean,
        Ok(ScanResult::Infected { signature }) => ScanSaid::Infected(signature.clone()),
        Err(error) => ScanSaid::Failed(crate::chain(error)),
    }
}

/// What was said of this part then. What is not recorded is taken down as such.
fn recalled(part: Option<u32>, witness: &Witness) -> Result<Option<String>, AntivirusError> {
    let Some(result) = witness.then().and_then(|then| then.scan(part)).cloned() else {
        let which = part.map_or("the message".to_owned(), |part| format!("part {part}"));
        witness.missed(format!("virus scan of {which}"));
        return Err(AntivirusError::NotRecorded);
    };
    witness.scanned(Scan { part, result: result.clone() });
    match result {
        ScanSaid::Clean => Ok(None),
        ScanSaid::Infected(signature) => Ok(Some(signature)),
        ScanSaid::Failed(why) => Err(AntivirusError::NotScannedThen { why }),
    }
}

/// The parts that are scanned by themselves, with their places: see the module.
fn alone(message: &Message) -> Vec<(u32, Cow<'_, [u8]>)> {
    let raw = message.raw();
    let parts = (0..).zip(message.parts()).filter_map(|(place, part)| {
        let content = part.content(raw);
        let hidden = raw.get(part.raw_body.clone()) != Some(&*content);
        let file = !part.is_container
            && (part.is_attachment || part.file_name.is_some() || !is_text(&part.content_type));
        (!content.is_empty() && (hidden || file)).then_some((place, content))
    });
    parts.collect()
}

/// What is inside the parts and hidden from the scanner. Their places follow those of the parts.
fn inside(message: &Message) -> impl Iterator<Item = (u32, Cow<'_, [u8]>)> {
    let first = u32::try_from(message.parts().len()).unwrap_or(u32::MAX);
    let hidden = message.kept().filter(|(_, item, bytes)| item.is_hidden && !bytes.is_empty());
    hidden.map(move |(number, _, bytes)| (first.saturating_add(number), Cow::Borrowed(bytes)))
}

fn is_text(content_type: &str) -> bool {
    content_type.starts_with("text/")
}

/// Whether all of the message was scanned: a limit it ran into may have hidden a part from us.
fn complete(message: &Message, parts: usize) -> Result<(), AntivirusError> {
    let limits = [Oddity::TooDeep, Oddity::TooManyParts];
    match message.oddities().iter().find(|oddity| limits.contains(oddity)) {
        Some(&oddity) => Err(AntivirusError::Incomplete { oddity }),
        None if parts > PARTS => Err(AntivirusError::TooManyParts { parts }),
        None => Ok(()),
    }
}
