//! A token is renewed by whom it was given to.

use super::world::*;
use core::time::Duration;
use sdk::json;

#[test]
fn with_the_same_certificate() {
    let root = authority("CA").self_signed();
    let alice = recipe("alice").signed_by(&root);
    let other = recipe("alice").signed_by(&root);
    let mount = trusting(&root.pem, json!({"token_policies": "a", "token_ttl": 60}));
    let grant = login(&mount, &[&alice]).unwrap();
    let renew = |sent: &[&Made]| {
        mount.with_certificates(sent.iter().map(|made| made.der.clone()).collect());
        let renewal = mount.renew_grant(grant.clone(), Duration::from_secs(30));
        renewal
            .map(|renewal| renewal.terms.ttl.as_secs())
            .map_err(|failure| failure.message)
    };
    let changed = "failed to renew entry: client identity during renewal not matching client identity used during login";
    assert_eq!(renew(&[&alice]), Ok(30));
    assert_eq!(renew(&[]), Err("no client certificate found".into()));
    assert_eq!(renew(&[&other]), Err(changed.into()));
    mount
        .update("config", json!({"disable_binding": true}))
        .unwrap();
    assert_eq!(renew(&[]), Ok(30));
    mount
        .update("config", json!({"disable_binding": false}))
        .unwrap();
    trust(&mount, "c", &root.pem, json!({"token_policies": "b"}));
    let policies = "failed to renew entry: policies have changed, not renewing";
    assert_eq!(renew(&[&alice]), Err(policies.into()));
    trust(
        &mount,
        "c",
        &authority("CA").self_signed().pem,
        json!({"token_policies": "a"}),
    );
    assert_eq!(renew(&[&alice]), Err(NOT_TRUSTED.into()));
    mount.delete("certs/c").unwrap();
    assert_eq!(renew(&[&alice]), Err(NOT_TRUSTED.into()));
    mount
        .update("config", json!({"disable_binding": true}))
        .unwrap();
    assert!(renew(&[]).unwrap_err().contains("no longer trusted"));
}

#[test]
fn not_with_one_that_has_expired() {
    let root = authority("CA").self_signed();
    let alice = recipe("alice").signed_by(&root);
    let mount = trusting(&root.pem, json!({}));
    let grant = login(&mount, &[&alice]).unwrap();
    mount.after(Duration::from_secs(365 * 24 * 3600));
    let failure = mount.renew_grant(grant, Duration::ZERO).unwrap_err();
    assert!(failure.message.contains("has expired"), "{failure}");
}
