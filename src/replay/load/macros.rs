//! Macros: what an MTA tells beside the commands, at the stages and with the values of Postfix
//! (MILTER_README; the lists are the defaults of `milter_connect_macros` and its like).

use std::{borrow::Cow, collections::HashMap};

use indymilter::MacroStage;

use super::delivery::Delivery;
use crate::mail::Address;

/// The name of the MTA that we seem to be.
const MTA: &str = "mx.example.org";

/// What is sent where the milter has not asked for anything in particular.
fn customary(stage: MacroStage) -> &'static str {
    match stage {
        MacroStage::Connect => "j {daemon_name} {daemon_addr} v _",
        MacroStage::Helo => "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
        MacroStage::Mail => {
            "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}"
        }
        MacroStage::Rcpt => "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
        MacroStage::Data | MacroStage::Eoh | MacroStage::Eom => "i",
    }
}

/// What the milter asked for in the negotiation, by stage.
#[derive(Debug, Default)]
pub(super) struct Wanted(HashMap<MacroStage, Vec<String>>);

impl Wanted {
    /// From the lists of names that came with the negotiation.
    pub(super) fn new<'l>(asked: impl IntoIterator<Item = (MacroStage, Cow<'l, str>)>) -> Self {
        let names = |list: Cow<'_, str>| list.split_whitespace().map(str::to_owned).collect();
        Self(asked.into_iter().map(|(stage, list)| (stage, names(list))).collect())
    }

    /// The data of a macro packet without the command it is for: names and values, each ended by
    /// a zero byte.
    pub(super) fn packet(&self, stage: MacroStage, scene: &Scene<'_>) -> Vec<u8> {
        let mut data = Vec::new();
        let mut add = |name: &str| {
            if let Some(value) = scene.value(name) {
                data.extend_from_slice(name.as_bytes());
                data.push(0);
                data.extend(value.bytes().filter(|&byte| byte != 0));
                data.push(0);
            }
        };
        match self.0.get(&stage) {
            Some(names) => names.iter().for_each(|name| add(name)),
            None => customary(stage).split(' ').for_each(add),
        }
        data
    }
}

/// What is known at some point of a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'d> {
    /// The message on its way.
    pub(super) delivery: &'d Delivery,
    /// Known from MAIL on.
    pub(super) sender: Option<&'d Address>,
    /// The one that is asked about.
    pub(super) recipient: Option<&'d Address>,
    /// Known once a recipient was taken.
    pub(super) queue_id: Option<&'d str>,
}

impl<'d> Scene<'d> {
    /// Before MAIL.
    pub(super) fn connection(delivery: &'d Delivery) -> Self {
        Self { delivery, sender: None, recipient: None, queue_id: None }
    }

    /// The value of a macro; `None` where an MTA would not send it.
    fn value(&self, name: &str) -> Option<Cow<'d, str>> {
        let login = self.delivery.login.as_deref();
        let text = match name.trim_matches(['{', '}']) {
            "j" | "daemon_name" => MTA,
            "v" => "Postfix 3.7.11",
            "daemon_addr" | "if_addr" => "192.0.2.25",
            "daemon_port" => "25",
            "client_connections" => "1",
            "client_addr" => return Some(self.delivery.address.to_string().into()),
            "client_name" | "client_ptr" => self.delivery.name(),
            "client_resolve" => self.delivery.resolved(),
            "client_port" => "25250",
            "_" => return Some(self.delivery.identity().into()),
            "i" => self.queue_id?,
            "auth_type" => login.and(self.sender).map(|_| "PLAIN")?,
            "auth_authen" => self.sender.and(login)?,
            "mail_addr" => self.sender?.as_str(),
            "mail_host" => self.sender?.domain()?,
            "mail_mailer" => self.sender.map(|_| "smtp")?,
            "rcpt_addr" => self.recipient?.as_str(),
            "rcpt_host" => self.recipient?.domain()?,
            "rcpt_mailer" => self.recipient.map(|_| "local")?,
            _ => return None,
        };
        Some(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::load::delivery::Origin;

    fn packet(asked: Option<&str>, stage: MacroStage, login: Option<&str>) -> String {
        let raw = b"Received: from c.example ([203.0.113.9]) by mx.example.net; now\n\n".to_vec();
        let origin = Origin { login: login.map(str::to_owned), ..Origin::default() };
        let delivery = Delivery::new(raw, None, &origin).unwrap();
        let (sender, recipient) = (Address::from_path("<a@b.example>"), Address::null());
        let scene = Scene {
            sender: Some(&sender),
            recipient: Some(&recipient),
            queue_id: Some("Q1"),
            ..Scene::connection(&delivery)
        };
        let asked = asked.map(|list| (stage, list.into()));
        String::from_utf8(Wanted::new(asked).packet(stage, &scene)).unwrap().replace('\0', " ")
    }

    #[test]
    fn postfix_sends_these_where_nothing_is_asked_for() {
        for (stage, login, expected) in [
            (
                MacroStage::Connect,
                None,
                "j mx.example.org {daemon_name} mx.example.org {daemon_addr} 192.0.2.25 \
                 v Postfix 3.7.11 _ unknown [203.0.113.9] ",
            ),
            (MacroStage::Helo, None, ""),
            (
                MacroStage::Mail,
                None,
                "i Q1 {mail_addr} a@b.example {mail_host} b.example {mail_mailer} smtp ",
            ),
            (
                MacroStage::Mail,
                Some("ann"),
                "i Q1 {auth_type} PLAIN {auth_authen} ann {mail_addr} a@b.example \
                 {mail_host} b.example {mail_mailer} smtp ",
            ),
            (MacroStage::Rcpt, None, "i Q1 {rcpt_addr}  {rcpt_mailer} local "),
            (MacroStage::Eom, None, "i Q1 "),
        ] {
            assert_eq!(packet(None, stage, login), expected, "{stage:?}");
        }
    }

    #[test]
    fn a_milter_gets_what_it_asked_for_and_no_more() {
        let asked = Some("{client_addr}  {unheard_of} {auth_authen} j");
        let expected = "{client_addr} 203.0.113.9 {auth_authen} ann j mx.example.org ";
        assert_eq!(packet(asked, MacroStage::Connect, Some("ann")), expected);
        assert_eq!(packet(Some(""), MacroStage::Connect, None), "");
    }
}
