use tokio::net::{TcpListener, UnixListener};

use super::*;
use crate::clamd::loopback::{Manner, clamd, nobody, serve};

fn scanner(sockets: &[&Endpoint]) -> Scanner {
    Scanner::new(&Settings {
        sockets: sockets.iter().map(|&socket| socket.clone()).collect(),
        timeout: Duration::from_secs(3),
        max_parallel: 4,
    })
}

const OK: Manner = Manner::Says(b"stream: OK\0");

#[tokio::test]
async fn replies_become_results() {
    let clean = scanner(&[&clamd(OK).await]);
    assert_eq!(clean.scan(&vec![0; 300_000]).await.unwrap(), ScanResult::Clean);
    let infected = scanner(&[&clamd(Manner::Says(b"stream: Test.A FOUND\0")).await]);
    let found = ScanResult::Infected { signature: "Test.A".into() };
    assert_eq!(infected.scan(b"x").await.unwrap(), found);
    assert_eq!(infected.scan(b"").await.unwrap(), found);
}

#[tokio::test]
async fn nothing_but_ok_is_clean() {
    let scan = async |address: &Endpoint| scanner(&[address]).scan(&vec![0; 10_000_000]).await;
    let refuses = clamd(Manner::Says(b"x ERROR\0")).await;
    assert!(matches!(scan(&refuses).await, Err(ClamdError::Reply { .. })));
    let mute = clamd(Manner::Says(b"")).await;
    assert!(matches!(scan(&mute).await, Err(ClamdError::Lost { .. })));
    let hangs_up = clamd(Manner::HangsUp(b"")).await;
    assert!(matches!(scan(&hangs_up).await, Err(ClamdError::Lost { .. })));
    let slow = clamd(Manner::Slow).await;
    assert!(matches!(scan(&slow).await, Err(ClamdError::Timeout { .. })));
    assert!(matches!(scan(&nobody().await).await, Err(ClamdError::Connect { .. })));
    let gone = Endpoint::Unix("/nonexistent/clamd.ctl".into());
    assert!(matches!(scan(&gone).await, Err(ClamdError::Connect { .. })));
    assert!(matches!(scanner(&[]).scan(b"x").await, Err(ClamdError::NoSocket)));
}

#[tokio::test]
async fn the_size_limit_is_heard_although_clamd_hangs_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clamd.ctl");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Manner::HangsUp(b"INSTREAM size limit exceeded. ERROR\0")));
        }
    });
    let error = scanner(&[&Endpoint::Unix(path)]).scan(&vec![0; 10_000_000]).await.unwrap_err();
    assert!(error.to_string().contains("size limit exceeded"), "{error}");
}

#[tokio::test]
async fn the_next_socket_answers_for_a_dead_one() {
    let good = clamd(OK).await;
    for bad in [nobody().await, clamd(Manner::Dead).await, clamd(Manner::Says(b"ERROR")).await] {
        let scanner = scanner(&[&bad, &good]);
        assert_eq!(scanner.scan(b"x").await.unwrap(), ScanResult::Clean, "{bad}");
    }
}

#[tokio::test]
async fn only_a_socket_that_is_dead_is_put_aside() {
    for manner in [Manner::Slow, Manner::HangsUp(b""), OK] {
        let scanner = scanner(&[&clamd(manner).await]);
        let _ = scanner.scan(b"x").await;
        // Time for the PING behind the scan's back; too little of it cannot fail the test.
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!scanner.shared.sockets[0].is_aside());
    }
    let scanner = scanner(&[&nobody().await]);
    let _ = scanner.scan(b"x").await;
    assert!(scanner.shared.sockets[0].is_aside());
}

#[tokio::test]
async fn a_restarted_clamd_is_found_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let scanner = scanner(&[&Endpoint::from(address)]);
    assert!(scanner.scan(b"x").await.is_err());
    let listener = TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            serve(stream, OK).await;
        }
    });
    assert_eq!(scanner.scan(b"x").await.unwrap(), ScanResult::Clean);
    assert!(!scanner.shared.sockets[0].is_aside());
}

#[tokio::test]
async fn waiting_for_a_slot_ends_with_the_timeout() {
    let slow = clamd(Manner::Slow).await;
    let scanner = Scanner::new(&Settings {
        sockets: vec![slow],
        timeout: Duration::from_millis(300),
        max_parallel: 1,
    });
    let ((first, second), _) =
        tokio::join!(async { tokio::join!(scanner.scan(b"x"), scanner.scan(b"y")) }, async {
            assert!(scanner.versions().await[0].answer.is_ok())
        },);
    assert!(matches!(first, Err(ClamdError::Timeout { .. })));
    assert!(matches!(second, Err(ClamdError::Busy { .. } | ClamdError::Timeout { .. })));
}

#[tokio::test]
async fn a_socket_that_failed_must_answer_ping_before_it_is_sent_bytes() {
    let address = clamd(Manner::DeafToPing).await;
    let scanner = scanner(&[&address]);
    assert_eq!(scanner.scan(b"x").await.unwrap(), ScanResult::Clean);
    assert!(scanner.shared.sockets[0].ping(Duration::from_millis(50)).await.is_err());
    let error = scanner.scan(b"x").await.unwrap_err();
    assert!(matches!(error, ClamdError::Timeout { .. }), "{error}");
}
