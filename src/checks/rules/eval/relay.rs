//! RelayEval: questions about the path a message took.

use std::net::Ipv4Addr;

use super::{
    super::{
        conf::Conf,
        pattern::Pattern,
        relays::{Relay, Relays, is_private},
        scene::Scene,
        text::HeaderQuery,
    },
    Arguments, CallError, Function, Question, Standing,
};

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[
    yes_no!("check_for_numeric_helo", numeric_helo),
    yes_no!("check_for_illegal_ip", |_| false),
    yes_no!("helo_ip_mismatch", helo_is_another_address),
    yes_no!("check_all_trusted", |scene| {
        let relays = scene.relays();
        relays.unparseable() == 0 && relays.untrusted().is_empty() && !relays.trusted().is_empty()
    }),
    yes_no!("check_no_relays", |scene| {
        let relays = scene.relays();
        relays.unparseable() == 0 && relays.all().is_empty()
    }),
    yes_no!("check_relays_unparseable", |scene| scene.relays().unparseable() > 0),
    yes_no!("check_for_sender_no_reverse", |scene| {
        let origin = scene.relays().untrusted().last();
        origin.is_some_and(|relay| relay.rdns.contains('.') && !relay.is_private())
    }),
    Function {
        name: "check_for_from_domain_in_received_headers",
        standing: Standing::Same,
        make: from_domain,
    },
    yes_no!("check_for_forged_received_trail", |scene| broken_links(scene) > 1),
    yes_no!("check_for_forged_received_ip_helo", helo_is_far_away),
    yes_no!("check_for_no_rdns_dotcom_helo", nameless_dotcom),
];

/// `check_for_from_domain_in_received_headers(domain, 'true' or 'false')`: From is of this domain,
/// and a host of the domain has handed it to another one, or not.
fn from_domain(arguments: &Arguments, _: &Conf) -> Result<Question, CallError> {
    let wrong = |error| CallError::Value { number: 1, what: format!("{error}") };
    let pattern = |text: &str| Pattern::compile_bare(text).map_err(wrong);
    let domain = arguments.text(1)?;
    let literal = domain.replace('.', r"\.");
    let author = pattern(&format!(r"(?i)\b{literal}"))?.matcher;
    let inside = pattern(&format!(r" rdns=\S*\b{domain} [^\]]*by=\S*\b{domain} "))?.matcher;
    let is_wanted = arguments.text(2)? == "true";
    let from = HeaderQuery::addresses_of("from");
    Ok(Question::yes_no(move |scene| {
        let has_author = from.values(scene).first().is_some_and(|from| author.is_match(from));
        let relays = scene.relays();
        let has_inside =
            || [relays.trusted(), relays.untrusted()].map(Relays::text).join("\n").into_bytes();
        has_author && inside.is_match(&has_inside()) == is_wanted
    }))
}

/// An IPv4 address that stands where a name belongs, unless it is private.
fn public_v4(text: &str) -> Option<Ipv4Addr> {
    text.parse().ok().filter(|&address: &Ipv4Addr| !is_private(address.into()))
}

/// A HELO name that is a bare address. SpamAssassin means to leave private ones out, and does not.
fn numeric_helo(scene: &Scene<'_>) -> bool {
    scene.relays().untrusted().iter().any(|relay| {
        let word = relay.helo.split([',', ';']).next().unwrap_or_default();
        word.parse::<Ipv4Addr>().is_ok()
    })
}

/// A HELO name that is a public address, in another /24 than the host's own.
fn helo_is_another_address(scene: &Scene<'_>) -> bool {
    scene.relays().untrusted().iter().any(|relay| {
        match (public_v4(&relay.helo), public_v4(&relay.ip)) {
            (Some(said), Some(seen)) => said.octets().get(..3) != seen.octets().get(..3),
            _ => false,
        }
    })
}

