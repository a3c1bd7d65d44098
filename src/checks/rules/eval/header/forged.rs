//! Mail that claims to come from a big provider and lacks what that provider writes.

use std::sync::LazyLock;

use super::{
    super::{
        super::{conf::Conf, pattern::Matcher, scene::Scene},
        Arguments, CallError, Question,
    },
    Any, ENVELOPE_FROM, first, from, pattern, received,
};

/// What lists and servers that remove Received fields write, of which nothing can be said then.
struct Remover {
    ezmlm: Matcher,
    delivered: Matcher,
    qmail: Matcher,
    msn: Matcher,
}

impl Remover {
    fn new() -> Result<Self, CallError> {
        Ok(Self {
            ezmlm: pattern(r"(?m)^contact \S+@\S+; run by ezmlm$")?,
            delivered: pattern(r"(?m)^mailing list \S+@\S+")?,
            qmail: pattern(r"qmail \d+ invoked (?:from network|by .{3,20})\); \d+ ... \d+")?,
            msn: pattern(r"from groups\.msn\.com \(\S+\.msn\.com ")?,
        })
    }

    fn took(&self, scene: &Scene<'_>) -> bool {
        let has = |name, matcher: &Matcher| matcher.is_match(scene.headers.joined(name).as_bytes());
        let is_ezmlm = || {
            has("mailing-list", &self.ezmlm)
                && has("delivered-to", &self.delivered)
                && has("received", &self.qmail)
        };
        !scene.headers.has("received") || has("received", &self.msn) || is_ezmlm()
    }
}

/// Whether a list or server has removed Received fields.
pub(super) fn is_stripped(scene: &Scene<'_>) -> bool {
    static REMOVER: LazyLock<Option<Remover>> = LazyLock::new(|| Remover::new().ok());
    let took = || REMOVER.as_ref().is_some_and(|remover| remover.took(scene));
    *scene.header_facts.is_stripped.get_or_init(took)
}

/// `check_for_fake_aol_relay_in_rcvd()`: a relay that is named like those of AOL and writes
/// otherwise.
pub(super) fn aol(_: &Arguments, _: &Conf) -> Result<Question, CallError> {
    let relay = pattern(r"(?i) rly-[a-z][a-z]\d\d\.")?;
    let genuine = Any::of(&[r"/AOL-\d+\.\d+\.\d+\)", "ESMTP id (?:RELAY|MAILRELAY|MAILIN)"])?;
    Ok(Question::yes_no(move |scene| {
        let received = received(scene);
        relay.is_match(received.as_bytes()) && !genuine.matches(received)
    }))
}

/// What Hotmail's mail looks like.
struct Hotmail {
    groups: Groups,
    address: Matcher,
    /// Relays of Hotmail, if the message names its author's address.
    with_address: Any,
    /// Relays of its successor, if the message names its owner.
    with_owner: Any,
    owner: Matcher,
    claims: Matcher,
    from: Matcher,
}

/// Of a message that has to do with Hotmail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trace {
    /// Nothing wrong.
    Fine,
    /// A relay says it is Hotmail's, and is not.
    Forged,
    /// The sender is Hotmail's, and no relay.
    Missing,
}

impl Hotmail {
    fn new() -> Result<Self, CallError> {
        Ok(Self {
            groups: Groups::new()?,
            address: pattern("<IP>")?,
            with_address: Any::of(&[
                r"from (?:\S*\.)?hotmail.com \(\S+\.hotmail(?:\.msn)?\.com[ \)]",
                r"from \S*\.hotmail.com \(\[<IP>[ \):]",
                r"from \S+ by \S+\.hotmail(?:\.msn)?\.com with HTTP;",
                r"from \[66\.218.\S+\] by \S+\.yahoo\.com",
            ])?,
            with_owner: Any::of(&[
                r"from \S*\.outbound\.protection\.outlook\.com \(\S+\.outbound\.protection\.outlook\.com[ \)]",
                r"from \S*\.(?:eur|nam)prd\d+\.prod\.outlook\.com \(<IP>\)",
            ])?,
            owner: pattern(r"hotmail\.com|msonline-outlook")?,
            claims: pattern(r"(?:from |HELO |helo=)\S*hotmail\.com\b")?,
            from: pattern(r"(?i)\bhotmail\.com\n?\z")?,
        })
    }

