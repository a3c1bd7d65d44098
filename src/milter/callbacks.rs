//! The protocol's events, translated into calls on a [`Session`]; no decision is made here.

use std::{
    ffi::{CStr, CString},
    sync::Arc,
};

use indymilter::{
    Actions, Callbacks, Context, ContextActions, EomContext, MacroStage, Macros, NegotiateContext,
    ProtoOpts, SetErrorReply, SmtpReply, Status,
};
use tracing::warn;

use super::{
    door::Shared,
    headers::Edit,
    reply::Reply,
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
            Box::pin(async move { negotiate(cx, session, actions, opts) })
        })
        .on_connect(|cx, name, socket| {
            Box::pin(async move {
                let client = client(&cx.macros);
                if let Some(session) = &mut cx.data {
                    session.connect(&name.to_string_lossy(), &socket, client);
                }
                unanswered(cx)
            })
        })
        .on_helo(|cx, name| {
            Box::pin(async move {
                if let Some(session) = &mut cx.data {
                    session.helo(name.to_string_lossy().into_owned());
                }
                unanswered(cx)
            })
        })
        .on_mail(|cx, arguments| Box::pin(async move { mail(cx, &arguments) }))
        .on_rcpt(|cx, arguments| Box::pin(rcpt(cx, arguments)))
        .on_header(|cx, name, value| {
            Box::pin(async move {
                let mta = text(&cx.macros, c"j");
                if let Some(session) = &mut cx.data {
                    session.header(&name, &value, mta.as_deref());
                }
                unanswered(cx)
            })
        })
        .on_eoh(|cx| {
            Box::pin(async move {
                if let Some(session) = &mut cx.data {
                    session.end_of_headers();
                }
                unanswered(cx)
            })
        })
        .on_body(|cx, chunk| {
            Box::pin(async move {
                let Some(session) = &mut cx.data else { return Status::Continue };
                match session.body(&chunk) {
                    Step::Skip if session.manners.may_skip => Status::Skip,
                    _ => Status::Continue,
                }
            })
        })
        .on_eom(|cx| Box::pin(end_of_message(cx)))
        .on_abort(|cx| {
            Box::pin(async move {
                if let Some(session) = &mut cx.data {
                    session.abort();
                }
                Status::Continue
            })
        })
        .on_close(|cx| {
            Box::pin(async move {
                if let Some(session) = &mut cx.data {
                    session.close();
                }
                Status::Continue
            })
        })
}

/// What the MTA agreed to.
#[derive(Clone, Copy, Default)]
pub(super) struct Manners {
    /// Stages that need no answer get none.
    pub(super) quiet: bool,
    /// The rest of a body may be declined.
    pub(super) may_skip: bool,
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
    session.manners =
        Manners { quiet: opts.contains(QUIET), may_skip: opts.contains(ProtoOpts::SKIP) };
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

async fn end_of_message(cx: &mut EomContext<Session>) -> Status {
    let queue_id = text(&cx.macros, c"i");
    let Some(session) = &mut cx.data else { return Status::Tempfail };
    let Conclusion { edits, judgement, reply } = session.end_of_message(queue_id).await;
    if let Some(reply) = reply {
        return answer(&mut cx.reply, Step::Refuse(reply));
    }
    let Some(judgement) = judgement else { return Status::Tempfail };
    let verdict = judgement.effective();
    if verdict == Verdict::Discard {
        return Status::Discard;
    }
    for edit in edits {
        let done = match &edit {
            Edit::Insert { name, value } => cx.actions.insert_header(0, *name, value.as_str()).await,
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
