//! What `check_hashbl_*` may say of their question, and what of it is heeded here.

use super::super::eval::Call;
use crate::checks::rules::language::readable;

/// Options of every function that are heeded; `max=` as well. `shuffle` says only which are left out
/// when there are too many.
const HEEDED: [&str; 5] = ["md5", "sha1", "sha256", "case", "shuffle"];
/// Options of addresses that are heeded.
const HEEDED_OF_EMAILS: [&str; 2] = ["notag", "nodot"];
/// Options that make another name of what is asked about: without them, nobody would know it.
const DECISIVE: [&str; 4] = ["raw", "user", "host", "domain"];
/// Where addresses are looked for.
const PLACES: [&str; 3] = ["ALLFROM", "Reply-To", "body"];

/// What a call says without effect.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Unheeded {
    /// What, in words.
    pub(in super::super) what: String,
    /// It would be another question: better none than a wrong one.
    pub(in super::super) is_decisive: bool,
}

/// The options of a call; those that the function has where none are given.
pub(super) fn options(call: &Call) -> String {
    let given = call.arguments.get(2).map(readable).unwrap_or_default();
    match (call.function.as_str(), given.trim()) {
        ("check_hashbl_emails", "") => "sha1/notag/max=10".to_owned(),
        (_, given) => given.to_owned(),
    }
}

/// What of a call is not heeded; `None` if all is.
pub(super) fn unheeded(call: &Call) -> Option<Unheeded> {
    let of_emails = match call.function.as_str() {
        "check_hashbl_emails" => true,
        "check_hashbl_uris" | "check_hashbl_attachments" => false,
        _ => return None,
    };
    let options = options(call);
    let is_heeded = |option: &&str| {
        HEEDED.contains(option)
            || (of_emails && HEEDED_OF_EMAILS.contains(option))
            || option.strip_prefix("max=").is_some_and(|most| most.parse::<usize>().is_ok())
    };
    let words = options.split('/').map(str::trim).filter(|option| !option.is_empty());
    let options: Vec<&str> = words.filter(|option| !is_heeded(option)).collect();
    let mut what = Vec::new();
    if !options.is_empty() {
        what.push(format!("the options {}", options.join("/")));
    }
    let argument =
        |number| call.arguments.get(number).map(readable).filter(|text| !text.is_empty());
    if of_emails {
        let places = argument(3).filter(|places| !are_all_places(places));
        what.extend(places.map(|_| format!("the places (always {})", PLACES.join("/"))));
        what.extend(argument(5).map(|list| format!("the list `{list}` (all domains)")));
    }
    let is_decisive = options.iter().any(|option| DECISIVE.contains(option));
    (!what.is_empty()).then(|| Unheeded { what: what.join("; "), is_decisive })
}

fn are_all_places(text: &str) -> bool {
    let given: Vec<&str> = text.split('/').collect();
    let is_given = |place: &&str| given.iter().any(|given| given.eq_ignore_ascii_case(place));
    given.len() == PLACES.len() && PLACES.iter().all(is_given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_heeded_is_named() {
        for (call, what, is_decisive) in [
            ("check_hashbl_emails('z.example')", None, false),
            (
                "check_hashbl_emails('z.example', 'sha256/notag/nodot/case/max=3/shuffle')",
                None,
                false,
            ),
            ("check_hashbl_emails('z.example', '', 'body/allfrom/Reply-To')", None, false),
            ("check_hashbl_emails('z.example', 'md5/noquote')", Some("the options noquote"), false),
            ("check_hashbl_emails('z.example', 'sha1/host')", Some("the options host"), true),
            ("check_hashbl_uris('z.example', 'raw/max=5')", Some("the options raw"), true),
            (
                "check_hashbl_uris('z.example', 'sha512/max=x')",
                Some("the options sha512/max=x"),
                false,
            ),
            ("check_hashbl_uris('z.example', 'sha1/notag')", Some("the options notag"), false),
            (
                "check_hashbl_emails('z.example', 'md5', 'X-From', '^127', 'freemail')",
                Some(
                    "the places (always ALLFROM/Reply-To/body); the list `freemail` (all domains)",
                ),
                false,
            ),
            ("check_rbl('a', 'z.example')", None, false),
        ] {
            let expected = what.map(|what| Unheeded { what: what.to_owned(), is_decisive });
            assert_eq!(unheeded(&Call::parse(call).unwrap()), expected, "{call}");
        }
    }
}
