//! The check against lists on a loopback name server, health included.

use std::{net::IpAddr, sync::Arc};

use hickory_proto::{
    op::ResponseCode,
    rr::{Name, RData, RecordType, rdata::NS},
};

use super::*;
use crate::{
    checks::{Answered, Case, Check, Facts, LastExternal, Link, Reader, Relay, Wanted, Way, Work},
    dns::{
        Resolver,
        loopback::{Loopback, Reply},
    },
    mail::{Client, Envelope, Message, Registry},
    verdict::{Answer, Evidence, Witness},
};

/// Reads the same of every message.
#[derive(Default)]
pub(super) struct Given(pub(super) Facts);

impl Reader for Given {
    fn facts(&self, _: &Case, _: Wanted) -> Facts {
        self.0.clone()
    }

    fn registered<'n>(&self, name: &'n str) -> &'n str {
        Registry::built_in().registered(name)
    }

    fn is_restricted(&self) -> bool {
        true
    }

    fn may_ask(&self, name: &str) -> bool {
        !name.contains("denied")
    }
}

/// A server with the zones `a.bl.`, `b.bl.` and `good.bl.`, all healthy and empty.
async fn server() -> Loopback {
    let server = Loopback::start().await;
    for zone in ["a.bl.", "b.bl.", "good.bl."] {
        server.address(&format!("2.0.0.127.{zone}"), Reply::address([127, 0, 0, 2]));
    }
    server
}

fn definition(zone: &str) -> Definition {
    toml::from_str(&format!("zone = \"{zone}\"\nfindings = {{ \"127.0.0.2\" = \"LISTED\" }}"))
        .unwrap()
}

fn lists(server: &Loopback) -> Lists {
    lists_over(server.resolver())
}

fn lists_over(resolver: Resolver) -> Lists {
    let good = Definition { allow: true, ..definition("good.bl") };
    let lists = [definition("a.bl"), definition("b.bl"), good];
    Lists::new(&lists, 2, resolver, Arc::<Given>::default()).unwrap()
}

async fn ask(lists: &Lists, address: &str) -> Option<Answered> {
    let address: IpAddr = address.parse().unwrap();
    let client = Arc::new(Client { address: Some(address), ..Client::default() });
    Some(lists.of_client(&client, &Witness::live())?.await)
}

async fn answer(lists: &Lists, address: &str) -> Answer {
    ask(lists, address).await.unwrap().unwrap()
}

fn aside(lists: &Lists) -> Vec<String> {
    let status = lists.status().into_iter();
    status.filter(|status| status.aside.is_some()).map(|status| status.zone).collect()
}

#[tokio::test]
async fn hits_are_findings_with_their_evidence() {
    let server = server().await;
    server.address("7.113.0.203.a.bl.", Reply::address([127, 0, 0, 2]));
    let v6 = format!("7{}.8.b.d.0.1.0.0.2.a.bl.", ".0".repeat(23));
    server.address(&v6, Reply::address([127, 0, 0, 2]));
    let lists = lists(&server);
    let found = answer(&lists, "203.0.113.7").await;
    assert_eq!(found.findings.len(), 1);
    assert_eq!(found.refuse, None);
    let evidence =
        Evidence::Dns { question: "7.113.0.203.a.bl.".into(), answer: vec!["127.0.0.2".into()] };
    assert_eq!(found.findings[0].evidence, evidence);
    assert_eq!(answer(&lists, "2001:db8::7").await.findings.len(), 1);
    assert_eq!(answer(&lists, "::ffff:203.0.113.7").await, found);
    assert_eq!(answer(&lists, "203.0.113.8").await, Answer::default());
}

#[tokio::test]
async fn private_clients_and_unknown_ones_are_not_asked_about() {
    let lists = lists(&server().await);
    assert!(ask(&lists, "192.168.1.1").await.is_none());
    assert!(lists.of_client(&Arc::default(), &Witness::live()).is_none());
}

