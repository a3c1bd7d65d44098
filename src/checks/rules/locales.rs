//! Which charsets the recipients can read: `ok_locales`.

use super::conf::ConfError;

/// The languages whose charsets are welcome.
#[derive(Debug)]
pub(super) struct Locales(Vec<String>);

impl Default for Locales {
    fn default() -> Self {
        Self(vec!["all".to_owned()])
    }
}

impl Locales {
    /// Takes `ok_locales`; `None` for another directive. The last one counts.
    ///
    /// # Errors
    /// There is no value.
    pub(super) fn read(&mut self, key: &str, value: &str) -> Option<Result<(), ConfError>> {
        if key != "ok_locales" {
            return None;
        }
        if value.is_empty() {
            let what = "needs `all` or languages".to_owned();
            return Some(Err(ConfError::Value { key: key.to_owned(), what }));
        }
        self.0 = value.split_ascii_whitespace().map(str::to_owned).collect();
        Some(Ok(()))
    }

    /// Whether every charset is welcome.
    pub(super) fn are_all(&self) -> bool {
        self.0.iter().any(|locale| locale == "all")
    }

    /// Whether a charset is welcome: one of Western Europe, of Unicode, or of these languages.
    pub(super) fn welcome(&self, charset: &str) -> bool {
        let name = charset.to_ascii_uppercase();
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        // An equals sign that quoted-printable has broken.
        let name = name.replace("3D", "");
        self.are_all()
            || ANYWHERE.contains(&name.as_str())
            || FAMILIES.iter().any(|family| name.starts_with(family))
            || self
                .0
                .iter()
                .filter_map(|locale| charsets(locale))
                .any(|list| list.contains(&name.as_str()))
    }
}

/// Charsets that are always welcome.
const ANYWHERE: [&str; 5] = ["USASCII", "ASCII", "IBM852", "XUNKNOWN", "ISO"];

/// What the names of others begin with.
const FAMILIES: [&str; 8] =
    ["ISO8859", "ISO10646", "UTF", "UCS", "CP125", "WINDOWS", "UNICODE11UTF7", "UNICODE11UTF8"];

/// The charsets of a language.
fn charsets(locale: &str) -> Option<&'static [&'static str]> {
    Some(match locale.get(..2)? {
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
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets_are_welcome_by_language() {
        let mut locales = Locales::default();
        assert!(locales.welcome("koi8-r"));
        assert!(locales.read("ok_languages", "en").is_none());
        assert!(locales.read("ok_locales", "").unwrap().is_err());
        locales.read("ok_locales", "en ja_JP").unwrap().unwrap();
        for (charset, welcome) in [
            ("utf-8", true),
            ("iso-8859-5", true),
            ("windows-1251", true),
            ("Shift_JIS", true),
            ("us-ascii", true),
            ("koi8-r", false),
            ("gb2312", false),
            ("", false),
        ] {
            assert_eq!(locales.welcome(charset), welcome, "{charset}");
        }
    }
}
