//! Named and numbered characters (HTML 4, section 24).

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use memchr::memchr;

/// Characters that need no `;` behind their name: those of Latin-1.
const LATIN: &str = "\
AElig 198 Aacute 193 Acirc 194 Agrave 192 Aring 197 Atilde 195 Auml 196 Ccedil 199 ETH 208 \
Eacute 201 Ecirc 202 Egrave 200 Euml 203 Iacute 205 Icirc 206 Igrave 204 Iuml 207 \
Ntilde 209 Oacute 211 Ocirc 212 Ograve 210 Oslash 216 Otilde 213 Ouml 214 THORN 222 \
Uacute 218 Ucirc 219 Ugrave 217 Uuml 220 Yacute 221 aacute 225 acirc 226 acute 180 \
aelig 230 agrave 224 amp 38 apos 39 aring 229 atilde 227 auml 228 brvbar 166 ccedil 231 \
cedil 184 cent 162 copy 169 curren 164 deg 176 divide 247 eacute 233 ecirc 234 egrave 232 \
eth 240 euml 235 frac12 189 frac14 188 frac34 190 gt 62 iacute 237 icirc 238 iexcl 161 \
igrave 236 iquest 191 iuml 239 laquo 171 lt 60 macr 175 micro 181 middot 183 nbsp 160 \
not 172 ntilde 241 oacute 243 ocirc 244 ograve 242 ordf 170 ordm 186 oslash 248 otilde 245 \
ouml 246 para 182 plusmn 177 pound 163 quot 34 raquo 187 reg 174 sect 167 shy 173 sup1 185 \
sup2 178 sup3 179 szlig 223 thorn 254 times 215 uacute 250 ucirc 251 ugrave 249 uml 168 \
uuml 252 yacute 253 yen 165 yuml 255";

/// Characters that need it.
const OTHERS: &str = "\
Alpha 913 Beta 914 Chi 935 Dagger 8225 Delta 916 Epsilon 917 Eta 919 Gamma 915 Iota 921 \
Kappa 922 Lambda 923 Mu 924 Nu 925 OElig 338 Omega 937 Omicron 927 Phi 934 Pi 928 \
Prime 8243 Psi 936 Rho 929 Scaron 352 Sigma 931 Tau 932 Theta 920 Upsilon 933 Xi 926 \
Yuml 376 Zeta 918 alefsym 8501 alpha 945 and 8743 ang 8736 asymp 8776 bdquo 8222 beta 946 \
bull 8226 cap 8745 chi 967 circ 710 clubs 9827 cong 8773 crarr 8629 cup 8746 dArr 8659 \
dagger 8224 darr 8595 delta 948 diams 9830 empty 8709 emsp 8195 ensp 8194 epsilon 949 \
equiv 8801 eta 951 euro 8364 exist 8707 fnof 402 forall 8704 frasl 8260 gamma 947 ge 8805 \
hArr 8660 harr 8596 hearts 9829 hellip 8230 image 8465 infin 8734 int 8747 iota 953 \
isin 8712 kappa 954 lArr 8656 lambda 955 lang 9001 larr 8592 lceil 8968 ldquo 8220 le 8804 \
lfloor 8970 lowast 8727 loz 9674 lrm 8206 lsaquo 8249 lsquo 8216 mdash 8212 minus 8722 \
mu 956 nabla 8711 ndash 8211 ne 8800 ni 8715 notin 8713 nsub 8836 nu 957 oelig 339 \
oline 8254 omega 969 omicron 959 oplus 8853 or 8744 otimes 8855 part 8706 permil 8240 \
perp 8869 phi 966 pi 960 piv 982 prime 8242 prod 8719 prop 8733 psi 968 rArr 8658 \
radic 8730 rang 9002 rarr 8594 rceil 8969 rdquo 8221 real 8476 rfloor 8971 rho 961 rlm 8207 \
rsaquo 8250 rsquo 8217 sbquo 8218 scaron 353 sdot 8901 sigma 963 sigmaf 962 sim 8764 \
spades 9824 sub 8834 sube 8838 sum 8721 sup 8835 supe 8839 tau 964 there4 8756 theta 952 \
thetasym 977 thinsp 8201 tilde 732 trade 8482 uArr 8657 uarr 8593 upsih 978 upsilon 965 \
weierp 8472 xi 958 zeta 950 zwj 8205 zwnj 8204";

/// The longest name, in bytes.
const LONGEST: usize = 8;

static NAMES: LazyLock<HashMap<&str, (char, bool)>> = LazyLock::new(|| {
    let list = |text: &'static str, needs_semicolon: bool| {
        let mut words = text.split_ascii_whitespace();
        std::iter::from_fn(move || {
            let (name, code) = (words.next()?, words.next()?.parse().ok()?);
            Some((name, (char::from_u32(code)?, needs_semicolon)))
        })
    };
    list(LATIN, false).chain(list(OTHERS, true)).collect()
});

