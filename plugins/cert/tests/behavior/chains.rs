//! Who vouches for whom.

use super::world::*;
use rcgen::{
    BasicConstraints, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyUsagePurpose,
    NameConstraints, SignatureAlgorithm, date_time_ymd,
};
use sdk::json;

const USAGE: &str =
    "failed to verify client's certificate: certificate specifies an incompatible key usage";
const TIME: &str =
    "failed to verify client's certificate: certificate has expired or is not yet valid";
const LENGTH: &str =
    "failed to verify client's certificate: too many intermediates for path length constraint";

#[test]
fn logins_without_a_certificate() {
    let mount = mount();
    let failure = mount.login("login", json!({})).unwrap_err();
    assert_eq!(failure.message, "no client certificate found");
    let leaf = recipe("alice").self_signed();
    assert_eq!(login(&mount, &[&leaf]).unwrap_err(), NOT_TRUSTED);
    mount.with_certificates(vec![b"junk".to_vec()]);
    let failure = mount.login("login", json!({})).unwrap_err();
    assert_eq!(failure.message, "failed to parse client's certificate");
    assert_eq!(mount.identify("login", json!({})), Ok(None));
}

#[test]
fn what_an_authority_has_issued() {
    let root = authority("CA").self_signed();
    let mount = trusting(&root.pem, json!({}));
    let ok = |recipe: Recipe| login(&mount, &[&recipe.signed_by(&root)]).map(|grant| grant.alias);
    assert_eq!(ok(recipe("alice")), Ok("alice".into()));
    assert_eq!(ok(recipe("alice").for_servers()), Err(USAGE.into()));
    let any = recipe("a").with(|p| p.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any]);
    assert_eq!(ok(any), Ok("a".into()));
    assert_eq!(
        ok(recipe("a").with(|p| p.extended_key_usages.clear())),
        Ok("a".into())
    );
    assert_eq!(ok(recipe("a").expired()), Err(TIME.into()));
    let future = recipe("a").with(|p| p.not_before = date_time_ymd(2026, 12, 1));
    assert_eq!(ok(future), Err(TIME.into()));
    assert_eq!(ok(recipe("")), Err("missing name in alias".into()));
    assert_eq!(ok(authority("sub")), Ok("sub".into()));
    let mut critical = extension(&[1, 2, 3], b"\x0c\x01x");
    critical.set_criticality(true);
    let unknown = "failed to verify client's certificate: unhandled critical extension 1.2.3";
    assert_eq!(
        ok(recipe("a").with(|p| p.custom_extensions.push(critical))),
        Err(unknown.into())
    );
    let known = extension(&[1, 2, 3], b"\x0c\x01x");
    assert_eq!(
        ok(recipe("a").with(|p| p.custom_extensions.push(known))),
        Ok("a".into())
    );
    // The authority itself, which is trusted.
    assert_eq!(
        login(&mount, &[&root]).map(|grant| grant.alias),
        Ok("CA".into())
    );
    // Another of the same name.
    let forged = authority("CA").self_signed();
    let leaf = recipe("alice").signed_by(&forged);
    for sent in [&[&leaf][..], &[&leaf, &forged]] {
        assert_eq!(login(&mount, sent).unwrap_err(), NOT_TRUSTED);
    }
}

#[test]
fn every_algorithm_of_certificates() {
    let algorithms: [&'static SignatureAlgorithm; 5] = [
        &rcgen::PKCS_RSA_SHA256,
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ECDSA_P521_SHA512,
        &rcgen::PKCS_ED25519,
    ];
    for algorithm in algorithms {
        let root = authority("CA").by_algorithm(algorithm).self_signed();
        let mount = trusting(&root.pem, json!({}));
        let leaf = recipe("alice").signed_by(&root);
        assert_eq!(
            login(&mount, &[&leaf]).map(|grant| grant.alias),
            Ok("alice".into())
        );
    }
}

/// RSA-PSS, which the library that makes the other certificates cannot sign with.
#[test]
fn a_chain_that_others_have_made() {
    let mount = trusting(include_str!("fixtures/pss_authority.pem"), json!({}));
    let leaf = sdk::from_pem(include_str!("fixtures/pss_leaf.pem"))
        .unwrap()
        .remove(0)
        .bytes;
    mount.at_time(1_800_000_000_000);
    mount.with_certificates(vec![leaf.clone()]);
    assert_eq!(mount.login("login", json!({})).unwrap().alias, "alice");
    let mut forged = leaf;
    *forged.last_mut().unwrap() ^= 1;
    mount.with_certificates(vec![forged]);
    assert_eq!(
        mount.login("login", json!({})).unwrap_err().message,
        NOT_TRUSTED
    );
}

