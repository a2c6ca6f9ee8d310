//! What writes shared entries is asked of a secondary: it comes to the same as on a cluster that is
//! alone, and both clusters have it.

use crate::hostile_secondary::thief::{NOTES, RECEPTION};
use crate::house::House;
use crate::pair::Network;
use crate::replication::{primary, secondary};
use base::{Operation, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// One request, and what it wrote.
struct Step {
    operation: Operation,
    path: &'static str,
    body: Value,
    /// Read by everybody afterwards.
    then: &'static str,
    /// Names a member of the answer, or else of what is read, so that later steps can say `{name}`.
    keep: &'static [(&'static str, &'static str)],
    /// Does no cluster do it, whoever asks?
    is_refused: bool,
}

fn step(operation: Operation, path: &'static str, body: Value, then: &'static str) -> Step {
    Step {
        operation,
        path,
        body,
        then,
        keep: &[],
        is_refused: false,
    }
}

fn write(path: &'static str, body: Value) -> Step {
    step(Operation::Update, path, body, path)
}

fn patch(path: &'static str, body: Value) -> Step {
    step(Operation::Patch, path, body, path)
}

fn delete(path: &'static str) -> Step {
    step(Operation::Delete, path, json!({}), path)
}

fn list(path: &'static str) -> Step {
    step(Operation::List, path, json!({}), path)
}

impl Step {
    fn then(self, then: &'static str) -> Self {
        Self { then, ..self }
    }

    fn keep(self, keep: &'static [(&'static str, &'static str)]) -> Self {
        Self { keep, ..self }
    }

    fn refused(self) -> Self {
        Self {
            is_refused: true,
            ..self
        }
    }
}

fn component(bytes: &[u8]) -> Value {
    json!({ "component": STANDARD.encode(bytes) })
}

fn mounts() -> Vec<Step> {
    vec![
        write("sys/plugins/catalog/secret/notes", component(NOTES)).keep(&[("version", "version")]),
        write("sys/plugins/catalog/auth/reception", component(RECEPTION)),
        write("sys/mounts/m", json!({ "type": "notes" })),
        write(
            "sys/mounts/m/tune",
            json!({ "description": "d", "default_lease_ttl": "1h" }),
        ),
        write("m/notes/x", json!({ "text": "hello" })),
        list("m/notes"),
        write("sys/remount", json!({ "from": "m", "to": "moved" }))
            .then("moved/notes/x")
            .keep(&[("move", "migration_id")]),
        step(
            Operation::Read,
            "sys/remount/status/{move}",
            json!({}),
            "sys/remount/status/{move}",
        ),
        delete("moved/notes/x"),
        delete("sys/mounts/moved"),
        write("sys/auth/r", json!({ "type": "reception" })).keep(&[("accessor", "accessor")]),
        write(
            "sys/auth/r/tune",
            json!({ "description": "d", "max_lease_ttl": "2h" }),
        ),
    ]
}

fn system() -> Vec<Step> {
    let length = "length = 8\nrule \"charset\" { charset = \"abc\" }";
    vec![
        write("sys/policies/acl/p", json!({ "policy": "# p" })),
        write("sys/policy/old", json!({ "policy": "# old" })),
        list("sys/policies/acl"),
        patch("sys/policies/acl/p", json!({ "policy": "# q" })),
        delete("sys/policy/old"),
        delete("sys/policies/acl/p"),
        write("sys/policies/password/p", json!({ "policy": length })),
        list("sys/policies/password"),
        delete("sys/policies/password/p"),
    ]
}

fn namespaces() -> Vec<Step> {
    vec![
        write(
            "sys/namespaces/team",
            json!({ "custom_metadata": { "a": "1" } }),
        ),
        patch(
            "sys/namespaces/team",
            json!({ "custom_metadata": { "b": "2" } }),
        ),
        write("team/sys/policies/acl/in", json!({ "policy": "# in" })),
        write("sys/namespaces/api-lock/lock/team", json!({}))
            .then("sys/namespaces/team")
            .keep(&[("unlock", "unlock_key")]),
        write(
            "sys/namespaces/api-lock/unlock/team",
            json!({ "unlock_key": "{unlock}" }),
        )
        .then("team/sys/policies/acl/in"),
        write("team/sys/namespaces/api-lock/lock", json!({}))
            .then("sys/namespaces/team")
            .keep(&[("again", "unlock_key")]),
        write(
            "team/sys/namespaces/api-lock/unlock",
            json!({ "unlock_key": "{again}" }),
        )
        .then("team/sys/policies/acl/in"),
        write("sys/namespaces/team/seal", json!({}))
            .then("sys/namespaces/team")
            .refused(),
        write("sys/namespaces/team/unseal", json!({ "key": "AA" }))
            .then("sys/namespaces/team")
            .refused(),
        delete("sys/namespaces/team/delete-sealed")
            .then("sys/namespaces/team")
            .refused(),
        list("sys/namespaces"),
        // It goes in the background.
        delete("sys/namespaces/team").then("sys/policies/acl/admin"),
    ]
}

fn settings() -> Vec<Step> {
    vec![
        write(
            "sys/quotas/config",
            json!({ "enable_rate_limit_response_headers": true }),
        ),
        write("sys/quotas/rate-limit/q", json!({ "rate": 1_000 })),
        list("sys/quotas/rate-limit"),
        delete("sys/quotas/rate-limit/q"),
        write("sys/quotas/lease-count/q", json!({ "max_leases": 1_000 })),
        delete("sys/quotas/lease-count/q"),
        write(
            "sys/config/cors",
            json!({ "allowed_origins": "https://a.test" }),
        ),
        delete("sys/config/cors"),
        write("sys/config/ui/headers/x-h", json!({ "values": ["v"] })),
        list("sys/config/ui/headers"),
        delete("sys/config/ui/headers/x-h"),
        write(
            "sys/config/auditing/request-headers/x-h",
            json!({ "hmac": true }),
        ),
        delete("sys/config/auditing/request-headers/x-h"),
        write("sys/rotate/config", json!({ "interval": "48h" })),
        write("sys/rotate/keyring/config", json!({ "interval": "72h" })),
        write("auth/token/roles/r", json!({ "orphan": true })),
        list("auth/token/roles"),
        delete("auth/token/roles/r"),
    ]
}

fn people() -> Vec<Step> {
    vec![
        write(
            "identity/entity",
            json!({ "name": "ann", "metadata": { "a": "1" } }),
        )
        .then("identity/entity/name/ann")
        .keep(&[("ann", "id")]),
        write("identity/entity/name/bob", json!({ "policies": ["p"] })).keep(&[("bob", "id")]),
        write("identity/entity/id/{bob}", json!({ "disabled": true })),
        write(
            "identity/entity-alias",
            json!({ "name": "b", "canonical_id": "{bob}", "mount_accessor": "{accessor}" }),
        )
        .then("identity/entity/id/{bob}")
        .keep(&[("alias", "id")]),
        write(
            "identity/entity-alias/id/{alias}",
            json!({ "custom_metadata": { "a": "1" } }),
        ),
        delete("identity/entity-alias/id/{alias}"),
        write(
            "identity/alias",
            json!({ "name": "b", "canonical_id": "{bob}", "mount_accessor": "{accessor}" }),
        )
        .then("identity/entity/id/{bob}")
        .keep(&[("second", "id")]),
        write(
            "identity/alias/id/{second}",
            json!({ "name": "c", "canonical_id": "{bob}", "mount_accessor": "{accessor}" }),
        ),
        delete("identity/alias/id/{second}"),
        write(
            "identity/persona",
            json!({ "name": "b", "entity_id": "{bob}", "mount_accessor": "{accessor}" }),
        )
        .then("identity/entity/id/{bob}")
        .keep(&[("third", "id")]),
        write(
            "identity/persona/id/{third}",
            json!({ "name": "d", "entity_id": "{bob}", "mount_accessor": "{accessor}" }),
        ),
        delete("identity/persona/id/{third}"),
        write("identity/entity/name/eve", json!({})).keep(&[("eve", "id")]),
        delete("identity/entity/name/eve"),
        write("identity/entity/name/flo", json!({})).keep(&[("flo", "id")]),
        delete("identity/entity/id/{flo}"),
    ]
}

fn groups() -> Vec<Step> {
    vec![
        write(
            "identity/group",
            json!({ "name": "g", "member_entity_ids": ["{ann}"] }),
        )
        .then("identity/group/name/g")
        .keep(&[("group", "id")]),
        write("identity/group/id/{group}", json!({ "policies": ["p"] })),
        write("identity/group/name/out", json!({ "type": "external" })).keep(&[("out", "id")]),
        write(
            "identity/group-alias",
            json!({ "name": "o", "canonical_id": "{out}", "mount_accessor": "{accessor}" }),
        )
        .then("identity/group/id/{out}")
        .keep(&[("outer", "id")]),
        list("identity/group/name"),
        write(
            "identity/group-alias/id/{outer}",
            json!({ "name": "p", "canonical_id": "{out}", "mount_accessor": "{accessor}" }),
        ),
        delete("identity/group-alias/id/{outer}"),
        write(
            "identity/entity/merge",
            json!({ "from_entity_ids": ["{bob}"], "to_entity_id": "{ann}" }),
        )
        .then("identity/entity/id/{ann}"),
        list("identity/entity/id"),
        delete("identity/group/id/{group}"),
        delete("identity/group/name/out"),
    ]
}

fn factors() -> Vec<Step> {
    vec![
        write("identity/mfa/method/totp", json!({ "issuer": "i" }))
            .then("identity/mfa/method/totp/{method}")
            .keep(&[("method", "method_id")]),
        write(
            "identity/mfa/login-enforcement/e",
            json!({ "mfa_method_ids": ["{method}"], "auth_method_accessors": ["{accessor}"] }),
        ),
        write(
            "identity/mfa/method/totp/admin-generate",
            json!({ "method_id": "{method}", "entity_id": "{ann}" }),
        )
        .then("identity/entity/id/{ann}"),
        write(
            "identity/mfa/method/totp/admin-destroy",
            json!({ "method_id": "{method}", "entity_id": "{ann}" }),
        )
        .then("identity/entity/id/{ann}"),
        // The caller has no entity.
        write(
            "identity/mfa/method/totp/generate",
            json!({ "method_id": "{method}" }),
        )
        .then("identity/mfa/login-enforcement/e")
        .refused(),
        list("identity/mfa/login-enforcement"),
        delete("identity/mfa/login-enforcement/e"),
        delete("identity/mfa/method/totp/{method}"),
        write("identity/mfa/method/duo", json!({})).refused(),
        write("identity/mfa/method/duo/none", json!({})).refused(),
        delete("identity/mfa/method/duo/none").refused(),
        write("identity/mfa/method/okta", json!({})).refused(),
        write("identity/mfa/method/okta/none", json!({})).refused(),
        delete("identity/mfa/method/okta/none").refused(),
        write("identity/mfa/method/pingid", json!({})).refused(),
        write("identity/mfa/method/pingid/none", json!({})).refused(),
        delete("identity/mfa/method/pingid/none").refused(),
        write(
            "identity/entity/batch-delete",
            json!({ "entity_ids": ["{ann}"] }),
        )
        .then("identity/entity/id/{ann}"),
        delete("sys/auth/r"),
    ]
}

fn oidc() -> Vec<Step> {
    let at = "https://a.test";
    vec![
        write("identity/oidc/config", json!({ "issuer": at })),
        write("identity/oidc/key/k", json!({ "allowed_client_ids": "*" })),
        write("identity/oidc/key/k/rotate", json!({})).then("identity/oidc/key/k"),
        write("identity/oidc/role/r", json!({ "key": "k" })),
        // The caller has no entity.
        step(
            Operation::Read,
            "identity/oidc/token/r",
            json!({}),
            "identity/oidc/role/r",
        )
        .refused(),
        write("identity/oidc/scope/s", json!({ "template": "{}" })),
        write("identity/oidc/assignment/a", json!({ "entity_ids": ["x"] })),
        write(
            "identity/oidc/client/c",
            json!({ "key": "k", "redirect_uris": [at], "assignments": ["allow_all"] }),
        ),
        write(
            "identity/oidc/provider/p",
            json!({ "scopes_supported": ["s"] }),
        ),
        list("identity/oidc/client"),
        delete("identity/oidc/provider/p"),
        delete("identity/oidc/client/c"),
        delete("identity/oidc/assignment/a"),
        delete("identity/oidc/scope/s"),
        delete("identity/oidc/role/r"),
        delete("identity/oidc/key/k"),
    ]
}

fn plugins() -> Vec<Step> {
    vec![
        write(
            "sys/plugins/pins/secret/notes",
            json!({ "version": "{version}" }),
        ),
        delete("sys/plugins/pins/secret/notes"),
        write("sys/plugins/catalog/other", json!({}))
            .then("sys/plugins/catalog/secret/notes")
            .refused(),
        delete("sys/plugins/catalog/other").then("sys/plugins/catalog/secret/notes"),
        delete("sys/plugins/catalog/secret/notes"),
        delete("sys/plugins/catalog/auth/reception"),
    ]
}

fn parts() -> [Vec<Step>; 9] {
    [
        mounts(),
        system(),
        namespaces(),
        settings(),
        people(),
        groups(),
        factors(),
        oidc(),
        plugins(),
    ]
}

/// A cluster that is asked, and the names of what it made.
struct Asked<'a> {
    house: &'a House,
    token: String,
    kept: Vec<(&'static str, String)>,
}

type Told = Result<Value, Refusal>;

impl Asked<'_> {
    fn fill(&self, text: &str) -> String {
        let kept = self.kept.iter();
        kept.fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        })
    }

    async fn read(&self, path: &str) -> Told {
        let read = self
            .house
            .ask_as(&self.token, Operation::Read, path, json!({}));
        read.await
    }

    /// What it answers, and what is read there afterwards, and where.
    async fn take(&mut self, step: &Step) -> (Told, Told, String) {
        let body = self.fill(&step.body.to_string());
        let body = serde_json::from_str(&body).unwrap();
        let path = self.fill(step.path);
        let asked = self.house.ask_as(&self.token, step.operation, &path, body);
        let answer = asked.await;
        let mut found = None;
        for (name, member) in step.keep {
            let value = answer
                .as_ref()
                .ok()
                .and_then(|answer| answer[*member].as_str());
            match value {
                Some(value) => self.kept.push((name, value.to_owned())),
                None => found = Some((*name, *member)),
            }
        }
        let then = self.fill(step.then);
        let read = self.read(&then).await;
        if let Some((name, member)) = found {
            let value = read.as_ref().unwrap()[member].as_str();
            let value = value.unwrap_or_else(|| panic!("no {member} of {path}"));
            self.kept.push((name, value.to_owned()));
        }
        (answer, read, then)
    }
}

