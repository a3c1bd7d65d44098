//! Exports: round trip, and lines nobody wrote.

use proptest::prelude::*;

use super::{Kind, access_entries, assert_sound, digest, entries, folder, lesson, open, teach};
use crate::store::{Fault, LineFault, Settings, Store, line::Line};

fn taught(store: &Store) {
    teach(store, Kind::Spam, 1);
    teach(store, Kind::Ham, 2);
    teach(store, Kind::Ham, 1);
    teach(store, Kind::Spam, 3);
    teach(store, Kind::Forgotten, 3);
    teach(store, Kind::Blocked, 1);
    teach(store, Kind::Allowed, 4);
    teach(store, Kind::Unlisted, 4);
}

fn exported(store: &Store) -> String {
    let mut export = Vec::new();
    store.export(&mut export).unwrap();
    String::from_utf8(export).unwrap()
}

#[test]
fn an_export_comes_back_the_same_and_again_changes_nothing() {
    let (ours, theirs) = (folder(), folder());
    let (one, other) = (open(ours.path(), 10), open(theirs.path(), 10));
    taught(&one);
    let export = exported(&one);
    let imported = other.import(&mut export.as_bytes()).unwrap();
    assert_eq!((imported.taken, imported.known, imported.expired), (5, 0, 0));
    assert!(imported.access);
    assert_eq!(entries(&one), entries(&other));
    assert_eq!(access_entries(&one), access_entries(&other));
    assert_eq!(exported(&other), export);
    let imported = other.import(&mut export.as_bytes()).unwrap();
    assert_eq!((imported.taken, imported.known, imported.since), (0, 5, imported.number));
    // The events need not be told again.
    let journal = one.journal_from(1, 10).unwrap();
    assert_eq!(other.apply(journal, None).unwrap().changes, []);
    assert_sound(&other);
}

#[test]
fn an_export_reads_as_documented() {
    let folder = folder();
    let store = open(folder.path(), 10);
    let mut message = lesson(Kind::Spam, 0xab);
    message.features = b"features".to_vec();
    store.teach_at(vec![message], 1_700_000_000_000).unwrap();
    teach(&store, Kind::Forgotten, 0xab);
    let mut entry = lesson(Kind::Blocked, 0xcd);
    entry.features = b"example.org".to_vec();
    store.teach_at(vec![entry], 1_700_000_000_002).unwrap();
    let origin = store.origin().unwrap();
    let (digest, other) = ("ab".repeat(16), "cd".repeat(16));
    let hash = store.state_hash().unwrap();
    let expected = format!(
        "gatepost-store\t1\t7\nposition\t{origin:016x}\t3\n\
         forgotten\t1700000000001\t{origin:016x}\t2\t{digest}\t\n\
         blocked\t1700000000002\t{origin:016x}\t3\t{other}\tZXhhbXBsZS5vcmc=\n\
         end\t2\t{hash:032x}\n"
    );
    assert_eq!(exported(&store), expected);
}

/// `spoilt.cases` has one a line: the line at fault, what is said of it, and the export.
#[test]
fn spoilt_exports_are_refused_by_line_and_cause() {
    let folder = folder();
    let store = open(folder.path(), 10);
    let cases = include_str!("spoilt.cases").lines().filter(|line| !line.starts_with('#'));
    for case in cases {
        let [line, cause, export] = case.splitn(3, " | ").collect::<Vec<_>>()[..] else {
            panic!("{case}")
        };
        assert_refused(&store, &written_out(export), line.parse().unwrap(), cause);
    }
    let event = written_out("{header}spam\\t5\\t00000000000000aa\\t1\\t{digest}\\t");
    let features = "AAAA".repeat(crate::store::MOST_FEATURE_BYTES / 3 + 1);
    assert_refused(&store, &format!("{event}{features}\n"), 2, "too many features");
    assert_refused(&store, &format!("{event}{}\n", "A".repeat(100_000)), 2, "too long");
    assert_eq!(store.number().unwrap(), 0, "nothing of any was taken");
    assert!(store.standing().unwrap().positions.is_empty());
}

fn written_out(export: &str) -> String {
    export
        .replace("{nothing}", "")
        .replace("{header}", "gatepost-store\\t1\\t7\\n")
        .replace("{good}", "spam\\t5\\t00000000000000aa\\t1\\t{digest}\\tAAEC\\n")
        .replace("{digest}", "0123456789abcdef0123456789abcdef")
        .replace("{zeros}", &"0".repeat(32))
        .replace("\\t", "\t")
        .replace("\\r", "\r")
        .replace("\\n", "\n")
}

fn assert_refused(store: &Store, export: &str, line: u64, cause: &str) {
    let shown: String = export.chars().take(120).collect();
    let error = store.import(&mut export.as_bytes()).expect_err(&shown);
    let Fault::Import { line: found, cause: fault } = &error.fault else { panic!("{error}") };
    assert!(fault.to_string().contains(cause), "{shown}: {fault}");
    assert_eq!(*found, line, "{shown}");
}

#[test]
fn bytes_that_are_no_text_and_readers_that_fail_are_told() {
    let folder = folder();
    let store = open(folder.path(), 10);
    let error = store.import(&mut &b"gatepost-store\t1\t7\n\xff\xfe\n"[..]).unwrap_err();
    assert!(matches!(error.fault, Fault::Import { line: 2, cause: LineFault::Kind }), "{error}");
    // Reading a folder fails in the operating system.
    let mut failing = std::io::BufReader::new(std::fs::File::open(folder.path()).unwrap());
    let error = store.import(&mut failing).unwrap_err();
    assert!(matches!(error.fault, Fault::Import { line: 1, cause: LineFault::Read(_) }), "{error}");
    assert_eq!(super::teach(&store, Kind::Spam, 1), super::Outcome::Learned);
}

#[test]
fn another_tokenizer_is_refused_but_can_be_exported() {
    let folder = folder();
    let store = open(folder.path(), 10);
    taught(&store);
    let export = exported(&store);
    drop(store);
    let newer = Settings { tokenizer: 8, ..super::settings(10) };
    let error = Store::open(folder.path(), &newer).unwrap_err();
    assert!(matches!(error.fault, Fault::Tokenizer { found: 7, ours: 8 }), "{error}");
    assert!(error.to_string().contains("gatepost store export"), "{error}");
    let store = Store::open_to_read(folder.path()).unwrap();
    assert_eq!(exported(&store), export);
    assert_eq!(store.entry(digest(1)).unwrap().unwrap().kind, Kind::Ham);
    assert_sound(&store);
    let refused = store.teach(vec![lesson(Kind::Spam, 9)]).unwrap_err();
    assert!(matches!(refused.fault, Fault::Reading), "{refused}");
    assert!(store.compact().is_err() && store.import(&mut export.as_bytes()).is_err());
}

proptest! {
    #[test]
    fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Line::parse(&line);
    }

    /// What is read is written as it was: there is one way to say it.
    #[test]
    fn lines_near_the_format_are_read_one_way(
        line in "(spam|ham|forgotten|allowed|blocked|unlisted|position|end|horizon|gatepost-store)\
                 (\t([0-9]{0,20}|[0-9a-f]{16}|[0-9a-f]{32}|[A-Za-z0-9+/]{0,8}={0,2})){0,6}",
    ) {
        if let Ok(read) = Line::parse(line.as_bytes()) {
            prop_assert_eq!(Line::parse(read.to_string().as_bytes()).unwrap(), read);
        }
    }
}
