//! The protocol's events, translated into calls on a [`Session`]; no decision is made here.

use std::{
    ffi::{CStr, CString},
    future::ready,
    sync::Arc,
};

use indymilter::{
    Actions, CallbackFuture, Callbacks, Context, ContextActions, EomContext, MacroStage, Macros,
    NegotiateContext, ProtoOpts, SetErrorReply, SmtpReply, SocketInfo, Status,
};
use tracing::warn;

use super::{
    door::Shared,
    headers::Edit,
    session::{Conclusion, MailMacros, Session, Step},
};
use crate::{
    mail::{Client, ListenerName, Tls},
    verdict::Verdict,
};

/// The macros asked for, by stage. An MTA sends those it knows.
const MACROS: [(MacroStage, &CStr); 6] = [
    (
        MacroStage::Connect,
        c"j _ {daemon_name} {client_addr} {client_name} {client_port} {client_ptr}",
    ),
    (MacroStage::Helo, c"{tls_version} {cipher} {cert_subject} {cert_issuer}"),
    (
        MacroStage::Mail,
        c"i {mail_addr} {auth_authen} {auth_type} {tls_version} {cipher} {cert_subject} {cert_issuer}",
    ),
    (MacroStage::Rcpt, c"i {rcpt_addr}"),
    (MacroStage::Data, c"i"),
    (MacroStage::Eom, c"i"),
];

/// The events of one listener. What needs no answer is negotiated away, so that the MTA does not
/// wait for one.
pub(super) fn callbacks(shared: &Arc<Shared>, listener: &ListenerName) -> Callbacks<Session> {
    let (shared, listener) = (Arc::clone(shared), Arc::clone(listener));
    Callbacks::new()
        .on_negotiate(move |cx, actions, opts| {
            let session = Session::new(Arc::clone(&shared), Arc::clone(&listener));
            now(negotiate(cx, session, actions, opts))
        })
        .on_connect(|cx, name, socket| now(connect(cx, &name, &socket)))
        .on_helo(|cx, name| now(helo(cx, &name)))
        .on_mail(|cx, arguments| now(mail(cx, &arguments)))
        .on_rcpt(|cx, arguments| Box::pin(rcpt(cx, arguments)))
        .on_header(|cx, name, value| now(header(cx, &name, &value)))
        .on_eoh(|cx| now(end_of_headers(cx)))
        .on_body(|cx, chunk| now(body(cx, &chunk)))
        .on_eom(|cx| Box::pin(end_of_message(cx)))
        .on_abort(|cx| now(ended(cx, Session::abort)))
        .on_close(|cx| now(ended(cx, Session::close)))
}

/// A stage that was answered without waiting.
fn now<'a>(status: Status) -> CallbackFuture<'a> {
    Box::pin(ready(status))
}

/// What the MTA agreed to.
#[derive(Clone, Copy, Default)]
pub(super) struct Manners {
    /// Stages that need no answer get none.
    pub(super) quiet: bool,
    /// The rest of a body may be declined.
    pub(super) may_skip: bool,
    /// Header fields may be added.
    pub(super) may_insert: bool,
    /// Header fields may be taken out.
    pub(super) may_delete: bool,
}

impl Manners {
    fn may(self, edit: &Edit) -> bool {
        match edit {
            Edit::Insert { .. } => self.may_insert,
            Edit::Delete { .. } => self.may_delete,
        }
    }
}

/// Asks for what we need of what the MTA offers, never for more: an MTA closes on that.
fn negotiate(
    cx: &mut NegotiateContext<Session>,
    mut session: Session,
    actions: Actions,
    opts: ProtoOpts,
) -> Status {
    const QUIET: ProtoOpts = ProtoOpts::NOREPLY_CONNECT
        .union(ProtoOpts::NOREPLY_HELO)
        .union(ProtoOpts::NOREPLY_HEADER)
        .union(ProtoOpts::NOREPLY_EOH);
    session.manners = Manners {
        quiet: opts.contains(QUIET),
        may_skip: opts.contains(ProtoOpts::SKIP),
        may_insert: actions.contains(Actions::ADD_HEADER),
        may_delete: actions.contains(Actions::CHANGE_HEADER),
    };
    if !(session.manners.may_insert && session.manners.may_delete) {
        warn!(
            "this MTA does not let all header fields be changed: marks or forgeries stay as they are"
        );
    }
    cx.requested_actions =
        actions & (Actions::ADD_HEADER | Actions::CHANGE_HEADER | Actions::QUARANTINE);
    let wanted = cx.requested_opts | ProtoOpts::SKIP | ProtoOpts::LEADING_SPACE;
    cx.requested_opts = opts & if session.manners.quiet { wanted | QUIET } else { wanted };
    session.leading_space = opts.contains(ProtoOpts::LEADING_SPACE);
    for (stage, names) in MACROS {
        cx.requested_macros.insert(stage, names.to_owned());
    }
    cx.data = Some(session);
    Status::Continue
}

/// The status of a stage that needs no answer.
fn unanswered(cx: &Context<Session>) -> Status {
    let quiet = cx.data.as_ref().is_some_and(|session| session.manners.quiet);
    if quiet { Status::Noreply } else { Status::Continue }
}