/// What there is, whatever it is called: ids and times differ.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter();
            let named = |name: &str| match name.split('-').count() == 5 {
                true => String::from("id"),
                false => name.to_owned(),
            };
            let all = members.map(|(name, value)| (named(name), shape(value)));
            Value::Object(all.collect::<Map<_, _>>())
        }
        Value::Array(all) => all.iter().map(shape).collect(),
        Value::String(text) => json!(if text.is_empty() { "" } else { "text" }),
        Value::Number(_) => json!(0),
        other => other.clone(),
    }
}

fn shape_of(told: &Told) -> Value {
    match told {
        Ok(value) => shape(value),
        Err(refusal) => json!(format!("{:?}", refusal.kind)),
    }
}

#[tokio::test(start_paused = true)]
async fn what_writes_shared_entries_comes_to_the_same_through_a_secondary() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    // Whose policies are the same.
    let (alone, _) = network.cluster("s").await;
    let admin = json!({ "policy": crate::replication::ADMIN });
    alone.write("sys/policies/acl/admin", admin).await.unwrap();
    let mut alone = Asked {
        token: alone.token.clone(),
        house: &alone,
        kept: Vec::new(),
    };
    let mut asked = Asked {
        token: c.token.clone(),
        house: &c.house,
        kept: Vec::new(),
    };
    for step in parts().into_iter().flatten() {
        let at = format!("{:?} {}", step.operation, step.path);
        let (expected, expected_read, _) = alone.take(&step).await;
        let (answer, read, then) = asked.take(&step).await;
        assert_eq!(expected.is_err(), step.is_refused, "{at}: {expected:?}");
        assert_eq!(shape_of(&answer), shape_of(&expected), "{at}: {answer:?}");
        assert_eq!(shape_of(&read), shape_of(&expected_read), "{at}: {read:?}");
        let of_primary = a.read(&then).await;
        match (of_primary, read) {
            (Ok(of_primary), Ok(read)) => assert_eq!(of_primary, read, "{at}"),
            (of_primary, read) => assert_eq!(shape_of(&of_primary), shape_of(&read), "{at}"),
        }
    }
    c.until_it_is_there("sys/namespaces/team", false).await;
    c.until_it_streams().await;
    assert_eq!(
        a.status().await["merkle_root"],
        c.status().await["merkle_root"]
    );
}

