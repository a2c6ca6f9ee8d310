//! Who may not call a route is refused, whatever the route.

use crate::house::{House, ROOT};
use crate::route::{self, Route};
use base::{Answer, Operation, RefusalKind};
use core::time::Duration;
use serde_json::json;

const CAPABILITIES: [&str; 8] = [
    "create", "read", "update", "patch", "delete", "list", "scan", "sudo",
];

/// A policy that grants everything everywhere but some capabilities.
fn all_but(missing: &[&str]) -> String {
    let granted = CAPABILITIES.iter().filter(|one| !missing.contains(one));
    let granted: Vec<&&str> = granted.collect();
    format!("path \"*\" {{ capabilities = {granted:?} }}")
}

/// What is said to who has no token that is alive.
const UNKNOWN: &str = "permission denied";

/// What is said to a token whose policies do not grant it.
const POWERLESS: &str = "1 error occurred:\n\t* permission denied\n\n";

/// Those of `routes` that are not denied to the caller in these words.
async fn not_denied<'r>(
    house: &House,
    token: &str,
    words: &str,
    routes: impl Iterator<Item = &'r Route>,
) -> Vec<String> {
    let mut found = Vec::new();
    for route in routes {
        let outcome = house
            .ask(token, route.operation, &route.path, json!({}))
            .await;
        let is_denied = outcome.as_ref().is_err_and(|refusal| match refusal.kind {
            RefusalKind::Denied => refusal.message == words || route.is_of_wrapping(),
            RefusalKind::Invalid => route.is_of_wrapping(),
            _ => false,
        });
        if !is_denied {
            found.push(format!("{}: {outcome:?}", route.name()));
        }
    }
    found
}

fn need_token(routes: &[Route]) -> impl Iterator<Item = &Route> {
    routes.iter().filter(|route| route.needs_token())
}

#[tokio::test]
async fn without_a_token_with_a_dead_one_or_without_a_policy() {
    let house = House::open().await;
    let routes = route::all(&house).await;
    let revoked = house.token(&["root"], json!({})).await;
    let body = json!({ "token": revoked });
    let path = "auth/token/revoke";
    house
        .ask(ROOT, Operation::Update, path, body)
        .await
        .unwrap();
    let expired = house.token(&["root"], json!({ "ttl": "1m" })).await;
    house.advance(Duration::from_secs(61));
    let powerless = house.token_with("nothing", "path \"nowhere\" { capabilities = [\"read\"] }");
    let powerless = powerless.await;
    let unknown = "hvs.CAESIJ0000000000000000000000000000000000000000";
    for (who, token, words) in [
        ("nobody", "", UNKNOWN),
        ("an unknown token", unknown, UNKNOWN),
        ("a revoked token", &revoked, UNKNOWN),
        ("an expired token", &expired, UNKNOWN),
        ("a token that no policy lets in", &powerless, POWERLESS),
    ] {
        let found = not_denied(&house, token, words, need_token(&routes)).await;
        assert!(
            found.is_empty(),
            "{who} is not denied:\n{}",
            found.join("\n")
        );
    }
}

#[tokio::test]
async fn with_every_capability_but_the_one() {
    let house = House::open().await;
    let routes = route::all(&house).await;
    for capability in ["read", "update", "patch", "delete", "list", "scan"] {
        // Creating is asked for where existence is checked, and is another operation then.
        let missing = match capability {
            "update" => vec!["create", "update"],
            other => vec![other],
        };
        let name = format!("all-but-{capability}");
        let token = house.token_with(&name, &all_but(&missing)).await;
        let asked = need_token(&routes).filter(|route| route.capability() == capability);
        let found = not_denied(&house, &token, POWERLESS, asked).await;
        assert!(
            found.is_empty(),
            "without {capability}:\n{}",
            found.join("\n")
        );
    }
    let token = house.token_with("no-sudo", &all_but(&["sudo"])).await;
    let asked = routes.iter().filter(|route| route.access == "sudo");
    let found = not_denied(&house, &token, POWERLESS, asked).await;
    assert!(found.is_empty(), "without sudo:\n{}", found.join("\n"));
}

#[tokio::test]
async fn while_it_is_sealed() {
    let house = House::open().await;
    let routes = route::all(&house).await;
    house.seal().await;
    for route in routes.iter().filter(|route| !route.is_status()) {
        let outcome = house
            .ask(ROOT, route.operation, &route.path, json!({}))
            .await;
        if route.name() == "Update sys/seal" {
            // Done already.
            assert!(matches!(outcome, Ok(Answer::Empty)), "{outcome:?}");
            continue;
        }
        let refusal = outcome.expect_err(&route.name());
        assert_eq!(refusal.kind, RefusalKind::Sealed, "{}", route.name());
        assert_eq!(refusal.message, "Vault is sealed", "{}", route.name());
    }
}
