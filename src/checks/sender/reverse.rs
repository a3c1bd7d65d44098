//! The names of a client's address, and whether they are its own (forward-confirmed reverse DNS).

use std::net::IpAddr;

use futures_util::future::join_all;

use crate::{
    dns::{DnsError, Resolver},
    mail::Client,
    verdict::Witness,
};

/// So many names of an address are looked at.
const MOST_NAMES: usize = 5;

/// What is known of a client's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reverse {
    /// This name has the address.
    Confirmed(String),
    /// The address has these names, and none of them has it.
    Unconfirmed(Vec<String>),
    /// The address has no name.
    Nameless,
    /// DNS failed, or may not be asked.
    Unknown,
}

impl Reverse {
    /// What the MTA has found out already, else what DNS says.
    pub(super) async fn of(
        client: &Client,
        address: IpAddr,
        resolver: Option<&Resolver>,
        witness: &Witness,
    ) -> Self {
        if let Some(name) = &client.name {
            return Self::Confirmed(name.clone());
        }
        let Some(resolver) = resolver else { return Self::Unknown };
        match resolver.names_of(address.to_canonical(), witness).await {
            Ok(names) if names.answers.is_empty() => Self::Nameless,
            Ok(names) => confirmed(names.answers, address.to_canonical(), resolver, witness).await,
            Err(_) => Self::Unknown,
        }
    }
}

async fn confirmed(
    mut names: Vec<String>,
    address: IpAddr,
    resolver: &Resolver,
    witness: &Witness,
) -> Reverse {
    names.truncate(MOST_NAMES);
    let known = join_all(names.iter().map(|name| has(name, address, resolver, witness))).await;
    let mut is_known = true;
    for (name, known) in names.iter().zip(known) {
        match known {
            Ok(true) => return Reverse::Confirmed(name.clone()),
            Ok(false) => {}
            Err(error) => is_known &= matches!(error, DnsError::Name { .. }),
        }
    }
    if is_known { Reverse::Unconfirmed(names) } else { Reverse::Unknown }
}

/// Whether a name has this address.
async fn has(
    name: &str,
    address: IpAddr,
    resolver: &Resolver,
    witness: &Witness,
) -> Result<bool, DnsError> {
    match address {
        IpAddr::V4(address) => {
            resolver.addresses(name, witness).await.map(|found| found.answers.contains(&address))
        }
        IpAddr::V6(address) => {
            resolver.addresses_v6(name, witness).await.map(|found| found.answers.contains(&address))
        }
    }
}
