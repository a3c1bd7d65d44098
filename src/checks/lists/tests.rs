//! The check against lists on a loopback name server, health included.

use std::{net::IpAddr, sync::Arc};

use hickory_proto::op::ResponseCode;

use super::*;
use crate::{
    checks::{Answered, Check},
    dns::{
        Resolver,
        loopback::{Loopback, Reply},
    },
    mail::Client,
    verdict::{Answer, Evidence, Witness},
};

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

fn lists(server: &Loopback) -> ClientLists {
    lists_over(server.resolver())
}

fn lists_over(resolver: Resolver) -> ClientLists {
    let good = Definition { allow: true, ..definition("good.bl") };
    ClientLists::new(&[definition("a.bl"), definition("b.bl"), good], 2, resolver).unwrap()
}

async fn ask(lists: &ClientLists, address: &str) -> Option<Answered> {
    let address: IpAddr = address.parse().unwrap();
    let client = Arc::new(Client { address: Some(address), ..Client::default() });
    Some(lists.of_client(&client, &Witness::live())?.await)
}

async fn answer(lists: &ClientLists, address: &str) -> Answer {
    ask(lists, address).await.unwrap().unwrap()
}

fn aside(lists: &ClientLists) -> Vec<String> {
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
        (yes, Reply::Nothing, |r| matches!(r, ListsNothing)),
        (yes, Reply::Silence, |r| matches!(r, Fails(_))),
        (yes, Reply::Garbage, |r| matches!(r, Fails(_))),
        (yes, Reply::Code(ResponseCode::ServFail), |r| matches!(r, Fails(_))),
        (yes, Reply::address([127, 255, 255, 254]), |r| matches!(r, Refuses(_))),
        (yes, Reply::address([127, 0, 0, 1]), |r| matches!(r, Refuses(_))),
        (yes, Reply::address([192, 0, 2, 1]), |r| matches!(r, Foreign(_))),
        (no, listed.clone(), |r| matches!(r, ListsEverything)),
        (&no_v6, listed.clone(), |r| matches!(r, ListsEverything)),
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
    let lists = ClientLists::new(&[list], 2, server.resolver()).unwrap();
    server.otherwise(Some(Reply::address([127, 0, 0, 2])));
    assert_eq!(answer(&lists, "2001:db8::7").await, Answer::default());
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
    let error = ClientLists::new(&twice, 2, server.resolver()).unwrap_err();
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
