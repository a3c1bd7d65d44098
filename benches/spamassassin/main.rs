//! gatepost beside SpamAssassin, both with SpamAssassin's stock rules, on the same messages:
//! `tests/run.sh --bench spamassassin INDEX ROOT [OPTION…]`, or `cargo bench` where Debian's
//! package `spamassassin` is installed.
//!
//! INDEX is a file with lines `label<TAB>path`, paths relative to ROOT. Prints
//! - precision and recall over all pairs of message and rule, messages with the same set of rules
//!   and the same score, and the worst rules. Both sides run local tests only; rules with
//!   `tflags net` are left out on both;
//! - CPU time a message of both, beside the bare parse of mail-parser on the same messages.
//!   SpamAssassin runs as a library in one process (`answers.pl`), as its daemon does.
//!
//! With `--network` both ask DNS lists as well: a name server of this program's own, which answers the
//! same to both (`zone.rs`); then the rules are compared that lists decide.
//!
//! With `--authentication` the rules of SPF, DKIM, ARC and DMARC are compared, and those built upon
//! them (`authentication.rs`). That takes Debian's packages `libmail-spf-perl`, `libmail-dkim-perl` and
//! `libmail-dmarc-perl` as well: without them SpamAssassin leaves these rules out.
//!
//! SpamAssassin takes some 80 ms a message. `--save FILE` keeps its answers, `--answers FILE`
//! takes them instead of asking again; `--help` lists all options. Where only the hits matter,
//! `cargo test --bench spamassassin -- INDEX ROOT --answers FILE` builds faster.
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

mod answers;
mod authentication;
mod comparison;
mod explained;
#[allow(dead_code, reason = "shared with the load figures")]
#[path = "../smtp/figures.rs"]
mod figures;
mod ours;
mod report;
mod theirs;
mod zone;

use std::{collections::HashSet, env, fs, net::SocketAddr, path::PathBuf};

use clap::Parser;

use self::{answers::Answers, comparison::Comparison};

/// gatepost beside SpamAssassin with the same rules on the same messages
#[derive(Debug, Parser)]
struct Options {
    /// Lines `label<TAB>path`
    index: PathBuf,
    /// Where the paths begin
    root: PathBuf,
    /// The folder of the rules that both read
    #[arg(long, default_value = "/usr/share/spamassassin")]
    rules: PathBuf,
    /// Take these answers of SpamAssassin instead of asking it
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    /// The sub-rules that go with --answers; else FILE.sub, if it is there (.zst: compressed)
    #[arg(long, value_name = "FILE", requires = "answers")]
    sub_answers: Option<PathBuf>,
    /// Keep SpamAssassin's answers here, and the sub-rules in FILE.sub
    #[arg(long, value_name = "FILE", conflicts_with = "answers")]
    save: Option<PathBuf>,
    /// Only each N-th message
    #[arg(long, value_name = "N", default_value_t = 1)]
    every: usize,
    /// How many of the worst rules to list
    #[arg(long, value_name = "N", default_value_t = 10)]
    worst: usize,
    /// List the worst sub-rules, too
    #[arg(long)]
    sub: bool,
    /// Name the messages on which this rule or sub-rule differs
    #[arg(long, value_name = "RULE")]
    show: Vec<String>,
    /// Say for each message what differs (with --authentication: explained or not)
    #[arg(long)]
    messages: bool,
    /// Ask DNS lists, on loopback, and compare what they decide
    #[arg(long)]
    network: bool,
    /// Compare SPF, DKIM, ARC and DMARC, on loopback, with letters beside the messages
    #[arg(long, conflicts_with_all = ["network", "answers"])]
    authentication: bool,
    /// With --authentication: keep the messages as they were judged in this folder
    #[arg(long, value_name = "FOLDER", requires = "authentication")]
    keep: Option<PathBuf>,
    /// With --network: leave rules out whose names begin so
    #[arg(long, value_name = "PREFIX", value_delimiter = ',', default_values_t = NOT_LISTS.map(str::to_owned))]
    without: Vec<String>,
    /// Judge the messages so many times; CPU times are the median
    #[arg(long, value_name = "N", default_value_t = 1)]
    rounds: usize,
}

