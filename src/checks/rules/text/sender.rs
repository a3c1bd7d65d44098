//! The sender in SMTP (`EnvelopeFrom`).

use super::{
    super::scene::Scene,
    fields::{Field, Fields},
};
use crate::mail::Address;

/// The sender in SMTP: from SMTP itself while the message is on its way, and for stored mail from
/// what MTAs have left in its header. Empty for the null sender; `None` where nobody tells.
///
/// `check` takes the sender of stored mail from Return-Path; that is looked at here more closely.
pub(in super::super) fn envelope_from(scene: &Scene<'_>) -> Option<String> {
    let envelope = &scene.case.envelope;
    let given = envelope.sender.as_str();
    let mut paths =
        scene.headers.named("return-path").map(|field| Address::from_path(field.decoded()));
    let is_given = !given.is_empty() && !paths.next().is_some_and(|path| path == envelope.sender);
    if scene.relays().has_client() || is_given {
        return Some(given.to_owned());
    }
    if let Some(name) = &scene.conf.networks.envelope_sender {
        return first_address(&scene.headers, &name.to_ascii_lowercase())
            .filter(|text| is_sender(text));
    }
    of_relay(scene).or_else(|| of_fields(&scene.headers))
}

/// An address, or the null sender.
fn is_sender(text: &str) -> bool {
    text.is_empty() || text.find('@').is_some_and(|at| at > 0)
}

/// What the Received field tells that our own host wrote, or if all hosts are ours, the first one.
fn of_relay(scene: &Scene<'_>) -> Option<String> {
    let relays = scene.relays();
    let last = relays.untrusted().first().or_else(|| relays.trusted().last());
    last.and_then(|relay| relay.envfrom.clone()).filter(|text| is_sender(text))
}

/// What a field tells into which the MTA writes the sender, if no relay may have written it.
fn of_fields(fields: &Fields<'_>) -> Option<String> {
    // Lists put their own sender into X-Sender, which fetchmail then takes for the envelope's.
    let of_list = first_address(fields, "x-sender").is_some_and(|sender| sender.contains('@'));
    let is_fetched =
        || fields.named("received").any(|field| field.decoded().contains("(fetchmail"));
    if of_list && is_fetched() {
        return None;
    }
    let envelope_from = first_address(fields, "x-envelope-from");
    if envelope_from.is_some() {
        return envelope_from.filter(|_| !is_below_received(fields, "x-envelope-from"));
    }
    ["envelope-sender", "return-path"]
        .into_iter()
        .find_map(|name| first_address(fields, name).filter(|_| !is_below_received(fields, name)))
}

/// Whether a Received field stands above a field of this name.
fn is_below_received(fields: &Fields<'_>, name: &str) -> bool {
    let is = |field: &Field<'_>, name: &str| field.name.eq_ignore_ascii_case(name.as_bytes());
    fields.iter().skip_while(|field| !is(field, "received")).any(|field| is(field, name))
}

/// The first address in the topmost field of a name in lower case.
pub(in super::super) fn first_address(fields: &Fields<'_>, name: &str) -> Option<String> {
    let field = fields.named(name).next()?;
    let address = field.mailboxes().iter().find_map(|mailbox| mailbox.address.as_deref())?;
    Some(String::from_utf8_lossy(address).into_owned())
}
