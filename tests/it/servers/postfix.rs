//! A private Postfix: own configuration, queue, data, mailboxes and log in a temporary folder.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{
    DOMAIN, Folder, Mta,
    daemon::Daemon,
    free_port, give_to, login, maildir,
    smtp::{Smtp, greets},
    wait_until,
};
use crate::mail::header;

/// The queues in which a message waits or is worked on.
const QUEUES: [&str; 6] = ["maildrop", "incoming", "active", "deferred", "corrupt", "hold"];

/// All mail goes to one Maildir; `Delivered-To` says for whom it was.
const MAILBOX: &str = "all";

/// How to set it up.
#[derive(Default)]
pub(crate) struct Options<'a> {
    /// The value of `smtpd_milters`: `inet:127.0.0.1:PORT` or `unix:/PATH`; empty for none.
    pub(crate) milter: &'a str,
    /// Throws mail away after the queue instead of delivering it: for measuring the filter.
    pub(crate) discard: bool,
    /// More lines for main.cf; later ones win.
    pub(crate) extra: &'a str,
    /// More lines for master.cf.
    pub(crate) services: &'a str,
}

/// A running Postfix.
pub(crate) struct Postfix {
    port: u16,
    submission_port: u16,
    mailboxes: PathBuf,
    queue: PathBuf,
    // Before the folder: the processes must be gone when it is removed.
    _master: Daemon,
    folder: Folder,
}

impl Postfix {
    /// Starts one that asks the milter about everything and delivers to Maildirs.
    pub(crate) fn start(milter: &str) -> Self {
        Self::with(&Options { milter, ..Options::default() })
    }

    pub(crate) fn with(options: &Options<'_>) -> Self {
        let folder = Folder::new();
        let (port, submission_port) = (free_port(), free_port());
        write_configuration(&folder, options, port, submission_port);
        // start-fg: the master is our child and ends with us.
        let mut command = Command::new("postfix");
        command.arg("-c").arg(folder.path().join("etc")).arg("start-fg");
        let log = folder.path().join("log/mail.log");
        let mut master = Daemon::spawn("postfix", &mut command, &log);
        for port in [port, submission_port] {
            master.wait_ready(|| greets(SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
        }
        Self {
            port,
            submission_port,
            mailboxes: folder.path().join("mail"),
            queue: folder.path().join("queue"),
            _master: master,
            folder,
        }
    }

    /// The second door, whose `{daemon_name}` is `SUBMISSION`.
    pub(crate) fn submission(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.submission_port))
    }

    /// Opens a session from the given address.
    pub(crate) fn connect(&self, source: IpAddr) -> Smtp {
        Smtp::connect(self.address(), source).expect("a session with Postfix")
    }

    /// Every message delivered to anybody.
    pub(crate) fn all_delivered(&self) -> Vec<Vec<u8>> {
        maildir::read(&self.mailboxes, MAILBOX)
    }

    /// Messages that a milter put on hold (quarantine).
    pub(crate) fn held(&self) -> usize {
        maildir::count_files(&self.queue.join("hold"))
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log/mail.log")).unwrap()
    }

    fn queued(&self) -> usize {
        QUEUES
            .iter()
            .filter(|queue| **queue != "hold")
            .map(|queue| maildir::count_files(&self.queue.join(queue)))
            .sum()
    }
}

impl Mta for Postfix {
    fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    fn delivered(&self, user: &str) -> Vec<Vec<u8>> {
        let recipient = format!("{user}@{DOMAIN}");
        let mut delivered = self.all_delivered();
        delivered.retain(|message| header(message, "Delivered-To").as_ref() == Some(&recipient));
        delivered
    }

    fn settle(&self) {
        wait_until("an empty Postfix queue", Duration::from_secs(60), || self.queued() == 0);
    }
}

fn write_configuration(folder: &Folder, options: &Options<'_>, port: u16, submission_port: u16) {
    for name in ["etc", "queue", "log"] {
        folder.subfolder(name);
    }
    for (name, owner) in [("data", "postfix"), ("mail", "nobody")] {
        give_to(&folder.subfolder(name), owner);
    }
    let sasl = login::make(folder, "smtpd", "postfix");
    folder.write("etc/main.cf", main_cf(folder.path(), &sasl, options));
    folder.write("etc/master.cf", master_cf(port, submission_port) + options.services);
    // Missing maps of the system (dynamicmaps) are none of ours, but Debian's Postfix looks there.
    let _ = fs::copy("/etc/postfix/dynamicmaps.cf", folder.path().join("etc/dynamicmaps.cf"));
}

fn main_cf(folder: &Path, sasl: &Path, options: &Options<'_>) -> String {
    let (base, sasl) = (folder.display(), sasl.display());
    let Options { milter, discard, extra, .. } = options;
    let transport = if *discard { "discard:" } else { "virtual:" };
    format!(
        "\
compatibility_level = 3.6
myhostname = mx.{DOMAIN}
mydestination =
mynetworks =
queue_directory = {base}/queue
data_directory = {base}/data
maillog_file = {base}/log/mail.log
maillog_file_prefixes = {base}
inet_interfaces = all
inet_protocols = all
smtpd_peername_lookup = no
disable_dns_lookups = yes
alias_maps =
alias_database =
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_base = {base}/mail
virtual_mailbox_maps = static:{MAILBOX}/
virtual_transport = {transport}
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 100
virtual_mailbox_limit = 0
mailbox_size_limit = 0
message_size_limit = 0
in_flow_delay = 0
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 100000
smtpd_hard_error_limit = 100000
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_junk_command_limit = 100000
default_process_limit = 200
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = {DOMAIN}
cyrus_sasl_config_path = {sasl}
smtpd_tls_security_level = none
smtpd_tls_auth_only = no
smtpd_milters = {milter}
milter_protocol = 6
milter_default_action = tempfail
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
{extra}
"
    )
}

/// No chroot, and only the services that a message needs.
fn master_cf(port: u16, submission_port: u16) -> String {
    format!(
        "\
{port} inet n - n - - smtpd
{submission_port} inet n - n - - smtpd
  -o milter_macro_daemon_name=SUBMISSION
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"
    )
}