/// Whether the last host that is not private greeted with the name of a big mail provider and has
/// no name itself.
fn nameless_dotcom(scene: &Scene<'_>) -> bool {
    let last = scene.relays().untrusted().iter().rfind(|relay| !relay.is_private());
    last.is_some_and(|relay| {
        let helo = relay.helo.to_ascii_lowercase();
        let is_in = |domain: &&str| {
            helo.strip_suffix(*domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        relay.has_no_rdns && DOTCOMS.iter().any(is_in)
    })
}

/// Providers whose hosts have names.
const DOTCOMS: [&str; 11] = [
    "lycos.com",
    "lycos.co.uk",
    "hotmail.com",
    "localhost.com",
    "excite.com",
    "caramail.com",
    "cs.com",
    "aol.com",
    "msn.com",
    "yahoo.com",
    "drizzle.com",
];

/// What the forgery questions look at: the hosts that say by which domain they took the message.
fn links<'s>(scene: &'s Scene<'_>) -> impl Iterator<Item = (usize, &'s Relay)> {
    let untrusted = scene.relays().untrusted().iter().enumerate();
    untrusted.filter(|(_, relay)| is_domain(&domain(&relay.by)))
}

/// How often a host says that it took the message from another domain than the one that says it
/// handed it on.
fn broken_links(scene: &Scene<'_>) -> usize {
    let untrusted = scene.relays().untrusted();
    let broken = links(scene).filter(|(index, relay)| {
        let next = index.checked_sub(1).and_then(|above| untrusted.get(above));
        next.is_some_and(|next| {
            let (by, from) = (domain(&relay.by), domain(&next.rdns));
            let is_fine = by == from || (by == "msn.com" && from == "hotmail.com");
            is_domain(&from) && !is_fine && !is_inside(next)
        })
    });
    broken.count()
}

/// Whether a host talked to itself.
fn is_inside(relay: &Relay) -> bool {
    let is_local = ["localhost", "localhost.localdomain"]
        .iter()
        .any(|name| relay.rdns.eq_ignore_ascii_case(name));
    is_local && relay.ip == "127.0.0.1" && is_domain(&domain(&relay.by))
}

/// Whether a host greeted with an address that is not even in its own /16.
fn helo_is_far_away(scene: &Scene<'_>) -> bool {
    links(scene).any(|(_, relay)| match (first_half(&relay.helo), first_half(&relay.ip)) {
        (Some(said), Some(seen)) => said != seen && !is_private_half(said),
        _ => false,
    })
}

/// The first two of four numbers, which need not make an address.
fn first_half(text: &str) -> Option<(&str, &str)> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbers: Vec<&str> = text.split('.').collect();
    match numbers.as_slice() {
        [a, b, c, d] => [a, b, c, d].iter().all(|text| is_number(text)).then_some((*a, *b)),
        _ => None,
    }
}

fn is_private_half((first, second): (&str, &str)) -> bool {
    let (Ok(first), Ok(second)) = (first.parse(), second.parse()) else { return false };
    is_private(Ipv4Addr::new(first, second, 0, 0).into())
}

/// The last two labels of a host name, or three where the last one is short; an address as it is.
fn domain(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    if !host.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return host;
    }
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let top = labels.last().copied().unwrap_or_default();
    let is_long = top.len() >= 3 || ["ie", "fr", "de"].contains(&top);
    let kept = match labels.len() {
        2.. if is_long => 2,
        3.. => 3,
        _ => return host,
    };
    labels.get(labels.len() - kept..).unwrap_or_default().join(".")
}

/// Letters, digits and hyphens around at least one dot; the first label has two characters.
fn is_domain(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.rsplit_once('.').is_some_and(|(rest, top)| {
        let inside = |byte: u8| is_word(byte) || matches!(byte, b'.' | b'-');
        !top.is_empty()
            && top.bytes().all(is_word)
            && rest.len() >= 2
            && rest.bytes().next().is_some_and(is_word)
            && rest.bytes().all(inside)
    })
}
