//! Messages with attachments, made by hand, and what the program finds in them.

use std::{fs, process::Command};

use data_encoding::BASE64_MIME;
use serde_json::Value;

use crate::servers::{Folder, command::Shell};

/// What is hidden somewhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Secret {
    pub(super) text: &'static str,
    pub(super) url: &'static str,
}

/// What rules look for.
pub(super) const SPAM: Secret =
    Secret { text: "Cheap replica watches here", url: "http://shop.listed.example.com/watch" };

/// The same in harmless.
pub(super) const CLEAN: Secret =
    Secret { text: "Notes of our last meeting", url: "http://www.clean.example.org/notes" };

const RULES: &str = r"
body     HIDDEN_TEXT  /replica\s+watches/i
score    HIDDEN_TEXT  6.0
uri      HIDDEN_URL   /listed\.example\.com/
score    HIDDEN_URL   6.0
";

/// Something attached.
#[derive(Clone, Debug)]
pub(super) struct Attachment {
    pub(super) content_type: String,
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

impl Attachment {
    pub(super) fn new(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let content_type = "application/octet-stream".to_owned();
        Self { content_type, name: name.to_owned(), bytes: bytes.into() }
    }

    pub(super) fn of_type(self, content_type: &str) -> Self {
        Self { content_type: content_type.to_owned(), ..self }
    }
}

/// A message in the making.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) body: String,
    pub(super) body_type: &'static str,
    pub(super) attachments: Vec<Attachment>,
}

impl Letter {
    /// Some polite words.
    pub(super) fn with(attachments: impl IntoIterator<Item = Attachment>) -> Self {
        let body = "Dear Bob,\r\n\r\nplease see what is attached.\r\n\r\nAlice\r\n".to_owned();
        Self { body, body_type: "text/plain", attachments: attachments.into_iter().collect() }
    }

    pub(super) fn saying(self, body: &str) -> Self {
        Self { body: format!("{}{body}\r\n", self.body), ..self }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!(
            "From: Alice Martin <alice@example.org>\r\nTo: Bob <bob@example.com>\r\n\
             Date: Tue, 4 Mar 2025 10:12:00 +0100\r\nMessage-ID: <4711@mail.example.org>\r\n\
             Subject: As agreed\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/related; boundary=\"frontier\"\r\n\r\n\
             --frontier\r\nContent-Type: {}; charset=utf-8\r\n\r\n{}\r\n",
            self.body_type, self.body
        );
        for Attachment { content_type, name, bytes } in &self.attachments {
            text += &format!(
                "--frontier\r\nContent-Type: {content_type}\r\nContent-ID: <{name}>\r\n\
                 Content-Disposition: attachment; filename=\"{name}\"\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\n{}\r\n",
                BASE64_MIME.encode(bytes)
            );
        }
        text += "--frontier--\r\n";
        text.into_bytes()
    }
}

/// A place to make files in, and the program that looks into them.
pub(super) struct Bench {
    shell: Shell,
    _folder: Folder,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with("")
    }

    /// With more configuration.
    pub(super) fn with(toml: &str) -> Self {
        let folder = Folder::new();
        let path = folder.path();
        fs::write(path.join("own.cf"), RULES).unwrap();
        let config = format!(
            "[rules]\ninclude = [\"builtin\", {:?}]\n[store]\npath = {:?}\n{toml}",
            path.join("own.cf"),
            path.join("store")
        );
        fs::write(path.join("gatepost.toml"), config).unwrap();
        let shell = Shell::new(path.join("gatepost.toml"));
        Self { shell, _folder: folder }
    }

    /// Runs a tool in an empty folder in which these files stand, and gives back what it made.
    pub(super) fn make(&self, files: &[(&str, &[u8])], tool: &[&str], made: &str) -> Vec<u8> {
        let folder = Folder::new();
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let output =
            Command::new(tool[0]).args(&tool[1..]).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{tool:?}: {output:?}");
        fs::read(folder.path().join(made)).unwrap_or_else(|error| panic!("{tool:?}: {error}"))
    }

    /// What `check --offline` says of these letters, in their order.
    pub(super) fn check(&self, letters: &[Vec<u8>]) -> Vec<Value> {
        self.said(letters, &["check", "--json", "--offline"])
    }

    /// The same with what the configuration has beside this machine.
    pub(super) fn check_online(&self, letters: &[Vec<u8>]) -> Vec<Value> {
        self.said(letters, &["check", "--json"])
    }

    fn said(&self, letters: &[Vec<u8>], command: &[&str]) -> Vec<Value> {
        let folder = Folder::new();
        for (number, letter) in letters.iter().enumerate() {
            fs::write(folder.path().join(format!("{number:03}.eml")), letter).unwrap();
        }
        let said = self.shell.run(&[command, &[folder.path().to_str().unwrap()]].concat());
        assert!(said.status <= 1, "{said:?}");
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Names of what was found.
pub(super) fn findings(judged: &Value) -> Vec<&str> {
    let findings = judged["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["name"].as_str().unwrap()).collect()
}
