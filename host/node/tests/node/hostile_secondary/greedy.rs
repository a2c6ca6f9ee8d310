//! Whoever has taken over a secondary, and wants all that the primary has: its memory, its threads and
//! its places.

use crate::hostile_secondary::thief::robbed;
use crate::pair::Network;
use crate::replication::a_while;
use link::{Acceptor as _, Channel, Link, LinkError, Protocol};
use replication::{Event, Follow, Hello, Method, Position, Question, Told, Versions};
use replication::{decode, encode};

fn hello(api_address: &str, cluster_address: &str) -> Hello {
    Hello {
        versions: Versions::OURS,
        relation: String::new(),
        generation: 0,
        api_address: api_address.to_owned(),
        cluster_address: cluster_address.to_owned(),
        public_key: vec![9; 32],
        is_filtered: true,
        formerly: String::new(),
    }
}

fn follow(hello: Hello) -> Vec<u8> {
    let position = Position {
        relation: String::new(),
        generation: 0,
        index: 0,
        filter: 0,
        is_filtered: true,
    };
    encode(&Follow { hello, position }).unwrap()
}

async fn said(channel: &mut Channel) -> Result<Event, LinkError> {
    let frame = channel.receive().await?.unwrap();
    Ok(decode(&frame).unwrap())
}

/// Calls of a method that say nothing, until one is refused: how many there were, and why.
async fn until_refused(link: &dyn Link, method: Method) -> (usize, String, Vec<Channel>) {
    let mut calls = Vec::new();
    loop {
        let mut call = link.open(method.name()).await.unwrap();
        let word = tokio::time::timeout(core::time::Duration::from_secs(1), call.receive()).await;
        match word {
            Err(_) => calls.push(call),
            Ok(Err(LinkError::Refused(reason))) => return (calls.len(), reason, calls),
            Ok(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn streams_and_comparisons_of_one_secondary_are_counted() {
    let network = Network::default();
    let (both, _c, thief) = robbed(&network).await;
    // The secondary itself has one stream.
    for (method, expected, what) in [
        (Method::Follow, 3, "4 streams"),
        (Method::Compare, 2, "2 comparisons"),
    ] {
        let (count, reason, calls) = until_refused(&*thief.0, method).await;
        assert_eq!(count, expected, "{what}");
        let text = format!("{what} of this secondary are under way already");
        assert_eq!(reason, text);
        // Their places are free when they are over.
        drop(calls);
        a_while().await;
        let again = until_refused(&*thief.0, method).await;
        assert_eq!(again.0, expected, "{what}");
    }
    let read = both.0.read("shared/notes/x").await.unwrap();
    assert_eq!(read["text"], "known to all");
}

#[tokio::test(start_paused = true)]
async fn addresses_are_no_longer_than_addresses_are() {
    let network = Network::default();
    let (both, _c, thief) = robbed(&network).await;
    let short = format!("https://{}", "a".repeat(255 - 8));
    let long = format!("{short}a");
    for (api, cluster, is_refused) in [
        (short.as_str(), short.as_str(), false),
        (long.as_str(), "", true),
        ("", long.as_str(), true),
    ] {
        let mut stream = thief.0.open(Method::Follow.name()).await.unwrap();
        stream.send(follow(hello(api, cluster))).await.unwrap();
        let event = said(&mut stream).await.unwrap();
        let refused = Event::Refused {
            reason: String::from("an address of this secondary is longer than 255 bytes"),
        };
        assert_eq!(event == refused, is_refused, "{event:?}");
        let mut comparison = thief.0.open(Method::Compare.name()).await.unwrap();
        let begin = Question::Begin(hello(api, cluster));
        comparison.send(encode(&begin).unwrap()).await.unwrap();
        let frame = comparison.receive().await.unwrap().unwrap();
        let told: Told = decode(&frame).unwrap();
        let is_told_so = matches!(&told, Told::Refused { reason } if reason.contains("longer"));
        assert_eq!(is_told_so, is_refused, "{told:?}");
    }
    let status = both.0.read("sys/replication/status").await.unwrap();
    assert!(!status.to_string().contains(&long), "{status}");
}

#[tokio::test(start_paused = true)]
async fn frames_to_the_primary_are_of_the_size_of_questions() {
    let network = Network::default();
    let (both, _c, _thief) = robbed(&network).await;
    let node = &both.0.house.node;
    for (method, expected) in [
        ("follow", 64 * 1024),
        ("greet", 64 * 1024),
        ("bootstrap", 64 * 1024),
        ("of-another-kind", 64 * 1024),
        ("compare", 256 * 1024),
        // The body of a request twice, and what is around it.
        ("forward", 65 * 1024 * 1024),
    ] {
        let bound = node.frame_bytes_max(Protocol::Performance, method);
        assert_eq!(bound, expected, "{method}");
    }
}
