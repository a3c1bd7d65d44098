//! What an opening parenthesis begins.

use super::{
    PatternError,
    delimited::Flags,
    escape::{self, ANYTHING, Escaped, NOTHING},
    translate::{Dialect, Translator},
};

const LOOK_AROUND: &str = "look-around";
const CONDITION: &str = "conditions";
const RECURSION: &str = "recursion";

/// An open group.
#[derive(Debug)]
pub(super) struct Open {
    /// The flags that will hold again behind it.
    flags: Flags,
    end: End,
}

/// What becomes of a group where it ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// It is closed.
    Plain,
    /// It is a condition that is dropped: everything from here on.
    Dropped(usize),
    /// None of its branches need match.
    Optional,
}

/// Translates the beginning of a group (its parenthesis is taken), a change of flags or a
/// comment.
///
/// # Errors
/// Unknown, or beyond the engine.
pub(super) fn open(from: &mut Translator<'_>) -> Result<(), PatternError> {
    if from.eat(b"*") {
        return verb(from);
    }
    if !from.eat(b"?") {
        enter_capturing(from, "(");
        return Ok(());
    }
    for look in ["<=", "<!", "=", "!"] {
        if from.eat(look.as_bytes()) {
            return look_around(from, look);
        }
    }
    match from.peek() {
        Some(b'#') => match from.take_until(b')') {
            Some(_) => Ok(()),
            None => Err(from.invalid("a comment is not closed")),
        },
        Some(b':') => {
            from.take();
            enter(from, from.flags, End::Plain);
            Ok(())
        }
        Some(b'|') => {
            from.take();
            branches(from);
            Ok(())
        }
        Some(b'<' | b'\'' | b'P') => named(from),
        Some(b'>') => {
            from.take();
            from.beyond_linear("atomic groups", "(?>", "(?:")?;
            push(from, End::Plain);
            Ok(())
        }
        Some(b'(') => condition(from),
        Some(b'R' | b'0'..=b'9' | b'+' | b'&') => recursion(from),
        Some(b'-') if from.rest().get(1).is_some_and(u8::is_ascii_digit) => recursion(from),
        Some(b'{' | b'?') => Err(from.invalid("Perl code is never run; it stands")),
        _ => flags(from),
    }
}

/// Translates the end of a group.
///
/// # Errors
/// None is open.
pub(super) fn close(from: &mut Translator<'_>) -> Result<(), PatternError> {
    let Some(group) = from.outer.pop() else {
        return Err(from.invalid("a `)` without its `(`"));
    };
    from.flags = group.flags;
    match group.end {
        End::Plain => from.out.push(')'),
        End::Optional => from.out.push_str("|)"),
        End::Dropped(start) => {
            from.out.truncate(start);
            from.out.push_str(NOTHING);
        }
    }
    Ok(())
}

/// How many groups of a pattern capture.
pub(super) fn captures(pattern: &[u8]) -> usize {
    let (mut count, mut class) = (0, false);
    let mut rest = pattern;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'\\' => rest = rest.get(1..).unwrap_or_default(),
            b'[' => class = true,
            b']' => class = false,
            b'(' if !class && captures_here(rest) => count += 1,
            _ => {}
        }
    }
    count
}

/// Whether what stands behind a parenthesis makes it capture.
fn captures_here(rest: &[u8]) -> bool {
    let named = || {
        let look_behind = rest.starts_with(b"?<=") || rest.starts_with(b"?<!");
        let starts: [&[u8]; 3] = [b"?<", b"?'", b"?P<"];
        !look_behind && starts.iter().any(|start| rest.starts_with(start))
    };
    !rest.starts_with(b"?") && !rest.starts_with(b"*") || named()
}

fn push(from: &mut Translator<'_>, end: End) {
    from.outer.push(Open { flags: from.flags, end });
}

/// Opens a group in which `inner` flags hold.
fn enter(from: &mut Translator<'_>, inner: Flags, end: End) {
    push(from, end);
    from.out.push_str(match (from.flags.ignore_case, inner.ignore_case) {
        (false, true) => "(?i:",
        (true, false) => "(?-i:",
        _ => "(?:",
    });
    from.flags = inner;
}

/// Opens a group that captures, spelled so for the engine that does.
fn enter_capturing(from: &mut Translator<'_>, spelled: &str) {
    let backtracking = from.dialect == Dialect::Backtracking;
    from.out.push_str(if backtracking { spelled } else { "(?:" });
    push(from, End::Plain);
}

/// `(?|…)`: its branches share their numbers.
fn branches(from: &mut Translator<'_>) {
    enter_capturing(from, "(?|");
}

/// `(?=`, `(?!`, `(?<=`, `(?<!`, of which `look` is taken.
fn look_around(from: &mut Translator<'_>, look: &str) -> Result<(), PatternError> {
    let end = match from.dialect {
        Dialect::Relaxed => End::Dropped(from.out.len()),
        Dialect::Linear | Dialect::Backtracking => End::Plain,
    };
    from.beyond_linear(LOOK_AROUND, &format!("(?{look}"), NOTHING)?;
    push(from, end);
    Ok(())
}

