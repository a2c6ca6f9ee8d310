//! One server is the identity provider of another: signed tokens and sign-ins go between two real
//! processes, over TLS, under an authority of the test's own.
//!
//! ```text
//!  test ─ HTTP ─▶ relying ─ http-client, TLS ─▶ provider ◀─ HTTP ─ test, as who signs in
//! ```
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use e2e::clusters::{fine, text};
use e2e::{Client, Durable, Response, Server, free_port};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const REDIRECT: &str = "http://localhost:8250/oidc/callback";
/// The client of the role that identity tokens are for.
const AUDIENCE: &str = "relying-server";

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn write_certificate(folder: &Path, authority: &Authority) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![String::from("localhost")]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
}

/// A server that others sign in with, reached over TLS by its name alone.
struct Provider {
    server: Durable,
    _certificate: tempfile::TempDir,
    port: u16,
    authority: String,
    /// Of the application that the relying server is.
    client_id: String,
    client_secret: String,
    /// Who signs in.
    ann: Client,
    entity: String,
}

impl Provider {
    fn start() -> Self {
        let (authority, port) = (authority(), free_port());
        let folder = tempfile::tempdir().unwrap();
        write_certificate(folder.path(), &authority);
        let mut server = Durable::new(&format!(
            "listener \"tcp\" {{\n  address = \"127.0.0.1:{port}\"\n  tls_cert_file = {:?}\n  \
             tls_key_file = {:?}\n}}\n",
            folder.path().join("cert.pem"),
            folder.path().join("key.pem")
        ));
        server.start();
        server.initialize(1, 1);
        server.unseal();
        let client = server.client();
        let (ann, entity) = sign_up(&client);
        let (client_id, client_secret) = publish(&client, &format!("https://localhost:{port}"));
        Self {
            server,
            _certificate: folder,
            port,
            authority: authority.pem(),
            client_id,
            client_secret,
            ann,
            entity,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}/v1/identity/oidc{path}", self.port)
    }

    /// Where components may go to reach it: its name, and the address that the name leads to.
    fn hosts(&self) -> Value {
        json!([format!("localhost:{}", self.port), "127.0.0.1"])
    }

    /// A token that says who Ann is.
    fn identity_token(&self) -> String {
        text(
            &fine(&self.ann.read("identity/oidc/token/r")),
            "/data/token",
        )
    }

    /// What the browser brings back of the provider's page, where Ann has signed in.
    fn authorize(&self, query: &str) -> Value {
        let path = format!("identity/oidc/provider/p/authorize?{query}");
        fine(&self.ann.read(&path))
    }
}

/// Ann, whose account has an entity that is in a group.
fn sign_up(client: &Client) -> (Client, String) {
    let policy = r#"path "identity/oidc/*" { capabilities = ["read", "update"] }"#;
    fine(&client.write("sys/policies/acl/sign-in", &json!({ "policy": policy })));
    fine(&client.write("sys/auth/users", &json!({ "type": "userpass" })));
    let account = json!({ "password": "pw", "token_policies": "sign-in" });
    fine(&client.write("auth/users/users/ann", &account));
    let login = fine(&client.write("auth/users/login/ann", &json!({ "password": "pw" })));
    let entity = text(&login, "/auth/entity_id");
    let group = json!({ "name": "engineers", "member_entity_ids": [entity] });
    fine(&client.write("identity/group", &group));
    let ann = client.with_token(&text(&login, "/auth/client_token"));
    (ann, entity)
}

/// A role of identity tokens, and an OpenID provider with one application.
fn publish(client: &Client, issuer: &str) -> (String, String) {
    let groups = r#"{"groups": {{identity.entity.groups.names}}}"#;
    let at = |path: &str| format!("identity/oidc/{path}");
    fine(&client.write(&at("config"), &json!({ "issuer": issuer })));
    fine(&client.write(&at("key/k"), &json!({ "allowed_client_ids": ["*"] })));
    let role = json!({ "key": "k", "client_id": AUDIENCE, "template": groups });
    fine(&client.write(&at("role/r"), &role));
    fine(&client.write(&at("scope/groups"), &json!({ "template": groups })));
    let application = json!({
        "key": "k", "redirect_uris": [REDIRECT], "assignments": ["allow_all"],
    });
    fine(&client.write(&at("client/c"), &application));
    let application = fine(&client.read(&at("client/c")));
    let provider = json!({
        "issuer": issuer, "allowed_client_ids": ["*"], "scopes_supported": ["groups"],
    });
    fine(&client.write(&at("provider/p"), &provider));
    (
        text(&application, "/data/client_id"),
        text(&application, "/data/client_secret"),
    )
}

/// A server that trusts the provider, at its mount `auth/jwt`.
struct Relying(Server);

impl Relying {
    fn start(hosts: &Value) -> Self {
        let server = Server::start_casemate();
        let method = json!({ "type": "jwt", "config": { "outbound_hosts": hosts } });
        fine(&server.client().write("sys/auth/jwt", &method));
        Self(server)
    }

