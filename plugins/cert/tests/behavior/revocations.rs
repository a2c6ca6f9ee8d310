//! What was revoked logs nobody in.

use super::world::*;
use core::cell::RefCell;
use core::time::Duration;
use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevokedCertParams, SerialNumber, date_time_ymd,
};
use sdk::http::{HttpError, Response};
use sdk::testing::Sent;
use sdk::{FailureKind, Reply, json};

/// A list of these serial numbers; the next one comes in the second half of 2026.
fn list(issuer: &Made, serials: &[u64]) -> rcgen::CertificateRevocationList {
    let revoked = |number: &u64| RevokedCertParams {
        serial_number: SerialNumber::from(*number),
        revocation_time: date_time_ymd(2026, 2, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let parameters = CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 3, 1),
        next_update: date_time_ymd(2026, 9, 1),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: serials.iter().map(revoked).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    parameters.signed_by(&issuer.issuer()).unwrap()
}

fn pem(list: &rcgen::CertificateRevocationList) -> String {
    list.pem().unwrap()
}

fn numbered(name: &str, number: u64) -> Recipe {
    recipe(name).with(|parameters| parameters.serial_number = serial(number))
}

#[test]
fn any_of_the_chain() {
    let root = authority("CA").self_signed();
    let middle = authority("I")
        .with(|p| p.serial_number = serial(300))
        .signed_by(&root);
    let alice = numbered("alice", 255).signed_by(&root);
    let bob = numbered("bob", 256).signed_by(&root);
    let carol = numbered("carol", 255).signed_by(&middle);
    let mount = trusting(&root.pem, json!({}));
    let may = |sent: &[&Made]| match login(&mount, sent) {
        Ok(_) => true,
        Err(message) => {
            assert_eq!(message, NOT_ALLOWED);
            false
        }
    };
    assert!(may(&[&alice]) && may(&[&carol, &middle]));
    mount
        .update("crls/x", json!({"crl": pem(&list(&root, &[7, 255]))}))
        .unwrap();
    assert!(!may(&[&alice]), "revoked");
    assert!(may(&[&bob]));
    assert!(may(&[&carol, &middle]), "a number is of its issuer");
    mount
        .update("crls/y", json!({"crl": pem(&list(&root, &[300]))}))
        .unwrap();
    assert!(!may(&[&carol, &middle]), "who issued it is revoked");
    mount.delete("crls/y").unwrap();
    mount
        .update("crls/y", json!({"crl": pem(&list(&middle, &[255]))}))
        .unwrap();
    assert!(!may(&[&carol, &middle]));
    mount.delete("crls/x").unwrap();
    assert!(may(&[&alice]));
    // When its time is over, what it revoked stays revoked.
    mount
        .update("crls/x", json!({"crl": pem(&list(&root, &[255]))}))
        .unwrap();
    mount.after(Duration::from_secs(150 * 24 * 3600));
    assert!(!may(&[&alice]));
}

#[test]
fn lists_that_are_refused() {
    let root = authority("CA").self_signed();
    let forged = authority("CA").self_signed();
    let mount = trusting(&root.pem, json!({}));
    let refused = |body| mount.update("crls/x", body).unwrap_err().message;
    assert_eq!(refused(json!({})), "one of 'crl' or 'url' must be provided");
    assert_eq!(
        refused(json!({"crl": "abc"})),
        "failed to parse CRL: not a revocation list"
    );
    assert_eq!(
        refused(json!({"crl": root.pem})),
        "failed to parse CRL: no list in the PEM text"
    );
    let of_forged = refused(json!({"crl": pem(&list(&forged, &[1]))}));
    assert_eq!(
        of_forged,
        "failed to parse CRL: its issuer, who is trusted, has not signed it"
    );
    let not_granted = refused(json!({"url": "https://lists/x"}));
    assert!(not_granted.contains("is not granted"), "{not_granted}");
    for asked in [mount.read("crls/x"), mount.delete("crls/x")] {
        let failure = asked.unwrap_err();
        assert_eq!(
            (failure.kind, failure.message.as_str()),
            (FailureKind::Invalid, "no such CRL x")
        );
    }
    assert_eq!(mount.list("crls").unwrap_err().kind, FailureKind::NotFound);
}

#[test]
fn a_list_is_shown() {
    let root = authority("CA").self_signed();
    let mount = mount();
    let body = json!({"crl": pem(&list(&root, &[255, 78_187_493_520]))});
    mount.update("crls/X", body).unwrap();
    let shown = mount.read("crls/x").unwrap().to_value();
    assert_eq!(shown, json!({"serials": {"255": {}, "78187493520": {}}}));
    assert_eq!(mount.list("crls"), Ok(Reply::Keys(vec!["x".into()])));
    mount
        .update("crls/x", json!({"crl": pem(&list(&root, &[]))}))
        .unwrap();
    assert_eq!(mount.read("crls/x").unwrap().to_value(), json!({}));
    assert_eq!(mount.delete("crls/x"), Ok(Reply::Empty));
    assert!(mount.stored().is_empty());
}

thread_local! {
    static SERVED: RefCell<(u16, Vec<u8>, usize)> = RefCell::default();
}

fn serve(status: u16, body: &[u8]) {
    SERVED.set((status, body.to_vec(), 0));
}

fn asked() -> usize {
    SERVED.with_borrow(|served| served.2)
}

fn upstream(_: &Sent) -> Result<Response, HttpError> {
    SERVED.with_borrow_mut(|served| {
        served.2 += 1;
        Ok(Response {
            status: served.0,
            headers: Vec::new(),
            body: served.1.clone(),
        })
    })
}

#[test]
fn a_list_from_a_url_is_fetched_anew() {
    let root = authority("CA").self_signed();
    let alice = numbered("alice", 255).signed_by(&root);
    let mount = trusting(&root.pem, json!({}));
    mount.with_upstream(upstream);
    serve(404, b"");
    let failed = mount
        .update("crls/x", json!({"url": "https://lists/x"}))
        .unwrap_err();
    assert_eq!(
        failed.message,
        "unexpected response code 404 fetching CRL from https://lists/x"
    );
    serve(200, list(&root, &[7]).der());
    mount
        .update("crls/x", json!({"url": "https://lists/x"}))
        .unwrap();
    let shown = mount.read("crls/x").unwrap().to_value();
    let cdp = json!({"url": "https://lists/x", "valid_until": "2026-09-01T00:00:00Z"});
    assert_eq!(shown, json!({"cdp": cdp, "serials": {"7": {}}}));
    mount.tick().unwrap();
    assert_eq!(asked(), 1, "it is not over");
    let until_over = 1_788_220_800 - NOW;
    mount.after(Duration::from_secs(until_over));
    serve(500, b"");
    for _ in 0..3 {
        mount.tick().unwrap();
    }
    assert_eq!(asked(), 1, "not again and again");
    assert_eq!(mount.lines().len(), 1);
    assert_eq!(mount.read("crls/x").unwrap().to_value(), shown);
    serve(200, pem(&list(&root, &[255])).as_bytes());
    mount.after(Duration::from_secs(600));
    mount.tick().unwrap();
    assert_eq!(asked(), 1);
    assert_eq!(login(&mount, &[&alice]).unwrap_err(), NOT_ALLOWED);
}
