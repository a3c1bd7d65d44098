//! Teaching the filter, as people and programs do it: `gatepost train` and `gatepost store` with
//! and without the service, what judging makes of it, and what must not go wrong.

mod autolearn;
mod crash;
mod door;
mod figures;
mod forms;
mod judging;
mod maintenance;
mod service;
mod sources;
mod trouble;

use std::path::Path;

use crate::servers::{Folder, command::Shell};

/// A configuration whose store lies in the folder, for when no service runs.
fn shell(folder: &Folder) -> Shell {
    let store = folder.path().join("store");
    let text = format!("[store]\npath = {store:?}\n");
    Shell::new(folder.write("gatepost.toml", text))
}

/// As an argument.
fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
