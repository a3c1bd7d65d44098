//! The import law: a module uses only lower floors or its own children, siblings do not know each
//! other, and each outside crate has its home. The tables are the law; `src/lib.rs` explains it.
//!
//! Reads the sources as text: `crate::…` and `super::…` paths, comments and strings left out.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use toml::Table;

/// The modules of `src/` by floor, top first.
const FLOORS: [(u8, &[&str]); 8] = [
    (8, &["cli"]),
    (7, &["service"]),
    (6, &["config"]),
    (5, &["milter", "control", "replay", "cluster"]),
    (4, &["filter"]),
    (3, &["checks"]),
    (2, &["dns", "clamd", "contents", "listen", "store", "history", "corpus"]),
    (1, &["mail", "verdict", "metrics", "endpoint"]),
];

/// Folders whose children are siblings that must not know each other either.
const SIBLINGS: [&str; 1] = ["checks"];

/// Where each crate may be named. Empty: anywhere (the runtime, data and error words, logging).
const HOMES: &[(&str, &[&str])] = &[
    ("tokio", &[]),
    ("futures-util", &[]),
    ("serde", &[]),
    ("thiserror", &[]),
    ("tracing", &[]),
    ("indexmap", &[]),
    ("ipnet", &[]),
    ("serde_json", &["cli", "verdict", "checks/rules", "control", "cluster", "service"]),
    ("indymilter", &["milter", "replay/load"]),
    ("socket2", &["milter", "replay/load"]),
    ("mail-parser", &["mail"]),
    ("infer", &["mail"]),
    ("mail-auth", &["checks/auth"]),
    ("idna", &["mail"]),
    ("unicode-security", &["mail"]),
    ("regex", &["checks/rules", "checks/lists"]),
    ("regex-syntax", &["checks/rules"]),
    ("regex-automata", &["checks/rules"]),
    ("whatlang", &["checks/rules"]),
    (
        "memchr",
        &["checks/test_strings", "checks/rules", "mail", "contents/archive", "contents/document"],
    ),
    ("pcre2", &["checks/rules"]),
    (
        "sha2",
        &[
            "checks/access",
            "checks/bayes",
            "checks/lists",
            "filter",
            "contents",
            "replay/html",
            "cluster/subject",
            "contents",
        ],
    ),
    ("sha1", &["checks/lists", "contents/archive/lock", "contents/document/ole"]),
    ("md-5", &["checks/lists", "contents/document/pdf"]),
    ("libm", &["checks/bayes", "replay/html"]),
    ("hdrhistogram", &["replay/load"]),
    ("hickory-resolver", &["dns"]),
    ("moka", &["dns"]),
    ("clamav-client", &["clamd"]),
    ("redb", &["store"]),
    ("siphasher", &["store", "history"]),
    ("zstd", &["history", "cluster/snapshots", "contents/unpack"]),
    ("postcard", &["filter/record", "cluster/piece", "contents/wire"]),
    ("flate2", &["contents/unpack"]),
    ("bzip2", &["contents/unpack"]),
    ("lzma-rust2", &["contents/unpack"]),
    ("deflate64", &["contents/unpack"]),
    ("ppmd-rust", &["contents/unpack"]),
    ("lzxd", &["contents/unpack"]),
    ("rars", &["contents/unpack/rar"]),
    ("crc32fast", &["contents/archive"]),
    ("aes", &["contents/archive/lock", "contents/document"]),
    ("hmac", &["contents/archive/lock"]),
    ("pbkdf2", &["contents/archive/lock"]),
    (
        "data-encoding",
        &[
            "checks/auth",
            "checks/lists",
            "store",
            "replay/html",
            "cluster/link",
            "contents/document",
        ],
    ),
    ("toml", &["config", "cli", "checks/lists"]),
    ("serde_path_to_error", &["config"]),
    ("strsim", &["config", "mail"]),
    ("maud", &["replay/html"]),
    ("humantime", &["replay/html", "cli/access", "cli/explain", "cli/status"]),
    ("clap", &["cli"]),
    ("arc-swap", &[]),
    ("sd-notify", &["service"]),
    ("listenfd", &["listen"]),
    ("nix", &["cli", "metrics", "contents"]),
    ("rustix", &["contents/process", "contents/pool"]),
    ("landlock", &["contents/process"]),
    ("seccompiler", &["contents/process"]),
    ("libc", &["contents/process"]),
    ("image", &["contents/picture"]),
    ("rqrr", &["contents/picture"]),
    ("tracing-subscriber", &["cli"]),
    ("tracing-journald", &["cli"]),
    ("async-nats", &["cluster"]),
    ("nkeys", &["cluster/init"]),
    ("rcgen", &["cluster/init"]),
    ("quick-xml", &["contents/document"]),
    ("encoding_rs", &["contents/document"]),
    ("axum", &["control"]),
    ("hyper", &["control"]),
    ("hyper-util", &["control"]),
    ("http-body-util", &["control"]),
];

