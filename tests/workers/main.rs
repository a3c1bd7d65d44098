//! The workers in which hostile formats are read, as real processes: what they cannot do, and that no task is
//! lost whatever becomes of them. `cargo test --test workers [NAME]`.
//!
//! This program is both sides: the tests, and ([`probe`]) the worker, which is confined as in the service but
//! does what a conquered one might try. That is why it has no harness of libtest, whose `main` is its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, and clippy's own exception covers only #[test] functions"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "no runtime here to block; results are for the person watching"
)]

mod confined;
mod png;
mod pool;
mod probe;
mod procs;

use std::{env, panic, process::ExitCode};

use gatepost::contents::process;

const TESTS: &[(&str, fn())] = &[
    ("confined::an_opener_can_do_nothing_but_answer", confined::opener),
    ("confined::nothing_is_inherited", confined::inherited),
    ("confined::a_looker_can_run_its_program_alone", confined::looker),
    ("confined::what_it_started_ends_with_it", confined::killed_whole),
    ("confined::by_hand", confined::by_hand),
    ("confined::a_kernel_without_landlock", confined::without_landlock),
    ("confined::workers_die_with_the_service", confined::orphans),
    ("pool::trouble_costs_one_task", pool::trouble),
    ("pool::nonsense_is_not_believed", pool::nonsense),
    ("pool::at_the_deadline_it_ends", pool::deadline),
    ("pool::killed_at_random", pool::killed),
    ("pool::a_flood_leaves_ours_alone", pool::flood),
    ("pool::who_gives_up_makes_room", pool::dropped),
    ("pool::no_program_does_not_spin", pool::missing),
    ("pool::workers_are_replaced", pool::replaced),
    ("pool::with_the_pool_all_end", pool::ended),
    ("pool::messages_are_opened", pool::opened),
    ("pool::what_it_costs", pool::figures),
    ("pool::pictures_are_looked_at", pool::looked),
];

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let first = arguments.next().unwrap_or_default();
    match first.to_str() {
        Some("probe") => return probe::run(arguments),
        Some("worker") => return process::run(arguments),
        Some("parent") => return confined::parent(),
        Some("without-landlock") => return confined::in_a_kernel_without_landlock(),
        _ => {}
    }
    let wanted = first.to_str().filter(|word| !word.starts_with('-')).unwrap_or_default();
    let mut failed = Vec::new();
    for (name, test) in TESTS.iter().filter(|(name, _)| name.contains(wanted)) {
        println!("test {name} ...");
        if panic::catch_unwind(test).is_err() {
            failed.push(name);
        }
    }
    println!("failed: {failed:?}");
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
