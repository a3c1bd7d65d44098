//! A user who may log in, for real: Cyrus SASL with its own password database.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{DOMAIN, Folder, give_to, set_mode};

/// The login name, without the realm (which is [`DOMAIN`]).
pub(crate) const USER: &str = "ann";
/// Her password.
pub(crate) const PASSWORD: &str = "correct horse";

/// Makes the database and `APPLICATION.conf` in `etc/sasl`, and returns that folder. (Debian's
/// Postfix looks beside its main.cf whatever `cyrus_sasl_config_path` says.) The database is for
/// `owner` alone; sendmail insists on that.
pub(crate) fn make(folder: &Folder, application: &str, owner: &str) -> PathBuf {
    let sasl = folder.subfolder("etc/sasl");
    let database = sasl.join("sasldb2");
    add_user(&database);
    set_mode(&database, 0o600);
    give_to(&database, owner);
    let settings = format!(
        "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\n\
         sasldb_path: {}\n",
        database.display()
    );
    folder.write(&format!("etc/sasl/{application}.conf"), settings);
    sasl
}

fn add_user(database: &Path) {
    let mut child = Command::new("saslpasswd2")
        .args(["-p", "-c", "-u", DOMAIN, "-f"])
        .args([database.as_os_str(), USER.as_ref()])
        .stdin(Stdio::piped())
        .spawn()
        .expect("saslpasswd2 (package sasl2-bin); run tests/run.sh");
    child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "saslpasswd2 failed");
}