#[tokio::test]
async fn two_lists_refuse_and_one_that_vouches_takes_it_back() {
    let server = server().await;
    for name in ["1.100.51.198.a.bl.", "1.100.51.198.b.bl.", "2.100.51.198.a.bl."] {
        server.address(name, Reply::address([127, 0, 0, 2]));
    }
    for name in ["2.100.51.198.b.bl.", "2.100.51.198.good.bl."] {
        server.address(name, Reply::address([127, 0, 0, 2]));
    }
    let lists = lists(&server);
    let refused = answer(&lists, "198.51.100.1").await.refuse.unwrap();
    assert_eq!(
        refused,
        crate::verdict::Reason::ClientListed(vec!["a.bl".to_owned(), "b.bl".to_owned()])
    );
    let vouched = answer(&lists, "198.51.100.2").await;
    assert_eq!((vouched.findings.len(), vouched.refuse), (3, None));
}

#[tokio::test]
async fn healthy_lists_pass_the_self_test() {
    let server = server().await;
    let lists = lists(&server);
    assert!(lists.self_test().await.iter().all(|status| status.aside.is_none()));
}

#[tokio::test]
async fn the_self_test_finds_sick_lists_and_sees_them_recover() {
    use Reason::{Fails, Foreign, ListsEverything, ListsNothing, Refuses};
    type Expected = fn(&Reason) -> bool;
    let (yes, no) = ("2.0.0.127.a.bl.", "1.0.0.127.a.bl.");
    let no_v6 = format!("1.0.0.0.0.0.f.7.f.f.f.f{}.a.bl.", ".0".repeat(20));
    let listed = Reply::address([127, 0, 0, 2]);
    let cases: [(&str, Reply, Expected); 9] = [
        (yes, Reply::Nothing, |r| matches!(r, ListsNothing(_))),
        (yes, Reply::Silence, |r| matches!(r, Fails(_))),
        (yes, Reply::Garbage, |r| matches!(r, Fails(_))),
        (yes, Reply::Code(ResponseCode::ServFail), |r| matches!(r, Fails(_))),
        (yes, Reply::address([127, 255, 255, 254]), |r| matches!(r, Refuses(_))),
        (yes, Reply::address([127, 0, 0, 1]), |r| matches!(r, Refuses(_))),
        (yes, Reply::address([192, 0, 2, 1]), |r| matches!(r, Foreign(_))),
        (no, listed.clone(), |r| matches!(r, ListsEverything(_))),
        (&no_v6, listed.clone(), |r| matches!(r, ListsEverything(_))),
    ];
    let server = server().await;
    let lists = lists_over(server.impatient());
    for (name, reply, expected) in cases {
        server.address(name, reply.clone());
        let status = lists.self_test().await;
        let reason = status[0].aside.as_ref();
        assert!(reason.is_some_and(expected), "{name} {reply:?}: {reason:?}");
        assert_eq!(aside(&lists), ["a.bl"], "{name} {reply:?}");
        server.address(name, if name == yes { listed.clone() } else { Reply::Nothing });
        lists.retry().await;
        assert!(aside(&lists).is_empty(), "{name} {reply:?}");
    }
}

#[tokio::test]
async fn answers_that_never_count_set_a_list_aside_at_once() {
    for never in [[127, 255, 255, 254], [127, 0, 0, 1], [192, 0, 2, 1]] {
        let server = server().await;
        let (name, other) = ("7.113.0.203.a.bl.", "7.113.0.203.b.bl.");
        server.address(name, Reply::Addresses(vec![[127, 0, 0, 2].into(), never.into()]));
        server.address(other, Reply::address([127, 0, 0, 2]));
        let lists = lists(&server);
        assert_eq!(answer(&lists, "203.0.113.7").await.findings.len(), 1);
        assert_eq!(aside(&lists), ["a.bl"]);
        assert_eq!(answer(&lists, "203.0.113.7").await.findings.len(), 1);
        assert_eq!(server.asked(name), 1, "a list aside is not asked");
        // Recovered, it is believed again, and what it said before is forgotten.
        server.address(name, Reply::address([127, 0, 0, 2]));
        lists.retry().await;
        assert_eq!(answer(&lists, "203.0.113.7").await.findings.len(), 2);
        assert!(aside(&lists).is_empty());
    }
}

