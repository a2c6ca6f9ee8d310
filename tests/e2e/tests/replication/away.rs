//! A primary that is away: whatever needs nothing of it works.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::Client;
use e2e::clusters::{Cluster, Pair, fine, text};
use serde_json::{Value, json};

fn up(client: &Client, method: &str, name: &str) {
    let user = json!({ "password": "p", "token_policies": "admin" });
    fine(&client.write(&format!("auth/{method}/users/{name}"), &user));
}

/// The token of a login, and the entity it is of.
#[track_caller]
fn log_in(cluster: &Cluster, method: &str, name: &str) -> (String, String) {
    let path = format!("auth/{method}/login/{name}");
    let password = json!({ "password": "p" });
    let made = fine(&cluster.client_as("").write(&path, &password));
    (
        text(&made, "/auth/client_token"),
        text(&made, "/auth/entity_id"),
    )
}

#[test]
fn everything_that_needs_no_primary_works_without_it() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    a.write("sys/auth/up", &json!({ "type": "userpass" }));
    for name in ["known", "new"] {
        up(&a.client(), "up", name);
    }
    a.write("sys/mounts/transit", &json!({ "type": "transit" }));
    a.write("transit/keys/seals", &json!({}));
    a.write("transit/keys/signs", &json!({ "type": "ed25519" }));
    let (_, known) = log_in(a, "up", "known");
    pair.settle();
    let own = json!({ "type": "userpass", "local": true });
    c.write("sys/auth/own", &own);
    up(&c.client(), "own", "ann");
    let root = c.root_token();

    a.relay.cut();
    c.until_it_is_cut_off();
    // Who is known is who they are; who is not gets a token all the same.
    let (token, entity) = log_in(c, "up", "known");
    assert_eq!(entity, known);
    for (method, name) in [("up", "new"), ("own", "ann")] {
        let (token, entity) = log_in(c, method, name);
        assert_eq!(entity, "", "{method}");
        fine(&c.client_as(&token).read("auth/token/lookup-self"));
    }
    transit(c);
    tokens(c, &c.client_as(&root));
    own_things(&c.client_as(&token));
    mounts(c);

    a.relay.mend();
    c.until_it_streams();
    let (_, entity) = log_in(c, "up", "new");
    assert_ne!(entity, "");
    pair.settle();
    assert_eq!(log_in(a, "up", "new").1, entity);
    assert_ne!(log_in(c, "own", "ann").1, "");
}

fn transit(c: &Cluster) {
    let plain = STANDARD.encode("hello");
    let sealed = c.write("transit/encrypt/seals", &json!({ "plaintext": plain }));
    let sealed = json!({ "ciphertext": text(&sealed, "/data/ciphertext") });
    let opened = c.write("transit/decrypt/seals", &sealed);
    assert_eq!(opened["data"]["plaintext"], plain);
    let signed = c.write("transit/sign/signs", &json!({ "input": plain }));
    let signed = json!({ "input": plain, "signature": text(&signed, "/data/signature") });
    let verified = c.write("transit/verify/signs", &signed);
    assert_eq!(verified["data"]["valid"], true);
}

/// Made, looked up, renewed and revoked.
fn tokens(c: &Cluster, root: &Client) {
    let wanted = json!({ "policies": ["admin"], "ttl": "1h" });
    let made = fine(&root.write("auth/token/create", &wanted));
    let token = json!({ "token": text(&made, "/auth/client_token") });
    let looked_up = fine(&root.write("auth/token/lookup", &token));
    assert_eq!(looked_up["data"]["policies"], json!(["admin", "default"]));
    let mut longer = token.clone();
    longer["increment"] = json!("2h");
    let renewed = fine(&root.write("auth/token/renew", &longer));
    assert_eq!(renewed["auth"]["lease_duration"], 7200);
    fine(&root.write("auth/token/revoke", &token));
    let itself = c.client_as(&text(&token, "/token"));
    assert_eq!(itself.read("auth/token/lookup-self").status, 403);
}

/// What belongs to a token.
fn own_things(client: &Client) {
    let value = json!({ "v": "1" });
    fine(&client.write("cubbyhole/x", &value));
    assert_eq!(fine(&client.read("cubbyhole/x"))["data"], value);
    fine(&client.delete("cubbyhole/x"));
    assert_eq!(client.read("cubbyhole/x").status, 404);
    let headers = [("X-Vault-Wrap-TTL", "5m")];
    let body = value.to_string();
    let wrapped = client.send("POST", "sys/wrapping/wrap", &headers, Some(&body));
    let wrapped = json!({ "token": text(&fine(&wrapped), "/wrap_info/token") });
    let unwrapped: Value = fine(&client.write("sys/wrapping/unwrap", &wrapped));
    assert_eq!(unwrapped["data"], value);
}

/// Those of this cluster alone.
fn mounts(c: &Cluster) {
    c.mount_local("own");
    c.put("own/x", "1");
    c.has("own/x", "1");
    c.delete("own/x");
    c.lacks("own/x");
    c.delete("sys/mounts/own");
    assert_eq!(c.read("sys/mounts")["data"]["own/"], Value::Null);
    let own = json!({ "type": "userpass", "local": true });
    c.write("sys/auth/later", &own);
    up(&c.client(), "later", "bob");
    log_in(c, "later", "bob");
    c.delete("sys/auth/later");
}
