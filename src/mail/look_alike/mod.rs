//! Domains that a reader takes for others: letters of another alphabet (Unicode, UTS 39), digits for
//! letters (`paypa1`), letters that run together (`rnicrosoft`).
//!
//! Each label of a name has a shape, in which what looks alike is the same. A label imitates a name
//! that has its shape, but not its letters. Labels with hyphens are looked at as a whole and piece
//! by piece. What stands below a name itself (`paypa1.paypal.com`) imitates nobody.

mod own;

use std::{borrow::Cow, collections::HashMap, net::IpAddr, sync::LazyLock};

use unicode_security::{
    RestrictionLevel, RestrictionLevelDetection as _, confusable_detection::skeleton,
};

pub use own::OwnDomains;

use super::Registry;

/// The built-in names.
const WELL_KNOWN: &str = include_str!("well_known.txt");

/// Shorter names are not looked for: too many others look like them by chance.
const SHORTEST: usize = 5;

/// From this length on `i` and `l` are the same.
const LONG: usize = 6;

/// From this length on a name has neighbours; shorter ones differ by a letter from too many others.
const SHORTEST_WITH_NEIGHBOURS: usize = 8;

/// The longest name that is read, in bytes (RFC 1035).
const LONGEST: usize = 253;

/// The most labels of a name that are looked at.
const MOST_LABELS: usize = 10;

static BUILT_IN: LazyLock<KnownNames> = LazyLock::new(|| {
    let lines = WELL_KNOWN.lines().filter(|line| !line.starts_with('#'));
    KnownNames::new(lines.flat_map(str::split_ascii_whitespace))
});

/// Names that others like to be taken for.
#[derive(Clone, Debug, Default)]
pub struct KnownNames {
    /// The label of each, in lower case, by its shape.
    by_shape: HashMap<String, Box<str>>,
}

impl KnownNames {
    /// Of labels (`paypal`) or domains (`example.co.uk`), of which the label counts that somebody
    /// registered. Those of less than five letters are left out.
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut by_shape = HashMap::new();
        for name in names {
            let name = readable(name);
            let label = registered_label(&name);
            if label.chars().count() >= SHORTEST {
                by_shape.entry(shape(label)).or_insert_with(|| label.into());
            }
        }
        Self { by_shape }
    }

    /// Names that every reader knows: banks, shops, mail and parcel services.
    pub fn well_known() -> &'static Self {
        &BUILT_IN
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_shape.is_empty()
    }

    /// The name that a host name looks like without being it; in letters or as it stands in DNS (`xn--…`).
    pub fn imitated_by(&self, host: &str) -> Option<&str> {
        if self.is_empty() || host.len() > LONGEST || host.parse::<IpAddr>().is_ok() {
            return None;
        }
        let host = readable(host);
        if self.holds(registered_label(&host)) {
            return None;
        }
        let labels = host.trim_end_matches('.').split('.').take(MOST_LABELS);
        labels.flat_map(pieces).find_map(|piece| self.imitated_by_piece(piece))
    }

    /// The name from which the registered label of a host differs by one letter: one more, one less,
    /// another one, two exchanged. For names of which there are few, like our own.
    pub fn neighbour_of(&self, host: &str) -> Option<&str> {
        if host.len() > LONGEST {
            return None;
        }
        let host = readable(host);
        let label = registered_label(&host);
        if self.holds(label) {
            return None;
        }
        let is_long = |known: &str| known.chars().count() >= SHORTEST_WITH_NEIGHBOURS;
        let is_near = |known: &&str| is_long(known) && strsim::osa_distance(known, label) == 1;
        self.by_shape.values().map(AsRef::as_ref).find(is_near)
    }

    fn holds(&self, label: &str) -> bool {
        self.by_shape.get(&shape(label)).is_some_and(|known| **known == *label)
    }

    fn imitated_by_piece(&self, piece: &str) -> Option<&str> {
        // No letter becomes shorter in its shape than half of it.
        if piece.chars().count() < SHORTEST {
            return None;
        }
        let known = self.by_shape.get(&shape(piece))?;
        (**known != *piece).then_some(known)
    }
}

/// Whether a label of a host name mixes alphabets as no language does: Latin and Cyrillic, say; Latin beside
/// Chinese, Japanese or Korean is usual.
pub fn mixes_alphabets(host: &str) -> bool {
    if host.len() > LONGEST || host.is_ascii() && !has_punycode(host) {
        return false;
    }
    let host = readable(host);
    let is_mixed = |label: &str| {
        let letters: String = label.chars().filter(|c| c.is_alphabetic()).collect();
        letters.detect_restriction_level() == RestrictionLevel::MinimallyRestrictive
    };
    host.split('.').any(is_mixed)
}

/// A label and its pieces between hyphens.
fn pieces(label: &str) -> impl Iterator<Item = &str> {
    let parts = label.split('-').filter(move |part| part.len() < label.len());
    std::iter::once(label).chain(parts)
}

