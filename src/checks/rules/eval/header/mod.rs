//! HeaderEval: questions about header fields that no single pattern answers.

mod date;
mod dates;
mod forged;
mod mailer;
mod recipients;
mod subject;

pub(in super::super) use dates::Dates;

use std::{borrow::Cow, cell::OnceCell};

use super::{
    super::{
        pattern::{Matcher, Pattern},
        scene::Scene,
        text::HeaderQuery,
    },
    Arguments, CallError, Function, Question, Standing,
};

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "check_for_fake_aol_relay_in_rcvd",
        standing: Standing::Same,
        make: forged::aol,
    },
    Function {
        name: "check_for_faraway_charset_in_headers",
        standing: Standing::Differs("the locale of the process does not count"),
        make: |_, _| Ok(Question::yes_no(subject::has_faraway_charset)),
    },
    yes_no!("check_for_unique_subject_id", |_| false),
    Function { name: "check_illegal_chars", standing: ILLEGAL, make: subject::illegal_characters },
    Function {
        name: "check_for_forged_hotmail_received_headers",
        standing: LOOSE_IP,
        make: forged::hotmail_forged,
    },
    Function {
        name: "check_for_no_hotmail_received_headers",
        standing: LOOSE_IP,
        make: forged::hotmail_missing,
    },
    Function {
        name: "check_for_msn_groups_headers",
        standing: Standing::Same,
        make: forged::msn_groups,
    },
    Function {
        name: "check_for_forged_eudoramail_received_headers",
        standing: Standing::Same,
        make: forged::eudoramail,
    },
    Function {
        name: "check_for_forged_yahoo_received_headers",
        standing: LOOSE_IP,
        make: forged::yahoo,
    },
    Function {
        name: "check_for_forged_juno_received_headers",
        standing: LOOSE_IP,
        make: forged::juno,
    },
    Function {
        name: "check_for_forged_gmail_received_headers",
        standing: Standing::Same,
        make: forged::gmail,
    },
    yes_no!("check_for_matching_env_and_hdr_from", |scene| {
        first(scene, &ENVELOPE_FROM).eq_ignore_ascii_case(&from(scene))
    }),
    yes_no!("sorted_recipients", recipients::are_sorted),
    Function { name: "similar_recipients", standing: Standing::Same, make: recipients::similar },
    yes_no!("check_for_missing_to_header", |scene| {
        !(scene.headers.has("to") || scene.headers.has("apparently-to"))
    }),
    Function {
        name: "check_for_forged_gw05_received_headers",
        standing: Standing::Same,
        make: forged::gw05,
    },
    Function { name: "check_for_shifted_date", standing: Standing::Same, make: dates::shifted },
    Function {
        name: "received_within_months",
        standing: Standing::Same,
        make: dates::within_months,
    },
    Function { name: "subject_is_all_caps", standing: Standing::Same, make: subject::all_caps },
    Function {
        name: "check_for_to_in_subject",
        standing: Standing::Same,
        make: subject::names_recipient,
    },
    Function {
        name: "check_outlook_message_id",
        standing: Standing::Same,
        make: mailer::outlook_id,
    },
    Function {
        name: "check_messageid_not_usable",
        standing: Standing::Same,
        make: mailer::id_not_usable,
    },
    Function { name: "check_header_count_range", standing: Standing::Same, make: count_range },
    Function {
        name: "check_unresolved_template",
        standing: Standing::Same,
        make: mailer::template,
    },
    yes_no!("check_ratware_name_id", mailer::is_ratware_id),
    yes_no!("check_ratware_envelope_from", mailer::is_ratware_sender),
    Function {
        name: "gated_through_received_hdr_remover",
        standing: Standing::Same,
        make: |_, _| Ok(Question::yes_no(forged::is_stripped)),
    },
    yes_no!("check_equal_from_domains", |scene| {
        let domains =
            [from(scene), first(scene, &ENVELOPE_FROM)].map(|address| second_level(&address));
        let [from, sender] = domains;
        !(from.is_empty() || sender.is_empty() || from == sender)
    }),
];

/// Line ends are LF here whatever was sent.
const ILLEGAL: Standing =
    Standing::Differs("a carriage return at the end of a line does not count");

