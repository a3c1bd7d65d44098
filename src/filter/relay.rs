//! The real client of mail that a relay of ours handed on.
//!
//! Every host writes its Received field above those it got (RFC 5321, section 4.4). The topmost
//! was written by the relay that is connected to us, so its `from` is true; as long as that names
//! another relay of ours (or the relay itself, over loopback), the next one is true as well. The
//! first other address is the real client, and nothing below it is believed: a sender can write
//! any line there, but cannot get one in between.

use super::networks::Settings;
use crate::mail::{Client, Hop};

/// The first client in the trace that is no relay of ours, with the name it gave in HELO.
/// `None` where the trace does not say, as for mail that was written on a relay.
pub fn real_client(
    networks: &Settings,
    relay: &Client,
    trace: &[Hop],
) -> Option<(Client, Option<String>)> {
    for hop in trace {
        let address = hop.address?;
        if networks.is_relay(address) || address.to_canonical().is_loopback() {
            continue;
        }
        let client = Client {
            address: Some(address),
            name: hop.name.clone(),
            ptr: hop.name.clone(),
            port: None,
            ..relay.clone()
        };
        return Some((client, hop.helo.clone()));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hops(addresses: &[&str]) -> Vec<Hop> {
        let hop = |a: &&str| Hop { address: a.parse().ok(), ..Hop::default() };
        addresses.iter().map(hop).collect()
    }

    #[test]
    fn forged_lines_are_below_the_true_client() {
        let networks =
            Settings { relays: vec!["192.0.2.0/24".parse().unwrap()], ..Settings::default() };
        let relay = Client { address: "192.0.2.1".parse().ok(), ..Client::default() };
        for (trace, client) in [
            (&["203.0.113.9"][..], Some("203.0.113.9")),
            (&["192.0.2.2", "203.0.113.9"], Some("203.0.113.9")),
            (&["127.0.0.1", "203.0.113.9", "8.8.8.8"], Some("203.0.113.9")),
            // The sender claims that a relay of ours took it from somebody nice.
            (&["203.0.113.9", "192.0.2.1", "8.8.8.8"], Some("203.0.113.9")),
            // Written on the relay: what stands below is the author's invention.
            (&["", "8.8.8.8"], None),
            (&[], None),
        ] {
            let found = real_client(&networks, &relay, &hops(trace));
            let found = found.and_then(|(client, _)| client.address).map(|a| a.to_string());
            assert_eq!(found.as_deref(), client, "{trace:?}");
        }
    }
}
