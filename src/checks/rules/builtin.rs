//! The rules in the binary: `rules/*.cf`, with their cases for `gatepost rules test`.

/// File name and text of every built-in rules file, in the order in which they are read.
pub(super) const RULES: &[(&str, &str)] = &[
    ("auth.cf", include_str!("../../../rules/auth.cf")),
    ("bayes.cf", include_str!("../../../rules/bayes.cf")),
    ("bounces.cf", include_str!("../../../rules/bounces.cf")),
    ("bulk.cf", include_str!("../../../rules/bulk.cf")),
    ("contents.cf", include_str!("../../../rules/contents.cf")),
    ("crypto.cf", include_str!("../../../rules/crypto.cf")),
    ("dating.cf", include_str!("../../../rules/dating.cf")),
    ("forgery.cf", include_str!("../../../rules/forgery.cf")),
    ("ham.cf", include_str!("../../../rules/ham.cf")),
    ("headers.cf", include_str!("../../../rules/headers.cf")),
    ("links.cf", include_str!("../../../rules/links.cf")),
    ("lists.cf", include_str!("../../../rules/lists.cf")),
    ("malware.cf", include_str!("../../../rules/malware.cf")),
    ("money.cf", include_str!("../../../rules/money.cf")),
    ("obfuscation.cf", include_str!("../../../rules/obfuscation.cf")),
    ("pharma.cf", include_str!("../../../rules/pharma.cf")),
    ("phishing.cf", include_str!("../../../rules/phishing.cf")),
    ("scores.cf", include_str!("../../../rules/scores.cf")),
    ("tuned.cf", include_str!("../../../rules/tuned.cf")),
    ("world.cf", include_str!("../../../rules/world.cf")),
];

/// File name and text of every built-in file of cases.
pub(super) const CASES: &[(&str, &str)] = &[
    ("auth.cases", include_str!("../../../rules/auth.cases")),
    ("bayes.cases", include_str!("../../../rules/bayes.cases")),
    ("bounces.cases", include_str!("../../../rules/bounces.cases")),
    ("bulk.cases", include_str!("../../../rules/bulk.cases")),
    ("contents.cases", include_str!("../../../rules/contents.cases")),
    ("crypto.cases", include_str!("../../../rules/crypto.cases")),
    ("dating.cases", include_str!("../../../rules/dating.cases")),
    ("forgery.cases", include_str!("../../../rules/forgery.cases")),
    ("ham.cases", include_str!("../../../rules/ham.cases")),
    ("headers.cases", include_str!("../../../rules/headers.cases")),
    ("links.cases", include_str!("../../../rules/links.cases")),
    ("lists.cases", include_str!("../../../rules/lists.cases")),
    ("malware.cases", include_str!("../../../rules/malware.cases")),
    ("money.cases", include_str!("../../../rules/money.cases")),
    ("obfuscation.cases", include_str!("../../../rules/obfuscation.cases")),
    ("pharma.cases", include_str!("../../../rules/pharma.cases")),
    ("phishing.cases", include_str!("../../../rules/phishing.cases")),
    ("world.cases", include_str!("../../../rules/world.cases")),
];

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
