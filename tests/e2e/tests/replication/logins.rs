//! Logins at a secondary that need what is shared: groups that a method tells of, a second factor,
//! and signing in elsewhere with who is known here.

use super::components::built;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::clusters::{Cluster, Pair, fine, text};
use serde_json::{Value, json};

const REDIRECT: &str = "http://127.0.0.1/cb";

fn members(cluster: &Cluster, group: &str) -> Value {
    let read = cluster.read(&format!("identity/group/name/{group}"));
    read["data"]["member_entity_ids"].clone()
}

/// Somebody logs in whom the method counts to a group; their entity, and the policies of it.
fn log_in(cluster: &Cluster, group: &str) -> (String, Value) {
    let path = format!("auth/reception/login/ann/{group}");
    let made = fine(&cluster.client_as("").write(&path, &json!({})));
    let auth = &made["auth"];
    (
        text(&made, "/auth/entity_id"),
        auth["identity_policies"].clone(),
    )
}

#[test]
fn a_login_at_a_secondary_changes_groups_of_both() {
    let component = built("reception");
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    let body = json!({ "component": STANDARD.encode(component) });
    a.write("sys/plugins/catalog/auth/reception", &body);
    a.write("sys/auth/reception", &json!({ "type": "reception" }));
    let accessor = text(&a.read("sys/auth/reception"), "/data/accessor");
    for name in ["staff", "guests"] {
        let group = json!({ "type": "external", "policies": [name] });
        let path = format!("identity/group/name/{name}");
        a.write(&path, &group);
        let id = text(&a.read(&path), "/data/id");
        let alias = json!({ "name": name, "canonical_id": id, "mount_accessor": accessor });
        a.write("identity/group-alias", &alias);
    }
    pair.settle();
    // An entity that is new, then one that is known but counted to another group.
    let (ann, policies) = log_in(c, "staff");
    assert_eq!(policies, json!(["staff"]));
    let (again, policies) = log_in(c, "guests");
    assert_eq!((again, policies), (ann.clone(), json!(["guests"])));
    pair.settle();
    for cluster in [a, c] {
        assert_eq!(members(cluster, "guests"), json!([ann]));
        let staff = members(cluster, "staff");
        assert!(staff.as_array().is_none_or(Vec::is_empty), "{staff}");
    }
    let (there, policies) = log_in(a, "staff");
    assert_eq!((there, policies), (ann, json!(["staff"])));
    is_renewed_here(&pair);
}

/// A token is renewed where it is, also where its method shares that it was.
fn is_renewed_here(pair: &Pair) {
    let (a, c) = (&pair.a, &pair.c);
    let path = "auth/reception/login/noted/staff";
    let made = fine(&c.client_as("").write(path, &json!({})));
    let token = text(&made, "/auth/client_token");
    let renew = || {
        c.client_as(&token)
            .write("auth/token/renew-self", &json!({}))
    };
    let renewed = fine(&renew());
    assert_eq!(renewed["auth"]["lease_duration"], 600, "{renewed:#}");
    let there = a.client_as(&token).read("auth/token/lookup-self");
    assert_eq!(there.status, 403, "{}", there.body);
    a.relay.cut();
    c.until_it_is_cut_off();
    let refused = renew();
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert_eq!(
        fine(&c.client_as(&token).read("auth/token/lookup-self"))["data"]["display_name"],
        "reception-noted"
    );
}

/// Ann of `auth/up` has a second factor; her method of it, and her entity.
fn with_factor(a: &Cluster) -> (String, String) {
    a.write("sys/auth/up", &json!({ "type": "userpass" }));
    let user = json!({ "password": "p", "token_policies": "admin" });
    a.write("auth/up/users/ann", &user);
    let login = a.write("auth/up/login/ann", &json!({ "password": "p" }));
    let entity = text(&login, "/auth/entity_id");
    let factor = json!({ "issuer": "C", "period": "2h" });
    let method = text(
        &a.write("identity/mfa/method/totp", &factor),
        "/data/method_id",
    );
    let asked = json!({ "mfa_method_ids": [method], "identity_entity_ids": [entity] });
    a.write("identity/mfa/login-enforcement/ann", &asked);
    let key = json!({ "method_id": method, "entity_id": entity });
    let key = a.write("identity/mfa/method/totp/admin-generate", &key);
    a.write("sys/mounts/totp", &json!({ "type": "totp" }));
    let url = json!({ "url": text(&key, "/data/url") });
    a.write("totp/keys/ann", &url);
    (method, entity)
}

#[test]
fn a_second_factor_and_a_sign_in_work_at_a_secondary() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    let (method, entity) = with_factor(a);
    pair.settle();
    let nobody = c.client_as("");
    let waits = fine(&nobody.write("auth/up/login/ann", &json!({ "password": "p" })));
    assert_eq!(waits["auth"]["client_token"], "");
    let request = text(&waits, "/auth/mfa_requirement/mfa_request_id");
    let code = text(&c.read("totp/code/ann"), "/data/code");
    let body = json!({ "mfa_request_id": request, "mfa_payload": { method.as_str(): [code] } });
    // It waits where it was begun.
    assert_eq!(a.client_as("").write("sys/mfa/validate", &body).status, 400);
    let made = fine(&nobody.write("sys/mfa/validate", &body));
    assert_eq!(made["auth"]["entity_id"], entity.as_str());
    let token = text(&made, "/auth/client_token");
    signs_in(&pair, &token, &entity);
}

/// An application that is known to both gets what it asks for where its user is logged in.
fn signs_in(pair: &Pair, token: &str, entity: &str) {
    let (a, c) = (&pair.a, &pair.c);
    c.write("identity/oidc/key/k", &json!({ "allowed_client_ids": "*" }));
    let application = json!({
        "key": "k",
        "redirect_uris": [REDIRECT],
        "assignments": ["allow_all"],
    });
    c.write("identity/oidc/client/app", &application);
    let application = c.read("identity/oidc/client/app");
    let (id, secret) = (
        text(&application, "/data/client_id"),
        text(&application, "/data/client_secret"),
    );
    let provider = json!({ "issuer": "https://a.test", "allowed_client_ids": [id] });
    c.write("identity/oidc/provider/p", &provider);
    let query = format!(
        "client_id={id}&redirect_uri={REDIRECT}&scope=openid&response_type=code&state=s&nonce=n"
    );
    let path = format!("identity/oidc/provider/p/authorize?{query}");
    let code = text(&fine(&c.client_as(token).read(&path)), "/code");
    let asked = json!({
        "client_id": id,
        "client_secret": secret,
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
    });
    let given = c
        .client_as("")
        .write("identity/oidc/provider/p/token", &asked);
    let given = fine(&given);
    // Who it is of is the same on both.
    let access = text(&given, "/access_token");
    let bearer = format!("Bearer {access}");
    let headers = [("Authorization", bearer.as_str())];
    let info = c
        .client_as("")
        .send("GET", "identity/oidc/provider/p/userinfo", &headers, None);
    assert_eq!(fine(&info)["sub"], entity);
    let keys = "identity/oidc/provider/p/.well-known/keys";
    pair.settle();
    assert_eq!(a.read(keys)["keys"], c.read(keys)["keys"]);
}
