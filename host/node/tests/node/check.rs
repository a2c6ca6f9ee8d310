//! The steps of replication before and while there is one, in all three roles.

use crate::house::House;
use crate::pair::Network;
use crate::replication::{primary, secondary};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};

const CHECK: &str = "sys/replication/performance/check";

async fn check(house: &House, token: &str, body: Value) -> Value {
    let update = base::Operation::Update;
    house.ask_as(token, update, CHECK, body).await.unwrap()
}

/// `step: found`, or `step! reason`.
fn told(checked: &Value) -> Vec<String> {
    let steps = checked["steps"].as_array().unwrap().iter();
    let told = steps.map(|one| {
        let text = |name: &str| one[name].as_str().unwrap().to_owned();
        match one["ok"].as_bool().unwrap() {
            true => format!("{}: {}", text("step"), text("found")),
            false => format!("{}! {}", text("step"), text("reason")),
        }
    });
    told.collect()
}

/// The steps begin so, in this order, and there are no others.
#[track_caller]
fn is_told(checked: &Value, expected: &[&str]) {
    let all_are_good = !expected.iter().any(|one| one.contains("! "));
    assert_eq!(checked["ok"], all_are_good, "{checked:#}");
    let told = told(checked);
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (one, expected) in told.iter().zip(expected) {
        assert!(one.starts_with(expected), "{expected:?}: {told:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn before_there_is_a_relation_the_way_is_tried_by_somebody_unknown() {
    let network = Network::default();
    let (alone, _) = network.cluster("c").await;
    let (other, _) = network.cluster("off").await;
    let (a, _) = primary(&network).await;
    let nothing = check(&alone, &alone.token, json!({})).await;
    is_told(&nothing, &["role! this cluster plays no part"]);
    let reason = nothing["steps"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("give its cluster address as addresses"));
    let addresses = json!({ "addresses": ["https://a:8201/", "off:8201", "nobody:8201"] });
    let checked = check(&alone, &alone.token, addresses).await;
    let expected = [
        "role: none yet",
        "a:8201: connect: a:8201",
        "a:8201: verify the certificate: one of a primary, SHA-256 ",
        "a:8201: be admitted: sent away",
        "off:8201: agree on the protocol! no such protocol",
        "nobody:8201: connect! nobody answers",
    ];
    is_told(&checked, &expected);
    let good = check(&alone, &alone.token, json!({ "addresses": ["a:8201"] })).await;
    is_told(&good, &expected[..4]);
    // It is the certificate of which the primary says that it is its own.
    let own = check(&a.house, &a.own_token, json!({})).await;
    let fingerprint = |checked: &Value| {
        let told = told(checked);
        let certificate = told.iter().find(|one| one.contains("certificate: "));
        let (_, fingerprint) = certificate.unwrap().rsplit_once(' ').unwrap();
        fingerprint.to_owned()
    };
    assert_eq!(fingerprint(&good), fingerprint(&own));
    assert_eq!(fingerprint(&good).len(), 64);
    drop(other);
    let many: Vec<&str> = core::iter::repeat_n("a:8201", 17).collect();
    let refused = alone.write(CHECK, json!({ "addresses": many })).await;
    assert_eq!(refused.unwrap_err().message, "more than 16 addresses");
}

#[tokio::test(start_paused = true)]
async fn a_secondary_comes_as_itself() {
    let network = Network::default();
    let both = primary(&network).await;
    let c = secondary(&network, &both, "c", json!({})).await;
    let checked = check(&c.house, &c.own_token, json!({})).await;
    let expected = [
        "role: secondary",
        "a:8201: connect: a:8201",
        "a:8201: verify the certificate: one of a primary, SHA-256 ",
        "a:8201: be admitted: let in",
    ];
    is_told(&checked, &expected);
    let elsewhere = json!({ "addresses": ["b:8201"] });
    let checked = check(&c.house, &c.own_token, elsewhere).await;
    is_told(&checked, &["role: secondary", "b:8201: connect! nobody"]);
    let revoke = "sys/replication/performance/primary/revoke-secondary";
    both.0.write(revoke, json!({ "id": "c" })).await.unwrap();
    c.until_it_is_cut_off().await;
    let checked = check(&c.house, &c.own_token, json!({})).await;
    let refused = "a:8201: be admitted! secondary \"c\" was revoked";
    is_told(&checked, &[expected[0], expected[1], expected[2], refused]);
    network.cut(true);
    let checked = check(&c.house, &c.own_token, json!({})).await;
    is_told(&checked, &["role: secondary", "a:8201: connect! nobody"]);
    let detach = "sys/replication/performance/secondary/update-primary";
    let update = base::Operation::Update;
    let detached = c.house.ask_as(&c.own_token, update, detach, json!({}));
    detached.await.unwrap();
    let checked = check(&c.house, &c.own_token, json!({})).await;
    is_told(&checked, &["role: secondary", "address! it follows nobody"]);
}

/// An API that says this of itself, once for each request.
fn api(says: &'static str) -> String {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in socket.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 1024];
            let length = stream.read(&mut asked).unwrap();
            let asked = String::from_utf8_lossy(&asked[..length]).into_owned();
            assert!(asked.starts_with("GET /v1/sys/health "), "{asked}");
            let length = says.len();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(says.as_bytes()).unwrap();
        }
    });
    url
}

