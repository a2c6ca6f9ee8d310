//! Whoever has taken over a secondary, and speaks to the primary with its certificate: vouches for a
//! root token that nobody made, and asks for what is kept from it.

mod greedy;
mod recorded;
mod shut_meanwhile;
pub(crate) mod thief;

use crate::pair::Network;
use crate::replication::Member;
use crate::replication::{primary, secondary};
use base::{Operation, RefusalKind};
use locality::PhysicalKey;
use serde_json::json;
use std::collections::BTreeSet;
use storage::{Space, Storage as _};
use thief::{At, Came, Errand, Granted, Lease, LogIn, Wish, grant, refused, request, robbed};

/// What names something that is not there for it: the namespace of the header, or none, before it.
const NOT_THERE: &str = r##"
    - read canary-shut/notes/x
    - update canary-shut/notes/x {"text": "stolen"}
    - delete canary-shut/notes/x
    - list canary-shut/notes
    - read canary-own/notes/x
    - update canary-own/notes/x {"text": "stolen"}
    - read canary-ns/canary-in/notes/x
    canary-ns read canary-in/notes/x
    canary-ns/ update sys/policies/acl/p
    - update canary-ns/sys/policies/acl/p
    - update auth/canary-shut/login/bob/x
    - update auth/canary-own/login/bob/x
    - update sys/mounts/canary-shut/tune
    - update sys/mounts/canary-own/tune
    - update sys/auth/canary-shut/tune
    - delete sys/mounts/canary-shut
    - delete sys/mounts/canary-own
    - delete sys/auth/canary-shut
    - delete sys/namespaces/canary-ns
    - patch sys/namespaces/canary-ns
    - update sys/namespaces/api-lock/lock/canary-ns
    - update sys/remount {"from": "canary-shut", "to": "shared-too"}
    - update sys/quotas/rate-limit/q {"path": "canary-shut/", "rate": 1}
    - update sys/quotas/rate-limit/q {"path": "/canary-shut/notes/*", "rate": 1}
    - update sys/quotas/lease-count/q {"path": "canary-ns/", "max_leases": 1}
"##;

