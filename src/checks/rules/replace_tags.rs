//! ReplaceTags: `<A>` in the patterns of certain rules stands for all the ways to write an A.

use std::collections::{HashMap, HashSet};

use super::conf::ConfError;

/// Tags in tags in tags: as often as SpamAssassin looks.
const MOST_PASSES: usize = 6;
/// Bytes of a pattern whose tags are replaced; a hostile file could make it grow without end.
const LONGEST: usize = 1 << 20;

/// What the `replace_*` directives set. Texts are Latin-1 views.
#[derive(Debug)]
pub(super) struct ReplaceTags {
    start: String,
    end: String,
    tags: HashMap<String, String>,
    before: HashMap<String, String>,
    between: HashMap<String, String>,
    behind: HashMap<String, String>,
    rules: HashSet<String>,
}

impl Default for ReplaceTags {
    fn default() -> Self {
        Self {
            start: "<".to_owned(),
            end: ">".to_owned(),
            tags: HashMap::new(),
            before: HashMap::new(),
            between: HashMap::new(),
            behind: HashMap::new(),
            rules: HashSet::new(),
        }
    }
}

impl ReplaceTags {
    /// Takes a directive if it is one of these.
    ///
    /// # Errors
    /// Its value is incomplete.
    pub(super) fn read(&mut self, key: &str, value: &str) -> Option<Result<(), ConfError>> {
        let table = match key {
            "replace_tag" => &mut self.tags,
            "replace_pre" => &mut self.before,
            "replace_inter" => &mut self.between,
            "replace_post" => &mut self.behind,
            "replace_rules" | "replace_start" | "replace_end" if value.is_empty() => {
                return Some(Err(missing(key, "a value")));
            }
            "replace_rules" => {
                self.rules.extend(value.split_whitespace().map(str::to_owned));
                return Some(Ok(()));
            }
            "replace_start" => {
                value.clone_into(&mut self.start);
                return Some(Ok(()));
            }
            "replace_end" => {
                value.clone_into(&mut self.end);
                return Some(Ok(()));
            }
            _ => return None,
        };
        let Some((name, expression)) = value.split_once(char::is_whitespace) else {
            return Some(Err(missing(key, "a name and an expression")));
        };
        table.insert(name.to_owned(), expression.trim_start().to_owned());
        Some(Ok(()))
    }

    /// The rules whose patterns have tags.
    pub(super) fn rules(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(String::as_str)
    }

    /// A pattern, without delimiters, with its tags replaced.
    pub(super) fn replaced(&self, pattern: &str) -> String {
        let mut pattern = pattern.to_owned();
        for _ in 0..MOST_PASSES {
            let (next, more) = self.pass(&pattern);
            if next.len() > LONGEST {
                break;
            }
            pattern = next;
            if !more {
                break;
            }
        }
        pattern
    }

    /// One pass, and whether what it put in has tags again.
    fn pass(&self, pattern: &str) -> (String, bool) {
        let mut pattern = pattern.to_owned();
        let before = self.taken(&mut pattern, "pre ", &self.before);
        let behind = self.taken(&mut pattern, "post ", &self.behind);
        let between = self.taken(&mut pattern, "inter ", &self.between);
        let mut more = false;
        let mut out = String::with_capacity(pattern.len());
        for (index, piece) in pieces(&pattern).into_iter().enumerate() {
            let piece = match between {
                Some(between) if piece.is_empty() && index > 0 => between.clone(),
                _ => self.surrounded(piece, before, behind),
            };
            let Some(name) = self.tag(&piece) else {
                out.push_str(&piece);
                continue;
            };
            match self.tags.get(name) {
                Some(tag) => {
                    more |= has_tag(tag);
                    let spelled = format!("{}{name}{}", self.start, self.end);
                    out.push_str(&piece.replace(&spelled, tag));
                }
                None => out.push_str(&piece),
            }
        }
        (out, more)
    }

