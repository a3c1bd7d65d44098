//! DNS lists of all kinds: what they know is found, and those that are wrong, dead, slow or refuse to
//! answer never cost a message.

use std::{
    collections::HashSet,
    thread,
    time::{Duration, Instant},
};

use hickory_proto::rr::{
    Name, RData, RecordType,
    rdata::{CNAME, TXT},
};

use crate::{
    mail,
    servers::{
        gatepost::{Config, Gatepost},
        milter_client::{MilterClient, Reply},
        wait_until,
        zone::{Mode, Zone},
    },
};

const LISTED: &str = "203.0.113.66";

const LIST: &str = "[[dns.list]]\nzone = \"bl.test\"\nabout = \"client\"\nrefuse = true\n\
    findings = { \"127.0.0.2\" = \"RCVD_IN_BL_TEST\" }\n";

/// A filter that asks `bl.test`, on which [`LISTED`] stands.
fn gatepost_asking(zone: &Zone) -> Gatepost {
    zone.list(LISTED, "bl.test");
    let config = Config::new().with(LIST).dns(zone.address()).with("dns.timeout_ms = 500");
    Gatepost::start(&config)
}

/// The answer to RCPT, or that to the message if all before it was fine.
fn answer(gatepost: &Gatepost, client: &str) -> Reply {
    let mut milter = MilterClient::connect(gatepost.address()).unwrap();
    match milter.open(client, "reader@example.test").unwrap() {
        Reply::Continue => milter.message(&mail::plain("Lunch", "At noon?")).unwrap(),
        refused => refused,
    }
}

fn is_refusal(reply: &Reply) -> bool {
    matches!(reply, Reply::Text(text) if text.starts_with("554"))
}

fn is_taken(reply: &Reply) -> bool {
    matches!(reply, Reply::Continue | Reply::Accept)
}

/// The self-test of RFC 5782 runs at start; this is how its end can be seen.
fn wait_aside(gatepost: &Gatepost) {
    wait_until("bl.test set aside", Duration::from_secs(30), || {
        gatepost.metric("gatepost_dns_list_aside", "bl.test") > 0.0
    });
}

#[test]
fn a_good_list_refuses() {
    let zone = Zone::start(&["bl.test"]);
    let gatepost = gatepost_asking(&zone);
    assert!(is_refusal(&answer(&gatepost, LISTED)));
    assert!(is_taken(&answer(&gatepost, "203.0.113.10")));
}

#[test]
fn a_list_that_lists_everybody_is_set_aside() {
    let zone = Zone::start(&["bl.test"]);
    zone.list("127.0.0.1", "bl.test");
    let gatepost = gatepost_asking(&zone);
    wait_aside(&gatepost);
    assert!(is_taken(&answer(&gatepost, LISTED)));
}

#[test]
fn a_list_without_its_test_entry_is_set_aside() {
    let zone = Zone::start(&[]);
    let gatepost = gatepost_asking(&zone);
    wait_aside(&gatepost);
    assert!(is_taken(&answer(&gatepost, LISTED)));
}

#[test]
fn refused_codes_never_count() {
    let zone = Zone::start(&["bl.test"]);
    let gatepost = gatepost_asking(&zone);
    for (client, code) in [("203.0.113.1", "127.255.255.254"), ("203.0.113.2", "127.0.0.1")] {
        let [_, _, _, host] = client.parse::<std::net::Ipv4Addr>().unwrap().octets();
        zone.set(&format!("{host}.113.0.203.bl.test"), &[code]);
        assert!(is_taken(&answer(&gatepost, client)), "{code}");
    }
    let judged = gatepost.wait_judged(2);
    for line in judged {
        assert!(!line["findings"].as_str().unwrap().contains("RCVD_IN_BL_TEST"), "{line}");
    }
}

#[test]
fn dead_dns_costs_no_message() {
    for mode in [Mode::BlackHole, Mode::Failing] {
        let zone = Zone::start(&["bl.test"]);
        let gatepost = gatepost_asking(&zone);
        zone.mode(mode);
        for _ in 0..3 {
            assert!(is_taken(&answer(&gatepost, LISTED)), "{mode:?}");
        }
        zone.mode(Mode::Normal);
        let other = "203.0.113.67";
        zone.list(other, "bl.test");
        wait_until("the list counts again", Duration::from_secs(60), || {
            is_refusal(&answer(&gatepost, other))
        });
    }
}

/// A list whose hits are called like its zone, in capitals.
fn list(zone: &str, about: &str) -> String {
    let name = zone.replace(".test", "").to_uppercase().replace('-', "_");
    format!(
        "[[dns.list]]\nzone = \"{zone}\"\n{about}\nfindings = {{ \"*\" = \"{name}\" }}\ntest_entry = false\n"
    )
}