#[tokio::test(start_paused = true)]
async fn what_is_kept_from_it_is_not_there_for_what_it_forwards() {
    let network = Network::default();
    let (both, _c, thief) = robbed(&network).await;
    let a = &both.0;
    for line in NOT_THERE.trim().lines() {
        let (namespace, line) = line.trim().split_once(' ').unwrap();
        let (operation, path, data) = request(line);
        let namespace = namespace.trim_start_matches('-');
        let came = thief.ask_within(namespace, operation, path, data).await;
        let (kind, message) = refused(&came).unwrap_or_else(|| panic!("{path}: {came:?}"));
        assert_eq!(kind, RefusalKind::NotFound, "{line}: {message}");
    }
    // All of it is as it was.
    for (path, text) in [
        ("canary-shut/notes/x", "canary-of-a-filtered-mount"),
        ("canary-own/notes/x", "canary-of-a-local-mount"),
        ("canary-ns/canary-in/notes/x", "canary-of-a-namespace"),
    ] {
        assert_eq!(a.read(path).await.unwrap()["text"], text);
    }
    for value in [
        "canary-of-a-filtered-mount",
        "canary-of-a-local-mount",
        "canary-of-a-namespace",
    ] {
        assert!(!network.carried(value.as_bytes()), "{value}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_taken_is_not_told() {
    let network = Network::default();
    let (_both, _c, thief) = robbed(&network).await;
    let notes = json!({ "type": "notes" });
    for (path, data, told) in [
        ("sys/mounts/canary-shut", notes.clone(), "canary-shut/"),
        ("sys/mounts/canary-deep", notes.clone(), "canary-deep/"),
        (
            "sys/mounts/canary-shut/in",
            notes.clone(),
            "canary-shut/in/",
        ),
        ("sys/mounts/canary-ns/in", notes.clone(), "canary-ns/in/"),
        ("sys/mounts/canary-own", notes.clone(), "canary-own/"),
        ("sys/namespaces/canary-deep", json!({}), "canary-deep/"),
        ("sys/namespaces/canary-ns", json!({}), "canary-ns/"),
        (
            "sys/remount",
            json!({ "from": "shared", "to": "canary-deep" }),
            "canary-deep/",
        ),
    ] {
        let came = thief.ask(Operation::Update, path, data).await;
        let (kind, message) = refused(&came).unwrap_or_else(|| panic!("{path}: {came:?}"));
        assert_eq!(kind, RefusalKind::Invalid, "{path}: {message}");
        // What was asked for, and not what is there.
        assert_eq!(
            message,
            format!("path is already in use at {told}"),
            "{path}"
        );
    }
}

/// What no secondary has done here.
const NOT_FOR_SECONDARIES: &str = r##"
    update sys/replication/performance/primary/revoke-secondary {"id": "c"}
    delete sys/replication/performance/primary/paths-filter/c
    update sys/replication/performance/primary/paths-filter/c {"mode": "deny", "paths": []}
    read sys/replication/performance/primary/paths-filter/c
    read sys/replication/performance/primary/dynamic-filter/c
    update sys/replication/performance/primary/demote
    update sys/replication/performance/primary/disable
    update sys/replication/reindex
    read sys/mounts
    read sys/auth
    read sys/internal/ui/mounts
    read sys/internal/ui/mounts/canary-shut
    list sys/namespaces
    read sys/policies/acl/admin
    help sys/mounts
    help shared/notes/x
    update sys/seal
    update sys/step-down
    update sys/rotate
    update sys/rotate/root
    update sys/rekey/init
    update sys/rotate/root/init
    update sys/generate-root/attempt
    update sys/audit/d {"type": "discard", "options": {}}
    read sys/audit
    update sys/audit-hash/d
    update sys/leases/revoke-prefix/shared
    list sys/leases/lookup/
    update sys/wrapping/wrap
    update sys/wrapping/unwrap
    update sys/loggers
    update sys/plugins/reload/backend
    update auth/token/create
    update auth/token/create-orphan
    update auth/token/lookup-accessor
    update auth/token/revoke-accessor
    list auth/token/accessors
    read cubbyhole/x
    update cubbyhole/x
    list identity/entity-alias/id
    update identity/lookup/entity
"##;

#[tokio::test(start_paused = true)]
async fn the_part_of_the_primary_its_keys_and_its_tokens_are_not_for_secondaries() {
    let network = Network::default();
    let (both, c, thief) = robbed(&network).await;
    let a = &both.0;
    let key = "sys/replication/performance/secondary/generate-public-key";
    let key = c.write(key, json!({})).await.unwrap();
    network.forget();
    let tokens = ["performance/primary", "primary"].map(|part| {
        let token = json!({ "id": "d", "secondary_public_key": key["secondary_public_key"] });
        format!("update sys/replication/{part}/secondary-token {token}")
    });
    let all = NOT_FOR_SECONDARIES
        .trim()
        .lines()
        .chain(tokens.iter().map(String::as_str));
    let mut tried = 0;
    for (operation, path, data) in all.map(request) {
        tried += 1;
        let came = thief.ask(operation, path, data).await;
        let (kind, message) = refused(&came).unwrap_or_else(|| panic!("{path}: {came:?}"));
        let expected = "this is not done through a secondary: ask the primary";
        assert_eq!((kind, message), (RefusalKind::Invalid, expected), "{path}");
    }
    assert!(tried > 40);
    for name in ["canary-own", "canary-ns", "canary-deep", "canary-in"] {
        assert!(!network.carried(name.as_bytes()), "{name}");
    }
    // It is still the primary of the same secondary, under the same filter.
    let status = a.status().await;
    assert_eq!(status["known_secondaries"], json!(["c"]));
    let filter = "sys/replication/performance/primary/paths-filter/c";
    let filter = a.read(filter).await.unwrap();
    assert_eq!(filter["paths"].as_array().unwrap().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn accessors_of_what_is_kept_from_it_mean_nothing() {
    let network = Network::default();
    let (both, _c, thief) = robbed(&network).await;
    let a = &both.0;
    let methods = a.read("sys/auth").await.unwrap();
    for method in ["canary-shut/", "canary-own/"] {
        let accessor = methods[method]["accessor"].as_str().unwrap();
        let alias = json!({ "name": "bob", "mount_accessor": accessor });
        for (path, data) in [
            ("identity/entity-alias", alias),
            (
                "identity/mfa/login-enforcement/e",
                json!({ "auth_method_accessors": [accessor], "mfa_method_ids": [] }),
            ),
        ] {
            let came = thief.ask(Operation::Update, path, data).await;
            let expected = format!("invalid mount accessor {accessor:?}");
            let expected = (RefusalKind::Invalid, expected.as_str());
            assert_eq!(refused(&came), Some(expected), "{path}");
        }
        let came = thief
            .wish(&Wish::LogIn(LogIn {
                namespace: 0,
                accessor: accessor.to_owned(),
                grant: grant(),
            }))
            .await;
        let expected = "there is no such auth method on the primary";
        assert_eq!(
            refused(&came),
            Some((RefusalKind::Invalid, expected)),
            "{came:?}"
        );
    }
    // Nor has it people made in a namespace that is not there for it.
    for (name, expected) in [("canary-ns", false), ("open", true)] {
        let namespace = a.read(&format!("sys/namespaces/{name}")).await.unwrap();
        let id = namespace["id"].as_str().unwrap();
        let wish = Wish::LogIn(LogIn {
            namespace: u64::from_str_radix(id, 16).unwrap(),
            accessor: String::new(),
            grant: String::new(),
        });
        let came = thief.wish(&wish).await;
        assert_eq!(matches!(came, Came::Bare(_)), expected, "{name}: {came:?}");
    }
}

/// The mounts of a cluster, by the keys of their entries.
fn mounts(member: &Member) -> BTreeSet<(u64, u64)> {
    let snapshot = member.house.storage.snapshot();
    let keys = snapshot.range(Space::Entries, b"", None);
    let keys = keys.map(|pair| PhysicalKey::from_bytes(&pair.unwrap().0).unwrap());
    let mounts = keys.filter_map(|key| {
        let path = key.path();
        let id = path
            .strip_prefix("core/mounts/")
            .or_else(|| path.strip_prefix("core/local-mounts/"))?;
        let namespace = u64::from_be_bytes(key.namespace().to_bytes());
        Some((namespace, u64::from_str_radix(id, 16).unwrap()))
    });
    mounts.collect()
}

/// It has engines renew and undo what it makes up where it has the mount, and nowhere else.
#[tokio::test(start_paused = true)]
async fn engines_of_what_is_kept_from_it_do_nothing_for_it() {
    let network = Network::default();
    let (both, c, thief) = robbed(&network).await;
    let a = &both.0;
    let granted = || Granted {
        grant: grant(),
        address: "127.0.0.1:1".parse().unwrap(),
        certificates: Vec::new(),
    };
    let (of_a, of_c) = (mounts(a), mounts(&c));
    assert!(of_a.difference(&of_c).count() >= 6, "{of_a:?} {of_c:?}");
    let mut said = BTreeSet::new();
    for (namespace, mount) in of_a {
        let at = At { namespace, mount };
        let lease = || Lease::of_kind("creds");
        for errand in [
            Errand::Undo(at, lease()),
            Errand::Renew(at, lease(), 60),
            Errand::Regrant(at, granted(), 60),
        ] {
            let came = thief.wish(&Wish::Do(Box::new(errand))).await;
            let (kind, message) = refused(&came).unwrap_or_else(|| panic!("{came:?}"));
            assert_eq!(kind, RefusalKind::Invalid, "{message}");
            if !of_c.contains(&(namespace, mount)) {
                assert_eq!(message, "there is no such mount on the primary");
            }
            said.insert(message.to_owned());
        }
    }
    assert!(
        said.contains("the engine leases no such secrets"),
        "{said:?}"
    );
    let shut = a.read("sys/namespaces/canary-ns").await.unwrap();
    let shut = u64::from_str_radix(shut["id"].as_str().unwrap(), 16).unwrap();
    for (namespace, key, expected) in [
        (shut, "default", RefusalKind::NotFound),
        (0, "of-nobody", RefusalKind::Invalid),
    ] {
        let errand = Errand::MakeKey(namespace, key.to_owned());
        let came = thief.wish(&Wish::Do(Box::new(errand))).await;
        let found = refused(&came).map(|(kind, _)| kind);
        assert_eq!(found, Some(expected), "{key}: {came:?}");
    }
}

/// What honest ones forward.
const FOR_SECONDARIES: &str = r##"
    update shared/notes/y {"text": "by c"}
    delete shared/notes/y
    update sys/mounts/more {"type": "notes"}
    update sys/mounts/more/tune {"description": "d"}
    update sys/remount {"from": "more", "to": "moved"}
    delete sys/mounts/moved
    update sys/auth/reception {"type": "reception"}
    delete sys/auth/reception
    update sys/namespaces/team
    update team/sys/mounts/in {"type": "notes"}
    delete team/sys/mounts/in
    update sys/policies/acl/p {"policy": "path \"x\" {}"}
    delete sys/policies/acl/p
    update sys/policies/password/p {"policy": "length = 8\nrule \"charset\" { charset = \"abc\" }"}
    update sys/quotas/rate-limit/all {"rate": 1000}
    update sys/quotas/rate-limit/s {"rate": 1000, "path": "shared/"}
    update sys/config/cors {"allowed_origins": "*"}
    update sys/config/auditing/request-headers/x-h
    update sys/rotate/config {"interval": "48h"}
    update auth/token/roles/r
    update identity/entity {"name": "ann"}
    update identity/group {"name": "readers"}
    update identity/oidc/key/k {"allowed_client_ids": "*"}
    update identity/oidc/role/r {"key": "k"}
    update identity/mfa/method/totp {"issuer": "i"}
"##;

/// It writes what all of them share.
#[tokio::test(start_paused = true)]
async fn what_is_shared_is_written_through_a_secondary() {
    let network = Network::default();
    let (both, c, thief) = robbed(&network).await;
    let a = &both.0;
    for (operation, path, data) in FOR_SECONDARIES.trim().lines().map(request) {
        let done = c.house.ask_as(&c.token, operation, path, data).await;
        done.unwrap_or_else(|refusal| panic!("{operation:?} {path}: {refusal:?}"));
    }
    for path in [
        "identity/entity/name/ann",
        "sys/namespaces/team",
        "sys/quotas/rate-limit/s",
    ] {
        assert!(
            a.read(path).await.is_ok() && c.read(path).await.is_ok(),
            "{path}"
        );
    }
    // That is so for whoever takes it over as well.
    let policy = json!({ "policy": "# by a thief" });
    let came = thief
        .ask(Operation::Update, "sys/policies/acl/thief", policy)
        .await;
    assert!(matches!(came, Came::Empty), "{came:?}");
}

/// After a revocation and a new token of the same name there is one certificate that is let in.
#[tokio::test(start_paused = true)]
async fn what_was_revoked_stays_out_when_its_name_is_given_again() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    let old = network.shown_by("c");
    let key = "sys/replication/performance/secondary/generate-public-key";
    let key = c.write(key, json!({})).await.unwrap();
    let token = json!({ "id": "c", "secondary_public_key": key["secondary_public_key"] });
    let revoke = "sys/replication/performance/primary/revoke-secondary";
    a.write(revoke, json!({ "id": "c" })).await.unwrap();
    c.until_it_is_cut_off().await;
    let refused = network.with_identity(&old, "a").await.err().unwrap();
    assert!(refused.contains("was revoked"), "{refused}");

    let path = "sys/replication/performance/primary/secondary-token";
    let made = a.write(path, token).await.unwrap();
    let update = "sys/replication/performance/secondary/update-primary";
    let token = json!({ "token": made["token"] });
    c.write(update, token).await.unwrap();
    c.until_it_streams().await;
    for _ in 0..3 {
        let refused = network.with_identity(&old, "a").await.err().unwrap();
        let expected = "no secondary has this certificate";
        assert!(refused.contains(expected), "{refused}");
    }
    assert_ne!(network.shown_by("c").certificate, old.certificate);
    assert!(network.as_secondary("c", "a").await.is_ok());
}
