//! Documents, written by hand: the parts of them that say something.

use std::io::{Cursor, Write as _};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::{
    letter::{Attachment, Letter, Secret},
    pictures,
};

/// A zip package of these parts.
pub(super) fn package(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>"#;
const RELATIONSHIPS: &str =
    r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">"#;
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";

fn main_part(kind: &str, part: &str) -> (String, String) {
    let types = format!(
        "{CONTENT_TYPES}<Override PartName=\"/{part}\" ContentType=\"application/vnd.openxmlformats-officedocument.{kind}.main+xml\"/></Types>"
    );
    let rels = format!(
        "{RELATIONSHIPS}<Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" Target=\"{part}\"/></Relationships>"
    );
    (types, rels)
}

/// A Word document of this body, with relations of it, and more parts.
fn docx(body: &str, relations: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let (types, rels) = main_part("wordprocessingml.document", "word/document.xml");
    let document = format!(
        "<?xml version=\"1.0\"?><w:document xmlns:w=\"{WORD}\" xmlns:r=\"{OFFICE}\"><w:body>{body}</w:body></w:document>"
    );
    let relations = format!("{RELATIONSHIPS}{relations}</Relationships>");
    let mut parts: Vec<(&str, &[u8])> = vec![
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", rels.as_bytes()),
        ("word/document.xml", document.as_bytes()),
        ("word/_rels/document.xml.rels", relations.as_bytes()),
    ];
    parts.extend(more);
    package(&parts)
}

/// Text in runs, cut in the middle of words as Word does.
pub(super) fn word_text(secret: &Secret) -> Letter {
    let (one, other) = secret.text.split_at(7);
    let body = format!(
        "<w:p><w:r><w:t xml:space=\"preserve\">{one}</w:t></w:r><w:r><w:t>{other}</w:t></w:r></w:p>"
    );
    Letter::with([Attachment::new("offer.docx", docx(&body, "", &[]))])
}

/// A link in a document that shows another text.
pub(super) fn word_link(secret: &Secret) -> Letter {
    let body =
        "<w:p><w:hyperlink r:id=\"rId5\"><w:r><w:t>press here</w:t></w:r></w:hyperlink></w:p>";
    let link = format!(
        "<Relationship Id=\"rId5\" Type=\"{OFFICE}/hyperlink\" Target=\"{}\" TargetMode=\"External\"/>",
        secret.url
    );
    Letter::with([Attachment::new("offer.docx", docx(body, &link, &[]))])
}

/// A picture in a document.
pub(super) fn word_picture(secret: &Secret) -> Letter {
    let picture = pictures::plain(secret);
    let link =
        format!("<Relationship Id=\"rId5\" Type=\"{OFFICE}/image\" Target=\"media/image1.png\"/>");
    let document = docx("<w:p/>", &link, &[("word/media/image1.png", &picture)]);
    Letter::with([Attachment::new("offer.docx", document)])
}

/// A document that is in a document.
pub(super) fn word_object(secret: &Secret) -> Letter {
    let inner = docx(&format!("<w:p><w:r><w:t>{}</w:t></w:r></w:p>", secret.text), "", &[]);
    let link = format!(
        "<Relationship Id=\"rId5\" Type=\"{OFFICE}/package\" Target=\"embeddings/inner.docx\"/>"
    );
    let outer = docx("<w:p/>", &link, &[("word/embeddings/inner.docx", &inner)]);
    Letter::with([Attachment::new("offer.docx", outer)])
}

/// A table with a shared string.
pub(super) fn excel(secret: &Secret) -> Letter {
    let (types, rels) = main_part("spreadsheetml.sheet", "xl/workbook.xml");
    let strings = format!(
        "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><si><t>{}</t></si></sst>",
        secret.text
    );
    let table = package(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", rels.as_bytes()),
        ("xl/workbook.xml", b"<workbook/>"),
        ("xl/sharedStrings.xml", strings.as_bytes()),
    ]);
    Letter::with([Attachment::new("prices.xlsx", table)])
}

/// A slide.
pub(super) fn powerpoint(secret: &Secret) -> Letter {
    let (types, rels) = main_part("presentationml.presentation", "ppt/presentation.xml");
    let slide = format!(
        "<p:sld xmlns:p=\"p\" xmlns:a=\"a\"><a:p><a:r><a:t>{}</a:t></a:r></a:p></p:sld>",
        secret.text
    );
    let slides = package(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", rels.as_bytes()),
        ("ppt/presentation.xml", b"<p:presentation xmlns:p=\"p\"/>"),
        ("ppt/slides/slide1.xml", slide.as_bytes()),
    ]);
    Letter::with([Attachment::new("talk.pptx", slides)])
}

/// OpenDocument.
pub(super) fn open_document(secret: &Secret) -> Letter {
    let content = format!(
        "<office:document-content xmlns:office=\"o\" xmlns:text=\"t\" xmlns:xlink=\"x\"><office:body><office:text>\
         <text:p>{}</text:p><text:p><text:a xlink:href=\"{}\">here</text:a></text:p>\
         </office:text></office:body></office:document-content>",
        secret.text, secret.url
    );
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("mimetype", stored).unwrap();
    zip.write_all(b"application/vnd.oasis.opendocument.text").unwrap();
    zip.start_file("content.xml", SimpleFileOptions::default()).unwrap();
    zip.write_all(content.as_bytes()).unwrap();
    let odt = zip.finish().unwrap().into_inner();
    Letter::with([Attachment::new("offer.odt", odt)])
}

