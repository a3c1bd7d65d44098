//! Names of the counters, and their Prometheus text.
//!
//! One constant a metric, with its meaning: code elsewhere counts by calling a function here, so
//! that no name is written twice.
