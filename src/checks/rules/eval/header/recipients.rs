//! Recipients that look like a list somebody has bought: sorted, or all alike.

use super::super::{
    super::{conf::Conf, scene::Scene, text::HeaderQuery},
    Arguments, CallError, Question,
};

/// The most recipients that are compared: each with each.
const MOST: usize = 256;

/// From how many on a list counts as sorted.
const SORTED: usize = 7;

/// From how many on recipients are compared.
const SIMILAR: usize = 5;

/// The beginning of a name that is compared, in bytes.
const START: usize = 2;

/// Whether there are many recipients, in the order of the alphabet.
pub(super) fn are_sorted(scene: &Scene<'_>) -> bool {
    let addresses = addresses(scene);
    addresses.len() >= SORTED && addresses.is_sorted()
}

/// `similar_recipients(least, below)`: how much alike the recipients are, from 0 to 2; either may
/// be `undef`.
pub(super) fn similar(arguments: &Arguments, _: &Conf) -> Result<Question, CallError> {
    let (least, below) = (arguments.number::<f64>(1)?, arguments.number::<f64>(2)?);
    Ok(Question::yes_no(move |scene| {
        let share = similarity(&addresses(scene));
        least.is_none_or(|least| share >= least) && below.is_none_or(|below| share < below)
    }))
}

/// The recipients, without repetitions. Bcc counts where To and Cc have few.
fn addresses(scene: &Scene<'_>) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    for query in [HeaderQuery::RECIPIENTS, HeaderQuery::addresses_of("bcc")] {
        found.extend(query.values(scene).into_iter().map(std::borrow::Cow::into_owned));
        if found.len() >= SIMILAR {
            break;
        }
    }
    found.dedup_by(|next, before| next.eq_ignore_ascii_case(before));
    found.truncate(MOST);
    found
}

/// For each pair, whether the users begin alike, and whether different hosts do.
fn similarity(addresses: &[Vec<u8>]) -> f64 {
    if addresses.len() < SIMILAR {
        return 0.0;
    }
    let parts: Vec<(&[u8], &[u8])> = addresses
        .iter()
        .map(|address| {
            let at =
                address.iter().position(|&byte| byte == b'@').map_or(address.len(), |at| at + 1);
            (start(address), address.get(at..).unwrap_or_default())
        })
        .collect();
    let (mut alike, mut pairs) = (0_u32, 0_u32);
    for (index, (user, host)) in parts.iter().enumerate() {
        for (other_user, other_host) in parts.iter().skip(index + 1) {
            pairs += 1;
            alike += u32::from(user == other_user);
            alike += u32::from(host != other_host && start(host) == start(other_host));
        }
    }
    f64::from(alike) / f64::from(pairs)
}

fn start(text: &[u8]) -> &[u8] {
    text.get(..START).unwrap_or(text)
}