fn gatepost_with(zone: &Zone, lists: &str, more: &str) -> Gatepost {
    Gatepost::start(&Config::new().with(lists).dns(zone.address()).with(more))
}

/// The log line of a message that was judged.
fn judged(gatepost: &Gatepost, client: &str, message: &[u8]) -> serde_json::Value {
    let mut milter = MilterClient::connect(gatepost.address()).unwrap();
    assert_eq!(milter.open(client, "reader@example.test").unwrap(), Reply::Continue);
    assert!(is_taken(&milter.message(message).unwrap()));
    gatepost.wait_judged(1).remove(0)
}

fn findings(line: &serde_json::Value) -> String {
    line["findings"].as_str().unwrap().to_owned()
}

#[test]
fn lists_of_every_kind_are_asked() {
    let zone = Zone::start(&[]);
    for name in [
        "66.113.0.203.trace.test",
        "sender.example.org.helo.test",
        "example.org.sender.test",
        "example.org.from.test",
        "link.example.uri.test",
    ] {
        zone.set(name, &["127.0.0.2"]);
    }
    let lists = [
        list("trace.test", "about = \"trace\""),
        list("helo.test", "about = \"helo\""),
        list("sender.test", "about = \"sender\""),
        list("from.test", "about = \"from\""),
        list("uri.test", "about = \"uri_domain\""),
    ];
    let gatepost = gatepost_with(&zone, &lists.concat(), "");
    let line = judged(&gatepost, LISTED, &mail::plain("Lunch", "See http://www.link.example/"));
    for name in ["TRACE", "SENDER", "FROM", "URI"] {
        assert!(findings(&line).contains(name), "{name}: {line}");
    }
}

#[test]
fn what_is_known_by_the_deadline_counts() {
    let zone = Zone::start(&[]);
    zone.list(LISTED, "quick.test");
    let trace = "about = \"trace\"";
    let lists = list("quick.test", trace) + &list("slow.test", trace);
    let more = "dns.timeout_ms = 20000\nprofile.external.deadline_ms = 1500";
    let gatepost = gatepost_with(&zone, &lists, more);
    // Not before it has been found to be well.
    zone.silence("slow.test");
    let line = judged(&gatepost, LISTED, &mail::plain("Lunch", "At noon?"));
    assert!(findings(&line).contains("QUICK"), "{line}");
    assert!(line.to_string().contains("\"late\":\"lists\""), "{line}");
}

#[test]
fn a_black_hole_ends_at_the_deadline_and_is_left_within_a_minute() {
    let zone = Zone::start(&[]);
    zone.list("203.0.113.67", "trace.test");
    let kinds = ["client", "trace", "helo", "sender", "from", "uri_domain", "name_server_address"];
    let lists: String = kinds
        .iter()
        .map(|kind| {
            let zone = format!("{}.test", kind.replace('_', "-"));
            list(&zone, &format!("about = \"{kind}\""))
        })
        .collect();
    let gatepost = gatepost_with(
        &zone,
        &lists,
        "dns.timeout_ms = 20000\nprofile.external.deadline_ms = 1000\n\
         profile.external.early_reject = false",
    );
    zone.mode(Mode::BlackHole);
    let message = mail::plain("spam-between-mark-and-reject", "See http://www.link.example/");
    for _ in 0..3 {
        let mut milter = MilterClient::connect(gatepost.address()).unwrap();
        milter.open(LISTED, "reader@example.test").unwrap();
        let end = Instant::now();
        assert!(is_taken(&milter.message(&message).unwrap()));
        println!("black hole: the verdict came {:?} after the message", end.elapsed());
    }
    for line in gatepost.wait_judged(3) {
        assert_eq!(line["verdict"], "mark", "by what is known: {line}");
        assert!(line.to_string().contains("lists"), "{line}");
    }
    zone.mode(Mode::Normal);
    let back = Instant::now();
    wait_until("the lists count again", Duration::from_secs(60), || {
        let mut milter = MilterClient::connect(gatepost.address()).unwrap();
        milter.open("203.0.113.67", "reader@example.test").unwrap();
        milter.message(&message).unwrap();
        let lines = gatepost.wait_judged(1);
        lines.iter().any(|line| findings(line).contains("TRACE"))
    });
    println!("black hole: lists counted again {:?} after DNS was back", back.elapsed());
}

