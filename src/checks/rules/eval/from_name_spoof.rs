//! FromNameSpoof: a display name that shows another address than the one behind it.

use std::{cell::OnceCell, ops::Range, sync::LazyLock};

use super::{
    super::{
        addresses::{self, AddressList, lower},
        conf::ConfError,
        domains,
        language::bytes_of,
        scene::Scene,
        text::HeaderQuery,
    },
    Arguments, CallError, Function, Question, Standing,
    welcomelist::list_and_entries,
};

const STANDING: Standing =
    Standing::Differs("`fns_ignore_dkim` changes nothing: signatures are checked at the same time");

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "check_fromname_spoof", standing: STANDING, make: |a, _| spoof(a) },
    function("check_fromname_different", |_, _| asks(|seen| seen.address_differs)),
    function("check_fromname_domain_differ", |_, _| asks(|seen| seen.domain_differs)),
    function("check_fromname_owners_differ", |_, _| asks(|seen| seen.owner_differs)),
    function("check_fromname_contains_email", |_, _| asks(|seen| seen.holds_address)),
    function("check_fromname_equals_to", |_, _| asks(|seen| seen.is_recipient)),
    function("check_fromname_equals_replyto", |_, _| asks(|seen| seen.is_reply_to)),
];

const fn function(
    name: &'static str,
    make: fn(&Arguments, &super::Conf) -> Result<Question, CallError>,
) -> Function {
    Function { name, standing: STANDING, make }
}

/// The options of FromNameSpoof.
#[derive(Debug)]
pub(in super::super) struct FromNames {
    /// Addresses that belong to one owner, by the owner's name.
    owners: Vec<(String, AddressList)>,
    /// With one of these fields, a message is not looked at.
    except: Vec<HeaderQuery>,
    /// How much may stand around the address, in characters; blanks and signs count twice.
    most_around: usize,
    /// What has to differ.
    level: Level,
}

impl Default for FromNames {
    fn default() -> Self {
        Self { owners: Vec::new(), except: Vec::new(), most_around: 50, level: Level::Owner }
    }
}

/// What has to differ beside the address for it to be a spoof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// 0: nothing more.
    Address,
    /// 1: the owner, that is the domain without what stands behind its first label.
    Owner,
    /// 2: the domain.
    Domain,
}

impl Level {
    fn of(text: &str) -> Option<Self> {
        match text {
            "0" => Some(Self::Address),
            "1" => Some(Self::Owner),
            "2" => Some(Self::Domain),
            _ => None,
        }
    }
}

impl FromNames {
    /// Takes a directive; see [`Conf::read`](super::super::conf::Conf::read).
    ///
    /// # Errors
    /// The value is not of the directive's form.
    pub(in super::super) fn read(
        &mut self,
        key: &str,
        value: &str,
    ) -> Option<Result<(), ConfError>> {
        let done = match key {
            "fns_add_addrlist" => self.add_owner(value),
            "fns_remove_addrlist" => self.remove_owner(value),
            "fns_ignore_headers" => self.add_exceptions(value),
            "fns_ignore_dkim" if value.is_empty() => Err("needs a domain"),
            "fns_ignore_dkim" => Ok(()),
            "fns_extrachars" => {
                let number = value.parse().map(|most| self.most_around = most);
                number.map_err(|_| "needs a number")
            }
            "fns_check" => {
                let level = Level::of(value).map(|level| self.level = level);
                level.ok_or("needs 0, 1 or 2")
            }
            _ => return None,
        };
        let wrong = |what: &str| ConfError::Value { key: key.to_owned(), what: what.to_owned() };
        Some(done.map_err(wrong))
    }

    fn add_owner(&mut self, value: &str) -> Result<(), &'static str> {
        let (owner, entries) = list_and_entries(value)?;
        let owner = owner.to_ascii_lowercase();
        let known = self.owners.iter().position(|(name, _)| *name == owner);
        let mut list = AddressList::default();
        if let Some(known) = known {
            list = self.owners.swap_remove(known).1;
        }
        entries.split_whitespace().for_each(|entry| list.add(entry));
        self.owners.push((owner, list));
        Ok(())
    }

    fn remove_owner(&mut self, value: &str) -> Result<(), &'static str> {
        let (owner, entries) = list_and_entries(value)?;
        for (name, list) in &mut self.owners {
            if name.eq_ignore_ascii_case(owner) {
                entries.split_whitespace().for_each(|entry| list.remove(entry));
            }
        }
        Ok(())
    }

    fn add_exceptions(&mut self, value: &str) -> Result<(), &'static str> {
        for name in value.split_whitespace() {
            let query = HeaderQuery::parse(name).map_err(|_| "needs names of header fields")?;
            self.except.push(query);
        }
        if value.is_empty() { Err("needs names of header fields") } else { Ok(()) }
    }

    /// Whose an address is: that of the list it is in, or else of the list that it would be in
    /// without subdomains, or else the first label of its domain's name.
    fn owner(&self, address: &[u8], domain: &str) -> Vec<u8> {
        let listed = |address: &[u8]| {
            let owner = self.owners.iter().find(|(_, list)| list.contains(address));
            owner.map(|(name, _)| bytes_of(name))
        };
        let at_domain = || {
            let local = address.split(|&byte| byte == b'@').next().unwrap_or_default();
            [local, b"@", domain.as_bytes()].concat()
        };
        let label = || domain.split('.').next().unwrap_or_default().as_bytes().to_vec();
        listed(address).or_else(|| listed(&at_domain())).unwrap_or_else(label)
    }
}

