//! The recipe of README.md for Dovecot: what people move into Junk is learned as spam, what they
//! move out of it as ham.

use std::time::Duration;

use crate::{
    mail,
    servers::{
        Folder,
        dovecot::Dovecot,
        gatepost::{Config, Gatepost},
        give_to, recipes, wait_until,
    },
};

/// Who gatepost runs as, and the group that may connect: any user of the system without privileges
/// that is not the one who owns the mail.
const SERVICE: &str = "daemon";

/// gatepost with the settings that the recipe asks for.
fn gatepost(door: &Folder) -> Gatepost {
    give_to(door.path(), SERVICE);
    let control = door.path().join("control.sock").display().to_string();
    let recipe = recipes::adapted(
        "/etc/gatepost/gatepost.toml: who may teach",
        &[("/run/gatepost/control.sock", &control)],
    );
    Gatepost::start_as(SERVICE, &Config::new().with(&recipe))
}

#[test]
fn moving_mail_teaches() {
    let door = Folder::new();
    let gatepost = gatepost(&door);
    let dovecot = Dovecot::start(&gatepost.config_file(), SERVICE);
    let mut imap = dovecot.login("ann");
    let becomes = |counts: (u64, u64, u64)| {
        let what = format!("(spam, ham, forgotten) {counts:?}; Dovecot said:\n{}", dovecot.log());
        wait_until(&what, Duration::from_secs(20), || gatepost.shell().counts() == counts);
    };
    imap.append("INBOX", &mail::about("turnips", 1));
    imap.append("INBOX", &mail::about("turnips", 2));
    becomes((0, 0, 0));
    imap.command("SELECT INBOX");
    imap.command("MOVE 1 Junk");
    becomes((1, 0, 0));
    // As clients without MOVE (RFC 6851) do it.
    imap.command("COPY 1 Junk");
    imap.command("STORE 1 +FLAGS (\\Deleted)");
    imap.command("EXPUNGE");
    becomes((2, 0, 0));
    imap.command("SELECT Junk");
    imap.command("MOVE 1 INBOX");
    becomes((1, 1, 0));
    imap.command("MOVE 1 Trash");
    assert_eq!((imap.count("Junk"), imap.count("Trash"), imap.count("INBOX")), (0, 1, 1));
    becomes((1, 1, 0));
    imap.append("Junk", &mail::about("turnips", 3));
    becomes((2, 1, 0));
    // Between other folders nothing is said about a message.
    imap.command("SELECT INBOX");
    imap.command("MOVE 1 Archive");
    becomes((2, 1, 0));
    assert_eq!(imap.count("Archive"), 1);
}

/// A lesson that cannot be given does not keep anybody from moving mail.
#[test]
fn mail_moves_without_the_service() {
    let door = Folder::new();
    let mut gatepost = gatepost(&door);
    let dovecot = Dovecot::start(&gatepost.config_file(), SERVICE);
    let mut imap = dovecot.login("ann");
    imap.append("INBOX", &mail::about("turnips", 1));
    gatepost.kill();
    imap.command("SELECT INBOX");
    imap.command("MOVE 1 Junk");
    assert_eq!((imap.count("INBOX"), imap.count("Junk")), (0, 1));
    gatepost.restart();
    assert_eq!(gatepost.shell().counts(), (0, 0, 0));
    // It is learned when it is moved again.
    imap.command("SELECT Junk");
    imap.command("MOVE 1 INBOX");
    let learned = || gatepost.shell().counts() == (0, 1, 0);
    wait_until("the lesson given again", Duration::from_secs(20), learned);
}
