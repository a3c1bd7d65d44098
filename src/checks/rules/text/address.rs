//! Names and addresses in From, To and their like (RFC 5322, section 3.4), leniently.
//!
//! What spam writes is seldom what the RFC allows; nothing is refused, something is read.

/// One mailbox of a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mailbox {
    /// The display name as written, quotes taken off, or else the comment behind the address.
    pub(super) name: Option<String>,
    /// What stands in angle brackets, or the word with an `@`.
    pub(super) address: Option<String>,
}

/// The mailboxes of a field's value, in order.
pub(super) fn mailboxes(value: &str) -> Vec<Mailbox> {
    let mut reader = Reader::default();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => reader.quoted(&mut chars),
            '(' => reader.comment(&mut chars),
            '<' => reader.angle(&mut chars),
            ',' | ';' => reader.finish(),
            // `undisclosed-recipients:;` and `Group: a, b;`
            ':' if reader.address.is_none() => reader.phrase.clear(),
            _ => reader.phrase.push(c),
        }
    }
    reader.finish();
    reader.found
}

/// A display name as a mail reader shows it: encoded words decoded, blanks squeezed, single
/// quotes around it taken off.
pub(super) fn readable(name: &str) -> String {
    let decoded = name;
    let squeezed = decoded.split_whitespace().collect::<Vec<_>>().join(" ");
    let bare = squeezed.strip_prefix('\'').and_then(|name| name.strip_suffix('\''));
    bare.map_or(squeezed.clone(), str::to_owned)
}

#[derive(Default)]
struct Reader {
    found: Vec<Mailbox>,
    phrase: String,
    quoted: bool,
    comment: Option<String>,
    address: Option<String>,
}

impl Reader {
    /// Up to the closing quote; a backslash takes the next character's meaning away.
    fn quoted(&mut self, chars: &mut std::str::Chars<'_>) {
        self.quoted = true;
        while let Some(c) = chars.next() {
            match c {
                '"' => return,
                '\\' => self.phrase.extend(chars.next()),
                _ => self.phrase.push(c),
            }
        }
    }

    /// Up to the parenthesis that closes the comment; comments nest.
    fn comment(&mut self, chars: &mut std::str::Chars<'_>) {
        let (mut depth, mut text) = (1usize, String::new());
        while let Some(c) = chars.next() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                '\\' => {
                    text.extend(chars.next());
                    continue;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
            text.push(c);
        }
        self.comment.get_or_insert(text);
    }

    fn angle(&mut self, chars: &mut std::str::Chars<'_>) {
        let text: String = chars.by_ref().take_while(|&c| c != '>').collect();
        let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if bare.contains('@') {
            self.address.get_or_insert(bare);
        }
    }

    /// Ends a mailbox.
    fn finish(&mut self) {
        let phrase = std::mem::take(&mut self.phrase);
        let phrase = phrase.trim();
        let comment = self.comment.take();
        let quoted = std::mem::take(&mut self.quoted);
        let mut mailbox = Mailbox { name: None, address: self.address.take() };
        if mailbox.address.is_none() && !(quoted && phrase.contains(' ')) {
            mailbox.address = phrase.split_whitespace().find(|w| w.contains('@')).map(str::to_owned);
        } else if !phrase.is_empty() && mailbox.address.as_deref() != Some(phrase) {
            mailbox.name = Some(phrase.to_owned());
        }
        if mailbox.address.is_none() && !phrase.is_empty() {
            mailbox.name = Some(phrase.to_owned());
        }
        mailbox.name = mailbox.name.or(comment);
        if mailbox != Mailbox::default() {
            self.found.push(mailbox);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_found() {
        for (value, expected) in [
            ("example@foo", "|example@foo"),
            ("example@foo (Foo Blah)", "Foo Blah|example@foo"),
            ("a@foo, b@bar", "|a@foo;|b@bar"),
            ("group: a@foo (Foo Blah), b@bar ;", "Foo Blah|a@foo;|b@bar"),
            ("Foo Blah <a@foo>", "Foo Blah|a@foo"),
            ("\"Foo, Blah\" <a@foo>", "Foo, Blah|a@foo"),
            ("\"Foo \\\"B\\\"\" <a@foo>", "Foo \"B\"|a@foo"),
            ("\"x@bank.example\" <a@foo>", "x@bank.example|a@foo"),
            ("a@foo <a@foo>", "|a@foo"),
            ("<a@foo>", "|a@foo"),
            ("< a@foo >", "|a@foo"),
            ("Foo (a (b) c) <a@foo", "Foo|a@foo"),
            ("undisclosed-recipients:;", ""),
            ("", ""),
            ("Nobody", "Nobody|"),
            ("\"", ""),
        ] {
            let found: Vec<_> = mailboxes(value)
                .into_iter()
                .map(|m| format!("{}|{}", m.name.unwrap_or_default(), m.address.unwrap_or_default()))
                .collect();
            assert_eq!(found.join(";"), expected, "{value}");
        }
    }
}
