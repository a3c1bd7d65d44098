//! PDFInfo: what attached PDF files say about themselves, and how large their images are.
//!
//! A file is read line by line as bytes: what it says in compressed streams is not seen. Links in
//! it are no URIs for rules (in SpamAssassin they are). SpamAssassin does not load that plugin by
//! itself.

mod file;
mod md5;
mod property;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use property::Detail;

use super::{Arguments, CallError, Entity, Function, Question, Standing};
use crate::checks::rules::{conf::Conf, scene::Scene};

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[
    same("pdf_count", |arguments, _| within(arguments, |pdfs| Some(pdfs.count as f64))),
    same("pdf_image_count", |arguments, _| within(arguments, |pdfs| Some(pdfs.images as f64))),
    same("pdf_pixel_coverage", |arguments, _| within(arguments, |pdfs| pdfs.pixels)),
    same("pdf_image_to_text_ratio", |arguments, _| {
        let (least, below): (f64, f64) = (arguments.needed_number(1)?, arguments.needed_number(2)?);
        Ok(Question::yes_no(move |scene| {
            let text = scene.paragraphs().map(<[u8]>::len).sum::<usize>() as f64;
            let ratio = scene.pdfs().pixels.map(|pixels| text / pixels);
            text > 0.0 && ratio.is_some_and(|ratio| (least..below).contains(&ratio))
        }))
    }),
    same("pdf_is_empty_body", |arguments, _| {
        let most: usize = arguments.number(1)?.unwrap_or_default();
        Ok(Question::yes_no(move |scene| scene.pdfs().count > 0 && text_bytes(scene) <= most))
    }),
    same("pdf_image_size_exact", |arguments, _| {
        let size: (f64, f64) = (arguments.needed_number(1)?, arguments.needed_number(2)?);
        Ok(Question::yes_no(move |scene| scene.pdfs().sizes.contains(&size)))
    }),
    same("pdf_image_size_range", |arguments, _| {
        let least: (f64, f64) = (arguments.needed_number(1)?, arguments.needed_number(2)?);
        let (height, width): (Option<f64>, Option<f64>) =
            (arguments.number(3)?, arguments.number(4)?);
        let most = (height.unwrap_or(f64::INFINITY), width.unwrap_or(f64::INFINITY));
        Ok(Question::yes_no(move |scene| {
            let mut sizes = scene.pdfs().sizes.iter();
            sizes.any(|size| {
                (least.0..=most.0).contains(&size.0) && (least.1..=most.1).contains(&size.1)
            })
        }))
    }),
    same("pdf_named", |arguments, _| {
        let name = arguments.text(1)?.to_owned();
        Ok(Question::yes_no(move |scene| scene.pdfs().names.contains(&name)))
    }),
    same("pdf_name_regex", |arguments, _| {
        let matcher = arguments.delimited_pattern(1)?;
        Ok(Question::yes_no(move |scene| {
            scene.pdfs().names.iter().any(|name| matcher.is_match(name.as_bytes()))
        }))
    }),
    same("pdf_match_md5", |arguments, _| {
        let digest = arguments.text(1)?.to_ascii_uppercase();
        Ok(Question::yes_no(move |scene| scene.pdfs().digests.contains(&digest)))
    }),
    same("pdf_match_fuzzy_md5", |arguments, _| {
        let digest = arguments.text(1)?.to_ascii_uppercase();
        Ok(Question::yes_no(move |scene| scene.pdfs().fuzzy_digests.contains(&digest)))
    }),
    same("pdf_match_details", |arguments, _| {
        let detail = Detail::parse(arguments.text(1)?).ok_or(CallError::Value {
            number: 1,
            what: "not something a PDF file says about itself".to_owned(),
        })?;
        let matcher = arguments.delimited_pattern(2)?;
        Ok(Question::yes_no(move |scene| {
            let details = scene.pdfs().details.iter().filter(|(other, _)| *other == detail);
            details.into_iter().any(|(_, text)| matcher.is_match(text))
        }))
    }),
    same("pdf_is_encrypted", |_, _| Ok(Question::yes_no(|scene| scene.pdfs().is_encrypted))),
];

