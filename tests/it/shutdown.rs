//! SIGTERM: no new messages, those in flight are finished, then the end.

use std::{io::Write, net::TcpStream, thread, time::Duration};

use crate::{
    mail,
    servers::{
        gatepost::{Config, Gatepost},
        milter_client::{MilterClient, Reply},
    },
};

#[test]
fn messages_in_flight_are_finished() {
    let mut gatepost = Gatepost::start(&Config::new());
    let mut flying = MilterClient::connect(gatepost.address()).unwrap();
    flying.open("203.0.113.10", "reader@example.test").unwrap();
    let mut idle = MilterClient::connect(gatepost.address()).unwrap();
    idle.connection("203.0.113.11").unwrap();
    gatepost.ask_to_end();
    gatepost.wait_logged("draining", 1);
    // Sessions that are open learn that this is no time to begin a message.
    match idle.envelope("sender@example.org", &["reader@example.test"]) {
        Ok(Reply::Text(text)) => assert!(text.starts_with("451"), "{text}"),
        Ok(reply) => assert_eq!(reply, Reply::Tempfail),
        Err(_closed) => {}
    }
    let verdict = flying.message(&mail::plain("Lunch", "At noon?")).unwrap();
    assert!(matches!(verdict, Reply::Continue | Reply::Accept), "{verdict:?}");
    assert!(gatepost.wait_end().success());
    assert_eq!(gatepost.judged().len(), 1);
}

#[test]
fn a_hanging_message_cannot_keep_it_for_ever() {
    let mut gatepost = Gatepost::start(&Config::new().with("milter.drain_seconds = 1"));
    let mut hanging = MilterClient::connect(gatepost.address()).unwrap();
    hanging.open("203.0.113.10", "reader@example.test").unwrap();
    gatepost.ask_to_end();
    assert!(gatepost.wait_end().success());
    assert!(hanging.end().is_err(), "never told that it was taken");
}

#[test]
fn a_hanging_control_client_cannot_keep_it_for_ever() {
    let mut gatepost = Gatepost::start(&Config::new());
    let mut hanging = TcpStream::connect(gatepost.control()).unwrap();
    hanging.write_all(b"GET /metrics HTTP/1.1\r\nHost:").unwrap();
    // It has been accepted before this one is answered.
    assert!(gatepost.metric("gatepost_connections", "").is_finite());
    gatepost.ask_to_end();
    assert!(gatepost.wait_end().success());
}

#[test]
fn idle_it_ends_at_once_and_leaves_no_socket() {
    let mut gatepost = Gatepost::start(&Config::new());
    let _idle: Vec<_> =
        (0..10).map(|_| MilterClient::connect(gatepost.address()).unwrap()).collect();
    thread::sleep(Duration::from_millis(100));
    gatepost.ask_to_end();
    assert!(gatepost.wait_end().success());
    gatepost.restart();
    let mut milter = MilterClient::connect(gatepost.address()).unwrap();
    assert_eq!(milter.open("203.0.113.10", "reader@example.test").unwrap(), Reply::Continue);
}
