//! DMARC records (RFC 9989, section 4.7).

use super::super::tags::tags;
use crate::verdict::Disposition;

/// What a domain asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// `p=`, for the domain itself.
    pub(super) own: Disposition,
    /// `sp=`, for subdomains.
    pub(super) subdomains: Disposition,
    /// `np=`, for subdomains that are not there.
    pub(super) non_existent: Disposition,
    /// `adkim=s`
    pub(super) strict_dkim: bool,
    /// `aspf=s`
    pub(super) strict_spf: bool,
    /// `psd=`
    pub(super) is_public_suffix: Option<bool>,
    /// `t=y`; or `pct=` of less than 100 (RFC 7489), which was the way to say so before: the next milder
    /// disposition applies.
    pub(super) is_test: bool,
}

impl Record {
    /// `None`: no DMARC record, or one that asks for nothing that can be understood.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut all = tags(text);
        let (version, value) = all.next()?;
        if !version.eq_ignore_ascii_case("v") || value != "DMARC1" {
            return None;
        }
        let (mut own, mut subdomains, mut non_existent) = (None, None, None);
        let mut has_reports = false;
        let mut record = Self {
            own: Disposition::None,
            subdomains: Disposition::None,
            non_existent: Disposition::None,
            strict_dkim: false,
            strict_spf: false,
            is_public_suffix: None,
            is_test: false,
        };
        for (tag, value) in all {
            let value = value.to_ascii_lowercase();
            match tag.to_ascii_lowercase().as_str() {
                "p" => own = own.or(disposition(&value)),
                "sp" => subdomains = subdomains.or(disposition(&value)),
                "np" => non_existent = non_existent.or(disposition(&value)),
                "adkim" => record.strict_dkim = value == "s",
                "aspf" => record.strict_spf = value == "s",
                "psd" => record.is_public_suffix = public_suffix(&value),
                "t" => record.is_test |= value == "y",
                "pct" => record.is_test |= value.parse().is_ok_and(|percent: u8| percent < 100),
                "rua" => has_reports |= value.contains(':'),
                _ => {}
            }
        }
        // Without a policy, but with somebody to report to, it is one that only watches.
        record.own = own.or(has_reports.then_some(Disposition::None))?;
        record.subdomains = subdomains.unwrap_or(record.own);
        record.non_existent = non_existent.unwrap_or(record.subdomains);
        Some(record)
    }
}

fn disposition(value: &str) -> Option<Disposition> {
    match value {
        "none" => Some(Disposition::None),
        "quarantine" => Some(Disposition::Quarantine),
        "reject" => Some(Disposition::Reject),
        _ => None,
    }
}

fn public_suffix(value: &str) -> Option<bool> {
    match value {
        "y" => Some(true),
        "n" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `p sp np` by first letters, then the flags that are set.
    fn shown(text: &str) -> Option<String> {
        let record = Record::parse(text)?;
        let first = |disposition: Disposition| disposition.as_str().chars().next().unwrap();
        let letters = [record.own, record.subdomains, record.non_existent].map(first);
        let mut shown: String = letters.iter().collect();
        for (is_set, flag) in [
            (record.strict_dkim, " adkim"),
            (record.strict_spf, " aspf"),
            (record.is_public_suffix == Some(true), " psd"),
            (record.is_public_suffix == Some(false), " org"),
            (record.is_test, " test"),
        ] {
            shown.push_str(if is_set { flag } else { "" });
        }
        Some(shown)
    }

    #[test]
    fn records_are_read() {
        for (text, expected) in [
            ("v=DMARC1; p=reject", Some("rrr")),
            ("v=DMARC1;p=none;sp=quarantine;", Some("nqq")),
            ("v = DMARC1 ; P = Reject ; np=none", Some("rrn")),
            ("V=DMARC1;P=Reject", Some("rrr")),
            ("v=DMARC1; p=quarantine; adkim=s; aspf=s", Some("qqq adkim aspf")),
            ("v=DMARC1; p=reject; adkim=x; aspf=r", Some("rrr")),
            ("v=DMARC1; p=reject; t=y", Some("rrr test")),
            ("v=DMARC1; p=reject; pct=0", Some("rrr test")),
            ("v=DMARC1; p=reject; pct=100; psd=n", Some("rrr org")),
            ("v=DMARC1; p=reject; psd=y", Some("rrr psd")),
            ("v=DMARC1; p=reject; p=none", Some("rrr")),
            ("v=DMARC1; rua=mailto:a@b.example", Some("nnn")),
            ("v=DMARC1; p=bad; rua=mailto:a@b.example; sp=reject", Some("nrr")),
            ("v=DMARC1; p=bad", None),
            ("v=DMARC1", None),
            ("v=dmarc1; p=reject", None),
            ("p=reject; v=DMARC1", None),
            ("v=DMARC10; p=reject", None),
            ("v=spf1 -all", None),
        ] {
            assert_eq!(shown(text).as_deref(), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(v=DMARC1;)?[a-z=; \\PC]{0,60}") {
            let _ = Record::parse(&text);
        }
    }
}
