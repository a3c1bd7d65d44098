//! Answers as witnesses keep them, and back.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use hickory_resolver::proto::{
    rr::{RData, RecordType},
    serialize::binary::{BinDecoder, BinEncodable as _, Restrict},
};

use super::{
    DnsError,
    cache::{Found, Known},
};
use crate::verdict::{Lookup, Response, Witness};

/// What came of a question that was asked at this time, as a witness keeps it.
pub(super) fn lookup(
    name: String,
    kind: RecordType,
    known: &Known,
    asked: (SystemTime, Instant),
) -> Lookup {
    let ttl = known.as_ref().map_or(Duration::ZERO, |found| found.ttl);
    let since = asked.0.duration_since(UNIX_EPOCH).unwrap_or_default();
    Lookup {
        name,
        record_type: kind.into(),
        response: response(known),
        // To the nearest second: a moment has passed since the answer came.
        ttl: u32::try_from(ttl.as_millis().saturating_add(500) / 1_000).unwrap_or(u32::MAX),
        asked: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        took: millis(asked.1.elapsed()),
    }
}

/// In lower case, without the final dot.
pub(super) fn spelt(name: &hickory_resolver::proto::rr::Name) -> String {
    let mut name = name.to_lowercase().to_ascii();
    if name.ends_with('.') {
        name.pop();
    }
    name
}

fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

fn response(known: &Known) -> Response {
    match known {
        Ok(found) if found.data.is_empty() => Response::Nothing { code: found.code },
        Ok(found) => match found.data.iter().map(RData::to_bytes).collect() {
            Ok(records) => Response::Records(records),
            Err(error) => Response::Failed(error.to_string()),
        },
        Err(DnsError::Timeout { after, .. }) => Response::Timeout { after: millis(*after) },
        Err(DnsError::Refused { code, .. }) => Response::Refused { code: *code },
        Err(DnsError::SetAside { why, .. }) => Response::SetAside(why.clone()),
        Err(error) => Response::Failed(crate::chain(error)),
    }
}

/// What came then. What is not recorded is taken down as such.
pub(super) fn recalled(name: String, kind: RecordType, witness: &Witness) -> Known {
    match witness.then().and_then(|then| then.lookup(&name, kind.into())) {
        Some(lookup) => {
            witness.looked_up(lookup.clone());
            known(lookup, kind)
        }
        None => {
            witness.missed(format!("{name} {kind}"));
            Err(DnsError::NotRecorded { name })
        }
    }
}

fn known(lookup: &Lookup, kind: RecordType) -> Known {
    let name = lookup.name.clone();
    let ttl = Duration::from_secs(lookup.ttl.into());
    match &lookup.response {
        Response::Records(records) => {
            let data: Result<_, _> = records.iter().map(|bytes| read(bytes, kind)).collect();
            let unreadable = |error: hickory_resolver::proto::serialize::binary::DecodeError| {
                DnsError::FailedThen { name, why: error.to_string() }
            };
            data.map(|data| Arc::new(Found { data, code: 0, ttl })).map_err(unreadable)
        }
        Response::Nothing { code } => Ok(Arc::new(Found { data: Vec::new(), code: *code, ttl })),
        Response::Timeout { after } => {
            Err(DnsError::Timeout { name, after: Duration::from_millis((*after).into()) })
        }
        Response::Refused { code } => Err(DnsError::Refused { name, code: *code }),
        Response::Failed(why) => Err(DnsError::FailedThen { name, why: why.clone() }),
        Response::SetAside(why) => Err(DnsError::SetAside { name, why: why.clone() }),
    }
}

fn read(
    bytes: &[u8],
    kind: RecordType,
) -> Result<RData, hickory_resolver::proto::serialize::binary::DecodeError> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    RData::read(&mut BinDecoder::new(bytes), kind, Restrict::new(length))
}

/// The name of a record type: `A`, `TXT`.
pub fn record_type(number: u16) -> String {
    RecordType::from(number).to_string()
}

/// The data of a record as zone files write it; hexadecimal where it cannot be read.
pub fn shown(record: &[u8], record_type: u16) -> String {
    match read(record, RecordType::from(record_type)) {
        Ok(data) => data.to_string(),
        Err(_) => record.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_shown_as_zone_files_write_them() {
        for (record, number, text) in [
            (&[127, 0, 0, 2][..], 1, "127.0.0.2"),
            (b"\x04some\x05 text", 16, "some text"),
            (&[127, 0], 1, "7f00"),
        ] {
            assert_eq!(shown(record, number), text);
        }
        assert_eq!((record_type(1), record_type(16)), ("A".to_owned(), "TXT".to_owned()));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            record in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80),
            number in 0u16..300,
        ) {
            shown(&record, number);
        }
    }
}
