//! Policies: versions of those of paths, those of passwords, and what is shown of them.

use crate::house::House;
use base::{Operation, RefusalKind};
use core::time::Duration;
use serde_json::{Value, json};

const READ_A: &str = "path \"a\" { capabilities = [\"read\"] }";

async fn refused(house: &House, operation: Operation, path: &str, data: Value) -> String {
    house.ask(operation, path, data).await.unwrap_err().message
}

#[tokio::test]
async fn a_write_may_name_the_version_that_it_changes() {
    let house = House::open().await;
    let at = "sys/policies/acl/p";
    let write = |cas: i64| json!({ "policy": READ_A, "cas": cas });
    house.write(at, write(-1)).await.unwrap();
    let check = async |cas, expected: &str| {
        let told = refused(&house, Operation::Update, at, write(cas)).await;
        assert_eq!(told, expected);
    };
    check(-1, "check-and-set parameter set to -1 on existing entry").await;
    check(
        5,
        "check-and-set parameter 5 did not match the current version 1",
    )
    .await;
    check(
        -2,
        "check-and-set parameter -2 did not match the current version 1",
    )
    .await;
    let required = json!({ "policy": READ_A, "cas": 1, "cas_required": true });
    house.write(at, required).await.unwrap();
    let told = refused(&house, Operation::Update, at, json!({ "policy": READ_A })).await;
    assert_eq!(told, "check-and-set parameter required for this call");
    house.write(at, write(2)).await.unwrap();
    let read = house.read(at).await.unwrap();
    assert_eq!(read["version"], 3);
    assert_eq!(read["cas_required"], false);
    assert_eq!(read["modified"], "2023-11-14T22:13:20Z");
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_nothing_else() {
    let house = House::open().await;
    let at = "sys/policies/acl/p";
    house
        .write(
            at,
            json!({ "policy": READ_A, "cas_required": true, "cas": 0 }),
        )
        .await
        .unwrap();
    let patch = json!({ "allow_slashes_in_identity_templates": true, "ttl": "1h" });
    house.ask(Operation::Patch, at, patch).await.unwrap();
    let read = house.read(at).await.unwrap();
    assert_eq!(read["policy"], READ_A);
    assert_eq!(read["cas_required"], true);
    assert_eq!(read["allow_slashes_in_identity_templates"], true);
    assert_eq!(read["expiration"], "2023-11-14T23:13:20Z");
    assert_eq!(read["version"], 2);
    for (patch, expected) in [
        (
            json!({ "policy": "" }),
            "'policy' parameter not supplied or empty",
        ),
        (
            json!({ "ttl": 5, "expiration": 1_900_000_000 }),
            "cannot supply both 'expiration' and 'ttl' for policies",
        ),
        (
            json!({ "ttl": 0 }),
            "refusing to update policy as expiration time has already elapsed",
        ),
        (
            json!({ "cas": 1 }),
            "check-and-set parameter 1 did not match the current version 2",
        ),
    ] {
        assert_eq!(refused(&house, Operation::Patch, at, patch).await, expected);
    }
    let nothing = refused(&house, Operation::Patch, "sys/policies/acl/none", json!({})).await;
    assert_eq!(nothing, "policy not found");
}

#[tokio::test]
async fn a_policy_that_has_ended_grants_nothing_and_is_shown_nowhere() {
    let house = House::open().await;
    let at = "sys/policies/acl/brief";
    let text = "path \"sys/mounts\" { capabilities = [\"read\"] }";
    house
        .write(at, json!({ "policy": text, "ttl": "10s" }))
        .await
        .unwrap();
    let token = house.token_with(&["brief"]).await;
    let mounts = async || {
        let asked = house.ask_as(&token, Operation::Read, "sys/mounts", json!({}));
        asked.await.map(drop).map_err(|refusal| refusal.kind)
    };
    assert_eq!(mounts().await, Ok(()));
    house.clock.advance(Duration::from_secs(10));
    assert_eq!(mounts().await, Err(RefusalKind::Denied));
    let gone = house.read(at).await.unwrap_err();
    assert_eq!(gone.kind, RefusalKind::NotFound);
    let list = house
        .ask(Operation::List, "sys/policies/acl", json!({}))
        .await
        .unwrap();
    assert_eq!(list["keys"], json!(["default", "root"]));
}

#[tokio::test]
async fn names_have_folders() {
    let house = House::open().await;
    for name in ["team/a", "team/b", "teams"] {
        let at = format!("sys/policies/acl/{name}");
        house.write(&at, json!({ "policy": READ_A })).await.unwrap();
    }
    let list = async |at: &str| house.ask(Operation::List, at, json!({})).await.unwrap();
    assert_eq!(
        list("sys/policies/acl/team/").await["keys"],
        json!(["team/a", "team/b"])
    );
    assert_eq!(
        list("sys/policy/team/").await["policies"],
        json!(["team/a", "team/b"])
    );
    let detailed = list("sys/policies/detailed/acl").await;
    assert_eq!(
        detailed["keys"],
        json!(["default", "root", "team/a", "team/b", "teams"])
    );
    assert_eq!(detailed["key_info"]["team/a"]["policy"], READ_A);
    let token = house.token_with(&["team/a"]).await;
    let refusal = house.ask_as(&token, Operation::Read, "sys/mounts", json!({}));
    assert_eq!(refusal.await.unwrap_err().kind, RefusalKind::Denied);
}

#[tokio::test]
async fn passwords_are_made_by_a_policy() {
    let house = House::open().await;
    let at = "sys/policies/password/strong";
    let text = "length = 12\nrule \"charset\" { charset = \"abc\" min-chars = 2 }\n\
                rule \"charset\" { charset = \"0123\" min-chars = 3 }";
    house.write(at, json!({ "policy": text })).await.unwrap();
    assert_eq!(house.read(at).await.unwrap(), json!({ "policy": text }));
    let made = house.read(&format!("{at}/generate")).await.unwrap();
    let password = made["password"].as_str().unwrap();
    assert_eq!(password.len(), 12);
    assert!(
        password
            .bytes()
            .filter(|byte| b"abc".contains(byte))
            .count()
            >= 2
    );
    assert!(password.bytes().filter(u8::is_ascii_digit).count() >= 3);
    let list = house.ask(Operation::List, "sys/policies/password", json!({}));
    assert_eq!(list.await.unwrap(), json!({ "keys": ["strong"] }));
    house.ask(Operation::Delete, at, json!({})).await.unwrap();
    for path in [at, "sys/policies/password/strong/generate"] {
        let refusal = house.read(path).await.unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::NotFound);
        assert_eq!(
            refusal.message,
            "1 error occurred:\n\t* policy does not exist\n\n"
        );
    }
}

