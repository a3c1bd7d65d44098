//! The check against a clamd on loopback that knows one needle and no MIME.

use super::*;
use crate::clamd::loopback::{Manner, clamd, nobody};

const CLAMD: Manner = Manner::Finds(b"VIRUS");

async fn check(manner: Manner) -> Antivirus {
    let clamd = Sockets(vec![clamd(manner).await]);
    let settings = Settings { clamd, max_bytes: 10_000, timeout_ms: 10_000, max_parallel: 4 };
    Antivirus::new(&settings).unwrap().unwrap()
}

async fn judge(check: &Antivirus, message: &str) -> Answered {
    let message = Arc::new(Message::parse(message.replace('\n', "\r\n").into_bytes()));
    let case = Case { envelope: Arc::default(), message };
    match check.of_message(&case, &crate::verdict::Witness::live()) {
        Some(Work::Io(asked)) => asked.await,
        _ => panic!("the scan waits for others"),
    }
}

#[tokio::test]
async fn a_virus_is_a_forced_refusal_with_its_name() {
    let answer = judge(&check(CLAMD).await, "Subject: x\n\nVIRUS\n").await.unwrap();
    let reason = Reason::Virus("Test.Needle".into());
    assert_eq!(answer.forced, Some(Forced { verdict: Verdict::Reject, reason }));
    assert_eq!(answer.findings[0].name.as_str(), "CLAMAV");
    assert_eq!(answer.findings[0].weight, Points::ZERO);
}

#[tokio::test]
async fn what_clamd_calls_clean_is_an_empty_answer() {
    let answer = judge(&check(CLAMD).await, "Subject: x\n\nhello\n").await.unwrap();
    assert_eq!(answer, Answer::default());
}

#[tokio::test]
async fn what_has_no_result_is_a_failure() {
    let message = "Subject: x\n\nhello\n";
    for manner in [Manner::Says(b""), Manner::Says(b"stream: x ERROR\0"), Manner::HangsUp(b"")] {
        assert!(judge(&check(manner).await, message).await.is_err());
    }
    let clamd = Sockets(vec![nobody().await]);
    let alone = Antivirus::new(&Settings { clamd, ..Settings::default() }).unwrap().unwrap();
    assert!(judge(&alone, message).await.is_err());
    let large = format!("Subject: x\n\n{}", "a".repeat(20_000));
    let error = judge(&check(CLAMD).await, &large).await.unwrap_err();
    assert!(error.to_string().contains("at most 10000"), "{error}");
}

#[test]
fn settings_that_cannot_work_are_refused() {
    assert!(Antivirus::new(&Settings::default()).unwrap().is_none());
    for settings in [
        Settings { max_bytes: 0, ..Settings::default() },
        Settings { timeout_ms: 0, ..Settings::default() },
        Settings { max_parallel: 0, ..Settings::default() },
    ] {
        assert!(matches!(Antivirus::new(&settings), Err(AntivirusError::Zero { .. })));
    }
}

/// Messages that hold the needle where a scanner without MIME does not see it: the lines of a
/// part, its header first. `VklSVVM=` is the needle in base64.
const HIDDEN: &[&str] = &[
    "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\nVklSVVM=\n",
    "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nVklSVVM=\n",
    "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\nV=49RUS\n",
    "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\nVI=\nRUS\n",
    // Spelt oddly.
    "content-type: image/png\ncontent-transfer-ENCODING:   BaSe64  \n\nVklSVVM=\n",
    "Content-Type: image/png\nContent-Transfer-Encoding:\n base64\n\nVklSVVM=\n",
    // Broken base64 that readers read: no padding, blanks, folded anywhere, junk.
    "Content-Type: a/b\nContent-Transfer-Encoding: base64\n\nVklSVVM\n",
    "Content-Type: a/b\nContent-Transfer-Encoding: base64\n\nV k l\nSV\n VM=\n",
    "Content-Type: a/b\nContent-Transfer-Encoding: base64\n\nVkl*SV!VM=\n",
    // A message in the message, and one in base64.
    "Content-Type: message/rfc822\n\nSubject: x\nContent-Transfer-Encoding: base64\n\nVklSVVM=\n",
    "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n\
     U3ViamVjdDogeA0KQ29udGVudC1UcmFuc2Zlci1FbmNvZGluZzogYmFzZTY0DQoNClZrbFNWVk09DQo=\n",
];

#[tokio::test]
async fn nothing_hides_in_a_transfer_encoding() {
    let check = check(CLAMD).await;
    for part in HIDDEN {
        for message in [
            format!("MIME-Version: 1.0\n{part}"),
            format!(
                "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\n{part}\n--b--\n"
            ),
            format!("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n{part}"),
        ] {
            let answer = judge(&check, &message).await.unwrap();
            assert!(answer.forced.is_some(), "{message}");
        }
    }
}

#[tokio::test]
async fn more_parts_than_are_scanned_are_not_clean() {
    let parts = |count: usize| {
        let part = "--b\nContent-Type: a/b\n\nx\n".repeat(count);
        format!("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n{part}--b--\n")
    };
    let check = check(CLAMD).await;
    assert!(judge(&check, &parts(PARTS)).await.is_ok());
    let error = judge(&check, &parts(PARTS + 1)).await.unwrap_err();
    assert!(error.to_string().contains("257 parts"), "{error}");
}