#[test]
fn strange_answers_add_no_points_and_hold_nobody_up() {
    let zone = Zone::start(&[]);
    let name = |zone: &str| format!("66.113.0.203.{zone}");
    zone.set(&name("good.test"), &["127.0.0.2"]);
    zone.set(&name("refusing.test"), &["127.255.255.254"]);
    zone.set(&name("parked.test"), &["192.0.2.1"]);
    let long = TXT::new(vec!["x".repeat(250); 250]);
    zone.set_records(&name("long.test"), RecordType::TXT, vec![RData::TXT(long)]);
    let short = TXT::new(vec!["x".repeat(250); 20]);
    zone.set_records(&name("short.test"), RecordType::TXT, vec![RData::TXT(short)]);
    let alias = |zone: &str| RData::CNAME(CNAME(Name::from_ascii(name(zone)).unwrap()));
    zone.set_records(&name("loop.test"), RecordType::A, vec![alias("loop.test")]);
    zone.set("1.0.0.127.world.test", &["127.0.0.2"]);
    zone.set(&name("world.test"), &["127.0.0.2"]);
    let kind = "about = \"trace\"";
    let text = "about = \"trace\"\nrecords = \"TXT\"";
    let lists = [
        list("good.test", kind),
        list("refusing.test", kind),
        list("parked.test", kind),
        list("loop.test", kind),
        list("world.test", kind),
        list("long.test", text),
        list("short.test", text),
    ];
    let gatepost = gatepost_with(&zone, &lists.concat(), "");
    let line = judged(&gatepost, LISTED, &mail::plain("Lunch", "At noon?"));
    let found = findings(&line);
    assert!(found.contains("GOOD") && found.contains("SHORT"), "{line}");
    for name in ["REFUSING", "PARKED", "LOOP", "WORLD", "LONG"] {
        assert!(!found.contains(name), "{name}: {line}");
    }
    for zone in ["refusing.test", "parked.test", "world.test"] {
        assert!(gatepost.metric("gatepost_dns_list_aside", zone) > 0.0, "{zone}");
    }
}

/// From CONNECT to the end of the message.
const SESSION: Duration = Duration::from_millis(300);
const CLIENTS: usize = 10;
const MESSAGES: usize = 100;

/// 25 lists: what of a message each kind is about, and how many there are of it.
const KINDS: [(&str, usize); 9] = [
    ("client", 8),
    ("trace", 4),
    ("helo", 2),
    ("reverse_name", 1),
    ("sender", 3),
    ("from", 2),
    ("uri_domain", 3),
    ("uri_host", 1),
    ("email", 1),
];

fn twenty_five_lists() -> String {
    let all = KINDS.iter().flat_map(|&(kind, count)| (0..count).map(move |n| (kind, n)));
    let one = |(kind, n): (&str, usize)| {
        list(&format!("{}{n}.test", kind.replace('_', "-")), &format!("about = \"{kind}\""))
    };
    all.map(one).collect()
}

/// Sends a message in the time a client takes; says how long the verdict took.
fn drawn_out(gatepost: &Gatepost, client: &str, message: &[u8]) -> Duration {
    let start = Instant::now();
    let mut milter = MilterClient::connect(gatepost.address()).unwrap();
    milter.open(client, "reader@example.test").unwrap();
    thread::sleep((start + SESSION).saturating_duration_since(Instant::now()));
    let end = Instant::now();
    assert!(is_taken(&milter.message(message).unwrap()));
    end.elapsed()
}

#[test]
#[ignore = "figures for people: 1,000 messages of 300 ms each"]
fn twenty_five_lists_cost_little_and_each_question_is_asked_once() {
    let zone = Zone::start(&[]);
    let gatepost = gatepost_with(&zone, &twenty_five_lists(), "");
    zone.forget();
    zone.delay(Duration::from_millis(100));
    let message = |client: usize, number: usize| {
        let link = (client * MESSAGES + number) % 40;
        mail::plain("Lunch", &format!("See http://www.link{link}.example/{number}"))
    };
    let mut waited: Vec<Duration> = thread::scope(|scope| {
        let gatepost = &gatepost;
        let session = |client: usize| {
            scope.spawn(move || -> Vec<Duration> {
                let address = format!("203.0.113.{}", client + 1);
                (0..MESSAGES)
                    .map(|number| drawn_out(gatepost, &address, &message(client, number)))
                    .collect()
            })
        };
        let running: Vec<_> = (0..CLIENTS).map(session).collect();
        running.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    waited.sort();
    let asked: Vec<_> = zone.asked().into_iter().map(|asked| (asked.name, asked.kind)).collect();
    let distinct: HashSet<_> = asked.iter().collect();
    println!(
        "25 lists, 100 ms a DNS answer, {} messages of {SESSION:?} from {CLIENTS} clients: verdict after \
         the end of the message: median {:?}, 90th percentile {:?}, 99th {:?}; {} questions asked, \
         {} distinct",
        waited.len(),
        waited[waited.len() / 2],
        waited[waited.len() * 9 / 10],
        waited[waited.len() * 99 / 100],
        asked.len(),
        distinct.len()
    );
    assert_eq!(asked.len(), distinct.len(), "each question is asked once");
}
