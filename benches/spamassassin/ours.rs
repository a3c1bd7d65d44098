//! gatepost's side: the rules in this process, on one thread; with the network, the lists that they
//! ask, too.

use std::{hint::black_box, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use gatepost::{
    checks::{
        Case, Check, Work,
        lists::Lists,
        rules::{RuleSet, ScoreSet, Settings},
    },
    dns::{self, Resolver},
    filter::rule_lists,
    mail::{Envelope, Message},
    verdict::{Finding, Witness},
};
use tokio::runtime::Runtime;

use crate::{
    Mail,
    answers::{Answer, Answers},
    figures::{median, own_cpu},
};

/// What gatepost says, and what it took.
pub(crate) struct Ours {
    pub(crate) answers: Answers,
    /// CPU time of reading and compiling the rules.
    pub(crate) loading: Duration,
    /// CPU time a message from its bytes to its findings, in microseconds.
    pub(crate) judging: f64,
    /// CPU time a message of mail-parser's parse, in microseconds.
    pub(crate) bare_parse: f64,
}

/// The lists that rules ask.
struct Network {
    lists: Lists,
    runtime: Runtime,
}

impl Network {
    /// Those of these rules, asked by way of this server.
    fn new(rules: &Arc<RuleSet>, server: SocketAddr) -> Self {
        let runtime = Runtime::new().expect("threads");
        let _runtime = runtime.enter();
        let settings = dns::Settings { servers: vec![server.into()], ..dns::Settings::default() };
        let resolver = Resolver::new(&settings).expect("a resolver");
        let definitions = rule_lists(rules.network(), &[]);
        let lists = Lists::new(&definitions, 0, resolver, Arc::clone(rules) as _);
        let lists = lists.expect("lists that can be asked");
        let status = runtime.block_on(lists.self_test());
        for aside in status.iter().filter(|status| status.aside.is_some()) {
            println!("{}: {:?}", aside.list, aside.aside);
        }
        drop(_runtime);
        Self { lists, runtime }
    }

    /// What they find about a message.
    fn find(&self, case: &Case) -> Vec<Finding> {
        let _runtime = self.runtime.enter();
        match self.lists.of_message(case, &Witness::live()) {
            Some(Work::Io(asked)) => {
                self.runtime.block_on(asked).map(|answer| answer.findings).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
}

/// Judges all messages. There is no envelope: all that is known stands in the messages.
pub(crate) fn judge(
    rules: &Path,
    mails: &[Mail],
    rounds: usize,
    server: Option<SocketAddr>,
) -> Ours {
    let before = own_cpu();
    let include = vec![rules.display().to_string()];
    let local = ScoreSet { net: server.is_some(), bayes: false };
    let rules = RuleSet::load(&Settings { include, ..Settings::default() }, local)
        .expect("rules that can be read");
    let rules = Arc::new(rules);
    let network = server.map(|server| Network::new(&rules, server));
    let loading = own_cpu().saturating_sub(before);
    let rounds: Vec<(f64, f64)> = (0..rounds.max(1))
        .map(|_| {
            let bare = micros(mails, |mail| {
                black_box(mail_parser::MessageParser::default().parse(&mail.raw));
            });
            let judged = micros(mails, |mail| {
                let hits = rules.examine(&case(mail));
                black_box(rules.conclude(hits, &[]));
            });
            (bare, judged)
        })
        .collect();
    let find =
        |mail: &Mail| network.as_ref().map(|network| network.find(&case(mail))).unwrap_or_default();
    let answered = |mail: &Mail| (mail.path.clone(), answer(&rules, mail, &find(mail)));
    let answers = mails.iter().map(answered).collect();
    Ours {
        answers: Answers(answers),
        loading,
        judging: median(rounds.iter().map(|&(_, judged)| judged).collect()),
        bare_parse: median(rounds.iter().map(|&(bare, _)| bare).collect()),
    }
}

fn case(mail: &Mail) -> Case {
    Case {
        envelope: Arc::new(Envelope::default()),
        message: Arc::new(Message::parse(mail.raw.clone())),
    }
}

fn answer(rules: &RuleSet, mail: &Mail, found: &[Finding]) -> Answer {
    let hits = rules.examine(&case(mail));
    let all = rules.examine_all(&case(mail));
    let fired = |hits, sub_rules: bool| {
        let fired = rules.fired(hits, found).into_iter().map(|name| name.as_str().to_owned());
        fired.filter(|name| name.starts_with("__") == sub_rules).collect()
    };
    let (named, sub_rules) = (fired(&hits, false), fired(&all, true));
    let concluded = rules.conclude(hits, found);
    let of_lists = found.iter().filter_map(|finding| rules.weight(finding.name.as_str()));
    let weights = concluded.iter().map(|finding| finding.weight).chain(of_lists);
    let score = weights.map(|weight| weight.as_f64()).sum();
    Answer { score, rules: named, sub_rules }
}

/// Mean CPU time of `work`, in microseconds.
fn micros(mails: &[Mail], work: impl Fn(&Mail)) -> f64 {
    let before = own_cpu();
    mails.iter().for_each(work);
    own_cpu().saturating_sub(before).as_secs_f64() * 1e6 / mails.len() as f64
}
