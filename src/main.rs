//! The `gatepost` program: see `gatepost --help`, and the library for how it is made.

use std::process::ExitCode;

fn main() -> ExitCode {
    gatepost::cli::run()
}