/// What the display name in From shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    holds_address: bool,
    address_differs: bool,
    domain_differs: bool,
    owner_differs: bool,
    is_reply_to: bool,
    is_recipient: bool,
}

/// What the functions need of one message, made once.
#[derive(Debug, Default)]
pub(in super::super) struct FromName(OnceCell<Seen>);

fn spoof(arguments: &Arguments) -> Result<Question, CallError> {
    let asked = arguments.get(1).and_then(Level::of);
    Ok(Question::yes_no(move |scene| {
        let seen = seen(scene);
        seen.address_differs
            && match asked.unwrap_or(scene.conf.from_names.level) {
                Level::Address => true,
                Level::Owner => seen.owner_differs,
                Level::Domain => seen.domain_differs,
            }
    }))
}

fn asks(of: fn(&Seen) -> bool) -> Result<Question, CallError> {
    Ok(Question::yes_no(move |scene| of(seen(scene))))
}

fn seen<'s>(scene: &'s Scene<'_>) -> &'s Seen {
    scene.from_name.0.get_or_init(|| look(scene).unwrap_or_default())
}

/// `None` if there is nothing to compare.
fn look(scene: &Scene<'_>) -> Option<Seen> {
    static QUERIES: LazyLock<Option<[HeaderQuery; 3]>> = LazyLock::new(|| {
        let query = |name| HeaderQuery::parse(name).ok();
        Some([query("From:addr")?, query("From:name")?, query("Reply-To:addr")?])
    });
    let conf = &scene.conf.from_names;
    if conf.except.iter().any(|query| query.read(scene).is_some_and(|value| !value.is_empty())) {
        return None;
    }
    let first = |query| {
        let values = addresses::of_field(scene, query);
        lower(values.first().map(Vec::as_slice).unwrap_or_default())
    };
    let [from, name, reply_to] = QUERIES.as_ref()?;
    let (from, name) = (first(from), first(name));
    let from_domain = domains::of_address(scene, &from)?;
    let shown = name.get(address(&name)?)?;
    let shown_domain = domains::of_address(scene, shown)?;
    let seen = Seen { holds_address: true, ..Seen::default() };
    if around(&name, shown) > conf.most_around {
        return Some(seen);
    }
    let (shown_owner, from_owner) =
        (conf.owner(shown, &shown_domain), conf.owner(&from, &from_domain));
    Some(Seen {
        address_differs: shown != from,
        domain_differs: shown_domain != from_domain,
        owner_differs: shown_owner != from_owner,
        is_reply_to: shown == first(reply_to),
        is_recipient: addresses::recipients(scene).iter().any(|to| to == shown),
        ..seen
    })
}

/// What stands in a name beside the address; what is neither letter nor digit counts twice.
fn around(name: &[u8], address: &[u8]) -> usize {
    let signs = |text: &[u8]| text.iter().filter(|byte| !byte.is_ascii_alphanumeric()).count();
    (name.len() + signs(name)).saturating_sub(address.len() + signs(address))
}

/// The first address in a name: a word before `@`, behind it two labels or more that do not end in
/// a dot or hyphen.
fn address(name: &[u8]) -> Option<Range<usize>> {
    let signs = name.iter().enumerate().filter(|(_, byte)| **byte == b'@');
    signs.map(|(at, _)| at).find_map(|at| {
        let before = name.get(..at)?;
        let run = before.iter().rev().take_while(|byte| is_local(**byte)).count();
        let start = at - run;
        let start = start + name.get(start..at)?.iter().position(|byte| is_word(*byte))?;
        let length = domain_length(name.get(at + 1..)?)?;
        Some(start..at + 1 + length)
    })
}

fn domain_length(text: &[u8]) -> Option<usize> {
    let run = text.iter().take_while(|byte| is_word(**byte) || b".-".contains(byte)).count();
    let run = text.get(..run)?;
    let dot = run.iter().position(|&byte| byte == b'.')?;
    let is_domain = run.first().is_some_and(|byte| is_word(*byte))
        && run.get(dot + 1).is_some_and(|byte| is_word(*byte))
        && run.len() > dot + 2
        && run.last().is_some_and(|byte| is_word(*byte));
    is_domain.then_some(run.len())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_local(byte: u8) -> bool {
    is_word(byte) || b".!#$%&'*+/=?^`{|}~-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::{super::scenes, *};

    #[test]
    fn addresses_are_found_in_names() {
        for (name, found) in [
            ("joe@example.com", Some("joe@example.com")),
            ("mr joe <joe.b@example.com>", Some("joe.b@example.com")),
            ("'+joe@example.com'", Some("joe@example.com")),
            ("joe@example.com.", None),
            ("joe@example", None),
            ("joe@example.c", None),
            ("joe at@ x@example.com", Some("x@example.com")),
            ("@example.com", None),
        ] {
            let range = address(name.as_bytes());
            assert_eq!(range.map(|range| &name[range]), found, "{name}");
        }
    }

    #[test]
    fn names_are_compared_with_addresses() {
        scenes::check(include_str!("from_name_spoof.scenes"));
    }
}
