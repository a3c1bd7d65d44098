//! A private Dovecot: own configuration, sockets and mailboxes in a temporary folder, with the
//! recipe of README.md that learns from what people move into and out of Junk.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    Folder,
    command::for_everybody,
    daemon::Daemon,
    free_port, give_to,
    imap::Imap,
    recipes::{adapted, block},
    set_mode,
};

/// Who owns all mailboxes.
pub(crate) const MAIL_USER: &str = "nobody";

/// The password of every user.
const PASSWORD: &str = "correct-horse";

/// The sieve scripts of the recipe.
const SCRIPTS: [&str; 2] = ["learn-spam.sieve", "learn-ham.sieve"];

/// Debian's own settings need what a test has no use for; these are all there is.
const SETTINGS: &str = "\
base_dir = FOLDER/run
state_dir = FOLDER/state
log_path = FOLDER/dovecot.log
listen = 127.0.0.1
protocols = imap
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
first_valid_uid = 1
mail_location = maildir:~/Maildir
service imap-login {
  inet_listener imap {
    port = PORT
  }
  inet_listener imaps {
    port = 0
  }
}
passdb {
  driver = static
  args = password=PASSWORD
}
userdb {
  driver = static
  args = uid=USER gid=nogroup home=FOLDER/mail/%u
}
namespace inbox {
  inbox = yes
  mailbox Junk {
    auto = create
    special_use = \\Junk
  }
  mailbox Trash {
    auto = create
    special_use = \\Trash
  }
  mailbox Archive {
    auto = create
  }
}
";

/// A running Dovecot.
pub(crate) struct Dovecot {
    port: u16,
    // Before the folder: the processes must be gone when it is removed.
    _master: Daemon,
    folder: Folder,
}

impl Dovecot {
    /// Starts one that teaches the gatepost of this configuration, whose control socket is open to
    /// `group`.
    pub(crate) fn start(gatepost: &Path, group: &str) -> Self {
        let folder = Folder::new();
        let port = free_port();
        let config = write_configuration(&folder, port, group);
        // In the place of a link to the program: its configuration is not where it would look.
        let (program, gatepost) = (for_everybody().display(), gatepost.display());
        let script = format!("#!/bin/sh\nexec {program} --config {gatepost} \"$@\"\n");
        set_mode(&folder.write("pipe/gatepost", script), 0o755);
        compile_scripts(&folder, &config);
        let mut command = Command::new("dovecot");
        command.arg("-F").arg("-c").arg(&config);
        let mut master = Daemon::spawn("dovecot", &mut command, &folder.path().join("dovecot.log"));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        master.wait_ready(|| TcpStream::connect(address).is_ok());
        Self { port, _master: master, folder }
    }

    /// A session of one user; users come into being by logging in.
    pub(crate) fn login(&self, user: &str) -> Imap {
        Imap::login(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)), user, PASSWORD)
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("dovecot.log")).unwrap()
    }
}

fn write_configuration(folder: &Folder, port: u16, group: &str) -> PathBuf {
    let base = folder.path().display().to_string();
    give_to(&folder.subfolder("mail"), MAIL_USER);
    let [sieve, pipe] = ["sieve", "pipe"].map(|name| folder.subfolder(name).display().to_string());
    for script in SCRIPTS {
        folder.write(&format!("sieve/{script}"), block(&format!("/etc/dovecot/sieve/{script}")));
    }
    let settings = SETTINGS
        .replace("FOLDER", &base)
        .replace("PORT", &port.to_string())
        .replace("PASSWORD", PASSWORD)
        .replace("USER", MAIL_USER);
    let recipe = adapted(
        "/etc/dovecot/conf.d/95-gatepost.conf",
        &[
            ("/etc/dovecot/sieve", &sieve),
            ("/usr/local/lib/dovecot-pipe", &pipe),
            ("mail_access_groups = gatepost", &format!("mail_access_groups = {group}")),
        ],
    );
    folder.write("dovecot.conf", settings + &recipe)
}

/// As the recipe says: the mail user may not write beside the scripts.
fn compile_scripts(folder: &Folder, config: &Path) {
    for script in SCRIPTS {
        let script = folder.path().join("sieve").join(script);
        let output = Command::new("sievec").arg("-c").arg(config).arg(&script).output();
        let output = output.expect("sievec (package dovecot-sieve); run tests/run.sh");
        assert!(output.status.success(), "{output:?}");
    }
}
