//! Reading clamd's replies.

/// What clamd says about bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanResult {
    /// No signature matches.
    Clean,
    /// A signature matches.
    Infected {
        /// Its name, printable ASCII, at most 120 characters: it goes into SMTP replies.
        signature: String,
    },
}

/// Reads the reply to INSTREAM: `stream: OK` or `stream: NAME FOUND`, closed by the NUL that
/// ends every reply to a `z` command; without it the rest may be missing.
///
/// # Errors
/// Anything else, made printable and shortened.
pub(super) fn read(reply: &[u8]) -> Result<ScanResult, String> {
    let text = printable(reply);
    if !reply.ends_with(b"\0") {
        return Err(text);
    }
    match text.strip_prefix("stream: ") {
        Some("OK") => Ok(ScanResult::Clean),
        Some(rest) => match rest.strip_suffix(" FOUND") {
            Some(name) => Ok(ScanResult::Infected { signature: name.trim().to_owned() }),
            None => Err(text),
        },
        None => Err(text),
    }
}

/// At most 120 printable ASCII characters, the ends trimmed of blanks, NULs and line ends. The
/// closing word survives the shortening: it is what tells a finding from an error.
pub(super) fn printable(reply: &[u8]) -> String {
    const MOST: usize = 140;
    const TAIL: usize = 10;
    let blank = |c: char| c == ' ' || c.is_control();
    let text: String = String::from_utf8_lossy(reply)
        .trim_matches(blank)
        .chars()
        .map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' })
        .collect();
    if text.len() <= MOST {
        return text;
    }
    let head: String = text.chars().take(MOST - TAIL).collect();
    let tail: String = text.chars().skip(text.len() - TAIL).collect();
    head + &tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_ok_is_clean() {
        let infected = |name: &str| Ok(ScanResult::Infected { signature: name.to_owned() });
        for (reply, result) in [
            (&b"stream: OK\0"[..], Ok(ScanResult::Clean)),
            (b"stream: OK", Err("stream: OK".into())),
            (b"stream: Eicar-Test-Signature FOUND\0", infected("Eicar-Test-Signature")),
            (b"stream: A\r\nB FOUND\0", infected("A??B")),
            (b"stream: OK FOUND\0", infected("OK")),
            (
                b"INSTREAM size limit exceeded. ERROR\0",
                Err("INSTREAM size limit exceeded. ERROR".into()),
            ),
            (
                b"stream: Can't allocate memory ERROR\0",
                Err("stream: Can't allocate memory ERROR".into()),
            ),
            (b"stream: OKAY\0", Err("stream: OKAY".into())),
            (b"OK\0", Err("OK".into())),
            (b"", Err(String::new())),
        ] {
            assert_eq!(read(reply), result, "{}", reply.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_short_and_printable(reply: Vec<u8>) {
            let text = match read(&reply) {
                Ok(ScanResult::Clean) => {
                    prop_assert!(reply.windows(10).any(|bytes| bytes == b"stream: OK"));
                    return Ok(());
                }
                Ok(ScanResult::Infected { signature }) => signature,
                Err(text) => text,
            };
            prop_assert!(text.len() <= 140);
            prop_assert!(text.chars().all(|c| c.is_ascii_graphic() || c == ' '));
        }

        #[test]
        fn names_of_any_length_are_findings(length in 1..1000_usize) {
            let reply = format!("stream: {} FOUND\0", "x".repeat(length));
            let infected = matches!(read(reply.as_bytes()), Ok(ScanResult::Infected { .. }));
            prop_assert!(infected);
        }
    }
}
