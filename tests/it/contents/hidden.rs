//! Must show: the same text and address, hidden in forty ways; and the same ways with nothing to hide.

use super::{
    archives::{
        cab, locked, mail_in_zip, mixed, nested, numbers, packed, page_in_zip, rar, smuggled, tnef,
    },
    documents::{
        excel, open_document, pdf_file, pdf_link, pdf_picture, pdf_pixels, pdf_spaced, pdf_text,
        powerpoint, rtf, word_link, word_object, word_picture, word_text,
    },
    letter::{Bench, CLEAN, Letter, SPAM, Secret, findings},
    pictures::{code, drawn, film, in_page, sliced, turned_code},
};

pub(super) type Way = (&'static str, fn(&Bench, &Secret) -> Letter);

pub(super) const WAYS: &[Way] = &[
    ("zip", |b, s| packed(b, s, &["zip", "-q", "a.zip", "note.txt"], "a.zip")),
    ("zip in zip in zip", nested),
    ("zip of 7z of tar.xz", mixed),
    ("tar", |b, s| packed(b, s, &["tar", "-cf", "a.tar", "note.txt"], "a.tar")),
    ("tar.gz", |b, s| packed(b, s, &["tar", "-czf", "a.tgz", "note.txt"], "a.tgz")),
    ("tar.bz2", |b, s| packed(b, s, &["tar", "-cjf", "a.tbz", "note.txt"], "a.tbz")),
    ("gzip", |b, s| packed(b, s, &["gzip", "-k", "note.txt"], "note.txt.gz")),
    ("xz", |b, s| packed(b, s, &["xz", "-k", "note.txt"], "note.txt.xz")),
    ("zstd", |b, s| packed(b, s, &["zstd", "-q", "note.txt"], "note.txt.zst")),
    ("7z", |b, s| packed(b, s, &["7z", "a", "a.7z", "note.txt"], "a.7z")),
    ("rar", |_, s| rar(s)),
    ("cab", |_, s| cab(s)),
    ("iso", |b, s| {
        packed(b, s, &["genisoimage", "-quiet", "-J", "-o", "a.iso", "note.txt"], "a.iso")
    }),
    ("winmail.dat", |_, s| tnef(s)),
    ("zip with a password", |b, s| {
        locked(b, s, &["zip", "-q", "-P", "Tulip-2041", "a.zip", "note.txt"], "a.zip")
    }),
    ("zip with AES", |b, s| {
        locked(
            b,
            s,
            &["7z", "a", "-tzip", "-mem=AES256", "-pTulip-2041", "a.zip", "note.txt"],
            "a.zip",
        )
    }),
    ("7z with a password", |b, s| {
        locked(b, s, &["7z", "a", "-mhe=on", "-pTulip-2041", "a.7z", "note.txt"], "a.7z")
    }),
    ("mail in a zip", mail_in_zip),
    ("page in a zip", page_in_zip),
    ("smuggled", |b, s| smuggled(b, s, false)),
    ("smuggled in pieces", |b, s| smuggled(b, s, true)),
    ("smuggled as numbers", numbers),
    ("docx", |_, s| word_text(s)),
    ("link in docx", |_, s| word_link(s)),
    ("picture in docx", |_, s| word_picture(s)),
    ("docx in docx", |_, s| word_object(s)),
    ("xlsx", |_, s| excel(s)),
    ("pptx", |_, s| powerpoint(s)),
    ("odt", |_, s| open_document(s)),
    ("rtf", |_, s| rtf(s)),
    ("pdf", |_, s| pdf_text(s, false)),
    ("packed pdf", |_, s| pdf_text(s, true)),
    ("pdf, letter by letter", |_, s| pdf_spaced(s)),
    ("link in pdf", |_, s| pdf_link(s)),
    ("picture in pdf", |_, s| pdf_picture(s)),
    ("pixels in pdf", |_, s| pdf_pixels(s)),
    ("file in pdf", |_, s| pdf_file(s)),
    ("png", |_, s| drawn(s, "xc:white", &["-fill", "black", "-annotate", "0", "TEXT"], "a.png")),
    ("jpeg", |_, s| drawn(s, "xc:white", &["-fill", "black", "-annotate", "0", "TEXT"], "a.jpg")),
    ("light on dark", |_, s| {
        drawn(s, "xc:navy", &["-fill", "white", "-annotate", "0", "TEXT"], "a.png")
    }),
    ("low contrast", |_, s| {
        drawn(s, "xc:gray80", &["-fill", "gray60", "-annotate", "0", "TEXT"], "a.png")
    }),
    ("turned by a quarter", |_, s| {
        drawn(
            s,
            "xc:white",
            &["-fill", "black", "-annotate", "0", "TEXT", "-rotate", "90"],
            "a.png",
        )
    }),
    ("turned a little", |_, s| {
        let turn =
            ["-fill", "black", "-annotate", "0", "TEXT", "-background", "white", "-rotate", "6"];
        drawn(s, "xc:white", &turn, "a.png")
    }),
    ("noise", |_, s| {
        let noise =
            ["-fill", "black", "-annotate", "0", "TEXT", "-attenuate", "0.4", "+noise", "Gaussian"];
        drawn(s, "xc:white", &noise, "a.png")
    }),
    ("film", |_, s| film(s)),
    ("slices", |_, s| sliced(s)),
    ("picture in the page", |_, s| in_page(s)),
    ("qr code", |b, s| code(b, s, &[])),
    ("light qr code", |b, s| code(b, s, &["--foreground=ffffff", "--background=202020"])),
    ("turned qr code", turned_code),
];

/// Ways that are not seen through yet.
const UNSEEN: &[&str] = &[];

#[test]
fn what_is_hidden_is_found() {
    let bench = Bench::new();
    let letters = |secret: &Secret| -> Vec<_> {
        WAYS.iter().map(|(_, make)| make(&bench, secret).to_bytes()).collect()
    };
    let spam = bench.check(&letters(&SPAM));
    let clean = bench.check(&letters(&CLEAN));
    assert_eq!((spam.len(), clean.len()), (WAYS.len(), WAYS.len()));
    let mut wrong = Vec::new();
    for (((way, _), spam), clean) in WAYS.iter().zip(&spam).zip(&clean) {
        let hits = |judged| {
            let names = ["HIDDEN_TEXT", "HIDDEN_URL"];
            findings(judged).into_iter().filter(|name| names.contains(name)).collect::<Vec<_>>()
        };
        println!("{way}: {:?}, {} ms", hits(spam), spam["micros"].as_u64().unwrap() / 1_000);
        if hits(spam).is_empty() != UNSEEN.contains(way) {
            wrong.push(format!("{way}: {spam}"));
        }
        if !hits(clean).is_empty() || clean["verdict"] != "accept" {
            wrong.push(format!("clean {way}: {clean}"));
        }
    }
    println!("found {} of {}", WAYS.len() - UNSEEN.len(), WAYS.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
