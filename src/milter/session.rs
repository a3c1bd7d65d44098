//! One connection of the MTA, and apart from it the message on it.
//!
//! Both HELO and MAIL may come again and again, and RSET at any time: what belongs to a message
//! lives in [`Transaction`], so that taking it away forgets everything about it.

use std::{ffi::CString, sync::Arc};

use indymilter::SocketInfo;
use tokio::sync::OwnedSemaphorePermit;

use super::{
    callbacks::Manners,
    door::{InFlight, Shared, Snapshot},
    headers::{Edit, Forged, edits},
    record,
    reply::Reply,
};
use crate::{
    filter::{Account, Inquiry, Visit},
    mail::{Address, Client, Envelope, ListenerName, Tls},
    metrics,
    verdict::{Judgement, Reason},
};

/// What the MTA is told at the end of a stage.
pub(super) enum Step {
    /// Go on.
    Continue,
    /// Go on, but spare us the rest of the body.
    Skip,
    /// Refuse, for now or for good.
    Refuse(Reply),
}

/// What the MTA is told at the end of a message.
pub(super) struct Conclusion {
    pub(super) edits: Vec<Edit>,
    pub(super) judgement: Option<Judgement>,
    pub(super) reply: Option<Reply>,
}

/// What the MTA says in its macros when MAIL comes.
#[derive(Default)]
pub(super) struct MailMacros {
    pub(super) queue_id: Option<String>,
    pub(super) login: Option<String>,
    pub(super) auth_type: Option<String>,
    pub(super) tls: Option<Tls>,
}

/// One connection.
pub(super) struct Session {
    pub(super) manners: Manners,
    /// Header values come with the blank behind the colon; else we put one back.
    pub(super) leading_space: bool,
    shared: Arc<Shared>,
    snapshot: Arc<Snapshot>,
    listener: ListenerName,
    /// Without one there are too many sessions, and every message is told 451.
    served: Option<OwnedSemaphorePermit>,
    visit: Option<Visit>,
    helo: Option<String>,
    transaction: Option<Transaction>,
}

/// One message.
struct Transaction {
    inquiry: Inquiry,
    account: Account,
    raw: Vec<u8>,
    forged: Forged,
    truncated: bool,
    overflowed: bool,
    refusal_recorded: bool,
    _in_flight: InFlight,
}

impl Session {
    pub(super) fn new(shared: Arc<Shared>, listener: ListenerName) -> Self {
        let served = Arc::clone(&shared.served).try_acquire_owned().ok();
        let snapshot = shared.snapshot();
        Self {
            manners: Manners::default(),
            leading_space: false,
            shared,
            snapshot,
            listener,
            served,
            visit: None,
            helo: None,
            transaction: None,
        }
    }

    /// A client has connected to the MTA. Comes again when the MTA learns better (XCLIENT).
    pub(super) fn connect(&mut self, name: &str, socket: &SocketInfo, mut client: Client) {
        if let SocketInfo::Inet(address) = socket {
            client.address = Some(address.ip().to_canonical());
            client.port = client.port.or(Some(address.port()));
            client.over_smtp = true;
        }
        let named = !name.is_empty() && name != "unknown" && !name.starts_with('[');
        client.name = named.then(|| name.to_owned());
        client.listener = Arc::clone(&self.listener);
        self.transaction = None;
        self.helo = None;
        if self.served.is_some() {
            self.visit = Some(self.snapshot.filter.visit(client));
        }
    }

    pub(super) fn helo(&mut self, name: String) {
        self.helo = Some(name);
    }

    /// MAIL: a message begins, or is turned away before it is sent.
    pub(super) fn mail(&mut self, arguments: Vec<String>, macros: MailMacros) -> Step {
        self.abort();
        let mut arguments = arguments.into_iter();
        let mut envelope = Envelope {
            sender: arguments.next().map(|path| Address::from_path(&path)).unwrap_or_default(),
            sender_parameters: arguments.collect(),
            helo: self.helo.clone(),
            queue_id: macros.queue_id,
            login: macros.login,
            auth_type: macros.auth_type,
            tls: macros.tls,
            ..Envelope::default()
        };
        let Some(visit) = &self.visit else {
            let why = if self.served.is_none() { Reason::Busy } else { Reason::Internal };
            return Step::Refuse(self.turn_away("connections", &why, &envelope));
        };
        envelope.client = Arc::clone(visit.client());
        if self.shared.is_draining() {
            return Step::Refuse(self.turn_away("draining", &Reason::Draining, &envelope));
        }
        let Ok(inquiry) = visit.inquire(envelope.clone()) else {
            return Step::Refuse(self.turn_away("queue", &Reason::Busy, &envelope));
        };
        self.transaction = Some(Transaction {
            account: inquiry.account(),
            inquiry,
            raw: Vec::new(),
            forged: Forged::default(),
            truncated: false,
            overflowed: false,
            refusal_recorded: false,
            _in_flight: self.shared.take_off(),
        });
        Step::Continue
    }