/// Does a path have the form of a route: `{name}` is one part of it, `{name..}` all that is left?
fn is_of(path: &str, pattern: &str) -> bool {
    let (mut parts, mut pattern) = (path.split('/'), pattern.split('/'));
    loop {
        match (pattern.next(), parts.next()) {
            (None, None) => return true,
            (Some(wanted), Some(_)) if wanted.ends_with("..}") => return true,
            (Some(wanted), Some(part)) if wanted.starts_with('{') || wanted == part => {}
            _ => return false,
        }
    }
}

#[test]
fn everything_that_a_secondary_has_done_on_its_primary_is_asked_above() {
    let steps: Vec<Step> = parts().into_iter().flatten().collect();
    let listed = include_str!("../../src/replication/peers.txt");
    let missing: Vec<&str> = listed
        .lines()
        .filter(|line| {
            let mut words = line.split(' ');
            let mut word = || words.next().unwrap();
            let (engine, operation, pattern) = (word(), word(), word());
            let at = match engine {
                "system" => "sys/",
                "token" => "auth/token/",
                "identity" => "identity/",
                other => panic!("{other}"),
            };
            !steps.iter().any(|step| {
                let path = step.path.strip_prefix("team/").unwrap_or(step.path);
                // What a mount was tuned to is a route of its own.
                let path = match path.strip_suffix("/tune") {
                    Some(mount) => mount.replacen("sys/", "sys/tune/", 1),
                    None => path.to_owned(),
                };
                let path = path.strip_prefix(at);
                format!("{:?}", step.operation) == operation
                    && path.is_some_and(|path| is_of(path, pattern))
            })
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
