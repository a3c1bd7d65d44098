//! What a `header` rule reads of a message, as SpamAssassin's PerMsgStatus::get answers.

use std::borrow::Cow;

use super::{
    super::{
        relays::{self, Relays},
        scene::Scene,
    },
    bare_line_feeds,
    fields::{Field, Fields, decoded_line, is_blank, trimmed, unfolded_raw},
    host,
    mailboxes::{Mailbox, mailboxes},
    query::{HeaderQuery, Hosts, Of, Part, Pick, Place},
};

/// Bytes of all values of one query together; SpamAssassin's limit for a header section.
const VALUE_LIMIT: usize = 64 << 10;

impl HeaderQuery {
    /// The text a pattern is matched against; `None` if the message has no such header.
    pub(in super::super) fn read<'s>(&self, scene: &'s Scene<'_>) -> Option<Cow<'s, [u8]>> {
        let mut text = self.whole(scene).or_else(|| joined(self.values(scene)))?;
        match &mut text {
            Cow::Borrowed(text) => *text = text.get(..VALUE_LIMIT).unwrap_or(text),
            Cow::Owned(text) => text.truncate(VALUE_LIMIT),
        }
        Some(text)
    }

    /// The decoded values of all fields, or of those of a name, if that is what is asked for and
    /// there are any.
    fn whole<'s>(&self, scene: &'s Scene<'_>) -> Option<Cow<'s, [u8]>> {
        let modifiers = (self.raw, self.part, self.place, self.pick);
        if modifiers != (false, Part::Whole, Place::Any, Pick::All) {
            return None;
        }
        let text = match &self.of {
            Of::Named(name) => Cow::Borrowed(scene.headers.joined(name).as_bytes()),
            Of::All => Cow::Owned(all_lines(&scene.headers)),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    /// Whether the message has such a header.
    pub(in super::super) fn exists(&self, scene: &Scene<'_>) -> bool {
        match (&self.of, self.part, self.place) {
            (Of::Named(name), Part::Whole, Place::Any) => {
                scene.headers.has(name) || !domains(name, scene).is_empty()
            }
            _ => !self.values(scene).is_empty(),
        }
    }

    /// Everything that is asked for, one by one.
    pub(in super::super) fn values<'s>(&self, scene: &'s Scene<'_>) -> Vec<Cow<'s, [u8]>> {
        let mut values = match &self.of {
            Of::All => return self.all(&scene.headers),
            Of::Wrote(hosts) => return self.all_of(*hosts, scene),
            Of::Named(name) if self.part != Part::Whole && scene.headers.has(name) => {
                self.parts_of_fields(name, scene)
            }
            _ if self.part == Part::Whole => self.picked(self.texts(scene)),
            _ => self.parts_of_texts(self.picked(self.texts(scene))),
        };
        if self.place != Place::Any {
            values = values.iter().filter_map(|value| self.place(value, scene)).collect();
        }
        values
    }

    /// Those that `:first` or `:last` leaves.
    fn picked<T>(&self, mut values: Vec<T>) -> Vec<T> {
        match self.pick {
            Pick::All => {}
            Pick::First => values.truncate(1),
            Pick::Last => drop(values.drain(..values.len().saturating_sub(1))),
        }
        values
    }

    /// The values of the fields, as far as the limit allows.
    fn texts<'s>(&self, scene: &'s Scene<'_>) -> Vec<Cow<'s, [u8]>> {
        match &self.of {
            Of::Named(name) => {
                let value = |field: &'s Field<'_>| match self.raw {
                    true => Cow::Borrowed(&*field.raw),
                    false => line(field),
                };
                let values = limited(scene.headers.named(name).map(value));
                if values.is_empty() { domains(name, scene) } else { values }
            }
            Of::ToCc => self.unfolded(scene, &["to", "cc"]),
            Of::MessageId => self.unfolded(scene, &MESSAGE_IDS),
            Of::EnvelopeFrom => {
                let sender = scene.envelope_from().map(|sender| sender.as_bytes().into());
                sender.into_iter().collect()
            }
            Of::Relays(hosts) => {
                let text = Relays::text(of(*hosts, scene.relays()));
                vec![text.into_bytes().into()]
            }
            Of::All | Of::Wrote(_) => Vec::new(),
        }
    }

    /// Fields of several names, in the order of the names. Their `:raw` values are unfolded.
    fn unfolded<'s>(&self, scene: &'s Scene<'_>, names: &[&str]) -> Vec<Cow<'s, [u8]>> {
        let fields = names.iter().flat_map(|name| scene.headers.named(name));
        limited(fields.map(|field| match self.raw {
            true => Cow::Owned(unfolded_raw(&field.raw)),
            false => line(field),
        }))
    }

    /// `ALL`: every field with its name.
    fn all<'s>(&self, fields: &'s Fields<'_>) -> Vec<Cow<'s, [u8]>> {
        if self.raw {
            let lines =
                fields.lines().filter(|line| !line.starts_with(b" ") && !line.starts_with(b"\t"));
            return limited(lines.filter(|line| line.ends_with(b"\n")).map(bare_line_feeds));
        }
        limited(fields.iter().map(named_line))
    }

    /// What hosts may have written: for those we trust, all down to the Received field that tells
    /// of the first other one; for the others, all from there on.
    fn all_of<'s>(&self, hosts: Hosts, scene: &'s Scene<'_>) -> Vec<Cow<'s, [u8]>> {
        let relays = scene.relays();
        let limit = match hosts {
            Hosts::Trusted | Hosts::Untrusted => relays.trusted_fields(),
            Hosts::Internal | Hosts::External => relays.internal_fields(),
        };
        let is_top = matches!(hosts, Hosts::Trusted | Hosts::Internal);
        // The MTA's own line, which is not there yet, stands above all others.
        let mut received = usize::from(relays.has_client());
        let lines = self.all(&scene.headers).into_iter();
        let lines = lines.map(|line| {
            let is_received =
                line.get(..9).is_some_and(|name| name.eq_ignore_ascii_case(b"received:"));
            received += usize::from(is_received);
            (received, is_received, line)
        });
        // `received` counts this field, too: the field itself has the number below.
        let belongs = |(count, is_received, _): &(usize, bool, Cow<'s, [u8]>)| match is_top {
            true => *count <= limit || (*count == limit + 1 && *is_received),
            false => *count > limit,
        };
        lines.filter(belongs).map(|(_, _, line)| line).collect()
    }

    /// Addresses or names in fields as they were sent.
    fn parts_of_fields<'s>(&self, name: &str, scene: &'s Scene<'_>) -> Vec<Cow<'s, [u8]>> {
        let fields = limited_by(scene.headers.named(name), |field| field.raw.len());
        let fields = self.picked(fields).into_iter();
        fields.flat_map(Field::mailboxes).filter_map(|mailbox| self.part(mailbox)).collect()
    }

    /// Addresses or names in other texts.
    fn parts_of_texts<'s>(&self, texts: Vec<Cow<'s, [u8]>>) -> Vec<Cow<'s, [u8]>> {
        let owned = |mailbox: &Mailbox| Some(Cow::Owned(self.part(mailbox)?.into_owned()));
        let mailboxes = texts.iter().flat_map(|text| mailboxes(text));
        mailboxes.filter_map(|mailbox| owned(&mailbox)).collect()
    }

