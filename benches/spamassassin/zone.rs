//! A name server that answers by what is asked alone, so that whoever asks hears the same: a share of
//! all names is on each list, every other name has addresses, name servers and exchangers, and an SPF
//! and a DMARC record of some kind or none. What is given by name comes first.
//!
//! UDP on loopback, one thread.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    thread,
};

use hickory_proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, MX, NS, SOA, TXT},
    },
};

/// Of so many names, one is on a list.
const ONE_IN: u64 = 6;

/// The zones of the stock rules' lists, and what their entries answer.
const LISTS: &[(&str, &[&str])] = &[
    ("zen.spamhaus.org", &["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.10", "127.0.0.11"]),
    (
        "dbl.spamhaus.org",
        &["127.0.1.2", "127.0.1.4", "127.0.1.5", "127.0.1.6", "127.0.1.102", "127.0.1.103"],
    ),
    ("bl.spamcop.net", &["127.0.0.2"]),
    ("activationcode.r.mail-abuse.com", &["127.0.0.2", "127.0.0.4", "127.0.0.8"]),
    ("nonconfirm.mail-abuse.com", &["127.0.0.2"]),
    (
        "iadb.isipp.com",
        &["127.0.1.255", "127.0.0.2", "127.2.255.1", "127.3.100.6", "127.3.100.10", "127.101.1.10"],
    ),
    ("sa-trusted.bondedsender.org", &["127.0.0.10"]),
    ("sa-accredit.habeas.com", &["127.0.0.10"]),
    ("bl.score.senderscore.com", &["127.0.0.2"]),
    ("bl.mailspike.net", &["127.0.0.2", "127.0.0.10", "127.0.0.11", "127.0.0.12", "127.0.0.13"]),
    ("wl.mailspike.net", &["127.0.0.17", "127.0.0.18", "127.0.0.19", "127.0.0.20"]),
    ("list.dnswl.org", &["127.0.5.0", "127.0.5.1", "127.0.9.2", "127.0.15.3", "127.0.0.255"]),
    ("multi.surbl.org", &["127.0.0.8", "127.0.0.16", "127.0.0.72", "127.0.0.128"]),
    ("multi.uribl.com", &["127.0.0.2", "127.0.0.4", "127.0.0.8"]),
    ("psbl.surriel.com", &["127.0.0.2"]),
    ("dob.sibl.support-intelligence.net", &["127.0.0.2"]),
    ("fresh.fmb.la", &["127.2.0.2", "127.2.0.14", "127.2.0.28"]),
    ("lookup.dkimwl.org", &["127.0.1.3", "127.0.1.4", "127.0.1.5", "127.0.2.5", "127.0.1.0"]),
];

/// Records of senders, so that all results occur. `exists:` has an address nine times of ten.
const SPF: &[&[&str]] = &[
    &[],
    &[],
    &["v=spf1 +all"],
    &["v=spf1 -all"],
    &["v=spf1 ~all"],
    &["v=spf1 ?all"],
    &["v=spf1"],
    &["v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 ip6:::/0 -all"],
    &["v=spf1 exists:%{ir}.%{l1r-}.%{d2}.test -all"],
    &["v=spf1 a mx ~all"],
    &["v=spf1 a:mail.%{d} mx/24 ?all"],
    &["v=spf1 include:one.%{d2} include:two.%{d2} ~all"],
    &["v=spf1 redirect=spf.%{d2}"],
    &["v=spf1 include:%{d} -all"],
    &["v=spf1 ipv4:192.0.2.1 -all"],
    &["v=spf1 -all", "v=spf1 +all"],
    &["v=spf2.0/pra -all", "some-verification=1234"],
    &["some-verification=1234", "v=spf1 ptr -all"],
    &["v=spf1 a -all exp=why.%{d}"],
];

/// Policies of authors' domains.
const DMARC: &[&[&str]] = &[
    &[],
    &[],
    &["v=DMARC1; p=none"],
    &["v=DMARC1; p=none; rua=mailto:dmarc@example.org"],
    &["v=DMARC1; p=quarantine; sp=none"],
    &["v=DMARC1; p=reject"],
    &["v=DMARC1; p=reject; adkim=s; aspf=s"],
    &["v=DMARC1; p=none; sp=reject"],
];

/// TXT records by the names that have them; no text: there is none at that name.
pub(crate) type Texts = HashMap<String, Vec<String>>;

/// Starts it; it ends with the process. `texts` are known beside what it makes up.
pub(crate) fn start(texts: Texts) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = socket.local_addr().expect("its address");
    thread::spawn(move || {
        let mut packet = [0; 4096];
        while let Ok((length, client)) = socket.recv_from(&mut packet) {
            if let Some(answer) = answer(&packet[..length], &texts) {
                let _ = socket.send_to(&answer, client);
            }
        }
    });
    address
}

