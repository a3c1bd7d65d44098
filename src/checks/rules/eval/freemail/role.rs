//! Addresses that are nobody's own: roles, lists, robots.

/// Whether an address, in lower case, is that of a role or made by a machine: such addresses at
/// providers belong to the provider.
pub(super) fn is_role(address: &[u8]) -> bool {
    local_parts(address).any(|local| {
        const NAMES: [&[u8]; 12] = [
            b"abuse",
            b"support",
            b"sales",
            b"info",
            b"helpdesk",
            b"contact",
            b"kontakt",
            b"postmaster",
            b"hostmaster",
            b"domainmaster",
            b"bounce-",
            b"bounced-",
        ];
        NAMES.contains(&local)
            || local.starts_with(b"undisclosed")
            || is_request(local)
            || is_message_id(local)
            || is_forward(local)
    })
}

/// Whether the sender in SMTP, in any case, is a mailing list or a robot.
pub(super) fn is_bulk(sender: &[u8]) -> bool {
    let sender = sender.to_ascii_lowercase();
    local_parts(&sender).any(|local| {
        const WHOLE: [&[u8]; 4] = [b"postmaster", b"hostmaster", b"domainmaster", b"double-bounce"];
        const BEGINNINGS: [&[u8]; 7] = [
            b"sentto-",
            b"owner-",
            b"return-",
            b"bounce-",
            b"bounced-",
            b"grbounce-",
            b"grbounced-",
        ];
        const ENDS: [&[u8]; 5] = [b"-request", b"-bounce", b"-bounces", b"-admin", b"-owner"];
        let begins = |start: &&[u8]| local.len() > start.len() && local.starts_with(start);
        WHOLE.contains(&local)
            || BEGINNINGS.iter().any(begins)
            || ENDS.iter().any(|end| local.ends_with(end))
            || ends_in_no_reply(local)
            || has_inner_equals(local)
    })
}

/// What stands before the `@`; before each one, should there be several.
fn local_parts(address: &[u8]) -> impl Iterator<Item = &[u8]> {
    const MOST: usize = 4;
    let ends = address.iter().enumerate().filter(|(_, byte)| **byte == b'@').take(MOST);
    ends.filter_map(|(end, _)| address.get(..end))
}

/// `request-` and 16 hexadecimal digits.
fn is_request(local: &[u8]) -> bool {
    local.strip_prefix(b"request-").is_some_and(|digits| is_hex(digits, 16))
}

/// 8 hexadecimal digits twice with a dot between, or a UUID.
fn is_message_id(local: &[u8]) -> bool {
    let fits = |separator: u8, lengths: &[usize]| {
        let groups = local.split(|&byte| byte == separator);
        groups.clone().count() == lengths.len()
            && groups.zip(lengths).all(|(group, &length)| is_hex(group, length))
    };
    fits(b'.', &[8, 8]) || fits(b'-', &[8, 4, 4, 4, 12])
}

fn is_hex(text: &[u8], length: usize) -> bool {
    text.len() == length && text.iter().all(u8::is_ascii_hexdigit)
}

/// Three texts with `=` between them.
fn is_forward(local: &[u8]) -> bool {
    let inner = local.get(1..local.len().saturating_sub(1)).unwrap_or_default();
    let first = inner.iter().position(|&byte| byte == b'=');
    let last = inner.iter().rposition(|&byte| byte == b'=');
    first.zip(last).is_some_and(|(first, last)| last > first + 1)
}

fn has_inner_equals(local: &[u8]) -> bool {
    local.get(1..local.len().saturating_sub(1)).unwrap_or_default().contains(&b'=')
}

/// `no-reply`, `donotreply`, `noreplies` at the end, as a word of their own.
fn ends_in_no_reply(local: &[u8]) -> bool {
    let Some(rest) = local.strip_suffix(b"reply").or_else(|| local.strip_suffix(b"replies")) else {
        return false;
    };
    without_joint(rest).any(|rest| {
        rest.strip_suffix(b"no").is_some_and(|rest| {
            is_word_start(rest)
                || without_joint(rest)
                    .any(|rest| rest.strip_suffix(b"do").is_some_and(is_word_start))
        })
    })
}

/// The text as it is, and without the character at its end if that may join two words: a dot, or
/// one of `_` to `t`.
fn without_joint(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let joint = text.split_last().filter(|(last, _)| matches!(last, b'.' | b'_'..=b't'));
    [Some(text), joint.map(|(_, rest)| rest)].into_iter().flatten()
}

/// Whether a word may begin behind this text.
fn is_word_start(before: &[u8]) -> bool {
    before.last().is_none_or(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_nobodys_own() {
        for (address, is) in [
            ("abuse@x", true),
            ("abuser@x", false),
            ("postmaster@x", true),
            ("undisclosed-recipients@x", true),
            ("request-0123456789abcdef@x", true),
            ("request-0123@x", false),
            ("bounce-@x", true),
            ("bounce-1@x", false),
            ("0123abcd.0123abcd@x", true),
            ("01234567-89ab-cdef-0123-456789abcdef@x", true),
            ("a=b=c@x", true),
            ("a==c@x", false),
            ("a=b@x", false),
            ("joe@x", false),
            ("nobody", false),
        ] {
            assert_eq!(is_role(address.as_bytes()), is, "{address}");
        }
    }

    #[test]
    fn lists_and_robots_are_bulk() {
        for (sender, is) in [
            ("Postmaster@x", true),
            ("owner-list@x", true),
            ("owner-@x", false),
            ("list-owner@x", true),
            ("list-bounces@x", true),
            ("grbounce-1@x", true),
            ("no-reply@x", false),
            ("no.reply@x", true),
            ("no_replies@x", true),
            ("donotreply@x", true),
            ("do.not.reply@x", false),
            ("x-noreply@x", true),
            ("casinoreply@x", false),
            ("list=a.example@x", true),
            ("=a@x", false),
            ("joe@x", false),
            ("", false),
        ] {
            assert_eq!(is_bulk(sender.as_bytes()), is, "{sender}");
        }
    }
}
