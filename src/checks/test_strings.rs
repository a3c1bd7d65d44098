//! Test strings: what an administrator sends to see that the filter is awake.
//!
//! Two strings that every filter refuses, whatever the profile's thresholds:
//!
//! - **GTUBE**, the Generic Test for Unsolicited Bulk Email, anywhere in the message as it was
//!   sent or in a part with its transfer encoding and charset taken off;
//! - the **EICAR** test file, anywhere in the message as it was sent, or where the decoded
//!   content of a part begins with it (the file's definition wants it at the start). It is
//!   answered here too, so that it is refused with no virus scanner configured.
//!
//! Both force the verdict and weigh nothing: the score stays what the message deserves. The
//! search is linear in the size of the message.

use memchr::memmem::Finder;

use super::{Case, Check, Work};
use crate::{
    mail::{Message, Part},
    verdict::{Answer, Evidence, Finding, Forced, Name, Points, Reason, Verdict, Witness},
};

/// The line that makes a message spam by agreement.
const GTUBE: &[u8] = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

/// The EICAR file in two halves, joined at start-up: a scanner must find the whole neither in
/// this source nor in the binary.
const EICAR_HALVES: [&[u8]; 2] =
    [br"X5O!P%@AP[4\PZX54(P^)7CC)7}", b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"];

/// The name under which clamd reports the same file.
const EICAR_SIGNATURE: &str = "Eicar-Test-Signature";

/// The check `test_strings`.
pub struct TestStrings {
    strings: Strings,
}

/// The prepared searches; cheap to clone into a message's work.
#[derive(Clone)]
struct Strings {
    gtube: Finder<'static>,
    eicar: Finder<'static>,
}

impl TestStrings {
    /// Prepares the searches.
    pub fn new() -> Self {
        let eicar = EICAR_HALVES.concat();
        Self {
            strings: Strings {
                gtube: Finder::new(GTUBE),
                eicar: Finder::new(eicar.as_slice()).into_owned(),
            },
        }
    }
}

impl Default for TestStrings {
    fn default() -> Self {
        Self::new()
    }
}

impl Check for TestStrings {
    fn name(&self) -> &'static str {
        "test_strings"
    }

    fn of_message(&self, case: &Case, _: &Witness) -> Option<Work> {
        let strings = self.strings.clone();
        let message = case.message.clone();
        Some(Work::Cpu(Box::new(move || Ok(strings.examine(&message)))))
    }
}

impl Strings {
    fn examine(&self, message: &Message) -> Answer {
        let mut answer = Answer::default();
        if self.has_gtube(message) {
            answer.findings.push(finding("GTUBE", Evidence::Fact("test string".to_owned())));
            answer.forced = Some(reject(Reason::TestString));
        }
        // Last, so that a message with both is refused as a virus.
        if self.has_eicar(message) {
            let signature = EICAR_SIGNATURE.to_owned();
            answer.findings.push(finding("EICAR", Evidence::Signature(signature.clone())));
            answer.forced = Some(reject(Reason::Virus(signature)));
        }
        answer
    }

    fn has_gtube(&self, message: &Message) -> bool {
        let raw = message.raw();
        let found = |text: &[u8]| self.gtube.find(text).is_some();
        found(raw)
            || message.parts().iter().any(|part| {
                is_encoded(part, raw) && found(&part.content(raw))
                    || part.text().is_some_and(|text| found(text.as_bytes()))
            })
    }

    fn has_eicar(&self, message: &Message) -> bool {
        let raw = message.raw();
        self.eicar.find(raw).is_some()
            || message.parts().iter().any(|part| {
                is_encoded(part, raw) && part.content(raw).starts_with(self.eicar.needle())
            })
    }
}

/// Whether the part's content is not simply a stretch of the message, which has been searched
/// already. Taking off a transfer encoding that changes anything makes the content shorter.
fn is_encoded(part: &Part, raw: &[u8]) -> bool {
    part.content(raw).len() != part.raw_body.len()
}

fn finding(name: &str, evidence: Evidence) -> Finding {
    Finding { name: Name::from(name), weight: Points::ZERO, evidence }
}

fn reject(reason: Reason) -> Forced {
    Forced { verdict: Verdict::Reject, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GTUBE_TEXT: &str = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";
    const GTUBE_BASE64: &str = "WEpTKkM0SkRCUUFETjEuTlNCTjMqMklETkVOKkdUVUJFLVNUQU5EQVJELUFOVEktVUJFLVRFU1Qt\r\nRU1BSUwqQy4zNFg=";
    const GTUBE_QUOTED: &str =
        "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STAND=\r\nARD-ANTI-UBE-TEST-EMAIL*C.34X";

    fn eicar() -> String {
        String::from_utf8(EICAR_HALVES.concat()).unwrap()
    }

    /// The EICAR file in base64, also in halves.
    fn eicar_base64() -> String {
        [
            "WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJE",
            "LUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo=",
        ]
        .join("\r\n")
    }

    fn examine(encoding: &str, body: &str) -> Answer {
        let raw = format!(
            "Subject: test\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\
             Content-Transfer-Encoding: {encoding}\r\n\r\n{body}\r\n"
        );
        TestStrings::new().strings.examine(&Message::parse(raw.into_bytes()))
    }

    #[test]
    fn refuses_gtube_in_every_encoding() {
        for (encoding, body) in
            [("7bit", GTUBE_TEXT), ("base64", GTUBE_BASE64), ("quoted-printable", GTUBE_QUOTED)]
        {
            let answer = examine(encoding, body);
            assert_eq!(answer.forced, Some(reject(Reason::TestString)), "{encoding}");
            let names: Vec<_> = answer.findings.iter().map(|f| f.name.as_str()).collect();
            assert_eq!(names, ["GTUBE"], "{encoding}");
        }
    }

    #[test]
    fn refuses_eicar_as_a_virus() {
        for (encoding, body) in [("7bit", eicar()), ("base64", eicar_base64())] {
            let answer = examine(encoding, &body);
            let virus = Reason::Virus(EICAR_SIGNATURE.to_owned());
            assert_eq!(answer.forced, Some(reject(virus)), "{encoding}");
        }
    }

    #[test]
    fn calls_a_message_with_both_a_virus() {
        let answer = examine("7bit", &format!("{GTUBE_TEXT}\r\n{}", eicar()));
        assert!(matches!(answer.forced, Some(Forced { reason: Reason::Virus(_), .. })));
        assert_eq!(answer.findings.len(), 2);
    }

    #[test]
    fn lets_talk_about_the_strings_pass() {
        for body in ["GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE", ""]
        {
            assert_eq!(examine("7bit", body), Answer::default(), "{body}");
        }
    }

    #[test]
    fn weighs_nothing() {
        assert!(examine("7bit", GTUBE_TEXT).findings.iter().all(|f| f.weight == Points::ZERO));
    }
}
