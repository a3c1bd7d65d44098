//! Which hosts are trusted, which are ours: `trusted_networks`, `internal_networks`,
//! `msa_networks` and the other directives about how mail reaches us.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Net};

use super::super::conf::ConfError;

/// What rules files say about the way of a message.
#[derive(Debug)]
pub(in super::super) struct Networks {
    /// Hosts that may pass spam on, but neither write it nor forge header fields.
    pub(super) trusted: NetSet,
    /// Mail exchangers and relays of our own.
    pub(super) internal: NetSet,
    /// Hosts that take mail from our own users only.
    pub(super) msa: NetSet,
    /// Fields that hold the address of a web mailer's user, as SpamAssassin's
    /// `originating_ip_headers`.
    pub(super) originating: Vec<String>,
    /// The one field that holds the sender in SMTP (`envelope_sender_header`), where the MTA
    /// writes one.
    pub(in super::super) envelope_sender: Option<String>,
}

impl Default for Networks {
    fn default() -> Self {
        Self {
            trusted: NetSet::with_loopback(),
            internal: NetSet::with_loopback(),
            msa: NetSet::default(),
            originating: Vec::new(),
            envelope_sender: None,
        }
    }
}

impl Networks {
    /// Takes a directive about networks; `None` if it is about something else.
    ///
    /// # Errors
    /// The value is wrong. Networks before the wrong one are taken, as in SpamAssassin.
    pub(in super::super) fn read(
        &mut self,
        key: &str,
        value: &str,
    ) -> Option<Result<(), ConfError>> {
        let wrong = |what: &str| ConfError::Value { key: key.to_owned(), what: what.to_owned() };
        match key {
            "trusted_networks" => return Some(self.trusted.add(key, value)),
            "internal_networks" => return Some(self.internal.add(key, value)),
            "msa_networks" => return Some(self.msa.add(key, value)),
            _ => {}
        }
        let (_, takes_value) = *OTHERS.iter().find(|(other, _)| *other == key)?;
        Some(match (takes_value, value.is_empty()) {
            (true, true) => Err(wrong("needs a value")),
            (false, false) => Err(wrong("takes no value")),
            _ => {
                self.set(key, value);
                Ok(())
            }
        })
    }

    /// Takes networks for trusted and internal where rules files say nothing about either.
    /// Loopback always counts; who names nothing else has not said which networks are ours.
    pub(in super::super) fn or_ours(&mut self, ours: &[IpNet]) {
        let named = ours.iter().filter(|net| !net.addr().is_loopback());
        let nets: Vec<Net> = named.map(|&net| Net { net, excluded: false }).collect();
        if self.is_known() || nets.is_empty() {
            return;
        }
        for set in [&mut self.trusted, &mut self.internal] {
            set.nets.extend_from_slice(&nets);
            set.is_set = true;
        }
    }

    /// Whether rules files say which networks are ours; else it is guessed.
    pub(super) fn is_known(&self) -> bool {
        self.trusted.is_set || self.internal.is_set
    }

    /// The trusted networks; those that are internal if only these are set.
    pub(super) fn trusted(&self) -> &NetSet {
        if self.internal.is_set && !self.trusted.is_set { &self.internal } else { &self.trusted }
    }

    /// Whether a host of this address is trusted.
    pub(in super::super) fn trusts(&self, address: IpAddr) -> bool {
        self.trusted().contains(address)
    }

    /// The internal networks; those that are trusted if only these are set.
    pub(super) fn internal(&self) -> &NetSet {
        if self.trusted.is_set && !self.internal.is_set { &self.trusted } else { &self.internal }
    }

    /// Does what one of [`OTHERS`] says.
    fn set(&mut self, key: &str, value: &str) {
        match key {
            "clear_trusted_networks" => self.trusted = NetSet::with_loopback(),
            "clear_internal_networks" => self.internal = NetSet::with_loopback(),
            "clear_msa_networks" => self.msa = NetSet::default(),
            "clear_originating_ip_headers" => self.originating.clear(),
            "originating_ip_headers" => self.add_originating(value),
            _ => self.envelope_sender = Some(value.to_owned()),
        }
    }

