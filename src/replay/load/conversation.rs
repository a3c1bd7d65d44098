//! What is said to a milter on one connection: the negotiation, then commands and their answers.

use std::time::Duration;

use indymilter::{
    Actions, MacroStage, ProtoOpts,
    message::{PROTOCOL_VERSION, command::CommandKind, reply::Reply},
};

use super::{
    macros::{Scene, Wanted},
    wire::{Wire, WireError},
};
use crate::endpoint::Endpoint;

/// The first protocol version that knows of DATA.
const KNOWS_DATA: u32 = 4;
/// The oldest one that is spoken.
const OLDEST: u32 = 2;

/// A command, and what may be agreed about it.
#[derive(Debug)]
pub(super) struct Command {
    kind: CommandKind,
    /// If this is agreed, it is not sent.
    omitted: ProtoOpts,
    /// If this is agreed, it has no answer.
    quiet: ProtoOpts,
    /// Whose macros go before it.
    macros: Option<MacroStage>,
}

impl Command {
    pub(super) const CONNECT: Self = Self::new(
        CommandKind::ConnInfo,
        ProtoOpts::NO_CONNECT,
        ProtoOpts::NOREPLY_CONNECT,
        Some(MacroStage::Connect),
    );
    pub(super) const HELO: Self = Self::new(
        CommandKind::Helo,
        ProtoOpts::NO_HELO,
        ProtoOpts::NOREPLY_HELO,
        Some(MacroStage::Helo),
    );
    pub(super) const MAIL: Self = Self::new(
        CommandKind::Mail,
        ProtoOpts::NO_MAIL,
        ProtoOpts::NOREPLY_MAIL,
        Some(MacroStage::Mail),
    );
    pub(super) const RCPT: Self = Self::new(
        CommandKind::Rcpt,
        ProtoOpts::NO_RCPT,
        ProtoOpts::NOREPLY_RCPT,
        Some(MacroStage::Rcpt),
    );
    pub(super) const DATA: Self = Self::new(
        CommandKind::Data,
        ProtoOpts::NO_DATA,
        ProtoOpts::NOREPLY_DATA,
        Some(MacroStage::Data),
    );
    pub(super) const HEADER: Self =
        Self::new(CommandKind::Header, ProtoOpts::NO_HEADER, ProtoOpts::NOREPLY_HEADER, None);
    pub(super) const END_OF_HEADER: Self = Self::new(
        CommandKind::Eoh,
        ProtoOpts::NO_EOH,
        ProtoOpts::NOREPLY_EOH,
        Some(MacroStage::Eoh),
    );
    pub(super) const BODY: Self =
        Self::new(CommandKind::BodyChunk, ProtoOpts::NO_BODY, ProtoOpts::NOREPLY_BODY, None);
    pub(super) const END_OF_MESSAGE: Self = Self::new(
        CommandKind::BodyEnd,
        ProtoOpts::empty(),
        ProtoOpts::empty(),
        Some(MacroStage::Eom),
    );

    const fn new(
        kind: CommandKind,
        omitted: ProtoOpts,
        quiet: ProtoOpts,
        macros: Option<MacroStage>,
    ) -> Self {
        Self { kind, omitted, quiet, macros }
    }
}

/// How a milter answers a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Go on.
    Continue,
    /// No more of the body, please.
    Skip,
    /// Nothing more about this message, or this connection.
    Accept,
    Reject,
    Tempfail,
    Discard,
    /// This SMTP reply.
    Reply(String),
}

/// One connection.
pub(super) struct Conversation {
    wire: Wire,
    agreed: ProtoOpts,
    version: u32,
    wanted: Wanted,
    /// What the milter wants to be changed, as it comes before its last answer.
    pub(super) changes: Vec<Reply>,
}

impl Conversation {
    /// Connects and negotiates: everything that an MTA of today can do is offered.
    pub(super) async fn open(milter: &Endpoint, patience: Duration) -> Result<Self, WireError> {
        let mut wire = Wire::connect(milter, patience).await?;
        let offer = [PROTOCOL_VERSION, Actions::all().bits(), ProtoOpts::all().bits()];
        let offer = offer.map(u32::to_be_bytes).concat();
        wire.put(CommandKind::OptNeg, &[&offer]);
        wire.flush().await?;
        match wire.answer().await? {
            Reply::OptNeg { version, opts, macros, .. }
                if (OLDEST..=PROTOCOL_VERSION).contains(&version) =>
            {
                let names = |(stage, list): (MacroStage, std::ffi::CString)| {
                    (stage, list.to_string_lossy().into_owned().into())
                };
                let wanted = Wanted::new(macros.into_iter().map(names));
                Ok(Self { wire, agreed: opts, version, wanted, changes: Vec::new() })
            }
            other => Err(misplaced(&other)),
        }
    }

    /// Whether values of header fields keep the blank behind the colon.
    pub(super) fn keeps_blanks(&self) -> bool {
        self.agreed.contains(ProtoOpts::LEADING_SPACE)
    }

    /// Says one thing with the macros that belong to it, and waits for the answer if there is to
    /// be one.
    pub(super) async fn say(
        &mut self,
        command: &Command,
        scene: &Scene<'_>,
        data: &[&[u8]],
    ) -> Result<Answer, WireError> {
        let is_unknown = command.kind == CommandKind::Data && self.version < KNOWS_DATA;
        if is_unknown || self.agreed.intersects(command.omitted) {
            return Ok(Answer::Continue);
        }
        if let Some(stage) = command.macros {
            let macros = self.wanted.packet(stage, scene);
            if !macros.is_empty() {
                self.wire.put(CommandKind::DefMacros, &[&[command.kind.into()], &macros]);
            }
        }
        self.wire.put(command.kind, data);
        if self.agreed.intersects(command.quiet) {
            self.wire.flush_if_full().await?;
            return Ok(Answer::Continue);
        }
        self.wire.flush().await?;
        self.answer().await
    }

    /// The message is over, or given up. Has no answer.
    pub(super) async fn abort(&mut self) -> Result<(), WireError> {
        self.changes.clear();
        self.wire.put(CommandKind::Abort, &[]);
        self.wire.flush_if_full().await
    }

    /// Takes leave. Has no answer.
    pub(super) async fn quit(mut self) -> Result<(), WireError> {
        self.wire.put(CommandKind::Quit, &[]);
        self.wire.flush().await
    }

    /// The answer that ends a command. Changes before it are kept; a sign that the milter is still
    /// at work gives it the whole time again.
    async fn answer(&mut self) -> Result<Answer, WireError> {
        loop {
            return Ok(match self.wire.answer().await? {
                Reply::Progress => continue,
                Reply::Continue => Answer::Continue,
                Reply::Skip => Answer::Skip,
                Reply::Accept => Answer::Accept,
                Reply::Reject => Answer::Reject,
                Reply::Tempfail => Answer::Tempfail,
                Reply::Discard => Answer::Discard,
                Reply::ReplyCode { reply } => Answer::Reply(reply.to_string_lossy().into_owned()),
                other @ Reply::OptNeg { .. } => return Err(misplaced(&other)),
                change => {
                    self.changes.push(change);
                    continue;
                }
            });
        }
    }
}

fn misplaced(reply: &Reply) -> WireError {
    WireError::Misplaced(match reply {
        Reply::OptNeg { version, .. } => format!("negotiation of version {version}"),
        other => format!("{other:?}"),
    })
}
