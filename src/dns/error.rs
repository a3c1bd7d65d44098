//! Why a name server did not answer, or could not be asked.

use std::{net::AddrParseError, time::Duration};

use hickory_resolver::{
    net::NetError,
    proto::{ProtoError, op::ResponseCode},
};

/// A response code in words.
pub fn response_code(code: u16) -> String {
    let code: ResponseCode = code.into();
    code.to_string()
}

/// The response code of a name (`NXDOMAIN`, as the registry of RFC 6895 has it) or number.
pub fn response_code_of(text: &str) -> Option<u16> {
    const NAMES: [(&str, u16); 20] = [
        ("NOERROR", 0),
        ("FORMERR", 1),
        ("SERVFAIL", 2),
        ("NXDOMAIN", 3),
        ("NOTIMP", 4),
        ("REFUSED", 5),
        ("YXDOMAIN", 6),
        ("YXRRSET", 7),
        ("NXRRSET", 8),
        ("NOTAUTH", 9),
        ("NOTZONE", 10),
        ("BADVERS", 16),
        ("BADSIG", 16),
        ("BADKEY", 17),
        ("BADTIME", 18),
        ("BADMODE", 19),
        ("BADNAME", 20),
        ("BADALG", 21),
        ("BADTRUNC", 22),
        ("BADCOOKIE", 23),
    ];
    let named = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    named.map(|(_, code)| *code).or_else(|| text.parse().ok())
}

/// What went wrong. Cheap enough to clone: a shared question gives its failure to all who wait.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DnsError {
    /// A server in the settings is no address.
    #[error(
        "DNS server `{text}` is not an address (expected 192.0.2.1, 192.0.2.1:53 or [2001:db8::1]:53)"
    )]
    Server {
        /// As written.
        text: String,
        /// What is wrong with it.
        #[source]
        source: AddrParseError,
    },
    /// A number that must not be zero.
    #[error("dns: `{key}` must be at least 1")]
    Zero {
        /// The key in the settings.
        key: &'static str,
    },
    /// Not a type of records that can be asked for.
    #[error("`{text}` is not a type of records that can be asked for (A, AAAA, MX, NS, PTR, TXT)")]
    Kind {
        /// As written.
        text: String,
    },
    /// The system's settings are of no use.
    #[error("cannot take the DNS servers from /etc/resolv.conf")]
    System(#[source] NetError),
    /// The resolver could not be built.
    #[error("cannot set up the DNS resolver")]
    Setup(#[source] NetError),
    /// Not a domain name (RFC 1035, section 2.3.4): too long, or an empty label.
    #[error("`{name}` is not a domain name")]
    Name {
        /// As asked, shortened.
        name: String,
        /// What is wrong with it.
        #[source]
        source: ProtoError,
    },
    /// No answer in time.
    #[error("no answer about {name} within {} ms", .after.as_millis())]
    Timeout {
        /// The name asked for.
        name: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The server answered that it will not or cannot say: SERVFAIL, REFUSED.
    #[error("asked about {name}, the server answers `{}`", response_code(*code))]
    Refused {
        /// The name asked for.
        name: String,
        /// The response code (RFC 1035, section 4.1.1).
        code: u16,
    },
    /// The answer is longer than any that means well.
    #[error("asked about {name}, the answer has {bytes} bytes")]
    TooLong {
        /// The name asked for.
        name: String,
        /// The bytes of its records.
        bytes: usize,
    },
    /// The question could not be sent or the answer not be read.
    #[error("cannot ask about {name}")]
    Failed {
        /// The name asked for.
        name: String,
        /// What happened.
        #[source]
        source: NetError,
    },
    /// It failed when it was asked, and this is all that the record says of it.
    #[error("asked about {name}, it failed then: {why}")]
    FailedThen {
        /// The name asked for.
        name: String,
        /// What happened then.
        why: String,
    },
    /// The zone had been set aside, so nobody was asked.
    #[error("not asked about {name}: {why}")]
    SetAside {
        /// The name that would have been asked for.
        name: String,
        /// Why it had been.
        why: String,
    },
    /// Nobody may be asked now, and the record does not say what was answered then.
    #[error("what is known about {name} is not recorded")]
    NotRecorded {
        /// The name asked for.
        name: String,
    },
    /// The question was given up inside: the service is ending, or it panicked.
    #[error("the question about {name} was given up")]
    GivenUp {
        /// The name asked for.
        name: String,
    },
}