    fn config(&self, config: &Value) -> Response {
        self.0.client().write("auth/jwt/config", config)
    }

    fn role(&self, name: &str, role: &Value) {
        let path = format!("auth/jwt/role/{name}");
        fine(&self.0.client().write(&path, role));
    }

    fn nobody(&self) -> Client {
        self.0.client().with_token("")
    }

    fn login(&self, role: &str, token: &str) -> Response {
        let body = json!({ "role": role, "jwt": token });
        self.nobody().write("auth/jwt/login", &body)
    }

    /// Whoever the provider says is an engineer has the policy "engineering".
    fn know_engineers(&self) {
        let client = self.0.client();
        let policy = r#"path "secret/data/plans" { capabilities = ["read"] }"#;
        fine(&client.write("sys/policies/acl/engineering", &json!({ "policy": policy })));
        let group = json!({ "name": "e", "type": "external", "policies": ["engineering"] });
        let group = fine(&client.write("identity/group", &group));
        let mounts = fine(&client.read("sys/auth"));
        let alias = json!({
            "name": "engineers",
            "canonical_id": group["data"]["id"],
            "mount_accessor": mounts["data"]["jwt/"]["accessor"],
        });
        fine(&client.write("identity/group-alias", &alias));
        let plans = json!({ "data": { "a": "b" } });
        fine(&client.write("secret/data/plans", &plans));
    }
}

#[track_caller]
fn refused(answer: &Response, why: &str) {
    assert!(
        answer.status == 400 && answer.body.contains(why),
        "{} {}",
        answer.status,
        answer.body
    );
}

/// A role for identity tokens.
fn role() -> Value {
    json!({
        "role_type": "jwt", "user_claim": "sub", "groups_claim": "groups",
        "bound_audiences": [AUDIENCE], "token_policies": ["base"],
    })
}

#[test]
fn a_token_is_believed_by_a_key_set_that_is_served_over_tls() {
    let provider = Provider::start();
    let relying = Relying::start(&provider.hosts());
    relying.know_engineers();
    let url = provider.url("/.well-known/keys");
    let config = json!({ "jwks_url": url, "jwks_ca_pem": provider.authority });
    fine(&relying.config(&config));
    relying.role("r", &role());
    let token = provider.identity_token();
    let login = fine(&relying.login("r", &token));
    assert_eq!(login["auth"]["token_policies"], json!(["base", "default"]));
    // The group that the token names is one here, with a policy of its own.
    assert_eq!(login["auth"]["identity_policies"], json!(["engineering"]));
    let ann = relying.nobody();
    let ann = ann.with_token(&text(&login, "/auth/client_token"));
    let plans = fine(&ann.read("secret/data/plans"));
    assert_eq!(plans["data"]["data"], json!({ "a": "b" }));
    let looked_up = fine(&ann.read("auth/token/lookup-self"));
    let name = format!("jwt-{}", provider.entity);
    assert_eq!(looked_up["data"]["display_name"], name);

    let mut other = role();
    other["bound_claims"] = json!({ "groups": ["managers"] });
    relying.role("other", &other);
    refused(&relying.login("other", &token), "groups");
    other["bound_claims"] = json!({ "groups": ["managers", "engineers"] });
    relying.role("other", &other);
    fine(&relying.login("other", &token));
    other["bound_audiences"] = json!(["somebody-else"]);
    relying.role("other", &other);
    refused(&relying.login("other", &token), "invalid audience (aud)");
    let forged = format!("{}AAAA", token.get(..token.len() - 4).unwrap());
    refused(&relying.login("r", &forged), "signature");
}

#[test]
fn a_token_is_believed_by_a_provider_that_is_discovered_over_tls() {
    let provider = Provider::start();
    let relying = Relying::start(&provider.hosts());
    relying.role("r", &role());
    let discovered = |path: &str| {
        json!({
            "oidc_discovery_url": provider.url(path), "oidc_discovery_ca_pem": provider.authority,
            "bound_issuer": provider.url(path),
        })
    };
    fine(&relying.config(&discovered("")));
    let token = provider.identity_token();
    fine(&relying.login("r", &token));
    // The same keys at the OpenID provider, which is another issuer.
    fine(&relying.config(&discovered("/provider/p")));
    refused(&relying.login("r", &token), "invalid issuer (iss)");
    // What is not the URL that the provider gives itself is not it.
    let mut elsewhere = discovered("");
    elsewhere["oidc_discovery_url"] = json!(format!("{}/", provider.url("")));
    refused(&relying.config(&elsewhere), "issuer did not match");
    let missing = relying.config(&discovered("/provider/none"));
    refused(&missing, "error checking oidc discovery URL");
}