/// As [`HOMES`]; apart because `metrics::` also names our own module of that name.
const METRICS_HOMES: [(&str, &[&str]); 2] = [
    ("metrics-exporter-prometheus", &["metrics"]),
    ("rand", &["verdict", "store", "replay", "cluster"]),
];

/// Files that only tests compile; they may name what they like.
const TEST_FILES: [&str; 5] = ["tests.rs", "loopback.rs", "bombs.rs", "mutations.rs", "testing.rs"];

/// The macros of the metrics crate: only our module of that name counts.
const COUNTING: [&str; 3] = ["counter!", "gauge!", "histogram!"];

/// One file of `src/`.
struct Source {
    /// For messages: `src/checks/rules/mod.rs`.
    path: String,
    /// `["checks", "rules"]`
    module: Vec<String>,
    /// Comments and strings left out.
    code: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut files = Vec::new();
    collect(&src, "rs", &mut files);
    files
        .into_iter()
        .filter(|file| !TEST_FILES.iter().any(|name| file.ends_with(name)))
        .map(|file| {
            let relative = file.strip_prefix(&src).unwrap().with_extension("");
            let mut module: Vec<String> =
                relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
                module.pop();
            }
            let path = file.strip_prefix(root()).unwrap().display().to_string();
            Source { path, module, code: code(&fs::read_to_string(&file).unwrap()) }
        })
        .collect()
}

fn collect(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, extension, files);
        } else if path.extension().is_some_and(|e| e == extension) {
            files.push(path);
        }
    }
}

/// Leaves out line comments, plain strings and the tests at the end; good enough for sources that
/// rustfmt has seen.
fn code(text: &str) -> String {
    let mut code = String::new();
    for line in text.lines().take_while(|line| *line != "#[cfg(test)]") {
        let mut quoted = false;
        let mut escaped = false;
        for (at, character) in line.char_indices() {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' if !line[..at].ends_with('\'') => quoted = !quoted,
                '/' if !quoted && line[at..].starts_with("//") => break,
                other if !quoted => code.push(other),
                _ => {}
            }
        }
        code.push('\n');
    }
    code
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The places where `name::` stands as a path of its own, and what follows.
fn after<'c>(code: &'c str, name: &str) -> Vec<&'c str> {
    let path = format!("{name}::");
    code.match_indices(&path)
        .filter(|(at, _)| !code[..*at].ends_with(|c: char| is_word(c) || c == ':'))
        .map(|(at, _)| &code[at + path.len()..])
        .collect()
}

/// The first names after `crate::` or `super::`, one or a braced list of them.
fn first_names(rest: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|&c| is_word(c)).collect::<String>();
    let Some(list) = rest.strip_prefix('{') else {
        // Nothing for `super::*`.
        return Some(word(rest)).filter(|name| !name.is_empty()).into_iter().collect();
    };
    let mut names = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                names.push(word(list[start..at].trim_start()));
                start = at + 1;
                if character == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// Absolute paths (without `crate`) of what a file names, as far as the first two names.
