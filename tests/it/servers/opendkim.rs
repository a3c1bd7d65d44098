//! A real DKIM signer: opendkim, one instance a canonical form, asked over the milter protocol.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    process::Command,
};

use super::{
    Folder,
    daemon::Daemon,
    free_address,
    milter_client::{MilterClient, Reply},
    set_mode,
};
use crate::mail::base64;

/// The domain it signs for.
pub(crate) const SIGNER: &str = "example.org";
/// The name of its key there.
pub(crate) const SELECTOR: &str = "s1";

/// The four pairs of canonical forms, of header and body.
pub(crate) const FORMS: [&str; 4] =
    ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"];

/// What is signed of the header, besides what opendkim signs anyway.
const SIGNED: &str = "From,To,Subject,Date,Message-ID,MIME-Version,Content-Type,X-Two,X-Tab,X-Trail,\
    X-Eight,X-Folded,X-Case,X-Long,X-Empty";

/// A running signer for each of [`FORMS`], all with one key.
pub(crate) struct Opendkim {
    signers: Vec<(SocketAddr, Daemon)>,
    record: String,
    _folder: Folder,
}

impl Opendkim {
    pub(crate) fn start() -> Self {
        let folder = Folder::new();
        let key = folder.path().join("key.pem");
        run(Command::new("openssl").args(["genrsa", "-out"]).arg(&key).arg("2048"));
        let public = folder.path().join("public.der");
        let mut export = Command::new("openssl");
        export.args(["rsa", "-pubout", "-outform", "DER", "-in"]).arg(&key).arg("-out");
        run(export.arg(&public));
        set_mode(&key, 0o600);
        let record = format!("v=DKIM1; k=rsa; p={}", base64(&fs::read(public).unwrap()));
        let signers = FORMS.iter().map(|form| start_one(&folder, form)).collect();
        Self { signers, record, _folder: folder }
    }

    /// Where its key belongs in DNS, and the key.
    pub(crate) fn key(&self) -> (String, &str) {
        (format!("{SELECTOR}._domainkey.{SIGNER}"), &self.record)
    }

    /// The message with a signature on top, in one of [`FORMS`].
    pub(crate) fn sign(&self, form: usize, message: &[u8]) -> Vec<u8> {
        let mut milter = MilterClient::connect(self.signers[form].0).unwrap();
        let reply = milter.open("127.0.0.1", "reader@example.test").unwrap();
        assert_eq!(reply, Reply::Continue);
        let reply = milter.message(message).unwrap();
        assert!(matches!(reply, Reply::Continue | Reply::Accept), "{reply:?}");
        let changes = milter.changes.iter();
        let inserted = changes.filter(|(kind, _)| *kind == b'i').map(|(_, data)| &data[4..]);
        let added =
            milter.changes.iter().filter(|(kind, _)| *kind == b'h').map(|(_, data)| &data[..]);
        let field = inserted.chain(added).find(|data| data.starts_with(b"DKIM-Signature\0"));
        let field = String::from_utf8(field.expect("a signature").to_vec()).unwrap();
        let value = field["DKIM-Signature\0".len()..].trim_end_matches('\0');
        let blank = if value.starts_with(' ') { "" } else { " " };
        let value = value.replace("\r\n", "\n").replace('\n', "\r\n");
        [format!("DKIM-Signature:{blank}{value}\r\n").as_bytes(), message].concat()
    }
}

fn start_one(folder: &Folder, form: &str) -> (SocketAddr, Daemon) {
    let address = free_address();
    let name = form.replace('/', "-");
    let base = folder.path().display();
    let configuration = folder.write(
        &format!("{name}.conf"),
        format!(
            "Syslog no\nMode s\nDomain {SIGNER}\nSelector {SELECTOR}\nKeyFile {base}/key.pem\n\
             Canonicalization {form}\nSocket inet:{}@127.0.0.1\nInternalHosts 127.0.0.1\n\
             RequireSafeKeys no\nUserID root\nSignHeaders {SIGNED}\nMinimumKeyBits 1024\n",
            address.port()
        ),
    );
    let mut command = Command::new("opendkim");
    command.args(["-f", "-x"]).arg(configuration);
    let mut daemon = Daemon::spawn("opendkim", &mut command, &folder.path().join(name));
    daemon.wait_ready(|| TcpStream::connect(address).is_ok());
    (address, daemon)
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}
