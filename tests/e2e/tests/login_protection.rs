//! What stands before a login, with codes that are right and a clock that goes on.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use e2e::{Client, Durable, Response, Server};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// No condition takes longer, on a busy machine.
const WITHIN: Duration = Duration::from_secs(30);

fn done(response: &Response) {
    assert!(
        response.status < 300,
        "{} {}",
        response.status,
        response.body
    );
}

fn kept(response: &Response, pointer: &str) -> String {
    done(response);
    let value = response.json().pointer(pointer).cloned();
    let text = value.as_ref().and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("{pointer}: {}", response.body))
        .to_owned()
}

/// A user with a second factor, whose codes the engine for them makes.
struct Ann {
    client: Client,
    anybody: Client,
    method: String,
}

impl Ann {
    fn with_factor(client: &Client, method: &Value) -> Self {
        done(&client.write("sys/auth/users", &json!({"type": "userpass"})));
        done(&client.write("auth/users/users/ann", &json!({"password": "pw"})));
        let login = client.write("auth/users/login/ann", &json!({"password": "pw"}));
        let entity = kept(&login, "/auth/entity_id");
        let method = client.write("identity/mfa/method/totp", method);
        let method = kept(&method, "/data/method_id");
        let enforcement = json!({"mfa_method_ids": [method], "identity_entity_ids": [entity]});
        done(&client.write("identity/mfa/login-enforcement/ann", &enforcement));
        let key = json!({"method_id": method, "entity_id": entity});
        let key = client.write("identity/mfa/method/totp/admin-generate", &key);
        let url = kept(&key, "/data/url");
        done(&client.write("sys/mounts/totp", &json!({"type": "totp"})));
        done(&client.write("totp/keys/ann", &json!({"url": url})));
        Self {
            anybody: client.with_token(""),
            client: client.clone(),
            method,
        }
    }

    fn code(&self) -> String {
        kept(&self.client.read("totp/code/ann"), "/data/code")
    }

    fn waits(&self) -> String {
        let login = self.login(&[]);
        assert_eq!(login.json()["auth"]["client_token"], "");
        kept(&login, "/auth/mfa_requirement/mfa_request_id")
    }

    fn login(&self, headers: &[(&str, &str)]) -> Response {
        let body = r#"{"password":"pw"}"#;
        self.anybody
            .send("POST", "auth/users/login/ann", headers, Some(body))
    }

    fn validate(&self, request: &str, code: &str) -> Response {
        let body =
            json!({"mfa_request_id": request, "mfa_payload": {self.method.as_str(): [code]}});
        self.anybody.write("sys/mfa/validate", &body)
    }
}

#[test]
fn a_code_is_taken_once_also_after_a_restart() {
    let mut server = Durable::started();
    let method = json!({"issuer": "C", "method_name": "m", "period": "2h"});
    let ann = Ann::with_factor(&server.client(), &method);
    let (first, second) = (ann.waits(), ann.waits());
    let code = ann.code();
    let token = kept(&ann.validate(&first, &code), "/auth/client_token");
    done(&ann.client.with_token(&token).read("auth/token/lookup-self"));
    let again = ann.validate(&first, &code);
    assert_eq!(
        (again.status, again.json()["errors"][0].as_str()),
        (400, Some("invalid request ID"))
    );
    assert_eq!(ann.validate(&second, &code).status, 403);
    let header = format!("m:{code}");
    assert_eq!(ann.login(&[("X-Vault-MFA", &header)]).status, 403);
    server.kill();
    server.start();
    server.unseal();
    let ann = Ann {
        client: server.client(),
        anybody: server.client().with_token(""),
        method: ann.method,
    };
    // Who waited is forgotten, what was taken is not.
    assert_eq!(ann.validate(&second, &code).status, 400);
    let third = ann.waits();
    let refused = ann.validate(&third, &code);
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert!(
        refused
            .body
            .contains("MFA credentials not supplied or incorrect")
    );
}

