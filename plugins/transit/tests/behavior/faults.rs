//! Storage that fails at any call: the request fails, and nothing of it is kept.

use super::{TEXT, empty, post, text, with_key};
use sdk::testing::TestMount;
use sdk::{Reply, Result, json};

/// Runs the request with the first storage call failing, then the second, until it makes fewer than that.
fn fails_whole(what: &str, request: impl Fn(&TestMount, &str) -> Result<Reply>) {
    for n in 1_u32.. {
        let body = json!({ "exportable": true, "allow_plaintext_backup": true, "auto_rotate_period": "1h" });
        let transit = with_key("k", body);
        post(
            &transit,
            "keys/k/config",
            json!({ "deletion_allowed": true, "min_encryption_version": 1 }),
        );
        let backup = text(&transit.read("backup/k").unwrap().to_value(), "backup");
        let before = transit.stored();
        transit.failing_storage_at(n);
        let outcome = request(&transit, &backup);
        if outcome.is_ok() {
            assert!(
                transit.storage_calls() < n,
                "{what} overlooks that call {n} failed"
            );
            assert!(n > 1, "{what} asks nothing of storage");
            return;
        }
        assert_eq!(transit.stored(), before, "{what}, call {n}");
    }
}

#[test]
fn nothing_is_done_by_halves() {
    fails_whole("make", |it, _| it.update("keys/new", empty()));
    fails_whole("rotate", |it, _| it.update("keys/k/rotate", empty()));
    fails_whole("delete", |it, _| it.delete("keys/k"));
    fails_whole("configure", |it, _| {
        it.update("keys/k/config", json!({ "auto_rotate_period": 0 }))
    });
    fails_whole("trim", |it, _| {
        it.update("keys/k/trim", json!({ "min_available_version": 1 }))
    });
    fails_whole("encrypt anew", |it, _| {
        it.update("encrypt/new", json!({ "plaintext": TEXT }))
    });
    fails_whole("encrypt", |it, _| {
        it.update("encrypt/k", json!({ "plaintext": TEXT }))
    });
    fails_whole("hmac", |it, _| {
        it.update("hmac/k", json!({ "input": TEXT }))
    });
    fails_whole("wrapping key", |it, _| it.read("wrapping_key"));
    fails_whole("backup", |it, _| it.read("backup/k"));
    fails_whole("restore", |it, backup| {
        it.update("restore/new", json!({ "backup": backup }))
    });
    fails_whole("restore over", |it, backup| {
        it.update("restore", json!({ "backup": backup, "force": true }))
    });
}
