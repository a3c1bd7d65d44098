//! From a configuration to a filter: every check with its port.
//!
//! A reload builds anew only what its part of the file changed: the resolver keeps its cache, the
//! lists their health, the bounds their count.

use std::{io, sync::Arc, thread};

use tokio::{sync::oneshot, task::AbortHandle};

use super::learned::Learned;
use crate::{
    checks::{
        Check, Reader,
        antivirus::{Antivirus, AntivirusError},
        attachments::Attachments,
        auth::Authenticator,
        links::Links,
        lists::{Definition, Lists, ListsError},
        rules::{Complaint, RuleSet, RulesError, ScoreSet, Severity},
        sender::Sender,
        test_strings::TestStrings,
    },
    config::{Config, Settings},
    contents::Readers,
    dns::{DnsError, Resolver},
    filter::{Admission, Filter, record::Provenance, rule_lists},
    history::History,
    milter::reply::{Replies, ReplyError},
};

/// Why a configuration that reads well cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The resolver.
    #[error("[dns]")]
    Dns(#[source] DnsError),
    /// A list.
    #[error("[[dns.list]]")]
    Lists(#[source] ListsError),
    /// The rules.
    #[error("[rules]")]
    Rules(#[source] RulesError),
    /// The virus scanner.
    #[error("[antivirus]")]
    Antivirus(#[source] AntivirusError),
    /// A reply's text.
    #[error("[replies]")]
    Replies(#[source] ReplyError),
    /// The thread that reads the rules could not be started.
    #[error("[rules]: cannot start the thread that reads them")]
    Thread(#[source] io::Error),
    /// The thread that read the rules died.
    #[error("[rules]: reading them was interrupted")]
    Interrupted,
    /// The thread that starts the readers could not be started.
    #[error("[contents]: cannot start the thread that starts readers")]
    Readers(#[source] io::Error),
}

/// Whether checks may use the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offline {
    /// No DNS, no scanner.
    Yes,
    /// No DNS, no scanner, no classifier: only messages are judged that were judged before, by what
    /// was recorded then.
    Recorded {
        /// The classifier had learned enough then, so that the scores with Bayes count.
        bayes_scores: bool,
    },
    /// As configured.
    No,
}

/// What was built.
pub struct Built {
    /// The filter.
    pub filter: Arc<Filter>,
    /// The texts of its answers.
    pub replies: Arc<Replies>,
    /// What asks the network.
    pub network: Network,
    /// What was learned.
    pub learned: Learned,
}

/// The checks that ask the network, and what outlives a reload that does not change it.
#[derive(Default)]
pub struct Network {
    /// The lists, to be watched.
    pub lists: Option<Lists>,
    /// The scanner, to be asked how it is.
    pub antivirus: Option<Antivirus>,
    /// Who asks who is responsible for a message.
    authenticator: Option<Authenticator>,
    resolver: Option<Resolver>,
    watch: Watch,
}

/// Watches the lists until the last configuration that uses them is gone.
#[derive(Clone, Default)]
struct Watch(Option<Arc<Watching>>);

struct Watching(AbortHandle);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Builds; judges by what was `learned`. `before` is the running configuration and what was built
/// from it.
///
/// Tests the lists before it returns (as long as one DNS question may take), so that a dead or
/// refusing one never judges a message.
///
/// # Errors
/// See [`BuildError`].
pub async fn build(
    config: &Config,
    offline: Offline,
    learned: Learned,
    before: Option<(&Config, &Built)>,
) -> Result<Built, BuildError> {
    build_with(config, offline, learned, None, before).await
}

/// As [`build`]; records judgements in `history`, if there is one.
pub(super) async fn build_with(
    config: &Config,
    offline: Offline,
    learned: Learned,
    history: Option<&Arc<History>>,
    before: Option<(&Config, &Built)>,
) -> Result<Built, BuildError> {
    let settings = &config.settings;
    let before = before.map(|(config, built)| (&config.settings, built));
    let net = settings.rules.network;
    let score_set = match offline {
        Offline::Yes => ScoreSet { net: false, bayes: learned.is_ripe(settings) },
        Offline::No => ScoreSet { net, bayes: learned.is_ripe(settings) },
        Offline::Recorded { bayes_scores } => ScoreSet { net, bayes: bayes_scores },
    };
    let rules = Arc::new(read_rules(settings, score_set).await?);
    report(rules.complaints());
    let replies = Replies::new(&settings.replies).map_err(BuildError::Replies)?;
    let network = match offline {
        Offline::Yes => Network::default(),
        Offline::No => network(config, &rules, before).await?,
        Offline::Recorded { .. } => recorded_network(config, &rules)?,
    };
    let filter = Filter {
        networks: settings.networks.clone(),
        profiles: config.profiles(),
        provenance: Provenance::of(&config.to_text(), &rules, score_set.bayes),
        checks: checks(&network, &learned, settings),
        rules,
        autolearn: learned.autolearn(settings),
        readers: readers(settings, before)?,
        admission: admission(settings, before),
        scan_bytes: settings.limits.scan_bytes,
        history: history.filter(|_| settings.history.enabled).map(Arc::clone),
    };
    Ok(Built { filter: Arc::new(filter), replies: Arc::new(replies), network, learned })
}

async fn read_rules(settings: &Settings, score_set: ScoreSet) -> Result<RuleSet, BuildError> {
    let rules = settings.rules.clone();
    let (tell, read) = oneshot::channel();
    // A thread that ends: what it leaves of free memory goes to the next thread, the one that computes.
    let thread = thread::Builder::new().name("rules".to_owned());
    let started = thread.spawn(move || drop(tell.send(RuleSet::load(&rules, score_set))));
    started.map_err(BuildError::Thread)?;
    let rules = read.await.map_err(|_| BuildError::Interrupted)?.map_err(BuildError::Rules)?;
    Ok(rules.at_home_in(&settings.networks.ours()))
}

/// Broken lines leave the rest of the rules in force, but never quietly.
fn report(complaints: &[Complaint]) {
    const MOST: usize = 20;
    for complaint in complaints.iter().filter(|c| c.severity == Severity::Error).take(MOST) {
        tracing::warn!(%complaint, "a rule is left out");
    }
    let errors = complaints.iter().filter(|c| c.severity == Severity::Error).count();
    if errors > MOST {
        tracing::warn!(errors, "more rules are left out; `gatepost rules lint` lists them");
    }
}

fn admission(settings: &Settings, before: Option<(&Settings, &Built)>) -> Arc<Admission> {
    match before {
        Some((old, built)) if old.limits == settings.limits => Arc::clone(&built.filter.admission),
        _ => Arc::new(Admission::new(&settings.limits)),
    }
}

/// Who looks into attachments: those of before, if nothing has changed for them.
fn readers(
    settings: &Settings,
    before: Option<(&Settings, &Built)>,
) -> Result<Option<Arc<Readers>>, BuildError> {
    match before {
        Some((old, built)) if old.contents == settings.contents => Ok(built.filter.readers.clone()),
        _ => Ok(Readers::new(&settings.contents).map_err(BuildError::Readers)?.map(Arc::new)),
    }
}

async fn network(
    config: &Config,
    rules: &Arc<RuleSet>,
    before: Option<(&Settings, &Built)>,
) -> Result<Network, BuildError> {
    let settings = &config.settings;
    let antivirus = Antivirus::new(&settings.antivirus).map_err(BuildError::Antivirus)?;
    let definitions = definitions(config, rules)?;
    let before = before.map(|(old, running)| (old, &running.network));
    let same_servers = before.filter(|(old, _)| old.dns.resolver() == settings.dns.resolver());
    let resolver = match same_servers.and_then(|(_, running)| running.resolver.clone()) {
        Some(resolver) => Some(resolver),
        None => resolver(settings, &definitions)?,
    };
    let mut lists = lists(settings, &definitions, resolver.as_ref(), rules)?;
    if let Some(lists) = &mut lists {
        match before.and_then(|(_, running)| running.lists.as_ref()) {
            Some(running) => lists.succeed(running).await,
            None => drop(lists.self_test().await),
        }
    }
    let authenticator = authenticator(settings, resolver.as_ref());
    Ok(Network { lists, antivirus, authenticator, resolver, watch: Watch::default() })
}

/// The checks that would ask the network. Nobody is asked, not even how the lists are.
fn recorded_network(config: &Config, rules: &Arc<RuleSet>) -> Result<Network, BuildError> {
    let settings = &config.settings;
    let antivirus = Antivirus::new(&settings.antivirus).map_err(BuildError::Antivirus)?;
    let definitions = definitions(config, rules)?;
    let resolver = resolver(settings, &definitions)?;
    let lists = lists(settings, &definitions, resolver.as_ref(), rules)?;
    let authenticator = authenticator(settings, resolver.as_ref());
    Ok(Network { lists, antivirus, authenticator, resolver, ..Network::default() })
}

fn authenticator(settings: &Settings, resolver: Option<&Resolver>) -> Option<Authenticator> {
    resolver.map(|resolver| Authenticator::new(&settings.auth, resolver.clone()))
}

/// All lists: those of the settings, and what the rules ask besides.
fn definitions(config: &Config, rules: &RuleSet) -> Result<Vec<Definition>, BuildError> {
    let mut definitions = config.settings.dns.lists().map_err(BuildError::Lists)?;
    if config.asks("lists") {
        let made: Vec<_> = definitions.iter().flat_map(|list| list.findings.names()).collect();
        let of_rules = rule_lists(rules.network(), &made);
        definitions.extend(of_rules);
    }
    Ok(definitions)
}

/// The resolver. A machine without name servers does without, unless there are lists to be asked.
fn resolver(
    settings: &Settings,
    definitions: &[Definition],
) -> Result<Option<Resolver>, BuildError> {
    match Resolver::new(&settings.dns.resolver()) {
        Ok(resolver) => Ok(Some(resolver)),
        Err(error @ DnsError::System(_)) if definitions.is_empty() => {
            tracing::warn!(error = crate::chain(&error), "DNS is not asked");
            Ok(None)
        }
        Err(error) => Err(BuildError::Dns(error)),
    }
}

/// The lists, if there are any.
fn lists(
    settings: &Settings,
    definitions: &[Definition],
    resolver: Option<&Resolver>,
    rules: &Arc<RuleSet>,
) -> Result<Option<Lists>, BuildError> {
    let Some(resolver) = resolver.filter(|_| !definitions.is_empty()) else { return Ok(None) };
    let reader: Arc<dyn Reader> = Arc::clone(rules) as _;
    let lists = Lists::new(definitions, settings.dns.refuse_hits, resolver.clone(), reader);
    lists.map(Some).map_err(BuildError::Lists)
}

impl Network {
    /// Watches the lists' health from now on, unless that is being done already.
    pub fn watch_lists(&mut self) {
        if self.watch.0.is_some() {
            return;
        }
        if let Some(lists) = self.lists.clone() {
            let task = tokio::spawn(async move { lists.monitor().await });
            self.watch = Watch(Some(Arc::new(Watching(task.abort_handle()))));
        }
    }
}

fn checks(network: &Network, learned: &Learned, settings: &Settings) -> Vec<Arc<dyn Check>> {
    let mut checks: Vec<Arc<dyn Check>> = vec![
        Arc::new(TestStrings::new()),
        Arc::new(learned.gate(settings)),
        Arc::new(Attachments::new(&settings.attachments)),
        Arc::new(Sender::new(&settings.sender, network.resolver.clone())),
        Arc::new(Links::new(&settings.sender.own_domains)),
    ];
    if let Some(bayes) = learned.check(settings) {
        checks.push(Arc::new(bayes));
    }
    for lists in network.lists.iter().flat_map(Lists::views) {
        checks.push(Arc::new(lists));
    }
    if let Some(authenticator) = &network.authenticator {
        checks.push(Arc::new(authenticator.clone()));
    }
    if let Some(antivirus) = &network.antivirus {
        checks.push(Arc::new(antivirus.clone()));
    }
    checks
}