    /// What is wanted of a mailbox.
    fn part<'m>(&self, mailbox: &'m Mailbox) -> Option<Cow<'m, [u8]>> {
        match self.part {
            Part::Addresses => mailbox.address.as_deref().map(Cow::Borrowed),
            _ if self.raw => mailbox.name.as_deref().map(Cow::Borrowed),
            _ => mailbox.name.as_deref().map(|name| readable(name).into_bytes().into()),
        }
    }

    /// The host or address in a value.
    fn place<'s>(&self, value: &[u8], scene: &Scene<'_>) -> Option<Cow<'s, [u8]>> {
        if matches!(self.place, Place::Ip | Place::ReversedIp) {
            let (start, end) = relays::find_lone_ip(value)?;
            let ip = String::from_utf8_lossy(value.get(start..end)?);
            let is_reversed = self.place == Place::ReversedIp;
            let ip = if is_reversed { relays::reversed(&ip)? } else { ip.into_owned() };
            return Some(ip.into_bytes().into());
        }
        let text = String::from_utf8_lossy(value);
        let registry = scene.conf.sites.registry();
        let host = match self.part {
            Part::Addresses => host::host_of_address(&text),
            _ => host::host(&text, registry),
        }?;
        let is_domain = self.place == Place::Domain;
        if !is_domain {
            return Some(host.as_bytes().to_vec().into());
        }
        let host = host.to_lowercase();
        Some(registry.registered(&host).as_bytes().to_vec().into())
    }
}

