//! Sets of bytes: bracketed classes, POSIX names, `\d` and its like.

use super::{PatternError, escape, translate::Translator};

/// A set of bytes: a bit for each, the lower half first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Set([u128; 2]);

impl Set {
    fn of(member: impl Fn(u8) -> bool) -> Self {
        let mut set = Self::default();
        (0..=u8::MAX).filter(|&byte| member(byte)).for_each(|byte| set.insert(byte));
        set
    }

    fn holds(&self, byte: u8) -> bool {
        let [low, high] = self.0;
        let half = if byte.is_ascii() { low } else { high };
        half & (1 << (byte & 0x7f)) != 0
    }

    fn insert(&mut self, byte: u8) {
        let [low, high] = &mut self.0;
        let half = if byte.is_ascii() { low } else { high };
        *half |= 1 << (byte & 0x7f);
    }

    fn inverted(self) -> Self {
        Self(self.0.map(|half| !half))
    }

    fn add(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(half, more)| *half |= more);
    }

    fn add_range(&mut self, from: u8, to: u8) {
        (from..=to).for_each(|byte| self.insert(byte));
    }

    /// Adds the other case of Latin-1 letters; the engine itself knows ASCII's.
    fn add_latin_twins(&mut self) {
        let set = *self;
        self.add(Self::of(|byte| latin_twin(byte).is_some_and(|twin| set.holds(twin))));
    }

    /// The set that a letter behind a backslash names: `\d`, `\W`, `\h` …
    pub(super) fn named(letter: u8) -> Option<Self> {
        let set = match letter.to_ascii_lowercase() {
            b'd' => Self::of(|b| b.is_ascii_digit()),
            b'w' => Self::of(|b| b.is_ascii_alphanumeric() || b == b'_'),
            b's' => Self::of(|b| matches!(b, b'\t'..=b'\r' | b' ')),
            b'h' => Self::of(|b| matches!(b, b'\t' | b' ' | 0xa0)),
            b'v' => Self::of(|b| matches!(b, b'\n'..=b'\r' | 0x85)),
            _ => return None,
        };
        Some(if letter.is_ascii_uppercase() { set.inverted() } else { set })
    }

    /// The letter behind a backslash that names this set to every engine: of `\d`, `\s`, `\w` and
    /// their opposites.
    pub(super) fn letter(&self) -> Option<char> {
        let named = |letter: &u8| Self::named(*letter).is_some_and(|named| named.0 == self.0);
        b"dDsSwW".iter().copied().find(named).map(char::from)
    }

    /// The set of a POSIX class, `alpha` or `^alpha`, by ASCII.
    fn posix(name: &[u8]) -> Option<Self> {
        let (bare, negated) = match name.strip_prefix(b"^") {
            Some(bare) => (bare, true),
            None => (name, false),
        };
        let set = match bare {
            b"alpha" => Self::of(|b| b.is_ascii_alphabetic()),
            b"digit" => Self::of(|b| b.is_ascii_digit()),
            b"alnum" => Self::of(|b| b.is_ascii_alphanumeric()),
            b"upper" => Self::of(|b| b.is_ascii_uppercase()),
            b"lower" => Self::of(|b| b.is_ascii_lowercase()),
            b"punct" => Self::of(|b| b.is_ascii_punctuation()),
            b"print" => Self::of(|b| b.is_ascii_graphic() || b == b' '),
            b"graph" => Self::of(|b| b.is_ascii_graphic()),
            b"cntrl" => Self::of(|b| b.is_ascii_control()),
            b"xdigit" => Self::of(|b| b.is_ascii_hexdigit()),
            b"space" => Self::of(|b| matches!(b, b'\t'..=b'\r' | b' ')),
            b"blank" => Self::of(|b| matches!(b, b'\t' | b' ')),
            b"word" => Self::of(|b| b.is_ascii_alphanumeric() || b == b'_'),
            b"ascii" => Self::of(|b| b.is_ascii()),
            _ => return None,
        };
        Some(if negated { set.inverted() } else { set })
    }

    /// The set, or what is not in it, as the engine spells it.
    pub(super) fn spell(&self, negated: bool) -> String {
        if self.0 == [0, 0] {
            return (if negated { "(?s:.)" } else { "[^\\x00-\\xFF]" }).to_owned();
        }
        let mut spelled = String::from(if negated { "[^" } else { "[" });
        let mut start = None;
        for byte in 0..=256u16 {
            match (start, u8::try_from(byte).is_ok_and(|byte| self.holds(byte))) {
                (None, true) => start = Some(byte),
                (Some(first), false) => {
                    spelled.push_str(&format!("\\x{first:02X}-\\x{:02X}", byte - 1));
                    start = None;
                }
                _ => {}
            }
        }
        spelled.push(']');
        spelled
    }
}

