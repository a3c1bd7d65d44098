//! SPF, DKIM and DMARC. The check `auth` asks; most functions stand for one of its findings, by the name
//! that the stock rules give it. Where arguments or lists of senders make the question, the rule says
//! what must have been found ([`Condition`]), and hits once that is known.

use super::{
    super::{addresses, scene::Scene, text::HeaderQuery},
    Arguments, CallError, Function, Question, Standing,
};
use crate::verdict::{AuthResult, Authentication, Signature};

const AUTH: &str = "auth";

/// A function that stands for one finding.
const fn found(
    name: &'static str,
    make: fn(&Arguments, &super::Conf) -> Result<Question, CallError>,
) -> Function {
    Function { name, standing: Standing::Elsewhere(AUTH), make }
}

/// A question about a finding of this name.
macro_rules! finding {
    ($name:literal) => {
        |_, _| Ok(Question::Found($name))
    };
}

const fn same(
    name: &'static str,
    make: fn(&Arguments, &super::Conf) -> Result<Question, CallError>,
) -> Function {
    Function { name, standing: Standing::Same, make }
}

/// See [`super::PLUGINS`].
pub(super) const SPF: &[Function] = &[
    found("check_for_spf_pass", finding!("SPF_PASS")),
    found("check_for_spf_neutral", finding!("SPF_NEUTRAL")),
    found("check_for_spf_none", finding!("SPF_NONE")),
    found("check_for_spf_fail", finding!("SPF_FAIL")),
    found("check_for_spf_softfail", finding!("SPF_SOFTFAIL")),
    found("check_for_spf_permerror", finding!("T_SPF_PERMERROR")),
    found("check_for_spf_temperror", finding!("T_SPF_TEMPERROR")),
    found("check_for_spf_helo_pass", finding!("SPF_HELO_PASS")),
    found("check_for_spf_helo_neutral", finding!("SPF_HELO_NEUTRAL")),
    found("check_for_spf_helo_none", finding!("SPF_HELO_NONE")),
    found("check_for_spf_helo_fail", finding!("SPF_HELO_FAIL")),
    found("check_for_spf_helo_softfail", finding!("SPF_HELO_SOFTFAIL")),
    found("check_for_spf_helo_permerror", finding!("T_SPF_HELO_PERMERROR")),
    found("check_for_spf_helo_temperror", finding!("T_SPF_HELO_TEMPERROR")),
    same("check_for_spf_welcomelist_from", |_, _| sent(OWN_SPF)),
    same("check_for_spf_whitelist_from", |_, _| sent(OWN_SPF)),
    same("check_for_def_spf_welcomelist_from", |_, _| sent(DEFAULT_SPF)),
    same("check_for_def_spf_whitelist_from", |_, _| sent(DEFAULT_SPF)),
    found("check_spf_skipped_noenvfrom", finding!("SPF_SKIPPED_NOENVFROM")),
];

/// See [`super::PLUGINS`].
pub(super) const DKIM: &[Function] = &[
    same("check_dkim_signed", |arguments, _| signed(arguments, false, false)),
    same("check_dkim_valid", |arguments, _| signed(arguments, true, false)),
    same("check_dkim_verified", |arguments, _| signed(arguments, true, false)),
    same("check_dkim_valid_author_sig", |arguments, _| signed(arguments, true, true)),
    same("check_arc_signed", |arguments, _| sealed(arguments, false)),
    same("check_arc_valid", |arguments, _| sealed(arguments, true)),
    found("check_dkim_valid_envelopefrom", finding!("DKIM_VALID_EF")),
    same("check_dkim_dependable", |_, _| condition(|_| Some(Condition::Asked))),
    found("check_dkim_testing", finding!("DKIM_POLICY_TESTING")),
    found("check_dkim_signsome", finding!("DKIM_POLICY_SIGNSOME")),
    found("check_dkim_signall", finding!("DKIM_POLICY_SIGNALL")),
    Function {
        name: "check_dkim_adsp",
        standing: Standing::Differs(
            "what `adsp_override` says counts; DNS is not asked: ADSP is historic (RFC 5617)",
        ),
        make: |arguments, _| unsigned(arguments),
    },
    same("check_for_dkim_welcomelist_from", |_, _| welcome(OWN_DKIM)),
    same("check_for_dkim_whitelist_from", |_, _| welcome(OWN_DKIM)),
    same("check_for_def_dkim_welcomelist_from", |_, _| welcome(DEFAULT_DKIM)),
    same("check_for_def_dkim_whitelist_from", |_, _| welcome(DEFAULT_DKIM)),
];