#[tokio::test]
async fn a_list_that_fails_leaves_what_the_others_know() {
    let server = server().await;
    server.address("7.113.0.203.a.bl.", Reply::Silence);
    server.address("7.113.0.203.b.bl.", Reply::address([127, 0, 0, 2]));
    let lists = lists_over(server.impatient());
    assert_eq!(answer(&lists, "203.0.113.7").await.findings.len(), 1);
}

#[tokio::test]
async fn when_all_lists_fail_the_check_is_broken_until_they_are_back() {
    let server = server().await;
    let lists = lists(&server);
    server.otherwise(Some(Reply::Code(ResponseCode::Refused)));
    for last in 1..=5 {
        let broken = ask(&lists, &format!("203.0.113.{last}")).await.unwrap().unwrap_err();
        assert!(broken.to_string().contains("none of 3"), "{broken}");
    }
    assert_eq!(aside(&lists), ["a.bl", "b.bl", "good.bl"]);
    let broken = ask(&lists, "203.0.113.6").await.unwrap().unwrap_err();
    assert!(broken.to_string().contains("aside"), "{broken}");
    server.otherwise(None);
    lists.retry().await;
    assert_eq!(answer(&lists, "203.0.113.6").await, Answer::default());
}

#[tokio::test]
async fn a_list_without_ipv6_is_spared_the_questions() {
    let server = server().await;
    let list = Definition { ipv6: false, ..definition("a.bl") };
    let lists = Lists::new(&[list], 2, server.resolver(), Arc::<Given>::default()).unwrap();
    server.otherwise(Some(Reply::address([127, 0, 0, 2])));
    assert!(ask(&lists, "2001:db8::7").await.is_none());
}

#[tokio::test]
async fn many_sessions_ask_once() {
    let server = server().await;
    server.delay(std::time::Duration::from_millis(30));
    server.address("7.113.0.203.a.bl.", Reply::address([127, 0, 0, 2]));
    let lists = lists(&server);
    let asked = (0..100).map(|_| answer(&lists, "203.0.113.7"));
    let answers = futures_util::future::join_all(asked).await;
    assert!(answers.iter().all(|answer| answer.findings.len() == 1));
    assert_eq!(server.asked("7.113.0.203.a.bl."), 1);
    assert_eq!(server.asked("7.113.0.203.b.bl."), 1);
}

#[tokio::test]
async fn definitions_that_contradict_each_other_are_refused() {
    let server = server().await;
    let twice = [definition("a.bl"), definition("A.BL")];
    let error = Lists::new(&twice, 2, server.resolver(), Arc::<Given>::default()).unwrap_err();
    assert!(matches!(error, ListsError::Twice { .. }));
}

#[tokio::test]
async fn what_was_answered_once_is_answered_again_without_asking() {
    let server = server().await;
    server.address("7.113.0.203.a.bl.", Reply::address([127, 0, 0, 2]));
    server.address("7.113.0.203.b.bl.", Reply::Code(ResponseCode::ServFail));
    let lists_then = lists(&server);
    let client = Arc::new(Client { address: "203.0.113.7".parse().ok(), ..Client::default() });
    let live = Witness::live();
    let answered = lists_then.of_client(&client, &live).unwrap().await.unwrap();
    assert_eq!(answered.findings.len(), 1);

    // Now everybody is listed everywhere, and nobody is asked.
    server.otherwise(Some(Reply::address([127, 0, 0, 2])));
    let lists_now = lists_over(server.impatient());
    lists_now.self_test().await;
    assert_eq!(aside(&lists_now).len(), 3, "they list the world");
    let then = Witness::of(Some(Arc::new(live.testimony())));
    let again = lists_now.of_client(&client, &then).unwrap().await.unwrap();
    assert_eq!(again, answered);
    assert_eq!(then.testimony().missing, Vec::<String>::new());

    // Lists that were aside then say nothing; all of them, and nothing is known.
    let live = Witness::live();
    let none = lists_now.of_client(&client, &live).unwrap().await.unwrap_err();
    assert!(none.to_string().contains("set aside"), "{none}");
    let then = Witness::of(Some(Arc::new(live.testimony())));
    let again = lists_then.of_client(&client, &then).unwrap().await.unwrap_err();
    assert_eq!(again.to_string(), none.to_string());
}

