//! What an opening parenthesis begins.

use super::{PatternError, delimited::Flags, translate::Translator};

const LOOK_AROUND: &str = "look-around";

/// Translates the beginning of a group (its parenthesis is taken), a change of flags or a
/// comment.
///
/// # Errors
/// Unknown, or beyond the linear engine.
pub(super) fn open(from: &mut Translator<'_>) -> Result<(), PatternError> {
    if from.peek() == Some(b'*') {
        return Err(PatternError::Needs("backtracking verbs"));
    }
    if !from.eat(b"?") {
        enter(from, from.flags);
        return Ok(());
    }
    match from.peek() {
        Some(b'#') => match from.take_until(b')') {
            Some(_) => Ok(()),
            None => Err(from.invalid("a comment is not closed")),
        },
        // Branches may share numbers: nobody asks for them.
        Some(b':' | b'|') => {
            from.take();
            enter(from, from.flags);
            Ok(())
        }
        Some(b'=' | b'!') => Err(PatternError::Needs(LOOK_AROUND)),
        Some(b'<' | b'\'' | b'P') => named(from),
        Some(b'>') => Err(PatternError::Needs("atomic groups")),
        Some(b'(') => Err(PatternError::Needs("conditions")),
        Some(b'R' | b'0'..=b'9' | b'+' | b'&') => Err(PatternError::Needs("recursion")),
        Some(b'{' | b'?') => Err(from.invalid("Perl code is never run; it stands")),
        _ => flags(from),
    }
}

/// Translates the end of a group.
///
/// # Errors
/// None is open.
pub(super) fn close(from: &mut Translator<'_>) -> Result<(), PatternError> {
    let Some(flags) = from.outer.pop() else {
        return Err(from.invalid("a `)` without its `(`"));
    };
    from.flags = flags;
    from.out.push(')');
    Ok(())
}

/// How many groups of a pattern capture.
pub(super) fn captures(pattern: &[u8]) -> usize {
    let (mut count, mut class) = (0, false);
    let mut bytes = pattern.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'[' => class = true,
            b']' => class = false,
            b'(' if !class && bytes.peek() != Some(&b'?') => count += 1,
            _ => {}
        }
    }
    count
}

/// Opens a group in which `inner` flags hold.
fn enter(from: &mut Translator<'_>, inner: Flags) {
    from.outer.push(from.flags);
    from.out.push_str(match (from.flags.ignore_case, inner.ignore_case) {
        (false, true) => "(?i:",
        (true, false) => "(?-i:",
        _ => "(?:",
    });
    from.flags = inner;
}

/// `(?<name>`, `(?'name'`, `(?P<name>`; or look-behind, recursion, a reference.
fn named(from: &mut Translator<'_>) -> Result<(), PatternError> {
    if from.eat(b"<=") || from.eat(b"<!") {
        return Err(PatternError::Needs(LOOK_AROUND));
    }
    if from.eat(b"P=") {
        return Err(PatternError::Needs("back references"));
    }
    if from.eat(b"P>") {
        return Err(PatternError::Needs("recursion"));
    }
    from.eat(b"P");
    let end = if from.take() == Some(b'<') { b'>' } else { b'\'' };
    let name = from.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if name.is_empty() || from.take() != Some(end) {
        return Err(from.invalid("a group's name is not closed"));
    }
    enter(from, from.flags);
    Ok(())
}

/// `(?i)`, `(?i-s:`, `(?^x:`.
fn flags(from: &mut Translator<'_>) -> Result<(), PatternError> {
    let mut inner = if from.eat(b"^") { Flags::default() } else { from.flags };
    let mut on = true;
    loop {
        match from.take() {
            Some(b'-') if on => on = false,
            Some(b':') => {
                enter(from, inner);
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
