//! Calls of a peer that was let in.

use crate::world::{Seen, World, soon};
use bytes::Bytes;
use cluster::{Connector, Settings};
use core::time::Duration;
use link::{Channel, Dialer as _, FRAME_BYTES_MAX, LinkError, Protocol};
use std::sync::Arc;

/// Sends all, then receives until the end.
async fn exchange(channel: Channel, frames: Vec<Bytes>) -> Vec<Bytes> {
    let (outgoing, incoming) = channel.into_parts();
    let (unused, _) = tokio::sync::mpsc::channel(1);
    let mut incoming = Channel::new(unused, incoming);
    let sending = async move {
        for frame in frames {
            outgoing.send(Ok(frame)).await.unwrap();
        }
    };
    let receiving = async {
        let mut received = Vec::new();
        while let Some(frame) = incoming.receive().await.unwrap() {
            received.push(frame);
        }
        received
    };
    soon(async { tokio::join!(sending, receiving).1 }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_of_any_size_come_back_in_order() {
    let world = World::new().await;
    let link = world.link().await;
    let sizes = [0, 1, 3, 16 * 1024, 16 * 1024 + 1, 70 * 1024 * 1024, 0, 5];
    let frames: Vec<Bytes> = (1..)
        .zip(sizes)
        .map(|(value, size)| Bytes::from(vec![value; size]))
        .collect();
    let channel = soon(link.open("echo")).await.unwrap();
    assert!(exchange(channel, frames.clone()).await == frames);
}

#[tokio::test]
async fn many_small_frames() {
    let world = World::new().await;
    let link = world.link().await;
    let frames: Vec<Bytes> = (0..20_000_u32)
        .map(|number| Bytes::copy_from_slice(&number.to_be_bytes()))
        .collect();
    let echo = soon(link.open("echo")).await.unwrap();
    assert_eq!(exchange(echo, frames.clone()).await, frames);
    let count = soon(link.open("count")).await.unwrap();
    let counted = exchange(count, frames).await;
    assert_eq!(counted, [Bytes::copy_from_slice(&20_000_u64.to_be_bytes())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_do_not_wait_for_each_other() {
    let mut world = World::new().await;
    let link = world.link().await;
    let flood = soon(link.open("flood")).await.unwrap();
    assert_eq!(world.next().await, Seen::Sent(1));
    let calls = (0..8_u8).map(|call| {
        let link = Arc::clone(&link);
        tokio::spawn(async move {
            let channel = soon(link.open("echo")).await.unwrap();
            let frames: Vec<Bytes> = (0..50)
                .map(|size| Bytes::from(vec![call; size * 100]))
                .collect();
            assert_eq!(exchange(channel, frames.clone()).await, frames);
        })
    });
    for call in calls.collect::<Vec<_>>() {
        soon(call).await.unwrap();
    }
    drop(flood);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_makes_the_other_end_wait() {
    let mut world = World::new().await;
    let link = world.link().await;
    let mut flood = soon(link.open("flood")).await.unwrap();
    // All that can lie between the two ends: what waits in both channels and in both windows, what
    // the sockets of the system take, and a frame in each hand between them.
    let between_max = 2 * (link::CHANNEL_FRAMES_MAX + 1) + 2 * 2 + 24;
    let mut sent = 0;
    for received in 1..=100 {
        let frame = soon(flood.receive()).await.unwrap().unwrap();
        assert_eq!(frame.len(), 1024 * 1024);
        while let Ok(Seen::Sent(more)) = world.seen.try_recv() {
            sent = more;
        }
        assert!(
            sent <= received + between_max,
            "{sent} sent, {received} received"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_goes_no_more_when_a_call_is_broken_off() {
    let mut world = World::new().await;
    let link = world.link().await;
    let mut flood = soon(link.open("break")).await.unwrap();
    let mut sent = 0;
    // Until nothing more has room between both ends.
    while let Ok(Some(Seen::Sent(more))) =
        tokio::time::timeout(Duration::from_millis(500), world.seen.recv()).await
    {
        sent = more;
    }
    flood.send("now").await.unwrap();
    let nothing = core::future::pending::<()>();
    let _ = tokio::time::timeout(Duration::from_millis(100), nothing).await;
    let mut received = 0;
    let broken = loop {
        match soon(flood.receive()).await {
            Ok(Some(_)) => received += 1,
            other => break other,
        }
    };
    assert!(matches!(broken, Err(LinkError::Ended(_))), "{broken:?}");
    // Neither what waited nor the rest of what was being sent.
    assert!(
        received < sent - link::CHANNEL_FRAMES_MAX,
        "{received} of {sent}"
    );
    // The connection stands.
    let echo = soon(link.open("echo")).await.unwrap();
    let frames = vec![Bytes::from_static(b"x")];
    assert_eq!(exchange(echo, frames.clone()).await, frames);
}

#[tokio::test]
async fn what_is_not_known_is_refused() {
    let world = World::new().await;
    let link = world.link().await;
    let mut channel = soon(link.open("sing")).await.unwrap();
    let refused = soon(channel.receive()).await.unwrap_err();
    assert_eq!(
        refused,
        LinkError::Refused(String::from("sing is not known"))
    );
    for method in ["", "a b", "é", &"x".repeat(65), "a?b"] {
        let refused = soon(link.open(method)).await.unwrap_err();
        assert!(
            matches!(refused, LinkError::Refused(_)),
            "{method}: {refused}"
        );
    }
}

#[tokio::test]
async fn calls_of_a_connection_are_counted() {
    let world = World::new().await;
    let settings = Settings {
        calls_count_max: 2,
        ..Settings::default()
    };
    let identity = crate::world::secondary(&world.authority, "one");
    let addresses = [world.address.to_string()];
    let connector = Connector::new(settings);
    let dialing = connector.dial(Protocol::Performance, &addresses, &identity);
    let link = soon(dialing).await.unwrap();
    let first = soon(link.open("echo")).await.unwrap();
    let second = soon(link.open("echo")).await.unwrap();
    let refused = soon(link.open("echo")).await.unwrap_err();
    let expected = LinkError::Refused(String::from("2 calls are under way already"));
    assert_eq!(refused, expected);
    assert_eq!(exchange(first, Vec::new()).await, Vec::<Bytes>::new());
    // The place is free once both directions are done, which is not at the same moment.
    let third = soon(async {
        loop {
            match link.open("echo").await {
                Ok(third) => break third,
                Err(error) => assert_eq!(error, expected),
            }
            tokio::task::yield_now().await;
        }
    });
    drop((third.await, second));
}

#[tokio::test]
async fn a_port_counts_calls_by_itself() {
    let world = World::with(Settings {
        calls_count_max: 1,
        ..Settings::default()
    });
    let world = world.await;
    let settings = Settings {
        open_duration_max: Duration::from_secs(1),
        ..Settings::default()
    };
    let identity = crate::world::secondary(&world.authority, "one");
    let addresses = [world.address.to_string()];
    let connector = Connector::new(settings);
    let dialing = connector.dial(Protocol::Performance, &addresses, &identity);
    let link = soon(dialing).await.unwrap();
    let only = soon(link.open("echo")).await.unwrap();
    let refused = soon(link.open("echo")).await.unwrap_err();
    let expected = LinkError::Refused(String::from("no answer came in time"));
    assert_eq!(refused, expected);
    assert_eq!(exchange(only, vec![Bytes::from("x")]).await, ["x"]);
}

#[tokio::test]
async fn a_frame_that_is_too_large_is_not_sent() {
    let world = World::new().await;
    let link = world.link().await;
    let channel = soon(link.open("echo")).await.unwrap();
    let large = Bytes::from(vec![0; FRAME_BYTES_MAX + 1]);
    let error = soon(channel.send(large.clone())).await.unwrap_err();
    assert_eq!(error, LinkError::TooLarge(FRAME_BYTES_MAX + 1));
    let (outgoing, incoming) = channel.into_parts();
    soon(outgoing.send(Ok(large))).await.unwrap();
    let mut channel = Channel::new(outgoing, incoming);
    let error = soon(channel.receive()).await.unwrap_err();
    assert!(matches!(error, LinkError::Ended(_)), "{error}");
    let another = soon(link.open("echo")).await.unwrap();
    assert_eq!(exchange(another, vec![Bytes::from("x")]).await, ["x"]);
}

#[tokio::test]
async fn a_call_that_is_given_up_is_dropped_at_the_other_end() {
    let mut world = World::new().await;
    let link = world.link().await;
    let mut call = soon(link.open("wait")).await.unwrap();
    let began = world.next().await;
    let expected = (String::from("somebody"), String::from("wait"));
    assert_eq!(
        began,
        Seen::Began(Protocol::Performance, expected.0, expected.1)
    );
    assert_eq!(soon(call.receive()).await.unwrap().unwrap(), "began");
    drop(call);
    assert_eq!(world.next().await, Seen::Dropped);
}