#[tokio::test]
async fn a_list_that_was_not_asked_then_is_missing_and_stays_well() {
    let server = server().await;
    let lists = lists(&server);
    let client = Arc::new(Client { address: "203.0.113.7".parse().ok(), ..Client::default() });
    for _ in 0..10 {
        let then = Witness::of(Some(Arc::default()));
        let none = lists.of_client(&client, &then).unwrap().await.unwrap_err();
        assert!(crate::chain(&*none).contains("is not recorded"), "{none}");
        assert_eq!(then.testimony().missing.len(), 3);
    }
    assert_eq!(aside(&lists), Vec::<String>::new());
}

/// A message that says all there is to say.
fn facts() -> Facts {
    let relay = |address: &str| Relay { address: address.parse().unwrap(), is_trusted: false };
    let last = LastExternal {
        address: "203.0.113.1".to_owned(),
        name: "mx.sender.example".to_owned(),
        helo: "helo.example".to_owned(),
    };
    let link = |host: &str, domain: &str| Link { host: host.into(), domain: domain.into() };
    Facts {
        way: Way {
            external: vec![relay("203.0.113.1"), relay("203.0.113.2")],
            untrusted: vec![relay("203.0.113.1"), relay("203.0.113.2")],
            last_external: Some(last),
        },
        sender: Some("bounce@sender.example".to_owned()),
        authors: vec!["a@author.example".to_owned()],
        senders: vec!["a@author.example".to_owned(), "bounce@sender.example".to_owned()],
        reply_to: vec!["r@reply.example".to_owned()],
        signers: vec!["signer.example".to_owned()],
        links: vec![
            link("www.link.example", "link.example"),
            link("www.denied.example", "denied.example"),
        ],
        uris: vec!["http://www.link.example/X".to_owned()],
        addresses: vec!["shown@text.example".to_owned()],
    }
}

fn case() -> Case {
    let client = Client {
        address: "203.0.113.1".parse().ok(),
        name: Some("mx.sender.example".to_owned()),
        ..Client::default()
    };
    let envelope = Envelope {
        client: Arc::new(client),
        helo: Some("helo.example".to_owned()),
        sender: crate::mail::Address::from_path("<bounce@sender.example>"),
        ..Envelope::default()
    };
    let message = "Content-Type: application/x; name=x.bin\r\n\r\nabc";
    Case {
        envelope: Arc::new(envelope),
        message: Arc::new(Message::parse(message.as_bytes().to_vec())),
    }
}

/// All that is found at any stage, and what was heard.
async fn find(lists: &Lists, witness: &Witness) -> Vec<String> {
    let case = case();
    let of_message = match lists.of_message(&case, witness) {
        Some(Work::Io(asked)) => Some(asked),
        _ => None,
    };
    let asked = [
        lists.of_client(&case.envelope.client, witness),
        lists.of_envelope(&case.envelope, witness),
        of_message,
    ];
    let mut names = Vec::new();
    for asked in asked.into_iter().flatten() {
        let answer = asked.await.unwrap_or_default();
        names.extend(answer.findings.into_iter().map(|finding| finding.name.to_string()));
    }
    names
}

fn over(server: &Loopback, definitions: &[&str]) -> Lists {
    let read = |text: &&str| -> Definition { toml::from_str(text).unwrap() };
    let definitions: Vec<_> = definitions.iter().map(read).collect();
    Lists::new(&definitions, 2, server.resolver(), Arc::new(Given(facts()))).unwrap()
}

