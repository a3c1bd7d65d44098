//! Digests that lists are asked about instead of what they are of: e-mail addresses, links, files.

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use md5::Md5;
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::{About, Definition, labels};
use crate::{checks::Facts, mail::Message};

/// How a digest is made and written. All are used for finding, not for proving.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Digest {
    /// SHA-1 in hexadecimal, as the Email Blocklist (EBL) of MSBL wants it.
    #[default]
    Sha1,
    /// SHA-256 in base 32 (RFC 4648) without padding, in lower case.
    Sha256,
    /// MD5 in hexadecimal.
    Md5,
}

/// What is left out of e-mail addresses before their digest is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Normal {
    /// Capitals stay; else all letters are small.
    pub keep_case: bool,
    /// Without what stands behind a `+` before the `@`.
    pub without_tag: bool,
    /// Without dots before the `@`.
    pub without_dots: bool,
}

impl Digest {
    fn of(self, bytes: &[u8]) -> String {
        match self {
            Self::Sha1 => HEXLOWER.encode(&Sha1::digest(bytes)),
            Self::Sha256 => BASE32_NOPAD.encode(&Sha256::digest(bytes)).to_ascii_lowercase(),
            Self::Md5 => HEXLOWER.encode(&Md5::digest(bytes)),
        }
    }
}

/// The digests that a list is asked about, each once, no more than it may be.
pub(super) fn labels(list: &Definition, facts: &Facts, message: &Message) -> Vec<String> {
    let texts = match list.about {
        About::Email => addresses(list.normal, facts),
        About::Uri if list.normal.keep_case => facts.uris.clone(),
        About::Uri => facts.uris.iter().map(|uri| uri.to_lowercase()).collect(),
        _ => return labels::once_each(files(list, message), list.most),
    };
    let texts = labels::once_each(texts, list.most);
    texts.iter().map(|text| list.digest.of(text.as_bytes())).collect()
}

/// The addresses that it comes from, is to be answered to, or names, as lists know them.
fn addresses(form: Normal, facts: &Facts) -> Vec<String> {
    let addresses = facts.senders.iter().chain(&facts.reply_to).chain(&facts.addresses);
    addresses.filter_map(|address| normal(address, form)).collect()
}

/// An e-mail address as lists know it; `None` if it is none.
fn normal(address: &str, normal: Normal) -> Option<String> {
    let (local, domain) = address.trim().rsplit_once('@')?;
    let local = match normal.without_tag {
        true => local.split('+').next().unwrap_or_default(),
        false => local,
    };
    let local = if normal.without_dots { local.replace('.', "") } else { local.to_owned() };
    let address = format!("{local}@{domain}");
    let address = if normal.keep_case { address } else { address.to_lowercase() };
    (!local.is_empty() && !domain.is_empty()).then_some(address)
}

/// What is attached: all leaves but the texts that a reader sees at once.
fn files(list: &Definition, message: &Message) -> Vec<String> {
    let is_file = |part: &&crate::mail::Part| {
        !part.is_container && (part.is_attachment || part.file_name.is_some())
    };
    let contents = message.parts().iter().filter(is_file).map(|part| part.content(message.raw()));
    let filled = contents.filter(|content| !content.is_empty());
    filled.take(list.most).map(|content| list.digest.of(&content)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(rest: &str) -> Definition {
        let text = format!("zone = 'a.example'\nfindings = {{ '*' = 'A' }}\n{rest}");
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn digests_are_written_as_lists_write_them() {
        // NIST's examples: "abc".
        for (digest, written) in [
            (Digest::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Digest::Sha256, "xj4bnp4pahh6uqkbidpf3lrceoyagyndsylxvhfucd7wd4qacwwq"),
            (Digest::Md5, "900150983cd24fb0d6963f7d28e17f72"),
        ] {
            assert_eq!(digest.of(b"abc"), written, "{digest:?}");
        }
    }

    #[test]
    fn addresses_are_made_alike_first() {
        let facts = Facts {
            senders: vec!["A.b+tag@X.example".to_owned()],
            reply_to: vec!["a.B@x.example".to_owned()],
            addresses: vec!["c@x.example".to_owned(), "a.b@x.example".to_owned()],
            ..Facts::default()
        };
        let form =
            |without_tag, without_dots| Normal { without_tag, without_dots, ..Normal::default() };
        for (form, made) in [
            (form(false, false), "a.b+tag@x.example a.b@x.example c@x.example a.b@x.example"),
            (form(true, false), "a.b@x.example a.b@x.example c@x.example a.b@x.example"),
            (form(true, true), "ab@x.example ab@x.example c@x.example ab@x.example"),
        ] {
            assert_eq!(addresses(form, &facts).join(" "), made, "{form:?}");
        }
        assert_eq!(labels(&list("about = 'email'"), &facts, &Message::default()).len(), 3);
        let two = list("about = 'email'\nmost = 2");
        assert_eq!(labels(&two, &facts, &Message::default()).len(), 2);
    }

    #[test]
    fn files_are_what_is_attached() {
        let message = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n\
            Content-Disposition: attachment; filename=x.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n\
            YWJj\r\n--b--\r\n";
        let message = Message::parse(message.as_bytes().to_vec());
        let list = list("about = 'file'\ndigest = 'md5'");
        let made = labels(&list, &Facts::default(), &message);
        assert_eq!(made, ["900150983cd24fb0d6963f7d28e17f72"]);
    }
}
