//! A peer that was let in, and wants more than its share.

use crate::world::{LITTLE_BYTES, Seen, World, failed, soon};
use bytes::Bytes;
use cluster::Settings;
use core::time::Duration;
use link::{DialStep, LinkError};
use tokio::time::timeout;

#[tokio::test]
async fn connections_of_one_peer_are_counted() {
    let world = World::with(Settings {
        connections_of_peer_max: 2,
        ..Settings::default()
    });
    let world = world.await;
    let (first, second) = (world.link().await, world.link().await);
    let refused = failed(world.dial().await);
    assert_eq!(refused.step, DialStep::Admission);
    let expected = "2 connections of \"somebody\" are open already";
    assert_eq!(refused.reason, expected);
    drop(first);
    // Its place is free once the other end has seen that it is gone.
    let third = soon(async {
        loop {
            match world.dial().await {
                Ok(third) => break third,
                Err(error) => assert_eq!(error.reason, expected),
            }
        }
    });
    drop((third.await, second));
}

#[tokio::test]
async fn frames_are_as_large_as_their_method_needs() {
    let mut world = World::new().await;
    let link = world.link().await;
    for (size, is_too_large) in [
        (LITTLE_BYTES, false),
        (LITTLE_BYTES + 1, true),
        (10 * 1024 * 1024, true),
    ] {
        let mut call = soon(link.open("one-of-little")).await.unwrap();
        let frame = Bytes::from(vec![1; size]);
        soon(call.send(frame.clone())).await.unwrap();
        let expected = match is_too_large {
            true => Err(LinkError::TooLarge(size)),
            false => Ok(Some(frame)),
        };
        assert_eq!(world.next().await, Seen::Received(expected));
        assert_eq!(soon(call.receive()).await.unwrap().unwrap(), "heard");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn large_frames_of_one_peer_share_their_room() {
    let mut world = World::new().await;
    let (link, other) = (world.link().await, world.link().await);
    let large = Bytes::from(vec![1; 50 * 1024 * 1024]);
    let first = soon(link.open("keep")).await.unwrap();
    soon(first.send(large.clone())).await.unwrap();
    assert_eq!(world.next().await, Seen::Kept(large.len()));
    // Over another connection as well, and not in the way of what is small.
    let second = soon(other.open("keep")).await.unwrap();
    soon(second.send(large.clone())).await.unwrap();
    let waiting = timeout(Duration::from_secs(1), world.seen.recv()).await;
    assert!(waiting.is_err(), "{waiting:?}");
    let mut small = soon(other.open("echo")).await.unwrap();
    soon(small.send("x")).await.unwrap();
    assert_eq!(soon(small.receive()).await.unwrap().unwrap(), "x");
    drop(first);
    assert_eq!(world.next().await, Seen::Kept(large.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_nothing_is_cut_off_in_the_end() {
    let world = World::with(Settings {
        taking_duration_max: Duration::from_millis(300),
        ..Settings::default()
    });
    let world = world.await;
    // One that says nothing, since there is nothing to say, is no such one.
    let quiet = world.link().await;
    let mut idle = soon(quiet.open("echo")).await.unwrap();
    let deaf = world.link().await;
    let flood = soon(deaf.open("flood")).await.unwrap();
    let reason = soon(deaf.closed()).await;
    assert!(matches!(reason, LinkError::Ended(_)), "{reason}");
    drop(flood);
    soon(idle.send("x")).await.unwrap();
    assert_eq!(soon(idle.receive()).await.unwrap().unwrap(), "x");
}
