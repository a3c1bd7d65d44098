//! Mailboxes in From, To and their like (RFC 5322, section 3.4).

/// The most mailboxes that are read from one field.
const MOST: usize = 1_000;

/// A person or thing that sends or gets mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name without its quotes, or the comment behind the address; may be empty.
    pub name: String,
    /// `local@domain`, or whatever stands in its place; may be empty.
    pub address: String,
}

/// The mailboxes of an address list, in order, at most 1,000; groups are flattened.
///
/// Tolerant: text without quotes may hold commas (`Last, First <a@b>`), and what stands between
/// angle brackets is the address whatever it looks like. `value` is the decoded field.
pub fn addresses(value: &str) -> Vec<Mailbox> {
    let mut list = List::default();
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => list.text.push_str(&enclosed(&mut characters, '"')),
            '<' => {
                let address = enclosed(&mut characters, '>');
                list.angle.get_or_insert(address);
            }
            '(' => list.comment = comment(&mut characters),
            ',' => list.comma(),
            ';' => list.end(),
            ':' if list.angle.is_none() && !list.text.contains('@') => list.text.clear(),
            other => list.text.push(other),
        }
        if list.done.len() >= MOST {
            break;
        }
    }
    list.end();
    list.done
}

/// The list as far as it was read.
#[derive(Default)]
struct List {
    done: Vec<Mailbox>,
    /// What stood outside brackets since the last mailbox ended.
    text: String,
    angle: Option<String>,
    comment: String,
}

impl List {
    /// A comma ends a mailbox, unless what stands before it cannot be one.
    fn comma(&mut self) {
        if self.angle.is_none() && !self.text.contains('@') {
            self.text.push(',');
        } else {
            self.end();
        }
    }

    /// Ends the mailbox being read, if there is anything of it.
    fn end(&mut self) {
        let text = std::mem::take(&mut self.text);
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == ',');
        let comment = std::mem::take(&mut self.comment);
        let mailbox = match self.angle.take() {
            Some(address) => {
                let name = if text.is_empty() { comment } else { text.to_owned() };
                Mailbox { name, address: address.trim().to_owned() }
            }
            None if text.is_empty() => return,
            None => Mailbox { name: comment, address: text.to_owned() },
        };
        self.done.push(mailbox);
    }
}

/// The text up to the closing character, which goes; a backslash takes the next one as it is.
fn enclosed(characters: &mut std::str::Chars<'_>, close: char) -> String {
    let mut text = String::new();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            _ if character == close => break,
            _ => text.push(character),
        }
    }
    text
}

/// The text of a comment, whose opening parenthesis was read; comments nest.
fn comment(characters: &mut std::str::Chars<'_>) -> String {
    let mut text = String::new();
    let mut depth = 1_usize;
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            '(' => depth += 1,
            ')' if depth == 1 => break,
            ')' => depth -= 1,
            _ => text.push(character),
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_with_tolerance() {
        for (value, mailboxes) in [
            ("a@b.example", &[("", "a@b.example")][..]),
            ("<a@b.example>", &[("", "a@b.example")]),
            ("Ann <a@b.example>", &[("Ann", "a@b.example")]),
            ("\"Last, First\" <a@b>", &[("Last, First", "a@b")]),
            ("Last, First <a@b>, c@d", &[("Last, First", "a@b"), ("", "c@d")]),
            ("\"a@b.example\" <c@d.example>", &[("a@b.example", "c@d.example")]),
            ("a@b (Ann)", &[("Ann", "a@b")]),
            ("\"q \\\" q\" <a@b>", &[("q \" q", "a@b")]),
            ("undisclosed-recipients:;", &[]),
            ("Team: Ann <a@b>, c@d;, e@f", &[("Ann", "a@b"), ("", "c@d"), ("", "e@f")]),
            ("root", &[("", "root")]),
            ("a@b, , c@d,", &[("", "a@b"), ("", "c@d")]),
            ("Ann <a@b", &[("Ann", "a@b")]),
            ("Ann <>", &[("Ann", "")]),
            ("<a@b> <c@d>", &[("", "a@b")]),
            ("", &[]),
        ] {
            let read = addresses(value);
            let read: Vec<(&str, &str)> =
                read.iter().map(|m| (m.name.as_str(), m.address.as_str())).collect();
            assert_eq!(read, mailboxes, "{value}");
        }
    }
}
