//! What the engine does, seen from outside: through the host's matcher and validator, on storage that
//! can fail and with a stand-in for the host's cryptography.

#[cfg(test)]
mod encrypting;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod model;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod signing;

#[cfg(test)]
use sdk::testing::TestMount;
#[cfg(test)]
use sdk::{Failure, FailureKind, Json, Reply, json};

/// A mount with a key of this type.
#[cfg(test)]
fn with_key(name: &str, body: Json) -> TestMount {
    let mount = TestMount::new(transit::engine());
    mount.at_time(1_000_000);
    mount.update(&format!("keys/{name}"), body).unwrap();
    mount
}

/// The data of an answer.
#[cfg(test)]
fn post(mount: &TestMount, path: &str, body: Json) -> Json {
    match mount.update(path, body) {
        Ok(reply) => reply.to_value(),
        Err(failure) => panic!("{path}: {failure}"),
    }
}

/// The message of a refusal.
#[cfg(test)]
fn refused(mount: &TestMount, path: &str, body: Json) -> String {
    match mount.update(path, body) {
        Err(Failure {
            kind: FailureKind::Invalid,
            message,
        }) => message,
        other => panic!("{path}: {other:?}"),
    }
}

/// A member that is a text.
#[cfg(test)]
fn text(data: &Json, member: &str) -> String {
    data[member].as_str().unwrap_or_default().to_owned()
}

/// Status and results of a batch that did not go well.
#[cfg(test)]
fn failed_batch(reply: Reply) -> (u16, Json) {
    let Reply::Page(page) = reply else {
        panic!("{reply:?}")
    };
    assert_eq!(page.content_type, "application/json");
    let body: Json = serde_json::from_slice(&page.body).unwrap();
    for member in ["request_id", "lease_id", "data", "wrap_info", "auth"] {
        assert!(body.get(member).is_some(), "{member}");
    }
    (page.status, body["data"]["batch_results"].clone())
}

/// "text" in base64.
#[cfg(test)]
const TEXT: &str = "dGV4dA==";

#[cfg(test)]
fn empty() -> Json {
    json!({})
}