// The API is a real socket: time goes on.
#[tokio::test]
async fn a_primary_sees_whether_it_reaches_itself() {
    let network = Network::default();
    let other = api(r#"{"cluster_id":"another","sealed":false}"#);
    network.api_at("a", &other);
    let (a, _) = primary(&network).await;
    let (b, _) = network.cluster("b").await;
    let enable = "sys/replication/performance/primary/enable";
    let balanced = json!({ "primary_cluster_addr": "https://a:8201" });
    b.write(enable, balanced).await.unwrap();
    let checked = check(&a.house, &a.own_token, json!({})).await;
    let wrong_api = format!("api address! {other}: another cluster answers there, another;");
    let expected = [
        "role: primary",
        wrong_api.as_str(),
        "a:8201: connect: a:8201",
        "a:8201: verify the certificate: one of a primary, SHA-256 ",
        "a:8201: be admitted: sent away",
        "a:8201: reach itself: the certificate is the one of this cluster",
    ];
    is_told(&checked, &expected);
    // Where it says that it is there is another.
    let checked = check(&b, &b.token, json!({ "primary_api_addr": api("nothing") })).await;
    let told = told(&checked);
    let last = told.last().unwrap();
    assert!(
        last.starts_with("a:8201: reach itself! another primary"),
        "{told:#?}"
    );
    assert!(told[1].ends_with("not as the API of a server"), "{told:#?}");
    // What is no id is not passed on.
    let odd = api(r#"{"cluster_id":"a\nb","sealed":false}"#);
    let odd = check(&b, &b.token, json!({ "primary_api_addr": odd })).await;
    assert!(crate::check::told(&odd)[1].ends_with("not as the API of a server"));
    let sealed = api(r#"{"cluster_id":"another","sealed":true}"#);
    let own = json!({ "primary_api_addr": sealed, "addresses": ["b:8201"] });
    let checked = check(&b, &b.token, own).await;
    let told = crate::check::told(&checked);
    assert!(told[1].ends_with("the server is sealed"), "{told:#?}");
    let reaches = "b:8201: reach itself: the certificate is the one of this cluster";
    assert_eq!(told.last().unwrap(), reaches);
    network.cut(true);
    let checked = check(&b, &b.token, json!({ "primary_api_addr": sealed })).await;
    let last = crate::check::told(&checked);
    assert_eq!(last.last().unwrap(), "a:8201: connect! nobody answers");
}

#[tokio::test]
async fn before_there_is_a_relation_the_api_can_be_tried_too() {
    let network = Network::default();
    let (alone, _) = network.cluster("c").await;
    let other = api(r#"{"cluster_id":"another","sealed":false}"#);
    let body = json!({ "primary_api_addr": other });
    let checked = check(&alone, &alone.token, body).await;
    let answers = format!("api address: {other}: cluster another answers");
    is_told(&checked, &["role: none yet", &answers]);
}
