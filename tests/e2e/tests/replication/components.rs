//! What components store: shared, kept to a cluster, and what they cannot make of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::Response;
use e2e::clusters::{Cluster, Pair, fine, is_without_primary, text, until};
use serde_json::{Value, json};
use std::path::Path;

#[test]
fn the_engines_and_methods_work_on_both() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    transit(&pair);
    userpass(&pair);
    approle(&pair);
    // The certificate method: only what is configured, a login needs TLS at the API.
    c.write("sys/auth/cert", &json!({ "type": "cert" }));
    let made = rcgen::generate_simple_self_signed(["client.test".to_owned()]).unwrap();
    let role = json!({ "certificate": made.cert.pem(), "token_policies": ["admin"] });
    c.write("auth/cert/certs/web", &role);
    for cluster in [a, c] {
        let read = cluster.read("auth/cert/certs/web");
        assert_eq!(
            text(&read, "/data/certificate").trim(),
            made.cert.pem().trim()
        );
    }
    pair.settle();
    a.until_equal(c);
}

fn transit(pair: &Pair) {
    let (a, c) = (&pair.a, &pair.c);
    c.write("sys/mounts/transit", &json!({ "type": "transit" }));
    c.write("transit/keys/k", &json!({}));
    let plaintext = STANDARD.encode("hello");
    for (sealer, opener) in [(c, a), (a, c)] {
        let sealed = sealer.write("transit/encrypt/k", &json!({ "plaintext": plaintext }));
        let sealed = json!({ "ciphertext": text(&sealed, "/data/ciphertext") });
        let opened = opener.write("transit/decrypt/k", &sealed);
        assert_eq!(opened["data"]["plaintext"], plaintext);
    }
    // A key that is rotated there is the new one here, at once for whoever did it.
    c.write("transit/keys/k/rotate", &json!({}));
    let sealed = c.write("transit/encrypt/k", &json!({ "plaintext": plaintext }));
    let sealed = text(&sealed, "/data/ciphertext");
    assert!(sealed.starts_with("vault:v2:"), "{sealed}");
    let opened = a.write("transit/decrypt/k", &json!({ "ciphertext": sealed }));
    assert_eq!(opened["data"]["plaintext"], plaintext);
    // Encrypting with a key that there is none of makes it: that is shared as well.
    let sealed = c.write("transit/encrypt/new", &json!({ "plaintext": plaintext }));
    let sealed = json!({ "ciphertext": text(&sealed, "/data/ciphertext") });
    assert_eq!(
        a.write("transit/decrypt/new", &sealed)["data"]["plaintext"],
        plaintext
    );
}

/// Somebody is one entity, wherever they log in.
fn userpass(pair: &Pair) {
    let (a, c) = (&pair.a, &pair.c);
    a.write("sys/auth/up", &json!({ "type": "userpass" }));
    for name in ["ann", "bob"] {
        a.write(
            &format!("auth/up/users/{name}"),
            &json!({ "password": "p", "policies": "admin" }),
        );
    }
    pair.settle();
    let login = |cluster: &Cluster, name: &str| {
        let path = format!("auth/up/login/{name}");
        let made = fine(
            &cluster
                .client_as("")
                .write(&path, &json!({ "password": "p" })),
        );
        (
            text(&made, "/auth/client_token"),
            text(&made, "/auth/entity_id"),
        )
    };
    for (name, first, second) in [("ann", a, c), ("bob", c, a)] {
        let (token, entity) = login(first, name);
        pair.settle();
        assert_eq!(login(second, name).1, entity, "{name}");
        assert!(!entity.is_empty());
        let itself = |cluster: &Cluster| {
            cluster
                .client_as(&token)
                .read("auth/token/lookup-self")
                .status
        };
        assert_eq!((itself(first), itself(second)), (200, 403));
    }
    // A password that is changed through the secondary is the one on both.
    c.write("auth/up/users/ann/password", &json!({ "password": "q" }));
    for cluster in [a, c] {
        let tries = |password: &str| {
            let body = json!({ "password": password });
            cluster
                .client_as("")
                .write("auth/up/login/ann", &body)
                .status
        };
        assert_eq!((tries("q"), tries("p")), (200, 400));
    }
}

