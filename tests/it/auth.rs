//! Authentication beside real servers: what opendkim has signed verifies behind Postfix and sendmail,
//! what was changed since does not; what is refused is told why; results are written, forged ones taken
//! out.

use rand::{RngExt, SeedableRng, rngs::SmallRng};
use serde_json::Value;

use crate::{
    mail::{self, header},
    servers::{
        Folder, Mta,
        gatepost::{Config, Gatepost},
        opendkim::{FORMS, Opendkim, SIGNER},
        postfix::Postfix,
        rbldnsd::CLEAN,
        sendmail::Sendmail,
        smtp::{Delivery, Stage},
        zone::{Mode, Zone},
    },
};

/// Signed messages that each MTA gets.
const MESSAGES: usize = 200;
/// Of all that is random here.
const SEED: u64 = 8_601;

/// A filter that asks the zone, and nothing but authentication.
fn config(zone: &Zone) -> Config {
    let profile =
        "[profile.external]\nchecks = [\"auth\"]\nearly_reject = false\non_failure = {}\n";
    Config::new().with(profile).dns(zone.address())
}

fn pick<'t>(random: &mut SmallRng, from: &[&'t str]) -> &'t str {
    from[random.random_range(0..from.len())]
}

/// A header with everything that a careless filter would change.
fn odd_header(random: &mut SmallRng, number: usize) -> Vec<u8> {
    let mut header = format!(
        "Date: Thu, 12 Nov 2026 09:30:00 +0000\r\n\
         From:{}Sender <sender@{SIGNER}>\r\n\
         To: reader@example.test,{}other@example.test\r\n\
         Message-ID: <dkim.{number}@{SIGNER}>\r\n\
         Subject:{}letter {number}{}about{}cheese\r\n",
        pick(random, &[" ", "  ", "\t", ""]),
        pick(random, &[" ", "\r\n\t", "\r\n  \t ", "\r\n "]),
        pick(random, &[" ", "   ", "\t", ""]),
        pick(random, &[" ", "\t\t", "  ", "\r\n ", " \r\n\t "]),
        pick(random, &[" ", "    ", " \t "]),
    )
    .into_bytes();
    let odd: [&[u8]; 8] = [
        b"X-Two:  two  blanks\r\n",
        b"X-Tab:\tone\ttab\r\n",
        b"X-Trail: blanks at the end \t \r\n",
        b"X-Eight: gr\xfc\xdfe, \xe2\x82\xac\r\n",
        b"X-Folded: a\r\n b\r\n\tc  \r\n  d\r\n",
        b"x-CaSe: kept\r\n",
        b"X-Two: again, and the lowest is signed first\r\n",
        b"X-Empty:\r\n",
    ];
    for field in odd {
        if random.random_bool(0.6) {
            header.extend_from_slice(field);
        }
    }
    if random.random_bool(0.3) {
        header.extend_from_slice(format!("X-Long: {}\r\n", "word ".repeat(160)).as_bytes());
    }
    header.extend_from_slice(
        b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
          Content-Transfer-Encoding: 8bit\r\n\r\n",
    );
    header
}

/// A body of such lines; every tenth is empty.
fn odd_body(random: &mut SmallRng, number: usize) -> Vec<u8> {
    let lines: [&[u8]; 12] = [
        b"The cheese of this week is as good as that of last week.",
        b"",
        b"",
        b".a dot in front",
        b"..two dots",
        b".",
        b"blanks  inside\tand at the end  \t",
        b"  blanks in front",
        b"eight bits: \xe2\x82\xac \xfc \xff",
        b"From whom it comes",
        b"=3D =20 quoted, but not meant",
        b" ",
    ];
    let mut body = Vec::new();
    if !number.is_multiple_of(10) {
        for _ in 0..random.random_range(1..30) {
            body.extend_from_slice(lines[random.random_range(0..lines.len())]);
            body.extend_from_slice(b"\r\n");
        }
        if random.random_bool(0.2) {
            body.extend_from_slice(&[b'x'; 900]);
            body.extend_from_slice(b"\r\n");
        }
    }
    for _ in 0..random.random_range(0..4) {
        body.extend_from_slice(b"\r\n");
    }
    body
}