    /// Takes the first `<pre NAME>` or its like out of the pattern; what it names.
    fn taken<'t>(
        &self,
        pattern: &mut String,
        word: &str,
        table: &'t HashMap<String, String>,
    ) -> Option<&'t String> {
        let opening = format!("{}{word}", self.start);
        let start = pattern.find(&opening)?;
        let name_start = start + opening.len();
        // A name has at least one character.
        let (first, _) = pattern.get(name_start..)?.char_indices().nth(1)?;
        let length = pattern.get(name_start + first..)?.find(&self.end)? + first;
        let name = pattern.get(name_start..name_start + length)?.to_owned();
        pattern.replace_range(start..name_start + length + self.end.len(), "");
        table.get(&name)
    }

    fn surrounded(&self, piece: &str, before: Option<&String>, behind: Option<&String>) -> String {
        let Some(name) = self.tag(piece) else { return piece.to_owned() };
        let spelled = format!("{}{name}{}", self.start, self.end);
        let (before, behind) =
            (before.map_or("", String::as_str), behind.map_or("", String::as_str));
        piece.replacen(&spelled, &format!("{before}{spelled}{behind}"), 1)
    }

    /// The name of the first tag.
    fn tag<'p>(&self, piece: &'p str) -> Option<&'p str> {
        let (_, rest) = piece.split_once(self.start.as_str())?;
        let (second, _) = rest.char_indices().nth(1)?;
        let length = rest.get(second..)?.find(&self.end)? + second;
        rest.get(..length)
    }
}

fn missing(key: &str, what: &str) -> ConfError {
    ConfError::Value { key: key.to_owned(), what: format!("needs {what}") }
}

/// The pattern cut before and behind everything that looks like `<…>`. Between two such there is
/// an empty piece.
fn pieces(pattern: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut done, mut open) = (0, None);
    for (at, byte) in pattern.bytes().enumerate() {
        match (byte, open) {
            (b'<', _) => open = Some(at),
            (b'>', Some(start)) if at > start + 1 => {
                pieces.extend([pattern.get(done..start), pattern.get(start..=at)]);
                (done, open) = (at + 1, None);
            }
            (b'>', _) => open = None,
            _ => {}
        }
    }
    pieces.push(pattern.get(done..).filter(|rest| !rest.is_empty()));
    pieces.into_iter().flatten().collect()
}

fn has_tag(text: &str) -> bool {
    let behind = text.find('<').and_then(|at| text.get(at + 1..));
    behind.and_then(|rest| rest.find('>')).is_some_and(|length| length > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_replaced() {
        let mut replace = ReplaceTags::default();
        for (key, value) in [
            ("replace_tag", "A [a4]"),
            ("replace_tag", "B [b8]"),
            ("replace_tag", "AB <A><B>"),
            ("replace_pre", "P1 x*"),
            ("replace_post", "Q1 +"),
            ("replace_inter", "SP \\s?"),
        ] {
            assert_eq!(replace.read(key, value), Some(Ok(())));
        }
        for (pattern, expected) in [
            ("no tags", "no tags"),
            ("<A>c", "[a4]c"),
            ("<A><B>", "[a4][b8]"),
            ("c<inter SP><A><B><NONE>d", "c[a4]\\s?[b8]\\s?<NONE>d"),
            ("<inter SP><A><B>", "[a4]\\s?[b8]"),
            ("<post Q1>x<A><B>", "x[a4]+[b8]+"),
            ("<pre P1><A>b<B>", "x*[a4]bx*[b8]"),
            ("z<AB>z", "z[a4][b8]z"),
            ("(?<=x)<A>", "(?<=x)[a4]"),
            ("<>", "<>"),
            ("<pre P1", "<pre P1"),
        ] {
            assert_eq!(replace.replaced(pattern), expected, "{pattern}");
        }
        assert!(replace.read("replace_tag", "A").is_some_and(|read| read.is_err()));
        assert_eq!(replace.read("other", ""), None);
    }

    #[test]
    fn tags_in_tags_end() {
        let mut replace = ReplaceTags::default();
        replace.read("replace_tag", "A <A><A><A><A>");
        assert_eq!(replace.replaced("<A>").len(), 3 * 4usize.pow(6));
    }
}
