//! Small files by hand; those of `samples/` are of qpdf, which encrypts as the standard says.

use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};
use proptest::prelude::*;

use crate::{
    contents::document::testing::{
        details, first, found, found_with, kinds, members, properties, text,
    },
    mail::{Limit, Lock, TraitKind},
};

/// A file of these objects, from 1 on.
fn pdf(objects: &[&[u8]], trailer: &str) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n".to_vec();
    for (number, object) in objects.iter().enumerate() {
        file.extend(format!("{} 0 obj\n", number + 1).bytes());
        file.extend_from_slice(object);
        file.extend_from_slice(b"\nendobj\n");
    }
    file.extend(format!("trailer\n<<{trailer}>>\n%%EOF\n").bytes());
    file
}

fn stream(dict: &str, data: &[u8]) -> Vec<u8> {
    let head = format!("<<{dict}/Length {}>>stream\n", data.len());
    [head.as_bytes(), data, b"\nendstream"].concat()
}

fn flate(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A page with these contents, a font as object 5, and more objects from 6 on.
fn page(contents: &[u8], font: &str, more: &[&[u8]]) -> Vec<u8> {
    let page: &[u8] = b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[6 0 R]\
        /Resources<</Font<</F 5 0 R>>/XObject<</X 6 0 R/Y 7 0 R>>>>>>";
    let contents = stream("", contents);
    let mut objects: Vec<&[u8]> = vec![
        b"<</Type/Catalog/Pages 2 0 R/OpenAction[3 0 R/Fit]>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        page,
        &contents,
        font.as_bytes(),
    ];
    objects.extend(more);
    pdf(&objects, "/Root 1 0 R")
}

const PLAIN: &str = "<</Type/Font/Subtype/Type1/Encoding/WinAnsiEncoding>>";

#[test]
fn texts_are_read_as_they_are_placed() {
    let cases: &[(&[u8], &str)] = &[
        (b"BT /F 12 Tf 10 700 Td (Buy now) Tj 0 -14 Td (here) Tj ET", "Buy now\nhere\n"),
        // Kerning that is a space, and kerning that is none.
        (b"BT /F 10 Tf [(Buy)-300(n)20(ow)] TJ ET", "Buy now\n"),
        // Letter by letter: half the size is the width of each.
        (b"BT /F 10 Tf 0 0 Td (B) Tj 5 0 Td (u) Tj 5 0 Td (y) Tj 9 0 Td (it) Tj ET", "Buy it\n"),
        (b"BT /F 10 Tf 12 TL (a) ' (b) ' 1 2 (c) \" T* (d) Tj ET", "a\nb\nc\nd\n"),
        (b"q 2 0 0 2 0 0 cm BT /F 5 Tf 1 0 0 1 9 9 Tm <42757A> Tj ET Q", "Buz\n"),
        (b"BT /F 9 Tf (\\050\\351t\\351\\) \\\nx) Tj ET", "(\u{e9}t\u{e9}) x\n"),
        // A picture within the page, with something like text in it.
        (b"BI /W 1 /H 1 ID (no) Tj xEIx EI BT /F 9 Tf (yes) Tj ET", "yes\n"),
        // Rotated: the line runs upwards.
        (b"BT /F 10 Tf 0 1 -1 0 50 50 Tm (up) Tj 0 1 -1 0 50 60 Tm (per) Tj ET", "upper\n"),
        (b"BT /G 10 Tf (unknown font) Tj ET", ""),
    ];
    for (contents, expected) in cases {
        let inside = found(&page(contents, PLAIN, &[]));
        assert_eq!(text(&inside), *expected, "{}", String::from_utf8_lossy(contents));
        assert_eq!(kinds(&inside), [], "{}", String::from_utf8_lossy(contents));
    }
}

#[test]
fn fonts_say_what_codes_mean() {
    let cmap = stream(
        "",
        b"1 begincodespacerange <0000> <ffff> endcodespacerange 1 beginbfchar <0001> <0048> endbfchar \
        2 beginbfrange <0002> <0004> <0061> <0010> <0011> [<00660069> <D83DDE00>] endbfrange",
    );
    let program = stream(
        "/Length1 60",
        b"/Encoding 256 array dup 1 /H put dup 2 /ffi put readonly def eexec",
    );
    let cases: &[(&str, &[u8], &[u8], &str)] = &[
        (
            "<</Subtype/Type0/Encoding/Identity-H/ToUnicode 6 0 R/DescendantFonts[<</W[1[500 500]2 17 500]>>]>>",
            &cmap,
            b"<00010002000300040010 0011>",
            "Habcfi\u{1f600}\n",
        ),
        ("<</Subtype/Type0/Encoding/UniGB-UCS2-H>>", b"", b"<4e2d6587>", "\u{4e2d}\u{6587}\n"),
        (
            "<</Subtype/Type1/Encoding<</Differences[1/H/eacute 5/uni20AC]>>>>",
            b"",
            b"<010205>",
            "H\u{e9}\u{20ac}\n",
        ),
        ("<</Subtype/Type1/FontDescriptor<</FontFile 6 0 R>>>>", &program, b"<010241>", "HffiA\n"),
        ("<</Subtype/TrueType/Encoding/MacRomanEncoding>>", b"", b"<8e>", "\u{e9}\n"),
    ];
    for (font, extra, shown, expected) in cases {
        let contents = [b"BT /F 1 Tf ", *shown, b" Tj ET"].concat();
        assert_eq!(text(&found(&page(&contents, font, &[extra]))), *expected, "{font}");
    }
}

#[test]
fn what_it_can_do_is_found_wherever_it_stands() {
    let script = stream("/Filter/FlateDecode", &flate(b"app.launchURL('http://js.example/x')"));
    let file: &[&[u8]] = &[
        b"<</Type/Catalog/OpenAction 2 0 R/Names<</JavaScript<</Names[(x)5 0 R]>>>>>>",
        b"<</S/JavaScript/JS(this.exportDataObject\\(1\\))>>",
        b"<</Type/Annot/A<</S/URI/URI(http://listed.example/a)>>>>",
        b"<</A<</S/Launch/Win<</F(cmd.exe)/P(/c calc)>>>>>>",
        b"<</S/JavaScript/JS 6 0 R>>",
        &script,
        b"<</AA<</O<</S/GoToR/F(\\\\\\\\evil.example\\\\x)>>>>>>",
        b"<</Subtype/FreeText/Contents(Call us)>>",
    ];
    let inside = found(&pdf(file, "/Root 1 0 R"));
    assert_eq!(details(&inside, TraitKind::OpenAction), ["JavaScript", "AA: GoToR"]);
    assert_eq!(
        details(&inside, TraitKind::JavaScript),
        ["this.exportDataObject(1)", "app.launchURL('http://js.example/x')"]
    );
    assert_eq!(details(&inside, TraitKind::Launch), ["cmd.exe /c calc"]);
    assert_eq!(details(&inside, TraitKind::External), [r"\\evil.example\x"]);
    assert_eq!(
        first(&inside).uris,
        ["http://listed.example/a", "http://js.example/x", r"\\evil.example\x"]
    );
    assert_eq!(text(&inside), "Call us\n");
}

#[test]
fn objects_in_streams_and_updates_count() {
    let packed = b"7 0 8 22 <</S/Launch/F(a.exe)>><</URI(http://packed.example)>>";
    let packed = stream("/Type/ObjStm/N 2/First 9/Filter/FlateDecode", &flate(packed));
    let mut file =
        pdf(&[b"<</Type/Catalog>>", &packed, b"<</URI(http://old.example)>>"], "/Root 1 0 R");
    file.extend_from_slice(b"3 0 obj <</URI(http://new.example)>> endobj");
    let inside = found(&file);
    assert_eq!(first(&inside).uris, ["http://new.example", "http://packed.example"]);
    assert_eq!(details(&inside, TraitKind::Launch), ["a.exe"]);
}

#[test]
fn attached_files_are_members() {
    let attached = stream("/Type/EmbeddedFile/Filter/FlateDecode", &flate(b"MZ\x90\0program"));
    let stray = stream("/Type/EmbeddedFile", b"%PDF-1.4 inner");
    let file: &[&[u8]] = &[
        b"<</Type/Filespec/F(x)/UF(\xfe\xff\0i\0n\0v\0.\0e\0x\0e)/EF<</F 2 0 R/UF 2 0 R>>>>",
        &attached,
        &stray,
    ];
    let inside = found(&pdf(file, ""));
    assert_eq!(members(&inside), ["inv.exe", ""]);
    assert_eq!(inside.items[1].kind, "exe");
    assert_eq!(inside.items[2].kind, "pdf");
    assert_eq!(details(&inside, TraitKind::Attached), ["inv.exe", ""]);
}

#[test]
fn pictures_are_files() {
    let cases: &[(&str, Vec<u8>, &str)] = &[
        ("/Filter/DCTDecode", b"\xff\xd8\xff\xe0jpeg".to_vec(), "jpg"),
        ("/ColorSpace/DeviceGray/BitsPerComponent 8", vec![9; 100], "bmp"),
        ("/ColorSpace/DeviceRGB/BitsPerComponent 8", vec![9; 300], "bmp"),
        ("/ColorSpace/DeviceCMYK/BitsPerComponent 8", vec![9; 400], "bmp"),
        ("/ImageMask true", vec![9; 20], "bmp"),
        ("/ColorSpace/DeviceGray/BitsPerComponent 2", vec![9; 30], "bmp"),
        ("/ColorSpace/DeviceRGB/BitsPerComponent 16", vec![9; 600], "bmp"),
        (
            "/ColorSpace[/Indexed/DeviceRGB 1(\\000\\000\\000\\377\\377\\377)]/BitsPerComponent 4",
            vec![16; 50],
            "bmp",
        ),
        ("/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 10>>", vec![9; 20], "tif"),
    ];
    for (dict, data, kind) in cases {
        let picture = stream(&format!("/Subtype/Image/Width 10/Height 10{dict}"), data);
        let inside = found(&page(b"/X Do", PLAIN, &[&picture]));
        assert_eq!(members(&inside), ["picture 1"], "{dict}");
        assert_eq!(inside.items[1].kind, *kind, "{dict}");
        assert_eq!(details(&inside, TraitKind::OnlyPictures), ["1 pages, 1 pictures"], "{dict}");
        let told = found(&page(b"/X Do BT /F 9 Tf (Some words here) Tj ET", PLAIN, &[&picture]));
        assert_eq!(kinds(&told), [], "{dict}");
    }
}

#[test]
fn no_picture_is_made_of_what_is_only_claimed() {
    let cases: &[(&str, Vec<u8>)] = &[
        ("/Width 60000/Height 60000/ColorSpace/DeviceRGB/BitsPerComponent 8", vec![0; 99]),
        ("/Width 4000000000/Height 9/ColorSpace/DeviceGray", vec![0; 99]),
        ("/Width 10/Height 10/ColorSpace/DeviceN/BitsPerComponent 8", vec![0; 999]),
        ("/Width 10/Height 10/BitsPerComponent 7/ColorSpace/DeviceGray", vec![0; 999]),
        ("/Width 10/Height 10/Filter/JBIG2Decode", vec![0; 999]),
        ("/Width 1/Height 1/ColorSpace/DeviceGray", vec![0; 1]),
    ];
    for (dict, data) in cases {
        let picture = stream(&format!("/Subtype/Image{dict}"), data);
        assert_eq!(members(&found(&page(b"", PLAIN, &[&picture]))), [""; 0], "{dict}");
    }
}

#[test]
fn filters_are_undone() {
    let shown = b"BT /F 9 Tf (Filtered) Tj ET";
    let hex: String = shown.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut runs = vec![shown.len() as u8 - 1];
    runs.extend_from_slice(shown);
    runs.push(128);
    // Every byte as its own code of nine bits, cleared before the codes grow.
    let mut bits = String::from("100000000");
    shown.iter().for_each(|byte| bits.push_str(&format!("{byte:09b}")));
    bits.push_str("100000001");
    let lzw: Vec<u8> = bits
        .as_bytes()
        .chunks(8)
        .map(|eight| eight.iter().fold(0, |all, bit| all << 1 | (bit - b'0')) << (8 - eight.len()))
        .collect();
    let rows: Vec<u8> = [b"\x02".as_slice(), shown].concat();
    let cases: &[(&str, Vec<u8>)] = &[
        ("/Filter/FlateDecode", flate(shown)),
        ("/Filter[/ASCIIHexDecode]", format!("{hex}>").into_bytes()),
        ("/Filter/RunLengthDecode", runs),
        ("/Filter/LZWDecode", lzw),
        (
            "/Filter[/AHx/Fl]",
            flate(shown).iter().map(|b| format!("{b:02X} ")).collect::<String>().into_bytes(),
        ),
        ("/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 27>>", flate(&rows)),
        // Damaged behind: what was read counts.
        ("/Filter/FlateDecode", [flate(shown).as_slice(), b"junk"].concat()),
    ];
    for (dict, data) in cases {
        let object = stream(dict, data);
        let file: &[&[u8]] = &[
            b"<</Type/Page/Contents 2 0 R/Resources<</Font<</F 3 0 R>>>>>>",
            &object,
            PLAIN.as_bytes(),
        ];
        assert_eq!(text(&found(&pdf(file, ""))), "Filtered\n", "{dict}");
    }
}

#[test]
fn base_85_is_undone() {
    assert_eq!(super::filters::base_85(b"<~87cURD]i,\"Ebo80~>"), b"Hello World!");
    assert_eq!(super::filters::base_85(b"z !!"), b"\0\0\0\0\0");
}

#[test]
fn encrypted_files_are_opened() {
    let cases: &[(&[u8], Lock, Lock)] = &[
        (include_bytes!("samples/rc4_40.pdf"), Lock::None, Lock::None),
        (include_bytes!("samples/aes_256_objects.pdf"), Lock::None, Lock::None),
        (include_bytes!("samples/rc4_128_sesame.pdf"), Lock::Locked, Lock::Opened),
        (include_bytes!("samples/aes_128_sesame.pdf"), Lock::Locked, Lock::Opened),
        (include_bytes!("samples/aes_256_r5_sesame.pdf"), Lock::Locked, Lock::Opened),
        (include_bytes!("samples/aes_256_sesame.pdf"), Lock::Locked, Lock::Opened),
    ];
    for (number, (file, without, with)) in cases.iter().enumerate() {
        for (passwords, lock) in [(&["wrong"][..], without), (&["wrong", "sesame"], with)] {
            let inside = found_with(file, passwords).inside;
            let expected = if *lock == Lock::Locked {
                ("", "")
            } else {
                ("Secret offer inside\n", "Sealed title")
            };
            assert_eq!(first(&inside).lock, *lock, "{number}");
            assert_eq!((&*text(&inside), &*properties(&inside)), expected, "{number}");
        }
    }
}

/// Loops, depths and claims: each ends soon, with what there is to be told.
#[test]
fn hostile_files_end() {
    let nested = [b"1 0 obj ".as_slice(), &b"[<</A".repeat(100_000)].concat();
    let open_strings = b"1 0 obj (".repeat(20_000);
    let many = b"1 0 obj <</A 1>> ".repeat(50_000);
    let streams = b"1 0 obj <</Length 99999999>> stream\n".repeat(20_000);
    let trailers = b"trailer<<".repeat(50_000);
    let numbers = [b"1 0 obj [".as_slice(), &b"0 ".repeat(3_000_000)].concat();
    let form = stream("/Subtype/Form", &b"/X Do /Y Do ".repeat(200));
    let forms = page(&b"/X Do /Y Do ".repeat(200), PLAIN, &[&form, &form]);
    let kids = pdf(
        &[
            b"<</Pages 2 0 R>>",
            b"<</Kids[2 0 R 3 0 R 2 0 R]>>",
            b"<</Kids[2 0 R 3 0 R]/Contents 3 0 R>>",
        ],
        "/Root 1 0 R",
    );
    let references = pdf(
        &[b"2 0 R", b"1 0 R", b"<</Length 1 0 R/Filter 2 0 R>>stream\nx\nendstream"],
        "/Root 1 0 R",
    );
    let heads: String = (0..20_000).map(|number| format!("{number} 0 ")).collect();
    let overlapping = [heads.as_bytes(), &b"[".repeat(20), &b"(x)".repeat(50_000)].concat();
    let overlapping = stream(&format!("/Type/ObjStm/N 20000/First {}", heads.len()), &overlapping);
    let overlapping = pdf(&[&overlapping], "");
    let cases = [
        nested,
        open_strings,
        many,
        streams,
        trailers,
        numbers,
        forms,
        kids,
        references,
        overlapping,
    ];
    for (number, file) in cases.into_iter().enumerate() {
        let file = if file.starts_with(b"%PDF") {
            file
        } else {
            [b"%PDF-1.4 ".as_slice(), &file].concat()
        };
        let inside = found(&file);
        assert!(!inside.limits.contains(&Limit::Time), "{number}");
    }
}

#[test]
fn bombs_end_at_the_budget() {
    let zeros = flate(&vec![0; 40 << 20]);
    let twice = flate(&zeros);
    let cases = [
        stream("/Filter/FlateDecode", &zeros),
        stream("/Filter[/FlateDecode/FlateDecode]", &twice),
        stream("/Type/EmbeddedFile/Filter/FlateDecode", &zeros),
        stream("/Type/ObjStm/N 9/First 9/Filter/FlateDecode", &zeros),
        stream(
            "/Filter/FlateDecode/Subtype/Image/Width 50000/Height 50000/ColorSpace/DeviceGray",
            &zeros,
        ),
    ];
    for bomb in &cases {
        let file: &[&[u8]] =
            &[b"<</Type/Page/Contents 2 0 R>>", bomb, b"<</S/Launch/F(still.exe)>>"];
        let inside = found(&pdf(file, ""));
        assert_eq!(inside.limits, [Limit::Ratio]);
        assert_eq!(details(&inside, TraitKind::Launch), ["still.exe"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_have_some_answer(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        found(&[b"%PDF-1.4\n1 0 obj ".as_slice(), &bytes].concat());
    }

    #[test]
    fn damaged_files_have_some_answer(which in 0..4_usize, places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12), cut in any::<prop::sample::Index>()) {
        let samples: [&[u8]; 4] = [
            include_bytes!("samples/rc4_40.pdf"),
            include_bytes!("samples/aes_256_objects.pdf"),
            include_bytes!("samples/aes_128_sesame.pdf"),
            &page(b"/X Do BT /F 12 Tf 10 700 Td [(Buy)-300(now)]TJ ET", PLAIN, &[&stream("/Subtype/Image/Width 10/Height 10/ColorSpace/DeviceGray/BitsPerComponent 1", &[5; 30])]),
        ];
        let mut file = samples[which].to_vec();
        for (place, byte) in places {
            let at = place.index(file.len());
            file[at] = byte;
        }
        file.truncate(file.len() - cut.index(file.len()) / 4);
        found_with(&file, &["sesame"]);
    }
}