/// Another byte at one place of the body; in an empty one a line.
fn with_one_byte_changed(random: &mut SmallRng, message: &[u8]) -> Vec<u8> {
    let body = message.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let places: Vec<usize> =
        (body..message.len()).filter(|&at| !b"\r\n".contains(&message[at])).collect();
    let mut changed = message.to_vec();
    if places.is_empty() {
        changed.extend_from_slice(b"x\r\n");
        return changed;
    }
    let place = places[random.random_range(0..places.len())];
    changed[place] = if changed[place] == b'Q' { b'Z' } else { b'Q' };
    changed
}

/// `dkim=` of the log line of the message for this user.
fn dkim<'j>(judged: &'j [Value], user: &str) -> &'j str {
    let recipient = format!("{user}@example.test");
    let line = judged.iter().find(|line| line["recipients"] == recipient.as_str());
    let results = line.expect("a line for each")["authentication"].as_str().unwrap_or_default();
    results.split(' ').find_map(|result| result.strip_prefix("dkim=")).unwrap_or("missing")
}

fn signatures_survive(start: impl Fn(&Gatepost) -> Box<dyn Mta>) {
    let opendkim = Opendkim::start();
    let zone = Zone::start(&[]);
    let (name, key) = opendkim.key();
    zone.set_text(&name, key);
    let gatepost = Gatepost::start(&config(&zone));
    let mta = start(&gatepost);
    let mut random = SmallRng::seed_from_u64(SEED);
    let mut signed = Vec::new();
    for number in 0..MESSAGES {
        let mut message = odd_header(&mut random, number);
        message.extend(odd_body(&mut random, number));
        let whole = opendkim.sign(number % FORMS.len(), &message);
        let changed = with_one_byte_changed(&mut random, &whole);
        for (user, message) in [("whole", &whole), ("changed", &changed)] {
            let user = format!("{user}-{number}");
            let outcome =
                Delivery::new(CLEAN, &user, message.clone()).attempt(mta.address()).unwrap();
            assert_eq!((outcome.stage, outcome.reply.code), (Stage::Message, 250), "{outcome:?}");
        }
        signed.push(whole);
    }
    let judged = gatepost.wait_judged(2 * MESSAGES);
    let (mut valid, mut detected) = (0, 0);
    for (number, message) in signed.iter().enumerate() {
        let whole = dkim(&judged, &format!("whole-{number}"));
        let changed = dkim(&judged, &format!("changed-{number}"));
        valid += usize::from(whole == "pass");
        detected += usize::from(changed == "fail");
        if (whole, changed) != ("pass", "fail") {
            let form = FORMS[number % FORMS.len()];
            let text = String::from_utf8_lossy(message).replace('\t', "→");
            println!("--- {number} {form}: whole {whole}, changed {changed}\n{text}");
        }
    }
    println!("{valid} of {MESSAGES} verify, {detected} of {MESSAGES} changes are detected");
    assert_eq!((valid, detected), (MESSAGES, MESSAGES));
}

#[test]
fn signatures_survive_postfix() {
    signatures_survive(|gatepost| Box::new(Postfix::start(&gatepost.inet())));
}

#[test]
fn signatures_survive_sendmail() {
    signatures_survive(|gatepost| Box::new(Sendmail::start(&gatepost.inet_for_sendmail())));
}

/// A domain that refuses everything but its own host, and asks others to do so.
fn strict_zone() -> Zone {
    let zone = Zone::start(&[]);
    zone.set_text("example.org", &format!("v=spf1 ip4:{CLEAN} -all"));
    zone.set_text("_dmarc.example.org", "v=DMARC1; p=reject");
    zone
}

const STRANGER: &str = "203.0.113.99";

