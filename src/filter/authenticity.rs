//! What a profile makes of authentication: scores alone, unless it says that failures are refused.

use super::profile::{Enforcement, Profile};
use crate::verdict::{AuthResult, Authentication, Disposition, Forced, Handling, Reason, Verdict};

/// The refusal of a message whose author's domain does not stand behind it: if the domain asks for it
/// and the profile heeds that, or if this site refuses all such mail of the domain.
pub(super) fn refusal(profile: &Profile, found: &Authentication) -> Option<Forced> {
    let dmarc = found.dmarc.as_ref().filter(|dmarc| dmarc.result == AuthResult::Fail)?;
    let heeds = profile.dmarc_reject == Enforcement::Reject;
    let is_refused = match dmarc.handling {
        Handling::Reject => true,
        Handling::Score | Handling::Ignore => false,
        Handling::Profile => heeds && dmarc.disposition == Disposition::Reject,
    };
    let reason = Reason::DmarcFail { domain: dmarc.domain.clone() };
    (is_refused && dmarc.excused.is_none()).then_some(Forced { verdict: Verdict::Reject, reason })
}

/// Whether the profile refuses at RCPT for this reason.
pub(super) fn refuses_early(profile: &Profile, reason: &Reason) -> bool {
    match reason {
        Reason::SpfFail { .. } => profile.spf_fail == Enforcement::Reject,
        _ => profile.early_reject,
    }
}

/// Whether RCPT has to wait for this check.
pub(super) fn awaits_early(profile: &Profile, check: &str) -> bool {
    match check {
        "auth" => profile.spf_fail == Enforcement::Reject,
        "access" | "lists" => profile.early_reject,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{filter::profile::shipped, verdict::DomainPolicy};

    #[test]
    fn only_what_is_to_be_refused_is_refused() {
        use AuthResult::{Fail, Pass, Permerror, Temperror};
        use Disposition::{Quarantine, Reject};
        for (heeds, result, disposition, handling, excused, refused) in [
            (true, Fail, Reject, Handling::Profile, false, true),
            (false, Fail, Reject, Handling::Profile, false, false),
            (true, Fail, Quarantine, Handling::Profile, false, false),
            (true, Pass, Reject, Handling::Profile, false, false),
            (true, Temperror, Reject, Handling::Profile, false, false),
            (true, Permerror, Reject, Handling::Profile, false, false),
            (true, Fail, Reject, Handling::Profile, true, false),
            (true, Fail, Reject, Handling::Score, false, false),
            (true, Fail, Reject, Handling::Ignore, false, false),
            (false, Fail, Disposition::None, Handling::Reject, false, true),
            (false, Fail, Reject, Handling::Reject, true, false),
            (false, Pass, Reject, Handling::Reject, false, false),
        ] {
            let (_, settings) = shipped().into_iter().next().unwrap();
            let mut profile = settings.resolve("external");
            if heeds {
                profile.dmarc_reject = Enforcement::Reject;
            }
            let excused = excused.then(|| "forwarded".to_owned());
            let dmarc =
                DomainPolicy { result, disposition, handling, excused, ..DomainPolicy::default() };
            let found = Authentication { dmarc: Some(dmarc), ..Authentication::default() };
            assert_eq!(refusal(&profile, &found).is_some(), refused, "{found:?}");
        }
    }
}