    fn trace(&self, scene: &Scene<'_>) -> Trace {
        let claim = if self.claims.is_match(received(scene).as_bytes()) {
            Trace::Forged
        } else if self.from.is_match(from(scene).as_bytes()) {
            Trace::Missing
        } else {
            return Trace::Fine;
        };
        if self.is_genuine(scene) { Trace::Fine } else { claim }
    }

    fn is_genuine(&self, scene: &Scene<'_>) -> bool {
        let received = received(scene);
        let pickup = "from mail pickup service by hotmail.com with Microsoft SMTPSVC;";
        let has = |name, matcher: &Matcher| matcher.is_match(scene.headers.joined(name).as_bytes());
        received.contains(pickup)
            || self.groups.wrote(scene)
            || is_stripped(scene)
            || (has("x-originating-ip", &self.address) && self.with_address.matches(received))
            || (has("x-originatororg", &self.owner) && self.with_owner.matches(received))
    }
}

/// `check_for_forged_hotmail_received_headers()`
pub(super) fn hotmail_forged(_: &Arguments, _: &Conf) -> Result<Question, CallError> {
    let hotmail = Hotmail::new()?;
    Ok(Question::yes_no(move |scene| hotmail.trace(scene) == Trace::Forged))
}

/// `check_for_no_hotmail_received_headers()`
pub(super) fn hotmail_missing(_: &Arguments, _: &Conf) -> Result<Question, CallError> {
    let hotmail = Hotmail::new()?;
    Ok(Question::yes_no(move |scene| hotmail.trace(scene) == Trace::Missing))
}

/// MSN Groups, a service of mailing lists.
struct Groups {
    server: Matcher,
    to: Matcher,
}

impl Groups {
    fn new() -> Result<Self, CallError> {
        Ok(Self {
            server: pattern(r"from mail pickup service by p\d\d\.groups\.msn\.com\b")?,
            to: pattern(r"(?i)<\S+@groups\.msn\.com>")?,
        })
    }

    fn wrote(&self, scene: &Scene<'_>) -> bool {
        self.test(scene).unwrap_or(false)
    }

    fn test(&self, scene: &Scene<'_>) -> Option<bool> {
        let to = scene.headers.joined("to");
        let list = to.get(self.to.find(to.as_bytes(), 0)?)?;
        let list = list.get(1..list.len() - "@groups.msn.com>".len())?;
        let received = scene.headers.joined("received");
        let server = received.get(self.server.find(received.as_bytes(), 0)?)?.rsplit(' ').next()?;
        let id = scene.headers.joined("message-id");
        let id = id.strip_prefix('<')?;
        if list == "notifications" {
            let (user, rest) = id.split_once('@')?;
            return Some(is_word(user) && rest.starts_with(&format!("{server}>")));
        }
        let sender = first(scene, &ENVELOPE_FROM);
        let (user, _) = id.split_once("@groups.msn.com>")?;
        let number = user.strip_prefix(list)?.strip_prefix('-')?;
        Some(is_word(number) && sender.contains(&format!("{list}-bounce@groups.msn.com")))
    }
}

fn is_word(text: &str) -> bool {
    !(text.is_empty() || text.contains(|c: char| c.is_ascii_whitespace()))
}

/// `check_for_msn_groups_headers()`
pub(super) fn msn_groups(_: &Arguments, _: &Conf) -> Result<Question, CallError> {
    let groups = Groups::new()?;
    Ok(Question::yes_no(move |scene| groups.wrote(scene)))
}

/// `check_for_forged_eudoramail_received_headers()`
pub(super) fn eudoramail(_: &Arguments, _: &Conf) -> Result<Question, CallError> {
    let claims = pattern(r"(?i)\beudoramail\.com\n?\z")?;
    let address = pattern("<IP>")?;
    let genuine = pattern(r"by \S*whowhere.com;")?;
    Ok(Question::yes_no(move |scene| {
        let is_genuine = || {
            genuine.is_match(received(scene).as_bytes())
                && address.is_match(scene.headers.joined("x-sender-ip").as_bytes())
        };
        claims.is_match(from(scene).as_bytes()) && !is_stripped(scene) && !is_genuine()
    }))
}

