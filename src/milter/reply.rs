//! What the client is told: configured texts with codes (RFC 5321, 3463, 5248, 7372).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    mail::Envelope,
    verdict::{Judgement, Party, Reason, Reference, Trouble, Verdict},
};

/// `[replies]`: each text begins with a reply code and an enhanced code. `{ref}` is the
/// reference, `{client}` the client's address, `{lists}` the block lists, `{signature}` the virus,
/// `{attachment}` the file, `{domain}` the domain that authentication failed for, `{explanation}` what it
/// says about that, `{sender}` the address that the administrator keeps out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The score is too high.
    pub spam: String,
    /// The score asks for a later try.
    pub deferred: String,
    /// A virus.
    pub virus: String,
    /// An attachment of a forbidden kind.
    pub attachment: String,
    /// An encrypted attachment, where the profile does not take them.
    pub attachment_encrypted: String,
    /// A document with macros, likewise.
    pub attachment_macros: String,
    /// Something that runs when it is opened, likewise.
    pub attachment_dangerous: String,
    /// The client is on block lists.
    pub client: String,
    /// The sender's domain says that the client is not its.
    pub spf: String,
    /// The author's domain does not stand behind the message.
    pub dmarc: String,
    /// The administrator keeps the client out.
    pub blocked_client: String,
    /// The administrator keeps the sender or author out.
    pub blocked_sender: String,
    /// A check that the profile insists on could not be made.
    pub unchecked: String,
    /// More was offered than can be judged in time, or the service is going down.
    pub busy: String,
    /// Something inside went wrong.
    pub internal: String,
}

impl Default for Settings {
    fn default() -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            spam: text("550 5.7.1 Message refused as spam (ref {ref})"),
            deferred: text("451 4.7.1 Message deferred, try again later (ref {ref})"),
            virus: text("550 5.7.1 Message contains a virus: {signature} (ref {ref})"),
            attachment: text("550 5.7.1 Attachment {attachment} is not allowed here (ref {ref})"),
            attachment_encrypted: text(
                "550 5.7.1 {attachment} is encrypted: send it unlocked or share it by a link (ref {ref})",
            ),
            attachment_macros: text(
                "550 5.7.1 {attachment} contains macros: send it without them or as PDF (ref {ref})",
            ),
            attachment_dangerous: text(
                "550 5.7.1 {attachment} can run programs: share it by a link instead (ref {ref})",
            ),
            client: text("554 5.7.1 Client [{client}] is blocked by {lists} (ref {ref})"),
            spf: text("550 5.7.23 {domain} does not send mail from [{client}] (ref {ref})"),
            dmarc: text("550 5.7.26 {domain} does not stand behind this message (ref {ref})"),
            blocked_client: text("554 5.7.1 Client [{client}] is not admitted here (ref {ref})"),
            blocked_sender: text("550 5.7.1 Mail from {sender} is not admitted here (ref {ref})"),
            unchecked: text("451 4.3.0 Message cannot be checked now, try again later (ref {ref})"),
            busy: text("451 4.3.2 Busy, try again later (ref {ref})"),
            internal: text("451 4.3.0 Internal error, try again later (ref {ref})"),
        }
    }
}

const PLACEHOLDERS: [&str; 8] = [
    "{ref}",
    "{client}",
    "{lists}",
    "{signature}",
    "{attachment}",
    "{domain}",
    "{explanation}",
    "{sender}",
];

/// A text that is no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {what}")]
pub struct ReplyError {
    /// The setting.
    pub key: &'static str,
    text: String,
    what: &'static str,
}

/// The texts, checked.
#[derive(Debug)]
pub struct Replies {
    spam: Template,
    deferred: Template,
    virus: Template,
    attachment: Template,
    attachment_encrypted: Template,
    attachment_macros: Template,
    attachment_dangerous: Template,
    client: Template,
    spf: Template,
    dmarc: Template,
    blocked_client: Template,
    blocked_sender: Template,
    unchecked: Template,
    busy: Template,
    internal: Template,
}