#[test]
fn intermediates() {
    let root = authority("CA").self_signed();
    let middle = authority("I").signed_by(&root);
    let lower = authority("J").signed_by(&middle);
    let leaf = recipe("alice").signed_by(&lower);
    let mount = trusting(&root.pem, json!({}));
    let alias = |sent: &[&Made]| login(&mount, sent).map(|grant| grant.alias);
    assert_eq!(alias(&[&leaf, &lower, &middle]), Ok("alice".into()));
    assert_eq!(
        alias(&[&leaf, &middle, &lower, &root]),
        Ok("alice".into()),
        "in any order"
    );
    for sent in [&[&leaf][..], &[&leaf, &middle], &[&leaf, &lower]] {
        assert_eq!(alias(sent), Err(NOT_TRUSTED.into()));
    }
    // Whoever is no authority has issued nothing.
    let user = recipe("user").signed_by(&root);
    let by_user = recipe("mallory").signed_by(&user);
    assert_eq!(alias(&[&by_user, &user]), Err(NOT_TRUSTED.into()));
    let explicit = recipe("user")
        .with(|p| p.is_ca = IsCa::ExplicitNoCa)
        .signed_by(&root);
    let by_explicit = recipe("mallory").signed_by(&explicit);
    assert_eq!(alias(&[&by_explicit, &explicit]), Err(NOT_TRUSTED.into()));
    let no_signer = authority("K").with(|p| p.key_usages = vec![KeyUsagePurpose::DigitalSignature]);
    let no_signer = no_signer.signed_by(&root);
    let by_no_signer = recipe("mallory").signed_by(&no_signer);
    assert_eq!(alias(&[&by_no_signer, &no_signer]), Err(NOT_TRUSTED.into()));
    // An authority for servers, or of another time.
    for (wrong, expected) in [
        (authority("L").for_servers(), USAGE),
        (authority("L").expired(), TIME),
    ] {
        let wrong = wrong.signed_by(&root);
        let leaf = recipe("alice").signed_by(&wrong);
        assert_eq!(alias(&[&leaf, &wrong]), Err(expected.into()));
    }
    // The intermediate alone is trusted.
    let mount = trusting(&middle.pem, json!({}));
    assert!(login(&mount, &[&leaf, &lower]).is_ok());
    assert_eq!(
        login(&mount, &[&recipe("b").signed_by(&root), &root]).unwrap_err(),
        NOT_TRUSTED
    );
}

#[test]
fn path_lengths() {
    let most = |count| IsCa::Ca(BasicConstraints::Constrained(count));
    let root = authority("CA").with(|p| p.is_ca = most(0)).self_signed();
    let mount = trusting(&root.pem, json!({}));
    assert!(login(&mount, &[&recipe("a").signed_by(&root)]).is_ok());
    let middle = authority("I").signed_by(&root);
    let leaf = recipe("a").signed_by(&middle);
    assert_eq!(login(&mount, &[&leaf, &middle]).unwrap_err(), LENGTH);
    let root = authority("CA").with(|p| p.is_ca = most(1)).self_signed();
    let mount = trusting(&root.pem, json!({}));
    let middle = authority("I").signed_by(&root);
    let leaf = recipe("a").signed_by(&middle);
    assert!(login(&mount, &[&leaf, &middle]).is_ok());
    let lower = authority("J").signed_by(&middle);
    let leaf = recipe("a").signed_by(&lower);
    assert_eq!(
        login(&mount, &[&leaf, &lower, &middle]).unwrap_err(),
        LENGTH
    );
}

#[test]
fn authorities_that_are_not_good() {
    for (wrong, expected) in [
        (authority("CA").expired(), TIME),
        (authority("CA").for_servers(), USAGE),
        (
            authority("CA").with(|p| p.key_usages = vec![KeyUsagePurpose::DigitalSignature]),
            NOT_TRUSTED,
        ),
        (recipe("CA"), NOT_TRUSTED),
        (
            authority("CA").with(|p| {
                p.name_constraints = Some(NameConstraints {
                    permitted_subtrees: vec![GeneralSubtree::DnsName("example.com".into())],
                    excluded_subtrees: Vec::new(),
                });
            }),
            "failed to verify client's certificate: name constraints are not supported",
        ),
    ] {
        let root = wrong.self_signed();
        let mount = trusting(&root.pem, json!({}));
        let leaf = recipe("alice").signed_by(&root);
        assert_eq!(login(&mount, &[&leaf]).unwrap_err(), expected);
    }
}

#[test]
fn certificates_that_are_trusted_themselves() {
    let own = recipe("self").self_signed();
    let mount = trusting(&own.pem, json!({}));
    assert_eq!(
        login(&mount, &[&own]).map(|grant| grant.alias),
        Ok("self".into())
    );
    let namesake = recipe("self").self_signed();
    assert_eq!(login(&mount, &[&namesake]).unwrap_err(), NOT_TRUSTED);
    let old = recipe("self").expired().self_signed();
    let mount = trusting(&old.pem, json!({}));
    assert_eq!(login(&mount, &[&old]).unwrap_err(), TIME);
    // One of an authority that is not trusted; another with its serial number is another.
    let root = authority("CA").self_signed();
    let leaf = recipe("alice")
        .with(|p| p.serial_number = serial(7))
        .signed_by(&root);
    let twin = recipe("alice")
        .with(|p| p.serial_number = serial(7))
        .signed_by(&root);
    let mount = trusting(&leaf.pem, json!({}));
    assert!(login(&mount, &[&leaf]).is_ok());
    assert_eq!(login(&mount, &[&twin]).unwrap_err(), NOT_TRUSTED);
}

#[test]
fn two_that_sign_each_other_come_to_an_end() {
    let a = authority("A").self_signed();
    let b = authority("B").self_signed();
    let a_by_b = Made {
        key: KeyPairOf::of(&a),
        ..authority("A").signed_by(&b)
    };
    let leaf = recipe("alice").signed_by(&a_by_b);
    let mount = trusting(&authority("C").self_signed().pem, json!({}));
    assert_eq!(
        login(&mount, &[&leaf, &a_by_b, &a, &b]).unwrap_err(),
        NOT_TRUSTED
    );
}

/// A copy of a key.
struct KeyPairOf;

impl KeyPairOf {
    fn of(made: &Made) -> rcgen::KeyPair {
        rcgen::KeyPair::try_from(made.key.serialize_der()).unwrap()
    }
}