#[test]
fn only_who_the_operator_named_is_asked_and_believed() {
    let provider = Provider::start();
    let relying = Relying::start(&json!([]));
    let client = relying.0.client();
    let stranger = authority().pem();
    let discovered = |pem: &str| {
        relying.config(&json!({
            "oidc_discovery_url": provider.url("/provider/p"), "oidc_discovery_ca_pem": pem,
        }))
    };
    let set = |pem: &str| {
        let url = provider.url("/.well-known/keys");
        relying.config(&json!({ "jwks_url": url, "jwks_ca_pem": pem }))
    };
    let grant = |hosts: Value| {
        let tuned = json!({ "outbound_hosts": hosts });
        fine(&client.write("sys/mounts/auth/jwt/tune", &tuned));
    };
    refused(&discovered(&provider.authority), "is not granted");
    refused(&set(&provider.authority), "error checking jwks URL");
    // The operator reads in the log what it was.
    let told = |what: &str| {
        let log = relying.0.log();
        let mut lines = log.lines().filter(|line| line.contains("jwks"));
        assert!(lines.any(|line| line.contains(what)), "{what}: {log}");
    };
    told("is not granted");
    // Another port of the same host, and the name without its address.
    grant(json!([
        format!("localhost:{}", provider.port + 1),
        "127.0.0.1"
    ]));
    refused(&discovered(&provider.authority), "is not granted");
    grant(json!([format!("localhost:{}", provider.port)]));
    refused(&discovered(&provider.authority), "is not granted");

    grant(provider.hosts());
    refused(&discovered(&stranger), "invalid peer certificate");
    refused(&set(&stranger), "error checking jwks URL");
    told("invalid peer certificate");
    // The authorities of the system do not know this one.
    refused(&discovered(""), "UnknownIssuer");
    // The certificate is for the name alone.
    let by_address = provider.url("").replace("localhost", "127.0.0.1");
    let config = json!({
        "oidc_discovery_url": by_address, "oidc_discovery_ca_pem": provider.authority,
    });
    refused(&relying.config(&config), "certificate not valid for name");
    fine(&discovered(&provider.authority));
    fine(&set(&provider.authority));
}

#[test]
fn somebody_signs_in_at_the_provider_and_comes_back_with_a_code() {
    let mut provider = Provider::start();
    let relying = Relying::start(&provider.hosts());
    relying.know_engineers();
    let mut config = json!({
        "oidc_discovery_url": provider.url("/provider/p"),
        "oidc_discovery_ca_pem": provider.authority,
        "oidc_client_id": provider.client_id, "oidc_client_secret": provider.client_secret,
        "default_role": "people",
    });
    fine(&relying.config(&config));
    let role = json!({
        "role_type": "oidc", "user_claim": "sub", "groups_claim": "groups",
        "oidc_scopes": ["groups"], "allowed_redirect_uris": [REDIRECT],
        "oauth2_metadata": ["id_token"],
    });
    relying.role("people", &role);
    let back = |role: &str| {
        let asked = json!({ "role": role, "redirect_uri": REDIRECT });
        let begun = fine(&relying.nobody().write("auth/jwt/oidc/auth_url", &asked));
        let url = text(&begun, "/data/auth_url");
        let page = format!(
            "https://localhost:{}/ui/vault/identity/oidc/provider/p/authorize?",
            provider.port
        );
        let query = url.strip_prefix(&page).unwrap_or_else(|| panic!("{url}"));
        let brought = provider.authorize(query);
        let state = text(&brought, "/state").replace('=', "%3D");
        format!("state={state}&code={}", text(&brought, "/code"))
    };
    let callback = |query: &str| {
        let path = format!("auth/jwt/oidc/callback?{query}");
        relying.nobody().read(&path)
    };
    let query = back("");
    let login = fine(&callback(&query));
    assert_eq!(login["auth"]["identity_policies"], json!(["engineering"]));
    assert_eq!(login["auth"]["metadata"]["role"], "people");
    let log = relying.0.log();
    assert!(!log.contains("user info is left out"), "{log}");
    // A state and its code are good once.
    refused(&callback(&query), "Expired or missing OAuth state.");
    // The ID token of this sign-in is one that a role for signed tokens takes.
    let id_token = text(&login, "/auth/metadata/oauth2_id_token");
    let mut signed = role.clone();
    signed["role_type"] = json!("jwt");
    signed["bound_audiences"] = json!([provider.client_id]);
    relying.role("signed", &signed);
    let again = fine(&relying.login("signed", &id_token));
    assert_eq!(again["auth"]["entity_id"], login["auth"]["entity_id"]);

    let mut bound = role;
    bound["bound_claims"] = json!({ "groups": "managers" });
    relying.role("bound", &bound);
    refused(&callback(&back("bound")), "groups");
    // The provider does not know the client by another secret, and says so.
    let query = back("people");
    config["oidc_client_secret"] = json!("wrong");
    fine(&relying.config(&config));
    refused(&callback(&query), "invalid_client");
    config["oidc_client_secret"] = json!(provider.client_secret);
    fine(&relying.config(&config));
    let query = back("people");
    provider.server.kill();
    // What has to be asked for is not there; the keys are known.
    refused(&callback(&query), "Error exchanging oidc code");
    fine(&relying.login("signed", &id_token));
}
