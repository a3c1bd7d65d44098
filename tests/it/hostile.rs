//! What no MTA would send, and what strangers send through one: a verdict or a clean close,
//! bounded memory, and nobody else notices.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use crate::{
    mail,
    servers::{
        daemon::peak_memory,
        gatepost::{Config, Gatepost},
        milter_client::{MilterClient, Reply},
    },
};

/// Peak resident memory that no attack may reach, with the limits configured below.
const MOST_MEMORY: u64 = 600 << 20;

fn gatepost() -> Gatepost {
    Gatepost::start(&Config::new().with("limits.memory_bytes = 134217728"))
}

/// Runs an attack while somebody else goes on sending mail; afterwards the process is the same,
/// answers, and has not grown beyond reason.
fn survives(gatepost: &mut Gatepost, name: &str, attack: impl FnOnce(&Gatepost)) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let bystander = scope.spawn(|| undisturbed(gatepost, &over));
        // An attack that fails must not leave the bystander running for ever.
        let attacked = panic::catch_unwind(AssertUnwindSafe(|| attack(gatepost)));
        over.store(true, Ordering::Relaxed);
        if let Err(failure) = attacked {
            panic::resume_unwind(failure);
        }
        assert!(bystander.join().unwrap() > 0, "{name}: the bystander sent something");
    });
    assert!(gatepost.is_running(), "{name}");
    let panics = gatepost.log().iter().filter(|line| line.to_string().contains("panicked")).count();
    assert_eq!(panics, 0, "{name}");
    let peak = peak_memory(gatepost.pid());
    println!("hostile: {name}: peak resident so far {} MiB", peak >> 20);
    assert!(peak < MOST_MEMORY, "{name}: {} MiB", peak >> 20);
}

/// Sends message after message on one connection; every one must be taken.
fn undisturbed(gatepost: &Gatepost, over: &AtomicBool) -> usize {
    let mut milter = MilterClient::connect(gatepost.address()).unwrap();
    milter.connection("203.0.113.10").unwrap();
    let mut count = 0;
    while count == 0 || !over.load(Ordering::Relaxed) {
        milter.envelope("friend@example.org", &["reader@example.test"]).unwrap();
        let reply = milter.message(&mail::plain("Lunch", "At noon?")).unwrap();
        assert!(matches!(reply, Reply::Continue | Reply::Accept), "{reply:?}");
        count += 1;
    }
    count
}

fn open(gatepost: &Gatepost) -> MilterClient {
    let mut milter = MilterClient::connect(gatepost.address()).unwrap();
    milter.open("203.0.113.66", "reader@example.test").unwrap();
    milter
}

/// A whole message must get a verdict, whatever it is.
fn verdict(gatepost: &Gatepost, message: &[u8]) -> Reply {
    let mut milter = open(gatepost);
    let reply = milter.message(message).unwrap();
    assert_ne!(reply, Reply::Tempfail);
    reply
}

/// Bytes without any sense, always the same ones (xorshift).
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .collect()
}

