//! Single packed files: gzip, bzip2, xz, lzma, zstd, compress.

use memchr::memmem;

use crate::contents::{
    archive::fields::Fields,
    reading::{Entry, ReadError, Reading},
    unpack::{Method, unpacked},
};

/// Extensions that packing puts behind a name, and what takes their place.
const EXTENSIONS: &[(&str, &str)] = &[
    (".gz", ""),
    (".bz2", ""),
    (".xz", ""),
    (".lzma", ""),
    (".zst", ""),
    (".z", ""),
    (".tgz", ".tar"),
    (".tbz", ".tar"),
    (".tbz2", ".tar"),
    (".txz", ".tar"),
    (".tlz", ".tar"),
    (".tzst", ".tar"),
    (".taz", ".tar"),
    (".svgz", ".svg"),
    (".emz", ".emf"),
    (".wmz", ".wmf"),
];

/// Reads one.
pub(in crate::contents) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let method = method(bytes);
    // ClamAV 1.4 knows neither of the three, and of bzip2 and xz only the first stream.
    let is_hidden = match method {
        Method::Gzip => false,
        Method::Bzip2 => memmem::find_iter(bytes, b"1AY&SY").nth(1).is_some(),
        Method::Xz => memmem::find_iter(bytes, b"\xfd7zXZ\0").nth(1).is_some(),
        _ => true,
    };
    let name = inner_name(reading.name())
        .or_else(|| gzip_name(bytes).filter(|_| method == Method::Gzip))
        .unwrap_or_else(|| reading.name().to_owned());
    let entry = Entry { packed: bytes.len() as u64, is_hidden, ..Entry::named(name) };
    let mut content = unpacked(method, bytes).map_err(ReadError::broken)?;
    reading.member(entry, &mut content)
}

fn method(bytes: &[u8]) -> Method {
    match bytes {
        [0x1f, 0x8b, ..] => Method::Gzip,
        [0x1f, 0x9d, ..] => Method::Compress,
        [b'B', b'Z', ..] => Method::Bzip2,
        [0xfd, ..] => Method::Xz,
        [0x5d, ..] => Method::LzmaAlone,
        _ => Method::Zstd,
    }
}

/// The name without what packing put behind it.
fn inner_name(name: &str) -> Option<String> {
    EXTENSIONS.iter().find_map(|(extension, instead)| {
        let at = name.len().checked_sub(extension.len())?;
        let (stem, end) = name.split_at_checked(at)?;
        (end.eq_ignore_ascii_case(extension) && !stem.is_empty())
            .then(|| format!("{stem}{instead}"))
    })
}

/// The name that gzip keeps (RFC 1952, section 2.3).
fn gzip_name(bytes: &[u8]) -> Option<String> {
    let mut fields = Fields::new(bytes);
    let head: [u8; 10] = fields.array()?;
    let [_, _, _, flags, ..] = head;
    if flags & 4 != 0 {
        let length = fields.u16()?;
        fields.take(usize::from(length))?;
    }
    let name = (flags & 8 != 0).then(|| fields.until_zero())?;
    Some(String::from_utf8_lossy(name).into_owned())
}
