//! `ok_locales`: which charsets the readers of a mail system are used to.

use super::super::conf::ConfError;

/// The locales whose charsets are nothing special.
#[derive(Debug, Default)]
pub(in super::super) struct Locales {
    /// The languages as two letters; `None` for all there are.
    languages: Option<Vec<String>>,
}

impl Locales {
    /// Takes `ok_locales`, a list of languages such as `en ja`, or `all`.
    pub(in super::super) fn read(
        &mut self,
        key: &str,
        value: &str,
    ) -> Option<Result<(), ConfError>> {
        if key != "ok_locales" {
            return None;
        }
        let names: Vec<&str> = value.split_ascii_whitespace().collect();
        if names.is_empty() {
            let (key, what) = (key.to_owned(), "needs languages such as `en`, or `all`".to_owned());
            return Some(Err(ConfError::Value { key, what }));
        }
        let is_all = names.contains(&"all");
        let languages = names.iter().map(|name| name.chars().take(2).collect()).collect();
        self.languages = (!is_all).then_some(languages);
        Some(Ok(()))
    }

    /// Whether all charsets are expected.
    pub(in super::super) fn are_all(&self) -> bool {
        self.languages.is_none()
    }

    /// Whether a charset is expected. Those of western Europe and of Unicode always are.
    pub(in super::super) fn expect(&self, charset: &str) -> bool {
        let Some(languages) = &self.languages else { return true };
        let letters = charset.chars().filter(char::is_ascii_alphanumeric);
        let name: String = letters.map(|c| c.to_ascii_uppercase()).collect();
        // Left over from quoted-printable.
        let name = name.strip_prefix("3D").unwrap_or(&name);
        let is_usual =
            USUAL.contains(&name) || USUAL_BEGINNINGS.iter().any(|b| name.starts_with(b));
        is_usual || languages.iter().any(|language| charsets_of(language).contains(&name))
    }
}

/// Charsets that are expected everywhere; letters and digits in upper case.
const USUAL: &[&str] = &["USASCII", "ASCII", "IBM852", "XUNKNOWN", "ISO"];

/// Beginnings of more such.
const USUAL_BEGINNINGS: &[&str] =
    &["ISO8859", "ISO10646", "UTF", "UCS", "CP125", "WINDOWS", "UNICODE11UTF7", "UNICODE11UTF8"];

/// The charsets that only mail in certain languages has.
fn charsets_of(language: &str) -> &'static [&'static str] {
    match language {
        "ja" => &[
            "EUCJP",
            "JISX020119760",
            "JISX020819830",
            "JISX020819900",
            "JISX020819970",
            "JISX021219900",
            "JISX021320001",
            "JISX021320002",
            "SHIFTJIS",
            "ISO2022JP",
            "SJIS",
            "JIS7",
            "JISX0201",
            "JISX0208",
            "JISX0212",
        ],
        "ko" => &["EUCKR", "KSC56011987"],
        "ru" | "ka" | "tg" | "be" | "uk" | "bg" => {
            &["KOI8R", "KOI8U", "KOI8T", "ISOIR111", "CP1251", "GEORGIANPS", "PT154", "CP866"]
        }
        "th" => &["TIS620"],
        "zh" => &[
            "GB1988",
            "GB2312",
            "GB231219800",
            "GB18030",
            "GBK",
            "BIG5HKSCS",
            "BIG5",
            "EUCTW",
            "ISO2022CN",
        ],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets_are_expected_by_language() {
        for (value, charset, expected) in [
            ("all", "koi8-r", true),
            ("en all", "big5", true),
            ("en", "koi8-r", false),
            ("ru_RU.KOI8-R", "KOI8-R", true),
            ("ru", "gb2312", false),
            ("ja ko", "iso-2022-jp", true),
            ("ja", "shift_jis", true),
            ("ko", "ks_c_5601-1987", true),
            ("zh.big5", "gb2312", true),
            ("en", "windows-1251", true),
            ("en", "3Dutf-8", true),
            ("en", "iso-8859-5", true),
            ("en", "", false),
        ] {
            let mut locales = Locales::default();
            assert_eq!(locales.read("ok_locales", value), Some(Ok(())));
            assert_eq!(locales.expect(charset), expected, "{value}: {charset}");
        }
        assert!(Locales::default().are_all());
    }

    #[test]
    fn only_its_own_directive_is_taken() {
        let mut locales = Locales::default();
        assert_eq!(locales.read("ok_languages", "en"), None);
        assert!(matches!(locales.read("ok_locales", " "), Some(Err(_))));
        assert!(locales.are_all());
    }
}
