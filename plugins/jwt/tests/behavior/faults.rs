//! Storage that fails at any call leaves nothing half done.

use super::world::*;
use sdk::json;

#[test]
fn a_role_is_written_or_not() {
    let mount = mount_with(json!({}));
    let role = json!({"role_type": "jwt", "user_claim": "sub", "bound_subject": "x"});
    let before = mount.stored();
    let mut failures = 0;
    for n in 1.. {
        let failed = mount
            .failing_storage_at(n)
            .update("role/new", role.clone())
            .is_err();
        if !failed {
            break;
        }
        failures += 1;
        assert_eq!(mount.stored(), before);
    }
    assert_eq!(failures, 2, "it reads and writes");
}

#[test]
fn a_login_waits_for_storage() {
    let mount = mount_with(json!({}));
    let token = token(&RSA, "RS256", &claims(json!({})));
    for n in 1..=2 {
        assert!(login(mount.failing_storage_at(n), &token).is_err(), "{n}");
    }
    assert_eq!(
        login(mount.failing_storage_at(0), &token),
        Ok("alice".into())
    );
}