#[tokio::test]
async fn each_kind_of_list_is_asked_for_what_it_holds() {
    let server = Loopback::start().await;
    let ns = |host: &str| RData::NS(NS(Name::from_ascii(host).unwrap()));
    server.records("link.example.", RecordType::NS, vec![ns("ns.host.example.")]);
    server.address("ns.host.example.", Reply::address([198, 51, 100, 1]));
    server.address("www.link.example.", Reply::address([198, 51, 100, 2]));
    for (rest, asked) in [
        ("about = 'client'", "1.113.0.203.l.bl."),
        ("about = 'trace'", "1.113.0.203.l.bl."),
        ("about = 'trace'\nhops = '2'", "2.113.0.203.l.bl."),
        ("about = 'helo'", "helo.example.l.bl."),
        ("about = 'reverse_name'", "mx.sender.example.l.bl."),
        ("about = 'sender'", "sender.example.l.bl."),
        ("about = 'from'", "author.example.l.bl."),
        ("about = 'senders'", "sender.example.l.bl."),
        ("about = 'reply_to'", "reply.example.l.bl."),
        ("about = 'dkim'", "signer.example.l.bl."),
        ("about = 'uri_domain'", "link.example.l.bl."),
        ("about = 'uri_host'", "www.link.example.l.bl."),
        ("about = 'uri_address'", "2.100.51.198.l.bl."),
        ("about = 'name_server_address'", "1.100.51.198.l.bl."),
        ("about = 'name_server_domain'", "host.example.l.bl."),
        ("about = 'name_server_host'", "ns.host.example.l.bl."),
        // printf a@author.example | sha1sum
        ("about = 'email'", "22e1a896c290ad502b96b505ea555a74edf23711.l.bl."),
        // printf http://www.link.example/x | md5sum
        ("about = 'uri'\ndigest = 'md5'", "eb316cb80df85cf3e3ece54c6baf5e2d.l.bl."),
        // printf abc | sha1sum
        ("about = 'file'", "a9993e364706816aba3e25717850c26c9cd0d89d.l.bl."),
    ] {
        server.address(asked, Reply::address([127, 0, 0, 2]));
        let lists =
            over(&server, &[&format!("zone = 'l.bl'\nfindings = {{ '&2' = 'A' }}\n{rest}")]);
        let live = Witness::live();
        assert_eq!(find(&lists, &live).await, ["A"], "{rest}");
        assert!(server.asked(asked) > 0, "{rest}");
        let then = Witness::of(Some(Arc::new(live.testimony())));
        assert_eq!(find(&lists, &then).await, ["A"], "{rest}, recorded");
        server.address(asked, Reply::Nothing);
    }
    assert_eq!(server.asked("denied.example.l.bl."), 0);
}

#[tokio::test]
async fn names_of_ones_own_making_are_asked_for() {
    let server = Loopback::start().await;
    server.address("author.example.fresh.bl.", Reply::address([127, 2, 0, 14]));
    server.text("sender.example.", Reply::Text(vec!["v=spf1 ".into(), "+all".into()]));
    server.address("helo.example.", Reply::address([198, 51, 100, 9]));
    let lists = over(
        &server,
        &[
            "zone = '_AUTHORDOMAIN_.fresh.bl'\nabout = 'template'\n\
             findings = { '/^127\\.2\\.0\\.14$/' = 'NEW', '127.2.0.2' = 'NEWER' }",
            "zone = '_SENDERDOMAIN_'\nabout = 'template'\nrecords = 'TXT'\n\
             findings = { '/^v=spf1 \\+all$/' = 'ALL', '/-all/' = 'NONE' }",
            "zone = '_LASTEXTERNALHELO_'\nabout = 'template'\nfindings = { '*' = 'HELO' }",
            "zone = '_DKIMDOMAIN_.nx.bl'\nabout = 'template'\nfindings = { '[NXDOMAIN]' = 'NX' }",
        ],
    );
    assert_eq!(find(&lists, &Witness::live()).await, ["NEW", "ALL", "HELO", "NX"]);
    // Only two of them are lists.
    assert_eq!(lists.status().len(), 2);
    assert!(lists.self_test().await.iter().all(|status| status.aside.is_none()));
}

