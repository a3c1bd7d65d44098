//! The Received field that our MTA is about to put on top of a message.

use crate::mail::Envelope;

/// The field as Postfix writes it, as far as it tells messages apart; nothing for mail that did not
/// come over SMTP, and for stored mail, which has it: only an MTA that is connected to us tells its name.
pub(super) fn received(envelope: &Envelope) -> String {
    let client = &envelope.client;
    let address = client.address.filter(|_| client.over_smtp);
    let (Some(address), Some(mta)) = (address, &client.mta) else { return String::new() };
    let helo = envelope.helo.as_deref().unwrap_or("unknown");
    let name = client.name.as_deref().unwrap_or("unknown");
    let ipv6 = if address.is_ipv6() { "IPv6:" } else { "" };
    let with = if envelope.tls.is_some() { "ESMTPS" } else { "ESMTP" };
    format!("Received: from {helo} ({name} [{ipv6}{address}])\n\tby {mta} (Postfix) with {with}\n")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        checks::bayes::Features,
        mail::{Client, Message},
    };

    const MESSAGE: &str =
        "Message-ID: <1@x>\r\nFrom: a@example.org\r\nSubject: hi\r\n\r\nHello\r\n";

    fn envelope() -> Envelope {
        let client = Client {
            address: Some("192.0.2.7".parse().unwrap()),
            name: Some("mx.example.org".to_owned()),
            mta: Some("mx.example.com".to_owned()),
            over_smtp: true,
            ..Client::default()
        };
        let helo = Some("mx.example.org".to_owned());
        Envelope { client: Arc::new(client), helo, ..Envelope::default() }
    }

    #[test]
    fn an_arriving_message_is_what_it_will_be_when_it_is_stored() {
        let stored = format!(
            "Received: from mx.example.org (mx.example.org [192.0.2.7])\r\n\
             \tby mx.example.com (Postfix) with ESMTP\r\n{MESSAGE}"
        );
        let stored = Features::of(&Message::parse(stored.into_bytes()));
        let arriving = Features::arriving(&Message::parse(MESSAGE.into()), &envelope());
        assert_eq!(arriving.head_grams, stored.head_grams);
        // The name and the size of the field tell nothing.
        let texts = |features: &Features| -> Vec<String> {
            let texts = features.texts.iter().flat_map(|tokens| tokens.texts());
            let telling = texts.filter(|(_, text)| !matches!(*text, "field:Received" | "size:7"));
            telling.map(|(_, text)| text.to_owned()).collect()
        };
        let (stored, arriving) = (texts(&stored), texts(&arriving));
        assert!(arriving.contains(&"ip:192.0.2.7".to_owned()), "{arriving:?}");
        let missing: Vec<_> = stored.iter().filter(|text| !arriving.contains(text)).collect();
        assert!(missing.iter().all(|text| text.starts_with("size:")), "{missing:?}");
    }

    #[test]
    fn mail_from_this_machine_has_none() {
        assert_eq!(received(&Envelope::default()), "");
    }
}
