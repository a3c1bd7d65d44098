use proptest::prelude::*;

use super::*;
use crate::{
    contents::document::testing::{details, first, found, kinds, members, properties, text},
    mail::Limit,
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A packaged program.
fn package() -> Vec<u8> {
    let native = b"\x02\0inv.exe\0C:\\inv.exe\0\0\0\x03\0\x05\0\0\0C:\\x\0\x04\0\0\0MZ\x90\0";
    let size = (native.len() as u32).to_le_bytes();
    [b"\x01\x05\0\0\x02\0\0\0\x08\0\0\0Package\0\0\0\0\0\0\0\0\0".as_slice(), &size, native]
        .concat()
}

#[test]
fn texts_are_as_they_are_shown() {
    let cases: &[(&str, &str)] = &[
        (r"{\rtf1\ansi Buy {\b no}w\par here}", "Buy now\nhere"),
        (r"{\rtf1{\fonttbl{\f0 Arial;}}{\colortbl;\red0;}{\*\generator x;}x}", "x"),
        (r"{\rtf1\ansicpg1251 \'cf\'f0\'e8}", "При"),
        (r"{\rtf1 \u8364?\u-10179?\u-8704?{\uc0\u233}\uc2\u233xxy}", "€😀ééy"),
        (r"{\rtf1 a\~b\_c\{\}\\\emdash}", "a b-c{}\\—"),
        (r"{\rtf1{\info{\title Say}{\author Who}}{\header top\par}x}", "top\nx"),
        (r"{\rtf1 {\field{\*\fldinst{HYPERLINK x}}{\fldrslt shown}} end", "shown end"),
        (r"{\rtf1 }}}} after", " after"),
    ];
    for (file, expected) in cases {
        assert_eq!(text(&found(file.as_bytes())).trim_start(), expected.trim_start(), "{file}");
    }
    assert_eq!(properties(&found(cases[5].0.as_bytes())), "Say\nWho");
}

#[test]
fn fields_and_templates_are_told() {
    let cases: &[(&str, &[TraitKind], &[&str])] = &[
        (
            r#"{\rtf1{\field{\*\fldinst{HYPERLINK "http://a.example/"}}}}"#,
            &[],
            &["http://a.example/"],
        ),
        (r"{\rtf1{\field{\*\fldinst {DDE}{\b AUTO cmd}}}}", &[TraitKind::Dde], &[]),
        (
            r"{\rtf1{\*\template http://evil.example/t.dotm}}",
            &[TraitKind::External],
            &["http://evil.example/t.dotm"],
        ),
        (r"{\rtf1{\*\template C:\\Normal.dotm}}", &[], &[]),
        (
            r"{\rtf1{\*\template \u104?\u116?\u116?p://evil.example/}}",
            &[TraitKind::External],
            &["http://evil.example/"],
        ),
    ];
    for (file, traits, uris) in cases {
        let inside = found(file.as_bytes());
        assert_eq!(kinds(&inside), *traits, "{file}");
        assert_eq!(first(&inside).uris, *uris, "{file}");
    }
}

#[test]
fn objects_are_found_however_they_are_hidden() {
    let plain = hex(&package());
    let spaced =
        plain.as_bytes().chunks(2).map(|two| format!("{}{}\r\n ", two[0] as char, two[1] as char));
    let half = plain.len() / 2;
    let cases = [
        format!(r"{{\rtf1{{\object\objemb{{\*\objclass Package}}{{\*\objdata {plain}}}}}}}"),
        format!(r"{{\rt{{\object{{\objdata {}}}}}}}", spaced.collect::<String>()),
        format!(r"{{\rtf1{{\*\objdata {}{{\*\x ff}}\par{{{}}}}}}}", &plain[..half], &plain[half..]),
        format!(r"{{\rtf1{{\objdata {plain}"),
    ];
    for file in cases {
        let inside = found(file.as_bytes());
        assert_eq!(members(&inside), ["inv.exe"], "{file}");
        assert_eq!(inside.items[1].kind, "exe", "{file}");
        assert_eq!(details(&inside, TraitKind::Object), ["Package"], "{file}");
    }
    let package = package();
    let raw = [
        format!(r"{{\rtf1{{\objdata\bin{} ", package.len()).as_bytes(),
        &package,
        b"}\\objupdate}",
    ]
    .concat();
    let inside = found(&raw);
    assert_eq!(members(&inside), ["inv.exe"]);
    assert_eq!(details(&inside, TraitKind::Object).len(), 2);
}

#[test]
fn links_and_pictures_are_found() {
    let link = b"\x01\x05\0\0\x01\0\0\0\x04\0\0\0htm\0\x11\0\0\0http://e.example\0\0\0\0\0";
    let inside = found(format!(r"{{\rtf1{{\objdata {}}}}}", hex(link)).as_bytes());
    assert_eq!(details(&inside, TraitKind::External), ["http://e.example"]);
    let compound =
        format!(r"{{\rtf1{{\objdata 0105{}}}}}", hex(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest"));
    assert_eq!(found(compound.as_bytes()).items[1].kind, "ole");
    let picture =
        format!(r"{{\rtf1{{\*\shppict{{\pict\pngblip {}}}}}}}", hex(b"\x89PNG\r\n\x1a\n"));
    let inside = found(picture.as_bytes());
    assert_eq!((members(&inside), &*inside.items[1].kind), (vec!["picture 1"], "png"));
}

#[test]
fn hostile_files_end() {
    let cases = [
        format!(r"{{\rtf1 {}x", "{".repeat(2_000_000)),
        format!(r"{{\rtf1 {}", "{\\objdata 01".repeat(50_000)),
        format!(r"{{\rtf1 {}", "{\\fldinst x".repeat(50_000)),
        r"{\rtf1\bin999999999 x".to_owned(),
        r"{\rtf1\u-99999999999999 \'zz\".to_owned(),
        format!(r"{{\rtf1 {}", "\\u233?".repeat(200_000)),
    ];
    for (number, file) in cases.iter().enumerate() {
        assert!(!found(file.as_bytes()).limits.contains(&Limit::Time), "{number}");
    }
}

proptest! {
    #[test]
    fn any_bytes_have_some_answer(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        found(&[b"{\\rtf1 ".as_slice(), &bytes].concat());
    }

    #[test]
    fn any_words_have_some_answer(words in prop::collection::vec(prop::sample::select(vec!["{", "}", "\\*", "\\objdata ", "\\pict ", "\\fldinst ", "\\bin3 ", "\\u55555 ", "\\u-9000 ", "\\uc9 ", "d0cf11e0a1b11ae1", "x", "\\'e9", "\\template "]), 0..60)) {
        found(format!("{{\\rtf1 {}", words.concat()).as_bytes());
    }
}