const fn same(
    name: &'static str,
    make: fn(&Arguments, &Conf) -> Result<Question, CallError>,
) -> Function {
    Function { name, standing: Standing::Same, make }
}

/// Whether a number, if there is one, is in the range that the arguments give.
fn within(arguments: &Arguments, number: fn(&Pdfs) -> Option<f64>) -> Result<Question, CallError> {
    let (least, most) = arguments.range(1)?;
    let most = most.unwrap_or(f64::INFINITY);
    Ok(Question::yes_no(move |scene| {
        number(scene.pdfs()).is_some_and(|number| (least..=most).contains(&number))
    }))
}

/// Bytes of text, the Subject aside.
fn text_bytes(scene: &Scene<'_>) -> usize {
    let is_text = |text: &&[u8]| !text.iter().all(|byte| matches!(byte, b' ' | b'\t'..=b'\r'));
    scene.paragraphs().skip(1).filter(is_text).map(<[u8]>::len).sum()
}

/// What the PDF files of a message say, all together.
#[derive(Debug, Default)]
pub(in super::super) struct Pdfs {
    /// How many there are, by type or name.
    count: usize,
    /// How many images are in them.
    images: usize,
    /// Pixels of all images in the last file that has any.
    pixels: Option<f64>,
    /// Height and width of each image, and the sums for each file.
    sizes: Vec<(f64, f64)>,
    names: HashSet<String>,
    details: Vec<(Detail, Vec<u8>)>,
    /// MD5 of each file, in hexadecimal.
    digests: HashSet<String>,
    /// MD5 of each file's beginning without what differs between copies, and of the names of
    /// what it holds.
    fuzzy_digests: HashSet<String>,
    is_encrypted: bool,
}

impl Pdfs {
    /// Reads the files.
    pub(in super::super) fn of_entities(entities: &[Entity<'_>]) -> Self {
        let mut pdfs = Self::default();
        for entity in entities.iter().filter(|entity| is_pdf(entity)) {
            pdfs.count += 1;
            pdfs.add(entity);
        }
        pdfs
    }

    fn add(&mut self, entity: &Entity<'_>) {
        let bytes = entity.content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(entity.content);
        if !has_signature(bytes) {
            return;
        }
        let file = file::read(bytes);
        self.names.extend(entity.name.map(str::to_owned));
        self.images += file.sizes.len();
        if !file.sizes.is_empty() {
            let pixels = file.sizes.iter().map(|(height, width)| height * width).sum();
            let (height, width) =
                file.sizes.iter().fold((0.0, 0.0), |sum, size| (sum.0 + size.0, sum.1 + size.1));
            self.pixels = Some(pixels);
            self.sizes.push((height, width));
        }
        self.sizes.extend(file.sizes);
        self.details.extend(file.details);
        self.is_encrypted |= file.is_encrypted;
        self.digests.insert(md5::hexadecimal(bytes));
        let parts = [file.beginning, file.tags];
        let parts = parts.iter().filter(|part| !part.is_empty());
        self.fuzzy_digests.extend(parts.map(|part| md5::hexadecimal(part)));
    }
}

fn is_pdf(entity: &Entity<'_>) -> bool {
    let content_type = entity.content_type;
    let is_named = || {
        let name = entity.name.unwrap_or_default().to_ascii_lowercase();
        name.ends_with(".pdf") || name.ends_with(".fdf")
    };
    entity.is_leaf()
        && match content_type {
            "application/pdf" | "image/pdf" => true,
            "application/octet-stream" | "image/octet-stream" => is_named(),
            _ => false,
        }
}

/// How far from the beginning a file's signature may stand, in bytes.
const SIGNATURE_WITHIN: usize = 1024;

/// Whether `%PDF-1.4` or the like stands near the beginning.
fn has_signature(file: &[u8]) -> bool {
    const SIGNATURE: &[u8] = b"%PDF-";
    const VERSION: usize = 3;
    let near = file.get(..SIGNATURE_WITHIN + SIGNATURE.len() + VERSION).unwrap_or(file);
    memchr::memmem::find_iter(near, SIGNATURE).any(|at| {
        let version = near.get(at + SIGNATURE.len()..).unwrap_or_default();
        matches!(version, [b'0'..=b'9', b'.', b'0'..=b'9', ..])
    })
}
