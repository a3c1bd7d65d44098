//! gatepost
pub mod checks;
pub mod clamd;
pub mod dns;
pub mod mail;
pub mod metrics;
pub mod verdict;
