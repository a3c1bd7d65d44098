use futures_util::future::join_all;
use hickory_proto::op::ResponseCode;

use super::*;
use crate::dns::loopback::{Loopback, Reply};

#[tokio::test]
async fn answers_and_denials_are_both_answers() {
    let server = Loopback::start().await;
    server.address("a.example.", Reply::address([127, 0, 0, 2]));
    server.text("t.example.", Reply::Text(vec!["v=spf1 ".into(), "-all".into()]));
    let resolver = server.resolver();

    assert_eq!(
        resolver.addresses("a.example", &Witness::live()).await.unwrap().answers,
        [Ipv4Addr::new(127, 0, 0, 2)]
    );
    assert_eq!(
        resolver.texts("t.example.", &Witness::live()).await.unwrap().answers,
        ["v=spf1 -all"]
    );
    assert!(resolver.addresses("none.example", &Witness::live()).await.unwrap().answers.is_empty());
    assert!(resolver.texts("a.example", &Witness::live()).await.unwrap().answers.is_empty());
}

#[tokio::test]
async fn every_type_is_answered_in_words_of_ours() {
    use hickory_proto::rr::rdata::{AAAA, MX, NS, PTR};
    let name = |text: &str| Name::from_ascii(text).unwrap();
    let server = Loopback::start().await;
    let mx = |preference, host| RData::MX(MX::new(preference, name(host)));
    server.records("d.example.", RecordType::MX, vec![mx(10, "Mail.Example."), mx(0, ".")]);
    server.records("d.example.", RecordType::NS, vec![RData::NS(NS(name("NS1.example.")))]);
    let v6 = "2001:db8::7".parse().unwrap();
    server.records("d.example.", RecordType::AAAA, vec![RData::AAAA(AAAA(v6))]);
    let host = RData::PTR(PTR(name("Host.Example.")));
    server.records("7.2.0.192.in-addr.arpa.", RecordType::PTR, vec![host]);
    let (resolver, witness) = (server.resolver(), Witness::live());

    let exchanger = |preference, host: &str| Exchanger { preference, host: host.to_owned() };
    assert_eq!(
        resolver.exchangers("d.example", &witness).await.unwrap().answers,
        [exchanger(10, "mail.example"), exchanger(0, "")]
    );
    assert_eq!(
        resolver.name_servers("d.example", &witness).await.unwrap().answers,
        ["ns1.example"]
    );
    assert_eq!(resolver.addresses_v6("d.example", &witness).await.unwrap().answers, [v6]);
    let address = "192.0.2.7".parse().unwrap();
    assert_eq!(resolver.names_of(address, &witness).await.unwrap().answers, ["host.example"]);
    assert_eq!(resolver.exchangers("none.example", &witness).await.unwrap().code, 3);
    assert_eq!(witness.testimony().lookups.len(), 5);

    // From what was heard, nobody asked.
    let then = Witness::of(Some(Arc::new(witness.testimony())));
    assert_eq!(resolver.names_of(address, &then).await.unwrap().answers, ["host.example"]);
    assert_eq!(resolver.exchangers("d.example", &then).await.unwrap().answers.len(), 2);
}

#[tokio::test]
async fn a_question_is_asked_once_whatever_its_answer() {
    let server = Loopback::start().await;
    server.address("yes.example.", Reply::address([127, 0, 0, 2]));
    server.address("fails.example.", Reply::Code(ResponseCode::ServFail));
    server.delay(Duration::from_millis(50));
    let resolver = server.resolver();
    for name in ["yes.example.", "no.example.", "fails.example."] {
        let _ = resolver.addresses(name, &Witness::live()).await;
        let asked = server.asked(name);
        assert!(asked > 0, "{name}");
        let spelt = name.to_ascii_uppercase();
        let witness = Witness::live();
        join_all((0..50).map(|_| resolver.addresses(&spelt, &witness))).await;
        assert_eq!(server.asked(name), asked, "{name}");
    }
    let witness = Witness::live();
    join_all((0..50).map(|_| resolver.addresses("many.example.", &witness))).await;
    assert_eq!(server.asked("many.example."), 1);
}