fn has_punycode(host: &str) -> bool {
    host.split('.').any(|label| label.get(..4).is_some_and(|s| s.eq_ignore_ascii_case("xn--")))
}

/// A name in lower case and in letters; what cannot be read so stays as it is.
fn readable(host: &str) -> Cow<'_, str> {
    if host.is_ascii() && !has_punycode(host) {
        return if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(host.to_ascii_lowercase())
        } else {
            Cow::Borrowed(host)
        };
    }
    Cow::Owned(idna::domain_to_unicode(host).0)
}

/// The label under which somebody registered a host: `example` of `www.example.co.uk`.
fn registered_label(host: &str) -> &str {
    let domain = Registry::built_in().registered(host);
    domain.split('.').next().unwrap_or_default()
}

/// What a reader sees of a label in lower case.
fn shape(label: &str) -> String {
    let letters: String = if label.is_ascii() {
        label.chars().map(letter).collect()
    } else {
        let seen = skeleton(label).filter(|&c| !is_mark(c)).flat_map(char::to_lowercase);
        seen.map(letter).collect()
    };
    let joined = letters.replace("rn", "m").replace("vv", "w").replace("cl", "d");
    if joined.chars().count() >= LONG { joined.replace('l', "i") } else { joined }
}

/// The letter that a digit or sign is written for.
fn letter(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '|' => 'l',
        '2' => 'z',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        '8' => 'b',
        '9' => 'g',
        other => other,
    }
}

/// A mark that stands above or below another letter.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_imitated() {
        for (host, name) in [
            ("paypa1.com", Some("paypal")),
            ("PAYPAI.com", Some("paypal")),
            ("www.rnicrosoft.com", Some("microsoft")),
            ("micros0ft.co.uk", Some("microsoft")),
            ("secure-netf1ix.example", Some("netflix")),
            ("g00gle.com", Some("google")),
            ("vvellsfargo.com", Some("wellsfargo")),
            ("paypa1.evil.example", Some("paypal")),
            ("p\u{430}ypal.com", Some("paypal")),
            ("xn--pypal-4ve.com", Some("paypal")),
            ("\u{430}\u{440}\u{440}\u{4cf}\u{435}.com", Some("apple")),
            ("p\u{e1}ypal.com", Some("paypal")),
            // They themselves, wherever they are registered.
            ("paypal.com", None),
            ("paypal.de", None),
            ("paypa1.paypal.com", None),
            ("www.microsoft.com.", None),
            ("secure-paypal.example", None),
            // Others.
            ("example.org", None),
            ("appie.nl", None),
            ("modern.example", None),
            ("192.0.2.1", None),
            ("", None),
            ("xn--zzzzzzzzz.com", None),
        ] {
            assert_eq!(KnownNames::well_known().imitated_by(host), name, "{host}");
        }
    }

    #[test]
    fn the_neighbours_of_a_name_are_known() {
        let own = KnownNames::new(["Example-Firm.co.uk", "garden.org"]);
        for (host, name) in [
            ("example-firn.co.uk", Some("example-firm")),
            ("example-frim.com", Some("example-firm")),
            ("examplefirm.com", Some("example-firm")),
            ("mail.example-firms.com", Some("example-firm")),
            ("example-firm.com", None),
            ("examplefirms.com", None),
            ("gardon.org", None),
        ] {
            assert_eq!(own.neighbour_of(host), name, "{host}");
        }
    }

    #[test]
    fn alphabets_are_mixed() {
        for (host, mixed) in [
            ("p\u{430}ypal.com", true),
            ("xn--pypal-4ve.com", true),
            ("\u{43f}\u{440}\u{438}\u{43c}\u{435}\u{440}.com", false),
            ("m\u{fc}nchen-2.de", false),
            ("\u{6771}\u{4eac}tokyo.jp", false),
            ("example.org", false),
            ("xn--.com", false),
        ] {
            assert_eq!(mixes_alphabets(host), mixed, "{host}");
        }
    }

    #[test]
    fn no_well_known_name_looks_like_another() {
        let names = || WELL_KNOWN.lines().filter(|line| !line.starts_with('#'));
        let count = names().flat_map(str::split_ascii_whitespace).count();
        assert_eq!(KnownNames::well_known().by_shape.len(), count, "a name is too short or twice");
    }

    proptest! {
        #[test]
        fn no_name_makes_it_panic(host in "\\PC{0,80}") {
            let own = KnownNames::new([host.as_str()]);
            own.imitated_by(&host);
            own.neighbour_of(&host);
            KnownNames::well_known().imitated_by(&host);
            mixes_alphabets(&host);
        }

        #[test]
        fn nobody_imitates_himself(label in "[a-z]{5,20}") {
            let host = format!("{label}.com");
            let own = KnownNames::new([host.as_str()]);
            prop_assert_eq!(own.imitated_by(&host), None);
        }
    }
}
