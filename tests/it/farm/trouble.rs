//! What can happen to a farm: one method a kind of trouble, and [`Troublemaker::heal`] for all of them.

use std::{collections::BTreeSet, thread, time::Duration};

use async_nats::{ConnectOptions, jetstream::message::PublishMessage};
use gatepost::cluster::JOURNAL;
use rand::{RngExt, rngs::StdRng, seq::SliceRandom as _};

use super::{client::Client, node::Farm};
use crate::servers::nats::Nats;

/// Pieces that are published again at once: some of the last so many.
const REPEATS: usize = 12;
const OF_THE_LAST: u64 = 60;

/// Makes trouble, and remembers what.
pub(crate) struct Troublemaker<'a> {
    farm: &'a mut Farm,
    random: StdRng,
    dead_nodes: BTreeSet<usize>,
    dead_servers: BTreeSet<usize>,
    wrong_clocks: BTreeSet<usize>,
    /// What was done, in words.
    pub(crate) done: Vec<String>,
}

impl<'a> Troublemaker<'a> {
    pub(crate) fn new(farm: &'a mut Farm, random: StdRng) -> Self {
        let (dead_nodes, dead_servers, wrong_clocks, done) = Default::default();
        Self { farm, random, dead_nodes, dead_servers, wrong_clocks, done }
    }

    /// Some trouble, then some time.
    pub(crate) fn anything(&mut self) {
        match self.random.random_range(0..10) {
            0..2 => self.node_dies(),
            2..4 => self.server_dies(),
            4..6 => self.host_is_cut_off(),
            6 => self.link_is_cut(),
            7 => self.net_heals(),
            _ => self.pieces_come_again(),
        }
        thread::sleep(Duration::from_millis(self.random.random_range(500..3_500)));
        if self.random.random_bool(0.5) {
            self.the_dead_come_back();
        }
    }

    fn any_host(&mut self) -> usize {
        self.random.random_range(0..self.farm.nodes.len())
    }

    fn node_dies(&mut self) {
        let node = self.any_host();
        if self.dead_nodes.insert(node) {
            self.farm.nodes[node].gatepost.kill();
            self.done.push(format!("node {node} killed"));
        }
    }

    fn server_dies(&mut self) {
        let server = self.any_host();
        if self.dead_servers.insert(server) {
            self.farm.servers[server].kill();
            self.done.push(format!("server {server} killed"));
        }
    }

    fn host_is_cut_off(&mut self) {
        let host = self.any_host();
        self.farm.net.isolate(host);
        self.done.push(format!("host {host} cut off"));
    }

    fn link_is_cut(&mut self) {
        let (one, other) = (self.any_host(), self.any_host());
        if one != other {
            self.farm.net.cut(&[one], &[other]);
            self.done.push(format!("link {one}-{other} cut"));
        }
    }

    fn net_heals(&mut self) {
        self.farm.net.heal();
        self.done.push("net healed".to_owned());
    }

    fn the_dead_come_back(&mut self) {
        for server in std::mem::take(&mut self.dead_servers) {
            self.farm.servers[server].restart();
        }
        for node in std::mem::take(&mut self.dead_nodes) {
            self.farm.nodes[node].restart();
        }
    }

    /// The node starts again with another clock, up to some hours wrong.
    pub(crate) fn clock_is_wrong(&mut self) {
        let (node, hours) = (self.any_host(), self.random.random_range(1..9));
        let hours = if self.random.random_bool(0.5) { hours } else { -hours };
        self.farm.nodes[node].gatepost.kill();
        self.set_clock(node, hours);
        self.wrong_clocks.insert(node);
        self.done.push(format!("clock of node {node} {hours:+} h"));
    }

    /// All clocks are right again.
    pub(crate) fn clock_is_right(&mut self) {
        for node in std::mem::take(&mut self.wrong_clocks) {
            self.farm.nodes[node].gatepost.kill();
            self.set_clock(node, 0);
        }
    }

    fn set_clock(&mut self, node: usize, hours: i32) {
        self.farm.nodes[node].gatepost.set_clock(hours);
        self.farm.nodes[node].restart();
        self.dead_nodes.remove(&node);
    }

    /// Some of the last pieces are published again under their own subjects, twice, in any order.
    fn pieces_come_again(&mut self) {
        let host = self.any_host();
        let seed = self.random.random();
        let urls = self.farm.servers.iter().map(Nats::url).collect();
        let host = self.farm.net.host(host);
        let Ok(client) = Client::with(host, urls, ConnectOptions::new) else { return };
        let taken = client.jetstream(move |js| async move {
            let mut random = super::node::seeded(seed);
            let stream = js.get_stream(JOURNAL).await.ok()?;
            let state = &stream.cached_info().state;
            let first = state.last_sequence.saturating_sub(OF_THE_LAST).max(state.first_sequence);
            let mut places: Vec<_> = (first..=state.last_sequence).collect();
            places.shuffle(&mut random);
            places.truncate(REPEATS);
            places.extend_from_within(..);
            let mut taken = 0;
            for place in places {
                let Ok(message) = stream.get_raw_message(place).await else { break };
                let id = format!("{:016x}", random.random::<u64>());
                let again = PublishMessage::build().payload(message.payload).message_id(id);
                let Ok(sent) = js.send_publish(message.subject.to_string(), again).await else {
                    break;
                };
                if sent.await.is_err() {
                    break;
                }
                taken += 1;
            }
            Some(taken)
        });
        self.done.push(format!("{} pieces again", taken.unwrap_or_default()));
    }

    /// All servers lose all they have.
    pub(crate) fn everything_is_lost(&mut self) {
        for server in &mut self.farm.servers {
            server.kill();
            server.wipe();
        }
        self.farm.servers.iter_mut().for_each(Nats::restart);
        self.dead_servers.clear();
        self.done.push("all servers emptied".to_owned());
    }

    /// The administrator deletes the log, if the servers are well enough.
    pub(crate) fn log_is_deleted(&mut self) {
        self.heal();
        self.farm.servers.iter().for_each(Nats::wait_healthy);
        let url = self.farm.servers[0].url();
        let client = Client::connect(self.farm.net.host(0), vec![url]);
        let deleted = client.jetstream(|js| async move { js.delete_stream(JOURNAL).await.is_ok() });
        self.done.push(format!("log deleted: {deleted}"));
    }

    /// All is well again.
    pub(crate) fn heal(&mut self) {
        self.farm.net.heal();
        self.the_dead_come_back();
    }
}