/// Roles are shared; secret ids as a role says.
fn approle(pair: &Pair) {
    let (a, c) = (&pair.a, &pair.c);
    a.write("sys/auth/ar", &json!({ "type": "approle" }));
    pair.settle();
    c.write(
        "auth/ar/role/shared",
        &json!({ "token_policies": ["admin"] }),
    );
    a.write(
        "auth/ar/role/own",
        &json!({ "token_policies": ["admin"], "local_secret_ids": true }),
    );
    pair.settle();
    for (role, is_shared) in [("shared", true), ("own", false)] {
        let role_id = |cluster: &Cluster| {
            text(
                &cluster.read(&format!("auth/ar/role/{role}/role-id")),
                "/data/role_id",
            )
        };
        assert_eq!(role_id(a), role_id(c));
        for (here, there) in [(a, c), (c, a)] {
            let made = here.write(&format!("auth/ar/role/{role}/secret-id"), &json!({}));
            let (secret, accessor) = (
                text(&made, "/data/secret_id"),
                text(&made, "/data/secret_id_accessor"),
            );
            pair.settle();
            let logs_in = |cluster: &Cluster| {
                let body = json!({ "role_id": role_id(cluster), "secret_id": secret });
                let answer = cluster.client_as("").write("auth/ar/login", &body);
                assert!(matches!(answer.status, 200 | 400), "{}", answer.body);
                answer.status == 200
            };
            assert_eq!((logs_in(here), logs_in(there)), (true, is_shared), "{role}");
            let lists = |cluster: &Cluster| {
                let listed = cluster
                    .client()
                    .list(&format!("auth/ar/role/{role}/secret-id"));
                listed.body.contains(&accessor)
            };
            assert_eq!((lists(here), lists(there)), (true, is_shared), "{role}");
        }
    }
    // One that can be used once is used up wherever it is used.
    let once = json!({ "num_uses": 1 });
    let made = a.write("auth/ar/role/shared/secret-id", &once);
    let role_id = text(&a.read("auth/ar/role/shared/role-id"), "/data/role_id");
    let body = json!({ "role_id": role_id, "secret_id": text(&made, "/data/secret_id") });
    pair.settle();
    assert_eq!(c.client_as("").write("auth/ar/login", &body).status, 200);
    assert_eq!(a.client_as("").write("auth/ar/login", &body).status, 400);
}

/// A component of the tests. It is built before there are hosts, for on those there is no way to
/// whatever cargo may want to fetch.
pub(crate) fn built(name: &str) -> Vec<u8> {
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/components");
    pack::build(&components.join(name)).unwrap()
}

pub(crate) fn divided() -> Vec<u8> {
    built("divided")
}

/// Registers it through `cluster`.
pub(crate) fn register(cluster: &Cluster, component: &[u8]) {
    let body = json!({ "component": STANDARD.encode(component) });
    cluster.write("sys/plugins/catalog/secret/divided", &body);
}

pub(crate) fn get(cluster: &Cluster, key: &str) -> Option<String> {
    let answer = cluster
        .client()
        .write("divided/get", &json!({ "key": key }));
    match answer.status {
        200 => Some(text(&answer.json(), "/data/value")),
        404 => None,
        _ => panic!("{key}: {}: {}", answer.status, answer.body),
    }
}

#[test]
fn a_component_that_shares_some_cannot_share_or_keep_anything_else() {
    let component = divided();
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    // Registered and mounted through the secondary: its bytes are shared.
    register(c, &component);
    c.write("sys/mounts/divided", &json!({ "type": "divided" }));
    pair.settle();
    for cluster in [a, c] {
        until("its start", || get(cluster, "own/started"));
    }
    begins_on_the_primary(&pair);

    let some = |value: &str| Some(value.to_owned());
    for (here, there, value) in [(a, c, "a"), (c, a, "c")] {
        here.write("divided/put", &json!({ "key": "own/x", "value": value }));
        here.write("divided/put", &json!({ "key": "shared/x", "value": value }));
        pair.settle();
        assert_eq!(get(here, "own/x"), some(value));
        assert_ne!(get(there, "own/x"), some(value));
        assert_eq!(
            (get(here, "shared/x"), get(there, "shared/x")),
            (some(value), some(value))
        );
    }
    // A call that writes at both places is the primary's as a whole.
    for route in ["both", "halfway", "swallows"] {
        let name = if route == "swallows" {
            "swallowed"
        } else {
            route
        };
        let answer = c.write(&format!("divided/{route}"), &json!({ "value": "secret" }));
        assert_ne!(answer["data"]["refused"], true, "{answer:#}");
        pair.settle();
        let (own, shared) = (format!("own/{name}"), format!("shared/{name}"));
        for cluster in [a, c] {
            assert_eq!(get(cluster, &shared), some("secret"), "{route}");
        }
        assert_eq!(get(a, &own), some("secret"), "{route}");
        if route != "halfway" {
            assert_eq!(get(c, &own), None, "{route}");
        }
    }
    // What is kept stays, also where it asks for it to be copied: that reads the primary's.
    c.write(
        "divided/put",
        &json!({ "key": "own/kept", "value": "of c" }),
    );
    c.write("divided/copy", &json!({ "key": "kept" }));
    pair.settle();
    for cluster in [a, c] {
        assert_eq!(get(cluster, "shared/kept"), some(""));
    }
    cannot_be_tricked(&pair);
    pair.settle();
    a.until_equal(c);
}

