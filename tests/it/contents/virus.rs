//! Must show: the scanner sees what is in each container, also what it cannot reach by itself.

use super::{
    hidden::WAYS,
    letter::{Bench, Letter, Secret, findings},
};
use crate::servers::{
    clamd::{Clamd, eicar},
    zone::Zone,
};

/// Ways that hold files as they are.
const CONTAINERS: &[&str] = &[
    "zip",
    "zip in zip in zip",
    "zip of 7z of tar.xz",
    "tar",
    "tar.gz",
    "tar.bz2",
    "gzip",
    "xz",
    "zstd",
    "7z",
    "rar",
    "cab",
    "iso",
    "winmail.dat",
    "zip with a password",
    "zip with AES",
    "7z with a password",
    "smuggled",
    "smuggled in pieces",
    "smuggled as numbers",
    "file in pdf",
];

#[test]
fn a_virus_is_found_in_every_container() {
    let clamd = Clamd::start();
    let zone = Zone::failing();
    let bench = Bench::with(&format!(
        "[antivirus]\nclamd = {:?}\n[dns]\nservers = [\"{}\"]\n",
        clamd.unix(),
        zone.address()
    ));
    let virus = Secret { text: Box::leak(eicar().into_boxed_str()), url: "" };
    let harmless = Secret { text: "no virus", url: "" };
    let ways: Vec<_> = WAYS.iter().filter(|(name, _)| CONTAINERS.contains(name)).collect();
    assert_eq!(ways.len(), CONTAINERS.len());
    let letters = |secret: &Secret| -> Vec<_> {
        ways.iter().map(|(_, make)| Letter::to_bytes(&make(&bench, secret))).collect()
    };
    let infected = bench.check_online(&letters(&virus));
    let clean = bench.check_online(&letters(&harmless));
    let mut wrong = Vec::new();
    for (((name, _), infected), clean) in ways.iter().zip(&infected).zip(&clean) {
        if !findings(infected).contains(&"CLAMAV") || infected["verdict"] != "reject" {
            wrong.push(format!("{name}: {infected}"));
        }
        if findings(clean).contains(&"CLAMAV") {
            wrong.push(format!("clean {name}: {clean}"));
        }
    }
    println!("found in {} of {}", ways.len() - wrong.len(), ways.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
