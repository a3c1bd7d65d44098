//! The check as the filter asks it: a real name server on loopback, messages signed here.

use std::{net::IpAddr, sync::Arc};

use futures_util::FutureExt;
use hickory_proto::op::ResponseCode;
use mail_auth::{
    ArcOutput, AuthenticatedMessage, AuthenticationResults, DkimResult, DmarcOutput, DmarcResult,
    arc::{ArcSealer, Set},
    common::{
        crypto::{Ed25519Key, SigningKey},
        headers::{Header, HeaderWriter},
    },
    dkim::{Canonicalization, DkimSigner},
};

use super::*;
use crate::{
    checks::{Case, Check, Work},
    dns::loopback::{Loopback, Reply},
    mail::{Address, Client, Envelope, Message},
    verdict::{
        Answer, AuthResult, Authentication, Disposition, Evidence, Outcome, Reason, Testimony,
        Witness,
    },
};

const MESSAGE: &str = "From: A <a@author.example>\r\nTo: b@example.test\r\nSubject:  odd \r\n\tblanks\r\n\
    \r\nSome  text \r\n\r\n.dots\r\n\r\n\r\n";

/// 2026-11-12.
const ARRIVED: u64 = 1_794_500_000;

struct Setup {
    server: Loopback,
    key: Ed25519Key,
}

async fn setup() -> Setup {
    let server = Loopback::start().await;
    let pkcs8 = Ed25519Key::generate_pkcs8().unwrap();
    let key = Ed25519Key::from_pkcs8_der(&pkcs8).unwrap();
    let public = data_encoding::BASE64.encode(&key.public_key());
    let text = |name: &str, text: &str| server.text(name, Reply::Text(vec![text.to_owned()]));
    for domain in ["author.example", "other.example", "sealer.example"] {
        let record = format!("v=DKIM1; k=ed25519; p={public}");
        text(&format!("s._domainkey.{domain}."), &record);
    }
    text("strict._domainkey.author.example.", &format!("v=DKIM1; k=ed25519; t=s; p={public}"));
    text("web._domainkey.author.example.", &format!("v=DKIM1; k=ed25519; s=tlsrpt; p={public}"));
    text("revoked._domainkey.author.example.", "v=DKIM1; p=");
    text("odd._domainkey.author.example.", "hello");
    server.text("down._domainkey.author.example.", Reply::Code(ResponseCode::ServFail));
    text("_dmarc.author.example.", "v=DMARC1; p=reject");
    text("author.example.", "v=spf1 ip4:192.0.2.1 -all");
    Setup { server, key }
}

impl Setup {
    fn authenticator(&self, settings: &Settings) -> Authenticator {
        Authenticator::new(settings, self.server.resolver())
    }

    /// The message with an ARC set of this sealer on top, who found that DMARC passed or not.
    fn sealed(&self, message: &str, domain: &str, passed: bool) -> String {
        let parsed = AuthenticatedMessage::parse(message.as_bytes()).unwrap();
        let sets = parsed.as_headers.iter().zip(&parsed.ams_headers).zip(&parsed.aar_headers);
        let mut chain = ArcOutput::default().with_result(DkimResult::Pass);
        for ((seal, signature), results) in sets {
            chain = chain.with_set(Set {
                signature: Header::new(signature.name, signature.value, &signature.header),
                seal: Header::new(seal.name, seal.value, &seal.header),
                results: Header::new(results.name, results.value, &results.header),
            });
        }
        let spf = if passed { DmarcResult::Pass } else { DmarcResult::None };
        let dmarc = DmarcOutput::new("author.example".to_owned()).with_spf_result(spf);
        let results = AuthenticationResults::new(domain).with_dmarc_result(&dmarc);
        let set = ArcSealer::from_key(SharedKey(&self.key))
            .domain(domain)
            .selector("s")
            .headers(["From", "Subject"])
            .seal(&parsed, &results, &chain)
            .unwrap();
        format!("{}{message}", set.to_header())
    }

    /// The message with a signature of this domain and selector on top.
    fn signed(&self, message: &str, selector: &str, domain: &str) -> String {
        let key = SharedKey(&self.key);
        let signature = DkimSigner::from_key(key)
            .domain(domain)
            .selector(selector)
            .headers(["From", "Subject"])
            .header_canonicalization(Canonicalization::Simple)
            .sign(message.as_bytes())
            .unwrap();
        format!("{}{message}", signature.to_header())
    }
}

/// A key that several signers use.
struct SharedKey<'k>(&'k Ed25519Key);

