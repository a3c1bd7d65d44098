//! What DNS lists cost a message: `cargo bench --bench lists -- INDEX ROOT [RULES [ROUNDS]]`.
//!
//! INDEX has lines `label<TAB>path`, paths relative to ROOT; RULES are the rules whose lists are asked
//! (`/usr/share/spamassassin`), beside all shipped ones that need no key. A name server on loopback
//! answers; the first round fills the cache, the others are measured. Prints CPU time a message: median,
//! mean and 95th percentile: for reading the facts alone, for lists at all stages, and for all checks that
//! ask who sends a message and where it points (lists, auth, sender, links).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a run that cannot go on ends by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "figures are for the person watching"
)]

#[allow(dead_code, reason = "shared with the load figures")]
#[path = "../smtp/figures.rs"]
mod figures;
#[path = "../spamassassin/zone.rs"]
mod zone;

use std::{collections::BTreeMap, env, fs, path::Path, sync::Arc, time::Duration};

use gatepost::{
    checks::{
        Case, Check, Reader, Wanted, Work, auth,
        auth::Authenticator,
        links::Links,
        lists::{Lists, shipped, shipped_lists},
        rules::{RuleSet, ScoreSet, Settings},
        sender,
        sender::Sender,
    },
    dns::{self, Resolver},
    filter::rule_lists,
    mail::{Address, Client, Envelope, Message},
    verdict::Witness,
};
use tokio::runtime::{Builder, Runtime};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let [index, root, rest @ ..] = arguments.as_slice() else {
        panic!("INDEX ROOT [RULES [ROUNDS]]")
    };
    let rules = rest.first().map_or("/usr/share/spamassassin", String::as_str);
    let rounds: usize = rest.get(1).map_or(5, |rounds| rounds.parse().unwrap());
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (rules, lists, others) = runtime.block_on(set_up(rules));
    let cases = cases(Path::new(index), Path::new(root));
    let mut asked = 0;
    for case in &cases {
        asked += ask(&runtime, &lists, case);
        for check in &others {
            ask(&runtime, &**check, case);
        }
    }
    let each = asked as f64 / cases.len() as f64;
    println!("{} messages, {each:.1} questions a message", cases.len());
    let all = Wanted {
        way: true,
        sender: true,
        authors: true,
        senders: true,
        links: true,
        reply_to: true,
        signers: true,
        ..Wanted::default()
    };
    measure("facts, URIs listed before", &cases, rounds, |case| {
        rules.facts(case, all);
    });
    measure("lists, all stages, cache warm", &cases, rounds, |case| {
        ask(&runtime, &lists, case);
    });
    measure("lists, auth, sender, links, all stages, cache warm", &cases, rounds, |case| {
        ask(&runtime, &lists, case);
        for check in &others {
            ask(&runtime, &**check, case);
        }
    });
}

async fn set_up(rules: &str) -> (Arc<RuleSet>, Lists, Vec<Box<dyn Check>>) {
    let settings = Settings { include: vec![rules.to_owned()], ..Settings::default() };
    let rules = RuleSet::load(&settings, ScoreSet { net: true, bayes: false }).unwrap();
    let rules = Arc::new(rules);
    let free = shipped_lists().unwrap().iter().filter(|list| list.subscription.is_none());
    let names: Vec<String> = free.map(|list| list.id.clone()).collect();
    let mut definitions = shipped(&names, &BTreeMap::new()).unwrap();
    definitions.extend(rule_lists(rules.network(), &[]));
    println!("{} lists", definitions.len());
    let server = zone::start(zone::Texts::new());
    let settings = dns::Settings { servers: vec![server.into()], ..dns::Settings::default() };
    let resolver = Resolver::new(&settings).unwrap();
    let others: Vec<Box<dyn Check>> = vec![
        Box::new(Authenticator::new(&auth::Settings::default(), resolver.clone())),
        Box::new(Sender::new(&sender::Settings::default(), Some(resolver.clone()))),
        Box::new(Links::new(&[])),
    ];
    let lists = Lists::new(&definitions, 0, resolver, Arc::clone(&rules) as _).unwrap();
    lists.self_test().await;
    (rules, lists, others)
}

/// Messages as a client with some address would send them.
fn cases(index: &Path, root: &Path) -> Vec<Case> {
    let index = fs::read_to_string(index).unwrap();
    let paths = index.lines().filter_map(|line| line.split('\t').nth(1)).enumerate();
    let case = |(number, path): (usize, &str)| {
        let [high, low] = u16::try_from(number % 65_536).unwrap().to_be_bytes();
        let client = Client {
            address: Some([45, 1, high, low].into()),
            name: Some(format!("mail{number}.example.com")),
            mta: Some("mx.example.org".to_owned()),
            ..Client::default()
        };
        let envelope = Envelope {
            client: Arc::new(client),
            helo: Some(format!("mail{number}.example.com")),
            sender: Address::from_path(&format!("<bounce{number}@lists{number}.example.com>")),
            ..Envelope::default()
        };
        let raw = fs::read(root.join(path)).unwrap();
        Case { envelope: Arc::new(envelope), message: Arc::new(Message::parse(raw)) }
    };
    paths.map(case).collect()
}

/// Asks at all stages; says how many questions that were.
fn ask(runtime: &Runtime, check: &dyn Check, case: &Case) -> usize {
    let witness = Witness::live();
    runtime.block_on(async {
        let of_client = check.of_client(&case.envelope.client, &witness);
        let of_envelope = check.of_envelope(&case.envelope, &witness);
        for asked in [of_client, of_envelope].into_iter().flatten() {
            let _ = asked.await;
        }
        match check.of_message_after(case, None, &witness) {
            Some(Work::Io(asked)) => drop(asked.await),
            Some(Work::IoThenCpu(asked)) => drop(asked.await.map(|compute| compute())),
            Some(Work::Cpu(compute)) => drop(compute()),
            None => {}
        }
    });
    witness.testimony().lookups.len()
}

fn measure(what: &str, cases: &[Case], rounds: usize, mut work: impl FnMut(&Case)) {
    let mut micros = Vec::new();
    for case in cases.iter().cycle().take(cases.len() * rounds) {
        let before = figures::own_cpu();
        work(case);
        micros.push(figures::own_cpu().saturating_sub(before));
    }
    micros.sort();
    let at = |share: usize| shown(micros[(micros.len() - 1) * share / 100]);
    let mean = micros.iter().sum::<Duration>() / u32::try_from(micros.len()).unwrap();
    println!("{what}: median {}, mean {}, 95th percentile {}", at(50), shown(mean), at(95));
}

fn shown(time: Duration) -> String {
    format!("{:.0} µs", time.as_secs_f64() * 1e6)
}
