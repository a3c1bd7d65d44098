//! What benches measure on: messages of index files or golden ones, and the path they take.
#![allow(dead_code, reason = "each bench takes what it needs")]

use std::{error::Error as _, path::Path, sync::Arc};

use gatepost::{
    checks::{
        Case,
        bayes::{Features, Model},
    },
    config::Config,
    corpus::{Index, items},
    filter::Filter,
    mail::{Address, Client, Envelope, Message},
    replay::{self, Traced},
    service::{Learned, Offline, build},
    verdict::{Judgement, Label},
};
use rand::{SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};

/// The order of the messages follows from it.
const SEED: u64 = 4711;

/// So many messages of each label the classifier wants before it has an opinion.
const ENOUGH: u64 = 200;

/// A message with its true label.
pub(crate) struct Labelled {
    pub(crate) label: Label,
    pub(crate) raw: Vec<u8>,
}

/// The messages of an index file, in its order; paths are relative to `root`, else to its folder.
pub(crate) fn of_index(index: &Path, root: Option<&Path>) -> Vec<Labelled> {
    let index = Index::read(&[index.to_owned()], root).unwrap_or_else(|error| panic!("{error}"));
    let messages = index.entries.iter().flat_map(|entry| {
        items(std::slice::from_ref(&entry.path)).map(|item| {
            let raw = item.unwrap_or_else(|error| panic!("{error}: {:?}", error.source())).raw;
            Labelled { label: entry.label, raw }
        })
    });
    messages.collect()
}

/// The golden messages.
pub(crate) fn golden() -> Vec<Labelled> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpora/golden");
    of_index(&folder.join("index.tsv"), None)
}

/// Every so manieth message, in an order that looks random, and the others.
pub(crate) fn split(messages: Vec<Labelled>, every: usize) -> (Vec<Vec<u8>>, Vec<Labelled>) {
    let (mut measured, mut others) = (Vec::new(), Vec::new());
    for (number, message) in messages.into_iter().enumerate() {
        if number % every == 0 { measured.push(message.raw) } else { others.push(message) }
    }
    (shuffled(measured), others)
}

/// A model that has learned these messages; again and again if they are too few for an opinion.
pub(crate) fn learned(messages: Vec<Labelled>) -> Model {
    let features = |Labelled { label, raw }: Labelled| (label, Features::of(&Message::parse(raw)));
    let features: Vec<_> = shuffled(messages).into_iter().map(features).collect();
    let mut model = Model::new();
    let is_even =
        [Label::Spam, Label::Ham].iter().all(|label| features.iter().any(|f| f.0 == *label));
    loop {
        features.iter().for_each(|(label, features)| model.learn(*label, features));
        let (spam, ham) = model.learned();
        if !is_even || spam.min(ham) >= ENOUGH {
            return model;
        }
    }
}

/// In an order that looks random and is the same each time.
fn shuffled<T>(mut list: Vec<T>) -> Vec<T> {
    list.shuffle(&mut StdRng::seed_from_u64(SEED));
    list
}

/// The filter as configured by default, without network, with what was learned.
pub(crate) async fn default_filter(learned: Learned) -> Arc<Filter> {
    let config = Config::read("", None).expect("the defaults");
    build(&config, Offline::Yes, learned, None).await.expect("the defaults").filter
}

/// From visit to judgement.
pub(crate) async fn judge(filter: &Arc<Filter>, raw: Vec<u8>) -> Judgement {
    let envelope =
        |_: &[u8]| Traced { client: client(), envelope: envelope(), recipients: recipients() };
    replay::judge(filter, raw, envelope).await.0
}

/// The case that this path makes of a message.
pub(crate) fn case(message: Message) -> Case {
    let envelope = Envelope { client: Arc::new(client()), recipients: recipients(), ..envelope() };
    Case { envelope: Arc::new(envelope), message: Arc::new(message) }
}

fn client() -> Client {
    let address = Some("203.0.113.1".parse().expect("an address"));
    Client { address, over_smtp: true, ..Client::default() }
}

fn recipients() -> Vec<Address> {
    vec![Address::from_path("<reader@example.test>")]
}

fn envelope() -> Envelope {
    let helo = Some("client.example.org".to_owned());
    Envelope { helo, sender: Address::from_path("<sender@example.org>"), ..Envelope::default() }
}
