//! Passwords by the policies of a mount's namespace.

use crate::house::House;
use base::{Refusal, RefusalKind};
use serde_json::{Value, json};

async fn policy(house: &House, path: &str, characters: &str) {
    let text =
        format!("length = 24\nrule \"charset\" {{ charset = \"{characters}\" min-chars = 1 }}");
    let body = json!({ "policy": text });
    house.write(path, body).await.unwrap();
}

async fn made(house: &House, mount: &str, policy: &str) -> Result<String, Refusal> {
    let path = format!("{mount}/password/a");
    let answer = house.write(&path, json!({ "value": policy })).await?;
    Ok(answer["password"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_component_makes_passwords_by_the_policies_of_its_namespace() {
    let house = House::open().await;
    house.write("sys/namespaces/team", json!({})).await.unwrap();
    house.mount("courier", json!({})).await;
    let courier = json!({ "type": "courier" });
    house
        .write("team/sys/mounts/courier", courier)
        .await
        .unwrap();
    policy(&house, "sys/policies/password/letters", "abc").await;
    policy(&house, "team/sys/policies/password/digits", "012").await;
    let first = made(&house, "courier", "letters").await.unwrap();
    let second = made(&house, "courier", "letters").await.unwrap();
    assert_eq!(first.len(), 24);
    assert!(first.chars().all(|one| "abc".contains(one)), "{first}");
    assert_ne!(first, second);
    assert_eq!(house.value("courier/data/a").await, Some(json!(second)));
    let other = made(&house, "team/courier", "digits").await.unwrap();
    assert!(other.chars().all(|one| "012".contains(one)), "{other}");
    let long = "x".repeat(100_000);
    for (mount, name) in [
        ("courier", "digits"),
        ("team/courier", "letters"),
        ("team/courier", "../letters"),
        ("courier", ""),
        ("courier", &long),
    ] {
        let refused = made(&house, mount, name).await.unwrap_err();
        assert_eq!(refused.kind, RefusalKind::Invalid);
        let text = format!("password policy {name:?} does not exist");
        // A long text is cut.
        let (text, told) = (text.chars().take(30), refused.message.chars().take(30));
        assert!(text.eq(told), "{}", refused.message);
    }
}

#[tokio::test]
async fn a_policy_that_is_hardly_met_is_told_from_one_that_is_not_there() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    let rule = |characters: &str, count: u32| {
        format!("rule \"charset\" {{ charset = \"{characters}\" min-chars = {count} }}\n")
    };
    let all: String = ('!'..='~').filter(|one| !"\"\\$%".contains(*one)).collect();
    let text = format!("length = 40\n{}{}", rule(&all, 1), rule("a", 39));
    house
        .write("sys/policies/password/hard", json!({ "policy": text }))
        .await
        .unwrap();
    let refused = made(&house, "courier", "hard").await.unwrap_err();
    assert!(
        refused.message.starts_with("hardly any password"),
        "{refused:?}"
    );
}

// A call that waits at the gate holds a thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_policy_that_changes_meanwhile_overtakes_the_call() {
    let house = House::open().await;
    house.mount("courier", json!({})).await;
    policy(&house, "sys/policies/password/p", "abc").await;
    let held = house.gate.close();
    let running = tokio::spawn({
        let house = house.clone();
        async move { made(&house, "courier", "p").await }
    });
    let leave = held.arrived().await;
    policy(&house, "sys/policies/password/p", "012").await;
    leave.send(()).unwrap();
    let password: Value = json!(running.await.unwrap().unwrap());
    assert!(
        password
            .as_str()
            .unwrap()
            .chars()
            .all(|one| "012".contains(one))
    );
    assert_eq!(house.gate.passed(), 2);
}
