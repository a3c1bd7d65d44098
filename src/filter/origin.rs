//! Which profile a message is judged by.
//!
//! Order: the first additional profile (as written) whose `when` matches; then `external` for
//! what a relay hands on, whatever login the relay itself used; then `authenticated` for a login;
//! then `local` for local networks and for mail submitted without SMTP; else `external`.

use std::sync::Arc;

use super::{
    Lane, networks,
    profile::{Profile, When},
};
use crate::mail::{Client, Envelope};

/// All profiles of one configuration.
#[derive(Debug)]
pub struct Profiles {
    /// Everybody else.
    pub external: Arc<Profile>,
    /// Those with a login.
    pub authenticated: Arc<Profile>,
    /// Our own machines.
    pub local: Arc<Profile>,
    /// The administrator's own, in the order they are written.
    pub additional: Vec<(When, Arc<Profile>)>,
}

impl Profiles {
    /// The profile for a message.
    pub fn classify(&self, networks: &networks::Settings, envelope: &Envelope) -> &Arc<Profile> {
        self.pick(networks, &envelope.client, envelope.login.as_deref())
    }

    /// The profile of a client that has not logged in (yet).
    pub fn presumed(&self, networks: &networks::Settings, client: &Client) -> &Arc<Profile> {
        self.pick(networks, client, None)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Profile>> {
        let shipped = [&self.external, &self.authenticated, &self.local];
        shipped.into_iter().chain(self.additional.iter().map(|(_, profile)| profile))
    }

    /// The profile of this name.
    pub fn named(&self, name: &str) -> Option<&Arc<Profile>> {
        self.all().find(|profile| &*profile.name == name)
    }

    fn pick(
        &self,
        networks: &networks::Settings,
        client: &Client,
        login: Option<&str>,
    ) -> &Arc<Profile> {
        let own = self.additional.iter().find(|(when, _)| when.matches(client, login));
        if let Some((_, profile)) = own {
            return profile;
        }
        match (client.address, login) {
            (Some(address), _) if networks.is_relay(address) => &self.external,
            (_, Some(_)) => &self.authenticated,
            (None, None) if !client.over_smtp => &self.local,
            (Some(address), None) if networks.is_local(address) => &self.local,
            (_, None) => &self.external,
        }
    }
}

/// Whose slots a message takes: those of our own users and machines are kept apart.
pub(super) fn lane(networks: &networks::Settings, envelope: &Envelope) -> Lane {
    match envelope.client.address {
        Some(address) if networks.is_relay(address) => Lane::Outside,
        Some(address) if envelope.login.is_none() && !networks.is_local(address) => Lane::Outside,
        _ => Lane::Ours,
    }
}

impl When {
    fn matches(&self, client: &Client, login: Option<&str>) -> bool {
        let one_of = |wanted: &[String], is: Option<&str>| {
            wanted.is_empty() || is.is_some_and(|is| wanted.iter().any(|w| w == is))
        };
        let login_fits = self.login.is_empty()
            || login.is_some_and(|login| self.login.iter().any(|w| login_matches(w, login)));
        let network_fits = self.client.is_empty()
            || client.address.is_some_and(|address| networks::contains(&self.client, address));
        !self.is_empty()
            && login_fits
            && network_fits
            && one_of(&self.listener, Some(&*client.listener))
            && one_of(&self.daemon_name, client.daemon.as_deref())
    }
}

fn login_matches(wanted: &str, login: &str) -> bool {
    match wanted.strip_prefix('*') {
        Some(end) => login.ends_with(end),
        None => wanted == login,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::profile::{Settings, shipped};

    fn profiles() -> Profiles {
        let of = |name: &str| {
            let settings = shipped().into_iter().find(|(n, _)| *n == name).unwrap().1;
            Arc::new(settings.resolve(name))
        };
        let named = |name: &str, when: When| (when, Arc::new(Settings::default().resolve(name)));
        let list = |text: &str| vec![text.to_owned()];
        Profiles {
            external: of("external"),
            authenticated: of("authenticated"),
            local: of("local"),
            additional: vec![
                named(
                    "partner",
                    When { client: vec!["198.51.100.0/24".parse().unwrap()], ..When::default() },
                ),
                named(
                    "bulk",
                    When {
                        login: list("*@bulk.example"),
                        daemon_name: list("submission"),
                        ..When::default()
                    },
                ),
                named("second", When { listener: list("unix:/second"), ..When::default() }),
            ],
        }
    }

    #[test]
    fn origins() {
        let networks = networks::Settings {
            relays: vec!["192.0.2.25/32".parse().unwrap()],
            ..networks::Settings::default()
        };
        // (address, login, daemon, listener) -> profile
        for (address, login, daemon, listener, profile) in [
            ("203.0.113.1", "", "smtpd", "a", "external"),
            ("203.0.113.1", "alice", "smtpd", "a", "authenticated"),
            ("127.0.0.1", "", "smtpd", "a", "local"),
            ("", "", "", "a", "local"),
            ("192.0.2.25", "", "smtpd", "a", "external"),
            ("192.0.2.25", "relay", "smtpd", "a", "external"),
            ("198.51.100.7", "", "smtpd", "a", "partner"),
            ("203.0.113.1", "x@bulk.example", "submission", "a", "bulk"),
            ("203.0.113.1", "x@bulk.example", "smtpd", "a", "authenticated"),
            ("203.0.113.1", "", "smtpd", "unix:/second", "second"),
        ] {
            let client = Client {
                address: address.parse().ok(),
                daemon: Some(daemon.to_owned()),
                listener: listener.into(),
                ..Client::default()
            };
            let envelope = Envelope {
                client: Arc::new(client),
                login: Some(login.to_owned()).filter(|l| !l.is_empty()),
                ..Envelope::default()
            };
            let found = profiles().classify(&networks, &envelope).name.clone();
            assert_eq!(&*found, profile, "{address} {login} {daemon} {listener}");
        }
    }
}