    /// RCPT: a listed client learns here that it is not wanted.
    pub(super) async fn rcpt(&mut self, path: &str, queue_id: Option<String>) -> Step {
        let Some(transaction) = &mut self.transaction else { return Step::Continue };
        transaction.inquiry.set_queue_id(queue_id);
        let recipient = Address::from_path(path);
        let Some(judgement) = transaction.inquiry.recipient(recipient.clone()).await else {
            return Step::Continue;
        };
        if !transaction.refusal_recorded {
            transaction.refusal_recorded = true;
            let mut envelope = transaction.inquiry.envelope().clone();
            envelope.recipients = vec![recipient];
            record::judged(&envelope, &judgement, "rcpt");
        }
        let reply = self.snapshot.replies.to(&judgement, transaction.inquiry.envelope());
        reply.map_or(Step::Continue, Step::Refuse)
    }

    pub(super) fn header(&mut self, name: &CString, value: &CString, mta: Option<&str>) {
        let Some(transaction) = &mut self.transaction else { return };
        let authserv_id = self.snapshot.authserv_id(mta);
        let shown = String::from_utf8_lossy(name.as_bytes());
        transaction.forged.note(&shown, value.as_bytes(), authserv_id);
        let limit = self.snapshot.filter.scan_bytes;
        let colon: &[u8] = if self.leading_space { b":" } else { b": " };
        transaction.keep(&[name.as_bytes(), colon], limit);
        transaction.keep_with_crlf(value.as_bytes(), limit);
        transaction.keep(&[b"\r\n"], limit);
    }

    /// The headers are over: for relayed mail they name the client.
    pub(super) fn end_of_headers(&mut self) {
        let Some(transaction) = &mut self.transaction else { return };
        transaction.inquiry.headers(&transaction.raw);
        transaction.keep(&[b"\r\n"], self.snapshot.filter.scan_bytes);
    }

    pub(super) fn body(&mut self, chunk: &[u8]) -> Step {
        let Some(transaction) = &mut self.transaction else { return Step::Continue };
        transaction.keep(&[chunk], self.snapshot.filter.scan_bytes);
        if transaction.truncated || transaction.overflowed { Step::Skip } else { Step::Continue }
    }

    /// The message is complete: judges it.
    pub(super) async fn end_of_message(&mut self, queue_id: Option<String>) -> Conclusion {
        let Some(mut transaction) = self.transaction.take() else {
            let reply = self.snapshot.replies.turn_away(&Reason::Internal, &Envelope::default());
            return Conclusion { edits: Vec::new(), judgement: None, reply: Some(reply) };
        };
        transaction.inquiry.set_queue_id(queue_id);
        if let Some((counted_as, why)) = transaction.obstacle() {
            let reply = self.turn_away(counted_as, &why, transaction.inquiry.envelope());
            return Conclusion { edits: Vec::new(), judgement: None, reply: Some(reply) };
        }
        let raw = std::mem::take(&mut transaction.raw);
        let mta = self.visit.as_ref().and_then(|visit| visit.client().mta.as_deref());
        let (judgement, envelope) = transaction.inquiry.conclude(raw, transaction.truncated).await;
        record::judged(&envelope, &judgement, "end");
        let reply = self.snapshot.replies.to(&judgement, &envelope);
        Conclusion {
            edits: edits(&judgement, &transaction.forged, self.snapshot.authserv_id(mta)),
            judgement: Some(judgement),
            reply,
        }
    }

    /// RSET, or the client went away.
    pub(super) fn abort(&mut self) {
        if self.transaction.take().is_some() {
            metrics::aborted();
        }
    }

    /// The connection is over, though the MTA may begin another on the same socket.
    pub(super) fn close(&mut self) {
        self.abort();
        self.visit = None;
        self.helo = None;
    }

    fn turn_away(&self, counted_as: &'static str, why: &Reason, envelope: &Envelope) -> Reply {
        metrics::turned_away(counted_as);
        record::turned_away(envelope, counted_as);
        self.snapshot.replies.turn_away(why, envelope)
    }
}

impl Transaction {
    /// What keeps a complete message from being judged: the word it is counted by, and why.
    fn obstacle(&self) -> Option<(&'static str, Reason)> {
        if self.overflowed {
            return Some(("memory", Reason::Busy));
        }
        let changes = !self.inquiry.profile().dry_run;
        (changes && self.forged.are_too_many()).then_some(("forged", Reason::Internal))
    }

    /// Keeps these bytes, as far as the limit of one message and that of all allow.
    fn keep(&mut self, pieces: &[&[u8]], limit: usize) {
        for piece in pieces {
            let room = limit.saturating_sub(self.raw.len());
            let kept = piece.get(..room).unwrap_or(piece);
            self.truncated |= kept.len() < piece.len();
            if self.overflowed || self.account.take(kept.len()).is_err() {
                // What is not kept is not held against the others either.
                self.overflowed = true;
                self.raw = Vec::new();
                self.account.give_back();
                return;
            }
            self.raw.extend_from_slice(kept);
        }
    }

    /// MTAs hand over folded header values with bare line feeds; on the wire they are CRLF.
    fn keep_with_crlf(&mut self, value: &[u8], limit: usize) {
        let mut lines = value.split(|&byte| byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            let line = if lines.peek().is_some() {
                line.strip_suffix(b"\r").unwrap_or(line)
            } else {
                line
            };
            self.keep(&[line], limit);
            if lines.peek().is_some() {
                self.keep(&[b"\r\n"], limit);
            }
        }
    }
}
