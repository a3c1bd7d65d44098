//! The MTA's client, while the MTA has not yet written its own Received field.

use super::{Relay, harmless};
use crate::mail::{Client, Envelope};

/// The relay that handed the message to the MTA: what the MTA's Received field will say. `None`
/// for stored mail, where that field is there: only an MTA that is connected to us tells its name.
pub(super) fn relay(envelope: &Envelope) -> Option<Relay> {
    let client: &Client = envelope.relay.as_ref().unwrap_or(&envelope.client);
    let by = client.mta.as_deref()?;
    let address = client.address?.to_canonical();
    // For relayed mail, HELO and login are those of the real client.
    let is_direct = envelope.relay.is_none();
    let helo = envelope.helo.as_deref().filter(|_| is_direct).unwrap_or_default();
    let rdns = client.name.as_deref().unwrap_or_default().trim_end_matches('.');
    let has_login = is_direct && envelope.login.is_some();
    let auth = match (has_login, envelope.tls.is_some()) {
        (true, true) => "ESMTPSA",
        (true, false) => "ESMTPA",
        (false, _) => "",
    };
    Some(Relay {
        ip: address.to_string(),
        rdns: harmless(rdns),
        helo: harmless(helo),
        by: harmless(by),
        envfrom: Some(harmless(envelope.sender.as_str())),
        id: envelope.queue_id.clone().unwrap_or_default(),
        auth: auth.to_owned(),
        has_no_rdns: rdns.is_empty(),
        ..Relay::default()
    })
}
