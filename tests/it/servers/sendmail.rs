//! A private sendmail: Debian's package, unpacked beside Postfix by tests/run.sh.
//!
//! Its configuration is made by its own m4 macros, as an administrator would. Mail is delivered
//! while the client waits (interactive mode), to the same kind of mailboxes as Postfix's.

use std::{
    env,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{
    DOMAIN, Folder, MX_V6, Mta, daemon::Daemon, free_port, login, maildir, set_mode, smtp::greets,
    wait_until,
};

/// Appends each message to the mailboxes of all recipients; sendmail runs it as `nobody`.
const STORE: &str = r#"#!/bin/sh
set -e
base=$1
shift
new=$(mktemp "$base/incoming.XXXXXXXX")
cat >"$new"
for user; do
    mkdir -p "$base/$user/new"
    cp "$new" "$base/$user/new/${new##*.}.$$"
done
rm "$new"
"#;

/// sendmail looks for `Sendmail.conf` in the system's folders only: they are ours in its eyes.
const OWN_SASL: &str = r#"mount --bind "$0" /usr/lib/sasl2 && exec "$@""#;

/// A running sendmail.
pub(crate) struct Sendmail {
    port: u16,
    mailboxes: PathBuf,
    queue: PathBuf,
    _daemon: Daemon,
    _folder: Folder,
}

impl Sendmail {
    /// Starts one; `milter` in sendmail's notation: `inet:PORT@127.0.0.1` or
    /// `unix:/PATH`; empty for none.
    pub(crate) fn start(milter: &str) -> Self {
        let folder = Folder::new();
        let port = free_port();
        write_configuration(&folder, milter, port);
        let configuration = folder.path().join("sendmail.cf");
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", OWN_SASL]).arg(folder.path().join("etc/sasl"));
        command.arg(root().join("usr/libexec/sendmail/sendmail"));
        command.args(["-bD", "-q1s", "-C"]).arg(configuration);
        command.arg("-X").arg(folder.path().join("log"));
        let mut daemon = Daemon::spawn("sendmail", &mut command, &folder.path().join("log"));
        daemon.wait_ready(|| greets(SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
        Self {
            port,
            mailboxes: folder.path().join("mail"),
            queue: folder.path().join("queue"),
            _daemon: daemon,
            _folder: folder,
        }
    }
}

impl Mta for Sendmail {
    fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    fn delivered(&self, user: &str) -> Vec<Vec<u8>> {
        maildir::read(&self.mailboxes, user)
    }

    fn settle(&self) {
        wait_until("an empty sendmail queue", Duration::from_secs(60), || {
            maildir::count_files(&self.queue) == 0
        });
    }
}

/// Where tests/run.sh unpacked the package.
fn root() -> PathBuf {
    let root = env::var_os("GATEPOST_SENDMAIL").expect("no GATEPOST_SENDMAIL: run tests/run.sh");
    PathBuf::from(root)
}

fn write_configuration(folder: &Folder, milter: &str, port: u16) {
    login::make(folder, "Sendmail", "root");
    set_mode(&folder.subfolder("queue"), 0o700);
    set_mode(&folder.subfolder("mail"), 0o777);
    set_mode(&folder.write("store.sh", STORE), 0o755);
    folder.write("service.switch", "hosts files\naliases files\n");
    folder.write("sendmail.mc", macros(folder.path(), milter, port));
    let made = Command::new("m4")
        .arg("sendmail.mc")
        .current_dir(folder.path())
        .output()
        .expect("m4; run tests/run.sh");
    assert!(made.status.success(), "m4: {}", String::from_utf8_lossy(&made.stderr));
    folder.write("sendmail.cf", made.stdout);
}

fn macros(folder: &Path, milter: &str, port: u16) -> String {
    let (base, cf) = (folder.display(), root().join("usr/share/sendmail/cf"));
    let cf = cf.display();
    let filter = match milter {
        "" => String::new(),
        _ => format!("INPUT_MAIL_FILTER(`gatepost', `S={milter}, F=T, T=C:30s;S:30s;R:30s;E:5m')"),
    };
    format!(
        "\
divert(-1)
define(`_CF_DIR_', `{cf}/')
include(`{cf}/m4/cf.m4')
VERSIONID(`gatepost tests')
OSTYPE(`linux')
define(`confDOMAIN_NAME', `mx.{DOMAIN}')
define(`QUEUE_DIR', `{base}/queue')
define(`STATUS_FILE', `{base}/status')
define(`confPID_FILE', `{base}/pid')
define(`ALIAS_FILE', `')
define(`HELP_FILE', `')
define(`confSERVICE_SWITCH_FILE', `{base}/service.switch')
define(`confDELIVERY_MODE', `interactive')
define(`confDEF_USER_ID', `nobody:nogroup')
define(`confTO_IDENT', `0')
define(`confQUEUE_LA', `1000')
define(`confREFUSE_LA', `1000')
define(`confAUTH_MECHANISMS', `PLAIN LOGIN')
define(`confAUTH_REALM', `{DOMAIN}')
TRUST_AUTH_MECH(`PLAIN LOGIN')
FEATURE(`nocanonify')
FEATURE(`accept_unresolvable_domains')
FEATURE(`no_default_msa')
DAEMON_OPTIONS(`Port={port}, Name=MTA')
DAEMON_OPTIONS(`Port={port}, Name=MTA6, Family=inet6, Addr={MX_V6}')
{filter}
MAILER(`smtp')
LOCAL_CONFIG
Cw{DOMAIN}
LOCAL_RULE_0
R$+ < @ {DOMAIN} . >	$#store $@ {DOMAIN} $: $1
MAILER_DEFINITIONS
Mstore, P={base}/store.sh, F=lsDFMPhmnu9, T=DNS/RFC822/X-Unix, A=store.sh {base}/mail $u
"
    )
}