#[test]
fn a_login_brings_its_code_along() {
    let server = Server::start_casemate();
    let method = json!({"issuer": "C", "period": 1, "method_name": "quick", "max_validation_attempts": 1000});
    let ann = Ann::with_factor(&server.client(), &method);
    for name in ["quick", ann.method.as_str()] {
        let deadline = Instant::now() + WITHIN;
        loop {
            let header = format!("{name}:{}", ann.code());
            let login = ann.login(&[("X-Vault-MFA", &header)]);
            if login.status == 200 {
                assert!(login.json()["auth"]["mfa_requirement"].is_null());
                assert!(!kept(&login, "/auth/client_token").is_empty());
                break;
            }
            assert_eq!(login.status, 403);
            assert!(Instant::now() < deadline, "no code counts");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    // Without the enforcement nothing is asked for.
    done(&ann.client.delete("identity/mfa/login-enforcement/ann"));
    assert!(!kept(&ann.login(&[]), "/auth/client_token").is_empty());
}

#[test]
fn wrong_codes_are_bounded() {
    let server = Server::start_casemate();
    let method = json!({"issuer": "C", "period": 3600, "max_validation_attempts": 2});
    let ann = Ann::with_factor(&server.client(), &method);
    let request = ann.waits();
    for _ in 0..2 {
        let refused = ann.validate(&request, "000");
        assert!(
            refused.body.contains("not supplied or incorrect"),
            "{}",
            refused.body
        );
    }
    // Neither a right code nor another login is of use now.
    for request in [request, ann.waits()] {
        let refused = ann.validate(&request, &ann.code());
        assert_eq!(refused.status, 403);
        let text = "exceeded the allowed attempts 2. Please try again in 3";
        assert!(refused.body.contains(text), "{}", refused.body);
    }
}

#[test]
fn entities_that_become_one_keep_their_factor() {
    let server = Server::start_casemate();
    let method = json!({"issuer": "C", "method_name": "m", "period": "2h"});
    let ann = Ann::with_factor(&server.client(), &method);
    let enforcement = ann.client.read("identity/mfa/login-enforcement/ann");
    let from = kept(&enforcement, "/data/identity_entity_ids/0");
    let to = ann
        .client
        .write("identity/entity", &json!({"name": "both"}));
    let to = kept(&to, "/data/id");
    let merge = json!({"from_entity_ids": [from], "to_entity_id": to});
    done(&ann.client.write("identity/entity/merge", &merge));
    let enforcement = ann.client.read("identity/mfa/login-enforcement/ann");
    assert_eq!(kept(&enforcement, "/data/identity_entity_ids/0"), to);
    let login = ann.validate(&ann.waits(), &ann.code());
    assert_eq!(kept(&login, "/auth/entity_id"), to);
}

#[test]
fn what_is_right_is_of_no_use_to_who_is_locked_out() {
    let server = Server::start_casemate();
    let client = server.client();
    let tuned = json!({"type": "userpass", "config": {"user_lockout_config": {"lockout_threshold": 2, "lockout_duration": "1s"}}});
    done(&client.write("sys/auth/short", &tuned));
    done(&client.write("auth/short/users/ann", &json!({"password": "pw"})));
    let login =
        |password: &str| client.write("auth/short/login/ann", &json!({"password": password}));
    assert_eq!((login("x").status, login("x").status), (400, 400));
    assert_eq!(login("pw").status, 403);
    let deadline = Instant::now() + WITHIN;
    while login("pw").status != 200 {
        assert!(Instant::now() < deadline, "it is locked for ever");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn guesses_at_once_are_no_more_than_guesses_in_a_row() {
    let server = Server::start_casemate();
    let client = server.client();
    done(&client.write("sys/auth/many", &json!({"type": "userpass"})));
    done(&client.write("auth/many/users/ann", &json!({"password": "pw"})));
    let guess = |password: &'static str| {
        let client = client.clone();
        std::thread::spawn(move || {
            let body = json!({"password": password});
            client.write("auth/many/login/ann", &body).status
        })
    };
    let guesses: Vec<_> = (0..12).map(|_| guess("x")).collect();
    let statuses: Vec<u16> = guesses.into_iter().map(|one| one.join().unwrap()).collect();
    assert!(statuses.iter().all(|status| [400, 403].contains(status)));
    assert_eq!(guess("pw").join().unwrap(), 403);
}

#[test]
fn a_role_has_a_limit_of_its_own() {
    let server = Server::start_casemate();
    let client = server.client();
    done(&client.write("sys/auth/signed", &json!({"type": "jwt"})));
    let limit =
        |name: &str, body: Value| client.write(&format!("sys/quotas/rate-limit/{name}"), &body);
    done(&limit(
        "r",
        json!({"path": "auth/signed", "role": "r", "rate": 1, "interval": "1h"}),
    ));
    done(&limit(
        "all",
        json!({"path": "auth/signed", "rate": 3, "interval": "1h"}),
    ));
    let refused = limit(
        "token",
        json!({"path": "auth/token", "role": "r", "rate": 1}),
    );
    assert_eq!(refused.status, 400);
    let is_turned_away = |role: &str| {
        let login = client.write("auth/signed/login", &json!({"role": role, "jwt": "x"}));
        login.status == 429
    };
    let roles = ["r", "r", "s", "s", "s", "s", "r"];
    assert_eq!(
        roles.map(is_turned_away),
        [false, true, false, false, false, true, true]
    );
}

#[test]
fn who_is_turned_away_is_recorded_where_that_is_wanted() {
    let server = Server::start_casemate();
    let client = server.client();
    let file = server.folder().join("audit.log");
    let device = json!({"type": "file", "options": {"file_path": file}});
    done(&client.write("sys/audit/file", &device));
    let limit = json!({"path": "cubbyhole", "rate": 1, "interval": "1h"});
    done(&client.write("sys/quotas/rate-limit/c", &limit));
    let turned_away = || {
        let log = std::fs::read_to_string(&file).unwrap();
        log.matches("rate limit quota exceeded").count()
    };
    assert_eq!(client.read("cubbyhole/a").status, 404);
    assert_eq!(client.read("cubbyhole/a").status, 429);
    assert_eq!(turned_away(), 0);
    let config = json!({"enable_rate_limit_audit_logging": true});
    done(&client.write("sys/quotas/config", &config));
    assert_eq!(client.read("cubbyhole/a").status, 429);
    assert_eq!(turned_away(), 2, "the request and the answer");
    let log = std::fs::read_to_string(&file).unwrap();
    let denied = log.lines().filter(|line| line.contains("quota exceeded"));
    let parsed = denied.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let points: Vec<_> = parsed
        .map(|line| line["request"]["mount_point"].clone())
        .collect();
    assert_eq!(points, ["cubbyhole/", "cubbyhole/"]);
}

#[test]
fn a_namespace_has_factors_and_locks_of_its_own() {
    let server = Server::start_casemate();
    let client = server.client();
    done(&client.write("sys/namespaces/team", &json!({})));
    let within = |path: &str| format!("team/{path}");
    for path in [String::new(), within("")] {
        let users = format!("{path}sys/auth/users");
        done(&client.write(&users, &json!({"type": "userpass"})));
        let ann = format!("{path}auth/users/users/ann");
        done(&client.write(&ann, &json!({"password": "pw"})));
    }
    let login = |path: &str, password: &str| {
        client.write(
            &format!("{path}auth/users/login/ann"),
            &json!({"password": password}),
        )
    };
    let method = json!({"issuer": "C", "period": "2h"});
    let method = client.write(&within("identity/mfa/method/totp"), &method);
    let method = kept(&method, "/data/method_id");
    let enforcement = json!({"mfa_method_ids": [method], "auth_method_types": ["userpass"]});
    let elsewhere = client.write("identity/mfa/login-enforcement/all", &enforcement);
    assert_eq!(
        elsewhere.status, 400,
        "its methods are not those of the root"
    );
    done(&client.write(&within("identity/mfa/login-enforcement/all"), &enforcement));
    assert!(!kept(&login("", "pw"), "/auth/client_token").is_empty());
    let waits = login("team/", "pw");
    let request = kept(&waits, "/auth/mfa_requirement/mfa_request_id");
    let shown = client.read(&within("identity/mfa/login-enforcement/all"));
    assert_eq!(kept(&shown, "/data/namespace_path"), "team/");
    // Whose login it is: neither what waits nor the key is to be had from outside.
    let entities = client.list(&within("identity/entity/id"));
    let entity = kept(&entities, "/data/keys/0");
    let key = json!({"method_id": method, "entity_id": entity});
    let outside = client.write("identity/mfa/method/totp/admin-generate", &key);
    assert_eq!(outside.status, 400);
    let key = client.write(&within("identity/mfa/method/totp/admin-generate"), &key);
    done(&client.write("sys/mounts/totp", &json!({"type": "totp"})));
    done(&client.write("totp/keys/k", &json!({"url": kept(&key, "/data/url")})));
    let code = kept(&client.read("totp/code/k"), "/data/code");
    let body = json!({"mfa_request_id": request, "mfa_payload": {method: [code]}});
    assert_eq!(client.write("sys/mfa/validate", &body).status, 400);
    let done_login = client.write(&within("sys/mfa/validate"), &body);
    let token = kept(&done_login, "/auth/client_token");
    let own = client.with_token(&token);
    done(&own.read(&within("auth/token/lookup-self")));
    // Names are locked in the namespace where they failed.
    for _ in 0..5 {
        assert_eq!(login("team/", "x").status, 400);
    }
    assert_eq!(login("team/", "pw").status, 403);
    assert!(!kept(&login("", "pw"), "/auth/client_token").is_empty());
    let locked = client.read("sys/locked-users").json();
    let of = |at: usize| &locked["data"]["by_namespace"][at];
    assert_eq!((&of(0)["counts"], &of(1)["counts"]), (&json!(0), &json!(1)));
    assert_eq!(of(1)["namespace_path"], "team/");
}

#[test]
fn a_namespace_falls_under_the_limits_around_it() {
    let server = Server::start_casemate();
    let client = server.client();
    done(&client.write("sys/namespaces/team", &json!({})));
    done(&client.write("team/sys/namespaces/part", &json!({})));
    let limit =
        |name: &str, body: Value| client.write(&format!("sys/quotas/rate-limit/{name}"), &body);
    let inside = client.write("team/sys/quotas/rate-limit/a", &json!({"rate": 1}));
    assert_eq!(inside.status, 400, "{}", inside.body);
    let hourly = |path: &str, rate: u32, inheritable: bool| json!({"path": path, "rate": rate, "interval": "1h", "inheritable": inheritable});
    done(&limit("team", hourly("team", 1, false)));
    let status = |path: &str| client.read(path).status;
    assert_eq!(
        (status("team/sys/policy"), status("team/sys/policy")),
        (200, 429)
    );
    assert_eq!(status("team/part/sys/policy"), 200);
    done(&limit("team", hourly("team", 2, true)));
    assert_eq!(
        (status("team/sys/policy"), status("team/part/sys/policy")),
        (200, 200)
    );
    assert_eq!(
        (status("team/part/sys/policy"), status("sys/policy")),
        (429, 200)
    );
    done(&limit("place", hourly("team/cubbyhole/a", 1, false)));
    assert_eq!(
        kept(&client.read("sys/quotas/rate-limit/place"), "/data/path"),
        "team/cubbyhole/a"
    );
    assert_eq!(
        (status("team/cubbyhole/a"), status("team/cubbyhole/a")),
        (404, 429)
    );
    // They go with what they are for; one of them would be in the way.
    done(&client.delete("sys/quotas/rate-limit/team"));
    done(&client.delete("team/sys/namespaces/part"));
    let deadline = Instant::now() + WITHIN;
    while client.list("sys/quotas/rate-limit").status != 404 {
        client.delete("sys/namespaces/team");
        assert!(Instant::now() < deadline, "the quotas stay");
        std::thread::sleep(Duration::from_millis(50));
    }
}