/// See [`super::PLUGINS`].
pub(super) const DMARC: &[Function] = &[
    found("check_dmarc_pass", finding!("DMARC_PASS")),
    found("check_dmarc_reject", finding!("DMARC_REJECT")),
    found("check_dmarc_quarantine", finding!("DMARC_QUAR")),
    found("check_dmarc_none", finding!("DMARC_NONE")),
    found("check_dmarc_missing", finding!("DMARC_MISSING")),
];

/// A directive that names senders, and one that names some for SPF and DKIM alike.
type Lists = [&'static str; 2];

const OWN_SPF: Lists = ["welcomelist_from_spf", "welcomelist_auth"];
const DEFAULT_SPF: Lists = ["def_welcomelist_from_spf", "def_welcomelist_auth"];
const OWN_DKIM: Lists = ["welcomelist_from_dkim", "welcomelist_auth"];
const DEFAULT_DKIM: Lists = ["def_welcomelist_from_dkim", "def_welcomelist_auth"];

/// What must have been found for a rule to hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Condition {
    /// Anything: it was asked.
    Asked,
    /// SPF passes.
    SpfPass,
    /// A signature by one of these; by anybody if there are none.
    Signed {
        by: Vec<Signer>,
        /// It holds.
        valid: bool,
        /// It is the author's domain's.
        by_author: bool,
    },
    /// No valid signature of this domain; one whose key could not be had may be valid.
    Unsigned { by: String },
    /// An ARC chain in which one of these sealed; anybody if there are none.
    Sealed {
        by: Vec<Signer>,
        /// It holds.
        valid: bool,
    },
}

/// Domains that may have signed, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Signer {
    /// This one.
    Exactly(String),
    /// This one, and those in it.
    Within(String),
    /// Those in it.
    Below(String),
}

impl Signer {
    fn is(&self, domain: &str) -> bool {
        let below =
            |parent: &str| domain.strip_suffix(parent).is_some_and(|head| head.ends_with('.'));
        match self {
            Self::Exactly(name) => domain == name,
            Self::Within(parent) => domain == parent || below(parent),
            Self::Below(parent) => below(parent),
        }
    }
}

impl Condition {
    /// Whether that is so; what shows it.
    pub(in super::super) fn holds(&self, found: &Authentication) -> Option<String> {
        match self {
            Self::Asked => Some("asked".to_owned()),
            Self::SpfPass => {
                let sender = found.mail_from.as_ref();
                let sender = sender.filter(|sender| sender.result == AuthResult::Pass)?;
                Some(format!("SPF of {}", sender.domain))
            }
            Self::Signed { by, valid, by_author } => {
                let author = found.dmarc.as_ref().map_or("", |dmarc| dmarc.domain.as_str());
                let counts = |signature: &&Signature| {
                    let domain = signature.signer();
                    (!valid || signature.result == AuthResult::Pass)
                        && (!by_author || domain == author)
                        && (by.is_empty() || by.iter().any(|signer| signer.is(domain)))
                };
                let signature = found.signatures.iter().find(counts)?;
                Some(format!("DKIM of {}", signature.signer()))
            }
            Self::Unsigned { by } => {
                let may_hold = |signature: &&Signature| {
                    let open = matches!(signature.result, AuthResult::Pass | AuthResult::Temperror);
                    open && signature.signer() == by
                };
                let none = !found.signatures.iter().any(|signature| may_hold(&signature));
                none.then(|| format!("not signed by {by}"))
            }
            Self::Sealed { by, valid } => {
                let chain = found.arc.as_ref()?;
                let counts =
                    |domain: &&String| by.is_empty() || by.iter().any(|signer| signer.is(domain));
                let holds = !valid || chain.result == AuthResult::Pass;
                let sealer = chain.sealers.iter().find(counts);
                let nobody = by.is_empty().then_some("");
                let sealer = sealer.map(String::as_str).or(nobody).filter(|_| holds)?;
                Some(format!("ARC of {sealer}"))
            }
        }
    }
}