#[tokio::test]
async fn who_hangs_up_leaves_the_question_to_the_others() {
    let server = Loopback::start().await;
    server.address("a.example.", Reply::address([127, 0, 0, 2]));
    server.delay(Duration::from_millis(100));
    let resolver = server.resolver();
    let first = tokio::spawn({
        let resolver = resolver.clone();
        async move { resolver.addresses("a.example", &Witness::live()).await }
    });
    while server.asked("a.example.") == 0 {
        tokio::task::yield_now().await;
    }
    first.abort();
    assert_eq!(resolver.addresses("a.example", &Witness::live()).await.unwrap().answers.len(), 1);
    assert_eq!(server.asked("a.example."), 1);
}

#[tokio::test]
async fn what_is_no_answer_is_an_error() {
    let server = Loopback::start().await;
    server.address("servfail.example.", Reply::Code(ResponseCode::ServFail));
    server.address("refused.example.", Reply::Code(ResponseCode::Refused));
    server.address("silent.example.", Reply::Silence);
    server.address("garbage.example.", Reply::Garbage);
    server.address("loop.example.", Reply::Alias("loop2.example."));
    server.address("loop2.example.", Reply::Alias("loop.example."));
    let resolver = server.impatient();
    let error = |name: &'static str| {
        let resolver = resolver.clone();
        async move { resolver.addresses(name, &Witness::live()).await.unwrap_err() }
    };
    assert!(matches!(error("servfail.example").await, DnsError::Refused { .. }));
    assert!(matches!(error("refused.example").await, DnsError::Refused { .. }));
    assert!(matches!(error("silent.example").await, DnsError::Timeout { .. }));
    assert!(matches!(error("garbage.example").await, DnsError::Timeout { .. }));
    assert!(matches!(error("two..dots.example").await, DnsError::Name { .. }));
    // An endless alias has no address; whether that is a denial or a failure is hickory's.
    let looped = resolver.addresses("loop.example", &Witness::live()).await;
    assert!(looped.map_or(true, |records| records.answers.is_empty()));
}

#[tokio::test]
async fn names_that_are_too_long_are_errors() {
    let server = Loopback::start().await;
    let resolver = server.resolver();
    for name in ["x".repeat(64), "x.".repeat(200), "x".repeat(100_000), "\u{e4}.example".into()] {
        let asked = resolver.addresses(&name, &Witness::live()).await;
        assert!(matches!(asked, Err(DnsError::Name { .. })), "{:.80}: {asked:?}", name);
    }
}

#[tokio::test]
async fn asking_now_and_forgetting_pass_the_cache() {
    let server = Loopback::start().await;
    let resolver = server.resolver();
    assert!(resolver.addresses("a.example", &Witness::live()).await.unwrap().answers.is_empty());
    server.address("a.example.", Reply::address([127, 0, 0, 2]));
    assert!(resolver.addresses("a.example", &Witness::live()).await.unwrap().answers.is_empty());
    assert_eq!(resolver.addresses_now("a.example").await.unwrap().answers.len(), 1);
    assert!(resolver.addresses("a.example", &Witness::live()).await.unwrap().answers.is_empty());
    resolver.forget("a.example", Kind::A).await;
    assert_eq!(resolver.addresses("a.example", &Witness::live()).await.unwrap().answers.len(), 1);
}

#[tokio::test]
async fn a_timeout_of_nothing_is_refused() {
    let settings = Settings { timeout_ms: 0, ..Settings::default() };
    assert!(matches!(Resolver::new(&settings), Err(DnsError::Zero { .. })));
}

