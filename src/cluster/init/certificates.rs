//! Certificates of a farm: ECDSA on P-256, signed by an authority of its own, valid for ten years.
//!
//! Ten years, because a farm that stops to learn on a certain day of next year is worse than a key that
//! is old: whoever steals one has the machine, and the user's NKey is what the servers ask for as well.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};

use super::{InitError, files::Files, plan::Host};

const DAY: Duration = Duration::from_secs(86_400);
/// Ten years.
const VALID_DAYS: u32 = 3_652;

/// Who signs.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, as PEM.
    pub(super) certificate: String,
}

/// A certificate and its key, as PEM.
pub(super) struct Signed {
    certificate: String,
    key: String,
}

impl Authority {
    /// A new one.
    pub(super) fn new(name: &str) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = parameters(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate })
    }

    /// For one that connects.
    pub(super) fn client(&self, name: &str) -> Result<Signed, rcgen::Error> {
        self.sign(parameters(name), &[ExtendedKeyUsagePurpose::ClientAuth])
    }

    /// For a server that clients reach by this host, from the machine itself by loopback.
    pub(super) fn server(&self, name: &str, host: &Host) -> Result<Signed, rcgen::Error> {
        self.sign(at(name, host)?, &[ExtendedKeyUsagePurpose::ServerAuth])
    }

    /// For a server among servers, which connects as often as it is connected to.
    pub(super) fn route(&self, name: &str, host: &Host) -> Result<Signed, rcgen::Error> {
        let both = [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(at(name, host)?, &both)
    }

    fn sign(
        &self,
        mut params: CertificateParams,
        purposes: &[ExtendedKeyUsagePurpose],
    ) -> Result<Signed, rcgen::Error> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = purposes.to_vec();
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Signed { certificate, key: key.serialize_pem() })
    }

    /// Writes `NAME.pem` and `NAME.key`.
    pub(super) fn write(&self, files: &mut Files, name: &str) -> Result<(), InitError> {
        files.write(&format!("{name}.pem"), &self.certificate)?;
        files.write(&format!("{name}.key"), &self.issuer.key().serialize_pem())
    }
}

impl Signed {
    /// Writes `NAME.pem` and `NAME.key`.
    pub(super) fn write(&self, files: &mut Files, name: &str) -> Result<(), InitError> {
        files.write(&format!("{name}.pem"), &self.certificate)?;
        files.write(&format!("{name}.key"), &self.key)
    }
}

/// From yesterday on, for clocks that are behind.
fn parameters(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    params.not_before = date_time_ymd(1970, 1, 1) + now.saturating_sub(DAY);
    params.not_after = params.not_before + DAY * VALID_DAYS;
    params
}

/// The same for a machine that is reached by this host.
fn at(name: &str, host: &Host) -> Result<CertificateParams, rcgen::Error> {
    let mut params = parameters(name);
    params.subject_alt_names = match host {
        Host::Address(address) => vec![SanType::IpAddress(*address)],
        Host::Name(name) => vec![SanType::DnsName(name.as_str().try_into()?)],
    };
    let loopback = [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1_u16])];
    params.subject_alt_names.extend(loopback.map(SanType::IpAddress));
    Ok(params)
}
