//! Messages for the tests.

use crate::servers::clamd;

/// The text that every filter must refuse (SpamAssassin's GTUBE), in halves so that this source is
/// not spam.
pub(crate) fn gtube() -> String {
    ["XJS*C4JDBQADN1.NSBN3*2IDNEN*", "GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"].concat()
}

/// A plain message that no shipped rule has anything against.
pub(crate) fn plain(subject: &str, body: &str) -> Vec<u8> {
    format!(
        "Date: Thu, 12 Nov 2026 09:30:00 +0000\r\n\
         From: Sender <sender@example.org>\r\n\
         To: Reader <reader@example.test>\r\n\
         Subject: {subject}\r\n\
         Message-ID: <{:x}.{}@example.org>\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         \r\n\
         {body}\r\n",
        checksum(subject.as_bytes()) ^ checksum(body.as_bytes()),
        body.len()
    )
    .into_bytes()
}

/// One of many messages about something that no shipped rule has anything against.
pub(crate) fn about(topic: &str, number: usize) -> Vec<u8> {
    let body = format!(
        "Dear reader,\r\n\r\nthis is letter {number} about {topic}. The {topic} of this week are as\r\n\
         good as those of last week; nobody has {topic} like ours.\r\n\r\nYours, {topic} and sons"
    );
    plain(&format!("On {topic}, letter {number}"), &body)
}

/// A message with a file in base64.
pub(crate) fn with_attachment(subject: &str, file_name: &str, content: &[u8]) -> Vec<u8> {
    let encoded = base64(content);
    let lines: Vec<_> = encoded.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
    format!(
        "Date: Thu, 12 Nov 2026 09:30:00 +0000\r\n\
         From: Sender <sender@example.org>\r\n\
         To: Reader <reader@example.test>\r\n\
         Subject: {subject}\r\n\
         Message-ID: <{:x}@example.org>\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"=_parts\"\r\n\
         \r\n\
         --=_parts\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         \r\n\
         The file you asked for is attached.\r\n\
         --=_parts\r\n\
         Content-Type: application/octet-stream; name=\"{file_name}\"\r\n\
         Content-Disposition: attachment; filename=\"{file_name}\"\r\n\
         Content-Transfer-Encoding: base64\r\n\
         \r\n\
         {}\r\n\
         --=_parts--\r\n",
        checksum(content),
        lines.join("\r\n")
    )
    .into_bytes()
}

/// The test virus in an attachment.
pub(crate) fn eicar() -> Vec<u8> {
    with_attachment("The programme", "notes.txt", clamd::eicar().as_bytes())
}

/// A virus that only our clamd knows, in an attachment.
pub(crate) fn own_virus() -> Vec<u8> {
    with_attachment("The programme", "notes.txt", clamd::OWN_VIRUS.as_bytes())
}

/// Base 64 (RFC 4648) on one line.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let [a, b, c] = [three[0], *three.get(1).unwrap_or(&0), *three.get(2).unwrap_or(&0)];
        let bits = u32::from_be_bytes([0, a, b, c]);
        for place in 0..4 {
            let digit = (bits >> (18 - 6 * place)) & 63;
            text.push(if place <= three.len() { char::from(DIGITS[digit as usize]) } else { '=' });
        }
    }
    text
}

/// The value of a header field of a delivered message, unfolded; the first of that name.
pub(crate) fn header(message: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(message).replace("\r\n", "\n");
    let (head, _) = text.split_once("\n\n").unwrap_or((&text, ""));
    let unfolded = head.replace("\n ", " ").replace("\n\t", " ");
    unfolded.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// Enough to tell the messages of a test apart (FNV-1a).
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn base64_pads() {
    for (plain, encoded) in
        [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
    {
        assert_eq!(base64(plain.as_bytes()), encoded);
    }
}
