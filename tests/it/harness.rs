//! The servers themselves, without gatepost: if one of these fails, nothing else here means much.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream, UdpSocket},
    time::Duration,
};

use hickory_proto::{
    op::{Message, Query},
    rr::{Name, RecordType},
};

use crate::{
    mail,
    servers::{
        Mta,
        clamd::{Clamd, EICAR_SIGNATURE, OWN_SIGNATURE, OWN_VIRUS, eicar},
        postfix::Postfix,
        rbldnsd::Rbldnsd,
        sendmail::Sendmail,
        smtp::{Delivery, Smtp, Stage},
        zone::{Mode, Zone},
    },
};

fn delivers(mta: &dyn Mta) {
    for (client, user) in [("203.0.113.5", "v4"), ("2001:db8::5", "v6")] {
        let delivery = Delivery::new(client, user, mail::plain("Hello", ".leading dot"));
        let outcome = delivery.attempt(mta.address()).unwrap();
        assert_eq!((outcome.stage, outcome.reply.code), (Stage::Message, 250), "{outcome:?}");
        mta.settle();
        let delivered = mta.delivered(user);
        assert_eq!(delivered.len(), 1);
        let text = String::from_utf8_lossy(&delivered[0]);
        assert!(text.contains("\n.leading dot"), "{text}");
        assert!(text.contains(&client[..9]), "the trace names the client: {text}");
    }
}

fn lets_log_in(mta: &dyn Mta) {
    let mut smtp = Smtp::connect(mta.address(), "203.0.113.5".parse().unwrap()).unwrap();
    smtp.command("EHLO client.example.org").unwrap();
    assert_eq!(smtp.command("AUTH PLAIN AGFubgB3cm9uZw==").unwrap().code, 535);
    let reply = smtp.login().unwrap();
    assert_eq!(reply.code, 235, "{reply:?}");
}

#[test]
fn postfix_delivers() {
    delivers(&Postfix::start(""));
}

#[test]
fn postfix_lets_log_in() {
    lets_log_in(&Postfix::start(""));
}

#[test]
fn postfix_tempfails_without_its_milter() {
    let postfix = Postfix::start("inet:127.0.0.1:9");
    let outcome =
        Delivery::new("203.0.113.5", "nobody", mail::plain("x", "y")).attempt(postfix.address());
    assert_eq!(outcome.unwrap().reply.code / 100, 4);
}

#[test]
fn sendmail_delivers() {
    delivers(&Sendmail::start(""));
}

#[test]
fn sendmail_lets_log_in() {
    lets_log_in(&Sendmail::start(""));
}

/// clamd's own protocol: `zINSTREAM`, chunks with their length, an empty one.
fn scan(mut stream: impl Read + Write, content: &str) -> String {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let request = [b"zINSTREAM\0", &length[..], content.as_bytes(), &[0; 4]].concat();
    stream.write_all(&request).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn clamd_finds_eicar_and_comes_back() {
    let mut clamd = Clamd::start();
    let address = clamd.inet();
    let address = address.strip_prefix("inet:").unwrap();
    let connect = || TcpStream::connect(address);
    assert!(scan(connect().unwrap(), &eicar()).contains(EICAR_SIGNATURE));
    assert!(scan(connect().unwrap(), OWN_VIRUS).contains(OWN_SIGNATURE));
    assert!(scan(connect().unwrap(), "harmless").contains("OK"));
    clamd.kill();
    assert!(connect().is_err());
    clamd.restart();
    assert!(scan(connect().unwrap(), &eicar()).contains(EICAR_SIGNATURE));
}

/// The addresses of a name, by the resolver's own wire format; `None` without an answer in time.
fn resolve(server: SocketAddr, name: &str) -> Option<Vec<String>> {
    let mut question = Message::query();
    question.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    socket.send_to(&question.to_vec().unwrap(), server).unwrap();
    let mut buffer = [0; 1500];
    let length = socket.recv(&mut buffer).ok()?;
    let answer = Message::from_vec(&buffer[..length]).unwrap();
    Some(answer.answers.iter().map(|record| record.data.to_string()).collect())
}

#[test]
fn rbldnsd_answers() {
    let rbldnsd = Rbldnsd::start();
    let v6 = "6.6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.test.";
    for (name, listed) in [
        ("2.0.0.127.bl.test.", true),
        ("1.0.0.127.bl.test.", false),
        ("66.113.0.203.bl.test.", true),
        ("10.113.0.203.bl.test.", false),
        ("67.113.0.203.wl.test.", true),
        ("77.113.0.203.one.test.", true),
        (v6, true),
    ] {
        let expected = if listed { vec!["127.0.0.2".to_owned()] } else { Vec::new() };
        assert_eq!(resolve(rbldnsd.address(), name), Some(expected), "{name}");
    }
}

#[test]
fn zone_does_as_it_is_told() {
    let zone = Zone::start(&["bl.test"]);
    zone.list("203.0.113.66", "bl.test");
    let listed = || resolve(zone.address(), "66.113.0.203.bl.test.");
    assert_eq!(listed(), Some(vec!["127.0.0.2".to_owned()]));
    zone.mode(Mode::BlackHole);
    assert_eq!(listed(), None);
    zone.mode(Mode::Failing);
    assert_eq!(listed(), Some(Vec::new()));
    zone.mode(Mode::Normal);
    zone.delay(Duration::from_secs(2));
    assert_eq!(listed(), None);
    assert_eq!(zone.asked_about("203.0.113.66", "bl.test").len(), 4);
}
