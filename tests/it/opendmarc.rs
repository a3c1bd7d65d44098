//! DMARC beside opendmarc: the truth table of `src/checks/auth/dmarc`, row by row. Where the two disagree,
//! `opendmarc.differences` beside this file says why.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::TcpStream,
    process::Command,
};

use crate::servers::{
    Folder,
    daemon::Daemon,
    free_address,
    milter_client::{MilterClient, Reply},
    zone::Zone,
};

const TRUTH: &str = include_str!("../../src/checks/auth/dmarc/truth.cases");
const DIFFERENCES: &str = include_str!("opendmarc.differences");

/// What it takes for public suffixes.
const SUFFIXES: &str = "example\npsd\n";

/// The domains of the table; several records of one name are left out, as the zone has one text a name.
fn serve() -> Zone {
    let zone = Zone::at("127.0.0.1:53".parse().unwrap(), &[]);
    let mut texts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in TRUTH.lines() {
        if let Some((name, record)) =
            line.strip_prefix("records ").and_then(|l| l.split_once(" = "))
        {
            texts.entry(name).or_default().push(record);
        } else if let Some(name) = line.strip_prefix("exists ") {
            zone.set(name, &["192.0.2.1"]);
        }
    }
    for (name, records) in texts {
        if let [record] = records[..]
            && record != "fails"
        {
            zone.set_text(&format!("_dmarc.{name}"), record);
        }
    }
    zone
}

/// `dmarc=` of opendmarc, and what it says that the domain asks for.
fn opendmarc(filter: std::net::SocketAddr, author: &str, spf: &str, dkim: &str) -> String {
    let (spf_result, spf_domain) = spf.split_once(' ').unwrap();
    let sender = if spf_domain == "-" { "nowhere.invalid" } else { spf_domain };
    let mut results = format!(" mx.example.test; spf={spf_result} smtp.mailfrom={sender}");
    for signature in dkim.split(',').filter_map(|text| text.trim().split_once(' ')) {
        results += &format!("; dkim={} header.d={}", signature.0, signature.1);
    }
    let mut milter = MilterClient::connect(filter).unwrap();
    milter.connection("203.0.113.10").unwrap();
    let reply = milter.envelope(&format!("a@{sender}"), &["reader@example.test"]).unwrap();
    assert_eq!(reply, Reply::Continue);
    milter.header(b"Authentication-Results", results.as_bytes()).unwrap();
    milter.header(b"From", format!(" Author <a@{author}>").as_bytes()).unwrap();
    milter.header(b"Subject", b" x").unwrap();
    milter.command(b'N', b"").unwrap();
    milter.body(b"x\r\n").unwrap();
    milter.end().unwrap();
    let fields = milter.changes.iter().map(|(_, data)| String::from_utf8_lossy(data).into_owned());
    let field = fields.into_iter().find(|field| field.contains("dmarc="));
    let Some(field) = field else { return "nothing".to_owned() };
    let after = |key: &str| {
        let rest = field.split_once(key).map_or("", |(_, rest)| rest);
        rest.chars().take_while(char::is_ascii_alphabetic).collect::<String>()
    };
    format!("{} {}", after("dmarc="), after("p="))
}

#[test]
fn opendmarc_agrees_or_the_difference_is_explained() {
    let _zone = serve();
    let folder = Folder::new();
    let suffixes = folder.write("suffixes", SUFFIXES);
    let address = free_address();
    let configuration = folder.write(
        "opendmarc.conf",
        format!(
            "AuthservID mx.example.test\nTrustedAuthservIDs mx.example.test\nSyslog false\n\
             Socket inet:{}@127.0.0.1\nRejectFailures false\nSPFSelfValidate false\n\
             SPFIgnoreResults false\nPublicSuffixList {}\n",
            address.port(),
            suffixes.display()
        ),
    );
    let mut command = Command::new("opendmarc");
    command.args(["-f", "-c"]).arg(configuration);
    let mut daemon = Daemon::spawn("opendmarc", &mut command, &folder.path().join("log"));
    daemon.wait_ready(|| TcpStream::connect(address).is_ok());
    let explained: BTreeSet<&str> =
        DIFFERENCES.lines().filter(|line| line.contains(" | ")).collect();
    let (mut rows, mut differing) = (0, BTreeSet::new());
    for row in TRUTH.lines().filter(|line| line.contains(" | ") && !line.starts_with('#')) {
        let columns: Vec<&str> = row.split(" | ").collect();
        let [author, spf, dkim, ours] = columns[..] else { panic!("{row}") };
        rows += 1;
        let theirs = opendmarc(address, author, spf, dkim);
        if theirs != ours {
            differing.insert(format!("{row} | {theirs}"));
        }
    }
    let differing: BTreeSet<&str> = differing.iter().map(String::as_str).collect();
    println!("opendmarc agrees in {} of {rows} rows", rows - differing.len());
    let (new, gone): (Vec<_>, Vec<_>) =
        (differing.difference(&explained).collect(), explained.difference(&differing).collect());
    assert!(new.is_empty() && gone.is_empty(), "not explained: {new:#?}\nnot so: {gone:#?}");
}