/// One reply, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// `550`.
    pub code: Arc<str>,
    /// `5.7.1`.
    pub enhanced: Arc<str>,
    /// The rest: printable ASCII, at most 400 bytes.
    pub text: String,
}

impl Reply {
    /// Whether it refuses for good (5xx).
    pub fn is_permanent(&self) -> bool {
        self.code.starts_with('5')
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.code, self.enhanced, self.text)
    }
}

#[derive(Debug)]
struct Template {
    code: Arc<str>,
    enhanced: Arc<str>,
    text: String,
}

impl Replies {
    /// Checks the texts.
    ///
    /// # Errors
    /// The first that lacks a code, has codes of two classes, or names an unknown placeholder.
    pub fn new(settings: &Settings) -> Result<Self, ReplyError> {
        Ok(Self {
            spam: Template::new("spam", &settings.spam)?,
            deferred: Template::new("deferred", &settings.deferred)?,
            virus: Template::new("virus", &settings.virus)?,
            attachment: Template::new("attachment", &settings.attachment)?,
            attachment_encrypted: Template::new(
                "attachment_encrypted",
                &settings.attachment_encrypted,
            )?,
            attachment_macros: Template::new("attachment_macros", &settings.attachment_macros)?,
            attachment_dangerous: Template::new(
                "attachment_dangerous",
                &settings.attachment_dangerous,
            )?,
            client: Template::new("client", &settings.client)?,
            spf: Template::new("spf", &settings.spf)?,
            dmarc: Template::new("dmarc", &settings.dmarc)?,
            blocked_client: Template::new("blocked_client", &settings.blocked_client)?,
            blocked_sender: Template::new("blocked_sender", &settings.blocked_sender)?,
            unchecked: Template::new("unchecked", &settings.unchecked)?,
            busy: Template::new("busy", &settings.busy)?,
            internal: Template::new("internal", &settings.internal)?,
        })
    }

    /// The reply for a judgement; `None` if the message is taken.
    pub fn to(&self, judgement: &Judgement, envelope: &Envelope) -> Option<Reply> {
        let verdict = judgement.effective();
        if !matches!(verdict, Verdict::Defer | Verdict::Reject) {
            return None;
        }
        let reference = judgement.reference;
        let reply = self.because(&judgement.reason, verdict, reference, envelope);
        Some(reply.in_class_of(verdict))
    }

    /// The reply for turning somebody away without a judgement.
    pub fn turn_away(&self, reason: &Reason, envelope: &Envelope) -> Reply {
        let reply = self.because(reason, Verdict::Defer, Reference::random(), envelope);
        reply.in_class_of(Verdict::Defer)
    }

    fn because(
        &self,
        reason: &Reason,
        verdict: Verdict,
        reference: Reference,
        envelope: &Envelope,
    ) -> Reply {
        let mut lists = String::new();
        let (mut virus, mut attachment) = ("", "");
        let (mut failed, mut says) = ("", "");
        let mut sender = "";
        let template = match reason {
            Reason::Score if verdict == Verdict::Defer => &self.deferred,
            Reason::Score | Reason::TestString => &self.spam,
            Reason::Virus(signature) => {
                virus = signature;
                &self.virus
            }
            Reason::Attachment(name) => {
                attachment = name;
                &self.attachment
            }
            Reason::Trouble { trouble, file } => {
                attachment = file;
                match trouble {
                    Trouble::Encrypted => &self.attachment_encrypted,
                    Trouble::Macros => &self.attachment_macros,
                    Trouble::Dangerous => &self.attachment_dangerous,
                }
            }
            Reason::ClientListed(names) => {
                lists = names.join(", ");
                &self.client
            }
            Reason::SpfFail { domain, explanation } => {
                (failed, says) = (domain, explanation);
                &self.spf
            }
            Reason::DmarcFail { domain } => {
                failed = domain;
                &self.dmarc
            }
            Reason::Blocked { party: Party::Client, .. } => &self.blocked_client,
            Reason::Blocked { who, .. } => {
                sender = who;
                &self.blocked_sender
            }
            Reason::Unchecked(_) => &self.unchecked,
            Reason::Busy | Reason::Draining => &self.busy,
            Reason::Internal => &self.internal,
        };
        let client = envelope.client.address.map(|a| a.to_string()).unwrap_or_default();
        template.fill(&[
            ("{ref}", &reference.to_string()),
            ("{client}", &client),
            ("{lists}", &lists),
            ("{signature}", virus),
            ("{attachment}", attachment),
            ("{domain}", failed),
            ("{explanation}", says),
            ("{sender}", sender),
        ])
    }
}

