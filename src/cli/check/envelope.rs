//! The envelope of a message that did not come by SMTP: as given, else as its headers tell.

use std::net::IpAddr;

use crate::{
    mail::{Address, AddressError, Client, Envelope},
    replay::{traced, unknown_client},
    service::Built,
};

/// The options that say what SMTP would have said.
#[derive(Debug, clap::Args)]
pub(super) struct Given {
    /// The client's address
    #[arg(long, value_name = "IP")]
    client: Option<IpAddr>,
    /// What the client said in HELO
    #[arg(long, value_name = "NAME")]
    helo: Option<String>,
    /// The sender; <> for a bounce
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    from: Option<Address>,
    /// A recipient; may be given more than once
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    rcpt: Vec<Address>,
    /// The login name, as for a message of an authenticated user
    #[arg(long, value_name = "USER")]
    login: Option<String>,
}

fn address(text: &str) -> Result<Address, AddressError> {
    Address::from_person(text)
}

impl Given {
    /// Client, envelope and recipients for this message.
    pub(super) fn envelope(&self, built: &Built, raw: &[u8]) -> (Client, Envelope, Vec<Address>) {
        let (mut client, mut envelope) = traced(&built.filter.networks, raw);
        if let Some(address) = self.client {
            client = Client { address: Some(address.to_canonical()), ..unknown_client() };
            envelope.helo = None;
        }
        envelope.helo = self.helo.clone().or(envelope.helo);
        envelope.sender = self.from.clone().unwrap_or(envelope.sender);
        envelope.login.clone_from(&self.login);
        (client, envelope, self.rcpt.clone())
    }
}