    fn add_originating(&mut self, names: &str) {
        for name in names.split_ascii_whitespace() {
            if !self.originating.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                self.originating.push(name.to_ascii_lowercase());
            }
        }
    }
}

/// Directives that name no networks, and whether they take a value.
const OTHERS: [(&str, bool); 6] = [
    ("clear_trusted_networks", false),
    ("clear_internal_networks", false),
    ("clear_msa_networks", false),
    ("clear_originating_ip_headers", false),
    ("originating_ip_headers", true),
    ("envelope_sender_header", true),
];

/// Networks in the order in which they were named: the first that holds an address decides.
#[derive(Debug, Default)]
pub(super) struct NetSet {
    nets: Vec<Net>,
    /// Rules files have named some.
    is_set: bool,
}

/// A network, or one that is left out of those that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Net {
    net: IpNet,
    excluded: bool,
}

impl NetSet {
    fn with_loopback() -> Self {
        let v4 = Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8);
        let v6 = Ipv6Net::new_assert(std::net::Ipv6Addr::LOCALHOST, 128);
        let net = |net: IpNet| Net { net, excluded: false };
        Self { nets: vec![net(v4.into()), net(v6.into())], is_set: false }
    }

    fn add(&mut self, key: &str, value: &str) -> Result<(), ConfError> {
        if value.is_empty() {
            return Err(ConfError::Value {
                key: key.to_owned(),
                what: "needs networks".to_owned(),
            });
        }
        self.is_set = true;
        for word in value.split_ascii_whitespace() {
            let nets = nets(word).ok_or_else(|| ConfError::Value {
                key: key.to_owned(),
                what: format!("takes networks like 192.0.2.0/24, not `{word}`"),
            })?;
            self.nets.extend(nets);
        }
        Ok(())
    }

    /// Whether an address is in one of them. An IPv4 address is also in the IPv6 networks that
    /// hold its mapped form.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        let canonical = address.to_canonical();
        let mapped = match canonical {
            IpAddr::V4(v4) => IpAddr::V6(v4.to_ipv6_mapped()),
            v6 @ IpAddr::V6(_) => v6,
        };
        let holds = |net: &&Net| net.net.contains(&canonical) || net.net.contains(&mapped);
        self.nets.iter().find(holds).is_some_and(|net| !net.excluded)
    }
}

/// What one word names: `192.0.2.0/24`, `192.0.2.`, `!192.0.2.1`, `[2001:db8::1%eth0]/64`,
/// `192.0.2.1-192.0.2.9`.
fn nets(word: &str) -> Option<Vec<Net>> {
    let (word, excluded) = match word.strip_prefix('!') {
        Some(rest) => (rest, true),
        None => (word, false),
    };
    let net = |net: IpNet| Net { net, excluded };
    if let Some((first, last)) = word.split_once('-') {
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        return Some(Ipv4Subnets::new(first, last, 0).map(|v4| net(v4.into())).collect());
    }
    let (address, mask) = match word.split_once('/') {
        Some((address, mask)) => (address, Some(mask)),
        None => (word, None),
    };
    let bare = address.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = bare.unwrap_or(address).split('%').next().unwrap_or_default();
    let parsed = if address.contains(':') { v6(address, mask) } else { v4(address, mask) };
    parsed.map(|parsed| vec![net(parsed)])
}

fn v6(address: &str, mask: Option<&str>) -> Option<IpNet> {
    let length = mask.map_or(Some(128), |mask| mask.parse().ok())?;
    Some(Ipv6Net::new(address.parse().ok()?, length).ok()?.trunc().into())
}

