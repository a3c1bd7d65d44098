//! The control door itself: what TCP may not, and what no request can do to the service.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    os::unix::net::UnixStream,
    time::Duration,
};

use serde_json::Value;

use crate::{
    mail,
    servers::{
        gatepost::{Config, Gatepost},
        milter_client::{MilterClient, Reply},
    },
};

/// All the service answers to these bytes until it hangs up or has said nothing for a second.
fn answer(mut stream: impl Read + Write, bytes: &[u8]) -> String {
    // It may hang up on what it has seen enough of.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn unix(gatepost: &Gatepost) -> UnixStream {
    let stream = UnixStream::connect(gatepost.store().join("control.sock")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    stream
}

fn inet(gatepost: &Gatepost) -> TcpStream {
    let stream = TcpStream::connect(gatepost.control()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    stream
}

fn request(method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn status(answer: &str) -> &str {
    answer.split_whitespace().nth(1).unwrap_or_default()
}

#[test]
fn tcp_takes_no_lessons() {
    let gatepost = Gatepost::start(&Config::new());
    let message = mail::about("turnips", 1);
    for (method, path) in [
        ("POST", "/train/spam"),
        ("POST", "/train/forget"),
        ("POST", "/train/ham?dry_run"),
        ("GET", "/store"),
        ("GET", "/store/verify"),
        ("GET", "/store/export"),
        ("POST", "/store/compact"),
        ("GET", "/access"),
        ("POST", "/access"),
    ] {
        let said = answer(inet(&gatepost), &request(method, path, &message));
        assert_eq!(status(&said), "403", "{method} {path}: {said}");
        let (_, body) = said.split_once("\r\n\r\n").unwrap();
        let told: Value = serde_json::from_str(body).unwrap();
        assert!(told["error"].as_str().unwrap().contains("unix"), "{told}");
    }
    assert_eq!(status(&answer(inet(&gatepost), &request("GET", "/health", b""))), "200");
    assert_eq!(gatepost.shell().counts(), (0, 0, 0));
}

/// Requests that are none, and what status they get; empty: it may just hang up.
fn strange_requests() -> Vec<(&'static str, Vec<u8>, &'static [&'static str])> {
    let message = mail::about("turnips", 1);
    let huge = format!("X-Huge: {}\r\n", "x".repeat(2 << 20));
    let many = "X-Many: x\r\n".repeat(10_000);
    let post = "POST /train/spam HTTP/1.1\r\nHost: test\r\n";
    vec![
        ("wrong method", request("GET", "/train/spam", b""), &["405"]),
        ("wrong method", request("BREW", "/train/spam", &message), &["405"]),
        ("wrong word", request("POST", "/train/wurst", &message), &["400"]),
        ("nothing", request("POST", "/train/spam", b""), &["422"]),
        ("no header", request("POST", "/train/spam", b"hello"), &["422"]),
        ("no such path", request("POST", "/train", &message), &["404"]),
        ("no such path", request("GET", "/../../etc/passwd", b""), &["404"]),
        ("huge header", format!("{post}{huge}\r\n").into_bytes(), &["431", "400", ""]),
        ("many headers", format!("{post}{many}\r\n").into_bytes(), &["431", "400", ""]),
        ("no HTTP", mail::about("turnips", 2), &["400", ""]),
        ("zeros", vec![0; 100_000], &["400", ""]),
        ("no length", format!("{post}Content-Length: -1\r\n\r\nx").into_bytes(), &["400", ""]),
        (
            "a chunk of no length",
            format!("{post}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n").into_bytes(),
            &["400", ""],
        ),
    ]
}

#[test]
fn nothing_that_is_said_to_it_matters() {
    let gatepost = Gatepost::start(&Config::new().with("limits.scan_bytes = 65536"));
    for (name, bytes, statuses) in strange_requests() {
        let said = answer(unix(&gatepost), &bytes);
        assert!(statuses.contains(&status(&said)), "{name}: {said}");
    }
    half_a_message(&gatepost).unwrap();
    // Some are silent for ever.
    let silent: Vec<_> = (0..200).map(|_| unix(&gatepost)).collect();
    assert_eq!(gatepost.shell().counts(), (0, 0, 0), "nothing of it was learned");
    let learned = gatepost.shell().teach("spam", &mail::about("turnips", 3));
    assert_eq!(learned["learned"], 1);
    let mut milter = MilterClient::connect(gatepost.address()).unwrap();
    milter.open("203.0.113.10", "reader@example.test").unwrap();
    let reply = milter.message(&mail::about("turnips", 3)).unwrap();
    assert_eq!(reply, Reply::Continue);
    drop(silent);
    let panics = gatepost.log().into_iter().filter(|line| line.to_string().contains("panick"));
    assert_eq!(panics.count(), 0);
}

/// The teacher is gone, or ends the message too early.
fn half_a_message(gatepost: &Gatepost) -> io::Result<()> {
    let message = mail::about("turnips", 1);
    let whole = request("POST", "/train/spam", &message);
    let half = &whole[..whole.len() - message.len() / 2];
    unix(gatepost).write_all(half)?;
    let mut stream = unix(gatepost);
    stream.write_all(half)?;
    stream.shutdown(Shutdown::Write)?;
    let said = answer(stream, b"");
    assert_ne!(status(&said), "200", "{said}");
    Ok(())
}
