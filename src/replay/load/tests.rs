//! What is said to milters that no server here is: old ones, quiet ones, ones that misbehave. The
//! real ones are played against in tests/it and benches/peers.sh.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::*;

const MAIL: &[u8] = b"From: a\nSubject: hello\n  there\n\nbody\n";

/// A milter that negotiates `version` and `options`, answers each command by what `answer` says of
/// its kind, and ends with the connection: all packets that it got, macros left out.
async fn milter(
    mut stream: TcpStream,
    version: u32,
    options: u32,
    answer: impl Fn(u8) -> &'static [&'static [u8]],
) -> Vec<(char, Vec<u8>)> {
    let mut packets = Vec::new();
    while let Ok(length) = stream.read_u32().await {
        let mut packet = vec![0; length as usize];
        stream.read_exact(&mut packet).await.unwrap();
        let kind = packet.remove(0);
        if kind == b'O' {
            let agreed = [version, 0, options].map(u32::to_be_bytes).concat();
            stream.write_all(&[&13u32.to_be_bytes()[..], b"O", &agreed].concat()).await.unwrap();
            continue;
        }
        if kind != b'D' {
            packets.push((char::from(kind), packet));
        }
        for reply in answer(kind) {
            let length = u32::try_from(reply.len()).unwrap().to_be_bytes();
            stream.write_all(&[&length[..], reply].concat()).await.unwrap();
        }
    }
    packets
}

/// Plays messages on one connection: what became of them, and what the milter got.
fn played(
    messages: usize,
    version: u32,
    options: u32,
    answer: impl Fn(u8) -> &'static [&'static [u8]] + Copy + Send + 'static,
) -> (Vec<Played>, Vec<(char, Vec<u8>)>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let plan = Plan {
            milter: listener.local_addr().unwrap().into(),
            concurrency: 1,
            rate: None,
            per_connection: 100,
            patience: Duration::from_secs(30),
        };
        let served = tokio::spawn(async move {
            // The first connection only asks whether anybody is there.
            let (first, _) = listener.accept().await.unwrap();
            milter(first, version, options, answer).await;
            let (second, _) = listener.accept().await.unwrap();
            milter(second, version, options, answer).await
        });
        let (sender, deliveries) = mpsc::channel(messages);
        for _ in 0..messages {
            let delivery = Delivery::new(MAIL.to_vec(), None, &Origin::default()).unwrap();
            sender.try_send(delivery).unwrap();
        }
        drop(sender);
        let mut all = Vec::new();
        play(&plan, deliveries, |played| all.push(played)).await.unwrap();
        (all, served.await.unwrap())
    })
}

fn kinds(packets: &[(char, Vec<u8>)]) -> String {
    packets.iter().map(|(kind, _)| *kind).collect()
}

/// Continue to everything that has an answer.
fn go_on(kind: u8) -> &'static [&'static [u8]] {
    if b"DAQ".contains(&kind) { &[] } else { &[b"c"] }
}

#[test]
fn an_old_milter_is_not_told_of_data() {
    let (all, packets) = played(2, 2, 0, go_on);
    assert!(all.iter().all(|played| played.outcome.is_ok()), "{all:?}");
    assert_eq!(kinds(&packets), "CHMRLLNBEAMRLLNBEQ");
    let (_, packets) = played(1, 6, 0, go_on);
    assert_eq!(kinds(&packets), "CHMRTLLNBEQ");
    assert_eq!(packets[6].1, b"Subject\0hello\n  there\0");
    assert_eq!(packets[8].1, b"body\r\n");
}

#[test]
fn what_is_agreed_is_kept() {
    // No HELO, no end of header; no answers to header fields and body; blanks kept.
    const OPTIONS: u32 = 0x2 | 0x40 | 0x80 | 0x8_0000 | 0x10_0000;
    let quiet = |kind| if b"LB".contains(&kind) { &[][..] } else { go_on(kind) };
    let (all, packets) = played(1, 6, OPTIONS, quiet);
    assert!(all[0].outcome.is_ok(), "{all:?}");
    assert_eq!(kinds(&packets), "CMRTLLBEQ");
    assert_eq!(packets[5].1, b"Subject\0 hello\n  there\0");
}

#[test]
fn a_milter_may_end_a_message_at_any_stage() {
    for (stage, reply, told) in [
        (b'C', &b"a"[..], "CQ"),
        (b'H', b"r", "CHQ"),
        (b'M', b"t", "CHMQ"),
        (b'R', b"y550 5.7.1 No\0", "CHMRQ"),
        (b'T', b"d", "CHMRTQ"),
        (b'L', b"a", "CHMRTLQ"),
        (b'N', b"r", "CHMRTLLNQ"),
        (b'B', b"s", "CHMRTLLNBEQ"),
        (b'B', b"r", "CHMRTLLNBQ"),
    ] {
        let replies: &'static [&'static [u8]] = Box::leak(Box::new([reply]));
        let answer = move |kind| if kind == stage { replies } else { go_on(kind) };
        let (all, packets) = played(1, 6, 0, answer);
        assert!(all[0].outcome.is_ok(), "{all:?}");
        assert_eq!(kinds(&packets), told, "{}", char::from(stage));
    }
}

#[test]
fn progress_is_waited_for_and_nonsense_ends_the_connection() {
    const HELD: &[&[u8]] = &[b"p", b"p", b"qheld\0", b"a"];
    const NONSENSE: &[&[u8]] = &[b"?"];
    let slow = |kind| if kind == b'E' { HELD } else { go_on(kind) };
    let (all, _) = played(1, 6, 0, slow);
    let verdict = all[0].outcome.as_ref().unwrap().verdict;
    assert_eq!(verdict, crate::verdict::Verdict::Quarantine);
    let wild = |kind| if kind == b'M' { NONSENSE } else { go_on(kind) };
    let (all, packets) = played(1, 6, 0, wild);
    assert!(matches!(all[0].outcome, Err(WireError::Garbled(_))), "{all:?}");
    assert_eq!(kinds(&packets), "CHM");
}

#[test]
fn a_version_nobody_speaks_is_no_milter() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::from(listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            milter(stream, 1, 0, go_on).await
        });
        let opened = Conversation::open(&endpoint, Duration::from_secs(30)).await;
        assert!(matches!(opened, Err(WireError::Misplaced(_))));
    });
}
