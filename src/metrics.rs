//! The counters: one function a thing worth counting, so that no name is written twice.
//!
//! Names and labels are an interface to people's dashboards: they change only with a line in
//! CHANGELOG.md. [`install`] makes this process keep them; `control/` serves the text.

use std::time::Duration;

use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use nix::time::{ClockId, clock_gettime};

/// How often measurements are folded into the counters.
const UPKEEP: Duration = Duration::from_secs(5);

/// CPU time that this thread has taken: the clock that limits and figures go by, since other work
/// on the machine does not move it. Asking takes some hundred nanoseconds.
pub fn thread_cpu_time() -> Duration {
    // The clock is there since Linux 2.6; without it no limit would ever be reached.
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// Renders all counters as Prometheus text.
#[derive(Clone)]
pub struct Text(PrometheusHandle);

impl Text {
    /// The counters now, in the Prometheus text format.
    pub fn render(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }

    /// Folds what was measured into the counters every few seconds, for ever. Else every message
    /// would stay in memory until somebody asks for the text, which may be never.
    pub async fn keep_up(self) {
        loop {
            tokio::time::sleep(UPKEEP).await;
            self.0.run_upkeep();
        }
    }
}

/// Starts keeping counters in this process.
///
/// # Errors
/// Another recorder is already installed.
pub fn install() -> Result<Text, BuildError> {
    const SECONDS: [f64; 12] =
        [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 20.0];
    PrometheusBuilder::new().set_buckets(&SECONDS)?.install_recorder().map(Text)
}

/// A message was judged, `took` after its end; `verdict` is the word that logs use.
pub fn judged(profile: &str, verdict: &'static str, took: Duration) {
    let profile = profile.to_owned();
    counter!("gatepost_messages_total", "profile" => profile.clone(), "verdict" => verdict)
        .increment(1);
    histogram!("gatepost_judging_seconds", "profile" => profile).record(took.as_secs_f64());
}

/// A client was refused at RCPT: because of the lists it is on, or of SPF.
pub fn client_refused(profile: &str) {
    counter!("gatepost_clients_refused_total", "profile" => profile.to_owned()).increment(1);
}

/// A message was accepted although no virus scanner vouches for it.
pub fn accepted_unscanned(profile: &str) {
    counter!("gatepost_accepted_unscanned_total", "profile" => profile.to_owned()).increment(1);
}

/// A check ended for one message: `answered`, `late`, `broken` or `absent`.
pub fn check_ended(check: &'static str, how: &'static str) {
    counter!("gatepost_checks_total", "check" => check, "outcome" => how).increment(1);
}

/// A method of authentication (`spf`, `helo`, `dkim`, `arc`, `dmarc`) ended for one message, or for one of
/// its signatures, with one of RFC 8601's results.
pub fn authenticated(method: &'static str, result: &'static str) {
    counter!("gatepost_authentication_total", "method" => method, "result" => result).increment(1);
}

/// A rule's pattern took too many steps for one message and was given up.
pub fn pattern_limit_exceeded() {
    counter!("gatepost_pattern_limits_exceeded_total").increment(1);
}

/// Somebody was told 4xx without being judged: `connections`, `memory`, `queue`, `draining`,
/// `forged` (more forged header fields than can be taken out).
pub fn turned_away(why: &'static str) {
    counter!("gatepost_turned_away_total", "why" => why).increment(1);
}

/// A milter connection was opened or (−1) closed.
pub fn connections(change: i32) {
    gauge!("gatepost_milter_connections").increment(f64::from(change));
}

/// A reload was asked for and succeeded or not.
pub fn reloaded(succeeded: bool) {
    let result = if succeeded { "done" } else { "failed" };
    counter!("gatepost_reloads_total", "result" => result).increment(1);
}

/// A transaction ended before its message did.
pub fn aborted() {
    counter!("gatepost_transactions_aborted_total").increment(1);
}

/// Something could not be learned, or the model not be kept: a full disk, a damaged store.
pub fn learning_failed() {
    counter!("gatepost_learning_failed_total").increment(1);
}

/// A message was sure enough to be learned without being asked: `spam`, `ham`, `known` (somebody
/// had taught it before), `left_out` (too many at once), `failed`.
pub fn autolearned(how: &'static str) {
    counter!("gatepost_autolearned_total", "how" => how).increment(1);
}

/// This node is connected to the farm, or no longer.
pub fn farm_connected(connected: bool) {
    gauge!("gatepost_cluster_connected").set(f64::from(u8::from(connected)));
}

/// So many events were taught here that the farm has not been told, and so many pieces of its log have
/// not been read.
pub fn farm_lag(untold: u64, unread: u64) {
    gauge!("gatepost_cluster_untold_events").set(untold as f64);
    gauge!("gatepost_cluster_unread_pieces").set(unread as f64);
}

/// The log of the farm has so many pieces and bytes, on so many servers that are up to date.
pub fn farm_log(pieces: u64, bytes: u64, copies: usize) {
    gauge!("gatepost_cluster_log_pieces").set(pieces as f64);
    gauge!("gatepost_cluster_log_bytes").set(bytes as f64);
    gauge!("gatepost_cluster_log_copies").set(copies as f64);
}

/// A node of the farm spoke so many seconds ago; then it lacked so many events, and had for so long.
pub fn farm_node(node: &str, seen: u64, behind_events: u64, behind_seconds: u64) {
    let node = node.to_owned();
    gauge!("gatepost_cluster_node_seen_seconds", "node" => node.clone()).set(seen as f64);
    gauge!("gatepost_cluster_node_behind_events", "node" => node.clone()).set(behind_events as f64);
    gauge!("gatepost_cluster_node_behind_seconds", "node" => node).set(behind_seconds as f64);
}

/// All nodes that speak know the same, or not.
pub fn farm_level(is_level: bool) {
    gauge!("gatepost_cluster_level").set(f64::from(u8::from(is_level)));
}

/// A piece of a journal was `told` to the farm or `learned` from it.
pub fn farm_piece(how: &'static str, events: u64, bytes: usize) {
    counter!("gatepost_cluster_pieces_total", "direction" => how).increment(1);
    counter!("gatepost_cluster_events_total", "direction" => how).increment(events);
    counter!("gatepost_cluster_bytes_total", "direction" => how).increment(bytes as u64);
}

/// A piece of the log was refused: `subject`, `form`, `tokenizer`, `stranger`, `gap`.
pub fn farm_refused(why: &'static str) {
    counter!("gatepost_cluster_refused_total", "why" => why).increment(1);
}

/// A snapshot was `made`, or `taken` in.
pub fn farm_snapshot(how: &'static str, bytes: u64) {
    counter!("gatepost_cluster_snapshots_total", "what" => how).increment(1);
    counter!("gatepost_cluster_snapshot_bytes_total", "what" => how).increment(bytes);
}

/// A judgement was recorded.
pub fn history_kept() {
    counter!("gatepost_history_records_total").increment(1);
}

/// A judgement was not recorded: `queue` (more at once than the disk takes), `disk` (full, or broken),
/// `size` (too large), `unwritable` (by a mistake of ours).
pub fn history_dropped(why: &'static str) {
    counter!("gatepost_history_dropped_total", "why" => why).increment(1);
}

/// A task of the workers that look into attachments (`opener`) and at pictures (`looker`) was `done`, `crashed` its
/// worker, was `late`, `unserved` (no worker could be started), or `skipped` (there was too much to do).
pub fn contents_task(role: &'static str, how: &'static str) {
    counter!("gatepost_contents_tasks_total", "role" => role, "result" => how).increment(1);
}

/// How the queue of such workers stands: tasks at work, and waiting in each lane.
pub fn contents_queue(role: &'static str, working: usize, outside: usize, ours: usize) {
    gauge!("gatepost_contents_working", "role" => role).set(working as f64);
    gauge!("gatepost_contents_waiting", "role" => role, "lane" => "outside").set(outside as f64);
    gauge!("gatepost_contents_waiting", "role" => role, "lane" => "ours").set(ours as f64);
}

/// A picture was `read` (or known), `skipped` because there was no time for it, or its reader `failed`.
pub fn picture(result: &'static str) {
    counter!("gatepost_pictures_total", "result" => result).increment(1);
}

/// A question went to a DNS server.
pub fn dns_question() {
    counter!("gatepost_dns_questions_total").increment(1);
}

/// A question was answered from the cache.
pub fn dns_cache_hit() {
    counter!("gatepost_dns_cache_hits_total").increment(1);
}

/// No DNS server answered a question: timeout, SERVFAIL, REFUSED.
pub fn dns_failure() {
    counter!("gatepost_dns_failures_total").increment(1);
}

/// A DNS list did not answer a question.
pub fn dns_list_failed(list: &str) {
    counter!("gatepost_dns_list_failures_total", "list" => list.to_owned()).increment(1);
}

/// Whether a DNS list is set aside.
pub fn dns_list_aside(list: &str, aside: bool) {
    gauge!("gatepost_dns_list_aside", "list" => list.to_owned()).set(f64::from(u8::from(aside)));
}

/// A scan ended: `clean`, `infected` or `failed`.
pub fn virus_scan(result: &'static str) {
    counter!("gatepost_virus_scans_total", "result" => result).increment(1);
}
