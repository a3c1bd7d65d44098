//! The envelope of a message that did not come by SMTP: as given, else as its headers tell.

use std::net::IpAddr;

use crate::{
    filter::real_client,
    mail::{Address, AddressError, Client, Envelope, HeaderBlock, trace},
    service::Built,
};

/// The options that say what SMTP would have said.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
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

impl Arguments {
    /// Client, envelope and recipients for this message.
    pub(super) fn envelope(&self, built: &Built, raw: &[u8]) -> (Client, Envelope, Vec<Address>) {
        let headers = HeaderBlock::parse(raw);
        let unknown = Client { over_smtp: true, listener: "check".into(), ..Client::default() };
        let (client, helo) = match self.client {
            Some(address) => (Client { address: Some(address.to_canonical()), ..unknown }, None),
            None => real_client(&built.filter.networks, &unknown, &trace(&headers, raw))
                .unwrap_or((unknown, None)),
        };
        let sender = self.from.clone();
        let return_path = || headers.first("Return-Path").map(Address::from_path);
        let envelope = Envelope {
            helo: self.helo.clone().or(helo),
            sender: sender.or_else(return_path).unwrap_or_default(),
            login: self.login.clone(),
            ..Envelope::default()
        };
        (client, envelope, self.rcpt.clone())
    }
}
