//! Every format with a text in it, made here by hand or by other crates' writers.

use std::{
    io::{Cursor, Write as _},
    time::{Duration, Instant},
};

use crate::{
    contents::{Bounds, Found, reading::Reading},
    mail::{Inside, Lock, TraitKind},
};

pub(super) const TEXT: &str = "the hidden text";

pub(super) fn bounds() -> Bounds {
    Bounds {
        depth: 12,
        members: 500,
        bytes: 32 << 20,
        ratio: 200,
        deadline: Instant::now() + Duration::from_secs(60),
    }
}

pub(super) fn walk(name: &str, bytes: &[u8], passwords: &[&str]) -> Found {
    let passwords: Vec<_> = passwords.iter().map(|&word| word.to_owned()).collect();
    let mut reading = Reading::new(bounds(), &passwords);
    reading.part(0, name, bytes);
    reading.finish()
}

/// Each item as `names from the outside in: lock, traits, text`.
pub(super) fn shown(inside: &Inside) -> Vec<String> {
    let name = |at: usize| {
        let mut names = vec![inside.items[at].name.clone()];
        let mut parent = inside.items[at].parent;
        while let Some(holder) = parent {
            names.push(inside.items[holder as usize].name.clone());
            parent = inside.items[holder as usize].parent;
        }
        names.reverse();
        names.join(" > ")
    };
    let items = inside.items.iter().enumerate().map(|(at, item)| {
        let mut words = vec![];
        if item.lock != Lock::None {
            words.push(format!("{:?}", item.lock).to_lowercase());
        }
        words.extend(item.traits.iter().map(|known| format!("{:?}: {}", known.kind, known.detail)));
        words.extend(item.texts.iter().map(|text| format!("'{}'", text.text.trim_end())));
        let words = words.join(", ");
        format!("{}: {words}", name(at)).trim_end_matches([' ', ':']).to_owned()
    });
    items.collect()
}

pub(super) fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    zipped_as(zip::CompressionMethod::Deflated, members)
}

pub(super) fn zipped_as(method: zip::CompressionMethod, members: &[(&str, &[u8])]) -> Vec<u8> {
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    zipped_with(members, options)
}

fn zipped_with<'k>(
    members: &[(&str, &[u8])],
    options: zip::write::FileOptions<'k, 'static, ()>,
) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn zipped_aes(password: &str) -> Vec<u8> {
    let options = zip::write::SimpleFileOptions::default()
        .with_aes_encryption(zip::AesMode::Aes256, password);
    zipped_with(&[("note.txt", TEXT.as_bytes()), ("b.txt", b"another")], options)
}

pub(super) fn gzipped(content: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

pub(super) fn tarred(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn texts_are_found_in_every_format() {
    let text = TEXT.as_bytes();
    let long = format!("{}/long.txt", "x".repeat(150));
    let twice = [gzipped(b"the hidden "), gzipped(b"text")].concat();
    let cases: Vec<(&str, Vec<u8>, Vec<String>)> = vec![
        (
            "a.zip",
            zipped(&[("d/note.txt", text)]),
            vec!["a.zip > d/note.txt: 'the hidden text'".into()],
        ),
        ("a.gz", gzipped(text), vec!["a.gz > a: 'the hidden text'".into()]),
        ("b.txt.GZ", twice, vec!["b.txt.GZ > b.txt: 'the hidden text'".into()]),
        ("a.tar", tarred(&[(&long, text)]), vec![format!("a.tar > {long}: 'the hidden text'")]),
    ];
    for (name, bytes, expected) in cases {
        let found = walk(name, &bytes, &[]);
        assert_eq!(shown(&found.inside)[1..], expected);
    }
}
