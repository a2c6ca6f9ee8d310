//! Whatever the route: who may do everything in one namespace may do nothing in another, sees nothing
//! of it and changes nothing in it.

use crate::house::{House, ROOT};
use crate::route::{self, Route};
use base::{Answer, Operation, Refusal, RefusalKind};
use serde_json::{Map, Value, json};

type Outcome = Result<Answer, Refusal>;

/// In every value that only its namespace may see.
const SECRET: &str = "only-for-a";

/// What a token does with itself it does from everywhere.
const OF_THE_TOKEN_ITSELF: [&str; 3] = [
    "auth/token/lookup-self",
    "auth/token/renew-self",
    "auth/token/revoke-self",
];

const ALL: &str = r#"path "*" { capabilities = ["create", "read", "update", "patch", "delete", "list", "scan", "sudo"] }"#;

impl House {
    async fn update(&self, path: &str, data: Value) -> Value {
        let outcome = self.ask(ROOT, Operation::Update, path, data).await;
        let answer = outcome.unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
        content(&answer)
    }

    async fn read(&self, path: &str) -> Value {
        let outcome = self.ask(ROOT, Operation::Read, path, json!({})).await;
        content(&outcome.unwrap())
    }

    /// A namespace with the standard components, whose owner may do everything in it.
    async fn namespace(&self, name: &str) {
        self.update(&format!("sys/namespaces/{name}"), json!({}))
            .await;
        self.mount_all(&format!("{name}/")).await;
        let owner = json!({ "policy": ALL });
        self.update(&format!("{name}/sys/policies/acl/owner"), owner)
            .await;
    }

    /// A fresh one: a request may end the token that makes it.
    async fn owner_of(&self, name: &str) -> String {
        let body = json!({ "policies": ["owner"], "no_default_policy": true });
        let path = format!("{name}/auth/token/create");
        let made = self.ask(ROOT, Operation::Update, &path, body).await;
        match made.unwrap() {
            Answer::Envelope(made) => made.auth.unwrap().client_token.expose().clone(),
            other => panic!("{other:?}"),
        }
    }
}

/// All that an answer says.
fn content(answer: &Answer) -> Value {
    match answer {
        Answer::Envelope(envelope) | Answer::Missing(envelope) | Answer::Accepted(envelope) => {
            let data = envelope.data.as_ref().map(base::Json::to_value);
            let auth = envelope.auth.as_ref();
            json!({
                "data": data,
                "accessor": auth.map(|auth| &auth.accessor),
                "lease": envelope.lease.id,
                "warnings": envelope.warnings,
            })
        }
        Answer::Bare(bare) => bare.to_value(),
        Answer::Raw(raw) => Value::from(String::from_utf8_lossy(&raw.body)),
        _ => Value::Null,
    }
}

fn told(outcome: &Outcome) -> String {
    match outcome {
        Ok(answer) => content(answer).to_string(),
        Err(refusal) => refusal.message.clone(),
    }
}

/// Was it refused for what it asks, and not for what it says?
fn is_kept_out(route: &Route, outcome: &Outcome) -> bool {
    outcome.as_ref().is_err_and(|refusal| match refusal.kind {
        RefusalKind::Denied => true,
        RefusalKind::Invalid => {
            route.is_of_wrapping()
                || refusal.message == "operation only available in root namespace"
        }
        _ => false,
    })
}