/// What it wants to share when it starts is the primary's. On the secondary nothing is left of such a
/// start, although it takes no notice of the refusal.
fn begins_on_the_primary(pair: &Pair) {
    let (a, c) = (&pair.a, &pair.c);
    let eager = json!({ "type": "divided", "options": { "start": "shares" } });
    c.write("sys/mounts/eager", &eager);
    let eager = |cluster: &Cluster, key: &str| {
        let answer = cluster.client().write("eager/get", &json!({ "key": key }));
        (answer.status == 200).then(|| text(&answer.json(), "/data/value"))
    };
    let shared = until("what it shares", || eager(a, "shared/started"));
    pair.settle();
    assert_eq!(eager(c, "shared/started"), Some(shared));
    assert_eq!(eager(a, "own/started"), Some("yes".to_owned()));
    assert_eq!(eager(c, "own/started"), None);
}

/// A route that says of itself that it runs on the primary reads there what is kept there, and does
/// not run where it came.
#[test]
fn a_route_of_the_primary_runs_there() {
    let component = divided();
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    register(a, &component);
    pair.settle();
    for (path, local) in [("divided", false), ("alone", true)] {
        let mount = json!({ "type": "divided", "local": local });
        for cluster in [a, c] {
            if local || cluster.id() == a.id() {
                cluster.write(&format!("sys/mounts/{path}"), &mount);
            }
        }
    }
    pair.settle();
    for (cluster, value) in [(a, "of a"), (c, "of c")] {
        for path in ["divided", "alone"] {
            let put = json!({ "key": "own/x", "value": value });
            cluster.write(&format!("{path}/put"), &put);
        }
    }
    let there = |cluster: &Cluster, path: &str| {
        let asked = json!({ "key": "own/x" });
        cluster.client().write(&format!("{path}/there"), &asked)
    };
    let is = |answer: Response, value: &str| {
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.json()["data"]["value"], value);
    };
    assert_eq!(get(c, "own/x"), Some("of c".to_owned()));
    is(there(c, "divided"), "of a");
    is(there(a, "divided"), "of a");
    // What is of one cluster alone has no primary.
    is(there(c, "alone"), "of c");
    // It is not begun where it came, also where it could be answered there.
    a.relay.cut();
    c.until_it_is_cut_off();
    is_without_primary(&there(c, "divided"));
    is(there(c, "alone"), "of c");
    assert_eq!(get(c, "own/x"), Some("of c".to_owned()));
}

/// Names that lead from one place to the other are no names.
fn cannot_be_tricked(pair: &Pair) {
    let (a, c) = (&pair.a, &pair.c);
    let tricks = [
        "own/../shared/x",
        "shared/../own/x",
        "own//x",
        "/shared/x",
        "own",
        "shared",
        "own/./x",
        "OWN/x",
        "Shared/x",
        "owner",
        "\u{1}shared/x",
        "own/\u{0}x",
        "",
        "..",
        "sys/x",
        "own/%2e%2e/shared/x",
        "own\\x",
    ];
    for cluster in [c, a] {
        for key in tricks {
            let before = (
                get(a, "shared/x"),
                get(c, "shared/x"),
                get(a, "own/x"),
                get(c, "own/x"),
            );
            let _ = cluster
                .client()
                .write("divided/put", &json!({ "key": key, "value": "evil" }));
            let _ = cluster
                .client()
                .write("divided/remove", &json!({ "key": key }));
            pair.settle();
            let after = (
                get(a, "shared/x"),
                get(c, "shared/x"),
                get(a, "own/x"),
                get(c, "own/x"),
            );
            assert_eq!(before, after, "{key:?}");
        }
    }
    // One that only looks odd is as local as its beginning says.
    let odd = json!({ "key": "own/%2e%2e/shared/x", "value": "odd" });
    c.write("divided/put", &odd);
    pair.settle();
    assert_eq!(get(c, "own/%2e%2e/shared/x"), Some("odd".to_owned()));
    assert_eq!(get(a, "own/%2e%2e/shared/x"), None);
    let removed: Value = c.write("divided/remove", &json!({ "key": "own/%2e%2e/shared/x" }));
    assert_eq!(removed, Value::Null);
}
