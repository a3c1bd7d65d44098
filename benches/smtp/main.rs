//! Load figures against real servers: `tests/run.sh --bench smtp [COMMAND [ARGUMENT]]`.
//!
//! | command | what it shows |
//! |---|---|
//! | `postfix [COUNT]` | messages a second through Postfix: no milter, unix socket, inet socket |
//! | `overload [SECONDS]` | three times what gatepost can do: who is judged, who is told 4xx |
//! | `connections [COUNT]` | 1,000 open connections of which 50 work |
//! | `early` | what late DNS answers add at the end of a message |
//! | `cpu PATH…` | CPU time a message, beside the bare parse of mail-parser |
//!
//! Without a command: all of them (`cpu` needs mail and is left out). Figures of a machine that
//! does other things meanwhile are worth only their ratios: compared runs take turns.
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
    reason = "no runtime here to block; figures are for the person watching"
)]

#[allow(dead_code, reason = "shared with tests/it, which uses all of it")]
#[path = "../../tests/it/mail.rs"]
mod mail;
#[path = "../samples/mod.rs"]
mod samples;
#[allow(dead_code, reason = "shared with tests/it, which uses all of it")]
#[path = "../../tests/it/servers/mod.rs"]
mod servers;

mod connections;
mod cpu;
mod early;
mod figures;
mod load;
mod overload;
mod postfix;

use std::{env, path::PathBuf, time::Duration};

fn main() {
    // cargo adds `--bench` by itself.
    let arguments: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("all", &[][..]),
    };
    let number = |default: usize| {
        rest.first().map_or(default, |word| word.parse().expect("a number behind the command"))
    };
    match command {
        "postfix" => postfix::run(number(2_000)),
        "overload" => overload::run(Duration::from_secs(number(60) as u64)),
        "connections" => connections::run(number(100)),
        "early" => early::run(),
        "cpu" => cpu::run(&rest.iter().map(PathBuf::from).collect::<Vec<_>>()),
        "all" => {
            postfix::run(2_000);
            overload::run(Duration::from_mins(1));
            connections::run(100);
            early::run();
        }
        other => panic!("no command {other:?}; see the head of benches/smtp/main.rs"),
    }
}
