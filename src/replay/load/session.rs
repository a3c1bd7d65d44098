//! One SMTP session as a milter sees it: a client, and the messages it brings.

use std::time::{Duration, Instant};

use super::{
    Stages,
    conversation::{Answer, Command, Conversation},
    delivery::Delivery,
    macros::Scene,
    outcome::Outcome,
    wire::WireError,
};
use crate::{endpoint::Endpoint, mail::Address};

/// What Postfix puts into one packet of the body.
const CHUNK: usize = 65_535;

/// An open session.
pub(super) struct Session {
    conversation: Conversation,
    /// The answer to CONNECT or HELO, if it was more than to go on: it holds for all messages.
    standing: Option<Answer>,
    /// Messages that it has brought.
    pub(super) messages: usize,
}

impl Session {
    /// Connects, and says who the client is: that of this message.
    pub(super) async fn open(
        milter: &Endpoint,
        patience: Duration,
        delivery: &Delivery,
    ) -> Result<Self, WireError> {
        let mut conversation = Conversation::open(milter, patience).await?;
        let scene = Scene::connection(delivery);
        let client = client(delivery);
        let mut standing = conversation.say(&Command::CONNECT, &scene, &[&client]).await?;
        if standing == Answer::Continue {
            let helo: Vec<u8> = delivery.helo.bytes().filter(|&byte| byte != 0).collect();
            standing = conversation.say(&Command::HELO, &scene, &[&helo, b"\0"]).await?;
        }
        let standing = Some(standing).filter(|answer| *answer != Answer::Continue);
        Ok(Self { conversation, standing, messages: 0 })
    }

    /// Brings one message. The times of its stages are written down as they pass.
    pub(super) async fn bring(
        &mut self,
        delivery: &Delivery,
        queue_id: &str,
        stages: &mut Stages,
    ) -> Result<Outcome, WireError> {
        if self.messages > 0 {
            self.conversation.abort().await?;
        }
        self.messages += 1;
        let answer = match &self.standing {
            Some(answer) => answer.clone(),
            None => {
                Transaction { talk: &mut self.conversation, delivery, queue_id, stages }
                    .run()
                    .await?
            }
        };
        Ok(Outcome::new(&answer, &self.conversation.changes, delivery))
    }

    /// Ends it. The milter has said all that counts: whether this reaches it does not matter.
    pub(super) async fn close(self) {
        let _ = self.conversation.quit().await;
    }
}

/// The data of CONNECT: name, family, port, address.
fn client(delivery: &Delivery) -> Vec<u8> {
    let family = if delivery.address.is_ipv4() { b"4" } else { b"6" };
    // As Postfix writes it; sendmail puts `IPv6:` before an address of that kind.
    let address = delivery.address.to_string();
    let name: Vec<u8> = delivery.name().bytes().filter(|&byte| byte != 0).collect();
    [&name[..], b"\0", family, &25_250u16.to_be_bytes(), address.as_bytes(), b"\0"].concat()
}

/// One message on its way through the stages.
struct Transaction<'s> {
    talk: &'s mut Conversation,
    delivery: &'s Delivery,
    queue_id: &'s str,
    stages: &'s mut Stages,
}

impl Transaction<'_> {
    /// The answer that ended it.
    async fn run(mut self) -> Result<Answer, WireError> {
        let mut scene = Scene::connection(self.delivery);
        scene.sender = Some(&self.delivery.sender);
        let start = Instant::now();
        let answer = self.talk.say(&Command::MAIL, &scene, &[&path(&self.delivery.sender)]).await?;
        self.stages.mail = Some(start.elapsed());
        if answer != Answer::Continue {
            return Ok(answer);
        }
        let start = Instant::now();
        let answer = self.recipients(&scene).await?;
        self.stages.rcpt = Some(start.elapsed());
        if answer != Answer::Continue {
            return Ok(answer);
        }
        scene.queue_id = Some(self.queue_id);
        self.content(&scene).await
    }

    /// Goes on if a recipient is left.
    async fn recipients(&mut self, scene: &Scene<'_>) -> Result<Answer, WireError> {
        let mut taken = false;
        let mut refused = Answer::Continue;
        for recipient in &self.delivery.recipients {
            let queue_id = Some(self.queue_id).filter(|_| taken);
            let scene = Scene { recipient: Some(recipient), queue_id, ..*scene };
            match self.talk.say(&Command::RCPT, &scene, &[&path(recipient)]).await? {
                Answer::Continue => taken = true,
                // These are about the message, whoever it is for.
                answer @ (Answer::Accept | Answer::Discard) => return Ok(answer),
                answer => refused = answer,
            }
        }
        Ok(if taken { Answer::Continue } else { refused })
    }

    async fn content(&mut self, scene: &Scene<'_>) -> Result<Answer, WireError> {
        let start = Instant::now();
        let answer = self.header_and_body(scene).await?;
        self.stages.content = Some(start.elapsed());
        if answer != Answer::Continue {
            return Ok(answer);
        }
        let start = Instant::now();
        let answer = self.talk.say(&Command::END_OF_MESSAGE, scene, &[]).await?;
        self.stages.end = Some(start.elapsed());
        Ok(answer)
    }

    async fn header_and_body(&mut self, scene: &Scene<'_>) -> Result<Answer, WireError> {
        let answer = self.talk.say(&Command::DATA, scene, &[]).await?;
        if answer != Answer::Continue {
            return Ok(answer);
        }
        for field in &self.delivery.fields {
            let value: &[u8] = &field.value;
            let value = if self.talk.keeps_blanks() { value } else { value.trim_ascii_start() };
            let data: [&[u8]; 4] = [&field.name, b"\0", value, b"\0"];
            let answer = self.talk.say(&Command::HEADER, scene, &data).await?;
            if answer != Answer::Continue {
                return Ok(answer);
            }
        }
        let answer = self.talk.say(&Command::END_OF_HEADER, scene, &[]).await?;
        if answer != Answer::Continue {
            return Ok(answer);
        }
        for chunk in self.delivery.body.chunks(CHUNK) {
            match self.talk.say(&Command::BODY, scene, &[chunk]).await? {
                Answer::Continue => {}
                Answer::Skip => break,
                answer => return Ok(answer),
            }
        }
        Ok(Answer::Continue)
    }
}

/// The argument of MAIL and RCPT.
fn path(address: &Address) -> Vec<u8> {
    let mut path: Vec<u8> = address.to_string().bytes().filter(|&byte| byte != 0).collect();
    path.push(0);
    path
}
