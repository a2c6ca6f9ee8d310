//! Whoever has taken over a secondary, and speaks to the primary with its certificate: vouches for a
//! root token that nobody made, and asks for what is kept from it.

use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::{Json, NamespaceId, Operation, RefusalKind, Timestamp, TokenKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::net::SocketAddr;
use core::time::Duration;
use link::Link;
use replication::{Method, decode, encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An engine whose routes read and write: `notes/{name}`.
pub(crate) const NOTES: &[u8] =
    include_bytes!("../../../../tests/compat/components/v0.1/notes.wasm");
/// An auth method.
pub(crate) const RECEPTION: &[u8] =
    include_bytes!("../../../../tests/compat/components/v0.1/reception.wasm");

/// What a secondary may wish, as it goes over the wire.
#[derive(Serialize)]
enum Wish {
    Run(Box<Forwarded>),
    LogIn(LogIn),
}

#[derive(Serialize)]
struct Forwarded {
    id: String,
    operation: Operation,
    path: String,
    namespace: String,
    data: String,
    raw_body: Option<Vec<u8>>,
    wrap_ttl: Option<Duration>,
    address: SocketAddr,
    certificates: Vec<Vec<u8>>,
    headers: Vec<(String, String)>,
    caller: Option<(String, String)>,
    leases: Leases,
}

#[derive(Serialize)]
enum Leases {
    Admitted,
}

#[derive(Serialize)]
struct LogIn {
    namespace: u64,
    accessor: String,
    grant: String,
}

/// What came of it.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is shown where a test fails")]
enum Came {
    Empty,
    Refused(Refused),
    Accepted(Envelope),
    Envelope(Envelope),
    Missing(Envelope),
    Bare(String),
    Raw(Raw),
    Said(Said, Vec<String>),
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is shown where a test fails")]
struct Refused {
    kind: RefusalKind,
    message: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is shown where a test fails")]
struct Envelope {
    data: Option<String>,
    repeats_data: bool,
    advice: Duration,
    warnings: Vec<String>,
    mount_type: String,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is shown where a test fails")]
struct Raw {
    status: u16,
    content_type: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is shown where a test fails")]
enum Said {
    Empty,
    Data(String),
}

/// The taken-over secondary.
struct Thief(Arc<dyn Link>);

impl Thief {
    async fn wish(&self, wish: &Wish) -> Came {
        let mut channel = self.0.open(Method::Forward.name()).await.unwrap();
        channel.send(encode(wish).unwrap()).await.unwrap();
        let frame = channel.receive().await.unwrap().unwrap();
        let (came, _): (Came, Option<u64>) = decode(&frame).unwrap();
        came
    }

    /// Asks as root.
    async fn ask(&self, operation: Operation, path: &str, data: Value) -> Came {
        self.ask_within("", operation, path, data).await
    }

    async fn ask_within(
        &self,
        namespace: &str,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> Came {
        let token = serde_json::to_string(&root()).unwrap();
        self.wish(&Wish::Run(Box::new(Forwarded {
            id: String::from("made-up"),
            operation,
            path: path.to_owned(),
            namespace: namespace.to_owned(),
            data: data.to_string(),
            raw_body: None,
            wrap_ttl: None,
            address: "127.0.0.1:1".parse().unwrap(),
            certificates: Vec::new(),
            headers: Vec::new(),
            caller: Some((token, String::from("made-up"))),
            leases: Leases::Admitted,
        })))
        .await
    }
}

/// A token that nobody made.
fn root() -> access::Token {
    access::Token {
        accessor: String::new(),
        parent: None,
        namespace: NamespaceId::ROOT,
        policies: vec![String::from("root")],
        path: String::new(),
        display_name: String::from("root"),
        metadata: BTreeMap::new(),
        kind: TokenKind::Service,
        uses_left: 0,
        is_spent: false,
        created: Timestamp::from_millis(0),
        lifetime: access::Lifetime::default(),
        expires: None,
        last_renewal: None,
        entity_id: String::new(),
        role: String::new(),
        bound_cidrs: Vec::new(),
        method: None,
    }
}

fn refused(came: &Came) -> Option<(RefusalKind, &str)> {
    match came {
        Came::Refused(refused) => Some((refused.kind, refused.message.as_str())),
        _ => None,
    }
}

/// A primary with what is kept from a secondary and what is not, the secondary, and its thief.
async fn robbed(network: &Network) -> ((Member, seal::Share), Member, Thief) {
    let both = primary(network).await;
    let a = &both.0;
    for (kind, name, bytes) in [("secret", "notes", NOTES), ("auth", "reception", RECEPTION)] {
        let path = format!("sys/plugins/catalog/{kind}/{name}");
        let body = json!({ "component": STANDARD.encode(bytes) });
        a.write(&path, body).await.unwrap();
    }
    for (path, body) in [
        ("sys/namespaces/canary-ns", json!({})),
        ("sys/namespaces/open", json!({})),
        (
            "sys/mounts/canary-own",
            json!({ "type": "notes", "local": true }),
        ),
        ("sys/mounts/canary-shut", json!({ "type": "notes" })),
        ("sys/mounts/canary-deep/shut", json!({ "type": "notes" })),
        ("sys/mounts/shared", json!({ "type": "notes" })),
        ("sys/auth/canary-shut", json!({ "type": "reception" })),
        (
            "sys/auth/canary-own",
            json!({ "type": "reception", "local": true }),
        ),
        ("canary-ns/sys/mounts/canary-in", json!({ "type": "notes" })),
        (
            "canary-ns/canary-in/notes/x",
            json!({ "text": "canary-of-a-namespace" }),
        ),
        (
            "canary-own/notes/x",
            json!({ "text": "canary-of-a-local-mount" }),
        ),
        (
            "canary-shut/notes/x",
            json!({ "text": "canary-of-a-filtered-mount" }),
        ),
        ("shared/notes/x", json!({ "text": "known to all" })),
    ] {
        let written = a.write(path, body).await;
        written.unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
    }
    let filter = json!({
        "paths_filter_mode": "deny",
        "paths": ["canary-ns", "canary-shut", "canary-deep/shut", "auth/canary-shut"],
    });
    let c = secondary(network, &both, "c", filter).await;
    let thief = Thief(network.as_secondary("c", "a").await.unwrap());
    (both, c, thief)
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_from_it_is_not_there_for_what_it_forwards() {
    let network = Network::default();
    let (both, _c, thief) = robbed(&network).await;
    let a = &both.0;
    let none = json!({});
    let text = json!({ "text": "stolen" });
    for (namespace, operation, path, data) in [
        ("", Operation::Read, "canary-shut/notes/x", &none),
        ("", Operation::Update, "canary-shut/notes/x", &text),
        ("", Operation::Delete, "canary-shut/notes/x", &none),
        ("", Operation::List, "canary-shut/notes", &none),
        ("", Operation::Read, "canary-own/notes/x", &none),
        ("", Operation::Update, "canary-own/notes/x", &text),
        ("", Operation::Read, "canary-ns/canary-in/notes/x", &none),
        ("canary-ns", Operation::Read, "canary-in/notes/x", &none),
        ("canary-ns/", Operation::Update, "sys/policies/acl/p", &none),
        ("", Operation::Update, "canary-ns/sys/policies/acl/p", &none),
        ("", Operation::Update, "auth/canary-shut/login/bob/x", &none),
        ("", Operation::Update, "auth/canary-own/login/bob/x", &none),
        ("", Operation::Update, "sys/mounts/canary-shut/tune", &none),
        ("", Operation::Update, "sys/mounts/canary-own/tune", &none),
        ("", Operation::Update, "sys/auth/canary-shut/tune", &none),
        ("", Operation::Delete, "sys/mounts/canary-shut", &none),
        ("", Operation::Delete, "sys/mounts/canary-own", &none),
        ("", Operation::Delete, "sys/auth/canary-shut", &none),
        ("", Operation::Delete, "sys/namespaces/canary-ns", &none),
        ("", Operation::Patch, "sys/namespaces/canary-ns", &none),
        (
            "",
            Operation::Update,
            "sys/namespaces/api-lock/lock/canary-ns",
            &none,
        ),
    ] {
        let came = thief
            .ask_within(namespace, operation, path, data.clone())
            .await;
        let (kind, message) = refused(&came).unwrap_or_else(|| panic!("{path}: {came:?}"));
        assert_eq!(
            kind,
            RefusalKind::NotFound,
            "{operation:?} {path}: {message}"
        );
    }
    // Both a move away and a limit name it in the body.
    let moved = json!({ "from": "canary-shut", "to": "shared-too" });
    let came = thief.ask(Operation::Update, "sys/remount", moved).await;
    assert_eq!(refused(&came).unwrap().0, RefusalKind::NotFound);
    let limit = json!({ "path": "canary-shut/", "rate": 1 });
    let came = thief
        .ask(Operation::Update, "sys/quotas/rate-limit/q", limit)
        .await;
    assert_eq!(refused(&came).unwrap().0, RefusalKind::NotFound);
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

#[tokio::test(start_paused = true)]
async fn the_part_of_the_primary_its_keys_and_its_tokens_are_not_for_secondaries() {
    let network = Network::default();
    let (both, c, thief) = robbed(&network).await;
    let a = &both.0;
    let key = c
        .write(
            "sys/replication/performance/secondary/generate-public-key",
            json!({}),
        )
        .await
        .unwrap();
    network.forget();
    let performance = "sys/replication/performance";
    let token = json!({ "id": "d", "secondary_public_key": key["secondary_public_key"] });
    let device = json!({ "type": "discard", "options": {} });
    let of_c = json!({ "id": "c" });
    let none = json!({});
    let mut tried = 0;
    for (operation, path, data) in [
        (
            Operation::Update,
            format!("{performance}/primary/secondary-token"),
            &token,
        ),
        (
            Operation::Update,
            String::from("sys/replication/primary/secondary-token"),
            &token,
        ),
        (
            Operation::Update,
            format!("{performance}/primary/revoke-secondary"),
            &of_c,
        ),
        (
            Operation::Delete,
            format!("{performance}/primary/paths-filter/c"),
            &none,
        ),
        (
            Operation::Update,
            format!("{performance}/primary/paths-filter/c"),
            &none,
        ),
        (
            Operation::Read,
            format!("{performance}/primary/paths-filter/c"),
            &none,
        ),
        (
            Operation::Read,
            format!("{performance}/primary/dynamic-filter/c"),
            &none,
        ),
        (
            Operation::Update,
            format!("{performance}/primary/demote"),
            &none,
        ),
        (
            Operation::Update,
            format!("{performance}/primary/disable"),
            &none,
        ),
        (
            Operation::Update,
            String::from("sys/replication/reindex"),
            &none,
        ),
        (Operation::Read, String::from("sys/mounts"), &none),
        (Operation::Read, String::from("sys/auth"), &none),
        (
            Operation::Read,
            String::from("sys/internal/ui/mounts"),
            &none,
        ),
        (
            Operation::Read,
            String::from("sys/internal/ui/mounts/canary-shut"),
            &none,
        ),
        (Operation::List, String::from("sys/namespaces"), &none),
        (
            Operation::Read,
            String::from("sys/policies/acl/admin"),
            &none,
        ),
        (Operation::Help, String::from("sys/mounts"), &none),
        (Operation::Help, String::from("shared/notes/x"), &none),
        (Operation::Update, String::from("sys/seal"), &none),
        (Operation::Update, String::from("sys/step-down"), &none),
        (Operation::Update, String::from("sys/rotate"), &none),
        (Operation::Update, String::from("sys/rotate/root"), &none),
        (Operation::Update, String::from("sys/rekey/init"), &none),
        (
            Operation::Update,
            String::from("sys/rotate/root/init"),
            &none,
        ),
        (
            Operation::Update,
            String::from("sys/generate-root/attempt"),
            &none,
        ),
        (Operation::Update, String::from("sys/audit/d"), &device),
        (Operation::Read, String::from("sys/audit"), &none),
        (Operation::Update, String::from("sys/audit-hash/d"), &none),
        (
            Operation::Update,
            String::from("sys/leases/revoke-prefix/shared"),
            &none,
        ),
        (Operation::List, String::from("sys/leases/lookup/"), &none),
        (Operation::Update, String::from("sys/wrapping/wrap"), &none),
        (
            Operation::Update,
            String::from("sys/wrapping/unwrap"),
            &none,
        ),
        (Operation::Update, String::from("sys/loggers"), &none),
        (
            Operation::Update,
            String::from("sys/plugins/reload/backend"),
            &none,
        ),
        (Operation::Update, String::from("auth/token/create"), &none),
        (
            Operation::Update,
            String::from("auth/token/create-orphan"),
            &none,
        ),
        (
            Operation::Update,
            String::from("auth/token/lookup-accessor"),
            &none,
        ),
        (
            Operation::Update,
            String::from("auth/token/revoke-accessor"),
            &none,
        ),
        (Operation::List, String::from("auth/token/accessors"), &none),
        (Operation::Read, String::from("cubbyhole/x"), &none),
        (Operation::Update, String::from("cubbyhole/x"), &none),
        (
            Operation::List,
            String::from("identity/entity-alias/id"),
            &none,
        ),
        (
            Operation::Update,
            String::from("identity/lookup/entity"),
            &none,
        ),
    ] {
        tried += 1;
        let came = thief.ask(operation, &path, data.clone()).await;
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
    let filter = a
        .read(&format!("{performance}/primary/paths-filter/c"))
        .await;
    assert_eq!(filter.unwrap()["paths"].as_array().unwrap().len(), 4);
}

/// What an auth method says of somebody, as it travels.
fn grant() -> String {
    let grant = plugin::Grant {
        alias: String::from("bob"),
        alias_metadata: Vec::new(),
        display_name: String::from("bob"),
        policies: Vec::new(),
        metadata: Vec::new(),
        groups: Vec::new(),
        private: Json::of(&json!({})),
        terms: plugin::LeaseTerms::default(),
        token: plugin::TokenShape {
            kind: None,
            period_seconds: 0,
            explicit_max_ttl_seconds: 0,
            uses: 0,
            bound_cidrs: Vec::new(),
            no_default_policy: false,
        },
    };
    serde_json::to_string(&grant).unwrap()
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

/// What honest ones forward goes on: it writes what all of them share.
#[tokio::test(start_paused = true)]
async fn what_is_shared_is_written_through_a_secondary() {
    let network = Network::default();
    let (both, c, thief) = robbed(&network).await;
    let a = &both.0;
    let none = json!({});
    for (operation, path, data) in [
        (
            Operation::Update,
            "shared/notes/y",
            json!({ "text": "by c" }),
        ),
        (Operation::Delete, "shared/notes/y", none.clone()),
        (
            Operation::Update,
            "sys/mounts/more",
            json!({ "type": "notes" }),
        ),
        (
            Operation::Update,
            "sys/mounts/more/tune",
            json!({ "description": "d" }),
        ),
        (
            Operation::Update,
            "sys/remount",
            json!({ "from": "more", "to": "moved" }),
        ),
        (Operation::Delete, "sys/mounts/moved", none.clone()),
        (
            Operation::Update,
            "sys/auth/reception",
            json!({ "type": "reception" }),
        ),
        (Operation::Delete, "sys/auth/reception", none.clone()),
        (Operation::Update, "sys/namespaces/team", none.clone()),
        (
            Operation::Update,
            "team/sys/mounts/in",
            json!({ "type": "notes" }),
        ),
        (Operation::Delete, "team/sys/mounts/in", none.clone()),
        (
            Operation::Update,
            "sys/policies/acl/p",
            json!({ "policy": "# p" }),
        ),
        (Operation::Delete, "sys/policies/acl/p", none.clone()),
        (
            Operation::Update,
            "sys/policies/password/p",
            json!({ "policy": "length = 8\nrule \"charset\" { charset = \"abc\" }" }),
        ),
        (
            Operation::Update,
            "sys/quotas/rate-limit/all",
            json!({ "rate": 1_000 }),
        ),
        (
            Operation::Update,
            "sys/quotas/rate-limit/s",
            json!({ "rate": 1_000, "path": "shared/" }),
        ),
        (
            Operation::Update,
            "sys/config/cors",
            json!({ "allowed_origins": "*" }),
        ),
        (
            Operation::Update,
            "sys/config/auditing/request-headers/x-h",
            none.clone(),
        ),
        (
            Operation::Update,
            "sys/rotate/config",
            json!({ "interval": "48h" }),
        ),
        (Operation::Update, "auth/token/roles/r", none.clone()),
        (
            Operation::Update,
            "identity/entity",
            json!({ "name": "ann" }),
        ),
        (
            Operation::Update,
            "identity/group",
            json!({ "name": "readers" }),
        ),
        (
            Operation::Update,
            "identity/oidc/key/k",
            json!({ "allowed_client_ids": "*" }),
        ),
        (
            Operation::Update,
            "identity/oidc/role/r",
            json!({ "key": "k" }),
        ),
        (
            Operation::Update,
            "identity/mfa/method/totp",
            json!({ "issuer": "i" }),
        ),
    ] {
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
