//! Activation tokens: how long they can be used, and a filter that is there before them.

use crate::pair::Network;
use crate::replication::{Member, a_while, primary, secondary};
use core::time::Duration;
use serde_json::{Value, json};
use storage::{Space, Storage as _};

const TOKEN: &str = "sys/replication/performance/primary/secondary-token";
const ENABLE: &str = "sys/replication/performance/secondary/enable";
const FILTER: &str = "sys/replication/performance/primary/paths-filter/c";

/// A token that is wrapped; its `wrap_info`.
async fn wrapped(a: &Member, id: &str, ttl: Option<&str>) -> Value {
    let mut asked = json!({ "id": id });
    if let Some(ttl) = ttl {
        asked["ttl"] = json!(ttl);
    }
    let path = TOKEN;
    a.house.wrapped(&a.token, path, asked, &[]).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_wrapped_token_is_good_for_its_time() {
    let network = Network::default();
    let (a, _) = primary(&network).await;
    for (id, ttl, seconds) in [("c", None, 30 * 60), ("d", Some("10m"), 600)] {
        let late = format!("{id}-late");
        for (id, passes, is_good) in [(id, seconds - 1, true), (late.as_str(), seconds + 1, false)]
        {
            let made = wrapped(&a, id, ttl).await;
            assert_eq!(
                (&made["ttl"], &made["creation_path"]),
                (&json!(seconds), &json!(TOKEN))
            );
            a.house.clock.advance(Duration::from_secs(passes));
            let token = made["token"].as_str().unwrap();
            let opened = a.house.ask_as(
                token,
                base::Operation::Update,
                "sys/wrapping/unwrap",
                json!({}),
            );
            let opened = opened.await;
            assert_eq!(opened.is_ok(), is_good, "{id}: {opened:?}");
            let became = match opened {
                Ok(opened) => {
                    assert_eq!(opened["data"]["id"], id, "{opened:#}");
                    "was used already, or taken back"
                }
                Err(_) => "expired at 2023-11-",
            };
            // Whoever has it is told what became of it, and nobody else.
            let unwrap = "sys/wrapping/unwrap";
            let invalid = "wrapping token is not valid or does not exist";
            let told = format!("{invalid}: the activation token of secondary {id:?} {became}");
            let (signed, signature) = token.rsplit_once('.').unwrap();
            let forged = match signature.strip_prefix('A') {
                Some(rest) => format!("{signed}.B{rest}"),
                None => format!("{signed}.A{}", &signature[1..]),
            };
            for (token, expected) in [(token, told.as_str()), (&forged, invalid)] {
                let update = base::Operation::Update;
                let refused = a.house.ask_as(token, update, unwrap, json!({})).await;
                let message = refused.unwrap_err().message;
                assert!(message.starts_with(expected), "{message}");
                assert_eq!(message == invalid, expected == invalid, "{message}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_sealed_token_is_good_for_its_time() {
    let network = Network::default();
    let (a, _) = primary(&network).await;
    for (name, passes, is_good) in [("c", 601, false), ("d", 599, true)] {
        let (house, _) = network.cluster(name).await;
        let key = "sys/replication/performance/secondary/generate-public-key";
        let key = house.write(key, json!({})).await.unwrap();
        let key = &key["secondary_public_key"];
        let asked = json!({ "id": name, "ttl": "10m", "secondary_public_key": key });
        let made = a.write(TOKEN, asked).await.unwrap();
        a.house.clock.advance(Duration::from_secs(passes));
        let enabled = house.write(ENABLE, json!({ "token": made["token"] })).await;
        if is_good {
            enabled.unwrap();
            continue;
        }
        let refused = enabled.unwrap_err().message;
        assert!(
            refused.contains("activation token of secondary \"c\" has expired"),
            "{refused}"
        );
        let status = house
            .read("sys/replication/performance/status")
            .await
            .unwrap();
        assert_eq!(status["mode"], "disabled");
    }
}

/// Once it was used it is the secondary's certificate, which has no such end.
#[tokio::test(start_paused = true)]
async fn a_token_that_was_used_in_time_is_good_for_ever() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({ "ttl": "1m" })).await;
    c.cut_off(&network).await;
    a.house.clock.advance(Duration::from_secs(24 * 3600 - 60));
    network.cut(false);
    c.until_it_streams().await;
}

#[tokio::test(start_paused = true)]
async fn a_filter_may_be_there_before_its_token() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    for name in ["shut", "open"] {
        a.write(&format!("sys/namespaces/{name}"), json!({}))
            .await
            .unwrap();
        let canary = json!({ "policy": format!("# canary-{name}") });
        a.write(&format!("{name}/sys/policies/acl/canary-{name}"), canary)
            .await
            .unwrap();
    }
    let filter = json!({ "mode": "deny", "paths": ["shut"] });
    let warnings = a.house.warnings(&a.token, FILTER, filter).await.unwrap();
    assert_eq!(warnings, ["no secondary of the id \"c\" is known yet"]);
    network.forget();
    let c = secondary(&network, &both, "c", json!({})).await;
    a_while().await;
    assert!(c.read("open/sys/policies/acl/canary-open").await.is_ok());
    assert!(c.read("shut/sys/policies/acl/canary-shut").await.is_err());
    assert!(network.carried(b"canary-open") && !network.carried(b"canary-shut"));
    let stored = a.read(FILTER).await.unwrap();
    assert_eq!(
        (&stored["mode"], &stored["paths"]),
        (&json!("deny"), &json!(["shut/"]))
    );
}

/// A key that a token was sealed to has done what it was for: neither it nor the token is of use again.
#[tokio::test(start_paused = true)]
async fn a_key_is_gone_when_its_token_was_used() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    let key = locality::SystemKey::performance_key();
    let has_key = || {
        let snapshot = c.house.storage.snapshot();
        let found = snapshot.get(Space::Entries, key.physical().as_bytes());
        found.unwrap().is_some()
    };
    assert!(!has_key());
    let path = "sys/replication/performance/secondary/generate-public-key";
    let public = c.write(path, json!({})).await.unwrap();
    let revoke = "sys/replication/performance/primary/revoke-secondary";
    a.write(revoke, json!({ "id": "c" })).await.unwrap();
    let asked = json!({ "id": "c", "secondary_public_key": public["secondary_public_key"] });
    let made = a.write(TOKEN, asked).await.unwrap();
    let update = "sys/replication/performance/secondary/update-primary";
    // What is refused uses nothing up, nor does an update without a token.
    let refused = c.write(update, json!({ "token": "casemate-activation-1.x" }));
    assert!(refused.await.is_err());
    c.write(update, json!({ "update_primary_addrs": ["a:8201"] }))
        .await
        .unwrap();
    assert!(has_key());
    let token = json!({ "token": made["token"] });
    c.write(update, token.clone()).await.unwrap();
    assert!(!has_key());
    c.until_it_streams().await;
    let refused = c.write(update, token).await.unwrap_err();
    assert!(
        refused.message.contains("none was generated here"),
        "{refused:?}"
    );
}
