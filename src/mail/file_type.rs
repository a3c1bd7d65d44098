//! What a file is by its first bytes, whatever its name says.
//!
//! The crate `infer` knows the formats; this module adds what matters to a mail filter and that
//! it does not know or tells apart too coarsely: Windows shortcuts, disk images, scripts, and web
//! pages. It looks at the first 4 KiB; at more of disk images and Office documents, and at the end of what
//! nobody knows: a zip archive may stand behind other bytes.

/// The type of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileType {
    /// Media type: `application/pdf`.
    pub mime: &'static str,
    /// The usual extension, lower case, without the dot: `pdf`.
    pub extension: &'static str,
}

/// How much of a file is searched for words of scripts and web pages, in bytes.
const SNIFF: usize = 4 * 1024;

/// Formats that begin with fixed bytes: offset, bytes, media type, extension. First match wins;
/// they are asked before `infer`.
const MAGIC: &[(usize, &[u8], &str, &str)] = &[
    (0, b"\x7fELF", "application/x-executable", "elf"),
    (0, b"\xfe\xed\xfa\xce", "application/x-mach-binary", "macho"),
    (0, b"\xfe\xed\xfa\xcf", "application/x-mach-binary", "macho"),
    (0, b"\xce\xfa\xed\xfe", "application/x-mach-binary", "macho"),
    (0, b"\xcf\xfa\xed\xfe", "application/x-mach-binary", "macho"),
    (0, b"\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0", "application/x-ms-shortcut", "lnk"),
    (0, b"ITSF", "application/vnd.ms-htmlhelp", "chm"),
    (0, b"MSCF", "application/vnd.ms-cab-compressed", "cab"),
    (0, b"{\\rt", "application/rtf", "rtf"),
    (0, b"%PDF", "application/pdf", "pdf"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar", "rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", "7z"),
    (0, b"conectix", "application/x-vhd", "vhd"),
    (0, b"vhdxfile", "application/x-vhdx", "vhdx"),
    (0, b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "application/onenote", "one"),
    (0, b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef", "tnef"),
    (32_769, b"CD001", "application/x-iso9660-image", "iso"),
    (7, b"**ACE**", "application/x-ace-compressed", "ace"),
];

/// Class identifiers of OLE roots, as far as they tell one from the other.
const OLE_CLASSES: &[(&[u8], &str, &str)] = &[
    (b"\x06\x09\x02\0\0\0\0\0\xc0", "application/msword", "doc"),
    (b"\x20\x08\x02\0\0\0\0\0\xc0", "application/vnd.ms-excel", "xls"),
    (b"\x10\x08\x02\0\0\0\0\0\xc0", "application/vnd.ms-excel", "xls"),
    (b"\x10\x8d\x81\x64\x9b\x4f\xcf\x11", "application/vnd.ms-powerpoint", "ppt"),
    (b"\x84\x10\x0c\0\0\0\0\0\xc0", "application/x-msi", "msi"),
    (b"\x0b\x0d\x02\0\0\0\0\0\xc0", "application/vnd.ms-outlook", "msg"),
];

/// Interpreters named in the first line of a script, and what that makes it.
const INTERPRETERS: &[(&[u8], &str, &str)] = &[
    (b"python", "text/x-python", "py"),
    (b"perl", "text/x-perl", "pl"),
    (b"php", "text/x-php", "php"),
    (b"ruby", "text/x-ruby", "rb"),
    (b"node", "text/javascript", "js"),
];

/// Words with which texts of some type begin, lower case.
const BEGINNINGS: &[(&[u8], &str, &str)] = &[
    (b"<!doctype html", "text/html", "html"),
    (b"<html", "text/html", "html"),
    (b"<head", "text/html", "html"),
    (b"<body", "text/html", "html"),
    (b"<script", "text/html", "html"),
    (b"<svg", "image/svg+xml", "svg"),
    (b"<?php", "text/x-php", "php"),
    (b"@echo off", "text/x-msdos-batch", "bat"),
    (b"<job", "text/x-wsf", "wsf"),
    (b"<package", "text/x-wsf", "wsf"),
    (b"[internetshortcut]", "application/x-mswinurl", "url"),
    (b"windows registry editor", "text/x-ms-regedit", "reg"),
];

/// Words inside XML that say what it is, lower case.
const INSIDE_XML: &[(&[u8], &str, &str)] = &[
    (b"<svg", "image/svg+xml", "svg"),
    (b"<html", "text/html", "html"),
    (b"<hta:application", "application/hta", "hta"),
    (b"<job", "text/x-wsf", "wsf"),
    (b"<package", "text/x-wsf", "wsf"),
];

/// The type of a file by its content; `None` for plain text and what nobody knows.
///
/// Zip archives that are Office documents are reported as those, OLE files likewise; any other
/// OLE file is `application/x-ole-storage` (`ole`).
pub fn file_type(content: &[u8]) -> Option<FileType> {
    by_magic(content)
        .or_else(|| dos_program(content))
        .or_else(|| ole(content))
        .or_else(|| by_infer(content))
        .or_else(|| lzma(content))
        .or_else(|| old_tar(content))
        .or_else(|| script(content))
        .or_else(|| text(content))
        .or_else(|| zip_by_end(content))
}

fn by_magic(content: &[u8]) -> Option<FileType> {
    MAGIC
        .iter()
        .find(|(offset, magic, ..)| {
            content.get(*offset..).is_some_and(|rest| rest.starts_with(magic))
        })
        .map(|&(_, _, mime, extension)| FileType { mime, extension })
}

/// A program for DOS or Windows. Texts can begin with the same two letters, but hold no zero byte.
fn dos_program(content: &[u8]) -> Option<FileType> {
    let head = content.get(..64).unwrap_or(content);
    let is_program = head.starts_with(b"MZ") && head.contains(&0);
    let mime = "application/vnd.microsoft.portable-executable";
    is_program.then_some(FileType { mime, extension: "exe" })
}

/// An OLE file by the class of its root ([MS-CFB], sections 2.2 and 2.6). `infer` would parse the
/// whole file with a library that is not made for hostile ones.
fn ole(content: &[u8]) -> Option<FileType> {
    if !content.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return None;
    }
    let known = ole_class(content)
        .and_then(|class| OLE_CLASSES.iter().find(|(known, ..)| class.starts_with(known)));
    let (mime, extension) = known
        .map_or(("application/x-ole-storage", "ole"), |&(_, mime, extension)| (mime, extension));
    Some(FileType { mime, extension })
}

/// The class identifier in the first directory entry.
fn ole_class(content: &[u8]) -> Option<&[u8]> {
    let shift = u16::from_le_bytes(content.get(30..32)?.try_into().ok()?);
    let sector = u32::from_le_bytes(content.get(48..52)?.try_into().ok()?);
    let size = 1_usize.checked_shl(u32::from(shift))?;
    let start = usize::try_from(sector).ok()?.checked_add(1)?.checked_mul(size)?;
    content.get(start.checked_add(80)?..start.checked_add(96)?)
}

/// What `infer` says; its guesses at texts are left to [`text`] and [`script`], and what it takes
/// for a program by two letters was asked about before.
fn by_infer(content: &[u8]) -> Option<FileType> {
    let kind = infer::get(content)?;
    if kind.matcher_type() == infer::MatcherType::Text || kind.extension() == "exe" {
        return None;
    }
    Some(FileType { mime: kind.mime_type(), extension: kind.extension() })
}

/// LZMA alone has no magic, but its header is like no text: usual bits, a window of whole 64 KiB, and a size
/// that is unknown or below a TiB.
fn lzma(content: &[u8]) -> Option<FileType> {
    let (head, _) = content.split_at_checked(13)?;
    let is_one = head.starts_with(b"\x5d\0\0")
        && (head.ends_with(b"\xff\xff\xff\xff\xff\xff\xff\xff") || head.ends_with(b"\0\0\0"));
    is_one.then_some(FileType { mime: "application/x-lzma", extension: "lzma" })
}

/// A tar archive from before POSIX: no magic, but a sum of the first block in octal digits.
fn old_tar(content: &[u8]) -> Option<FileType> {
    let block = content.get(..512)?;
    let (before, rest) = block.split_at_checked(148)?;
    let (told, after) = rest.split_at_checked(8)?;
    let told = std::str::from_utf8(told).ok()?.trim_matches([' ', '\0']);
    let told = u32::from_str_radix(told, 8).ok()?;
    let sum: u32 = before.iter().chain(after).map(|&byte| u32::from(byte)).sum();
    let is_one = told == sum + 8 * u32::from(b' ');
    is_one.then_some(FileType { mime: "application/x-tar", extension: "tar" })
}

/// A zip archive behind something else: programs find its directory from the end.
fn zip_by_end(content: &[u8]) -> Option<FileType> {
    let tail = content.get(content.len().saturating_sub(66_000)..)?;
    let end = memchr::memmem::rfind(tail, b"PK\x05\x06")?;
    let size = u32::from_le_bytes(tail.get(end + 12..end + 16)?.try_into().ok()?);
    let end = content.len() - tail.len() + end;
    let start = end.checked_sub(usize::try_from(size).ok()?)?;
    let is_one = content.get(start..)?.starts_with(b"PK\x01\x02");
    is_one.then_some(FileType { mime: "application/zip", extension: "zip" })
}

/// A script by the interpreter in its first line.
fn script(content: &[u8]) -> Option<FileType> {
    let line = content.strip_prefix(b"#!")?;
    let line = line.get(..line.len().min(200)).unwrap_or(line);
    let line = line.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let known = INTERPRETERS.iter().find(|(name, ..)| contains(line, name));
    let (mime, extension) =
        known.map_or(("text/x-shellscript", "sh"), |&(_, mime, extension)| (mime, extension));
    Some(FileType { mime, extension })
}

/// Web pages and scripts by the words they begin with.
fn text(content: &[u8]) -> Option<FileType> {
    let head = content.get(..SNIFF).unwrap_or(content);
    let lower = narrow(head).to_ascii_lowercase();
    let mut head = lower.trim_ascii_start();
    while let Some(comment) = head.strip_prefix(b"<!--") {
        let end = comment.windows(3).position(|three| three == b"-->")?;
        head = comment.get(end + 3..).unwrap_or_default().trim_ascii_start();
    }
    let found = if head.starts_with(b"<?xml") {
        INSIDE_XML.iter().find(|(word, ..)| contains(head, word))
    } else if contains(head, b"<hta:application") {
        return Some(FileType { mime: "application/hta", extension: "hta" });
    } else {
        BEGINNINGS.iter().find(|(word, ..)| head.starts_with(word))
    };
    found.map(|&(_, mime, extension)| FileType { mime, extension })
}

/// UTF-16 text made readable byte by byte, byte order marks taken off.
fn narrow(head: &[u8]) -> Vec<u8> {
    let is_utf16 = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    match is_utf16 {
        true => head.iter().copied().filter(|&byte| byte != 0 && byte < 0xfe).collect(),
        false => head.to_vec(),
    }
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_content() {
        let mut iso = vec![0; 32_769];
        iso.extend_from_slice(b"CD001");
        let mut msi = vec![0; 1_024 + 96];
        msi[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
        let ole = msi.clone();
        (msi[30], msi[48]) = (9, 1);
        msi[1_024 + 80..1_024 + 90].copy_from_slice(b"\x84\x10\x0c\0\0\0\0\0\xc0\0");
        let mut tar = b"note.txt".to_vec();
        tar.resize(512, 0);
        tar[148..156].copy_from_slice(b"0002104\0");
        let hidden = b"?PK\x01\x02rest PK\x05\x06\0\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\0\0".to_vec();
        let cases: [(&[u8], Option<&str>); 33] = [
            (b"MZ\x90\0", Some("exe")),
            (b"MZ is a text", None),
            (&msi, Some("msi")),
            (&ole, Some("ole")),
            (&ole[..8], Some("ole")),
            (b"\x7fELF\x02\x01", Some("elf")),
            (b"\xcf\xfa\xed\xfe\x07", Some("macho")),
            (b"\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", Some("lnk")),
            (b"{\\rtf1", Some("rtf")),
            (b"{\\rt}", Some("rtf")),
            (b"%PDF-1.7", Some("pdf")),
            (b"PK\x03\x04rest of it, long enough to be one", Some("zip")),
            (b"Rar!\x1a\x07\x01\0", Some("rar")),
            (b"\x89PNG\r\n\x1a\n\0\0", Some("png")),
            (b"GIF89a", Some("gif")),
            (b"\xff\xd8\xff\xe0", Some("jpg")),
            (b"#!/bin/sh\n", Some("sh")),
            (b"#!/usr/bin/env python3\n", Some("py")),
            (b"  <!-- x --> <!DOCTYPE HTML><p>", Some("html")),
            (b"\xef\xbb\xbf<html>", Some("html")),
            (b"\xff\xfe<\0h\0t\0m\0l\0>\0", Some("html")),
            (b"<?xml version='1.0'?><svg>", Some("svg")),
            (b"<html><HTA:APPLICATION id=x>", Some("hta")),
            (b"@echo off\r\n", Some("bat")),
            (b"[InternetShortcut]\r\nURL=", Some("url")),
            (&iso, Some("iso")),
            (b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0", Some("lzma")),
            (b"]\0\0\0a\0\0\0b\0\0\0c\0\0\0", None),
            (&tar, Some("tar")),
            (&hidden, Some("zip")),
            (b"a text about PK\x05\x06\0\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\0\0", None),
            (b"just text", None),
            (b"", None),
        ];
        for (content, extension) in cases {
            let shown = String::from_utf8_lossy(&content[..content.len().min(40)]);
            assert_eq!(file_type(content).map(|t| t.extension), extension, "{shown}");
        }
    }
}
