//! One kept message on the path of live mail: connect, MAIL, RCPT, headers, end of message.

use std::{sync::Arc, time::Duration};

use super::Traced;
use crate::{
    filter::{Filter, Inquiry, Visit},
    mail::{Address, Envelope},
    verdict::Judgement,
};

/// Before a filter that is full is asked again.
const PAUSE: Duration = Duration::from_millis(10);

/// Judges a message as if it came in now. Of `raw` as much is read as of live mail; `envelope` says
/// what SMTP would have said, given that part. The envelope comes back as it was judged.
pub async fn judge(
    filter: &Arc<Filter>,
    raw: Vec<u8>,
    envelope: impl FnOnce(&[u8]) -> Traced,
) -> (Judgement, Envelope) {
    let read = raw.get(..filter.scan_bytes).unwrap_or(&raw);
    let Traced { client, mut envelope, recipients } = envelope(read);
    let visit = filter.visit(client);
    envelope.client = Arc::clone(visit.client());
    let inquiry = inquire(&visit, envelope).await;
    take(inquiry, recipients, raw, filter.scan_bytes).await
}

/// MAIL; waits while the filter is full.
pub(super) async fn inquire(visit: &Visit, envelope: Envelope) -> Inquiry {
    loop {
        match visit.inquire(envelope.clone()) {
            Ok(inquiry) => return inquiry,
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// RCPT, headers, end of message.
pub(super) async fn take(
    mut inquiry: Inquiry,
    recipients: Vec<Address>,
    mut raw: Vec<u8>,
    scan_bytes: usize,
) -> (Judgement, Envelope) {
    let truncated = raw.len() > scan_bytes;
    raw.truncate(scan_bytes);
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
