//! The message that checks see is, byte for byte, the one the MTA was given: what DKIM needs, and
//! what rules on the whole message (`full`) rest on.
//!
//! Proved by a real clamd that knows nothing but the digest of the whole message.

use crate::servers::{
    Mta,
    clamd::{Clamd, EXACT_SIGNATURE},
    gatepost::{Config, Gatepost},
    postfix::Postfix,
    rbldnsd::CLEAN,
    sendmail::Sendmail,
    smtp::Delivery,
};

/// Folding, blanks and bytes that a careless filter would change.
const MESSAGE: &[u8] = b"Date: Thu, 12 Nov 2026 09:30:00 +0000\r\n\
    From: Sender <sender@example.org>\r\n\
    To: reader@example.test,\r\n\
    \t other@example.test,\r\n\
    \x20  third@example.test\r\n\
    Message-ID: <exact@example.org>\r\n\
    Subject:no blank behind the colon\r\n\
    X-Two:  two blanks\r\n\
    X-Tab:\tone tab\r\n\
    X-Trail: blanks at the end  \r\n\
    X-Eight: gr\xfc\xdfe, \xe2\x82\xac\r\n\
    X-Folded: a\r\n\
    \x20b\r\n\
    \tc  \r\n\
    \x20 d\r\n\
    x-CaSe: kept\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Transfer-Encoding: 8bit\r\n\
    \r\n\
    first line\r\n\
    \r\n\
    .a dot in front\r\n\
    ..two\r\n\
    trailing blanks  \r\n\
    eight bits: \xe2\x82\xac \xfc\r\n\
    \r\n\
    \r\n";

fn passes(start: impl Fn(&Gatepost) -> Box<dyn Mta>) {
    let clamd = Clamd::knowing(&[MESSAGE]);
    let gatepost = Gatepost::start(&Config::new().clamd(&[clamd.unix()]));
    let mta = start(&gatepost);
    let send = |message: &[u8]| Delivery::new(CLEAN, "reader", message).attempt(mta.address());
    let outcome = send(MESSAGE).unwrap();
    assert_eq!(outcome.reply.code, 550, "a byte is not what it was: {outcome:?}");
    assert!(outcome.reply.text.contains(EXACT_SIGNATURE), "{outcome:?}");
    let other = [MESSAGE, b"x\r\n"].concat();
    assert_eq!(send(&other).unwrap().reply.code, 250, "one line more is another message");
}

#[test]
fn through_postfix() {
    passes(|gatepost| Box::new(Postfix::start(&gatepost.inet())));
}

#[test]
fn through_sendmail() {
    passes(|gatepost| Box::new(Sendmail::start(&gatepost.inet_for_sendmail())));
}
