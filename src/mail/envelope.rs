//! What SMTP told us, apart from the message: one `Client` a connection, one `Envelope` a message.

use std::{net::IpAddr, sync::Arc};

use serde::{Deserialize, Serialize};

use super::Address;

/// The name of the listener a connection came in by, as written in the configuration.
pub type ListenerName = Arc<str>;

/// What is known about a connection once the MTA has reported it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its address; `None` for mail submitted without SMTP or over a unix socket.
    pub address: Option<IpAddr>,
    /// The forward-confirmed name the MTA found for it; `None` where it found none.
    pub name: Option<String>,
    /// The name its address maps to, confirmed or not (`{client_ptr}`).
    pub ptr: Option<String>,
    /// Its port.
    pub port: Option<u16>,
    /// Our listener.
    pub listener: ListenerName,
    /// The MTA's service (`{daemon_name}`).
    pub daemon: Option<String>,
    /// Whether it came over SMTP at all; else it was submitted on the MTA itself.
    pub over_smtp: bool,
    /// The MTA's own host name (`j`).
    pub mta: Option<String>,
}

/// TLS between the client and the MTA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// `TLSv1.3` (`{tls_version}`).
    pub version: String,
    /// `{cipher}`.
    pub cipher: Option<String>,
    /// Subject of the client's certificate (`{cert_subject}`).
    pub cert_subject: Option<String>,
    /// Its issuer (`{cert_issuer}`).
    pub cert_issuer: Option<String>,
}

/// What SMTP told us about one message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The connection it came by. For relayed mail this is the real client, taken from the
    /// trace, once the headers are in.
    pub client: Arc<Client>,
    /// The relay that handed it on, where `client` was taken from the trace.
    pub relay: Option<Arc<Client>>,
    /// The last HELO or EHLO name; `None` if the client never said one.
    pub helo: Option<String>,
    /// TLS, where the MTA reported it.
    pub tls: Option<Tls>,
    /// The login name (`{auth_authen}`); present only after successful authentication.
    pub login: Option<String>,
    /// The SASL mechanism (`{auth_type}`).
    pub auth_type: Option<String>,
    /// The reverse-path.
    pub sender: Address,
    /// ESMTP parameters of MAIL: `SIZE=…`, `BODY=8BITMIME`.
    pub sender_parameters: Vec<String>,
    /// The forward-paths the MTA accepted so far, in order.
    pub recipients: Vec<Address>,
    /// The MTA's queue id (`i`); Postfix knows it from the first recipient on.
    pub queue_id: Option<String>,
    /// When it came, in seconds since 1970; the filter fills it in. `None`: now.
    pub arrived: Option<u64>,
}
