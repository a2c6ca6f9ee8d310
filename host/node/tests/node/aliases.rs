//! Tokens that a secondary makes for an alias: the entity is the primary's, the token its own.

use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::{Operation, Refusal, RefusalKind};
use serde_json::{Value, json};

const ROLE: &str = "auth/token/roles/r";

async fn create(on: &Member, token: &str, more: Value) -> Result<(String, String), Refusal> {
    let path = "auth/token/create/r";
    let made = on
        .house
        .ask_as(token, Operation::Update, path, more)
        .await?;
    let made = made["client_token"].as_str().unwrap().to_owned();
    let own = on
        .house
        .ask_as(&made, Operation::Read, "auth/token/lookup-self", json!({}))
        .await?;
    Ok((made, own["entity_id"].as_str().unwrap().to_owned()))
}

async fn is_known(on: &Member, token: &str) -> bool {
    let own = on
        .house
        .ask_as(token, Operation::Read, "auth/token/lookup-self", json!({}));
    own.await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn the_entity_is_the_primarys_and_the_token_the_secondarys() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let role = json!({ "allowed_entity_aliases": ["*"], "allowed_policies": ["default"] });
    a.write(ROLE, role).await.unwrap();
    let c = secondary(&network, &both, "c", json!({})).await;
    for (alias, more) in [
        ("ann", json!({ "entity_alias": "Ann" })),
        ("bob", json!({ "entity_alias": "bob", "type": "batch" })),
    ] {
        let (token, entity) = create(&c, &c.own_token, more.clone()).await.unwrap();
        assert!(!entity.is_empty(), "{alias}");
        // The same one each time, on both.
        let again = create(&c, &c.own_token, more.clone()).await.unwrap();
        let there = create(a, &a.own_token, more).await.unwrap();
        assert_eq!((&again.1, &there.1), (&entity, &entity), "{alias}");
        for cluster in [a, &c] {
            let path = format!("identity/entity/id/{entity}");
            let read = cluster.read(&path).await.unwrap();
            assert_eq!(read["aliases"][0]["name"], alias, "{read:#}");
        }
        assert!(
            is_known(&c, &token).await && !is_known(a, &token).await,
            "{alias}"
        );
        assert!(!is_known(&c, &there.0).await, "{alias}");
    }
    let (one, other) = (a.status().await, c.status().await);
    assert_eq!(one["merkle_root"], other["merkle_root"]);
}

#[tokio::test(start_paused = true)]
async fn without_its_primary_only_known_aliases_have_tokens() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    a.write(ROLE, json!({ "allowed_entity_aliases": ["*"] }))
        .await
        .unwrap();
    let c = secondary(&network, &both, "c", json!({})).await;
    let known = json!({ "entity_alias": "known" });
    let (_, entity) = create(&c, &c.own_token, known.clone()).await.unwrap();
    c.cut_off(&network).await;
    let again = create(&c, &c.own_token, known).await.unwrap();
    assert_eq!(again.1, entity);
    let new = json!({ "entity_alias": "new" });
    let refused = create(&c, &c.own_token, new.clone()).await.unwrap_err();
    assert_eq!(refused.kind, RefusalKind::Unavailable);
    assert!(
        refused
            .message
            .contains("primary cluster cannot be reached"),
        "{refused:?}"
    );
    network.cut(false);
    c.until_it_streams().await;
    assert!(create(&c, &c.own_token, new).await.is_ok());
}

/// What is refused is refused before the primary makes anything.
#[tokio::test(start_paused = true)]
async fn an_alias_that_a_role_does_not_allow_makes_no_entity() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let role = json!({ "allowed_entity_aliases": ["ann"], "allowed_policies": ["default"] });
    a.write(ROLE, role).await.unwrap();
    let c = secondary(&network, &both, "c", json!({})).await;
    for wrong in [
        json!({ "entity_alias": "bob" }),
        json!({ "entity_alias": "ann", "policies": ["other"] }),
    ] {
        let refused = create(&c, &c.own_token, wrong.clone()).await.unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Invalid, "{wrong}");
    }
    let entities = a
        .house
        .ask_as(&a.token, Operation::List, "identity/entity/id", json!({}))
        .await;
    assert!(entities.is_err(), "{entities:?}");
}
