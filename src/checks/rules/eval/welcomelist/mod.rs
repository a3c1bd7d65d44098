//! WLBLEval: lists of senders, recipients and hosts that are welcome or not.

mod conf;
mod hosts;
mod relayed;

pub(super) use conf::list_and_entries;
pub(in super::super) use conf::{Listed, Lists};

use super::{
    super::{addresses, scene::Scene, text::HeaderQuery},
    Arguments, CallError, Function, Question, Standing,
};

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[
    same("check_from_in_blocklist", |_, _| from("blocklist_from")),
    same("check_from_in_blacklist", |_, _| from("blocklist_from")),
    to("check_to_in_blocklist", |_, _| recipient("blocklist_to")),
    to("check_to_in_blacklist", |_, _| recipient("blocklist_to")),
    to("check_to_in_welcomelist", |_, _| recipient("welcomelist_to")),
    to("check_to_in_whitelist", |_, _| recipient("welcomelist_to")),
    to("check_to_in_more_spam", |_, _| recipient("more_spam_to")),
    to("check_to_in_all_spam", |_, _| recipient("all_spam_to")),
    same("check_from_in_list", |arguments, conf| from(list(arguments, &conf.lists)?)),
    to("check_to_in_list", |arguments, conf| recipient(list(arguments, &conf.lists)?)),
    same("check_replyto_in_list", |arguments, conf| reply_to(list(arguments, &conf.lists)?)),
    same("check_from_in_welcomelist", |_, _| standing(|from, _| from == Sender::Welcome)),
    same("check_from_in_whitelist", |_, _| standing(|from, _| from == Sender::Welcome)),
    same("check_forged_in_welcomelist", |_, _| standing(forged)),
    same("check_forged_in_whitelist", |_, _| standing(forged)),
    same("check_from_in_default_welcomelist", |_, _| standing(|_, from| from == Sender::Welcome)),
    same("check_from_in_default_whitelist", |_, _| standing(|_, from| from == Sender::Welcome)),
    same("check_forged_in_default_welcomelist", |_, _| standing(|a, b| forged(b, a))),
    same("check_forged_in_default_whitelist", |_, _| standing(|a, b| forged(b, a))),
    same("check_mailfrom_matches_rcvd", |_, _| relayed::matches_sender()),
    same("check_uri_host_listed", |arguments, _| hosts::listed(arguments.text(1)?)),
    same("check_uri_host_in_blocklist", |_, _| hosts::listed("BLOCK")),
    same("check_uri_host_in_blacklist", |_, _| hosts::listed("BLOCK")),
    same("check_uri_host_in_welcomelist", |_, _| hosts::listed("WELCOME")),
    same("check_uri_host_in_whitelist", |_, _| hosts::listed("WELCOME")),
];

const fn same(
    name: &'static str,
    make: fn(&Arguments, &super::Conf) -> Result<Question, CallError>,
) -> Function {
    Function { name, standing: Standing::Same, make }
}

/// A question about recipients: those in SMTP are known here.
const fn to(
    name: &'static str,
    make: fn(&Arguments, &super::Conf) -> Result<Question, CallError>,
) -> Function {
    Function { name, standing: Standing::Differs("recipients in SMTP count, too"), make }
}

/// The list that the first argument names.
fn list(arguments: &Arguments, lists: &Lists) -> Result<String, CallError> {
    let name = arguments.text(1)?;
    let what = || format!("there is no list `{name}`");
    match lists.addresses(name) {
        Some(_) => Ok(name.to_owned()),
        None => Err(CallError::Value { number: 1, what: what() }),
    }
}

fn from(list: impl Into<String>) -> Result<Question, CallError> {
    in_list(list.into(), addresses::senders)
}

fn recipient(list: impl Into<String>) -> Result<Question, CallError> {
    in_list(list.into(), addresses::recipients)
}

fn reply_to(list: String) -> Result<Question, CallError> {
    let wrong = |error| CallError::Value { number: 1, what: format!("{error}") };
    let query = HeaderQuery::parse("Reply-To:addr").map_err(wrong)?;
    Ok(Question::yes_no(move |scene| {
        let addresses = addresses::of_field(scene, &query);
        let first = addresses.first().zip(scene.conf.lists.addresses(&list));
        first.is_some_and(|(address, list)| list.contains(address))
    }))
}

/// Whether one of the addresses is in a list.
fn in_list(
    list: String,
    addresses: for<'s> fn(&'s Scene<'_>) -> &'s [Vec<u8>],
) -> Result<Question, CallError> {
    Ok(Question::yes_no(move |scene| {
        let list = scene.conf.lists.addresses(&list).filter(|list| !list.is_empty());
        list.is_some_and(|list| addresses(scene).iter().any(|address| list.contains(address)))
    }))
}

/// What the lists of welcome senders say of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sender {
    /// One of its addresses is welcome.
    Welcome,
    /// One would be, but the message came another way.
    Forged,
    /// They say nothing.
    Unknown,
}

/// A question about what the site's own lists and the lists by default say.
fn standing(hits: fn(Sender, Sender) -> bool) -> Result<Question, CallError> {
    Ok(Question::yes_no(move |scene| {
        let lists = &scene.conf.lists;
        let plain = lists.addresses("welcomelist_from").filter(|list| !list.is_empty());
        let backed = ["welcomelist_from_rcvd", "def_welcomelist_from_rcvd"]
            .map(|directive| lists.backed(directive));
        if plain.is_none() && backed.iter().all(|list| list.is_empty()) {
            return hits(Sender::Unknown, Sender::Unknown);
        }
        let senders = addresses::senders(scene);
        let is_welcome =
            senders.iter().any(|sender| plain.is_some_and(|list| list.contains(sender)));
        let [own, default] = backed.map(|list| relayed::sender(scene, list, senders));
        hits(if is_welcome { Sender::Welcome } else { own }, default)
    }))
}

/// A sender is forged if one kind of list says so and the other says nothing.
fn forged(this: Sender, other: Sender) -> bool {
    this == Sender::Forged && other == Sender::Unknown
}

#[cfg(test)]
mod tests;
