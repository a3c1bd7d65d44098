//! The counters: one function a thing worth counting, so that no name is written twice.
//!
//! One constant a metric, with its meaning: code elsewhere counts by calling a function here, so
//! that no name is written twice.

/// Questions that went to a DNS server.
const DNS_QUESTIONS: &str = "gatepost_dns_questions_total";
/// Questions answered from the cache.
const DNS_CACHE_HITS: &str = "gatepost_dns_cache_hits_total";
/// Questions that no server answered: timeouts, SERVFAIL, REFUSED.
const DNS_FAILURES: &str = "gatepost_dns_failures_total";
/// 1 while a DNS list is set aside, 0 while it is asked; label `list`.
const DNS_LIST_ASIDE: &str = "gatepost_dns_list_aside";
/// Scans asked of the virus scanner; label `result`: `clean`, `infected`, `failed`.
const VIRUS_SCANS: &str = "gatepost_virus_scans_total";

/// Counts a question that goes to a DNS server.
pub fn dns_question() {
    metrics::counter!(DNS_QUESTIONS).increment(1);
}

/// Counts a question that the cache answered.
pub fn dns_cache_hit() {
    metrics::counter!(DNS_CACHE_HITS).increment(1);
}

/// Counts a question that no DNS server answered.
pub fn dns_failure() {
    metrics::counter!(DNS_FAILURES).increment(1);
}

/// Notes whether a DNS list is set aside.
pub fn dns_list_aside(list: &str, aside: bool) {
    metrics::gauge!(DNS_LIST_ASIDE, "list" => list.to_owned()).set(f64::from(u8::from(aside)));
}

/// Counts a scan by how it ended: `clean`, `infected` or `failed`.
pub fn virus_scan(result: &'static str) {
    metrics::counter!(VIRUS_SCANS, "result" => result).increment(1);
}
