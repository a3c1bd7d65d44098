//! Names of glyphs and what they show: those of Western and Central European fonts, as TeX and office programs
//! write them.

/// Names and texts.
#[rustfmt::skip]
const NAMES: &[(&str, &str)] = &[
    ("space", " "),
    ("exclam", "!"),
    ("quotedbl", "\""),
    ("numbersign", "#"),
    ("dollar", "$"),
    ("percent", "%"),
    ("ampersand", "&"),
    ("quotesingle", "'"),
    ("quoteright", "’"),
    ("quoteleft", "‘"),
    ("parenleft", "("),
    ("parenright", ")"),
    ("asterisk", "*"),
    ("plus", "+"),
    ("comma", ","),
    ("hyphen", "-"),
    ("sfthyphen", "-"),
    ("minus", "−"),
    ("period", "."),
    ("slash", "/"),
    ("zero", "0"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("colon", ":"),
    ("semicolon", ";"),
    ("less", "<"),
    ("equal", "="),
    ("greater", ">"),
    ("question", "?"),
    ("at", "@"),
    ("bracketleft", "["),
    ("backslash", "\\"),
    ("bracketright", "]"),
    ("asciicircum", "^"),
    ("underscore", "_"),
    ("grave", "`"),
    ("braceleft", "{"),
    ("bar", "|"),
    ("braceright", "}"),
    ("asciitilde", "~"),
    ("exclamdown", "¡"),
    ("cent", "¢"),
    ("sterling", "£"),
    ("yen", "¥"),
    ("Euro", "€"),
    ("section", "§"),
    ("copyright", "©"),
    ("registered", "®"),
    ("trademark", "™"),
    ("degree", "°"),
    ("plusminus", "±"),
    ("mu", "µ"),
    ("paragraph", "¶"),
    ("periodcentered", "·"),
    ("bullet", "•"),
    ("guillemotleft", "«"),
    ("guillemotright", "»"),
    ("guilsinglleft", "‹"),
    ("guilsinglright", "›"),
    ("quotedblleft", "“"),
    ("quotedblright", "”"),
    ("quotedblbase", "„"),
    ("quotesinglbase", "‚"),
    ("endash", "–"),
    ("emdash", "—"),
    ("ellipsis", "…"),
    ("questiondown", "¿"),
    ("onequarter", "¼"),
    ("onehalf", "½"),
    ("threequarters", "¾"),
    ("multiply", "×"),
    ("divide", "÷"),
    ("germandbls", "ß"),
    ("ae", "æ"),
    ("AE", "Æ"),
    ("oe", "œ"),
    ("OE", "Œ"),
    ("oslash", "ø"),
    ("Oslash", "Ø"),
    ("eth", "ð"),
    ("Eth", "Ð"),
    ("thorn", "þ"),
    ("Thorn", "Þ"),
    ("lslash", "ł"),
    ("Lslash", "Ł"),
    ("dotlessi", "ı"),
    ("dotlessj", "ȷ"),
    ("ff", "ff"),
    ("fi", "fi"),
    ("fl", "fl"),
    ("ffi", "ffi"),
    ("ffl", "ffl"),
    ("f_f", "ff"),
    ("f_i", "fi"),
    ("f_l", "fl"),
    ("dagger", "†"),
    ("daggerdbl", "‡"),
    ("perthousand", "‰"),
    ("florin", "ƒ"),
    ("dieresis", "¨"),
    ("acute", "´"),
    ("cedilla", "¸"),
    ("macron", "¯"),
    ("nbspace", " "),
    ("fraction", "⁄"),
    ("ordfeminine", "ª"),
    ("ordmasculine", "º"),
    ("currency", "¤"),
    ("brokenbar", "¦"),
    ("logicalnot", "¬"),
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("epsilon", "ε"),
    ("lambda", "λ"),
    ("pi", "π"),
    ("sigma", "σ"),
    ("omega", "ω"),
    ("arrowright", "→"),
    ("arrowleft", "←"),
];

/// Names of accents, and letters each with what the accent makes of it.
const ACCENTS: &[(&str, &str)] = &[
    ("grave", "AÀaàEÈeèIÌiìNǸnǹOÒoòUÙuùWẀwẁYỲyỳ"),
    ("acute", "AÁaáCĆcćEÉeéGǴgǵIÍiíKḰkḱLĹlĺNŃnńOÓoóRŔrŕSŚsśUÚuúWẂwẃYÝyýZŹzź"),
    ("circumflex", "AÂaâCĈcĉEÊeêGĜgĝHĤhĥIÎiîJĴjĵOÔoôSŜsŝUÛuûWŴwŵYŶyŷZẐzẑ"),
    ("tilde", "AÃaãEẼeẽIĨiĩNÑnñOÕoõUŨuũYỸyỹ"),
    ("dieresis", "AÄaäEËeëHḦhḧIÏiïOÖoötẗUÜuüWẄwẅYŸyÿ"),
    ("ring", "AÅaåUŮuůwẘyẙ"),
    ("cedilla", "CÇcçDḐdḑEȨeȩGĢgģHḨhḩKĶkķLĻlļNŅnņRŖrŗSŞsşTŢtţ"),
    ("caron", "AǍaǎCČcčDĎdďEĚeěGǦgǧHȞhȟIǏiǐjǰKǨkǩLĽlľNŇnňOǑoǒRŘrřSŠsšTŤtťUǓuǔZŽzž"),
    ("macron", "AĀaāEĒeēGḠgḡIĪiīOŌoōUŪuūYȲyȳ"),
    ("breve", "AĂaăEĔeĕGĞgğIĬiĭOŎoŏUŬuŭ"),
    ("ogonek", "AĄaąEĘeęIĮiįOǪoǫUŲuų"),
    ("dotaccent", "AȦaȧCĊcċDḊdḋEĖeėGĠgġHḢhḣIİNṄnṅOȮoȯRṘrṙSṠsṡTṪtṫWẆwẇYẎyẏZŻzż"),
    ("hungarumlaut", "OŐoőUŰuű"),
    ("commaaccent", "SȘsșTȚtț"),
];

/// What a glyph of this name shows; nothing if nobody knows.
pub(super) fn text(name: &str) -> String {
    let base = name.split('.').next().unwrap_or_default();
    let mut characters = base.chars();
    match (characters.next(), characters.next()) {
        (Some(letter), None) => return letter.to_string(),
        (None, _) => return String::new(),
        _ => {}
    }
    let known = NAMES.iter().find(|(known, _)| *known == base).map(|(_, text)| (*text).to_owned());
    known.or_else(|| accented(base)).or_else(|| by_number(base)).unwrap_or_default()
}

/// `eacute`
fn accented(name: &str) -> Option<String> {
    let mut characters = name.chars();
    let letter = characters.next()?;
    let (_, pairs) = ACCENTS.iter().find(|(accent, _)| *accent == characters.as_str())?;
    let mut pairs = pairs.chars();
    while let (Some(plain), Some(made)) = (pairs.next(), pairs.next()) {
        if plain == letter {
            return Some(made.to_string());
        }
    }
    None
}

/// `uni20AC`, `uni00660069`, `u1F600`
fn by_number(name: &str) -> Option<String> {
    let of = |digits: &str| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
    if let Some(digits) = name.strip_prefix("uni") {
        let four = digits.as_bytes().chunks(4).take(16);
        return four.map(|four| of(std::str::from_utf8(four).ok()?)).collect();
    }
    of(name.strip_prefix('u').filter(|digits| digits.len() >= 4)?).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_texts() {
        let cases = [
            ("A", "A"),
            ("space", " "),
            ("eacute", "é"),
            ("Scaron", "Š"),
            ("ffi", "ffi"),
            ("uni20AC", "€"),
            ("uni00660069", "fi"),
            ("u1F600", "😀"),
            ("a.sc", "a"),
            (".notdef", ""),
            ("", ""),
            ("g123", ""),
            ("uniX", ""),
            ("uD800", ""),
        ];
        for (name, expected) in cases {
            assert_eq!(text(name), expected, "{name}");
        }
    }
}