#[tokio::test]
async fn a_password_policy_that_makes_no_sense_is_not_kept() {
    let house = House::open().await;
    let at = "sys/policies/password/p";
    for (text, expected) in [
        ("", "missing policy"),
        (
            "length = 3\nrule \"charset\" { charset = \"ab\" }",
            "passwords must be between 4 and 100 characters",
        ),
        (
            "length = 8",
            "invalid password policy: 1 error occurred:\n\t* no charset specified\n\n",
        ),
    ] {
        let told = refused(&house, Operation::Update, at, json!({ "policy": text })).await;
        assert_eq!(told, format!("1 error occurred:\n\t* {expected}\n\n"));
    }
    assert_eq!(
        house.read(at).await.unwrap_err().kind,
        RefusalKind::NotFound
    );
}

#[tokio::test]
async fn a_user_interface_is_told_what_the_caller_may_do() {
    let house = House::open().await;
    let at = "sys/internal/ui/resultant-acl";
    let root = house.read(at).await.unwrap();
    assert_eq!(root, json!({ "chroot_namespace": "", "root": true }));
    let text = "path \"sys/internal/ui/resultant-acl\" { capabilities = [\"read\"] }
        path \"b/*\" { capabilities = [\"update\"] required_parameters = [\"z\"] max_wrapping_ttl = \"2m\" }
        path \"+/x\" { capabilities = [\"read\"] }";
    house
        .write("sys/policies/acl/p", json!({ "policy": text }))
        .await
        .unwrap();
    let made = json!({ "policies": ["p"], "no_default_policy": true });
    let made = house.write("auth/token/create", made).await.unwrap();
    let token = made["client_token"].as_str().unwrap();
    let told = house.ask_as(token, Operation::Read, at, json!({})).await;
    assert_eq!(
        told.unwrap(),
        json!({
            "chroot_namespace": "",
            "root": false,
            "exact_paths": { "sys/internal/ui/resultant-acl": { "capabilities": ["read"] } },
            "glob_paths": { "b/": {
                "capabilities": ["update"],
                "required_parameters": ["z"],
                "max_wrapping_ttl": 120,
            } },
        })
    );
}

#[tokio::test]
async fn policies_belong_to_their_namespace() {
    let house = House::open().await;
    house.write("sys/namespaces/team", json!({})).await.unwrap();
    let charset = "length = 4\nrule \"charset\" { charset = \"a\" }";
    house
        .write("team/sys/policies/password/p", json!({ "policy": charset }))
        .await
        .unwrap();
    let made = house.read("team/sys/policies/password/p/generate").await;
    assert_eq!(made.unwrap(), json!({ "password": "aaaa" }));
    let elsewhere = house.read("sys/policies/password/p").await.unwrap_err();
    assert_eq!(elsewhere.kind, RefusalKind::NotFound);
    house
        .write("team/sys/policies/acl/q", json!({ "policy": READ_A }))
        .await
        .unwrap();
    let list = house.ask(Operation::List, "sys/policies/detailed/acl", json!({}));
    assert_eq!(list.await.unwrap()["keys"], json!(["default", "root"]));
}
