//! `gatepost explain`.

use super::{World, objects, send, text};
use crate::mail;

#[test]
fn a_reference_is_explained_with_all_that_it_rests_on() {
    let mut world = World::start("");
    world.teach();
    send(&world, 0..20);
    let logged = world.gatepost.wait_judged(20);
    world.close();
    let shell = world.gatepost.shell();
    for line in &logged {
        let reference = line["ref"].as_str().unwrap();
        let said = shell.run(&["explain", "--json", &reference.to_lowercase().replace('-', "")]);
        assert_eq!(said.status, 0, "{said:?}");
        let explained = said.json();
        assert_eq!(explained["ref"], reference);
        assert_eq!(explained["verdict"], line["verdict"]);
        let findings = explained["findings"].as_array().unwrap();
        let sum: f64 = findings.iter().map(|f| f["weight"].as_f64().unwrap()).sum();
        assert!((sum - explained["score"].as_f64().unwrap()).abs() < 1e-6, "{explained}");
        assert!(!explained["virus_scans"].as_array().unwrap().is_empty(), "{explained}");
        let is_external = line["profile"] == "external";
        assert_eq!(explained["dns"].as_array().unwrap().is_empty(), !is_external);
        assert!(explained["classifier"]["state"].is_string(), "{explained}");
        assert!(shell.run(&["explain", reference]).out.starts_with(reference));
    }
    // The first came from a client on bl.test and has six points of a rule.
    let first = logged[0]["ref"].as_str().unwrap();
    let shown = shell.run(&["explain", first]).out;
    for part in [
        "RCVD_IN_BL_TEST",
        "LOCAL_MARK",
        "header Subject",
        "1.113.0.203.bl.test A → 127.0.0.2 (TTL 60 s",
        "1.113.0.203.wl.test A → nothing",
        "virus scan of the message: clean",
        "= the score",
        "  accept: more than",
        "  reject:",
        "sender <sender@example.org>",
        "client 203.0.113.1",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}

#[test]
fn what_cannot_be_found_says_what_to_look_at() {
    let mut world = World::start("");
    send(&world, 0..4);
    world.gatepost.wait_judged(4);
    // It reads what is there while the service runs.
    let shell = world.gatepost.shell();
    let said = shell.run(&["explain", "0000-0000"]);
    assert_eq!((said.status, said.out.as_str()), (1, ""), "{said:?}");
    assert!(said.err.contains("0000-0000") && said.err.contains("history.days"), "{said:?}");
    let said = shell.run(&["explain", "no-such-thing"]);
    assert_eq!(said.status, 2, "{said:?}");
    world.close();
}

#[test]
fn a_file_is_judged_now_and_explained() {
    let world = World::start("");
    let file = world.folder.write("one.eml", mail::plain("spam-between-mark-and-reject", "x"));
    let shell = world.gatepost.shell();
    let said = shell.run(&["explain", "--json", text(&file)]);
    assert_eq!(said.status, 0, "{said:?}");
    let [explained] = &objects(&said.out)[..] else { panic!("{said:?}") };
    assert_eq!(explained["verdict"], "mark");
    assert_eq!(explained["milder"]["verdict"], "accept");
    assert_eq!(explained["milder"]["without"][0], "LOCAL_MARK");
    assert_eq!(explained["severer"]["verdict"], "reject");
    assert_eq!(explained["virus_scans"][0]["result"], "clean");
    let virus = world.folder.write("virus.eml", mail::own_virus());
    let shown = shell.run(&["explain", text(&virus)]).out;
    assert!(shown.contains("without the virus Gatepost.Test.Own"), "{shown}");
}
