//! Lists that are about what other lookups find: the addresses of hosts, the name servers of domains.

use std::net::Ipv4Addr;

use futures_util::future::join_all;

use super::{About, check::Shared, labels, list::List, plan::Question, tally::Tally};
use crate::verdict::Witness;

/// So many name servers of a domain, and addresses of a host, are gone after. Few have more, and who
/// sends a message must not make it many questions.
const MOST: usize = 4;

impl Shared {
    /// The addresses of a host that a link leads to.
    pub(super) async fn follow_host(&self, host: &str, tally: &Tally<'_>, witness: &Witness) {
        self.addresses(host, About::UriAddress, tally, witness).await;
    }

    /// The name servers of a domain that a link leads to, and their addresses.
    pub(super) async fn follow_domain(&self, domain: &str, tally: &Tally<'_>, witness: &Witness) {
        let mut servers = match self.resolver.name_servers(domain, witness).await {
            Ok(records) => records.answers,
            Err(error) => return tally.failed(error),
        };
        tally.answered();
        servers.truncate(MOST);
        servers.retain(|server| labels::is_host_name(server));
        let names = servers.iter().flat_map(|server| self.about_name_server(server, tally));
        let questions: Vec<Question> = names.collect();
        let names = questions.iter().map(|question| self.ask(question, tally, witness));
        let wants_addresses = tally.following(About::NameServerAddress).next().is_some();
        let addresses = servers
            .iter()
            .filter(|_| wants_addresses)
            .map(|server| self.addresses(server, About::NameServerAddress, tally, witness));
        tokio::join!(join_all(names), join_all(addresses));
    }

    /// What lists of names are asked about a name server.
    fn about_name_server(&self, server: &str, tally: &Tally<'_>) -> Vec<Question> {
        let domain = self.registered(server);
        let whole = tally.following(About::NameServerHost).map(|list| question(list, server));
        let domains = tally.following(About::NameServerDomain).map(|list| question(list, &domain));
        whole.chain(domains).collect()
    }

    /// Asks the lists about the addresses of a host.
    async fn addresses(&self, host: &str, about: About, tally: &Tally<'_>, witness: &Witness) {
        let addresses = match self.resolver.addresses(host, witness).await {
            Ok(records) => records.answers,
            Err(error) => return tally.failed(error),
        };
        tally.answered();
        let known = |address: &Ipv4Addr| labels::listable((*address).into());
        let labels = addresses.iter().filter_map(known).take(MOST).map(labels::reversed);
        let questions: Vec<Question> = labels
            .flat_map(|label| tally.following(about).map(move |list| question(list, &label)))
            .collect();
        join_all(questions.iter().map(|question| self.ask(question, tally, witness))).await;
    }
}

fn question((number, list): (usize, &List), label: &str) -> Question {
    Question {
        zone: list.zone,
        label: label.to_owned(),
        kind: list.definition.records,
        lists: vec![number],
    }
}