#[tokio::test]
async fn a_dead_server_beside_a_living_one_does_no_harm() {
    let (dead, alive) = (Loopback::start().await, Loopback::start().await);
    dead.otherwise(Some(Reply::Silence));
    alive.otherwise(Some(Reply::address([127, 0, 0, 2])));
    let mut settings = dead.settings();
    settings.servers.extend(alive.settings().servers);
    let resolver = Resolver::new(&settings).unwrap();
    for name in ["a.example", "b.example", "c.example"] {
        assert_eq!(
            resolver.addresses(name, &Witness::live()).await.unwrap().answers.len(),
            1,
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_was_heard_once_is_answered_without_asking() {
    let server = Loopback::start().await;
    server.address("a.example.", Reply::address([127, 0, 0, 2]));
    server.text("t.example.", Reply::Text(vec!["v=spf1 ".into(), "-all".into()]));
    server.address("refused.example.", Reply::Code(ResponseCode::Refused));
    server.address("silent.example.", Reply::Silence);
    let (live, resolver) = (Witness::live(), server.impatient());
    let names = ["A.example.", "none.example", "refused.example", "silent.example"];
    for name in names {
        let _ = resolver.addresses(name, &live).await;
    }
    resolver.texts("t.example", &live).await.unwrap();
    resolver.not_asked("aside.example", Kind::A, "it lists the world", &live);
    let heard = live.testimony();
    assert_eq!(heard.lookups.len(), names.len() + 2);
    assert!(heard.lookups.iter().all(|lookup| lookup.asked > 1_700_000_000_000));

    let nobody = server.impatient();
    server.otherwise(Some(Reply::address([127, 0, 0, 9])));
    let then = Witness::of(Some(Arc::new(heard.clone())));
    let asked = |name: &'static str| nobody.addresses(name, &then);
    let records = asked("a.EXAMPLE").await.unwrap();
    assert_eq!(
        (records.answers, records.ttl),
        (vec![Ipv4Addr::new(127, 0, 0, 2)], Duration::from_secs(60))
    );
    assert!(asked("none.example.").await.unwrap().answers.is_empty());
    assert!(matches!(asked("refused.example").await, Err(DnsError::Refused { code: 5, .. })));
    assert!(matches!(asked("silent.example").await, Err(DnsError::Timeout { .. })));
    assert!(matches!(asked("aside.example").await, Err(DnsError::SetAside { .. })));
    let texts = nobody.texts("t.example", &then).await.unwrap();
    assert_eq!(texts.answers, ["v=spf1 -all"]);
    assert_eq!(then.testimony().lookups.len(), heard.lookups.len(), "it hears what was said then");

    assert!(matches!(asked("other.example").await, Err(DnsError::NotRecorded { .. })));
    assert!(nobody.texts("a.example", &then).await.is_err(), "another type is another question");
    assert_eq!(then.testimony().missing, ["other.example A", "a.example TXT"]);
    assert_eq!(server.asked("a.example."), 1, "nobody was asked again");
    assert_eq!(server.asked("other.example."), 0);
}

#[tokio::test]
async fn secrets_show_in_nothing_but_the_question() {
    let server = Loopback::start().await;
    server.address("1.s3cret.list.example.", Reply::address([127, 0, 0, 2]));
    server.address("2.s3cret.list.example.", Reply::Code(ResponseCode::ServFail));
    let resolver = server.resolver().hiding(["s3cret".to_owned()]);
    let live = Witness::live();
    let one = resolver.addresses("1.s3cret.list.example", &live).await.unwrap();
    let two = resolver.addresses("2.S3cret.list.example", &live).await.unwrap_err();
    resolver.not_asked("3.s3cret.list.example", Kind::Txt, "it is down", &live);
    assert!(two.to_string().contains("2.{key}.list.example"), "{two}");
    let heard = live.testimony();
    let all = format!("{heard:?} {two:?}");
    assert!(!all.to_lowercase().contains("s3cret"), "{all}");
    assert_eq!(heard.lookups.len(), 3);

    // Recalled with another key.
    let other = server.resolver().hiding(["changed".to_owned()]);
    let then = Witness::of(Some(Arc::new(heard)));
    assert_eq!(
        other.addresses("1.changed.list.example", &then).await.unwrap().answers,
        one.answers
    );
}

#[tokio::test]
async fn what_is_expected_is_asked_once() {
    let server = Loopback::start().await;
    server.text("a.example.", Reply::Text(vec!["x".into()]));
    let resolver = server.resolver();
    resolver.expect("a.example", Kind::Txt);
    let said = resolver.data("a.example", Kind::Txt, &Witness::live()).await.unwrap();
    assert_eq!(said.answers, [crate::dns::Datum::Text("x".to_owned())]);
    assert_eq!(server.asked("a.example."), 1);
}
