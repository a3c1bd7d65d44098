//! Bytes as text: by Microsoft's numbers of code pages, and UTF-16.

use encoding_rs::{
    BIG5, EUC_KR, Encoding, GBK, ISO_8859_2, ISO_8859_5, KOI8_R, MACINTOSH, SHIFT_JIS, UTF_8,
    UTF_16BE, UTF_16LE, WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253,
    WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257, WINDOWS_1258,
};

/// Code pages and their charsets; any other is taken for Western European.
const PAGES: &[(u32, &Encoding)] = &[
    (874, WINDOWS_874),
    (932, SHIFT_JIS),
    (936, GBK),
    (949, EUC_KR),
    (950, BIG5),
    (1_200, UTF_16LE),
    (1_250, WINDOWS_1250),
    (1_251, WINDOWS_1251),
    (1_253, WINDOWS_1253),
    (1_254, WINDOWS_1254),
    (1_255, WINDOWS_1255),
    (1_256, WINDOWS_1256),
    (1_257, WINDOWS_1257),
    (1_258, WINDOWS_1258),
    (10_000, MACINTOSH),
    (20_866, KOI8_R),
    (28_592, ISO_8859_2),
    (28_595, ISO_8859_5),
    (65_001, UTF_8),
];

/// A text in this code page.
pub(super) fn code_page(bytes: &[u8], page: u32) -> String {
    let known = PAGES.iter().find(|(number, _)| *number == page);
    let encoding = known.map_or(WINDOWS_1252, |(_, encoding)| encoding);
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// A Western European text.
pub(super) fn western(bytes: &[u8]) -> String {
    code_page(bytes, 1_252)
}

/// A text in UTF-16, little end first.
pub(super) fn utf16(bytes: &[u8]) -> String {
    UTF_16LE.decode_without_bom_handling(bytes).0.into_owned()
}

/// A text in UTF-16, big end first.
pub(super) fn utf16_big(bytes: &[u8]) -> String {
    UTF_16BE.decode_without_bom_handling(bytes).0.into_owned()
}

/// A text in the Macintosh's Roman charset.
pub(super) fn macintosh(bytes: &[u8]) -> String {
    code_page(bytes, 10_000)
}