fn answer(question: &[u8], texts: &Texts) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).ok()?;
    let query = question.queries.first()?.clone();
    let name = query.name().to_ascii().trim_end_matches('.').to_ascii_lowercase();
    let mut answer = Message::response(question.metadata.id, OpCode::Query);
    answer.metadata.recursion_desired = question.metadata.recursion_desired;
    answer.metadata.recursion_available = true;
    answer.add_query(query.clone());
    let records = records(&name, query.query_type(), texts);
    if records.is_none() {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    let records = records.unwrap_or_default();
    if records.is_empty() {
        let soa = SOA::new(Name::root(), Name::root(), 1, 60, 60, 60, 60);
        answer.add_authority(Record::from_rdata(Name::root(), 60, RData::SOA(soa)));
    }
    let record = |data| Record::from_rdata(query.name().clone(), 3_600, data);
    answer.add_answers(records.into_iter().map(record));
    answer.to_vec().ok()
}

/// What a name has; `None`: there is no such name.
fn records(name: &str, kind: RecordType, texts: &Texts) -> Option<Vec<RData>> {
    if let Some(known) = texts.get(name).filter(|_| kind == RecordType::TXT) {
        return Some(known.iter().map(|known| text(known)).collect());
    }
    let in_zone = |zone: &str| name.strip_suffix(zone)?.strip_suffix('.');
    let listed = LISTS.iter().find_map(|(zone, codes)| Some((in_zone(zone)?, *codes)));
    match listed {
        Some((label, codes)) => entry(name, label, codes, kind),
        None => Some(ordinary(name, kind)),
    }
}

/// An entry of a list.
fn entry(name: &str, label: &str, codes: &[&str], kind: RecordType) -> Option<Vec<RData>> {
    let is_test = matches!(label, "2.0.0.127" | "test");
    let is_absent = matches!(label, "1.0.0.127" | "invalid") || !hash(name).is_multiple_of(ONE_IN);
    if is_absent && !is_test {
        return None;
    }
    let code = codes.get((hash(label) / 7) as usize % codes.len())?;
    Some(match kind {
        RecordType::A => vec![RData::A(A(code.parse().ok()?))],
        RecordType::TXT => vec![text(&format!("Blocked - see https://www.spamcop.net/?{label}"))],
        _ => Vec::new(),
    })
}

/// Any other name: one of a few name servers, and addresses.
fn ordinary(name: &str, kind: RecordType) -> Vec<RData> {
    let number = hash(name);
    let host = |text: String| Name::from_ascii(text).expect("a name");
    match kind {
        RecordType::A if number.is_multiple_of(10) => Vec::new(),
        RecordType::A => {
            let [.., a, b, c] = number.to_be_bytes();
            vec![RData::A(A(Ipv4Addr::new(45, a, b, c)))]
        }
        RecordType::NS => {
            let server = |n: u64| RData::NS(NS(host(format!("ns{n}.host{}.com.", number % 40))));
            vec![server(1), server(2)]
        }
        RecordType::MX => vec![RData::MX(MX::new(10, host(format!("mx.{name}."))))],
        RecordType::TXT => policies(name).iter().map(|policy| text(policy)).collect(),
        _ => Vec::new(),
    }
}

/// What a name has to say of who may write in its name, by what it is asked as.
fn policies(name: &str) -> &'static [&'static str] {
    let of = |kinds: &'static [&'static [&'static str]]| {
        // The lowest bits of a hash decide about addresses already.
        kinds.get((hash(name) / 11) as usize % kinds.len()).copied().unwrap_or_default()
    };
    if let Some(domain) = name.strip_prefix("_dmarc.") {
        return if is_public_suffix(domain) { &[] } else { of(DMARC) };
    }
    // Keys, reports and the like.
    if name.starts_with('_') || name.contains("._") {
        return &[];
    }
    of(SPF)
}

/// `com`, `co.uk` and their like, roughly: nobody who writes mail.
fn is_public_suffix(domain: &str) -> bool {
    let is_of_country =
        |(second, top): (&str, &str)| second.len() <= 3 && top.len() == 2 && !top.contains('.');
    domain.split_once('.').is_none_or(is_of_country)
}

fn text(text: &str) -> RData {
    // RFC 7208, section 3.3: pieces are joined.
    let pieces =
        text.as_bytes().chunks(255).map(|piece| String::from_utf8_lossy(piece).into_owned());
    RData::TXT(TXT::new(pieces.collect()))
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
