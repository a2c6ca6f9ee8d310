//! The method on the bench, in all that its users rely on.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the helpers of tests fail as tests do"
)]

mod faults;
mod local;
mod model;
mod roles;
mod secret_ids;

use sdk::testing::TestMount;
use sdk::{Failure, FailureKind, Grant, Json, Reply, Result, json};

/// A mount with a role `r` of the id `rid`.
fn with_role(role: Json) -> TestMount {
    let mount = TestMount::new(approle::method());
    mount.from_address("192.0.2.1".parse().unwrap());
    write(&mount, "role/r", role);
    write(&mount, "role/r/role-id", json!({ "role_id": "rid" }));
    mount
}

fn write(mount: &TestMount, path: &str, body: Json) {
    let written = mount.update(path, body);
    assert!(written.is_ok(), "{path} {written:?}");
}

fn read(mount: &TestMount, path: &str) -> Json {
    mount.read(path).unwrap().to_value()
}

/// A secret id of `r`, with its accessor.
fn make(mount: &TestMount, wishes: Json) -> (String, String) {
    let made = mount.update("role/r/secret-id", wishes).unwrap().to_value();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("secret_id"), text("secret_id_accessor"))
}

fn login(mount: &TestMount, secret_id: &str) -> Result<Grant> {
    mount.login("login", json!({ "role_id": "rid", "secret_id": secret_id }))
}

fn look_up(mount: &TestMount, secret_id: &str) -> Result<Reply> {
    mount.update("role/r/secret-id/lookup", json!({ "secret_id": secret_id }))
}

fn refused() -> Failure {
    Failure::new(FailureKind::InvalidCredentials, "invalid role or secret ID")
}
