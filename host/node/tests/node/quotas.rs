//! Rate limits and counts of leases, through a node.

use crate::house::{House, request};
use crate::pair::Network;
use crate::replication::{Member, primary, secondary};
use base::{Operation, RateRoom, RefusalKind, Reply};
use core::net::SocketAddr;
use core::time::Duration;
use serde_json::{Map, json};

async fn get(house: &House, path: &str, client: [u8; 4]) -> Reply {
    let mut asked = request(&house.token, Operation::Read, path, Map::new());
    asked.client.address = SocketAddr::from((client, 1));
    house.node.handle(asked).await
}

fn is_turned_away(reply: &Reply) -> bool {
    let refusal = reply.outcome.as_ref().err();
    refusal.is_some_and(|refusal| refusal.kind == RefusalKind::TooMany)
}

const CLIENT: [u8; 4] = [10, 0, 0, 1];

#[tokio::test]
async fn a_client_that_asks_too_often_is_turned_away() {
    let house = House::open().await;
    let headers = json!({"enable_rate_limit_response_headers": true});
    house.write("sys/quotas/config", headers).await.unwrap();
    let quota = json!({"rate": 2, "interval": 10, "block_interval": 4, "path": "cubbyhole"});
    house.write("sys/quotas/rate-limit/c", quota).await.unwrap();
    for remaining in [1, 0] {
        let reply = get(&house, "cubbyhole/a", CLIENT).await;
        let room = RateRoom {
            limit: 2,
            remaining,
            reset: 9,
        };
        assert_eq!(reply.rate.room, Some(room));
        assert!(!is_turned_away(&reply));
    }
    let reply = get(&house, "cubbyhole/a", CLIENT).await;
    let text = "request path \"cubbyhole/a\": rate limit quota exceeded";
    assert_eq!(reply.outcome.as_ref().unwrap_err().message, text);
    assert_eq!(
        (reply.rate.room.unwrap().remaining, reply.rate.retry_after),
        (0, Some(3))
    );
    let reply = get(&house, "cubbyhole/a", CLIENT).await;
    assert_eq!((reply.rate.room, reply.rate.retry_after), (None, Some(3)));
    assert!(!is_turned_away(
        &get(&house, "cubbyhole/a", [10, 0, 0, 2]).await
    ));
    assert!(!is_turned_away(&get(&house, "sys/mounts", CLIENT).await));
    house.clock.advance(Duration::from_secs(10));
    assert!(!is_turned_away(&get(&house, "cubbyhole/a", CLIENT).await));
    // What another quota becomes does not give this one's clients new room.
    get(&house, "cubbyhole/a", CLIENT).await;
    let other = json!({"rate": 2, "path": "cubbyhole/b"});
    house.write("sys/quotas/rate-limit/d", other).await.unwrap();
    assert!(is_turned_away(&get(&house, "cubbyhole/a", CLIENT).await));
    let delete = house.ask(Operation::Delete, "sys/quotas/rate-limit/c", json!({}));
    delete.await.unwrap();
    assert!(!is_turned_away(&get(&house, "cubbyhole/a", CLIENT).await));
}

#[tokio::test]
async fn a_limit_for_everything_spares_what_is_exempt() {
    let house = House::open().await;
    let quota = json!({"rate": 1, "interval": 60});
    house.write("sys/quotas/rate-limit/g", quota).await.unwrap();
    assert!(!is_turned_away(&get(&house, "nowhere/a", CLIENT).await));
    for path in ["nowhere/a", "sys/mounts", "sys/leader", "cubbyhole/a"] {
        let reply = get(&house, path, CLIENT).await;
        assert!(is_turned_away(&reply), "{path}");
        assert_eq!(
            reply.rate,
            base::RateReport::default(),
            "headers were not asked for"
        );
    }
    for path in ["sys/health", "sys/seal-status"] {
        assert!(!is_turned_away(&get(&house, path, CLIENT).await), "{path}");
    }
    // The client of the house has room of its own.
    house.clock.advance(Duration::from_secs(60));
    let exempt = json!({"rate_limit_exempt_paths": ["cubbyhole/"], "absolute_rate_limit_exempt_paths": ["sys/mounts"]});
    house.write("sys/quotas/config", exempt).await.unwrap();
    get(&house, "nowhere", CLIENT).await;
    for (path, expected) in [
        ("cubbyhole/a", false),
        ("sys/mounts", false),
        ("sys/health", true),
    ] {
        let reply = get(&house, path, CLIENT).await;
        assert_eq!(is_turned_away(&reply), expected, "{path}");
    }
}

#[tokio::test]
async fn quotas_are_kept_and_what_they_counted_is_not() {
    let (house, share) = House::open_with_share().await;
    let quota = json!({"rate": 1, "interval": 3600, "path": "cubbyhole/a*"});
    house.write("sys/quotas/rate-limit/c", quota).await.unwrap();
    get(&house, "cubbyhole/ab", CLIENT).await;
    assert!(is_turned_away(&get(&house, "cubbyhole/ab", CLIENT).await));
    house.node.seal().await;
    house.submit(&share).await.unwrap();
    assert!(!is_turned_away(&get(&house, "cubbyhole/ab", CLIENT).await));
    assert!(is_turned_away(&get(&house, "cubbyhole/ab", CLIENT).await));
}

