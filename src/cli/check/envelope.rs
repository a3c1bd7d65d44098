//! The envelope of a message that did not come by SMTP: as given, else as its headers tell.

use std::net::IpAddr;

use crate::{
    filter::networks,
    mail::{Address, AddressError, Client},
    replay::{Traced, unknown_client},
};

/// The options that say what SMTP would have said.
#[derive(Debug, clap::Args)]
pub(super) struct Given {
    /// The client's address
    #[arg(long, conflicts_with = "recorded", value_name = "IP")]
    client: Option<IpAddr>,
    /// What the client said in HELO
    #[arg(long, conflicts_with = "recorded", value_name = "NAME")]
    helo: Option<String>,
    /// The sender; <> for a bounce
    #[arg(long, conflicts_with = "recorded", value_name = "ADDRESS", value_parser = address)]
    from: Option<Address>,
    /// A recipient; may be given more than once
    #[arg(long, conflicts_with = "recorded", value_name = "ADDRESS", value_parser = address)]
    rcpt: Vec<Address>,
    /// The login name, as for a message of an authenticated user
    #[arg(long, conflicts_with = "recorded", value_name = "USER")]
    login: Option<String>,
}

fn address(text: &str) -> Result<Address, AddressError> {
    Address::from_person(text)
}

impl Given {
    /// What SMTP would have said of this message.
    pub(super) fn envelope(&self, networks: &networks::Settings, raw: &[u8]) -> Traced {
        let mut traced = Traced::new(networks, raw);
        if let Some(address) = self.client {
            traced.client = Client { address: Some(address.to_canonical()), ..unknown_client() };
            traced.envelope.helo = None;
        }
        let envelope = &mut traced.envelope;
        envelope.helo = self.helo.clone().or(envelope.helo.take());
        if let Some(from) = &self.from {
            envelope.sender.clone_from(from);
        }
        envelope.login.clone_from(&self.login);
        if !self.rcpt.is_empty() {
            traced.recipients.clone_from(&self.rcpt);
        }
        traced
    }
}
