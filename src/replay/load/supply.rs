//! Messages are read and prepared ahead of those who play them, on a thread: reading must not be
//! what is measured.

use std::{path::PathBuf, thread};

use tokio::sync::mpsc;

use super::delivery::{Delivery, Origin};
use crate::{
    corpus::{self, SourceError},
    verdict::Label,
};

/// Messages that lie ready.
const AHEAD: usize = 256;

/// Kept mail: a file, a directory, an mbox.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What all of it is, where that is known.
    pub label: Option<Label>,
    /// Where it lies.
    pub path: PathBuf,
}

/// What is to be played.
#[derive(Clone, Debug, Default)]
pub struct Supply {
    /// In this order.
    pub mail: Vec<Kept>,
    /// So many messages: from the beginning again if there are fewer. All of them once without.
    pub count: Option<usize>,
    /// Where they seem to come from.
    pub origin: Origin,
}

impl Supply {
    /// Reads on a thread, not further ahead than some hundred messages. `failed` is told what
    /// cannot be read; the rest goes on. Ends early once nobody takes messages any more.
    pub fn begin(self, failed: impl Fn(&SourceError) + Send + 'static) -> mpsc::Receiver<Delivery> {
        let (sender, receiver) = mpsc::channel(AHEAD);
        thread::spawn(move || self.feed(&sender, failed));
        receiver
    }

    fn feed(&self, sender: &mpsc::Sender<Delivery>, failed: impl Fn(&SourceError)) {
        let mut left = self.count.unwrap_or(usize::MAX);
        loop {
            let before = left;
            for delivery in self.once(&failed) {
                if left == 0 || sender.blocking_send(delivery).is_err() {
                    return;
                }
                left -= 1;
            }
            // Standard input comes only once, and a folder may be empty.
            if self.count.is_none() || left == before {
                return;
            }
        }
    }

    fn once(&self, failed: &impl Fn(&SourceError)) -> impl Iterator<Item = Delivery> {
        let items = self.mail.iter().flat_map(|Kept { label, path }| {
            corpus::items(std::slice::from_ref(path)).map(|item| (*label, item))
        });
        items.filter_map(|(label, item)| match item {
            Ok(item) => Delivery::new(item.raw, label, &self.origin),
            Err(error) => {
                failed(&error);
                None
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use super::*;

    #[test]
    fn a_count_goes_round_and_round() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.eml"), "Subject: a\n\n").unwrap();
        fs::write(folder.path().join("b.mbox"), "From x\nSubject: b\n\nFrom x\nSubject: c\n\n")
            .unwrap();
        let mail = vec![
            Kept { label: Some(Label::Spam), path: folder.path().to_owned() },
            Kept { label: None, path: folder.path().join("gone") },
        ];
        for (count, subjects, gone) in [
            (None, "a b c", 1),
            (Some(2), "a b", 0),
            (Some(7), "a b c a b c a", 2),
            (Some(0), "", 0),
        ] {
            let failures = Arc::new(AtomicUsize::new(0));
            let seen = Arc::clone(&failures);
            let supply = Supply { mail: mail.clone(), count, origin: Origin::default() };
            let mut deliveries = supply.begin(move |_| {
                seen.fetch_add(1, Ordering::Relaxed);
            });
            let found: Vec<Delivery> = std::iter::from_fn(|| deliveries.blocking_recv()).collect();
            let named =
                |d: &Delivery| String::from_utf8_lossy(d.value("subject").unwrap()).into_owned();
            assert_eq!(
                found.iter().map(named).collect::<Vec<_>>().join(" "),
                subjects,
                "{count:?}"
            );
            assert!(found.iter().all(|delivery| delivery.label == Some(Label::Spam)));
            assert_eq!(failures.load(Ordering::Relaxed), gone, "{count:?}");
        }
    }

    #[test]
    fn a_count_of_nothing_ends() {
        let folder = tempfile::tempdir().unwrap();
        let mail = vec![Kept { label: None, path: folder.path().to_owned() }];
        let supply = Supply { mail, count: Some(5), origin: Origin::default() };
        assert!(supply.begin(|_| ()).blocking_recv().is_none());
    }
}