/// Patterns for IPv6 addresses would be longer than all the rest.
const LOOSE_IP: Standing = Standing::Differs("an IPv6 address need not be well-formed");

/// An IP address in a pattern.
const IP: &str = r"(?:(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)|(?:IPv6:)?[0-9A-Fa-f:]*:[0-9A-Fa-f:]*[0-9A-Fa-f:.]*)";

/// A pattern that stands in this program.
fn pattern(text: &str) -> Result<Matcher, CallError> {
    let text = text.replace("<IP>", IP);
    let wrong = |error| CallError::Value { number: 0, what: format!("{error}") };
    Ok(Pattern::compile_bare(&text).map_err(wrong)?.matcher)
}

/// Patterns of which any may match.
struct Any(Vec<Matcher>);

impl Any {
    fn of(patterns: &[&str]) -> Result<Self, CallError> {
        Ok(Self(patterns.iter().map(|text| pattern(text)).collect::<Result<_, _>>()?))
    }

    fn matches(&self, text: &str) -> bool {
        self.0.iter().any(|matcher| matcher.is_match(text.as_bytes()))
    }
}

/// What the functions need of one message, each made once.
#[derive(Debug, Default)]
pub(in super::super) struct HeaderFacts {
    received: OnceCell<String>,
    is_stripped: OnceCell<bool>,
}

/// The first text that a header question has, without the line feed at its end; empty if it has
/// none.
fn first<'s>(scene: &'s Scene<'_>, query: &HeaderQuery) -> Cow<'s, str> {
    let first = query.values(scene).into_iter().next().unwrap_or_default();
    match first {
        Cow::Borrowed(text) => String::from_utf8_lossy(text.strip_suffix(b"\n").unwrap_or(text)),
        Cow::Owned(text) => {
            let text = text.strip_suffix(b"\n").unwrap_or(&text);
            String::from_utf8_lossy(text).into_owned().into()
        }
    }
}

/// The sender's address in SMTP.
const ENVELOPE_FROM: HeaderQuery = HeaderQuery::ENVELOPE_FROM_ADDRESS;

/// The address in From.
fn from<'s>(scene: &'s Scene<'_>) -> Cow<'s, str> {
    address(scene, "from")
}

/// The first address in the fields of a name in lower case.
fn address<'s>(scene: &'s Scene<'_>, name: &'static str) -> Cow<'s, str> {
    first(scene, &HeaderQuery::addresses_of(name))
}

/// All Received fields with single blanks.
fn received<'s>(scene: &'s Scene<'_>) -> &'s str {
    scene.header_facts.received.get_or_init(|| squeezed(scene.headers.joined("received")))
}

/// A text with each run of blanks replaced by one.
fn squeezed(text: &str) -> String {
    let is_blank = |c: char| matches!(c, ' ' | '\t'..='\r');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_blank) {
        let (word, behind) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(word);
        out.push(' ');
        rest = behind.trim_start_matches(is_blank);
    }
    out.push_str(rest);
    out
}

/// The last two labels of an address's domain, in lower case.
fn second_level(address: &str) -> String {
    let domain = address.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
    let labels: Vec<&str> = domain.split('.').collect();
    let last = labels.get(labels.len().saturating_sub(2)..).unwrap_or_default();
    let before: usize = labels.iter().map(|label| label.len() + 1).sum::<usize>()
        - last.iter().map(|label| label.len() + 1).sum::<usize>();
    let is_cut = before > 1 && last.iter().all(|label| !label.is_empty());
    if is_cut { last.join(".") } else { domain.to_owned() }.to_ascii_lowercase()
}

/// `check_header_count_range(name, least, most)`: how many different values the fields have.
fn count_range(arguments: &Arguments, _: &super::Conf) -> Result<Question, CallError> {
    let name = arguments.text(1)?.to_ascii_lowercase();
    let missing = |number| move || CallError::Missing(number);
    let least: f64 = arguments.number(2)?.ok_or_else(missing(2))?;
    let most: f64 = arguments.number(3)?.ok_or_else(missing(3))?;
    Ok(Question::yes_no(move |scene| {
        let values = scene.headers.named(&name).map(|field| field.decoded());
        let count = values.collect::<std::collections::HashSet<_>>().len() as f64;
        (least..=most).contains(&count)
    }))
}
