//! How connections end.

use crate::world::{Seen, World, dial, secondary, short, soon, stranger};
use cluster::{Connector, Port, Settings};
use core::time::Duration;
use link::{Acceptor, Channel, Dialer as _, LinkError, Protocol};
use std::sync::Arc;
use tokio::sync::oneshot;

async fn ended(channel: &mut Channel) {
    let error = soon(async {
        loop {
            match channel.receive().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it looks complete"),
                Err(error) => break error,
            }
        }
    });
    let error = error.await;
    assert!(matches!(error, LinkError::Ended(_)), "{error}");
}

#[tokio::test]
async fn a_peer_that_is_ended_is_cut_off_in_the_middle_of_its_calls() {
    let mut world = World::new().await;
    let link = world.link().await;
    let mut waiting = soon(link.open("wait")).await.unwrap();
    assert!(matches!(world.next().await, Seen::Began(..)));
    let mut flood = soon(link.open("flood")).await.unwrap();
    assert_eq!(world.next().await, Seen::Sent(1));
    world.house.ended.send_replace(true);
    soon(link.closed()).await;
    ended(&mut waiting).await;
    ended(&mut flood).await;
    soon(async { while world.seen.recv().await != Some(Seen::Dropped) {} }).await;
    let error = soon(link.open("echo")).await.unwrap_err();
    assert!(matches!(error, LinkError::Ended(_)), "{error}");
}

#[tokio::test]
async fn a_peer_that_was_ended_before_gets_nowhere() {
    let world = World::new().await;
    world.house.ended.send_replace(true);
    // It is let in and cut off at once, whichever of the two it hears of first.
    if let Ok(link) = world.dial().await {
        soon(link.closed()).await;
    }
}

#[tokio::test]
async fn the_end_of_a_link_ends_its_calls_at_both_ends() {
    let mut world = World::new().await;
    let link = world.link().await;
    let mut waiting = soon(link.open("wait")).await.unwrap();
    assert!(matches!(world.next().await, Seen::Began(..)));
    drop(link);
    ended(&mut waiting).await;
    assert_eq!(world.next().await, Seen::Dropped);
}

#[tokio::test]
async fn a_channel_full_of_frames_still_tells_that_it_was_cut_off() {
    let mut world = World::new().await;
    let link = world.link().await;
    let mut flood = soon(link.open("flood")).await.unwrap();
    while world.next().await != Seen::Sent(8) {}
    drop(link);
    ended(&mut flood).await;
}

#[tokio::test]
async fn a_port_that_stops_ends_its_connections() {
    let world = World::new().await;
    let port = Port::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = port.local_address().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let acceptor = Arc::clone(&world.house) as Arc<dyn Acceptor>;
    let serving = tokio::spawn(port.serve(acceptor, async move { drop(stopped.await) }));
    let identity = secondary(&world.authority, "one");
    let link = dial(address, Protocol::Performance, &identity)
        .await
        .unwrap();
    let mut waiting = soon(link.open("wait")).await.unwrap();
    stop.send(()).unwrap();
    soon(serving).await.unwrap();
    ended(&mut waiting).await;
    let error = dial(address, Protocol::Performance, &identity).await;
    assert_eq!(crate::world::failed(error).step, link::DialStep::Connect);
}

/// A way between the two ends that can fall silent.
async fn way_to(world: &World, silence: oneshot::Receiver<()>) -> core::net::SocketAddr {
    let target = world.address;
    let mut silence = Some(silence);
    stranger(move |mut near| {
        let silence = silence.take().unwrap();
        async move {
            let mut far = tokio::net::TcpStream::connect(target).await.unwrap();
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                _ = silence => core::future::pending().await,
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_peer_that_falls_silent_is_noticed_at_both_ends() {
    let settings = Settings {
        ping_interval: Duration::from_millis(100),
        ping_timeout: Duration::from_secs(2),
        ..Settings::default()
    };
    let mut world = World::with(settings.clone()).await;
    let (silence, silent) = oneshot::channel();
    let address = way_to(&world, silent).await;
    let identity = secondary(&world.authority, "one");
    let addresses = [address.to_string()];
    let connector = Connector::new(settings);
    let dialing = connector.dial(Protocol::Performance, &addresses, &identity);
    let link = soon(dialing).await.unwrap();
    let mut waiting = soon(link.open("wait")).await.unwrap();
    assert!(matches!(world.next().await, Seen::Began(..)));
    silence.send(()).unwrap();
    let LinkError::Ended(reason) = soon(link.closed()).await else {
        panic!("it did not end");
    };
    assert!(reason.contains("keep-alive timed out"), "{reason}");
    ended(&mut waiting).await;
    assert_eq!(world.next().await, Seen::Dropped);
}

#[tokio::test]
async fn who_says_nothing_is_dropped() {
    use tokio::io::AsyncReadExt as _;
    let world = World::with(short()).await;
    let mut silent = tokio::net::TcpStream::connect(world.address).await.unwrap();
    let mut rest = Vec::new();
    soon(silent.read_to_end(&mut rest)).await.unwrap();
    assert!(rest.is_empty());
    assert!(!world.serving.is_finished());
}