fn connect(cx: &mut Context<Session>, name: &CString, socket: &SocketInfo) -> Status {
    let client = client(&cx.macros);
    if let Some(session) = &mut cx.data {
        session.connect(&lossy(name), socket, client);
    }
    unanswered(cx)
}

fn helo(cx: &mut Context<Session>, name: &CString) -> Status {
    if let Some(session) = &mut cx.data {
        session.helo(lossy(name));
    }
    unanswered(cx)
}

fn mail(cx: &mut Context<Session>, arguments: &[CString]) -> Status {
    let macros = MailMacros {
        queue_id: text(&cx.macros, c"i"),
        login: text(&cx.macros, c"{auth_authen}"),
        auth_type: text(&cx.macros, c"{auth_type}"),
        tls: tls(&cx.macros),
    };
    let Some(session) = &mut cx.data else { return Status::Tempfail };
    let step = session.mail(arguments.iter().map(lossy).collect(), macros);
    answer(&mut cx.reply, step)
}

async fn rcpt(cx: &mut Context<Session>, arguments: Vec<CString>) -> Status {
    let queue_id = text(&cx.macros, c"i");
    let Some(session) = &mut cx.data else { return Status::Tempfail };
    let path = arguments.first().map(lossy).unwrap_or_default();
    let step = session.rcpt(&path, queue_id).await;
    answer(&mut cx.reply, step)
}

fn header(cx: &mut Context<Session>, name: &CString, value: &CString) -> Status {
    let mta = cx.macros.get(c"j").map(CStr::to_string_lossy);
    if let Some(session) = &mut cx.data {
        session.header(name, value, mta.as_deref());
    }
    unanswered(cx)
}

fn end_of_headers(cx: &mut Context<Session>) -> Status {
    if let Some(session) = &mut cx.data {
        session.end_of_headers();
    }
    unanswered(cx)
}

fn body(cx: &mut Context<Session>, chunk: &[u8]) -> Status {
    let Some(session) = &mut cx.data else { return Status::Continue };
    match session.body(chunk) {
        Step::Skip if session.manners.may_skip => Status::Skip,
        _ => Status::Continue,
    }
}

fn ended(cx: &mut Context<Session>, how: fn(&mut Session)) -> Status {
    if let Some(session) = &mut cx.data {
        how(session);
    }
    Status::Continue
}

async fn end_of_message(cx: &mut EomContext<Session>) -> Status {
    let queue_id = text(&cx.macros, c"i");
    let Some(session) = &mut cx.data else { return Status::Tempfail };
    // Who hands over values with the blank behind the colon expects it back.
    let blank = if session.leading_space { " " } else { "" };
    let manners = session.manners;
    let Conclusion { edits, judgement, reply } = session.end_of_message(queue_id).await;
    if let Some(reply) = reply {
        return answer(&mut cx.reply, Step::Refuse(reply));
    }
    let Some(judgement) = judgement else { return Status::Tempfail };
    let verdict = judgement.effective();
    if verdict == Verdict::Discard {
        return Status::Discard;
    }
    for edit in edits.into_iter().filter(|edit| manners.may(edit)) {
        let done = match &edit {
            Edit::Insert { name, value } => {
                let value = format!("{blank}{value}");
                cx.actions.insert_header(0, *name, value).await
            }
            Edit::Delete { name, index } => {
                cx.actions.change_header(name.as_str(), *index, None::<&CStr>).await
            }
        };
        if let Err(error) = done {
            warn!(%error, ?edit, "the MTA did not take a header change; the message is deferred");
            return Status::Tempfail;
        }
    }
    if verdict == Verdict::Quarantine {
        let reason = format!("spam, ref {}", judgement.reference);
        if let Err(error) = cx.actions.quarantine(reason).await {
            warn!(%error, "the MTA did not quarantine; the message is deferred");
            return Status::Tempfail;
        }
    }
    Status::Continue
}

fn answer(slot: &mut SmtpReply, step: Step) -> Status {
    let Step::Refuse(reply) = step else { return Status::Continue };
    let status = if reply.is_permanent() { Status::Reject } else { Status::Tempfail };
    // MTAs read the text as a format and swallow single percent signs.
    let line = reply.text.replace('%', "%%");
    if let Err(error) = slot.set_error_reply(&reply.code, Some(&reply.enhanced), [line]) {
        warn!(%error, %reply, "a reply's text was not taken; the MTA uses its own");
    }
    status
}

fn client(macros: &Macros) -> Client {
    Client {
        ptr: text(macros, c"{client_ptr}").filter(|name| name != "unknown"),
        port: text(macros, c"{client_port}").and_then(|port| port.parse().ok()),
        daemon: text(macros, c"{daemon_name}"),
        mta: text(macros, c"j"),
        ..Client::default()
    }
}

fn tls(macros: &Macros) -> Option<Tls> {
    Some(Tls {
        version: text(macros, c"{tls_version}")?,
        cipher: text(macros, c"{cipher}"),
        cert_subject: text(macros, c"{cert_subject}"),
        cert_issuer: text(macros, c"{cert_issuer}"),
    })
}

/// A macro's value; empty means not there.
fn text(macros: &Macros, name: &CStr) -> Option<String> {
    let value = macros.get(name)?.to_string_lossy();
    (!value.is_empty()).then(|| value.into_owned())
}

fn lossy(text: &CString) -> String {
    text.to_string_lossy().into_owned()
}