impl Reply {
    /// A configured text of the other class (a profile that rejects what others defer) keeps its
    /// words and gets the general code of the right class.
    fn in_class_of(self, verdict: Verdict) -> Self {
        let (first, code, enhanced) = match verdict {
            Verdict::Reject => ('5', "550", "5.7.1"),
            _ => ('4', "451", "4.7.1"),
        };
        if self.code.starts_with(first) {
            return self;
        }
        Self { code: code.into(), enhanced: enhanced.into(), ..self }
    }
}

impl Template {
    fn new(key: &'static str, text: &str) -> Result<Self, ReplyError> {
        let wrong = |what| ReplyError { key, text: text.to_owned(), what };
        let mut words = text.splitn(3, ' ');
        let (Some(code), Some(enhanced), Some(rest)) = (words.next(), words.next(), words.next())
        else {
            return Err(wrong("must begin with a reply code and an enhanced code: 550 5.7.1 …"));
        };
        let is_code = code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit());
        if !is_code || !code.starts_with(['4', '5']) {
            return Err(wrong("must begin with a reply code of 4xx or 5xx"));
        }
        let numbers: Vec<_> = enhanced.split('.').collect();
        let is_enhanced = numbers.len() == 3 && numbers.iter().all(|n| n.parse::<u16>().is_ok());
        if !is_enhanced || numbers.first().copied() != code.get(..1) {
            return Err(wrong("needs an enhanced code of the same class (RFC 3463)"));
        }
        if !rest.bytes().all(|b| matches!(b, 0x20..=0x7e)) {
            return Err(wrong("must be printable ASCII"));
        }
        let known = PLACEHOLDERS;
        let left = known.iter().fold(rest.to_owned(), |text, known| text.replace(known, ""));
        if left.contains(['{', '}']) {
            return Err(wrong("has an unknown {placeholder}"));
        }
        Ok(Self { code: code.into(), enhanced: enhanced.into(), text: rest.to_owned() })
    }

    fn fill(&self, values: &[(&str, &str)]) -> Reply {
        let fill = |text: String, (name, value): &(&str, &str)| text.replace(name, value);
        let text = values.iter().fold(self.text.clone(), fill);
        let printable = |c: char| if matches!(c, ' '..='~') { c } else { '?' };
        let text = text.chars().map(printable).take(400).collect();
        Reply { code: Arc::clone(&self.code), enhanced: Arc::clone(&self.enhanced), text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_texts_are_replies() {
        assert!(Replies::new(&Settings::default()).is_ok());
    }

    #[test]
    fn what_is_no_reply_is_refused() {
        for text in [
            "",
            "no",
            "250 2.0.0 ok",
            "550 4.7.1 two classes",
            "550 5.7 short",
            "550 5.7.1 naïve",
            "550 5.7.1 {who}",
        ] {
            let settings = Settings { spam: text.to_owned(), ..Settings::default() };
            assert!(Replies::new(&settings).is_err(), "{text}");
        }
    }

    #[test]
    fn a_text_of_the_other_class_gets_the_right_code() {
        let replies = Replies::new(&Settings::default()).unwrap();
        let envelope = Envelope::default();
        let reference = Reference::random();
        let reply = replies.because(&Reason::Busy, Verdict::Reject, reference, &envelope);
        let reply = reply.in_class_of(Verdict::Reject);
        assert_eq!((&*reply.code, &*reply.enhanced), ("550", "5.7.1"));
        assert!(reply.text.ends_with(&format!("(ref {reference})")));
    }
}
