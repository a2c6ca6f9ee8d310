//! What stands in the certificates of a relation, as another reader reads it.

#![allow(
    clippy::unwrap_used,
    reason = "tests: what goes wrong is to fail the test"
)]

use authority::{Authority, AuthorityError, Issued, NAME_BYTES_MAX, fingerprint};
use base::{Entropy, Secret, Timestamp};
use core::sync::atomic::{AtomicU8, Ordering};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

struct Counting(AtomicU8);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
    }
}

fn entropy() -> Counting {
    Counting(AtomicU8::new(0))
}

fn authority() -> Authority {
    Authority::make("a8f1", NOW, &entropy()).unwrap()
}

fn read(der: &[u8]) -> X509Certificate<'_> {
    X509Certificate::from_der(der).unwrap().1
}

/// Is it the authority's, does it name whom it should, and may it serve or call?
fn check(
    issued: &Issued,
    authority: &Authority,
    subject: &str,
    name: &GeneralName<'_>,
    can: [bool; 2],
) {
    let certificate = read(&issued.certificate);
    let issuer = read(authority.certificate());
    certificate
        .verify_signature(Some(issuer.public_key()))
        .unwrap();
    assert_eq!(certificate.issuer(), issuer.subject());
    assert_eq!(certificate.subject().to_string(), format!("CN={subject}"));
    assert!(!certificate.is_ca());
    let names = certificate.subject_alternative_name().unwrap().unwrap();
    assert_eq!(names.value.general_names, std::slice::from_ref(name));
    let purposes = certificate.extended_key_usage().unwrap().unwrap().value;
    assert_eq!([purposes.server_auth, purposes.client_auth], can);
    assert!(!purposes.any);
    assert!(
        certificate
            .key_usage()
            .unwrap()
            .unwrap()
            .value
            .digital_signature()
    );
    let validity = certificate.validity();
    assert_eq!(validity.not_before.timestamp(), 1_700_000_000 - 60);
    assert_eq!(
        validity.not_after.timestamp(),
        1_700_000_000 - 60 + 30 * 365 * 86_400
    );
    assert_eq!(certificate.raw_serial().len(), 20);
}

#[test]
fn the_primary_serves_and_a_secondary_calls() {
    let authority = authority();
    let primary = authority.issue_primary(NOW, &entropy()).unwrap();
    let name = GeneralName::DNSName("primary.casemate");
    check(
        &primary,
        &authority,
        "casemate primary",
        &name,
        [true, false],
    );
    let secondary = authority
        .issue_secondary("Köln 2", NOW, &entropy())
        .unwrap();
    let name = GeneralName::URI("casemate:secondary:K%C3%B6ln%202");
    check(
        &secondary,
        &authority,
        "casemate secondary Köln 2",
        &name,
        [false, true],
    );
}

#[test]
fn an_authority_signs_leaves_only() {
    let authority = authority();
    let certificate = read(authority.certificate());
    assert_eq!(
        certificate.subject().to_string(),
        "CN=casemate relation a8f1"
    );
    certificate.verify_signature(None).unwrap();
    let constraints = certificate.basic_constraints().unwrap().unwrap().value;
    assert!(constraints.ca);
    assert_eq!(constraints.path_len_constraint, Some(0));
    let usage = certificate.key_usage().unwrap().unwrap().value;
    assert!(usage.key_cert_sign());
    assert!(!usage.digital_signature());
}

#[test]
fn what_was_kept_signs_as_before() {
    let made = authority();
    let opened = Authority::open(made.certificate(), made.key()).unwrap();
    assert_eq!(opened.certificate(), made.certificate());
    assert_eq!(opened.key().expose(), made.key().expose());
    let issued = opened.issue_primary(NOW, &entropy()).unwrap();
    let certificate = read(&issued.certificate);
    let issuer = read(made.certificate());
    certificate
        .verify_signature(Some(issuer.public_key()))
        .unwrap();
    assert_eq!(certificate.issuer(), issuer.subject());
}

#[test]
fn what_does_not_belong_together_does_not_open() {
    let (one, other) = (authority(), authority());
    let leaf = one.issue_primary(NOW, &entropy()).unwrap();
    let mut longer = one.certificate().to_vec();
    longer.push(0);
    let nothing = Secret::new(Vec::new());
    let cases = [
        (one.certificate(), other.key(), "Key"),
        (one.certificate(), &nothing, "Key"),
        (&leaf.certificate, &leaf.key, "Certificate"),
        (&longer, one.key(), "Certificate"),
        (b"", one.key(), "Certificate"),
    ];
    for (certificate, key, expected) in cases {
        let error = Authority::open(certificate, key).err().unwrap();
        assert_eq!(format!("{error:?}"), expected);
    }
}

#[test]
fn ids_are_bounded() {
    let authority = authority();
    for id in ["", "a\nb", &"x".repeat(NAME_BYTES_MAX + 1)] {
        let error = authority.issue_secondary(id, NOW, &entropy()).unwrap_err();
        assert!(matches!(error, AuthorityError::Name(_)), "{error}");
        assert!(Authority::make(id, NOW, &entropy()).is_err());
    }
    let longest = "x".repeat(NAME_BYTES_MAX);
    assert!(authority.issue_secondary(&longest, NOW, &entropy()).is_ok());
}

#[test]
fn each_certificate_has_its_own_key_and_number() {
    let authority = authority();
    let random = entropy();
    let one = authority.issue_secondary("one", NOW, &random).unwrap();
    let two = authority.issue_secondary("one", NOW, &random).unwrap();
    assert_ne!(one.key.expose(), two.key.expose());
    let serial = |issued: &Issued| read(&issued.certificate).raw_serial().to_vec();
    assert_ne!(serial(&one), serial(&two));
    assert_ne!(fingerprint(&one.certificate), fingerprint(&two.certificate));
}

#[test]
fn a_fingerprint_is_the_sha256() {
    let hex: String = fingerprint(b"abc")
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        hex,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}