/// Text in RTF, some letters escaped, and a link.
pub(super) fn rtf(secret: &Secret) -> Letter {
    let text = secret.text.replace('e', "\\'65");
    let rtf = format!(
        "{{\\rtf1\\ansi{{\\fonttbl{{\\f0 Arial;}}}}\\f0 {text}\\par \
         {{\\field{{\\*\\fldinst HYPERLINK \"{}\"}}{{\\fldrslt here}}}}}}",
        secret.url
    );
    Letter::with([Attachment::new("offer.rtf", rtf)])
}

/// Objects of a PDF file, in their order, with a table of where they are.
pub(super) fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut pdf = b"%PDF-1.5\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(objects) {
        places.push(pdf.len());
        pdf.extend(format!("{number} 0 obj\n").into_bytes());
        pdf.extend(object);
        pdf.extend(b"\nendobj\n");
    }
    let table = pdf.len();
    pdf.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).into_bytes());
    for place in places {
        pdf.extend(format!("{place:010} 00000 n \n").into_bytes());
    }
    let size = objects.len() + 1;
    pdf.extend(
        format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n").bytes(),
    );
    pdf
}

pub(super) fn stream(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("<< {dictionary} /Length {} >>\nstream\n", bytes.len());
    [head.as_bytes(), bytes, b"\nendstream"].concat()
}

/// One page with this content, these keys of the page, and more objects from the fifth on.
fn one_page(content: Vec<u8>, keys: &str, more: Vec<Vec<u8>>) -> Vec<u8> {
    let page =
        format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 400] /Contents 4 0 R {keys} >>");
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        page.into_bytes(),
        content,
    ];
    objects.extend(more);
    pdf(&objects)
}

const FONT: &str =
    "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>";

fn shown(text: &str) -> Vec<u8> {
    format!("BT /F1 24 Tf 50 200 Td ({text}) Tj ET").into_bytes()
}

pub(super) fn pdf_text(secret: &Secret, is_packed: bool) -> Letter {
    let content = shown(secret.text);
    let content = match is_packed {
        true => stream("/Filter /FlateDecode", &zlib(&content)),
        false => stream("", &content),
    };
    Letter::with([Attachment::new("offer.pdf", one_page(content, FONT, Vec::new()))])
}

/// Letters set one by one, with distances between.
pub(super) fn pdf_spaced(secret: &Secret) -> Letter {
    let pieces: Vec<_> = secret.text.chars().map(|c| format!("({c})")).collect();
    let content = format!("BT /F1 24 Tf 50 200 Td [{}] TJ ET", pieces.join(" -10 "));
    let content = stream("", content.as_bytes());
    Letter::with([Attachment::new("offer.pdf", one_page(content, FONT, Vec::new()))])
}

/// A link that covers the page.
pub(super) fn pdf_link(secret: &Secret) -> Letter {
    let link = format!(
        "<< /Type /Annot /Subtype /Link /Rect [0 0 600 400] /A << /S /URI /URI ({}) >> >>",
        secret.url
    );
    let content = stream("", &shown("press here"));
    let keys = format!("{FONT} /Annots [5 0 R]");
    Letter::with([Attachment::new("offer.pdf", one_page(content, &keys, vec![link.into_bytes()]))])
}

/// A page of nothing but a picture.
pub(super) fn pdf_picture(secret: &Secret) -> Letter {
    let jpeg = pictures::jpeg(secret);
    let (width, height) = pictures::SIZE;
    let image = stream(
        &format!(
            "/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceRGB \
             /BitsPerComponent 8 /Filter /DCTDecode"
        ),
        &jpeg,
    );
    let content = stream("", b"q 600 0 0 400 0 0 cm /Im1 Do Q");
    let keys = "/Resources << /XObject << /Im1 5 0 R >> >>";
    Letter::with([Attachment::new("offer.pdf", one_page(content, keys, vec![image]))])
}

/// The same picture as raw pixels.
pub(super) fn pdf_pixels(secret: &Secret) -> Letter {
    let (width, height) = pictures::SIZE;
    let pixels = pictures::grey_pixels(secret);
    let image = stream(
        &format!(
            "/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray \
             /BitsPerComponent 8 /Filter /FlateDecode"
        ),
        &zlib(&pixels),
    );
    let content = stream("", b"q 600 0 0 400 0 0 cm /Im1 Do Q");
    let keys = "/Resources << /XObject << /Im1 5 0 R >> >>";
    Letter::with([Attachment::new("offer.pdf", one_page(content, keys, vec![image]))])
}

/// A file attached to a PDF.
pub(super) fn pdf_file(secret: &Secret) -> Letter {
    let note = format!("{}\n{}\n", secret.text, secret.url);
    let objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(note.txt) 5 0 R] >> >> >>"
            .to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        format!("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 400] /Contents 4 0 R {FONT} >>")
            .into_bytes(),
        stream("", &shown("see the file")),
        b"<< /Type /Filespec /F (note.txt) /EF << /F 6 0 R >> >>".to_vec(),
        stream("/Type /EmbeddedFile", note.as_bytes()),
    ];
    Letter::with([Attachment::new("offer.pdf", pdf(&objects))])
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