/// The other case of a letter of Latin-1 beyond ASCII, as far as that is one byte, too.
pub(super) fn latin_twin(byte: u8) -> Option<u8> {
    let letter = matches!(byte, 0xc0..=0xde | 0xe0..=0xfe) && !matches!(byte, 0xd7 | 0xf7);
    letter.then_some(byte ^ 0x20)
}

/// Translates a bracketed class; its `[` is taken.
///
/// # Errors
/// Not closed, an unknown name or escape, a range the wrong way round.
pub(super) fn translate(from: &mut Translator<'_>) -> Result<(), PatternError> {
    let negated = from.eat(b"^");
    let mut set = Set::default();
    let mut first = true;
    loop {
        match from.take() {
            None => return Err(from.invalid("a `[` is not closed")),
            Some(b']') if !first => break,
            Some(byte) => member(from, byte, &mut set)?,
        }
        first = false;
    }
    if from.flags.ignore_case {
        set.add_latin_twins();
    }
    let spelled = set.spell(negated);
    from.out.push_str(&spelled);
    Ok(())
}

/// One member of a class, or the beginning of a range.
enum Item {
    Byte(u8),
    Set(Set),
}

/// Adds what begins with `byte` to the set: a byte, a range or a named set.
fn member(from: &mut Translator<'_>, byte: u8, set: &mut Set) -> Result<(), PatternError> {
    let low = match item(from, byte)? {
        Item::Byte(low) => low,
        Item::Set(named) => {
            set.add(named);
            return Ok(());
        }
    };
    let range = from.peek() == Some(b'-') && !matches!(from.rest().get(1), None | Some(b']'));
    if !range {
        set.add_range(low, low);
        return Ok(());
    }
    from.take();
    let Some(byte) = from.take() else { return Err(from.invalid("a `[` is not closed")) };
    match item(from, byte)? {
        Item::Byte(high) if high < low => Err(from.invalid("a range the wrong way round")),
        Item::Byte(high) => {
            set.add_range(low, high);
            Ok(())
        }
        // `a-\d` is no range: three members.
        Item::Set(named) => {
            set.add_range(low, low);
            set.add_range(b'-', b'-');
            set.add(named);
            Ok(())
        }
    }
}

fn item(from: &mut Translator<'_>, byte: u8) -> Result<Item, PatternError> {
    match byte {
        b'[' if from.peek() == Some(b':') => Ok(posix(from)?.map_or(Item::Byte(b'['), Item::Set)),
        b'\\' => escaped(from),
        _ => Ok(Item::Byte(byte)),
    }
}

/// `[:name:]`; `None` where a bracket just happens to stand before a colon.
fn posix(from: &mut Translator<'_>) -> Result<Option<Set>, PatternError> {
    let rest = from.rest();
    let name = rest.get(1..).unwrap_or_default();
    let length = name.iter().position(|b| !(b.is_ascii_lowercase() || *b == b'^')).unwrap_or(0);
    if !name.get(length..).is_some_and(|rest| rest.starts_with(b":]")) {
        return Ok(None);
    }
    let set = Set::posix(name.get(..length).unwrap_or_default());
    let Some(set) = set else { return Err(from.invalid("unknown POSIX class")) };
    from.take_until(b']');
    Ok(Some(set))
}

fn escaped(from: &mut Translator<'_>) -> Result<Item, PatternError> {
    let Some(byte) = from.take() else {
        return Err(from.invalid("a `[` is not closed"));
    };
    match Set::named(byte) {
        Some(set) => Ok(Item::Set(set)),
        None if byte == b'b' => Ok(Item::Byte(0x08)),
        None => Ok(escape::byte_escape(from, byte)?.map_or(Item::Set(Set::default()), Item::Byte)),
    }
}
