//! Questions about charsets.

use super::super::super::scene::Scene;

/// How the answers about charsets differ.
pub(super) const ENVIRONMENT: &str = "the process's own locale is not asked, only ok_locales";

/// Whether the message says that it is a web page as a whole.
pub(super) fn begins_as_html(scene: &Scene<'_>) -> bool {
    let first = declared(scene).next();
    let start = first.and_then(|value| value.get(.."text/html".len()));
    start.is_some_and(|start| start.eq_ignore_ascii_case("text/html"))
}

/// Whether the message has a charset that is not expected, and text that needs it.
pub(super) fn is_faraway(scene: &Scene<'_>) -> bool {
    let locales = &scene.conf.locales;
    if locales.are_all() {
        return false;
    }
    let Some(charset) = of_message(scene) else { return false };
    !locales.expect(&charset) && is_mostly_8bit(scene.paragraphs())
}

/// More than three bytes above 127, and as many as below.
fn is_mostly_8bit<'t>(paragraphs: impl Iterator<Item = &'t [u8]>) -> bool {
    let (mut high, mut low) = (0_usize, 0_usize);
    for paragraph in paragraphs {
        let count = paragraph.iter().filter(|byte| !byte.is_ascii()).count();
        high += count;
        low += paragraph.len() - count;
    }
    low <= high && high > 3
}

/// Whether texts in these charsets have letters that look like ASCII's capitals to us.
pub(super) fn reads_as_capitals(scene: &Scene<'_>) -> bool {
    let of_message = of_message(scene);
    // A charset with a blank in it is two names.
    let of_parts = scene.mime().charsets.iter().flat_map(|name| name.split_ascii_whitespace());
    of_message.as_deref().into_iter().chain(of_parts).any(is_far_eastern)
}

/// What stands in the names of charsets with other letters than Latin ones.
const FAR_EASTERN: &[&str] = &[
    "koi",
    "jp",
    "jis",
    "euc",
    "gb",
    "big5",
    "isoir",
    "cp1251",
    "windows-1251",
    "georgianps",
    "pt154",
    "tis",
];

fn is_far_eastern(charset: &str) -> bool {
    let lower = charset.to_ascii_lowercase();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    lower.chars().all(is_name) && FAR_EASTERN.iter().any(|word| lower.contains(word))
}

/// The values of Content-Type in the header of the message.
fn declared<'s>(scene: &'s Scene<'_>) -> impl Iterator<Item = &'s str> {
    scene.headers.named("content-type").map(|field| field.decoded())
}

/// The charset in the message's Content-Type: in quotes, or up to the next blank.
fn of_message(scene: &Scene<'_>) -> Option<String> {
    let value = declared(scene).collect::<Vec<_>>().join("\n");
    let lower = value.to_ascii_lowercase();
    let behind = |key: &str| {
        let places = lower.match_indices(key);
        places.filter_map(|(at, _)| value.get(at + key.len()..)).collect::<Vec<_>>()
    };
    let quoted = ['"', '\''].into_iter().find_map(|quote| {
        let key = format!("charset={quote}");
        let texts = behind(&key).into_iter().filter_map(|text| text.split_once(quote));
        texts.map(|(name, _)| name).find(|name| !name.is_empty())
    });
    let plain = || {
        let texts = behind("charset=").into_iter();
        let words = texts.filter_map(|text| text.split(|c: char| c.is_ascii_whitespace()).next());
        words.into_iter().find(|word| !word.is_empty())
    };
    quoted.or_else(plain).map(str::to_owned)
}
