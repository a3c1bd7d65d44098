//! Message-Ids and other marks of programs that send mail.

use super::{
    super::{
        super::{conf::Conf, scene::Scene, text::HeaderQuery},
        Arguments, CallError, Question,
    },
    Any, ENVELOPE_FROM, address, date, first, forged, pattern,
};

/// `check_outlook_message_id()`: an id in Outlook's form, with a time in it that is not the
/// message's.
pub(super) fn outlook_id(_: &Arguments, _: &Conf) -> Result<Question, CallError> {
    let form = pattern(r"\A<[0-9a-f]{12}\$[0-9a-f]{8}\$[0-9a-f]{8}@")?;
    Ok(Question::yes_no(move |scene| {
        let id = HeaderQuery::MESSAGE_ID.read(scene).unwrap_or_default();
        form.is_match(&id) && time_in_id(&id).is_some_and(|time| !is_time_of(scene, time))
    }))
}

fn time_in_id(id: &[u8]) -> Option<i64> {
    let digits = std::str::from_utf8(id.get(5..13)?).ok()?;
    i64::from_str_radix(digits, 16).ok()
}

/// Whether the message was sent at this time: by its own date, or by that of its newest Received
/// field. The time counts 2^-16 of Windows' units of 100 ns.
fn is_time_of(scene: &Scene<'_>, time: i64) -> bool {
    /// How far the clocks may differ, in units of about 429 seconds.
    const TOLERANCE: i64 = 250;
    ["date", "received"].iter().any(|name| {
        let seconds = date::parse(scene.headers.joined(name)).unwrap_or(0);
        let expected = (seconds as f64 * 0.002_328_306_436_538_7 + 27_111_902.832_984_9) as i64;
        (time - expected).abs() < TOLERANCE
    })
}

/// `check_messageid_not_usable()`: a list or server has replaced the Message-Id.
pub(super) fn id_not_usable(_: &Arguments, _: &Conf) -> Result<Question, CallError> {
    let list = pattern(r"(?i)<mailto:(?:leave-\S+|\S+-unsubscribe)@\S+>\n?\z")?;
    Ok(Question::yes_no(move |scene| {
        let received = scene.headers.joined("received");
        list.is_match(scene.headers.joined("list-unsubscribe").as_bytes())
            || forged::is_stripped(scene)
            || received.contains("/CWT/DCE)")
            || received.contains("iPlanet Messaging Server")
    }))
}

/// `check_unresolved_template()`: a field that a mass mailer should have filled in.
pub(super) fn template(_: &Arguments, _: &Conf) -> Result<Question, CallError> {
    let variable = pattern("%[A-Z][A-Z_-]")?;
    let free = Any::of(&[
        r"(?i)\A(?:X-VMS-To|X-UIDL|X-Face|To|Cc|From|Subject|References|In-Reply-To):",
        r"(?i)\A(?:X-|Resent-|X-Original-)?Message-Id:",
    ])?;
    Ok(Question::yes_no(move |scene| {
        let text = HeaderQuery::ALL.read(scene).unwrap_or_default();
        let mut lines = text.split(|&byte| byte == b'\n');
        variable.is_match(&text)
            && lines.any(|line| {
                variable.is_match(line) && !free.matches(&String::from_utf8_lossy(line))
            })
    }))
}

/// An id of 28 capitals and the sender's address, `<AAAA….user@domain>`, which is also in From
/// behind a name in quotes.
pub(super) fn is_ratware_id(scene: &Scene<'_>) -> bool {
    let ids = HeaderQuery::MESSAGE_ID.read(scene).unwrap_or_default();
    let ids = String::from_utf8_lossy(&ids);
    let mut opens = ids.match_indices('<').filter_map(|(at, _)| ids.get(at + 1..));
    let address = opens.find_map(|text| {
        let capitals = text.bytes().take_while(u8::is_ascii_uppercase).count();
        let (address, _) = text.get(capitals..)?.strip_prefix('.')?.split_once('>')?;
        (capitals == 28 && !address.is_empty()).then_some(address)
    });
    address.is_some_and(|address| is_behind_quotes(scene.headers.joined("from"), address))
}

/// Whether `"name" <address>` stands in a text.
fn is_behind_quotes(text: &str, address: &str) -> bool {
    text.match_indices(&format!("<{address}>")).any(|(at, _)| {
        let before =
            text.get(..at).unwrap_or_default().trim_end_matches(|c: char| c.is_ascii_whitespace());
        let name = before.strip_suffix('"').and_then(|before| before.rsplit_once('"'));
        name.is_some_and(|(_, name)| !name.is_empty())
    })
}

/// A sender in SMTP that is made from the recipient's address: `domain.user@`.
pub(super) fn is_ratware_sender(scene: &Scene<'_>) -> bool {
    let (to, sender) = (address(scene, "to"), first(scene, &ENVELOPE_FROM).to_ascii_lowercase());
    let is_rewritten = sender.strip_prefix("srs").is_some_and(|rest| {
        let mut characters = rest.chars();
        characters.next().is_some_and(|c| c.is_ascii_digit())
            && characters.next().is_some_and(|c| "=+-".contains(c))
    });
    let Some((user, host)) = to.split_once('@').filter(|_| !is_rewritten) else { return false };
    let registry = scene.conf.sites.registry();
    let host = host.to_ascii_lowercase();
    let domain = registry.registered(&host);
    let has_top = domain.rsplit_once('.').is_some_and(|(_, top)| registry.is_top_level(top));
    let user = format!("{}@", user.to_ascii_lowercase());
    has_top
        && !user.starts_with('@')
        && sender.match_indices(domain).any(|(at, _)| {
            let before = sender.get(..at).and_then(|before| before.bytes().next_back());
            let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            let mut rest = sender.get(at + domain.len()..).unwrap_or_default().chars();
            rest.next().is_some()
                && rest.as_str().starts_with(&user)
                && !before.is_some_and(is_word)
        })
}