fn what_fails_is_refused(start: impl Fn(&Gatepost) -> Box<dyn Mta>) {
    let zone = strict_zone();
    let gatepost = Gatepost::start(&config(&zone));
    let mta = start(&gatepost);
    let send = |client: &str| {
        let delivery = Delivery::new(client, "reader", mail::plain("Lunch", "At noon?"));
        let outcome = delivery.attempt(mta.address()).unwrap();
        (
            outcome.stage,
            outcome.reply.code,
            outcome.reply.text.split(' ').next().unwrap().to_owned(),
        )
    };
    let said = |stage, code, enhanced: &str| (stage, code, enhanced.to_owned());
    assert_eq!(send(STRANGER).1, 250, "by default it is only scored");
    let with = |more: &str| config(&zone).with(&format!("[profile.external]\n{more}"));
    gatepost.reload(&with("dmarc_reject = \"reject\""));
    gatepost.wait_reloads(1);
    assert_eq!(send(CLEAN).1, 250);
    assert_eq!(send(STRANGER), said(Stage::Message, 550, "5.7.26"));
    gatepost.reload(&with("spf_fail = \"reject\""));
    gatepost.wait_reloads(2);
    assert_eq!(send(CLEAN).1, 250);
    assert_eq!(send(STRANGER), said(Stage::Rcpt, 550, "5.7.23"));
    let excused = with("spf_fail = \"reject\"\ndmarc_reject = \"reject\"");
    gatepost.reload(&excused.with(&format!("auth.forwarders = [\"{STRANGER}\"]")));
    gatepost.wait_reloads(3);
    assert_eq!(send(STRANGER).1, 250, "a forwarder that is known");
}

#[test]
fn what_fails_is_refused_by_postfix() {
    what_fails_is_refused(|gatepost| Box::new(Postfix::start(&gatepost.inet())));
}

#[test]
fn what_fails_is_refused_by_sendmail() {
    what_fails_is_refused(|gatepost| Box::new(Sendmail::start(&gatepost.inet_for_sendmail())));
}

/// A relay of ours, which no SPF record names.
const RELAY: &str = "192.0.2.25";

/// Received fields, topmost first, as the relay and those before it wrote them.
fn trace(clients: &[&str]) -> String {
    let field = |client: &&str| {
        format!(
            "Received: from mail.example.org (unknown [{client}])\r\n\tby mx2.example.test (Postfix) \
             with ESMTP id 4X;\r\n\tThu, 12 Nov 2026 09:30:00 +0000\r\n"
        )
    };
    clients.iter().map(field).collect()
}

/// What a relay hands on is refused for whom it took it from, never for the relay.
fn relayed_mail_is_its_clients(start: impl Fn(&Gatepost) -> Box<dyn Mta>) {
    let zone = strict_zone();
    let settings =
        format!("networks.relays = [\"{RELAY}\"]\nprofile.external.spf_fail = \"reject\"");
    let gatepost = Gatepost::start(&config(&zone).with(&settings));
    let mta = start(&gatepost);
    for (what, client, user, hops, stage, code) in [
        ("theirs", RELAY, "a", &[CLEAN][..], Stage::Message, 250),
        ("a stranger's", RELAY, "b", &[STRANGER], Stage::Message, 550),
        ("a stranger's who names theirs", RELAY, "c", &[STRANGER, CLEAN], Stage::Message, 550),
        ("over two relays", RELAY, "d", &[RELAY, STRANGER], Stage::Message, 550),
        ("over two relays, theirs", RELAY, "e", &[RELAY, CLEAN, STRANGER], Stage::Message, 250),
        ("written on the relay", RELAY, "f", &[], Stage::Message, 250),
        ("a complaint", RELAY, "postmaster", &[STRANGER], Stage::Message, 250),
        ("not relayed", STRANGER, "g", &[CLEAN], Stage::Rcpt, 550),
    ] {
        let message = [trace(hops).as_bytes(), &mail::plain("Lunch", "At noon?")].concat();
        let outcome = Delivery::new(client, user, message).attempt(mta.address()).unwrap();
        assert_eq!((outcome.stage, outcome.reply.code), (stage, code), "{what}: {outcome:?}");
        if code == 550 {
            let text = &outcome.reply.text;
            assert!(text.contains("5.7.23") && text.contains(STRANGER), "{what}: {text}");
        }
    }
}