/// `X-SenderDomain` and `X-AuthorDomain`, which SpamAssassin adds: the host of the sender in SMTP,
/// and those in From.
fn domains<'s>(name: &str, scene: &Scene<'_>) -> Vec<Cow<'s, [u8]>> {
    let host = |mailbox: &Mailbox| {
        let address = String::from_utf8_lossy(mailbox.address.as_deref()?).to_ascii_lowercase();
        host::host_of_address(&address).map(str::to_owned)
    };
    let mut hosts: Vec<String> = match name {
        "x-senderdomain" => {
            let sender = scene.envelope_from().unwrap_or_default();
            mailboxes(sender.as_bytes()).iter().filter_map(host).take(1).collect()
        }
        "x-authordomain" => {
            scene.headers.named("from").flat_map(Field::mailboxes).filter_map(host).collect()
        }
        _ => return Vec::new(),
    };
    let mut seen = std::collections::HashSet::new();
    hosts.retain(|host| seen.insert(host.clone()));
    if hosts.is_empty() { Vec::new() } else { vec![hosts.join(" ").into_bytes().into()] }
}

/// Values as one text; `None` if there are none.
fn joined(mut values: Vec<Cow<'_, [u8]>>) -> Option<Cow<'_, [u8]>> {
    if values.len() <= 1 {
        return values.pop();
    }
    let is_ended = values.first()?.ends_with(b"\n");
    let between: &[u8] = if is_ended { b"" } else { b"\n" };
    Some(values.join(between).into())
}

/// The values until they are too many bytes.
fn limited<'s>(values: impl Iterator<Item = Cow<'s, [u8]>>) -> Vec<Cow<'s, [u8]>> {
    limited_by(values, |value| value.len())
}

/// The same of what has so many bytes each.
fn limited_by<T>(values: impl Iterator<Item = T>, bytes: impl Fn(&T) -> usize) -> Vec<T> {
    let mut left = VALUE_LIMIT;
    let within = values.map_while(|value| {
        let value = (left > 0).then_some(value)?;
        left = left.saturating_sub(bytes(&value));
        Some(value)
    });
    within.collect()
}

/// The value decoded, with the line feed that ends it: rules are written for that.
fn line<'s>(field: &'s Field<'_>) -> Cow<'s, [u8]> {
    [field.decoded().as_bytes(), b"\n"].concat().into()
}

/// The same behind the name.
fn named_line<'s>(field: &'s Field<'_>) -> Cow<'s, [u8]> {
    let mut line = Vec::new();
    add_named_line(&mut line, field);
    line.into()
}

fn add_named_line(text: &mut Vec<u8>, field: &Field<'_>) {
    for part in [field.name, b": ", field.decoded().as_bytes(), b"\n"] {
        text.extend_from_slice(part);
    }
}

/// These lines of all fields, until they are too many bytes.
fn all_lines(fields: &Fields<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    for field in fields.iter() {
        if text.len() >= VALUE_LIMIT {
            break;
        }
        add_named_line(&mut text, field);
    }
    text
}

/// Where mailing lists that resend a message put its Message-Id.
const MESSAGE_IDS: [&str; 4] =
    ["x-message-id", "resent-message-id", "x-original-message-id", "message-id"];

fn of(hosts: Hosts, relays: &Relays) -> &[relays::Relay] {
    match hosts {
        Hosts::Trusted => relays.trusted(),
        Hosts::Untrusted => relays.untrusted(),
        Hosts::Internal => relays.internal(),
        Hosts::External => relays.external(),
    }
}

/// A name as a mail reader shows it: encoded words decoded, blanks squeezed, single quotes around
/// it taken off.
fn readable(name: &[u8]) -> String {
    let decoded = decoded_line(name);
    if trimmed(decoded.as_bytes()).is_empty() {
        return decoded;
    }
    let words: Vec<&str> = decoded
        .split(|c: char| c.is_ascii() && is_blank(c as u8))
        .filter(|word| !word.is_empty())
        .collect();
    let squeezed = words.join(" ");
    let bare = squeezed.strip_prefix('\'').and_then(|name| name.strip_suffix('\''));
    bare.map(str::to_owned).unwrap_or(squeezed)
}
