//! One kept message on the path of live mail: connect, MAIL, RCPT, headers, end of message.

use std::{sync::Arc, time::Duration};

use super::Traced;
use crate::{
    filter::{Filter, Inquiry},
    mail::{Address, Envelope},
    verdict::Judgement,
};

/// Before a filter that is full is asked again.
const PAUSE: Duration = Duration::from_millis(10);

/// Judges a message as if it came in now. Of `raw` as much is read as of live mail; `envelope` says
/// what SMTP would have said, given that part. The envelope comes back as it was judged.
pub async fn judge(
    filter: &Arc<Filter>,
    mut raw: Vec<u8>,
    envelope: impl FnOnce(&[u8]) -> Traced,
) -> (Judgement, Envelope) {
    let truncated = raw.len() > filter.scan_bytes;
    raw.truncate(filter.scan_bytes);
    let Traced { client, mut envelope, recipients } = envelope(&raw);
    let visit = filter.visit(client);
    envelope.client = Arc::clone(visit.client());
    let inquiry = loop {
        match visit.inquire(envelope.clone()) {
            Ok(inquiry) => break inquiry,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    };
    conclude(inquiry, recipients, raw, truncated).await
}

async fn conclude(
    mut inquiry: Inquiry,
    recipients: Vec<Address>,
    raw: Vec<u8>,
    truncated: bool,
) -> (Judgement, Envelope) {
    let mut refusal = None;
    for recipient in &recipients {
        refusal = inquiry.recipient(recipient.clone()).await.or(refusal);
    }
    if recipients.is_empty() {
        refusal = inquiry.refusal().await;
    }
    match refusal {
        // With one recipient left, the milter goes on to judge the message for that one.
        Some(judgement) if inquiry.envelope().recipients.is_empty() => {
            (judgement, inquiry.envelope().clone())
        }
        _ => {
            inquiry.headers(&raw);
            inquiry.conclude(raw, truncated).await
        }
    }
}