impl SigningKey for SharedKey<'_> {
    type Hasher = <Ed25519Key as SigningKey>::Hasher;

    fn sign(&self, input: impl mail_auth::common::headers::Writable) -> mail_auth::Result<Vec<u8>> {
        self.0.sign(input)
    }

    fn algorithm(&self) -> mail_auth::common::crypto::Algorithm {
        self.0.algorithm()
    }
}

fn envelope(client: &str, sender: &str) -> Envelope {
    let address: Option<IpAddr> = client.parse().ok();
    Envelope {
        client: Arc::new(Client { address, over_smtp: true, ..Client::default() }),
        helo: Some("mail.author.example".to_owned()),
        sender: Address::from_path(sender),
        arrived: Some(ARRIVED),
        ..Envelope::default()
    }
}

/// What the check answers at MAIL and at the end of the message.
async fn asked(
    check: &Authenticator,
    envelope: Envelope,
    message: &str,
    witness: &Witness,
) -> [Answer; 2] {
    let envelope = Arc::new(envelope);
    let first = check.of_envelope(&envelope, witness).unwrap().await.unwrap();
    let earlier = std::future::ready(Outcome::Answered(first.clone())).boxed().shared();
    let message = Arc::new(Message::parse(message.into()));
    let case = Case { envelope, message };
    let Some(Work::IoThenCpu(work)) = check.of_message_after(&case, Some(earlier), witness) else {
        panic!("other work")
    };
    [first, work.await.unwrap()().unwrap()]
}

async fn found(check: &Authenticator, envelope: Envelope, message: &str) -> Authentication {
    let [_, answer] = asked(check, envelope, message, &Witness::live()).await;
    *answer.authentication.unwrap()
}

fn names(answer: &Answer) -> String {
    let names: Vec<_> = answer.findings.iter().map(|finding| finding.name.as_str()).collect();
    names.join(" ")
}

const OURS: &str = "192.0.2.1";
const STRANGER: &str = "203.0.113.5";

#[tokio::test]
async fn results_are_findings() {
    let setup = setup().await;
    let check = setup.authenticator(&Settings::default());
    let signed = setup.signed(MESSAGE, "s", "author.example");
    let by_other = setup.signed(MESSAGE, "s", "other.example");
    for (client, sender, message, early, late) in [
        (
            OURS,
            "a@author.example",
            &signed,
            "SPF_HELO_NONE SPF_PASS",
            "DKIM_SIGNED DKIM_VALID DKIM_VALID_AU DKIM_VALID_EF DMARC_PASS",
        ),
        (
            STRANGER,
            "a@author.example",
            &signed,
            "SPF_HELO_NONE SPF_FAIL",
            "DKIM_SIGNED DKIM_VALID DKIM_VALID_AU DKIM_VALID_EF DMARC_PASS",
        ),
        (
            STRANGER,
            "a@author.example",
            &signed.replace("text", "Text"),
            "SPF_HELO_NONE SPF_FAIL",
            "DKIM_SIGNED DMARC_REJECT",
        ),
        (
            STRANGER,
            "a@other.example",
            &by_other,
            "SPF_HELO_NONE SPF_NONE",
            "DKIM_SIGNED DKIM_VALID DKIM_VALID_EF DMARC_REJECT",
        ),
        (OURS, "a@author.example", &MESSAGE.to_owned(), "SPF_HELO_NONE SPF_PASS", "DMARC_PASS"),
        (OURS, "", &MESSAGE.to_owned(), "SPF_HELO_NONE", "DMARC_REJECT"),
        (
            OURS,
            "a@author.example",
            &MESSAGE.replace("author", "nobody"),
            "SPF_HELO_NONE SPF_PASS",
            "DMARC_MISSING",
        ),
        (OURS, "a@author.example", &"Subject: x\r\n\r\nx".to_owned(), "SPF_HELO_NONE SPF_PASS", ""),
    ] {
        let answers = asked(&check, envelope(client, sender), message, &Witness::live()).await;
        assert_eq!(answers.each_ref().map(names), [early, late], "{client} {sender} {message}");
    }
}

