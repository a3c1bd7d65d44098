//! `tflags`: words that say more about a rule.

/// `tflags`, as far as they matter here; the others are for tools that make rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Flags {
    /// `nice`: a hit speaks for the message.
    pub(in super::super) nice: bool,
    /// `multiple`: every match counts.
    pub(in super::super) multiple: bool,
    /// `maxhits=`: counts up to here.
    pub(in super::super) most_hits: Option<u32>,
    /// `nosubject`: a body rule does not read the Subject.
    pub(in super::super) no_subject: bool,
    /// `net`: needs the network.
    pub(in super::super) net: bool,
    /// `learn`: needs a Bayes filter that has learnt.
    pub(in super::super) learn: bool,
    /// `noautolearn`, `userconf`, `learn`: a hit must not teach the Bayes filter.
    pub(in super::super) teaches_nothing: bool,
    /// `concat`: a `mimeheader` rule reads the fields of all parts as one text.
    pub(in super::super) concat: bool,
    /// `range=`: the parts that a `mimeheader` rule reads, counted from 1; 1 is the message.
    pub(in super::super) parts: Option<(u32, u32)>,
    /// What a network rule asks about.
    pub(in super::super) scope: Scope,
}

/// `tflags` of rules that look the message's links up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// `domains_only`: not those that are IP addresses.
    pub domains_only: bool,
    /// `ips_only`: only those that are.
    pub ips_only: bool,
    /// `a`: the addresses of the hosts.
    pub addresses: bool,
    /// `ns`: the addresses of their name servers.
    pub name_servers: bool,
    /// `notrim`: the whole host name, not only its registered domain.
    pub whole_hosts: bool,
}

impl Flags {
    /// Reads words; those that mean nothing here are for tools that make rules.
    pub(super) fn parse(text: &str) -> Self {
        let mut flags = Self::default();
        for word in text.split_whitespace() {
            match word {
                "nice" => flags.nice = true,
                "multiple" => flags.multiple = true,
                "nosubject" => flags.no_subject = true,
                "net" => flags.net = true,
                "learn" => (flags.learn, flags.teaches_nothing) = (true, true),
                "noautolearn" | "userconf" => flags.teaches_nothing = true,
                "concat" => flags.concat = true,
                "domains_only" => flags.scope.domains_only = true,
                "ips_only" => flags.scope.ips_only = true,
                "a" => flags.scope.addresses = true,
                "ns" => flags.scope.name_servers = true,
                "notrim" => flags.scope.whole_hosts = true,
                _ => valued_flag(word, &mut flags),
            }
        }
        flags
    }
}

/// `maxhits=3`, `range=2-5`.
fn valued_flag(word: &str, flags: &mut Flags) {
    match word.split_once('=') {
        Some(("maxhits", most)) => flags.most_hits = most.parse().ok().or(flags.most_hits),
        Some(("range", range)) => flags.parts = part_range(range).or(flags.parts),
        _ => {}
    }
}

/// `3`, `2-`, `-4`, `2-4`.
fn part_range(range: &str) -> Option<(u32, u32)> {
    let Some((first, last)) = range.split_once('-') else {
        let only = range.parse().ok()?;
        return Some((only, only));
    };
    let first = if first.is_empty() { 0 } else { first.parse().ok()? };
    let last = if last.is_empty() { u32::MAX } else { last.parse().ok()? };
    Some((first, last))
}