#[tokio::test]
async fn a_token_of_one_namespace_is_denied_in_all_others() {
    let house = House::open().await;
    let routes = route::all(&house).await;
    house.namespace("a").await;
    house.namespace("b").await;
    house.update("b/sys/namespaces/child", json!({})).await;
    house.mount_all("b/child/").await;
    let owner = house.owner_of("b/child").await;
    let mut found = Vec::new();
    let asked = routes
        .iter()
        .filter(|route| route.needs_token() && !OF_THE_TOKEN_ITSELF.contains(&route.path.as_str()));
    for route in asked {
        for beside in ["", "a/", "b/"] {
            let path = format!("{beside}{}", route.path);
            let outcome = house.ask(&owner, route.operation, &path, json!({})).await;
            if !is_kept_out(route, &outcome) {
                found.push(format!("{beside}: {}: {outcome:?}", route.name()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Something of every kind, named as the routes are filled, with a secret in it; and what it is known
/// by, under the names of the fields that take such ids.
async fn fill(house: &House) -> Map<String, Value> {
    let update = |path: &str, data: Value| {
        let path = format!("a/{path}");
        async move { house.update(&path, data).await }
    };
    let policy = format!("# {SECRET}\npath \"x\" {{ capabilities = [\"read\"] }}");
    update("sys/policies/acl/x", json!({ "policy": policy })).await;
    let password = format!("# {SECRET}\nlength = 20\nrule \"charset\" {{ charset = \"abc\" }}");
    update("sys/policies/password/x", json!({ "policy": password })).await;
    let about = json!({ "custom_metadata": { "about": SECRET } });
    update("sys/namespaces/x", about).await;
    update("kv-v1/x", json!({ "value": SECRET })).await;
    update("cubbyhole/x", json!({ "value": SECRET })).await;
    update("transit/keys/x", json!({ "exportable": true })).await;
    update(
        "sys/auth/x",
        json!({ "type": "userpass", "description": SECRET }),
    )
    .await;
    update("auth/userpass/users/x", json!({ "password": SECRET })).await;
    update("auth/approle/role/x", json!({ "token_policies": [SECRET] })).await;
    update("auth/token/roles/x", json!({ "path_suffix": SECRET })).await;
    let named = json!({ "name": "x", "metadata": { "about": SECRET } });
    let entity = update("identity/entity", named.clone()).await["data"]["id"].clone();
    let mut group = named;
    group["member_entity_ids"] = json!([entity]);
    let group = update("identity/group", group).await["data"]["id"].clone();
    let meta = json!({ "meta": { "about": SECRET } });
    let accessor = update("auth/token/create", meta).await["accessor"].clone();
    let leases = house
        .ask(
            ROOT,
            Operation::List,
            "a/sys/leases/lookup/auth/token/create/",
            json!({}),
        )
        .await;
    let lease = content(&leases.unwrap())["data"]["keys"][0].clone();
    let lease = format!("auth/token/create/{}", lease.as_str().unwrap());
    let methods = house
        .ask(ROOT, Operation::Read, "a/sys/auth", json!({}))
        .await;
    let methods = content(&methods.unwrap());
    let method = methods["data"]["userpass/"]["accessor"].clone();
    let mut ids = json!({
        "accessor": accessor,
        "lease_id": lease,
        "id": entity,
        "entity_id": entity,
        "canonical_id": entity,
        "from_entity_ids": [entity],
        "to_entity_id": entity,
        "entity_ids": [entity],
        "member_entity_ids": [entity],
        "member_group_ids": [group],
        "mount_accessor": method,
        "alias_mount_accessor": method,
    });
    let ids = ids.as_object_mut().unwrap();
    let alias = json!({
        "name": SECRET, "canonical_id": entity, "mount_accessor": method,
        "custom_metadata": { "about": SECRET },
    });
    let alias = update("identity/entity-alias", alias).await["data"]["id"].clone();
    ids.insert("alias_id".to_owned(), alias);
    fill_providers(house, ids).await;
    fill_methods(house).await;
    ids.insert(LEASED.to_owned(), fill_leases(house).await);
    std::mem::take(ids)
}

/// What signs people in elsewhere, and their second factors.
async fn fill_providers(house: &House, ids: &mut Map<String, Value>) {
    let update = |path: &str, data: Value| {
        let path = format!("a/identity/{path}");
        async move { house.update(&path, data).await }
    };
    update("oidc/key/x", json!({ "allowed_client_ids": ["*", SECRET] })).await;
    let role = json!({ "key": "x", "client_id": SECRET });
    update("oidc/role/x", role).await;
    update("oidc/scope/x", json!({ "description": SECRET })).await;
    update("oidc/assignment/x", json!({ "entity_ids": [SECRET] })).await;
    let uri = format!("https://{SECRET}.example.com/callback");
    let client = json!({ "key": "x", "assignments": ["x"], "redirect_uris": [uri] });
    update("oidc/client/x", client).await;
    let client = house.read("a/identity/oidc/client/x").await["data"].clone();
    let issuer = format!("https://{SECRET}.example.com");
    let provider = json!({
        "issuer": issuer, "allowed_client_ids": [client["client_id"]], "scopes_supported": ["x"],
    });
    update("oidc/provider/x", provider).await;
    let method = json!({ "method_name": SECRET, "issuer": SECRET });
    let method = update("mfa/method/totp", method).await["data"]["method_id"].clone();
    let enforcement =
        json!({ "mfa_method_ids": [method], "identity_entity_ids": [ids["entity_id"]] });
    update("mfa/login-enforcement/x", enforcement).await;
    ids.insert("method_id".to_owned(), method.clone());
    ids.insert("mfa_method_ids".to_owned(), json!([method]));
    for name in ["client_id", "client_secret"] {
        ids.insert(name.to_owned(), client[name].clone());
    }
}

/// What the other engines and methods keep.
async fn fill_methods(house: &House) {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new([String::from("a.example.com")]).unwrap();
    let certificate = certificate.self_signed(&key).unwrap().pem();
    let entry = json!({ "certificate": certificate, "display_name": SECRET });
    house.update("a/auth/cert/certs/x", entry).await;
    let config =
        json!({ "jwt_validation_pubkeys": [key.public_key_pem()], "bound_issuer": SECRET });
    house.update("a/auth/jwt/config", config).await;
    let role = json!({ "role_type": "jwt", "user_claim": "sub", "bound_audiences": [SECRET] });
    house.update("a/auth/jwt/role/x", role).await;
    let key = json!({ "generate": true, "issuer": SECRET, "account_name": SECRET });
    house.update("a/totp/keys/x", key).await;
}

/// A secret of a component that has an end, which can be put off; the id of its lease.
async fn fill_leases(house: &House) -> Value {
    house.mount("a/sys/mounts", "courier").await;
    let folder = format!("courier/renewable/{SECRET}");
    house.read(&format!("a/{folder}")).await;
    let path = format!("a/sys/leases/lookup/{folder}/");
    let leases = house.ask(ROOT, Operation::List, &path, json!({})).await;
    let key = content(&leases.unwrap())["data"]["keys"][0].clone();
    Value::from(format!("{folder}/{}", key.as_str().unwrap()))
}

/// Not the name of a field: the lease of a secret, for the fields and paths that take leases.
const LEASED: &str = "a leased secret";

/// What is asked of a route in the other namespace: without anything, with what is known of the
/// first one, and about its leased secret, in the body and in the path.
fn asked(route: &Route, ids: &Map<String, Value>) -> Vec<(String, Value)> {
    let known = route.fields.iter().map(|(name, _)| name);
    let known = known.filter_map(|name| Some((name.clone(), ids.get(name)?.clone())));
    let known: Map<String, Value> = known.collect();
    let path = format!("b/{}", route.path);
    let mut asked = vec![(path.clone(), json!({}))];
    let lease = ids[LEASED].as_str().unwrap();
    if known.contains_key("lease_id") {
        asked.push((path.clone(), json!({ "lease_id": lease })));
    }
    let is_of_leases = ["sys/leases/", "sys/renew", "sys/revoke"]
        .iter()
        .any(|begin| route.path.starts_with(begin));
    if let (true, Some(folder)) = (is_of_leases, path.strip_suffix("/x")) {
        let about = lease.rsplit_once('/').unwrap().0;
        for what in [lease, about, "courier"] {
            asked.push((format!("{folder}/{what}"), json!({})));
        }
    }
    asked.push((path, Value::Object(known)));
    asked
}

/// What is read of the kinds that there are.
const SHOWING: [&str; 22] = [
    "Read auth/approle/role/x",
    "Read auth/cert/certs/x",
    "Read auth/jwt/config",
    "Read auth/jwt/role/x",
    "Read auth/token/roles/x",
    "Read cubbyhole/x",
    "Read identity/entity/name/x",
    "Read identity/group/name/x",
    "Read identity/oidc/assignment/x",
    "Read identity/oidc/client/x",
    "Read identity/oidc/key/x",
    "Read identity/oidc/provider/x",
    "Read identity/oidc/role/x",
    "Read identity/oidc/scope/x",
    "Read kv-v1/x",
    "Read sys/auth",
    "Read sys/namespaces/x",
    "Read sys/policies/acl/x",
    "Read sys/policies/password/x",
    "Read totp/keys/x",
    "List identity/entity-alias/id",
    "List identity/mfa/method/totp",
];

/// All that can be read and listed in a namespace, by route.
async fn everything(house: &House, namespace: &str, routes: &[Route]) -> Vec<(String, String)> {
    let mut seen = Vec::new();
    let looks = |route: &&Route| {
        matches!(
            route.operation,
            Operation::Read | Operation::List | Operation::Scan
        )
    };
    for route in routes.iter().filter(looks) {
        let path = format!("{namespace}/{}", route.path);
        let outcome = house.ask(ROOT, route.operation, &path, json!({})).await;
        seen.push((route.name(), told(&outcome)));
    }
    seen
}

/// What says something else each time.
fn is_steady(name: &str) -> bool {
    let changing = [
        "sys/tools/random",
        "sys/leases/lookup",
        "auth/token/accessors",
        "sys/internal/counters/tokens",
        "sys/policies/password/x/generate",
        "transit/random",
        "totp/code",
    ];
    !changing.iter().any(|part| name.contains(part))
}

#[tokio::test]
async fn nothing_of_one_namespace_is_seen_or_changed_from_another() {
    let house = House::open().await;
    let routes = route::all(&house).await;
    house.namespace("a").await;
    house.namespace("b").await;
    let ids = fill(&house).await;
    let before = everything(&house, "a", &routes).await;
    let showing = before.iter().filter(|(_, text)| text.contains(SECRET));
    let showing: Vec<&str> = showing.map(|(name, _)| name.as_str()).collect();
    for name in SHOWING {
        assert!(
            showing.contains(&name),
            "{name} shows nothing: {showing:#?}"
        );
    }
    let lease = json!({ "lease_id": ids[LEASED] });
    let leased = house.update("a/sys/leases/lookup", lease.clone()).await;
    assert_eq!(leased["data"]["renewable"], true, "{leased}");
    let mut found = Vec::new();
    for route in &routes {
        for (path, data) in asked(route, &ids) {
            // One of the routes locks it.
            let unlock = "sys/namespaces/api-lock/unlock/b";
            let _ = house.ask(ROOT, Operation::Update, unlock, json!({})).await;
            let owner = house.owner_of("b").await;
            let outcome = house.ask(&owner, route.operation, &path, data).await;
            let told = told(&outcome).replace(path.as_str(), "");
            if told.contains(SECRET) {
                found.push(format!("{}: {outcome:?}", route.name()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    // Neither renewed nor revoked.
    assert_eq!(house.update("a/sys/leases/lookup", lease).await, leased);
    let after = everything(&house, "a", &routes).await;
    for (before, after) in before.iter().zip(&after) {
        if is_steady(&before.0) {
            assert_eq!(before, after, "{}", before.0);
        }
    }
}
