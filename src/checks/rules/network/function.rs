//! What functions of rules ask lists about.

use super::{super::eval::Call, Answer, AnswerError, Asked, hashbl};
use crate::checks::rules::language::readable;

/// About what a list is asked that a function names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `check_rbl`, `check_rbl_txt`: the addresses of relays. The name of the set says at its end of
    /// which: `-lastexternal`, `-notfirsthop`, `-firsttrusted`, `-untrusted`, else all.
    Relays {
        /// The set's name, by which `check_rbl_sub` knows it.
        set: String,
    },
    /// `check_rbl_envfrom`: the domain of the sender in SMTP.
    Sender,
    /// `check_rbl_from_host`: the domains of all addresses it says it is from.
    Senders,
    /// `check_rbl_from_domain`: what was registered of them.
    SendersRegistered,
    /// `check_hashbl_emails`: digests of addresses, with the function's options.
    Emails {
        /// `sha1/notag/max=10`
        options: String,
    },
    /// `check_hashbl_uris`: digests of links.
    Uris {
        /// As for addresses.
        options: String,
    },
    /// `check_hashbl_attachments`: digests of files.
    Files {
        /// As for addresses.
        options: String,
    },
}

/// What a call asks, if it asks a list.
pub(super) fn asked_by(call: &Call) -> Option<Result<Asked, AnswerError>> {
    let argument = |number: usize| call.arguments.get(number).map(readable);
    let function = call.function.as_str();
    if function == "check_rbl_sub" {
        let (set, answer) = (argument(1)?, Answer::of_function(call.arguments.get(2)?));
        return Some(answer.map(|answer| Asked::Part { set, answer }));
    }
    let (subject, zone, answer) = match function {
        "check_rbl" | "check_rbl_txt" => {
            (Subject::Relays { set: argument(1)? }, argument(2)?, call.arguments.get(3))
        }
        "check_rbl_envfrom" => (Subject::Sender, argument(2)?, call.arguments.get(3)),
        "check_rbl_from_host" => (Subject::Senders, argument(2)?, call.arguments.get(3)),
        "check_rbl_from_domain" => {
            (Subject::SendersRegistered, argument(2)?, call.arguments.get(3))
        }
        "check_hashbl_emails" => (
            Subject::Emails { options: hashbl::options(call) },
            argument(1)?,
            call.arguments.get(4),
        ),
        "check_hashbl_uris" => {
            (Subject::Uris { options: hashbl::options(call) }, argument(1)?, call.arguments.get(3))
        }
        "check_hashbl_attachments" => {
            (Subject::Files { options: hashbl::options(call) }, argument(1)?, call.arguments.get(3))
        }
        _ => return None,
    };
    let (zone, suffix) = zone.split_once('/').unwrap_or((&zone, ""));
    let is_text = function == "check_rbl_txt" || suffix.eq_ignore_ascii_case("TXT");
    let zone = zone.trim_end_matches('.').to_owned();
    let record = if is_text { "TXT" } else { "A" };
    let answer = answer.filter(|answer| !answer.is_empty()).map(Answer::of_function).transpose();
    Some(answer.map(|answer| Asked::List { subject, zone, record, answer }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Option<Asked> {
        asked_by(&Call::parse(text).unwrap()).map(Result::unwrap)
    }

    #[test]
    fn calls_name_lists() {
        let relays = |set: &str| Subject::Relays { set: set.to_owned() };
        for (call, expected, zone, record) in [
            (
                "check_rbl('a-lastexternal', 'a.example.')",
                relays("a-lastexternal"),
                "a.example",
                "A",
            ),
            ("check_rbl_txt('b', 'b.example', '(?i:x)')", relays("b"), "b.example", "TXT"),
            ("check_rbl_envfrom('c', 'c.example.')", Subject::Sender, "c.example", "A"),
            ("check_rbl_from_host('c', 'c.example.')", Subject::Senders, "c.example", "A"),
            (
                "check_hashbl_uris('d.example/TXT', 'md5/max=3')",
                Subject::Uris { options: "md5/max=3".to_owned() },
                "d.example",
                "TXT",
            ),
        ] {
            let Some(Asked::List { subject, zone: asked_zone, record: asked_record, .. }) =
                asked(call)
            else {
                panic!("{call}")
            };
            assert_eq!((subject, asked_zone.as_str(), asked_record), (expected, zone, record));
        }
        assert!(matches!(asked("check_rbl_sub('a', '127.0.0.2')"), Some(Asked::Part { .. })));
        assert!(asked("check_for_spf_pass()").is_none());
    }

    #[test]
    fn answers_are_numbers_addresses_or_patterns() {
        let answer = |text: &str| Answer::of_function(text).unwrap();
        assert!(matches!(answer("4"), Answer::Bits(4)));
        assert!(matches!(answer("127.0.0.2"), Answer::Range(first, last) if first == last));
        assert!(answer(r"^127\.0\.0\.[45]$").accepts_address("127.0.0.5".parse().unwrap()));
        assert!(Answer::of_function("(").is_err());
    }
}
