//! Who sends it: the client's name, its HELO, the sender's domain, the author.
//!
//! [`Sender::new`] once per configuration. What HELO, client and reverse-path tell is asked when the
//! sender is known, all questions to DNS side by side; what the header fields tell, when the message
//! is complete. For relayed mail both are about the real client.
//!
//! | finding | weight | what it means |
//! |---|---|---|
//! | `HELO_SYNTAX` | 0.5 | HELO is no host name and no address literal (RFC 5321, section 4.1.1.1) |
//! | `HELO_NO_DOMAIN` | 0.3 | HELO is a single word, or a name that only a local network knows |
//! | `HELO_OURS` | 2.0 | HELO is the name or domain of the server it speaks to |
//! | `HELO_LITERAL_OTHER` | 1.0 | HELO is an IPv6 address, and not the client's |
//! | `HELO_UNRESOLVABLE` | 0.5 | HELO is a name that has no address |
//! | `RDNS_NONE` | 0.8 | the client's address has no name |
//! | `RDNS_UNCONFIRMED` | 0.4 | …has names, but none of them has the address |
//! | `RDNS_DYNAMIC` | 0.4 | the client's name is one that providers give to subscribers |
//! | `DIRECT_TO_MX_DYNAMIC` | 0.8 | …and no server took the message before it came here |
//! | `NO_DNS_FOR_FROM` | 1.5 | the sender's domain has neither mail exchanger nor address (RFC 5321, section 5.1) |
//! | `SENDER_NULL_MX` | 2.0 | the sender's domain says that it takes no mail (RFC 7505) |
//! | `SENDER_MX_BOGUS` | 1.0 | no mail exchanger of the sender's domain can be reached from outside |
//! | `FROM_LOOKALIKE` | 2.0 | From: is under a domain that looks like a well-known one |
//! | `FROM_LOOKALIKE_OWN` | 2.5 | From: is under a domain that looks like one of ours |
//! | `FROM_DOMAIN_MIXED` | 1.5 | From: domain mixes alphabets in a word |
//! | `REPLYTO_LOOKALIKE` | 2.0 | Reply-To: is under a domain that looks like that of From:, or ours |
//! | `FROM_NAME_OWN_DOMAIN` | 1.0 | From: name shows one of our domains, the address is another's |
//!
//! The weights are defaults: a `score` line in the rules overrides them. A failure of DNS is no
//! finding: then nobody knows. No HELO at all is none either, since kept mail does not always tell it.
//!
//! What is *not* asked here, because rules read it from the trace and the fields: HELO as an IPv4
//! address, free mail in Reply-To, brands in names and domains, addresses in names, From against the reverse-path.

mod check;
mod domain;
mod from;
mod helo;
mod own;
mod reverse;
mod settings;
mod sign;
mod subscriber;
#[cfg(test)]
mod tests;

pub use check::Sender;
pub use settings::Settings;
