//! What a message may mean as the password of what is attached to it.

/// Words that announce one, lower case.
const ANNOUNCES: &[&str] = &[
    "password",
    "passwort",
    "passwd",
    "passcode",
    "pass",
    "pwd",
    "pw",
    "pin",
    "code",
    "key",
    "kennwort",
    "codewort",
    "passe",
    "contraseña",
    "contrasena",
    "clave",
    "senha",
    "parola",
    "wachtwoord",
    "hasło",
    "haslo",
    "heslo",
    "jelszó",
    "lösenord",
    "kodeord",
    "salasana",
    "пароль",
    "密码",
    "密碼",
    "パスワード",
    "비밀번호",
];

/// How many words behind such a one may be it.
const NEAR: usize = 8;

/// How many are tried, at most.
const MOST: usize = 60;

/// The longest one, in characters.
const LONGEST: usize = 64;

/// Words of these texts that may be passwords, the likeliest first, each once.
pub(super) fn passwords<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    let words: Vec<&str> = texts.flat_map(str::split_whitespace).take(20_000).collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if announces(word) {
            let same = word.split_once([':', '=']).map(|(_, behind)| behind);
            let behind = words.iter().skip(at + 1).take(NEAR).copied();
            same.into_iter().chain(behind).for_each(|word| forms(word, &mut found));
        }
        if found.len() >= MOST {
            return found;
        }
    }
    // Nobody announces it, but words with digits, or in capitals, are rarer than others.
    let is_strange = |word: &&&str| {
        word.chars().any(|c| c.is_ascii_digit()) || word.chars().skip(1).any(char::is_uppercase)
    };
    for word in words.iter().filter(is_strange) {
        forms(word, &mut found);
        if found.len() >= MOST {
            break;
        }
    }
    found.truncate(MOST);
    found
}

fn announces(word: &str) -> bool {
    let word = word.split([':', '=']).next().unwrap_or_default().to_lowercase();
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    ANNOUNCES.contains(&word)
}

/// A word as it stands, and without the marks around it.
fn forms(word: &str, found: &mut Vec<String>) {
    let is_mark = |c: char| "\"'`.,;:!?()<>[]{}*“”‘’«»„=".contains(c);
    let ends = |c: char| ".,;:!?".contains(c);
    for form in [word.trim_end_matches(ends), word.trim_matches(is_mark), word] {
        let is_new = !found.iter().any(|known| known == form);
        if form.chars().count() >= 3 && form.chars().count() <= LONGEST && is_new {
            found.push(form.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_found_where_people_write_them() {
        for (text, password) in [
            ("The password is: s3cret!", "s3cret!"),
            ("Password:hunter2", "hunter2"),
            ("Das Passwort lautet „Geheim99“.", "Geheim99"),
            ("use the code 4711 to open it", "4711"),
            ("Пароль: слон", "слон"),
            ("Open with\n\nPW = 'abcd'", "abcd"),
            ("your archive (Xy7) is attached", "Xy7"),
        ] {
            let found = passwords(std::iter::once(text));
            assert!(found.iter().any(|word| word == password), "{text}: {found:?}");
        }
    }

    #[test]
    fn what_is_announced_comes_first_and_there_is_an_end() {
        let noise: String = (0..10_000).map(|n| format!("W{n} ")).collect();
        let text = format!("{noise} password: the-one");
        let found = passwords(std::iter::once(text.as_str()));
        assert_eq!(found.first().map(String::as_str), Some("the-one"));
        assert_eq!(found.len(), MOST);
    }
}
