//! What /proc tells of processes.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

/// Processes that this one has started and not waited for.
pub(crate) fn children() -> Vec<i32> {
    with(1, std::process::id() as i32)
}

/// Processes of a group.
pub(crate) fn members(group: i32) -> Vec<i32> {
    with(2, group)
}

/// Those with this number in a field of their line, from the state on (proc(5)).
fn with(field: usize, number: i32) -> Vec<i32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_wanted = |pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields = stat.rsplit_once(')').map(|(_, fields)| fields.split_whitespace());
        fields.and_then(|mut fields| fields.nth(field)?.parse().ok()) == Some(number)
    };
    numbers.filter(is_wanted).collect()
}

/// Whether a process is there, and more than a name that nobody has taken note of.
pub(crate) fn lives(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

/// Waits for something that has to come.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "{what}: not in a minute");
        thread::sleep(Duration::from_millis(5));
    }
}
