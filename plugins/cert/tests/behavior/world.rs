//! Certificates and mounts for the tests.

use super::real;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SerialNumber, SignatureAlgorithm, date_time_ymd,
};
use sdk::testing::TestMount;
use sdk::{Grant, Json, json};

/// When the tests are: in the middle of 2026.
pub(crate) const NOW: u64 = 1_782_000_000;

/// A certificate and its key.
pub(crate) struct Made {
    pub(crate) der: Vec<u8>,
    pub(crate) pem: String,
    pub(crate) parameters: CertificateParams,
    pub(crate) key: KeyPair,
}

impl Made {
    pub(crate) fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.parameters, &self.key)
    }
}

/// A certificate in the making. It is good from 2026 to 2027.
pub(crate) struct Recipe {
    pub(crate) parameters: CertificateParams,
    pub(crate) algorithm: &'static SignatureAlgorithm,
}

pub(crate) fn recipe(name: &str) -> Recipe {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    if !name.is_empty() {
        parameters.distinguished_name.push(DnType::CommonName, name);
    }
    parameters.not_before = date_time_ymd(2026, 1, 1);
    parameters.not_after = date_time_ymd(2027, 1, 1);
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    parameters.use_authority_key_identifier_extension = true;
    Recipe {
        parameters,
        algorithm: &rcgen::PKCS_ECDSA_P256_SHA256,
    }
}

pub(crate) fn authority(name: &str) -> Recipe {
    let mut recipe = recipe(name);
    recipe.parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    recipe.parameters.extended_key_usages = Vec::new();
    recipe.parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    recipe
}

impl Recipe {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut CertificateParams)) -> Self {
        change(&mut self.parameters);
        self
    }

    pub(crate) fn by_algorithm(mut self, algorithm: &'static SignatureAlgorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    pub(crate) fn expired(self) -> Self {
        self.with(|parameters| {
            parameters.not_before = date_time_ymd(2025, 1, 1);
            parameters.not_after = date_time_ymd(2026, 1, 1);
        })
    }

    pub(crate) fn for_servers(self) -> Self {
        self.with(|parameters| {
            parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        })
    }

    pub(crate) fn self_signed(self) -> Made {
        let key = KeyPair::generate_for(self.algorithm).unwrap();
        let certificate = self.parameters.self_signed(&key).unwrap();
        Made {
            der: certificate.der().to_vec(),
            pem: certificate.pem(),
            parameters: self.parameters,
            key,
        }
    }

    pub(crate) fn signed_by(self, issuer: &Made) -> Made {
        let key = KeyPair::generate_for(self.algorithm).unwrap();
        let certificate = self.parameters.signed_by(&key, &issuer.issuer()).unwrap();
        Made {
            der: certificate.der().to_vec(),
            pem: certificate.pem(),
            parameters: self.parameters,
            key,
        }
    }
}

pub(crate) fn serial(number: u64) -> Option<SerialNumber> {
    Some(SerialNumber::from(number))
}

/// An extension whose value is a UTF-8 text, or these bytes.
pub(crate) fn extension(oid: &[u64], value: &[u8]) -> CustomExtension {
    CustomExtension::from_oid_content(oid, value.to_vec())
}

pub(crate) fn mount() -> TestMount {
    let mount = TestMount::new(cert::method());
    mount.at_time(NOW * 1000).with_public_keys(real::KEYS);
    mount
}

/// A mount that trusts this certificate, under the name `c`, with these fields.
pub(crate) fn trusting(certificate: &str, more: Json) -> TestMount {
    let mount = mount();
    trust(&mount, "c", certificate, more);
    mount
}

pub(crate) fn trust(mount: &TestMount, name: &str, certificate: &str, more: Json) {
    let mut entry = json!({ "certificate": certificate });
    for (field, value) in more.as_object().unwrap() {
        entry[field] = value.clone();
    }
    mount.delete(&format!("certs/{name}")).unwrap();
    mount.update(&format!("certs/{name}"), entry).unwrap();
}

/// What a login with these certificates, leaf first, comes to.
pub(crate) fn login(mount: &TestMount, sent: &[&Made]) -> Result<Grant, String> {
    mount.with_certificates(sent.iter().map(|made| made.der.clone()).collect());
    mount
        .login("login", json!({}))
        .map_err(|failure| failure.message)
}

pub(crate) const NOT_TRUSTED: &str = "invalid certificate or no client certificate supplied";
pub(crate) const NOT_ALLOWED: &str =
    "no chain matching all constraints could be found for this login certificate";