/// Rules that need the network, but no lists: signatures and policies of senders.
const NOT_LISTS: [&str; 9] = [
    "SPF_",
    "T_SPF_",
    "DKIM",
    "ARC_",
    "DMARC_",
    "USER_IN_",
    "ENV_AND_HDR_SPF",
    "BITCOIN_SPF",
    "T_DKIM",
];

/// A message to be judged.
struct Mail {
    /// As the index names it.
    path: String,
    raw: Vec<u8>,
}

fn main() {
    // cargo adds `--bench` by itself.
    let options = Options::parse_from(env::args().filter(|word| word != "--bench"));
    let mails = mails(&options);
    assert!(!mails.is_empty(), "{} names no messages", options.index.display());
    if options.authentication {
        return authentication::run(&options, &mails);
    }
    let server = options.network.then(|| zone::start(zone::Texts::new()));
    let (theirs, their_cpu) = theirs(&options, server);
    let mut ours = ours::judge(&options.rules, &mails, options.rounds, server);
    let compared = compared(&options);
    ours.answers.retain(&compared);
    let comparison = Comparison::new(&theirs, &ours.answers);
    report::accuracy(&comparison, &options);
    for rule in &options.show {
        report::rule(&comparison, rule);
    }
    if options.messages {
        report::messages(&comparison);
    }
    report::cpu(&ours, their_cpu.as_ref(), &mails);
}

fn mails(options: &Options) -> Vec<Mail> {
    let index = fs::read_to_string(&options.index).expect("the index");
    let paths =
        index.lines().step_by(options.every.max(1)).filter_map(|line| line.split('\t').nth(1));
    let read = |path: &str| {
        let raw =
            fs::read(options.root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Mail { path: path.to_owned(), raw: without_mbox_line(raw) }
    };
    paths.map(read).collect()
}

/// A message without the line that mbox files put before it.
fn without_mbox_line(raw: Vec<u8>) -> Vec<u8> {
    match raw.iter().position(|&byte| byte == b'\n') {
        Some(end) if raw.starts_with(b"From ") => raw[end + 1..].to_vec(),
        _ => raw,
    }
}

/// Whether a rule is compared.
fn compared(options: &Options) -> impl Fn(&str) -> bool + use<> {
    let network = network_rules(&options.rules);
    // SpamAssassin's plug-ins answer those, if their packages are there; ours needs its check.
    let of_authentication = authentication::rules(&options.rules);
    let (with_network, without) = (options.network, options.without.clone());
    move |rule| match with_network {
        false => !network.contains(rule),
        true => {
            let name = rule.trim_start_matches("__");
            network.contains(rule)
                && !of_authentication.contains(rule)
                && !without.iter().any(|prefix| name.starts_with(prefix))
        }
    }
}

fn theirs(options: &Options, server: Option<SocketAddr>) -> (Answers, Option<theirs::Cpu>) {
    let mut asked = None;
    let (mut answers, cpu) = match &options.answers {
        Some(file) => {
            let sub = options.sub_answers.clone().unwrap_or_else(|| answers::beside(file));
            (Answers::read(file, &sub), None)
        }
        None => {
            let folder = &*asked.insert(tempfile::tempdir().unwrap());
            let file = options.save.clone().unwrap_or_else(|| folder.path().join("answers"));
            let question = theirs::Question {
                rules: &options.rules,
                index: &options.index,
                root: &options.root,
                every: options.every,
                server,
                site: "",
            };
            let cpu = theirs::ask(&question, folder.path(), &file);
            (Answers::read(&file, &answers::beside(&file)), Some(cpu))
        }
    };
    answers.retain(compared(options));
    (answers, cpu)
}

/// The rules that say of themselves that they need the network.
fn network_rules(folder: &PathBuf) -> HashSet<String> {
    let mut rules = HashSet::new();
    for line in rule_lines(folder) {
        let mut words = line.split_whitespace();
        if words.next() == Some("tflags")
            && let Some(rule) = words.next()
            && words.any(|word| word == "net")
        {
            rules.insert(rule.to_owned());
        }
    }
    rules
}

/// All lines of the rules in a folder.
fn rule_lines(folder: &PathBuf) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder of the rules") {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "cf") {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            lines.extend(text.lines().map(str::to_owned));
        }
    }
    lines
}
