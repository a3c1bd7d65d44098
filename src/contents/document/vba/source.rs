//! The words of VBA sources, and constants as they come out: `"ht" & "tp"` and `Chr(104)` are strings.

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    /// A name or keyword, as written.
    Name(String),
    /// A number.
    Number(f64),
    /// A constant string; from how many pieces it was put together.
    Text(String, usize),
    /// Anything else.
    Mark(char),
}

/// The longest string that is put together, in bytes.
const LONGEST: usize = 8 << 10;

/// The words of one line; a comment ends it.
pub(super) fn words(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\'' => break,
            '"' => words.push(Word::Text(text(&mut characters), 1)),
            '&' if characters.peek().is_some_and(|next| matches!(next, 'H' | 'h' | 'O' | 'o')) => {
                let radix = if characters.next().is_some_and(|kind| kind.eq_ignore_ascii_case(&'h'))
                {
                    16
                } else {
                    8
                };
                let digits = take(&mut characters, String::new(), |c| c.is_digit(radix));
                characters.next_if(|next| *next == '&');
                words
                    .push(Word::Number(u32::from_str_radix(&digits, radix).map_or(0.0, f64::from)));
            }
            first if first.is_ascii_digit() => {
                let digits =
                    take(&mut characters, first.into(), |c| c.is_ascii_digit() || c == '.');
                words.push(Word::Number(digits.parse().unwrap_or(0.0)));
            }
            first if first.is_alphabetic() || first == '_' => {
                let name = take(&mut characters, first.into(), |c| c.is_alphanumeric() || c == '_');
                characters.next_if(|next| *next == '$');
                if name.eq_ignore_ascii_case("rem") && words.is_empty() {
                    break;
                }
                words.push(Word::Name(name));
            }
            space if space.is_whitespace() => {}
            other => words.push(Word::Mark(other)),
        }
    }
    words
}

type Characters<'l> = std::iter::Peekable<std::str::Chars<'l>>;

fn take(characters: &mut Characters<'_>, first: String, accepts: impl Fn(char) -> bool) -> String {
    let mut taken = first;
    while let Some(character) = characters.next_if(|next| accepts(*next)) {
        taken.push(character);
    }
    taken
}

/// A string, after its first quotation mark; two within are one.
fn text(characters: &mut Characters<'_>) -> String {
    let mut text = String::new();
    while let Some(character) = characters.next() {
        if character == '"' && characters.next_if_eq(&'"').is_none() {
            break;
        }
        text.push(character);
    }
    text
}

/// Puts constants together: `Chr(…)` of a number, `StrReverse("…")`, and strings with `&` or `+` between.
pub(super) fn folded(words: Vec<Word>) -> Vec<Word> {
    let mut folded: Vec<Word> = Vec::with_capacity(words.len());
    for word in words {
        folded.push(word);
        while let Some((count, made)) = fold(&folded) {
            folded.truncate(folded.len() - count);
            folded.push(made);
        }
    }
    folded
}

/// What the last words make, and how many they are.
fn fold(words: &[Word]) -> Option<(usize, Word)> {
    match words {
        [.., Word::Name(name), Word::Mark('('), Word::Number(number), Word::Mark(')')]
            if is_one_of(name, &["chr", "chrw", "chrb"]) =>
        {
            let character = char::from_u32(*number as u32).unwrap_or('?');
            Some((4, Word::Text(character.into(), 1)))
        }
        [.., Word::Name(name), Word::Mark('('), Word::Text(text, pieces), Word::Mark(')')]
            if is_one_of(name, &["strreverse"]) =>
        {
            Some((4, Word::Text(text.chars().rev().collect(), *pieces)))
        }
        [.., Word::Number(one), Word::Mark(mark @ ('+' | '-' | '*')), Word::Number(other)] => {
            let made = match mark {
                '+' => one + other,
                '-' => one - other,
                _ => one * other,
            };
            Some((3, Word::Number(made)))
        }
        [.., Word::Text(one, count), Word::Mark('&' | '+'), Word::Text(other, more)]
            if one.len() + other.len() < LONGEST =>
        {
            Some((3, Word::Text(format!("{one}{other}"), count + more)))
        }
        _ => None,
    }
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(line: &str) -> Vec<String> {
        let texts = folded(words(line)).into_iter();
        texts
            .filter_map(|word| if let Word::Text(text, _) = word { Some(text) } else { None })
            .collect()
    }

    #[test]
    fn constants_are_put_together() {
        let cases: &[(&str, &[&str])] = &[
            (r#"x = "ht" & "tp" + "://a" ' "no""#, &["http://a"]),
            (r#"Rem "no""#, &[]),
            (r#"x = Chr(104) & ChrW(&H74) & Chr$(100+16) & "p""#, &["http"]),
            (r#"x = StrReverse("ptth")"#, &["http"]),
            (r#"x = "say ""hi""" & y & "z""#, &["say \"hi\"", "z"]),
            (r#"x = "open"#, &["open"]),
        ];
        for (line, expected) in cases {
            assert_eq!(strings(line), *expected, "{line}");
        }
    }
}
