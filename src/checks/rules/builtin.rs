//! The rules in the binary: `rules/*.cf`, with their cases for `gatepost rules test`.

/// File name and text of every built-in rules file, in the order in which they are read.
pub(super) const RULES: &[(&str, &str)] = &[];

/// File name and text of every built-in file of cases.
pub(super) const CASES: &[(&str, &str)] = &[];

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// The names in `rules/` that end so, in order.
    fn on_disk(extension: &str) -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| Path::new(name).extension().is_some_and(|found| found == extension))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn every_rules_file_is_built_in() {
        for (built_in, extension) in [(RULES, "cf"), (CASES, "cases")] {
            let mut names: Vec<_> = built_in.iter().map(|(name, _)| *name).collect();
            names.sort_unstable();
            assert_eq!(names, on_disk(extension));
        }
    }
}
