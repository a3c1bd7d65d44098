//! Where it points: what rules cannot say of links.
//!
//! | finding | weight | what it means |
//! |---|---|---|
//! | `LINK_LOOKALIKE` | 2.0 | a link leads to a host that looks like a well-known one |
//! | `LINK_LOOKALIKE_OWN` | 2.5 | a link leads to a host that looks like one of ours |
//! | `LINK_MIXED_ALPHABETS` | 1.5 | a link leads to a host that mixes alphabets in a word |
//! | `LINK_HOLDS_OWN_DOMAIN` | 1.5 | a link leads to a foreign host whose name holds a domain of ours |
//! | `LINK_SHOWS_OWN_DOMAIN` | 0.5 | the text of a link is an address under a domain of ours, and it leads elsewhere |
//!
//! Ours are the domains in the settings and those of the recipients. Each is found once a message. The weights are defaults: a
//! `score` line in the rules overrides them.
//!
//! The URIs are those that rules read ([`Message::uris`](crate::mail::Message::uris)): bases, redirectors and wrappers
//! are undone there. What is *not* asked here, because rules say it (`rules/links.cf`): other sites in texts, users before an `@`,
//! numbers for hosts, ports, punycode, pages and scripts in links, shorteners, open redirectors.

mod check;

pub use check::Links;