#[test]
fn relayed_mail_is_its_clients_behind_postfix() {
    relayed_mail_is_its_clients(|gatepost| Box::new(Postfix::start(&gatepost.inet())));
}

#[test]
fn relayed_mail_is_its_clients_behind_sendmail() {
    relayed_mail_is_its_clients(|gatepost| {
        Box::new(Sendmail::start(&gatepost.inet_for_sendmail()))
    });
}

fn results_are_written(start: impl Fn(&Gatepost) -> Box<dyn Mta>) {
    let zone = strict_zone();
    let relays = "networks.relays = [\"192.0.2.25\"]\nmilter.authserv_id = \"mx.example.test\"";
    let gatepost = Gatepost::start(&config(&zone).with(relays));
    let mta = start(&gatepost);
    let forged =
        b"Authentication-Results: mx.example.test; spf=pass smtp.mailfrom=bank.example\r\n";
    let relayed = format!(
        "Received: from mail.example.org (unknown [{CLEAN}])\r\n\tby mx2.example.test (Postfix) with ESMTP \
         id 4X;\r\n\tThu, 12 Nov 2026 09:30:00 +0000\r\n"
    );
    for (client, user, head, spf) in [
        (CLEAN, "ours", &forged[..], "spf=pass smtp.mailfrom=sender@example.org"),
        (STRANGER, "strange", &forged[..], "spf=fail smtp.mailfrom=sender@example.org"),
        ("192.0.2.25", "relayed", relayed.as_bytes(), "spf=pass smtp.mailfrom=sender@example.org"),
    ] {
        let message = mail::plain(&format!("Lunch for {user}"), "At noon?");
        let delivery = Delivery::new(client, user, [head, &message].concat());
        assert_eq!(delivery.attempt(mta.address()).unwrap().reply.code, 250);
        mta.settle();
        let delivered = mta.delivered(user).remove(0);
        let results = header(&delivered, "Authentication-Results").unwrap();
        let text = String::from_utf8_lossy(&delivered);
        assert!(results.starts_with("mx.example.test;"), "{text}");
        assert!(results.contains(spf), "{text}");
        assert!(results.contains("dmarc="), "{text}");
        assert!(!text.contains("bank.example"), "{text}");
    }
    records_say_the_same(&zone, &gatepost, mta.as_ref());
}

/// Judged once more by what was recorded, when DNS is gone.
fn records_say_the_same(zone: &Zone, gatepost: &Gatepost, mta: &dyn Mta) {
    zone.mode(Mode::Failing);
    let folder = Folder::new();
    for (index, user) in ["ours", "strange", "relayed"].into_iter().enumerate() {
        let path = folder.write(&format!("{user}.eml"), mta.delivered(user).remove(0));
        let arguments = ["check", "--json", "--recorded", path.to_str().unwrap()];
        let said = gatepost.shell().run(&arguments);
        let again = said.json();
        let results = |method: &str| again["authentication"][method]["result"].as_str();
        let [spf, dmarc] = ["mail_from", "dmarc"].map(|m| results(m).expect("a result").to_owned());
        let then = gatepost.wait_judged(index + 1).remove(index);
        let then = then["authentication"].as_str().unwrap().to_owned();
        assert!(then.contains(&format!("spf={spf} ")), "{user}: {then}, {again}");
        assert!(then.ends_with(&format!("dmarc={dmarc}")), "{user}: {then}, {again}");
        let text = gatepost.shell().run(&["check", "--recorded", path.to_str().unwrap()]).out;
        assert!(text.contains(&format!("authentication: {then}\n")), "{user}: {then}, {text}");
    }
}

#[test]
fn results_are_written_by_postfix() {
    results_are_written(|gatepost| Box::new(Postfix::start(&gatepost.inet())));
}

#[test]
fn results_are_written_by_sendmail() {
    results_are_written(|gatepost| Box::new(Sendmail::start(&gatepost.inet_for_sendmail())));
}
