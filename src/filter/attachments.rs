//! What a profile makes of attachments that mean trouble: scores alone, unless it says more.

use super::profile::Profile;
use crate::{
    checks::attachments::trouble_of,
    verdict::{Finding, Forced, Reason, Verdict},
};

/// The verdicts that the profile has for what was found.
pub(super) fn verdicts<'f>(
    profile: &'f Profile,
    findings: &'f [Finding],
) -> impl Iterator<Item = Forced> + 'f {
    findings.iter().filter_map(|finding| {
        let (trouble, file) = trouble_of(finding)?;
        let verdict = *profile.attachments.get(&trouble)?;
        let reason = Reason::Trouble { trouble, file: file.to_owned() };
        (verdict > Verdict::Accept).then_some(Forced { verdict, reason })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        filter::profile::shipped,
        verdict::{Evidence, Points, Trouble},
    };

    #[test]
    fn only_what_the_profile_names_is_acted_on() {
        let (_, settings) = shipped().into_iter().next().unwrap();
        let mut profile = settings.resolve("external");
        let finding = |name: &str| Finding {
            name: name.into(),
            weight: Points::ZERO,
            evidence: Evidence::Attachment {
                name: "a.zip/b.exe".to_owned(),
                trait_: String::new(),
            },
        };
        let found =
            ["ATTACHMENT_DANGEROUS", "ATTACHMENT_ENCRYPTED", "ATTACHMENT_RTLO"].map(finding);
        assert_eq!(verdicts(&profile, &found).count(), 0, "as shipped");
        profile.attachments =
            [(Trouble::Dangerous, Verdict::Reject), (Trouble::Encrypted, Verdict::Accept)].into();
        let forced: Vec<_> = verdicts(&profile, &found).collect();
        let reason =
            Reason::Trouble { trouble: Trouble::Dangerous, file: "a.zip/b.exe".to_owned() };
        assert_eq!(forced, [Forced { verdict: Verdict::Reject, reason }]);
    }
}
