//! What authentication costs once DNS has answered: SPF of two identities, one signature, DMARC.

use std::sync::Arc;

use criterion::{BatchSize, Criterion};
use futures_util::FutureExt;
use gatepost::{
    checks::{
        Case, Check, Work,
        auth::{Authenticator, Settings},
    },
    dns::{self, Resolver},
    mail::{Address, Envelope, Message},
    verdict::{Answer, AuthResult, Lookup, Outcome, Response, Testimony, Witness},
};
use mail_auth::{
    common::{crypto::Ed25519Key, headers::HeaderWriter},
    dkim::DkimSigner,
};
use tokio::runtime::Runtime;

use crate::samples::case;

/// RFC 1035, section 3.2.2.
const TXT: u16 = 16;
const KEY: &str = "s._domainkey.example.org";

fn lookup(name: &str, record_type: u16, response: Response) -> Lookup {
    Lookup { name: name.to_owned(), record_type, response, ttl: 60, asked: 0, took: 0 }
}

/// A TXT record on the wire.
fn text(name: &str, text: &str) -> Lookup {
    let pieces = text.as_bytes().chunks(255);
    let pieces = pieces.map(|piece| [&[u8::try_from(piece.len()).unwrap()], piece].concat());
    lookup(name, TXT, Response::Records(vec![pieces.collect::<Vec<_>>().concat()]))
}

/// A signed message, and all that DNS says about it.
struct Sample {
    case: Case,
    known: Arc<Testimony>,
}

fn signed(raw: &[u8], pkcs8: &[u8]) -> Vec<u8> {
    let key = Ed25519Key::from_pkcs8_der(pkcs8).unwrap();
    let signer = DkimSigner::from_key(key).domain("example.org").selector("s");
    let signature = signer.headers(["From", "To", "Subject", "Date"]).sign(raw).unwrap();
    [signature.to_header().as_bytes(), raw].concat()
}

async fn answer(check: &Authenticator, case: &Case, witness: &Witness) -> Answer {
    let first = check.of_envelope(&case.envelope, witness).unwrap().await.unwrap();
    let earlier = std::future::ready(Outcome::Answered(first)).boxed().shared();
    match check.of_message_after(case, Some(earlier), witness) {
        Some(Work::IoThenCpu(work)) => work.await.unwrap()().unwrap(),
        _ => panic!("other work"),
    }
}

/// Asks until every question has an answer: those that nobody has thought of find nothing.
/// `None` for a message of which too little is read to verify anything.
fn sample(runtime: &Runtime, check: &Authenticator, raw: Vec<u8>, record: &str) -> Option<Sample> {
    let Case { envelope, message } = case(Message::parse(raw));
    let envelope = Envelope {
        sender: Address::from_path("<sender@example.org>"),
        helo: Some("mail.example.org".to_owned()),
        ..(*envelope).clone()
    };
    let case = Case { envelope: envelope.into(), message };
    let mut known = Testimony {
        lookups: vec![
            text(KEY, record),
            text("example.org", "v=spf1 include:spf.example.org ip4:198.51.100.0/24 -all"),
            text("spf.example.org", "v=spf1 ip4:192.0.2.0/24 ip4:203.0.113.0/24 ~all"),
            text("_dmarc.example.org", "v=DMARC1; p=reject; rua=mailto:dmarc@example.org"),
        ],
        ..Testimony::default()
    };
    loop {
        let witness = Witness::of(Some(Arc::new(known.clone())));
        let answer = runtime.block_on(answer(check, &case, &witness));
        let missing = witness.testimony().missing;
        if missing.is_empty() {
            let found = answer.authentication.unwrap();
            let is_valid = found.signatures.iter().any(|s| s.result == AuthResult::Pass);
            return is_valid.then(|| Sample { case, known: Arc::new(known) });
        }
        for question in missing {
            let (name, kind) = question.split_once(' ').unwrap();
            let kind = match kind {
                "A" => 1,
                "TXT" => TXT,
                other => panic!("{other}"),
            };
            known.lookups.push(lookup(name, kind, Response::Nothing { code: 3 }));
        }
    }
}

pub(crate) fn auth(criterion: &mut Criterion, messages: Vec<Vec<u8>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let pkcs8 = Ed25519Key::generate_pkcs8().unwrap();
    let key = Ed25519Key::from_pkcs8_der(&pkcs8).unwrap();
    let public = data_encoding::BASE64.encode(&key.public_key());
    let record = format!("v=DKIM1; k=ed25519; p={public}");
    let server =
        dns::Settings { servers: vec!["127.0.0.1:9".parse().unwrap()], ..dns::Settings::default() };
    let resolver = runtime.block_on(async { Resolver::new(&server).unwrap() });
    let check = Authenticator::new(&Settings::default(), resolver);
    let messages = messages.into_iter().map(|raw| signed(&raw, &pkcs8));
    let samples: Vec<Sample> =
        messages.filter_map(|raw| sample(&runtime, &check, raw, &record)).collect();
    let mut group = criterion.benchmark_group("auth");
    let mut all = samples.iter().cycle();
    group.bench_function("SPF, one signature, DMARC", |bencher| {
        let next = || all.next().unwrap();
        bencher.iter_batched(
            next,
            |Sample { case, known }| {
                let witness = Witness::of(Some(Arc::clone(known)));
                runtime.block_on(answer(&check, case, &witness))
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}
