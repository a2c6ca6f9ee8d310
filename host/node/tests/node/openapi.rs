//! What is told of the routes: help and OpenAPI, made from the tables that route.

use crate::house::House;
use base::Operation;
use serde_json::{Value, json};

fn paths(document: &Value) -> Vec<&str> {
    let paths = document["paths"].as_object().unwrap();
    paths.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn the_document_shows_what_the_caller_can_use() {
    let house = House::open().await;
    let document = "sys/internal/specs/openapi";
    let whole = house.read(document).await.unwrap();
    for path in [
        "/sys/health",
        "/sys/mounts/{path}/tune",
        "/auth/token/create",
    ] {
        assert!(paths(&whole).contains(&path), "{path}");
    }
    assert!(
        !paths(&whole)
            .iter()
            .any(|path| path.starts_with("/sys/tune"))
    );
    assert_eq!(whole["paths"]["/sys/seal"]["x-vault-sudo"], json!(true));

    let nobody = house
        .ask_as("", Operation::Read, document, json!({}))
        .await
        .unwrap();
    let shown = paths(&nobody);
    assert!(
        shown.contains(&"/sys/health") && !shown.contains(&"/sys/mounts"),
        "{shown:?}"
    );
    let is_public = |path: &&str| nobody["paths"][path]["x-vault-unauthenticated"] == json!(true);
    assert!(shown.iter().all(is_public), "{shown:?}");

    let policy = json!({ "policy": r#"path "auth/token/lookup" { capabilities = ["update"] }"# });
    house
        .write("sys/policies/acl/looker", policy)
        .await
        .unwrap();
    let token = house
        .write(
            "auth/token/create",
            json!({ "policies": ["looker"], "no_default_policy": true }),
        )
        .await
        .unwrap();
    let token = token["client_token"].as_str().unwrap();
    let some = house
        .ask_as(token, Operation::Read, document, json!({}))
        .await
        .unwrap();
    let shown = paths(&some);
    assert!(
        shown.contains(&"/auth/token/create") && !shown.contains(&"/sys/mounts"),
        "{shown:?}"
    );
}

#[tokio::test]
async fn help_has_the_document_of_its_path() {
    let house = House::open().await;
    let help = house
        .ask(Operation::Help, "sys/mounts/secret/tune", json!({}))
        .await
        .unwrap();
    assert!(help["help"].as_str().unwrap().contains("Tunes a mount"));
    assert_eq!(paths(&help["openapi"]), ["/sys/mounts/{path}/tune"]);
}