#[tokio::test]
async fn tokens_are_counted_where_leases_are() {
    let house = House::open().await;
    let quota = json!({"max_leases": 3});
    house
        .write("sys/quotas/lease-count/all", quota)
        .await
        .unwrap();
    let token = || house.write("auth/token/create", json!({"policies": ["default"]}));
    let first = token().await.unwrap();
    token().await.unwrap();
    let refusal = token().await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::TooMany);
    let text = "request path \"auth/token/create\": lease count quota exceeded";
    assert_eq!(refusal.message, text);
    // A batch token has no lease, and is held back all the same; a root token never is.
    let batch = json!({"policies": ["default"], "type": "batch"});
    let batch = || house.write("auth/token/create", batch.clone());
    assert_eq!(batch().await.unwrap_err().kind, RefusalKind::TooMany);
    let shown = house.read("sys/quotas/lease-count/all").await.unwrap();
    let expected = json!({"counter": 3, "inheritable": true, "max_leases": 3, "name": "all", "path": "", "role": "", "type": "lease-count"});
    assert_eq!(shown, expected);
    let accessor = json!({"accessor": first["accessor"]});
    house
        .write("auth/token/revoke-accessor", accessor)
        .await
        .unwrap();
    assert!(token().await.is_err(), "it was counted just now");
    house.clock.advance(Duration::from_secs(1));
    // It takes no room either.
    batch().await.unwrap();
    batch().await.unwrap();
    token().await.unwrap();
    assert!(token().await.is_err());
    let root = json!({"policies": ["root"], "ttl": "1h"});
    let root = house.write("auth/token/create", root).await.unwrap();
    let accessor = json!({"accessor": root["accessor"]});
    house
        .write("auth/token/revoke-accessor", accessor)
        .await
        .unwrap();
    // The more particular quota is the one that counts.
    let quota = json!({"max_leases": 100, "path": "auth/token"});
    house
        .write("sys/quotas/lease-count/tokens", quota)
        .await
        .unwrap();
    token().await.unwrap();
    let shown = house.read("sys/quotas/lease-count/tokens").await.unwrap();
    assert_eq!(shown["counter"], 4, "with the root token");
}

/// The rules are those of the primary; what is counted is what the cluster has made itself.
#[tokio::test(start_paused = true)]
async fn a_secondary_counts_its_own_leases_under_the_quotas_of_its_primary() {
    let network = Network::default();
    let both = primary(&network).await;
    let a = &both.0;
    let c = secondary(&network, &both, "c", json!({})).await;
    a.write("sys/namespaces/team", json!({})).await.unwrap();
    let quotas = [
        ("team", "team/", "team/auth/token/create", 2),
        ("tokens", "auth/token", "auth/token/create", 3),
    ];
    // Written through the one or the other, it is in force on both.
    for (member, (name, path, _, max)) in [a, &c].into_iter().zip(quotas) {
        let quota = json!({ "path": path, "max_leases": max });
        let rule = format!("sys/quotas/lease-count/{name}");
        member.write(&rule, quota).await.unwrap();
        c.until_it_streams().await;
    }
    let counter = async |member: &Member, name: &str| {
        let shown = member.read(&format!("sys/quotas/lease-count/{name}")).await;
        shown.unwrap()["counter"].clone()
    };
    for (name, _, create, max) in quotas {
        let made = json!({ "policies": ["default"] });
        let refusal = async |member: &Member| {
            let made =
                member
                    .house
                    .ask_as(&member.own_token, Operation::Update, create, made.clone());
            made.await.err()
        };
        let began = counter(&c, name).await.as_u64().unwrap();
        let others = counter(a, name).await;
        for _ in began..max {
            assert_eq!(refusal(&c).await.map(|refusal| refusal.message), None);
        }
        let full = refusal(&c).await.unwrap();
        assert_eq!(full.kind, RefusalKind::TooMany, "{full:?}");
        assert!(full.message.ends_with(": lease count quota exceeded"));
        assert_eq!(counter(&c, name).await, max);
        assert_eq!(counter(a, name).await, others, "they are not the primary's");
        assert!(refusal(a).await.is_none());
    }
    // More room is given by the primary alone, and is there as soon as the rule is.
    let wider = json!({ "path": "team/", "max_leases": 3 });
    a.write("sys/quotas/lease-count/team", wider).await.unwrap();
    c.until_it_streams().await;
    c.house.clock.advance(Duration::from_secs(1));
    let made = json!({ "policies": ["default"] });
    let create = "team/auth/token/create";
    let made = c
        .house
        .ask_as(&c.own_token, Operation::Update, create, made);
    made.await.unwrap();
    assert_eq!(counter(&c, "team").await, 3);
}