#[tokio::test]
async fn one_question_answers_all_who_ask_it() {
    let server = Loopback::start().await;
    server.address(
        "1.113.0.203.l.bl.",
        Reply::Addresses(vec![[127, 0, 0, 2].into(), [127, 0, 0, 4].into()]),
    );
    let list = |hops: &str, findings: &str| {
        format!("zone = 'l.bl'\nabout = 'trace'\nhops = '{hops}'\nfindings = {{ {findings} }}")
    };
    let lists = over(
        &server,
        &[
            &list("last_external", "'127.0.0.2' = 'A', '&4' = 'B'"),
            &list("all", "'*' = 'C'"),
            "zone = 'L.bl.'\nfindings = { '127.0.0.4' = 'D' }",
        ],
    );
    let live = Witness::live();
    assert_eq!(find(&lists, &live).await, ["D", "A", "B", "C"]);
    assert_eq!(server.asked("1.113.0.203.l.bl."), 1);
    assert_eq!(lists.status().len(), 1, "one zone, one health");
    let asked = live.testimony().lookups.len();
    assert_eq!(asked, 3, "the client's, and each address of the trace once");
}

#[tokio::test]
async fn what_the_message_will_ask_is_asked_when_the_client_connects() {
    let server = Loopback::start().await;
    let lists = over(&server, &["zone = 'l.bl'\nabout = 'trace'\nfindings = { '*' = 'A' }"]);
    server.address("1.113.0.203.l.bl.", Reply::address([127, 0, 0, 2]));
    assert!(lists.of_client(&case().envelope.client, &Witness::live()).is_none());
    while server.asked("1.113.0.203.l.bl.") == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(find(&lists, &Witness::live()).await, ["A"]);
    assert_eq!(server.asked("1.113.0.203.l.bl."), 1);
}

#[tokio::test]
async fn lists_of_names_prove_their_health_by_names() {
    let server = Loopback::start().await;
    let names = "zone = 'l.bl'\nabout = 'uri_domain'\nfindings = { '*' = 'A' }";
    let lists = over(&server, &[names]);
    let listed = || Reply::address([127, 0, 0, 2]);
    let aside = |status: Vec<Status>| status[0].aside.as_ref().map(ToString::to_string);
    let nothing = aside(lists.self_test().await).unwrap();
    assert!(nothing.contains("TEST is not on it"), "{nothing}");
    server.address("2.0.0.127.l.bl.", listed());
    assert_eq!(aside(lists.self_test().await), None, "an older list");
    server.address("2.0.0.127.l.bl.", Reply::Nothing);
    server.address("test.l.bl.", listed());
    assert_eq!(aside(lists.self_test().await), None);
    server.address("invalid.l.bl.", listed());
    let everything = aside(lists.self_test().await).unwrap();
    assert!(everything.contains("INVALID is on it"), "{everything}");
    let none = over(&server, &[&format!("{names}\ntest_entry = false")]);
    server.address("test.l.bl.", Reply::Nothing);
    server.address("invalid.l.bl.", Reply::Nothing);
    assert_eq!(aside(none.self_test().await), None);
}

#[tokio::test]
async fn an_answer_that_refuses_elsewhere_counts_where_it_means_something() {
    let server = Loopback::start().await;
    server.address("1.113.0.203.l.bl.", Reply::address([127, 0, 0, 1]));
    for (key, found) in [("/^127\\.0\\.0\\.[12]$/", true), ("*", false), ("&1", false)] {
        let list = format!("zone = 'l.bl'\nfindings = {{ '{key}' = 'A' }}");
        let lists = over(&server, &[&list]);
        assert_eq!(!find(&lists, &Witness::live()).await.is_empty(), found, "{key}");
        assert_eq!(lists.status()[0].aside.is_none(), found, "{key}");
    }
}