/// An IPv4 network, which may lack octets at its end.
fn v4(address: &str, mask: Option<&str>) -> Option<IpNet> {
    let address = address.strip_suffix('.').filter(|text| !text.is_empty()).unwrap_or(address);
    let mut octets = [0_u8; 4];
    let mut given = 0_u8;
    for text in address.split('.') {
        *octets.get_mut(usize::from(given))? = text.parse().ok()?;
        given += 1;
    }
    let length = match mask {
        None => given * 8,
        Some(dotted) if dotted.contains('.') => {
            ipnet::ipv4_mask_to_prefix(dotted.parse().ok()?).ok()?
        }
        Some(length) => length.parse().ok()?,
    };
    Some(Ipv4Net::new(Ipv4Addr::from(octets), length).ok()?.trunc().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_network_that_holds_an_address_decides() {
        for (value, inside, outside) in [
            ("192.168.0.0/16", "192.168.3.4", "192.169.0.1"),
            ("192.168.", "192.168.3.4", "192.169.0.1"),
            ("192.168/16", "192.168.3.4", "192.169.0.1"),
            ("10", "10.9.9.9", "11.0.0.1"),
            ("10.1.2.0/255.255.255.0", "10.1.2.3", "10.1.3.3"),
            ("192.0.2.35", "192.0.2.35", "192.0.2.36"),
            ("!10.0.1.5 10.0.1/24", "10.0.1.6", "10.0.1.5"),
            ("10.0.1/24 !10.0.1.5", "10.0.1.5", "10.0.2.5"),
            ("192.0.2.4-192.0.2.9", "192.0.2.9", "192.0.2.10"),
            ("[2001:db8::%eth0]/32", "2001:db8:5::1", "2001:db9::"),
            ("2001:db8::1", "2001:db8::1", "2001:db8::2"),
            ("::ffff:0:0/96", "192.0.2.1", "2001:db8::1"),
            ("192.0.2.0/24", "::ffff:192.0.2.1", "192.0.3.1"),
        ] {
            let mut set = NetSet::default();
            set.add("trusted_networks", value).unwrap();
            assert!(set.contains(inside.parse().unwrap()), "{value}: {inside}");
            assert!(!set.contains(outside.parse().unwrap()), "{value}: {outside}");
        }
    }

    #[test]
    fn wrong_values_are_named() {
        for (key, value, error) in [
            ("trusted_networks", "", "`trusted_networks` needs networks"),
            ("clear_msa_networks", "10/8", "`clear_msa_networks` takes no value"),
            (
                "msa_networks",
                "10.0.0.0/33",
                "`msa_networks` takes networks like 192.0.2.0/24, not `10.0.0.0/33`",
            ),
        ] {
            let read = Networks::default().read(key, value).unwrap();
            assert_eq!(read.unwrap_err().to_string(), error);
        }
        assert!(Networks::default().read("clear_headers", "").is_none());
    }

    #[test]
    fn each_set_stands_in_for_the_other() {
        let mut networks = Networks::default();
        let address = "192.0.2.1".parse().unwrap();
        assert!(!networks.is_known() && networks.trusted().contains("127.0.0.9".parse().unwrap()));
        networks.read("internal_networks", "192.0.2.1").unwrap().unwrap();
        assert!(networks.is_known() && networks.trusted().contains(address));
        networks.read("trusted_networks", "192.0.2.2").unwrap().unwrap();
        assert!(!networks.trusted().contains(address) && networks.internal().contains(address));
        networks.read("clear_internal_networks", "").unwrap().unwrap();
        assert!(networks.internal().contains("192.0.2.2".parse().unwrap()));
        networks.or_ours(&["198.51.100.0/24".parse().unwrap()]);
        assert!(!networks.trusted().contains("198.51.100.1".parse().unwrap()));
    }
    #[test]
    fn networks_of_the_configuration_count_where_rules_name_none() {
        let ours = ["127.0.0.0/8", "::1/128", "198.51.100.0/24"].map(|net| net.parse().unwrap());
        let address = "198.51.100.1".parse().unwrap();
        let mut networks = Networks::default();
        networks.or_ours(&ours[..2]);
        assert!(!networks.is_known(), "loopback alone says nothing");
        networks.or_ours(&ours);
        assert!(networks.trusted().contains(address) && networks.internal().contains(address));
    }
}
