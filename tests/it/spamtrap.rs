//! The recipe of README.md for a spamtrap: what is sent to an address that nobody has is learned.

use std::time::Duration;

use crate::{
    mail,
    servers::{
        DOMAIN, Mta,
        command::for_everybody,
        gatepost::{Config, Gatepost},
        postfix::{Options, Postfix},
        rbldnsd::CLEAN,
        recipes::adapted,
        smtp::Delivery,
        wait_until,
    },
};

/// Who gatepost runs as: Postfix gives mail to no program of root's.
const SERVICE: &str = "daemon";

/// A Postfix with the recipe.
fn postfix(gatepost: &Gatepost) -> Postfix {
    let program = for_everybody().display();
    let run = format!("{program} --config {} train", gatepost.config_file().display());
    let services = adapted(
        "/etc/postfix/master.cf: the spamtrap",
        &[("user=gatepost", &format!("user={SERVICE}")), ("gatepost train", &run)],
    );
    let address = format!("trap@{DOMAIN}");
    let settings = adapted("/etc/postfix/main.cf: the spamtrap", &[("trap@example.org", &address)]);
    Postfix::with(&Options {
        milter: &gatepost.inet(),
        extra: &settings,
        services: &services,
        ..Options::default()
    })
}

fn send(postfix: &Postfix, user: &str, number: usize) {
    let delivery = Delivery::new(CLEAN, user, mail::about("turnips", number));
    let outcome = delivery.attempt(postfix.address()).unwrap();
    assert_eq!(outcome.reply.code, 250, "{outcome:?}");
}

#[test]
fn learns_what_is_sent_to_it() {
    let gatepost = Gatepost::start_as(SERVICE, &Config::new());
    let postfix = postfix(&gatepost);
    send(&postfix, "trap", 1);
    send(&postfix, "reader", 2);
    send(&postfix, "trap", 3);
    postfix.settle();
    assert_eq!(gatepost.shell().counts(), (2, 0, 0));
    assert_eq!(postfix.all_delivered().len(), 1, "nothing else becomes of mail to the trap");
}

/// Nothing bounces to whoever is named as the sender; the lesson waits for the service.
#[test]
fn waits_for_the_service() {
    let mut gatepost = Gatepost::start_as(SERVICE, &Config::new());
    let postfix = postfix(&gatepost);
    // The trap's command can neither connect nor open the store.
    let away = gatepost.store().with_extension("away");
    gatepost.kill();
    std::fs::rename(gatepost.store(), &away).unwrap();
    std::fs::write(gatepost.store(), "in the way").unwrap();
    gatepost.restart();
    send(&postfix, "trap", 1);
    wait_until("a deferred message", Duration::from_secs(60), || {
        postfix.log().contains("status=deferred")
    });
    gatepost.kill();
    std::fs::remove_file(gatepost.store()).unwrap();
    std::fs::rename(&away, gatepost.store()).unwrap();
    gatepost.restart();
    postfix.settle();
    assert_eq!(gatepost.shell().counts(), (1, 0, 0));
    assert!(!postfix.log().contains("status=bounced"));
}