fn condition(
    ask: impl Fn(&Scene<'_>) -> Option<Condition> + Send + Sync + 'static,
) -> Result<Question, CallError> {
    Ok(Question::Authentication(Box::new(ask)))
}

/// Without arguments the check's own finding tells.
fn signed(arguments: &Arguments, valid: bool, by_author: bool) -> Result<Question, CallError> {
    let by = signers(arguments, 1);
    if by.is_empty() {
        return Ok(Question::Found(match (valid, by_author) {
            (false, _) => "DKIM_SIGNED",
            (true, false) => "DKIM_VALID",
            (true, true) => "DKIM_VALID_AU",
        }));
    }
    condition(move |_| Some(Condition::Signed { by: by.clone(), valid, by_author }))
}

fn sealed(arguments: &Arguments, valid: bool) -> Result<Question, CallError> {
    let by = signers(arguments, 1);
    if by.is_empty() {
        return Ok(Question::Found(if valid { "ARC_VALID" } else { "ARC_SIGNED" }));
    }
    condition(move |_| Some(Condition::Sealed { by: by.clone(), valid }))
}

/// Authors whose domain has a signing practice of one of these letters (`*`: any) by `adsp_override`, and
/// is one of the domains behind them, if there are such.
fn unsigned(arguments: &Arguments) -> Result<Question, CallError> {
    let letters = arguments.text(1)?.replace('*', "NAD123");
    let domains = signers(arguments, 2);
    let query = HeaderQuery::parse("From:addr").ok();
    condition(move |scene| {
        let authors = addresses::of_field(scene, query.as_ref()?).into_iter();
        let mut authors = authors.filter_map(|author| {
            let text = String::from_utf8_lossy(&author).to_ascii_lowercase();
            text.rsplit_once('@').map(|(_, domain)| domain.trim_end().to_owned())
        });
        let by = authors.find(|domain| {
            let practice = scene.conf.lists.practice(domain);
            let is_meant = domains.is_empty() || domains.iter().any(|signer| signer.is(domain));
            is_meant && practice.is_some_and(|practice| letters.contains(practice))
        })?;
        Some(Condition::Unsigned { by })
    })
}

/// Domains from this argument on: `example.org`, or `.example.org` and `*.example.org` for what is in it
/// as well.
fn signers(arguments: &Arguments, first: usize) -> Vec<Signer> {
    let domains = (first..).map_while(|number| arguments.get(number));
    domains
        .map(|domain| {
            let domain = domain.to_ascii_lowercase();
            match domain.strip_prefix('*').unwrap_or(&domain).strip_prefix('.') {
                Some(parent) => Signer::Within(parent.to_owned()),
                None => Signer::Exactly(domain),
            }
        })
        .collect()
}

/// Senders in SMTP that are welcome if SPF passes.
fn sent(lists: Lists) -> Result<Question, CallError> {
    let query = HeaderQuery::parse("EnvelopeFrom:addr").ok();
    condition(move |scene| {
        let known = lists.map(|list| scene.conf.lists.addresses(list).filter(|l| !l.is_empty()));
        if known.iter().all(Option::is_none) {
            return None;
        }
        let senders = addresses::of_field(scene, query.as_ref()?);
        let is_welcome = |sender: &Vec<u8>| known.iter().flatten().any(|l| l.contains(sender));
        senders.iter().any(is_welcome).then_some(Condition::SpfPass)
    })
}

/// Authors that are welcome if certain domains have signed.
fn welcome([signed, auth]: Lists) -> Result<Question, CallError> {
    let query = HeaderQuery::parse("From:addr").ok();
    condition(move |scene| {
        let lists = &scene.conf.lists;
        let (entries, alike) = (lists.backed(signed), lists.addresses(auth));
        if entries.is_empty() && alike.is_none_or(|list| list.is_empty()) {
            return None;
        }
        let mut by = Vec::new();
        for author in addresses::of_field(scene, query.as_ref()?) {
            let text = String::from_utf8_lossy(&author).to_ascii_lowercase();
            let own = text.rsplit_once('@').map_or("", |(_, domain)| domain);
            let entries = entries.iter().filter(|entry| entry.address.contains(&author));
            by.extend(entries.flat_map(|entry| &entry.by).map(|domain| acceptable(domain, own)));
            if alike.is_some_and(|list| list.contains(&author)) {
                by.push(Signer::Exactly(own.to_owned()));
            }
        }
        let is_named = !by.is_empty();
        is_named.then_some(Condition::Signed { by, valid: true, by_author: false })
    })
}

/// The signer that an entry asks for: the author's own domain if it names none; of an address its domain.
fn acceptable(written: &str, own: &str) -> Signer {
    let domain = written.rsplit_once('@').map_or(written, |(_, domain)| domain);
    if domain.is_empty() {
        return Signer::Exactly(own.to_owned());
    }
    match domain.strip_prefix('*').unwrap_or(domain).strip_prefix('.') {
        Some(parent) => Signer::Below(parent.to_owned()),
        None => Signer::Exactly(domain.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        checks::{Case, rules::RuleSet},
        mail::{Address, Envelope, Message},
        verdict::{Chain, DomainPolicy, SenderPolicy},
    };

    const RULES: &str = "
        welcomelist_from_dkim *@shop.example
        welcomelist_from_dkim *@third.example signer.example
        welcomelist_from_dkim *@below.example *.signer.example
        def_welcomelist_from_dkim *@default.example
        welcomelist_auth *@both.example
        welcomelist_from_spf *@spf.example
        full    OF_LIST   eval:check_dkim_valid('list.example', '*.lists.example')
        full    SIGNED_BY eval:check_dkim_signed('list.example')
        full    AU_OF     eval:check_dkim_valid_author_sig('shop.example')
        adsp_override shop.example custom_med
        header  UNSIGNED  eval:check_dkim_adsp('2')
        header  UNSIGNED3 eval:check_dkim_adsp('3')
        header  UNSIGNED_OF eval:check_dkim_adsp('*', '.shop.example')
        header  UNSIGNED_ELSE eval:check_dkim_adsp('*', 'other.example')
        full    SEALED    eval:check_arc_valid('sealer.example')
        full    DEPENDS   eval:check_dkim_dependable()
        header  WL_DKIM   eval:check_for_dkim_welcomelist_from()
        header  WL_DEF    eval:check_for_def_dkim_whitelist_from()
        header  WL_SPF    eval:check_for_spf_whitelist_from()";

    fn signature(result: AuthResult, domain: &str) -> Signature {
        Signature { result, domain: domain.to_owned(), ..Signature::default() }
    }

    /// What authentication found: `spf`, `arc=DOMAIN`, `DOMAIN` for a valid signature, `!DOMAIN` for
    /// one that is not, `?DOMAIN` for one whose key could not be had.
    fn authentication(words: &str, author: &str) -> Authentication {
        let (_, domain) = author.rsplit_once('@').unwrap();
        let dmarc = Some(DomainPolicy { domain: domain.to_owned(), ..DomainPolicy::default() });
        let mut found = Authentication { dmarc, ..Authentication::default() };
        for word in words.split_whitespace() {
            if word == "spf" {
                let policy = SenderPolicy { result: AuthResult::Pass, ..SenderPolicy::default() };
                found.mail_from = Some(policy);
            } else if let Some(domain) = word.strip_prefix("arc=") {
                let sealers = vec![domain.to_owned()];
                found.arc = Some(Chain { result: AuthResult::Pass, sealers, ..Chain::default() });
            } else if let Some(domain) = word.strip_prefix('?') {
                found.signatures.push(signature(AuthResult::Temperror, domain));
            } else if let Some(domain) = word.strip_prefix('!') {
                found.signatures.push(signature(AuthResult::Fail, domain));
            } else {
                found.signatures.push(signature(AuthResult::Pass, word));
            }
        }
        found
    }

    #[test]
    fn rules_hit_once_it_is_known_who_signed() {
        let rules = RuleSet::parse(&[("x.cf", RULES)]);
        assert!(rules.complaints().is_empty(), "{:?}", rules.complaints());
        for (author, found, expected) in [
            ("a@shop.example", "", "UNSIGNED UNSIGNED_OF DEPENDS"),
            ("a@shop.example", "?shop.example", "DEPENDS"),
            ("a@shop.example", "shop.example", "AU_OF DEPENDS WL_DKIM"),
            ("a@shop.example", "!shop.example", "UNSIGNED UNSIGNED_OF DEPENDS"),
            ("a@shop.example", "other.example", "UNSIGNED UNSIGNED_OF DEPENDS"),
            ("a@third.example", "signer.example", "DEPENDS WL_DKIM"),
            ("a@third.example", "a.signer.example", "DEPENDS"),
            ("a@below.example", "a.signer.example", "DEPENDS WL_DKIM"),
            ("a@below.example", "signer.example", "DEPENDS"),
            ("a@default.example", "default.example", "DEPENDS WL_DEF"),
            ("a@both.example", "both.example", "DEPENDS WL_DKIM"),
            ("a@both.example", "spf", "DEPENDS WL_SPF"),
            ("a@spf.example", "spf", "DEPENDS WL_SPF"),
            ("a@spf.example", "spf.example", "DEPENDS"),
            ("a@x.example", "list.example", "OF_LIST SIGNED_BY DEPENDS"),
            ("a@x.example", "!list.example", "SIGNED_BY DEPENDS"),
            ("a@x.example", "a.lists.example", "OF_LIST DEPENDS"),
            ("a@x.example", "lists.example", "OF_LIST DEPENDS"),
            ("a@x.example", "a.list.example", "DEPENDS"),
            ("a@x.example", "arc=sealer.example", "SEALED DEPENDS"),
            ("a@x.example", "arc=other.example", "DEPENDS"),
        ] {
            let sender = Address::from_path(author);
            let envelope = Envelope { sender, ..Envelope::default() };
            let message = Message::parse(format!("From: {author}\r\n\r\nx\r\n").into_bytes());
            let case = Case { envelope: envelope.into(), message: Arc::new(message) };
            let mut hits = rules.examine(&case);
            assert!(rules.fired(&hits, &[]).is_empty(), "nothing is known yet");
            hits.settle(&authentication(found, author));
            let fired = rules.fired(&hits, &[]);
            let fired: Vec<_> = fired.iter().map(|name| name.as_str()).collect();
            assert_eq!(fired.join(" "), expected, "{author}: {found}");
        }
    }
}