/// `check_for_forged_yahoo_received_headers()`
pub(super) fn yahoo(_: &Arguments, _: &Conf) -> Result<Question, CallError> {
    let claims = pattern(r"(?i)\byahoo\.com\n?\z")?;
    let genuine = Any::of(&[
        r"by web\S+\.mail\S*\.yahoo\.com via HTTP",
        r"by sonic\S+\.consmr\.mail\S*\.yahoo\.com with HTTP",
        r"by smtp\S+\.yahoo\.com with SMTP",
        r"from \[<IP>\] by \S+\.(?:groups|scd|dcn)\.yahoo\.com with NNFMP",
        r"by \w+\.\w+\.yahoo\.com \(\d+\.\d+\.\d+/\d+\.\d+\.\d+\)(?: with ESMTP)? id \w+",
    ])?;
    let bulk = pattern(r"\bmailer\d+\.bulk\.scd\.yahoo\.com\b")?;
    let reply = pattern(r"(?i)@reply\.yahoo\.com\n?\z")?;
    Ok(Question::yes_no(move |scene| {
        let from = from(scene);
        if !claims.is_match(from.as_bytes()) || is_stripped(scene) || is_by_yahoo(scene) {
            return false;
        }
        let has = |name| scene.headers.has(name);
        let is_resent = has("resent-from") && has("resent-to") && has("x-received");
        let trace = if is_resent { "x-received" } else { "received" };
        let trace = super::squeezed(scene.headers.joined(trace));
        let is_bulk = bulk.is_match(trace.as_bytes()) && reply.is_match(from.as_bytes());
        !(is_bulk || genuine.matches(&trace))
    }))
}

/// Whether a relay that can be believed is Yahoo's.
fn is_by_yahoo(scene: &Scene<'_>) -> bool {
    let relays = scene.relays();
    let mut known = relays.trusted().iter().chain(relays.untrusted().first());
    known.any(|relay| relay.rdns.strip_suffix(".yahoo.com").is_some_and(|host| !host.is_empty()))
}

/// `check_for_forged_juno_received_headers()`
pub(super) fn juno(_: &Arguments, _: &Conf) -> Result<Question, CallError> {
    let claims = pattern(r"(?i)\bjuno\.com\n?\z")?;
    let new = Any::of(&[
        r"from.*\b(?:juno|untd)\.com.*[\[\(]<IP>[\]\)].*by",
        r" cookie\.(?:juno|untd)\.com ",
    ])?;
    Ok(Question::yes_no(move |scene| {
        if !claims.is_match(from(scene).as_bytes()) || is_stripped(scene) {
            return false;
        }
        // Older mail lacks X-Originating-IP, which SpamAssassin then wants all the same.
        let is_new = scene.headers.has("x-originating-ip");
        let is_juno = scene.headers.joined("x-mailer").contains("Juno ");
        !(is_new && is_juno && new.matches(scene.headers.joined("received")))
    }))
}

/// `check_for_forged_gmail_received_headers()`
pub(super) fn gmail(_: &Arguments, _: &Conf) -> Result<Question, CallError> {
    /// How long Google's own marks are at least, in bytes.
    const SHORTEST: usize = 60;
    let claims = pattern(r"(?i)\bgmail\.com\n?\z")?;
    let by_api =
        Any::of(&[r"by 10\.\S+ with SMTP id \S+", r"by 2002:a\d\d:\w+:\S+ with SMTP id \S+"])?;
    let by_smtp = pattern(r"by smtp\.googlemail\.com with ESMTPSA id \S+")?;
    Ok(Question::yes_no(move |scene| {
        let text = |name| scene.headers.joined(name);
        let marks = ["x-gm-message-state", "x-google-smtp-source"];
        claims.is_match(from(scene).as_bytes())
            && !by_api.matches(text("x-received"))
            && !by_smtp.is_match(text("received").as_bytes())
            && !marks.iter().all(|name| text(name).len() >= SHORTEST)
    }))
}

/// `check_for_forged_gw05_received_headers()`: a last Received field of a certain spam program.
pub(super) fn gw05(_: &Arguments, _: &Conf) -> Result<Question, CallError> {
    let form = pattern(
        r"\nfrom\s\S+\sby\s[^\s.]+\swith\sESMTP;\s+\S\S\S,\s+\d+\s+\S\S\S\s+\d{4}\s+\d\d:\d\d:\d\d\s+[-+]*\d{4}\n\z",
    )?;
    Ok(Question::yes_no(move |scene| form.is_match(scene.headers.joined("received").as_bytes())))
}
