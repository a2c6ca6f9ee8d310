//! What stays in the cluster where it is, whatever the filters say.

use crate::planted::{Planted, kv};
use crate::secondary::Secondary;
use base::Operation;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::canaries::Canaries;
use e2e::clusters::{Cluster, fine, text};
use serde_json::json;

/// What a primary keeps to itself.
pub(crate) fn at_the_primary(a: &Cluster, open: &Planted) -> Canaries {
    let mut kept = Canaries::default();
    local_mounts(a, &mut kept);
    tokens(a, &mut kept);
    log_in(a, open, &mut kept);
    secret_ids(a, &mut kept);
    kept
}

fn local_mounts(a: &Cluster, kept: &mut Canaries) {
    let description = kept.hatch("description of a local mount");
    for (table, kind) in [("mounts", "kv"), ("auth", "userpass")] {
        let name = kept.hatch("name of a local mount");
        let path = format!("sys/{table}/{name}");
        let local = json!({ "type": kind, "local": true, "description": description });
        a.write(&path, &local);
        let made = a.read(&path);
        for id in ["accessor", "uuid"] {
            let place = format!("{id} of a local mount");
            kept.watch(&place, &text(&made, &format!("/data/{id}")));
        }
        let key = kept.hatch("name in a local mount");
        let value = kept.hatch("value in a local mount");
        match table {
            "mounts" => a.put(&format!("{name}/{key}"), value),
            _ => {
                let user = json!({ "password": value, "policies": value });
                a.write(&format!("auth/{name}/users/{key}"), &user);
            }
        }
    }
    let file = a.server.folder().join(kept.hatch("file of a local device"));
    let device = json!({ "type": "file", "local": true, "options": { "file_path": file } });
    let name = kept.hatch("name of a local device");
    a.write(&format!("sys/audit/{name}"), &device);
}

/// Tokens of the primary, and what lies in its cubbyholes.
fn tokens(a: &Cluster, kept: &mut Canaries) {
    let wanted = json!({
        "policies": [kept.hatch("policy of a token")],
        "display_name": kept.hatch("name of a token"),
        "meta": { "x": kept.hatch("metadata of a token") },
    });
    let made = fine(
        &a.client_as(a.server.token())
            .write("auth/token/create", &wanted),
    );
    for id in ["client_token", "accessor"] {
        let place = format!("{id} of a token");
        kept.watch(&place, &text(&made, &format!("/auth/{id}")));
    }
    let token = text(&made, "/auth/client_token");
    let value = kept.hatch("value in a cubbyhole");
    let key = kept.hatch("name in a cubbyhole");
    let path = format!("cubbyhole/{key}");
    fine(&a.client_as(&token).write(&path, &json!({ "v": value })));
    let body = json!({ "v": kept.hatch("wrapped value") }).to_string();
    let headers = [("X-Vault-Wrap-TTL", "1h")];
    let client = a.client();
    let wrapped = client.send("POST", "sys/wrapping/wrap", &headers, Some(&body));
    kept.watch("wrapping token", &text(&fine(&wrapped), "/wrap_info/token"));
}

/// A login, and the lease that it leaves.
fn log_in(a: &Cluster, open: &Planted, kept: &mut Canaries) {
    let path = format!("auth/{}/users/joe", open.method);
    a.write(&path, &json!({ "password": "p" }));
    let path = format!("auth/{}/login/joe", open.method);
    let made = fine(&a.client_as("").write(&path, &json!({ "password": "p" })));
    kept.watch("token of a login", &text(&made, "/auth/client_token"));
    let path = format!("sys/leases/lookup/{path}");
    let leases = fine(&a.client().list(&path));
    kept.watch("lease of a login", &text(&leases, "/data/keys/0"));
}

/// Secret ids of a role that keeps them local.
fn secret_ids(a: &Cluster, kept: &mut Canaries) {
    let metadata = json!({ "x": kept.hatch("metadata of a local secret id") });
    let wanted = json!({ "metadata": metadata.to_string() });
    let made = a.write("auth/roles/role/r/secret-id", &wanted);
    for id in ["secret_id", "secret_id_accessor"] {
        let place = format!("local {id}");
        kept.watch(&place, &text(&made, &format!("/data/{id}")));
    }
}

/// Local mounts that are spoken of in what is shared: what is told by that, and what is not.
pub(crate) fn spoken_of(a: &Cluster) -> (Canaries, Canaries) {
    let (mut told, mut kept) = (Canaries::default(), Canaries::default());
    let mount = kept.hatch("name of a local mount with a quota");
    let method = kept.hatch("name of a local method with a group");
    for (path, kind) in [
        (format!("sys/mounts/{mount}"), "kv"),
        (format!("sys/auth/{method}"), "userpass"),
    ] {
        let description = kept.hatch("description of what is spoken of");
        let local = json!({ "type": kind, "local": true, "description": description });
        a.write(&path, &local);
    }
    let name = told.hatch("name of a quota on a local mount");
    let below = told.hatch("path of a quota below a local mount");
    let quota = json!({ "path": format!("{mount}/{below}"), "rate": 1_000 });
    a.write(&format!("sys/quotas/rate-limit/{name}"), &quota);
    let made = a.read(&format!("sys/auth/{method}"));
    let accessor = text(&made, "/data/accessor");
    told.watch("accessor of a local method with a group", &accessor);
    let group = told.hatch("name of an external group");
    let group = a.write(
        "identity/group",
        &json!({ "name": group, "type": "external" }),
    );
    let alias = json!({
        "name": told.hatch("alias of an external group"),
        "mount_accessor": accessor,
        "canonical_id": text(&group, "/data/id"),
    });
    a.write("identity/group-alias", &alias);
    (told, kept)
}

/// What a component shares of what it stores, and what it keeps to its cluster.
pub(crate) fn divide(a: &Cluster, shared: &mut Canaries, kept: &mut Canaries) {
    for (prefix, canaries) in [("shared", shared), ("own", kept)] {
        let name = canaries.hatch(&format!("{prefix}: name of a key of a component"));
        let value = canaries.hatch(&format!("{prefix}: value of a component"));
        let put = json!({ "key": format!("{prefix}/{name}"), "value": value });
        a.write("divided/put", &put);
    }
}

/// What keeps some to its cluster and shares some: a component of the tests, and a role.
pub(crate) fn prepare(a: &Cluster, component: &[u8]) {
    a.write("sys/auth/roles", &json!({ "type": "approle" }));
    let role = json!({ "local_secret_ids": true });
    a.write("auth/roles/role/r", &role);
    let body = json!({ "component": STANDARD.encode(component) });
    a.write("sys/plugins/catalog/secret/divided", &body);
    a.write("sys/mounts/divided", &json!({ "type": "divided" }));
}

/// What the secondary keeps to itself.
pub(crate) fn at_the_secondary(c: &Secondary, token: &str) -> Canaries {
    let mut kept = Canaries::default();
    let name = kept.hatch("name of a local mount of the secondary");
    let mut local = kv();
    local["local"] = json!(true);
    c.write(&format!("sys/mounts/{name}"), local);
    let value = kept.hatch("value in a local mount of the secondary");
    c.write(&format!("{name}/x"), json!({ "v": value }));
    kept.watch("token of the secondary", token);
    let value = kept.hatch("value in a cubbyhole of the secondary");
    let value = json!({ "v": value });
    c.try_ask(token, Operation::Update, "cubbyhole/x", value)
        .unwrap();
    kept
}
