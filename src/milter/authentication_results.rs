//! The Authentication-Results field (RFC 8601): what was found about who is responsible.
//!
//! Values come from strangers: what is no token is quoted, what is not printable replaced, everything
//! cut to a bounded length, so that none can end its value or the field.

use crate::verdict::{AuthResult, Authentication, Chain, DomainPolicy, SenderPolicy, Signature};

/// Characters of one value.
const MOST: usize = 256;
/// Where lines are folded (RFC 5322, section 2.1.1).
const COLUMNS: usize = 78;

/// The field's value; folded lines are parted by a line feed and a tab.
pub(super) fn value(authserv_id: &str, found: &Authentication) -> String {
    let mut field = Field { text: quoted(authserv_id), column: 0 };
    field.column = "Authentication-Results: ".len() + field.text.len();
    let results = results(found);
    if results.is_empty() {
        field.text.push_str("; none");
    }
    for words in results {
        field.text.push_str(";\n\t");
        field.column = 8;
        field.write(&words);
    }
    field.text
}

struct Field {
    text: String,
    column: usize,
}

impl Field {
    /// Words parted by blanks, or by folds where a line would grow too long.
    fn write(&mut self, words: &[String]) {
        for (index, word) in words.iter().enumerate() {
            let separator = match index {
                0 => "",
                _ if self.column + 1 + word.len() >= COLUMNS => "\n\t  ",
                _ => " ",
            };
            self.column = if separator.len() > 1 { 10 } else { self.column + separator.len() };
            self.text.push_str(separator);
            self.text.push_str(word);
            self.column += word.len();
        }
    }
}

/// One list of words a result.
fn results(found: &Authentication) -> Vec<Vec<String>> {
    let mut results = Vec::new();
    results.extend(found.mail_from.as_ref().map(|policy| spf(policy, "smtp.mailfrom")));
    results.extend(found.helo.as_ref().map(|policy| spf(policy, "smtp.helo")));
    results.extend(found.signatures.iter().map(dkim));
    results.extend(found.dmarc.as_ref().map(dmarc));
    results.extend(found.arc.as_ref().map(arc));
    results
}

fn spf(policy: &SenderPolicy, property: &str) -> Vec<String> {
    vec![result("spf", policy.result), pair(property, &policy.identity)]
}

fn dkim(signature: &Signature) -> Vec<String> {
    let mut words = vec![result("dkim", signature.result)];
    if !signature.because.is_empty() {
        words.push(pair("reason", &signature.because));
    }
    if signature.domain.is_empty() {
        return words;
    }
    words.push(pair("header.d", &signature.domain));
    words.push(pair("header.s", &signature.selector));
    words.push(pair("header.a", signature.algorithm));
    words.push(pair("header.b", &signature.beginning));
    words
}

fn dmarc(policy: &DomainPolicy) -> Vec<String> {
    let mut words = vec![result("dmarc", policy.result)];
    if matches!(policy.result, AuthResult::Pass | AuthResult::Fail) {
        words.push(format!("(p={})", policy.disposition.as_str()));
    } else if !policy.because.is_empty() {
        words.push(pair("reason", &policy.because));
    }
    if !policy.domain.is_empty() {
        words.push(pair("header.from", &policy.domain));
    }
    words
}

fn arc(chain: &Chain) -> Vec<String> {
    let mut words = vec![result("arc", chain.result)];
    if !chain.because.is_empty() {
        words.push(pair("reason", &chain.because));
    }
    words
}

fn result(method: &str, result: AuthResult) -> String {
    format!("{method}={result}")
}

fn pair(property: &str, value: &str) -> String {
    format!("{property}={}", quoted(value))
}

/// A value as it is if it is a token (RFC 2045, section 5.1) or an address of tokens; else quoted.
fn quoted(value: &str) -> String {
    let is_token = |text: &str| !text.is_empty() && text.bytes().all(is_token_byte);
    let is_address = value.split_once('@').is_some_and(|(l, d)| is_token(l) && is_token(d));
    if value.len() <= MOST && (is_token(value) || is_address) {
        return value.to_owned();
    }
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for character in value.chars().take(MOST) {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            ' '..='~' => text.push(character),
            _ => text.push('?'),
        }
    }
    text.push('"');
    text
}

fn is_token_byte(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~') && !b"()<>@,;:\\\"/[]?=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::verdict::Disposition;

    fn full(identity: &str, because: &str) -> Authentication {
        let (identity, because) = (identity.to_owned(), because.to_owned());
        Authentication {
            helo: Some(SenderPolicy {
                identity: "mail.example".to_owned(),
                ..SenderPolicy::default()
            }),
            mail_from: Some(SenderPolicy {
                result: AuthResult::Pass,
                identity,
                ..SenderPolicy::default()
            }),
            signatures: vec![
                Signature {
                    result: AuthResult::Pass,
                    domain: "example.org".to_owned(),
                    selector: "s1".to_owned(),
                    algorithm: "rsa-sha256",
                    beginning: "aB/+09==".to_owned(),
                    ..Signature::default()
                },
                Signature { result: AuthResult::Neutral, because, ..Signature::default() },
            ],
            arc: Some(Chain {
                result: AuthResult::Fail,
                because: "broken".to_owned(),
                ..Chain::default()
            }),
            dmarc: Some(DomainPolicy {
                result: AuthResult::Pass,
                domain: "example.org".to_owned(),
                disposition: Disposition::Reject,
                ..DomainPolicy::default()
            }),
        }
    }

    #[test]
    fn every_method_has_its_result() {
        assert_eq!(
            value("mx.example", &full("a@example.org", "no \"key\"")),
            "mx.example;\n\tspf=pass smtp.mailfrom=a@example.org;\n\tspf=none smtp.helo=mail.example;\n\t\
             dkim=pass header.d=example.org header.s=s1 header.a=rsa-sha256\n\t  header.b=\"aB/+09==\";\n\t\
             dkim=neutral reason=\"no \\\"key\\\"\";\n\tdmarc=pass (p=reject) header.from=example.org;\n\t\
             arc=fail reason=broken"
        );
        assert_eq!(value("mx.example", &Authentication::default()), "mx.example; none");
    }

    proptest! {
        /// Outside quotes, the only semicolons and line ends are ours.
        #[test]
        fn no_value_gets_out_of_its_place(identity in "\\PC{0,300}", because in "[\"\\\\;\r\n\0 -~]{0,300}") {
            let text = value("mx.example", &full(&identity, &because));
            let (mut is_quoted, mut escaped, mut results) = (false, false, 0);
            for character in text.chars() {
                match character {
                    _ if escaped => escaped = false,
                    '\\' if is_quoted => escaped = true,
                    '"' => is_quoted = !is_quoted,
                    ';' if !is_quoted => results += 1,
                    _ => {}
                }
            }
            prop_assert_eq!(results, 6);
            prop_assert!(!is_quoted);
            prop_assert!(text.replace("\n\t", "").bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert!(text.lines().all(|line| line.len() < 900));
        }
    }
}