fn imports(source: &Source) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for rest in after(&source.code, "crate") {
        for name in first_names(rest) {
            let second = rest.strip_prefix(&format!("{name}::")).map(first_names);
            for second in second.unwrap_or_default() {
                found.insert(vec![name.clone(), second]);
            }
            found.insert(vec![name]);
        }
    }
    for mut rest in after(&source.code, "super") {
        let mut base = source.module.clone();
        base.pop();
        while let Some(higher) = rest.strip_prefix("super::") {
            base.pop();
            rest = higher;
        }
        for name in first_names(rest) {
            found.insert(base.iter().cloned().chain([name]).collect());
        }
    }
    found
}

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(_, modules)| modules.contains(&module)).map(|(floor, _)| *floor)
}

#[test]
fn imports_point_down_the_floors() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.module.is_empty()) {
        let own = &source.module[0];
        let own_floor = floor(own).unwrap_or_else(|| panic!("{own} has no floor"));
        for import in imports(source) {
            let upward = floor(&import[0]).is_some_and(|f| f >= own_floor && import[0] != *own);
            if upward || knows_a_sibling(source, &import) {
                wrong.push(format!("{} uses {}", source.path, import.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn knows_a_sibling(source: &Source, import: &[String]) -> bool {
    let ([folder, own, ..], [other_folder, other, ..]) = (&source.module[..], import) else {
        return false;
    };
    SIBLINGS.contains(&folder.as_str())
        && folder == other_folder
        && own != other
        && is_module(&[folder, other])
}

fn is_module(path: &[&str]) -> bool {
    let base = path.iter().fold(root().join("src"), |base, name| base.join(name));
    base.with_extension("rs").is_file() || base.join("mod.rs").is_file()
}

#[test]
fn every_module_has_a_floor() {
    let modules: BTreeSet<_> =
        sources().iter().filter_map(|source| source.module.first().cloned()).collect();
    let floors: BTreeSet<_> =
        FLOORS.iter().flat_map(|(_, modules)| modules.iter().map(|&m| m.to_owned())).collect();
    assert_eq!(modules, floors);
}

fn homes() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    HOMES.iter().chain(&METRICS_HOMES).copied()
}

#[test]
fn every_crate_keeps_to_its_home() {
    let mut wrong = Vec::new();
    for source in sources() {
        let module = source.module.join("/");
        for (name, homes) in homes().filter(|(_, homes)| !homes.is_empty()) {
            let at_home = homes.iter().any(|home| {
                module
                    .strip_prefix(home)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            if !at_home && !after(&source.code, &name.replace('-', "_")).is_empty() {
                wrong.push(format!(
                    "{} names {name}, whose home is {}",
                    source.path,
                    homes.join(", ")
                ));
            }
        }
        let counts = COUNTING.iter().any(|name| source.code.contains(&format!("metrics::{name}")));
        if counts && source.module != ["metrics"] {
            wrong.push(format!("{} counts by itself: add a function to metrics", source.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_dependency_has_a_home() {
    let manifest: Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let named: BTreeSet<_> = manifest["dependencies"].as_table().unwrap().keys().cloned().collect();
    let housed: BTreeSet<_> =
        homes().map(|(name, _)| name.to_owned()).chain(["metrics".to_owned()]).collect();
    assert_eq!(named, housed);
}

#[test]
fn every_shipped_rule_file_has_cases() {
    let mut files = Vec::new();
    collect(&root().join("rules"), "cf", &mut files);
    files.retain(|file| defines_rules(&fs::read_to_string(file).unwrap()));
    assert!(!files.is_empty());
    for file in files {
        let cases = file.with_extension("cases");
        assert!(cases.is_file(), "{} has no cases beside it", file.display());
    }
}

/// A file may hold scores alone.
fn defines_rules(text: &str) -> bool {
    text.lines()
        .filter_map(|line| line.split_whitespace().next())
        .any(|word| matches!(word, "header" | "body" | "rawbody" | "full" | "uri" | "meta"))
}

/// The reader of sources must see what the law is about.
#[test]
fn imports_are_seen() {
    let text = "use crate::{\n    mail::{Message, Part},\n    verdict::Points, // crate::cli\n};\n\
                let x = crate::dns::ask(\"crate::config\");\nuse super::super::milter;\n";
    let module = ["checks", "lists", "check"].map(str::to_owned).to_vec();
    let source = Source { path: String::new(), module, code: code(text) };
    let found: Vec<_> = imports(&source).iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["checks::milter", "dns", "dns::ask", "mail", "verdict"]);
}