#[tokio::test]
async fn each_signature_ends_as_it_should() {
    use AuthResult::{Fail, Neutral, Pass, Permerror, Policy, Temperror};
    let setup = setup().await;
    let check = setup.authenticator(&Settings::default());
    let signed = |selector: &str| setup.signed(MESSAGE, selector, "author.example");
    let good = signed("s");
    for (message, result, because) in [
        (good.clone(), Pass, ""),
        (good.replace("\r\n", "\n"), Pass, ""),
        (good.replace("Some  text", "Some text"), Pass, ""),
        (good.replace("Some", "some"), Fail, "the body was changed"),
        (good.replace("odd \r\n", "odd\r\n"), Fail, "does not fit"),
        (good.replace("a=ed25519-sha256", "a=rsa-sha256"), Permerror, "another kind"),
        (good.replace("a=ed25519-sha256", "a=rsa-sha1"), Policy, "SHA-1"),
        (good.replace("a=ed25519-sha256", "a=rot13"), Neutral, "algorithm"),
        (good.replace("v=1", "v=2"), Neutral, "version"),
        (good.replace("h=Subject:From", "h=Subject:To"), Permerror, "From is not signed"),
        (good.replace("v=1;", "v=1; x=1794499999;"), Fail, "expired"),
        (good.replace("v=1;", "v=1; x=9999999999;"), Fail, "does not fit"),
        (good.replace("v=1;", "v=1; i=@other.example;"), Permerror, "another domain"),
        (good.replace("v=1;", "v=1; l=1000;"), Fail, "shorter"),
        (good.replace("v=1;", "v=1; q=http;"), Permerror, "DNS"),
        (signed("strict"), Pass, ""),
        (signed("strict").replace("v=1;", "v=1; i=@a.author.example;"), Fail, "key forbids"),
        (signed("web"), Permerror, "something else"),
        (signed("revoked"), Permerror, "revoked"),
        (signed("odd"), Permerror, "odd._domainkey"),
        (signed("missing"), Permerror, "no key"),
        (signed("down"), Temperror, "down._domainkey"),
    ] {
        let found = found(&check, envelope(STRANGER, ""), &message).await;
        let [signature] = found.signatures.as_slice() else { panic!("{message}: {found:?}") };
        assert_eq!(signature.result, result, "{message}\n{signature:?}");
        let said = signature.because.to_lowercase();
        assert!(said.contains(&because.to_lowercase()), "{because}: {signature:?}");
    }
}

#[tokio::test]
async fn few_signatures_are_looked_at_the_author_s_first() {
    let setup = setup().await;
    let check = setup.authenticator(&Settings::default());
    let mut message = setup.signed(MESSAGE, "s", "author.example");
    for _ in 0..20 {
        message = setup.signed(&message, "s", "other.example");
    }
    let found = found(&check, envelope(STRANGER, ""), &message).await;
    assert_eq!(found.signatures.len(), 10);
    assert!(found.valid().any(|signature| signature.domain == "author.example"), "{found:?}");
}

#[tokio::test]
async fn a_signature_that_fails_says_why() {
    let setup = setup().await;
    let check = setup.authenticator(&Settings::default());
    let signed = setup.signed(MESSAGE, "s", "author.example");
    let fact = |answer: &Answer| {
        let signed = answer.findings.iter().find(|f| f.name.as_str() == "DKIM_SIGNED").unwrap();
        let Evidence::Fact(fact) = &signed.evidence else { panic!() };
        fact.clone()
    };
    for (message, expected) in [
        (signed.clone(), "author.example"),
        (signed.replace("text", "Text"), "author.example (the body was changed)"),
        (format!("DKIM-Signature: v=1\r\n{MESSAGE}"), "(Missing parameters)"),
    ] {
        let envelope = envelope(OURS, "a@author.example");
        let [_, answer] = asked(&check, envelope, &message, &Witness::live()).await;
        assert_eq!(fact(&answer), expected);
    }
}

#[tokio::test]
async fn only_names_of_hosts_in_helo_are_asked_about() {
    let setup = setup().await;
    let check = setup.authenticator(&Settings::default());
    for (helo, early) in [
        ("mail.author.example", "SPF_HELO_NONE SPF_PASS"),
        ("mail.author.example.", "SPF_HELO_NONE SPF_PASS"),
        ("win-xp", "SPF_PASS"),
        ("win-xp.", "SPF_PASS"),
        ("203.0.113.5", "SPF_PASS"),
        ("[203.0.113.5]", "SPF_PASS"),
        ("2001:db8::1", "SPF_PASS"),
        ("", "SPF_PASS"),
    ] {
        let helo = Some(helo.to_owned());
        let envelope = Envelope { helo, ..envelope(OURS, "a@author.example") };
        let [first, _] = asked(&check, envelope, MESSAGE, &Witness::live()).await;
        assert_eq!(names(&first), early);
    }
}

