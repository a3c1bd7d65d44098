//! Any records and any header are judged by SPF, DKIM, ARC and DMARC, without a panic, and all results hold
//! together: what is not there cannot pass.
//!
//! Lines of the input: the SPF record of the sender's domain, that of a domain it may include, the key of
//! every signature, the DMARC record; then the message. DNS is not asked: what these do not answer is
//! not there.

#![no_main]

use std::{
    net::Ipv4Addr,
    sync::{Arc, LazyLock},
};

use futures_util::FutureExt;
use gatepost::{
    checks::{
        Case, Check, Work,
        auth::{Authenticator, Settings},
    },
    dns::{self, Resolver},
    mail::{Address, Client, Envelope, Message},
    verdict::{Answer, AuthResult, Lookup, Outcome, Response, Testimony, Witness},
};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

/// RFC 1035, section 3.2.2.
const TXT: u16 = 16;
/// The author's domain and the sender's, and where its records stand.
const NAMES: [&str; 4] =
    ["example.org", "spf.example.org", "s._domainkey.example.org", "_dmarc.example.org"];

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().expect("a runtime"));

static CHECK: LazyLock<Authenticator> = LazyLock::new(|| {
    // Nobody listens there; nobody is asked.
    let server = "127.0.0.1:9".parse().expect("an address");
    let settings = dns::Settings { servers: vec![server], ..dns::Settings::default() };
    let resolver = RUNTIME.block_on(async { Resolver::new(&settings) }).expect("a resolver");
    let trusted_sealers = vec!["example.org".to_owned()];
    Authenticator::new(&Settings { trusted_sealers, ..Settings::default() }, resolver)
});

static ENVELOPE: LazyLock<Arc<Envelope>> = LazyLock::new(|| {
    let address = Some(Ipv4Addr::new(192, 0, 2, 1).into());
    Arc::new(Envelope {
        client: Arc::new(Client { address, over_smtp: true, ..Client::default() }),
        helo: Some("spf.example.org".to_owned()),
        sender: Address::from_path("<strong-bad@example.org>"),
        arrived: Some(1_790_000_000),
        ..Envelope::default()
    })
});

fuzz_target!(
    init: { LazyLock::force(&CHECK); },
    |raw: &[u8]| {
        let mut lines = raw.splitn(NAMES.len() + 1, |&byte| byte == b'\n');
        let lookups = NAMES.iter().filter_map(|name| text(name, lines.next()?)).collect();
        let message = Message::parse(lines.next().unwrap_or_default().to_vec());
        let known = Testimony { lookups, ..Testimony::default() };
        let case = Case { envelope: ENVELOPE.clone(), message: Arc::new(message) };
        let answer = RUNTIME.block_on(judge(&case, known));
        hold_together(&case, &answer);
    }
);

/// A TXT record; none if the text is empty.
fn text(name: &str, text: &[u8]) -> Option<Lookup> {
    let pieces = text.chunks(255).map(|piece| [&[piece.len() as u8], piece].concat());
    let record = pieces.collect::<Vec<_>>().concat();
    let response = Response::Records(vec![record]);
    let name = name.to_owned();
    let lookup = Lookup { name, record_type: TXT, response, ttl: 60, asked: 0, took: 0 };
    (!text.is_empty()).then_some(lookup)
}

async fn judge(case: &Case, known: Testimony) -> Answer {
    let witness = Witness::of(Some(Arc::new(known)));
    let first = CHECK.of_envelope(&case.envelope, &witness).expect("a client").await;
    let first = first.expect("an answer");
    let earlier = std::future::ready(Outcome::Answered(first)).boxed().shared();
    match CHECK.of_message_after(case, Some(earlier), &witness) {
        Some(Work::IoThenCpu(work)) => work.await.expect("an answer")().expect("an answer"),
        _ => panic!("other work"),
    }
}

fn hold_together(case: &Case, answer: &Answer) {
    let found = answer.authentication.as_ref().expect("results");
    let has = |name: &str| answer.findings.iter().any(|finding| finding.name.as_str() == name);
    let fields = |name: &str| {
        let fields = case.message.headers().fields.iter();
        fields.filter(|field| field.name.eq_ignore_ascii_case(name)).count()
    };
    assert!(found.signatures.len() <= fields("DKIM-Signature").min(10));
    assert_eq!(has("DKIM_SIGNED"), !found.signatures.is_empty());
    assert_eq!(has("DKIM_VALID"), found.valid().next().is_some());
    assert!(!has("DKIM_VALID_AU") || has("DKIM_VALID"));
    let arc = found.arc.as_ref().is_some_and(|arc| arc.result == AuthResult::Pass);
    assert!(!arc || fields("ARC-Seal") > 0);
    let dmarc = found.dmarc.as_ref().expect("a result");
    let spf = found.mail_from.as_ref().is_some_and(|spf| spf.result == AuthResult::Pass);
    assert!(dmarc.result != AuthResult::Pass || spf || has("DKIM_VALID"));
    assert!(dmarc.result != AuthResult::Pass || fields("From") == 1);
}