/// `(?<name>`, `(?'name'`, `(?P<name>`; or recursion, a reference.
fn named(from: &mut Translator<'_>) -> Result<(), PatternError> {
    if from.eat(b"P=") {
        let name = up_to_parenthesis(from)?;
        let Escaped::Beyond { needs, exact, relaxed } = escape::back_reference(from, &name)? else {
            return Err(from.invalid("a reference to no group"));
        };
        return from.beyond_linear(needs, &exact, relaxed);
    }
    if from.eat(b"P>") {
        let name = up_to_parenthesis(from)?;
        return call(from, &format!("&{name}"));
    }
    from.eat(b"P");
    let end = if from.take() == Some(b'<') { b'>' } else { b'\'' };
    let name = from.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let name = String::from_utf8_lossy(name).into_owned();
    if !escape::is_group_name(&name) || from.take() != Some(end) {
        return Err(from.invalid("a group's name is not closed"));
    }
    enter_capturing(from, &format!("(?<{name}>"));
    Ok(())
}

/// `(?R)`, `(?0)`, `(?1)`, `(?-1)`, `(?+1)`, `(?&name)`.
fn recursion(from: &mut Translator<'_>) -> Result<(), PatternError> {
    let target = up_to_parenthesis(from)?;
    call(from, &target)
}

fn call(from: &mut Translator<'_>, target: &str) -> Result<(), PatternError> {
    let name = target.strip_prefix('&');
    let relative = target.strip_prefix(['-', '+']);
    let exact = if target == "R" {
        "(?1)".to_owned()
    } else if name.is_some_and(escape::is_group_name) || relative.is_some_and(escape::is_number) {
        format!("(?{target})")
    } else {
        let number = target.parse::<usize>().ok().filter(|_| escape::is_number(target));
        let Some(number) = number else { return Err(from.invalid("recursion into no group")) };
        format!("(?{})", number + 1)
    };
    from.beyond_linear(RECURSION, &exact, ANYTHING)
}

/// `(?(1)…|…)`, `(?(<name>)…)`, `(?(DEFINE)…)`, `(?(?=…)…)`.
fn condition(from: &mut Translator<'_>) -> Result<(), PatternError> {
    let start = from.out.len();
    from.beyond_linear(CONDITION, "(?", "(?:")?;
    if from.rest().starts_with(b"(?") {
        // The condition follows as a group of its own.
        let exact = from.dialect == Dialect::Backtracking;
        push(from, if exact { End::Plain } else { End::Optional });
        return Ok(());
    }
    from.take();
    let asked = up_to_parenthesis(from)?;
    let Some(spelled) = asked_group(&asked) else {
        return Err(from.invalid("an unknown condition"));
    };
    let end = match (from.dialect, asked.as_str()) {
        (Dialect::Backtracking, _) => {
            from.out.push_str(&spelled);
            End::Plain
        }
        (_, "DEFINE") => End::Dropped(start),
        _ => End::Optional,
    };
    push(from, end);
    Ok(())
}

/// What a condition asks, spelled for the backtracking engine.
fn asked_group(asked: &str) -> Option<String> {
    let shifted = |number: &str| {
        let number = number.parse::<usize>().ok().filter(|_| escape::is_number(number))?;
        Some(number + 1)
    };
    let quoted = |open, close| asked.strip_prefix(open)?.strip_suffix(close);
    let name = quoted('<', '>').or_else(|| quoted('\'', '\''));
    if let Some(name) = name.filter(|name| escape::is_group_name(name)) {
        return Some(format!("(<{name}>)"));
    }
    if let Some(number) = shifted(asked) {
        return Some(format!("({number})"));
    }
    match asked.strip_prefix('R') {
        Some("") => Some("(R)".to_owned()),
        Some(group) => match group.strip_prefix('&') {
            Some(name) if escape::is_group_name(name) => Some(format!("(R&{name})")),
            _ => shifted(group).map(|number| format!("(R{number})")),
        },
        None => (asked == "DEFINE").then(|| "(DEFINE)".to_owned()),
    }
}

/// `(*ACCEPT)`, `(*FAIL)` and their like; `(*` is taken. They steer the search itself, so that
/// nothing simpler stands for them.
fn verb(from: &mut Translator<'_>) -> Result<(), PatternError> {
    let verb = up_to_parenthesis(from)?;
    let name = verb.split(':').next().unwrap_or_default();
    let plain = verb.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":_".contains(&byte));
    match name {
        "ACCEPT" | "FAIL" | "F" | "COMMIT" | "PRUNE" | "SKIP" if plain => {}
        "THEN" if plain => return Err(PatternError::Needs("`(*THEN)`")),
        _ => return Err(from.invalid("an unknown verb")),
    }
    match from.dialect {
        Dialect::Backtracking => from.out.push_str(&format!("(*{verb})")),
        Dialect::Linear | Dialect::Relaxed => {
            return Err(PatternError::Needs("backtracking verbs"));
        }
    }
    Ok(())
}

/// Takes everything up to the closing parenthesis, and that.
fn up_to_parenthesis(from: &mut Translator<'_>) -> Result<String, PatternError> {
    match from.take_until(b')') {
        Some(text) => Ok(String::from_utf8_lossy(text).into_owned()),
        None => Err(from.invalid("a group is not closed")),
    }
}

/// `(?i)`, `(?i-s:`, `(?^x:`.
fn flags(from: &mut Translator<'_>) -> Result<(), PatternError> {
    let mut inner = if from.eat(b"^") { Flags::default() } else { from.flags };
    let mut on = true;
    loop {
        match from.take() {
            Some(b'-') if on => on = false,
            Some(b':') => {
                enter(from, inner, End::Plain);
                return Ok(());
            }
            Some(b')') => {
                if inner.ignore_case != from.flags.ignore_case {
                    from.out.push_str(if inner.ignore_case { "(?i)" } else { "(?-i)" });
                }
                from.flags = inner;
                return Ok(());
            }
            Some(letter) if inner.set(letter, on) => {}
            _ => return Err(from.invalid("an unknown kind of group")),
        }
    }
}
