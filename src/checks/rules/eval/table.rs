//! All functions that SpamAssassin 4.0 has, and how they stand here.

use super::{PLUGINS, Standing};

/// A function, for lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionInfo {
    /// The plugin of SpamAssassin that has it.
    pub plugin: &'static str,
    /// Its name in rules.
    pub name: &'static str,
    /// `same`, `differs`, `elsewhere` (another check answers) or `not yet`.
    pub standing: &'static str,
    /// In which cases it differs, or which check answers; may be empty.
    pub how: &'static str,
}

/// Functions that there are not. Rules that ask them are left out.
const NOT_YET: &[(&str, &[&str])] = &[
    ("AuthRes", &["check_authres_result"]),
    (
        "DecodeShortURLs",
        &[
            "short_url",
            "short_url_200",
            "short_url_404",
            "short_url_chained",
            "short_url_code",
            "short_url_loop",
            "short_url_maxchain",
            "short_url_redir",
            "short_url_tests",
        ],
    ),
    ("Phishing", &["check_phishing"]),
    ("URILocalBL", &["check_uri_local_bl"]),
];

/// All of them, by plugin.
pub fn functions() -> impl Iterator<Item = FunctionInfo> {
    let here = PLUGINS.iter().flat_map(|(plugin, functions)| {
        functions.iter().map(|function| {
            let (standing, how) = match function.standing {
                Standing::Same => ("same", ""),
                Standing::Differs(how) => ("differs", how),
                Standing::Elsewhere(check) => ("elsewhere", check),
            };
            FunctionInfo { plugin, name: function.name, standing, how }
        })
    });
    let missing = NOT_YET.iter().flat_map(|(plugin, names)| {
        names.iter().map(|name| FunctionInfo { plugin, name, standing: "not yet", how: "" })
    });
    let mut all: Vec<_> = here.chain(missing).collect();
    all.sort_by_key(|function| function.plugin.to_ascii_lowercase());
    all.into_iter()
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, env, fs};

    use super::*;

    /// The table in the documentation of [`super::super`]. Where functions have changed, it is
    /// written anew by `GATEPOST_WRITE_TABLES=1 cargo test --lib eval::table`.
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/checks/rules/eval/functions.md");

    fn table() -> String {
        let mut text = String::from("| plugin | function | standing |\n|---|---|---|\n");
        let mut last = "";
        for FunctionInfo { plugin, name, standing, how } in functions() {
            let plugin_cell = if plugin == last { "" } else { plugin };
            let colon = if how.is_empty() { "" } else { ": " };
            text += &format!("| {plugin_cell} | `{name}` | {standing}{colon}{how} |\n");
            last = plugin;
        }
        text
    }

    #[test]
    fn the_documentation_lists_all_functions() {
        if env::var_os("GATEPOST_WRITE_TABLES").is_some() {
            fs::write(FILE, table()).unwrap();
        }
        let written = fs::read_to_string(FILE).unwrap_or_default();
        assert!(written == table(), "{FILE} is not up to date; see the constant FILE here");
    }

    #[test]
    fn no_function_is_there_twice() {
        let mut seen = HashSet::new();
        for function in functions() {
            assert!(seen.insert(function.name), "{}", function.name);
        }
    }
}