#[test]
fn garbage_on_the_socket() {
    let mut gatepost = gatepost();
    let packets: [&[u8]; 9] = [
        b"",
        b"\0\0\0\0",
        b"\xff\xff\xff\xffO",
        b"\0\0\0\x01Z",
        b"\0\0\0\x0dO\0\0\0\x01\0\0\0\0\0\0\0\0",
        b"\0\0\0\x05O\0\0\0\x06",
        b"\0\0\0\x01E",
        b"EHLO client.example.org\r\nMAIL FROM:<>\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ];
    survives(&mut gatepost, "garbage", |gatepost| {
        for packet in packets.iter().copied().chain([&noise(100_000)[..]]) {
            let mut milter = MilterClient::connect_only(gatepost.address()).unwrap();
            // Whether it is read to the end or the door is closed meanwhile is the same to us.
            let _ = milter.raw(packet);
        }
    });
}

#[test]
fn commands_in_no_order() {
    let mut gatepost = gatepost();
    survives(&mut gatepost, "no order", |gatepost| {
        for commands in [&b"E"[..], b"BE", b"NBE", b"TTTT", b"AEAE", b"KCE", b"OOO", b"RLNBE"] {
            let mut milter = MilterClient::connect(gatepost.address()).unwrap();
            for &command in commands.iter().chain(b"Q") {
                // Whether the door is closed meanwhile is the same to us.
                let _ = milter.send(command, b"x\0");
            }
            let replies = milter.replies_to_the_end();
            assert!(!replies.contains(&b'a'), "{}: {replies:?}", String::from_utf8_lossy(commands));
        }
        let taken = gatepost.judged().iter().filter(|line| line["sender"] == "").count();
        assert_eq!(taken, 0, "a message that was never begun");
    });
}

#[test]
fn a_negotiation_that_offers_nothing() {
    let mut gatepost = gatepost();
    survives(&mut gatepost, "poor offer", |gatepost| {
        let mut milter = MilterClient::connect_only(gatepost.address()).unwrap();
        let offer = [6u32.to_be_bytes(), [0; 4], [0; 4]].concat();
        milter.send(b'O', &offer).unwrap();
        milter.answer_to_offer().unwrap();
        milter.open("203.0.113.66", "reader@example.test").unwrap();
        let reply = milter.message(&mail::plain("spam-between-mark-and-reject", "x")).unwrap();
        assert!(matches!(reply, Reply::Accept | Reply::Continue), "{reply:?}");
        // No bits at all mean what version 1 of the protocol could do, added headers included.
        assert!(!milter.changes.is_empty(), "marked all the same");
    });
}

#[test]
fn clients_that_hang_or_go_away() {
    let mut gatepost = gatepost();
    survives(&mut gatepost, "hanging", |gatepost| {
        let hanging: Vec<_> = (0..100)
            .map(|number| {
                let mut milter = open(gatepost);
                if number % 2 == 0 {
                    milter.header(b"Subject", b" half a message").unwrap();
                }
                milter.raw(b"\0\0\xff\xffB half a packet").unwrap();
                milter
            })
            .collect();
        verdict(gatepost, &mail::plain("Lunch", "At noon?"));
        drop(hanging);
    });
}

#[test]
fn aborted_messages_leave_nothing_behind() {
    let mut gatepost = gatepost();
    survives(&mut gatepost, "aborts", |gatepost| {
        let mut milter = open(gatepost);
        for _ in 0..50 {
            milter.header(b"Subject", b" spam-beyond-reject").unwrap();
            milter.command(b'N', b"").unwrap();
            milter.body(&noise(1 << 20)).unwrap();
            milter.abort().unwrap();
            milter.envelope("friend@example.org", &["reader@example.test"]).unwrap();
        }
        let reply = milter.message(&mail::plain("Lunch", "At noon?")).unwrap();
        assert!(matches!(reply, Reply::Continue | Reply::Accept), "{reply:?}");
    });
}

#[test]
fn a_body_of_200_mebibytes() {
    let mut gatepost = gatepost();
    survives(&mut gatepost, "200 MiB body", |gatepost| {
        for heed_skip in [true, false] {
            let mut milter = open(gatepost);
            milter.header(b"Subject", b" The archive").unwrap();
            milter.command(b'N', b"").unwrap();
            let chunk = noise(65_535);
            for _ in 0..(200 << 20) / chunk.len() {
                if milter.command(b'B', &chunk).unwrap() == Reply::Skip && heed_skip {
                    break;
                }
            }
            let reply = milter.end().unwrap();
            assert!(matches!(reply, Reply::Continue | Reply::Accept), "{reply:?}");
        }
        let judged = gatepost.judged();
        let large = judged.iter().find(|line| line["client"] == "203.0.113.66").unwrap();
        assert_ne!(large["findings"], "", "a finding says that it was not read to the end");
    });
}

#[test]
fn many_large_bodies_at_once() {
    let mut gatepost = gatepost();
    survives(&mut gatepost, "30 bodies of 20 MiB", |gatepost| {
        thread::scope(|scope| {
            for _ in 0..30 {
                scope.spawn(|| {
                    let mut milter = MilterClient::connect(gatepost.address()).unwrap();
                    let begun = milter.open("203.0.113.66", "reader@example.test").unwrap();
                    if begun != Reply::Continue {
                        return;
                    }
                    milter.command(b'N', b"").unwrap();
                    milter.body(&noise(20 << 20)).unwrap();
                    // Told 451 where memory is short, a verdict otherwise; never nothing.
                    milter.end().unwrap();
                });
            }
        });
    });
}

/// Header and body of a message, nested `depth` times.
fn nested(depth: usize, kind: &str) -> Vec<u8> {
    let mut message = b"Subject: nested\r\n".to_vec();
    for level in 0..depth {
        let part = match kind {
            "multipart" => format!(
                "Content-Type: multipart/mixed; boundary=\"b{level}\"\r\n\r\n--b{level}\r\n"
            ),
            _ => "Content-Type: message/rfc822\r\n\r\n".to_owned(),
        };
        message.extend_from_slice(part.as_bytes());
    }
    message.extend_from_slice(b"Content-Type: text/plain\r\n\r\nThe bottom.\r\n");
    message
}

#[test]
fn mime_nested_ten_thousand_deep() {
    let mut gatepost = gatepost();
    survives(&mut gatepost, "MIME nested 10,000 deep", |gatepost| {
        for kind in ["multipart", "rfc822"] {
            verdict(gatepost, &nested(10_000, kind));
        }
    });
}

#[test]
fn a_header_of_ten_mebibytes() {
    let mut gatepost = gatepost();
    survives(&mut gatepost, "10 MiB header", |gatepost| {
        let mut in_one_packet = open(gatepost);
        let value = vec![b'x'; 10 << 20];
        // More than a packet may hold (one mebibyte): closed, or taken.
        if in_one_packet.header(b"X-Long", &value).is_ok() {
            in_one_packet.end().unwrap();
        }
        let mut in_many = open(gatepost);
        for _ in 0..11 {
            in_many.header(b"X-Long", &vec![b'x'; 1_000_000]).unwrap();
        }
        in_many.command(b'N', b"").unwrap();
        in_many.end().unwrap();
    });
}

#[test]
fn a_hundred_thousand_header_lines() {
    let mut gatepost = gatepost();
    survives(&mut gatepost, "100,000 header lines", |gatepost| {
        let folded = format!("X-Folded: a{}\r\n", "\r\n b".repeat(100_000));
        let mut fields = b"Subject: many\r\n".to_vec();
        for number in 0..100_000 {
            fields.extend_from_slice(format!("X-Field-{number}: {number}\r\n").as_bytes());
        }
        for head in [folded.into_bytes(), fields] {
            verdict(gatepost, &[&head[..], b"\r\nBody.\r\n"].concat());
        }
    });
}

#[test]
fn a_hundred_thousand_forged_fields() {
    let mut gatepost = gatepost();
    survives(&mut gatepost, "100,000 forged header fields", |gatepost| {
        let mut head = b"Subject: forged\r\n".to_vec();
        for number in 0..100_000 {
            head.extend_from_slice(format!("X-Spam-{number}: NO\r\n").as_bytes());
        }
        match verdict(gatepost, &[&head[..], b"\r\nBody.\r\n"].concat()) {
            Reply::Text(text) => assert!(text.starts_with("451"), "{text}"),
            reply => assert_eq!(reply, Reply::Tempfail),
        }
    });
}

/// Messages that are wrong in one way each; the first line names it.
fn broken_messages() -> Vec<(&'static str, Vec<u8>)> {
    let head = |content: &str| format!("Subject: x\r\n{content}\r\n\r\n").into_bytes();
    let with = |content: &str, body: &[u8]| [head(content), body.to_vec()].concat();
    let every_byte: Vec<u8> = (0..=255).collect();
    vec![
        ("no header at all", b"\r\n\r\nBody.\r\n".to_vec()),
        ("nothing at all", b"\r\n\r\n".to_vec()),
        ("no final newline", with("MIME-Version: 1.0", b"Body")),
        (
            "bytes that are no UTF-8",
            with("Content-Type: text/plain; charset=utf-8", &noise(100_000)),
        ),
        (
            "8-bit header",
            [&b"Subject: \xff\xfe\x80 \xc3\x28\r\nFrom: \xe9@\xe9\r\n\r\n"[..], &every_byte]
                .concat(),
        ),
        ("NULs in the body", with("Content-Type: text/html", &[0; 100_000])),
        (
            "bad base64",
            with("Content-Transfer-Encoding: base64", b"!!!===\r\nQUJD\r\n=QQ=Q\0\r\n====\r\n"),
        ),
        (
            "bad quoted-printable",
            with("Content-Transfer-Encoding: quoted-printable", b"=\r\n=ZZ=0=\r\n===\r\n"),
        ),
        (
            "a boundary that never closes",
            with("Content-Type: multipart/mixed; boundary=b", b"--b\r\n\r\nx\r\n--b\r\n"),
        ),
        (
            "an empty boundary",
            with("Content-Type: multipart/mixed; boundary=\"\"", b"--\r\n\r\n--\r\n--\r\n"),
        ),
        (
            "100,000 boundaries",
            with("Content-Type: multipart/mixed; boundary=b", &b"--b\r\n\r\n".repeat(100_000)),
        ),
        (
            "unknown charset",
            with("Content-Type: text/plain; charset=\"no-such\\\"thing\"", &every_byte),
        ),
        ("half an encoded word", with("From: =?utf-8?B?////?= =?utf-8?Q?=\r\nTo: =?", b"x")),
        ("a megabyte of angle brackets", with("Content-Type: text/html", &b"<".repeat(1 << 20))),
        ("500 kB of nested HTML", with("Content-Type: text/html", &b"<div>".repeat(100_000))),
        ("a megabyte without a line end", with("Content-Type: text/plain", &b"a".repeat(1 << 20))),
        (
            "a megabyte of URIs",
            with("Content-Type: text/plain", &b"http://a.example/ ".repeat(60_000)),
        ),
        (
            "an address list without end",
            with(&format!("To: {}", "a@b.example, ".repeat(50_000)), b"x"),
        ),
        ("open comments", with(&format!("From: {}", "(".repeat(200_000)), b"x")),
        ("Received of nonsense", with("Received:\r\n\t\r\nReceived: from from by by ; ;", b"x")),
    ]
}

#[test]
fn broken_messages_get_a_verdict() {
    let mut gatepost = gatepost();
    for (name, message) in broken_messages() {
        survives(&mut gatepost, name, |gatepost| {
            verdict(gatepost, &message);
        });
    }
    let broken: Vec<_> =
        gatepost.judged().into_iter().filter(|line| line["broken"] != "").collect();
    assert!(broken.is_empty(), "a check broke: {broken:#?}");
    let late: Vec<_> = gatepost.judged().into_iter().filter(|line| line["late"] != "").collect();
    assert!(late.is_empty(), "a check was late: {late:#?}");
}

#[test]
fn odd_envelopes() {
    let mut gatepost = gatepost();
    survives(&mut gatepost, "odd envelopes", |gatepost| {
        let many: Vec<String> = (0..1_000).map(|n| format!("user{n}@example.test")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let long = "x".repeat(100_000);
        for (sender, recipients) in [
            ("", &["reader@example.test"][..]),
            ("sender@example.org", &many),
            (&long, &[&long]),
            ("\u{fffd}\u{202e}@\u{1f4a9}", &["<<>>\"@\"@@"]),
        ] {
            let mut milter = MilterClient::connect(gatepost.address()).unwrap();
            milter.connection("203.0.113.66").unwrap();
            assert_eq!(milter.envelope(sender, recipients).unwrap(), Reply::Continue);
            milter.message(&mail::plain("Lunch", "At noon?")).unwrap();
        }
    });
}

#[test]
fn odd_connections() {
    let mut gatepost = gatepost();
    survives(&mut gatepost, "odd connections", |gatepost| {
        // Family: unknown, unix, IPv6; an address that is none; no HELO; HELO twice.
        for data in [
            &b"unknown\0U"[..],
            b"x\0L\0\0/tmp/socket\0",
            b"x\x006\0\x19IPv6:2001:db8::1\0",
            b"x\x004\0\x19nonsense\0",
        ] {
            let outcome = odd_connection(gatepost, data);
            assert!(!matches!(outcome, Ok(Reply::Tempfail)), "{data:?}: {outcome:?}");
        }
    });
}

fn odd_connection(gatepost: &Gatepost, connection: &[u8]) -> io::Result<Reply> {
    let mut milter = MilterClient::connect(gatepost.address())?;
    milter.command(b'C', connection)?;
    milter.envelope("", &["reader@example.test"])?;
    milter.message(&mail::plain("No HELO", "x"))?;
    milter.command(b'H', b"one.example\0")?;
    milter.command(b'H', b"two.example\0")?;
    milter.envelope("", &["reader@example.test"])?;
    milter.message(&mail::plain("Two HELOs", "x"))
}
