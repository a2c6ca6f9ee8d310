//! What is done to a token is one entry of the log: all of it is there after a fault, or nothing.

use crate::house::House;
use base::Operation;
use serde_json::{Value, json};
use std::sync::Arc;
use storage::Fault;

const ROLE: &str = "auth/token/roles/r";

/// What is asked about the token `TOKEN`, which has two children.
fn operations() -> Vec<(&'static str, Value)> {
    vec![
        ("auth/token/create", json!({ "policies": ["default"] })),
        (
            "auth/token/create",
            json!({ "id": "of-my-choice", "policies": ["default"], "ttl": "1h" }),
        ),
        ("auth/token/create-orphan", json!({ "ttl": "1h" })),
        ("auth/token/create/r", json!({ "ttl": "1h" })),
        ("auth/token/create/r", json!({ "entity_alias": "ann" })),
        (
            "auth/token/renew",
            json!({ "token": "TOKEN", "increment": "40m" }),
        ),
        ("auth/token/revoke", json!({ "token": "TOKEN" })),
        ("auth/token/revoke-orphan", json!({ "token": "TOKEN" })),
    ]
}

/// A node with a role, a known entity alias, and a token with a cubbyhole and two children.
struct Family {
    house: House,
    share: seal::Share,
    tokens: Vec<String>,
}

impl Family {
    async fn open() -> Self {
        let (house, share) = House::open_with_share().await;
        let role = json!({ "allowed_entity_aliases": ["*"], "allowed_policies": ["default"] });
        house.write(ROLE, role).await.unwrap();
        let known = json!({ "entity_alias": "ann" });
        house.write("auth/token/create/r", known).await.unwrap();
        let mut tokens = Vec::new();
        for _ in 0..3 {
            let maker = tokens.first().unwrap_or(&house.token);
            let asked = json!({ "policies": ["root"], "ttl": "1h" });
            let made = house
                .ask_as(maker, Operation::Update, "auth/token/create", asked)
                .await
                .unwrap();
            tokens.push(made["client_token"].as_str().unwrap().to_owned());
            let own = tokens.last().unwrap();
            house
                .ask_as(own, Operation::Update, "cubbyhole/a", json!({ "a": 1 }))
                .await
                .unwrap();
        }
        Self {
            house,
            share,
            tokens,
        }
    }

    fn about(&self, mut data: Value) -> Value {
        if data["token"] == "TOKEN" {
            data["token"] = self.tokens[0].as_str().into();
        }
        data
    }

    /// All that tells of tokens.
    async fn state(&self, house: &House) -> Value {
        let mut state = Vec::new();
        for path in ["auth/token/accessors", "identity/entity/id"] {
            let listed = house.ask(Operation::List, path, json!({})).await;
            state.push(listed.unwrap()["keys"].clone());
        }
        let listed = "sys/leases/lookup/auth/token/create";
        let listed = house.ask(Operation::List, listed, json!({})).await;
        state.push(listed.unwrap()["keys"].clone());
        for token in &self.tokens {
            for path in ["auth/token/lookup-self", "cubbyhole/a"] {
                let told = house.ask_as(token, Operation::Read, path, json!({})).await;
                state.push(told.unwrap_or_else(|refused| refused.message.into()));
            }
        }
        Value::Array(state)
    }

    /// The same disk after the process was killed.
    async fn after_a_crash(&self) -> House {
        let storage = Arc::new(self.house.storage.crash(0));
        let mut after = House::on(storage, Arc::clone(&self.house.clock));
        after.submit(&self.share).await.unwrap();
        after.token.clone_from(&self.house.token);
        after
    }
}

#[tokio::test]
async fn what_is_done_to_a_token_is_one_entry_of_the_log() {
    for (path, data) in operations() {
        let family = Family::open().await;
        let before = family.house.index().await;
        let data = family.about(data);
        family.house.write(path, data).await.unwrap();
        assert_eq!(family.house.index().await, before + 1, "{path}");
    }
}

#[tokio::test]
async fn after_a_fault_all_is_there_or_nothing() {
    for (path, data) in operations() {
        let mut done = 0;
        for well in 0..3 {
            let family = Family::open().await;
            let before = family.state(&family.house).await;
            family.house.storage.fail_write(well, Fault::Failed);
            let told = family.house.write(path, family.about(data.clone())).await;
            let after = family.after_a_crash().await;
            let state = family.state(&after).await;
            match told {
                Ok(_) => {
                    done += 1;
                    assert_ne!(state, before, "{path} after {well}");
                    // As where nothing fails.
                    let other = Family::open().await;
                    let data = other.about(data.clone());
                    other.house.write(path, data).await.unwrap();
                    let counted = |state: &Value| {
                        let state = state.as_array().unwrap();
                        let lists = state.iter().filter_map(Value::as_array);
                        let lists = lists.map(Vec::len).collect::<Vec<_>>();
                        (lists, state.iter().filter(|told| told.is_string()).count())
                    };
                    let expected = other.state(&other.house).await;
                    assert_eq!(counted(&state), counted(&expected), "{path} after {well}");
                }
                Err(_) => assert_eq!(state, before, "{path} after {well}"),
            }
        }
        assert!((1..3).contains(&done), "{path}: {done}");
    }
}