#[tokio::test]
async fn strange_answers_add_nothing_and_hold_nobody_up() {
    let server = Loopback::start().await;
    server.address("1.113.0.203.good.bl.", Reply::address([127, 0, 0, 2]));
    server.address("1.113.0.203.loop.bl.", Reply::Alias("1.113.0.203.loop.bl."));
    server.address("1.113.0.203.garbage.bl.", Reply::Garbage);
    server.address("1.113.0.203.silent.bl.", Reply::Silence);
    server.address("1.113.0.203.refusing.bl.", Reply::address([127, 255, 255, 254]));
    server.address("1.113.0.203.parked.bl.", Reply::address([192, 0, 2, 1]));
    server.address("1.113.0.203.failing.bl.", Reply::Code(ResponseCode::ServFail));
    let zones = ["good", "loop", "garbage", "silent", "refusing", "parked", "failing"];
    let list = |zone: &&str| {
        let text =
            format!("zone = '{zone}.bl'\nabout = 'trace'\nfindings = {{ '*' = 'IN_{zone}' }}");
        toml::from_str::<Definition>(&text).unwrap()
    };
    let definitions: Vec<_> = zones.iter().map(list).collect();
    let reader = Arc::new(Given(facts()));
    let lists = Lists::new(&definitions, 2, server.impatient(), reader).unwrap();
    let live = Witness::live();
    let found = find(&lists, &live).await;
    assert_eq!(found, ["IN_good"]);
    // While it still waits for the silent one, what is known is known.
    assert_eq!(live.so_far().0.len(), 1);
    let aside: Vec<_> = aside(&lists);
    assert_eq!(aside, ["refusing.bl", "parked.bl"]);
}

#[tokio::test]
async fn what_is_known_counts_while_others_are_waited_for() {
    let server = Loopback::start().await;
    server.address("1.113.0.203.quick.bl.", Reply::address([127, 0, 0, 2]));
    server.address("1.113.0.203.slow.bl.", Reply::Silence);
    let lists = over(
        &server,
        &[
            "zone = 'slow.bl'\nabout = 'trace'\nfindings = { '*' = 'SLOW' }",
            "zone = 'quick.bl'\nabout = 'trace'\nfindings = { '*' = 'QUICK' }",
        ],
    );
    let live = Witness::live();
    let Some(Work::Io(asked)) = lists.of_message(&case(), &live) else { panic!() };
    let asked = tokio::spawn(asked);
    while live.so_far().0.is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(!asked.is_finished());
    asked.abort();
    let (found, heard) = live.so_far();
    assert_eq!(found[0].name.as_str(), "QUICK");

    // Judged once more, the same is found, and the slow one is not missing.
    let then = Witness::of_late(Arc::new(heard));
    let Some(Work::Io(again)) = lists.of_message(&case(), &then) else { panic!() };
    assert_eq!(again.await.unwrap().findings, found);
    assert!(then.lacks() && then.testimony().missing.is_empty());
}

#[tokio::test]
async fn health_outlives_a_new_configuration() {
    let server = server().await;
    let mut running = lists(&server);
    server.address("1.0.0.127.a.bl.", Reply::address([127, 0, 0, 2]));
    running.self_test().await;
    server.otherwise(Some(Reply::Code(ResponseCode::ServFail)));
    let mut next = lists(&server);
    next.succeed(&running).await;
    assert_eq!(aside(&next), ["a.bl"], "nobody was asked again");
    running.succeed(&next).await;
}

#[tokio::test]
async fn keys_show_nowhere() {
    let server = Loopback::start().await;
    server.address("1.113.0.203.s3cret.l.bl.", Reply::address([127, 0, 0, 2]));
    let lists = over(
        &server,
        &["zone = '{key}.l.bl'\nkey = 's3cret'\nfindings = { '*' = 'A' }\nrefuse = true"],
    );
    let live = Witness::live();
    let answer = lists.of_client(&case().envelope.client, &live).unwrap().await.unwrap();
    let shown = format!("{answer:?} {:?} {lists:?}", live.testimony());
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("1.113.0.203.{key}.l.bl."), "{shown}");
}