/// A text with its entities read, and whether one of them is above U+00FF. `with_prefix`: a name
/// may have more letters behind it (`&nbspx`).
pub(super) fn decode(text: &str, with_prefix: bool) -> (Cow<'_, str>, bool) {
    let Some(first) = memchr(b'&', text.as_bytes()) else { return (Cow::Borrowed(text), false) };
    let mut out = String::with_capacity(text.len());
    let mut is_wide = false;
    let mut rest = text;
    let mut next = Some(first);
    while let Some(at) = next {
        let (plain, entity) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        match read(entity.get(1..).unwrap_or_default(), with_prefix) {
            Some((mut length, mut character)) => {
                // Two halves of one character beyond U+FFFF, as Windows writes them.
                let behind = entity.get(1 + length..).unwrap_or_default();
                if character == '\u{fffd}'
                    && let Some((pair_length, pair)) =
                        surrogates(entity.get(1..).unwrap_or_default(), behind)
                {
                    (length, character) = (length + pair_length, pair);
                }
                is_wide |= u32::from(character) > 0xff;
                out.push(character);
                rest = entity.get(1 + length..).unwrap_or_default();
                rest = rest.strip_prefix(';').unwrap_or(rest);
            }
            None => {
                out.push('&');
                rest = entity.get(1..).unwrap_or_default();
            }
        }
        next = memchr(b'&', rest.as_bytes());
    }
    out.push_str(rest);
    (Cow::Owned(out), is_wide)
}

/// What stands behind the `&`: its length and the character.
fn read(text: &str, with_prefix: bool) -> Option<(usize, char)> {
    match text.strip_prefix('#') {
        Some(number) => numbered(number).map(|(length, character)| (length + 1, character)),
        None => named(text, with_prefix),
    }
}

/// The character of two surrogates, the first of which stands at the beginning of `high`, and how
/// long the second is with the `;` before it; `behind` is what follows the first.
fn surrogates(high: &str, behind: &str) -> Option<(usize, char)> {
    let low = behind.strip_prefix(';').unwrap_or(behind);
    let (length, low_unit) = unit(low.strip_prefix("&#")?)?;
    let (_, high_unit) = unit(high.strip_prefix('#')?)?;
    let mut characters = char::decode_utf16([high_unit, low_unit]);
    let character = characters.next()?.ok()?;
    Some((behind.len() - low.len() + 2 + length, character))
}

/// The number of a surrogate and how many bytes it takes.
fn unit(text: &str) -> Option<(usize, u16)> {
    let (length, value) = number(text)?;
    let unit = u16::try_from(value).ok()?;
    matches!(unit, 0xd800..=0xdfff).then_some((length, unit))
}

fn numbered(text: &str) -> Option<(usize, char)> {
    let (length, value) = number(text)?;
    let is_no_character = matches!(value, 0xfdd0..=0xfdef) || value & 0xfffe == 0xfffe;
    let character = char::from_u32(value).filter(|_| !is_no_character).unwrap_or('\u{fffd}');
    (!matches!(value, 0 | 0xfffe | 0xffff)).then_some((length, character))
}

/// The number with which a text begins, decimal or hexadecimal, and how many bytes it takes.
fn number(text: &str) -> Option<(usize, u32)> {
    let (radix, skipped) = if text.starts_with(['x', 'X']) { (16, 1) } else { (10, 0) };
    let digits = text.get(skipped..).unwrap_or_default();
    let mut value: u32 = 0;
    let mut length = 0;
    for digit in digits.bytes().map_while(|byte| char::from(byte).to_digit(radix)) {
        value = value * radix + digit;
        if value > 0x10_ffff {
            return None;
        }
        length += 1;
    }
    (length > 0).then_some((skipped + length, value))
}

fn named(text: &str, with_prefix: bool) -> Option<(usize, char)> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric();
    let length = text.bytes().take_while(is_name).count();
    let has_semicolon = text.as_bytes().get(length) == Some(&b';');
    if length <= LONGEST
        && let Some(&(character, needs_semicolon)) = NAMES.get(text.get(..length)?)
        && (has_semicolon || !needs_semicolon)
    {
        return Some((length, character));
    }
    let prefix = |length: &usize| {
        let found = text.get(..*length).and_then(|name| NAMES.get(name));
        found.is_some_and(|&(_, needs_semicolon)| !needs_semicolon)
    };
    let length = (1..length.min(LONGEST + 1)).rev().filter(|_| with_prefix).find(prefix)?;
    let &(character, _) = NAMES.get(text.get(..length)?)?;
    Some((length, character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_have_names_and_numbers() {
        for (text, decoded, is_wide) in [
            ("a", "a", false),
            ("&lt;b&gt; &amp&amp;", "<b> &&", false),
            ("&eacute;&eacutex &nbspx", "éé", false),
            ("&euro;&euro", "€&euro", true),
            ("&#65;&#x41;&#x41z&#65", "AAAzA", false),
            ("&#160;&#8364;", "\u{a0}€", true),
            ("&#0;&#;&#x;&#99999999;&#65535;", "&#0;&#;&#x;&#99999999;&#65535;", false),
            ("&#xd800;", "\u{fffd}", true),
            ("&#55356;&#57101; &#xd83d&#xde00x", "🌍 😀x", true),
            ("&#57101;&#55356;", "\u{fffd}\u{fffd}", true),
            ("&unknown;&", "&unknown;&", false),
        ] {
            let decoded = if text.contains("nbspx") { "ééx \u{a0}x" } else { decoded };
            assert_eq!(decode(text, true), (Cow::Borrowed(decoded), is_wide), "{text}");
        }
        assert_eq!(decode("&eacutex", false).0, "&eacutex");
    }
}
