//! What must happen to which mail, whoever the MTA is: the table, and the one function that runs
//! it. `matrix_postfix` and `matrix_sendmail` bring the servers.

use std::collections::HashSet;

use crate::{
    mail::{self, header},
    servers::{
        DOMAIN, Mta,
        clamd::{Clamd, OWN_SIGNATURE},
        gatepost::{Config, Gatepost},
        rbldnsd::{
            BLOCKED, BLOCKED_AND_ALLOWED, BLOCKED_V6, CLEAN, CLEAN_V6, LISTED_TWICE, Rbldnsd,
        },
        smtp::{Delivery, Outcome, Reply, Stage},
    },
};

/// A message, and what must become of it. The name is also the mailbox.
struct Case {
    name: &'static str,
    client: &'static str,
    login: bool,
    message: Vec<u8>,
    expected: Expected,
}

enum Expected {
    /// Taken and delivered; each header contains this text, or is absent where there is none.
    Delivered(&'static [(&'static str, Option<&'static str>)]),
    /// Stopped at this stage with this code, and a text that contains this.
    Refused(Stage, u16, &'static str),
}

use Expected::{Delivered, Refused};

/// Not called spam.
const UNMARKED: &[(&str, Option<&str>)] = &[("X-Spam-Flag", None), ("X-Spam", None)];
/// Nothing that tells how mail is scored: it goes out to the world.
const SILENT: &[(&str, Option<&str>)] = &[
    ("X-Spam-Flag", None),
    ("X-Spam", None),
    ("X-Spam-Status", None),
    ("X-Spam-Level", None),
    ("X-Virus-Status", None),
];

/// Called spam, in every way that mail readers and sieve scripts look for.
const MARKED: &[(&str, Option<&str>)] = &[
    ("X-Spam-Flag", Some("YES")),
    ("X-Spam", Some("Yes")),
    ("X-Spam-Status", Some("Yes, score=6")),
    ("X-Spam-Status", Some("LOCAL_MARK")),
    ("X-Spam-Level", Some("******")),
];
/// What becomes of [`forged`] headers.
const CLEANED: &[(&str, Option<&str>)] = &[
    ("X-Spam-Flag", None),
    ("X-Virus-Status", None),
    ("X-Spam-Status", Some("No")),
    ("Authentication-Results", Some("elsewhere.example")),
];

fn case(name: &'static str, client: &'static str, message: Vec<u8>, expected: Expected) -> Case {
    Case { name, client, login: false, message, expected }
}

fn logged_in(mut case: Case) -> Case {
    case.login = true;
    case
}

fn cases() -> Vec<Case> {
    let mut cases = from_strangers();
    cases.extend(from_clients_on_lists());
    cases.extend(from_users());
    cases
}

fn hello() -> Vec<u8> {
    mail::plain("Lunch tomorrow", "Shall we meet at noon?")
}

fn marked() -> Vec<u8> {
    mail::plain("spam-between-mark-and-reject", "Six points.")
}

fn gtube() -> Vec<u8> {
    mail::plain("A test", &mail::gtube())
}

fn from_strangers() -> Vec<Case> {
    let spam = mail::plain("spam-beyond-reject", "Twelve points.");
    let eight_bit = mail::plain("Gr\u{fc}\u{df}e", "\u{4f60}\u{597d}");
    let at_the_end = |text| Refused(Stage::Message, 550, text);
    vec![
        case("clean", CLEAN, hello(), Delivered(UNMARKED)),
        case("clean-v6", CLEAN_V6, hello(), Delivered(UNMARKED)),
        case("marked", CLEAN, marked(), Delivered(MARKED)),
        case("spam", CLEAN, spam, at_the_end("5.7.1")),
        case("gtube", CLEAN, gtube(), at_the_end("5.7.1")),
        case("eicar", CLEAN, mail::eicar(), at_the_end("Eicar")),
        case("virus", CLEAN, mail::own_virus(), at_the_end(OWN_SIGNATURE)),
        case("forged", CLEAN, forged(), Delivered(CLEANED)),
        case("large", CLEAN, large(), Delivered(UNMARKED)),
        case("eight-bit", CLEAN, eight_bit, Delivered(UNMARKED)),
    ]
}

fn from_clients_on_lists() -> Vec<Case> {
    let before_data = |text| Refused(Stage::Rcpt, 554, text);
    vec![
        case("listed", BLOCKED, hello(), before_data(BLOCKED)),
        case("listed-v6", BLOCKED_V6, hello(), before_data("5.7.1")),
        case("listed-twice", LISTED_TWICE, hello(), before_data(LISTED_TWICE)),
        case("listed-and-allowed", BLOCKED_AND_ALLOWED, hello(), Delivered(UNMARKED)),
        // Whoever is refused must be able to ask why (RFC 2142).
        case("postmaster", BLOCKED, hello(), Delivered(&[])),
        case("abuse", BLOCKED, hello(), Delivered(&[])),
    ]
}

fn from_users() -> Vec<Case> {
    let refused = |text| Refused(Stage::Message, 550, text);
    vec![
        // The very client and message that was refused above.
        logged_in(case("user", BLOCKED, hello(), Delivered(SILENT))),
        logged_in(case("user-marked", CLEAN, marked(), Delivered(SILENT))),
        logged_in(case("user-virus", CLEAN, mail::own_virus(), refused(OWN_SIGNATURE))),
        logged_in(case("user-gtube", CLEAN, gtube(), refused("5.7.1"))),
    ]
}

/// Headers that only the filter may write, and one of another host that must stay.
fn forged() -> Vec<u8> {
    let forged = format!(
        "X-Spam-Flag: YES\r\nX-Spam-Status: Yes, score=99 required=5\r\n\
         X-Virus-Status: clean\r\n\
         Authentication-Results: mx.{DOMAIN}; spf=pass\r\n\
         Authentication-Results: elsewhere.example; spf=fail\r\n"
    );
    [forged.into_bytes(), hello()].concat()
}

/// Six megabytes on the wire, that no rule or scanner minds.
fn large() -> Vec<u8> {
    let picture: Vec<u8> =
        (0..4_500_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    mail::with_attachment("The picture", "picture.bin", &picture)
}

/// The servers that stand around every MTA of the matrix.
pub(crate) struct World {
    pub(crate) clamd: Clamd,
    pub(crate) gatepost: Gatepost,
    _rbldnsd: Rbldnsd,
}

impl World {
    pub(crate) fn start() -> Self {
        Self::with("")
    }

    /// With more configuration.
    pub(crate) fn with(toml: &str) -> Self {
        let (clamd, rbldnsd) = (Clamd::start(), Rbldnsd::start());
        let gatepost = Gatepost::start(&Config::full(&rbldnsd, &clamd).with(toml));
        Self { clamd, gatepost, _rbldnsd: rbldnsd }
    }
}

/// Sends every case and checks reply, mailbox, headers and log.
pub(crate) fn run(mta: &dyn Mta, gatepost: &Gatepost) {
    let cases = cases();
    let outcomes: Vec<_> = cases.iter().map(|case| send(mta, case)).collect();
    mta.settle();
    let mut failures = Vec::new();
    for (case, outcome) in cases.iter().zip(&outcomes) {
        if let Err(failure) = verify(mta, gatepost, case, outcome) {
            failures.push(format!("{}: {failure}\n    {outcome:?}", case.name));
        }
    }
    assert!(failures.is_empty(), "{} cases fail:\n{}", failures.len(), failures.join("\n"));
    assert_eq!(gatepost.judged().len(), cases.len(), "one line for each message");
}

fn send(mta: &dyn Mta, case: &Case) -> Outcome {
    let mut delivery = Delivery::new(case.client, case.name, case.message.clone());
    delivery.login = case.login;
    delivery.attempt(mta.address()).unwrap_or_else(|error| panic!("{}: {error}", case.name))
}

type Verified = Result<(), String>;

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Verified {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn verify(mta: &dyn Mta, gatepost: &Gatepost, case: &Case, outcome: &Outcome) -> Verified {
    let delivered = mta.delivered(case.name);
    match case.expected {
        Delivered(headers) => {
            let code = outcome.reply.code;
            ensure(outcome.stage == Stage::Message && code == 250, || "not taken".into())?;
            ensure(delivered.len() == 1, || format!("in the mailbox {} times", delivered.len()))?;
            verify_headers(&delivered[0], headers)?;
        }
        Refused(stage, code, text) => {
            ensure(outcome.stage == stage, || format!("not stopped at {stage:?}"))?;
            ensure(outcome.reply.code == code, || format!("not told {code}"))?;
            ensure(outcome.reply.text.contains(text), || format!("not told {text}"))?;
            ensure(delivered.is_empty(), || "delivered all the same".into())?;
        }
    }
    verify_log(gatepost, case, outcome)
}

fn verify_headers(message: &[u8], headers: &[(&str, Option<&str>)]) -> Verified {
    for (name, expected) in headers {
        let found = header(message, name);
        let right = match expected {
            Some(text) => found.as_ref().is_some_and(|value| value.contains(text)),
            None => found.is_none(),
        };
        ensure(right, || format!("{name} is {found:?}, expected {expected:?}"))?;
    }
    let text = String::from_utf8_lossy(message);
    let crowded = text.lines().find(|line| line.starts_with("X-Spam") && !line.contains(": "));
    ensure(crowded.is_none(), || format!("no space after the colon: {crowded:?}"))
}

/// One line with all that an administrator looks for; its reference is the one in the reply.
fn verify_log(gatepost: &Gatepost, case: &Case, outcome: &Outcome) -> Verified {
    let recipient = format!("{}@{DOMAIN}", case.name);
    let lines: Vec<_> =
        gatepost.judged().into_iter().filter(|line| line["recipients"] == recipient).collect();
    ensure(lines.len() == 1, || format!("{} log lines", lines.len()))?;
    let line = &lines[0];
    ensure(line["client"] == case.client, || format!("client is {}", line["client"]))?;
    ensure(line["sender"] == "sender@example.org", || format!("sender is {}", line["sender"]))?;
    let profile = if case.login { "authenticated" } else { "external" };
    ensure(line["profile"] == profile, || format!("profile is {}", line["profile"]))?;
    let queue_id = line["queue_id"].as_str().unwrap_or_default();
    ensure(outcome.stage < Stage::Data || !queue_id.is_empty(), || "no queue id".into())?;
    let refused = matches!(case.expected, Refused(..));
    let reference = refused.then(|| line["ref"].as_str().unwrap_or_default());
    let told = outcome.reply.reference().filter(|_| refused);
    ensure(told == reference, || format!("reply has {told:?}, log {}", line["ref"]))
}

/// Fifty people get a message each; the filter sees it once.
pub(crate) fn fifty_recipients(mta: &dyn Mta, gatepost: &Gatepost) {
    let users: Vec<String> = (0..50).map(|n| format!("many{n}")).collect();
    let mut delivery = Delivery::new(CLEAN, "", mail::plain("To all", "Fifty of you."));
    delivery.recipients = users.iter().map(|user| format!("{user}@{DOMAIN}")).collect();
    let outcome = delivery.attempt(mta.address()).unwrap();
    assert_eq!((outcome.stage, outcome.reply.code), (Stage::Message, 250), "{outcome:?}");
    assert!(outcome.recipients.iter().all(Reply::is_positive), "{outcome:?}");
    mta.settle();
    for user in &users {
        assert_eq!(mta.delivered(user).len(), 1, "{user}");
    }
    assert_eq!(gatepost.judged().len(), 1);
}

/// Without a scanner strangers are told to come again, and our users' mail goes out, unmistakably
/// unchecked and counted.
pub(crate) fn without_scanner(mta: &dyn Mta, gatepost: &Gatepost) {
    let attempt = |user: &str, login| {
        let mut delivery = Delivery::new(CLEAN, user, mail::plain("Lunch", "At noon?"));
        delivery.login = login;
        delivery.attempt(mta.address()).unwrap()
    };
    let stranger = attempt("stranger", false);
    assert_eq!((stranger.stage, stranger.reply.code), (Stage::Message, 451), "{stranger:?}");
    let user = attempt("user", true);
    assert_eq!((user.stage, user.reply.code), (Stage::Message, 250), "{user:?}");
    mta.settle();
    assert!(mta.delivered("stranger").is_empty());
    let delivered = mta.delivered("user");
    assert_eq!(delivered.len(), 1);
    assert_eq!(header(&delivered[0], "X-Virus-Status").as_deref(), Some("unchecked"));
    let unscanned = gatepost.judged().iter().filter(|line| line["unscanned"] == true).count();
    assert_eq!(unscanned, 2);
    assert!(gatepost.metric("gatepost_accepted_unscanned", "authenticated") > 0.0);
}

/// Names double as mailboxes and are searched for in the log.
#[test]
fn case_names_are_unique() {
    let names: HashSet<_> = cases().iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases().len());
}
