//! What rules see of the way of a message: the client that is connected to the MTA comes first,
//! stands there once, and the configuration says which hosts are ours.

use serde_json::Value;

use crate::{
    mail,
    servers::{
        Folder, Mta,
        gatepost::{Config, Gatepost, program},
        postfix::Postfix,
        rbldnsd::CLEAN,
        sendmail::Sendmail,
        smtp::Delivery,
    },
};

/// A relay of ours.
const RELAY: &str = "198.51.100.25";

/// Each of them adds next to nothing to the score, so that all messages are taken.
const RULES: &str = r"
header CLIENT_FIRST  X-Spam-Relays-External =~ /^\[ ip=203\.0\.113\.10 [^\]]*\bhelo=client\.example\.org by=\S+ /
header CLIENT_TWICE  X-Spam-Relays-External =~ /ip=203\.0\.113\.10 .*ip=203\.0\.113\.10 /
header AUTHOR_NEXT   X-Spam-Relays-External =~ /^\[ ip=203\.0\.113\.10 [^\]]*\] \[ ip=192\.0\.2\.77 /
header RELAY_IS_OURS X-Spam-Relays-Internal =~ /^\[ ip=198\.51\.100\.25 [^\]]*\bintl=1 [^\]]*\]$/
header OPINION_SEEN  ALL =~ /^X-Spam-Status: No/m
header RELAYS_FORGED X-Spam-Relays-Untrusted =~ /forged/
score  CLIENT_FIRST  0.01
score  CLIENT_TWICE  0.01
score  AUTHOR_NEXT   0.01
score  RELAY_IS_OURS 0.01
score  OPINION_SEEN  0.01
score  RELAYS_FORGED 0.01
";

/// A message with these Received fields, and the opinion of another filter.
fn message(received: &[&str]) -> Vec<u8> {
    let mut message = String::new();
    for field in received {
        message += &format!(
            "Received: {field}\r\n\tby mx.example.net (Postfix) with ESMTP id 4ZKx1xZ0;\r\n\
             \tThu, 12 Nov 2026 09:30:00 +0000 (UTC)\r\n"
        );
    }
    message += "X-Spam-Status: No, score=-100\r\nX-Spam-Relays-Untrusted: forged\r\n";
    [message.as_bytes(), &mail::plain("Lunch", "At noon?")].concat()
}

fn found(judged: &Value) -> Vec<&str> {
    let findings = judged["findings"].as_str().unwrap();
    findings.split(',').filter_map(|one| Some(one.split_once('=')?.0)).collect()
}

/// What `gatepost check` finds in a message that has been delivered.
fn found_later(folder: &Folder, gatepost: &Gatepost, delivered: &[u8]) -> Vec<String> {
    let path = folder.write("delivered.eml", delivered);
    let config = gatepost.config_file();
    let output = program()
        .arg("--config")
        .arg(config)
        .args(["check", "--json", "--offline"])
        .arg(path)
        .output()
        .unwrap();
    let judged: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = judged["findings"].as_array().unwrap();
    findings.iter().map(|found| found["name"].as_str().unwrap().to_owned()).collect()
}

fn the_way_is_seen(start: impl Fn(&Gatepost) -> Box<dyn Mta>) {
    let folder = Folder::new();
    let rules = folder.write("relays.cf", RULES);
    let config = format!("rules.include = [{rules:?}]\nnetworks.relays = [\"{RELAY}\"]");
    let gatepost = Gatepost::start(&Config::new().with(&config));
    let mta = start(&gatepost);
    let author = "from pc.example.org (pc.example.org [192.0.2.77])";
    let client = "from client.example.org (client.example.org [203.0.113.10])";
    let direct = &["CLIENT_FIRST", "AUTHOR_NEXT"][..];
    let relayed = &["CLIENT_FIRST", "AUTHOR_NEXT", "RELAY_IS_OURS"];
    for (number, (from, user, fields, expected)) in
        [(CLEAN, "direct", &[author][..], direct), (RELAY, "relayed", &[client, author], relayed)]
            .into_iter()
            .enumerate()
    {
        let delivery = Delivery::new(from, user, message(fields));
        let outcome = delivery.attempt(mta.address()).unwrap();
        assert_eq!(outcome.reply.code, 250, "{outcome:?}");
        let judged = gatepost.wait_judged(number + 1).remove(number);
        assert_eq!(found(&judged), expected, "{user}");
        // The MTA's own line is there by now, and must not make a second client.
        mta.settle();
        let delivered = mta.delivered(user).remove(0);
        let later = found_later(&folder, &gatepost, &delivered);
        assert_eq!(later, expected, "{user}: {}", String::from_utf8_lossy(&delivered));
    }
}

#[test]
fn through_postfix() {
    the_way_is_seen(|gatepost| Box::new(Postfix::start(&gatepost.inet())));
}

#[test]
fn through_sendmail() {
    the_way_is_seen(|gatepost| Box::new(Sendmail::start(&gatepost.inet_for_sendmail())));
}