#[tokio::test]
async fn chains_hold_and_trusted_sealers_vouch() {
    let setup = setup().await;
    let one = setup.sealed(MESSAGE, "sealer.example", true);
    let two = setup.sealed(&setup.sealed(MESSAGE, "other.example", true), "sealer.example", false);
    for (trusted, message, result, vouched) in [
        (&["sealer.example"][..], one.clone(), AuthResult::Pass, Some("sealer.example")),
        (&["example"], one.clone(), AuthResult::Pass, Some("sealer.example")),
        (&[], one.clone(), AuthResult::Pass, None),
        (&["sealer.example"], one.replace("Some", "some"), AuthResult::Fail, None),
        (&["sealer.example"], one.replace("dmarc=pass", "dmarc=none"), AuthResult::Fail, None),
        (&["sealer.example"], one.replace("ARC-Seal", "X-Seal"), AuthResult::Fail, None),
        (&["sealer.example"], one.replace("i=1", "i=2"), AuthResult::Fail, None),
        (&["sealer.example"], two.clone(), AuthResult::Pass, None),
        (&["other.example"], two.clone(), AuthResult::Pass, None),
        (&["sealer.example", "other.example"], two, AuthResult::Pass, Some("other.example")),
    ] {
        let trusted_sealers = trusted.iter().map(|&domain| domain.to_owned()).collect();
        let check = setup.authenticator(&Settings { trusted_sealers, ..Settings::default() });
        let found = found(&check, envelope(STRANGER, "a@author.example"), &message).await;
        let (arc, dmarc) = (found.arc.unwrap(), found.dmarc.unwrap());
        assert_eq!((arc.result, arc.vouched_by.as_deref()), (result, vouched), "{message} {arc:?}");
        assert_eq!(dmarc.excused.is_some(), vouched.is_some(), "{dmarc:?}");
    }
}

#[tokio::test]
async fn a_failure_at_mail_is_a_reason_to_refuse() {
    let setup = setup().await;
    let forwarders = vec!["203.0.113.5".parse().unwrap()];
    let plain = setup.authenticator(&Settings::default());
    let kind = setup.authenticator(&Settings { forwarders, ..Settings::default() });
    for (check, client, refused) in
        [(&plain, STRANGER, true), (&plain, OURS, false), (&kind, STRANGER, false)]
    {
        let envelope = envelope(client, "a@author.example");
        let [early, late] = asked(check, envelope, MESSAGE, &Witness::live()).await;
        let domain = "author.example".to_owned();
        let reason = Reason::SpfFail { domain, explanation: String::new() };
        assert_eq!(early.refuse, refused.then_some(reason), "{client}");
        let dmarc = late.authentication.unwrap().dmarc.unwrap();
        let fails = client == STRANGER;
        assert_eq!(dmarc.result == AuthResult::Fail, fails);
        assert_eq!(dmarc.excused.is_some(), fails && !refused);
        assert_eq!(dmarc.disposition, Disposition::Reject);
    }
}

/// What was heard once is enough to judge by it, whatever DNS says later.
#[tokio::test]
async fn a_record_answers_everything() {
    let setup = setup().await;
    let check = setup.authenticator(&Settings::default());
    let message = setup.signed(MESSAGE, "s", "author.example");
    let sender = || envelope(STRANGER, "a@author.example");
    let witness = Witness::live();
    let first = asked(&check, sender(), &message, &witness).await;
    let heard: Testimony = witness.testimony();
    setup.server.otherwise(Some(Reply::Code(ResponseCode::ServFail)));
    let check = setup.authenticator(&Settings::default());
    let again = Witness::of(Some(Arc::new(heard)));
    let second = asked(&check, sender(), &message, &again).await;
    assert_eq!(first, second);
    assert!(again.testimony().missing.is_empty());
}

proptest::proptest! {
    /// Whatever stands in these fields, each has a defined answer.
    #[test]
    fn no_message_makes_reading_panic(
        name in "DKIM-Signature|ARC-Seal|ARC-Message-Signature|ARC-Authentication-Results|From",
        value in "[a-z=;:@ <>,\"()0-9/+.\\PC\r\n]{0,120}",
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..60),
    ) {
        let mut raw = format!("{name}: {value}\r\n{name}: i=1; v=1; d=a.b; s=c; b=aaaa; bh=aaaa; h=from; a=").into_bytes();
        raw.extend(bytes);
        let source = source::Source::new(Arc::new(Message::parse(raw)));
        let _ = dmarc::author(&source);
        let mut bodies = body_hash::BodyHashes::of(source.body());
        let keys = key::Keys::default();
        for read in dkim::read(&source, None) {
            read.verify(&source, &keys, &mut bodies, ARRIVED);
        }
        if let Some(arc) = arc::read(&source) {
            arc.verify(&source, &keys, &mut bodies, ARRIVED, &[]);
        }
    }
}
