//! How far a connection comes, step by step.

use crate::dialing::{foreign, of_a_proxy};
use crate::world::{World, authority, primary, secondary, soon, stranger};
use base::Timestamp;
use cluster::{Connector, Settings};
use core::time::Duration;
use link::{DialStep, Dialer as _, Identity, Probe, Protocol};
use rustls::version;
use tokio::io::AsyncReadExt as _;

async fn probe(address: &str, identity: Option<&Identity>) -> Probe {
    let connector = Connector::default();
    soon(connector.probe(Protocol::Performance, address, identity)).await
}

/// The steps that were good and hold these words, in this order, and why the next one failed.
fn check(probe: &Probe, good: &[(DialStep, &str)], failed: Option<(DialStep, &[&str])>) {
    let (last, before) = match failed {
        Some(_) => probe
            .steps
            .split_last()
            .map(|(last, rest)| (Some(last), rest)),
        None => Some((None, probe.steps.as_slice())),
    }
    .unwrap();
    let steps: Vec<DialStep> = before.iter().map(|one| one.step).collect();
    let expected: Vec<DialStep> = good.iter().map(|(step, _)| *step).collect();
    assert_eq!(steps, expected, "{probe:?}");
    for (one, (_, word)) in before.iter().zip(good) {
        let found = one.outcome.as_ref().unwrap();
        assert!(found.contains(word), "{word:?} in {found:?}");
    }
    let (Some(last), Some((step, words))) = (last, failed) else {
        return;
    };
    let reason = last.outcome.as_ref().unwrap_err();
    assert_eq!(last.step, step, "{probe:?}");
    for word in words {
        assert!(reason.contains(word), "{word:?} in {reason:?}");
    }
}

/// One that waits a tenth of a second for the other end.
fn hasty() -> Connector {
    Connector::new(Settings {
        handshake_duration_max: Duration::from_millis(100),
        ..Settings::default()
    })
}

const CONNECTED: [(DialStep, &str); 3] = [
    (DialStep::Address, "127.0.0.1:"),
    (DialStep::Resolve, "127.0.0.1"),
    (DialStep::Connect, "127.0.0.1:"),
];

fn up_to(more: &[(DialStep, &'static str)]) -> Vec<(DialStep, &'static str)> {
    [&CONNECTED, more].concat()
}

const AGREED: [(DialStep, &str); 3] = [
    (DialStep::Handshake, "TLS 1.3"),
    (DialStep::Certificate, "CN=casemate primary"),
    (DialStep::Protocol, "casemate-performance/1"),
];

#[tokio::test]
async fn who_is_not_known_yet_is_sent_away_as_it_should_be() {
    let world = World::new().await;
    let address = world.address.to_string();
    let probed = probe(&address, None).await;
    let sent_away = (DialStep::Admission, "sent away for want of a certificate");
    let all = [AGREED.as_slice(), &[sent_away]].concat();
    check(&probed, &up_to(&all), None);
    use link::Acceptor as _;
    let shown = world.house.identity(Protocol::Performance).unwrap();
    assert_eq!(probed.shown, Some(shown.certificate));
    let by_name = format!("localhost:{}", world.address.port());
    assert!(
        probe(&by_name, None)
            .await
            .steps
            .iter()
            .all(|one| one.outcome.is_ok())
    );
}

#[tokio::test]
async fn who_is_known_is_let_in_or_told_why_not() {
    let world = World::new().await;
    let address = world.address.to_string();
    let one = secondary(&world.authority, "one");
    let let_in = (DialStep::Admission, "let in");
    let all = [AGREED.as_slice(), &[let_in]].concat();
    check(&probe(&address, Some(&one)).await, &up_to(&all), None);
    world.refuse("the secondary \"one\" was revoked");
    let refused: (DialStep, &[&str]) = (DialStep::Admission, &["was revoked"]);
    check(
        &probe(&address, Some(&one)).await,
        &up_to(&AGREED),
        Some(refused),
    );
    let other = secondary(&authority("other"), "one");
    let shake = (DialStep::Handshake, "TLS");
    let words: &[&str] = &["does not come from the authority", "CN=casemate primary"];
    let refused = (DialStep::Certificate, words);
    check(
        &probe(&address, Some(&other)).await,
        &up_to(&[shake]),
        Some(refused),
    );
}

#[tokio::test]
async fn the_step_that_fails_is_the_last() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = unused.local_addr().unwrap().to_string();
    drop(unused);
    let failed = |step, words: &'static [&'static str]| Some((step, words));
    let nowhere = probe("here", None).await;
    check(&nowhere, &[], failed(DialStep::Address, &["host:port"]));
    let nowhere = probe("nowhere.invalid:8201", None).await;
    let read = (DialStep::Address, "nowhere.invalid:8201");
    check(&nowhere, &[read], failed(DialStep::Resolve, &[]));
    let closed = probe(&closed, None).await;
    check(
        &closed,
        &CONNECTED[..2],
        failed(DialStep::Connect, &["refused"]),
    );
    let silent = stranger(|mut stream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let silent = silent.await.to_string();
    let silent = soon(hasty().probe(Protocol::Performance, &silent, None)).await;
    check(
        &silent,
        &CONNECTED,
        failed(DialStep::Handshake, &["longer than 0.1 s"]),
    );
}

#[tokio::test]
async fn what_ends_tls_in_between_is_told_from_a_port_that_does_not_take_it() {
    let proxy = of_a_proxy();
    let shown = Some(proxy.certificate.clone());
    let shake = (DialStep::Handshake, "TLS");
    let subject = "CN=rcgen self signed cert";
    // It does not mind the protocol, and shows what it has.
    let careless = foreign(proxy, &[], &version::TLS13).await.to_string();
    let careless = probe(&careless, None).await;
    let words: &[&str] = &[
        "none of a primary",
        "terminates TLS",
        "load balancer",
        subject,
    ];
    check(
        &careless,
        &up_to(&[shake]),
        Some((DialStep::Certificate, words)),
    );
    assert_eq!(careless.shown, shown);
    // It minds the protocol, but takes who names none.
    let proxy = of_a_proxy();
    let shown = Some(proxy.certificate.clone());
    let names = &["h2", "http/1.1"];
    let strict = foreign(proxy, names, &version::TLS13).await.to_string();
    for identity in [None, Some(secondary(&authority("a8f1"), "one"))] {
        let strict = probe(&strict, identity.as_ref()).await;
        let words: &[&str] = &["something in between terminates TLS:", subject];
        check(&strict, &up_to(&[shake]), Some((DialStep::Protocol, words)));
        assert_eq!(strict.shown, shown);
    }
    // A port for clusters that does not take it shows nobody anything.
    let world = World::new().await;
    let address = world.address.to_string();
    let connector = Connector::default();
    let other = soon(connector.probe(Protocol::Recovery, &address, None)).await;
    let words: &[&str] = &["does not take casemate-recovery/1: it is sealed"];
    check(&other, &up_to(&[shake]), Some((DialStep::Protocol, words)));
    assert_eq!(other.shown, None);
}

#[tokio::test]
async fn a_server_that_lets_everybody_in_is_none() {
    let with = primary(&authority("a8f1"));
    let names = &["casemate-performance/1"];
    let open = foreign(with, names, &version::TLS13).await.to_string();
    let open = soon(hasty().probe(Protocol::Performance, &open, None)).await;
    // It neither asks for a certificate nor says a word.
    let words: &[&str] = &["longer than 0.1 s"];
    check(&open, &up_to(&AGREED), Some((DialStep::Admission, words)));
}

#[tokio::test]
async fn by_the_clock_of_this_node() {
    use crate::world::primary_of;
    let world = World::new().await;
    let address = world.address.to_string();
    let shake = (DialStep::Handshake, "TLS");
    for (from, word) in [(4_000_000_000_000, "not valid yet"), (0, "expired")] {
        let from = Timestamp::from_millis(from);
        world.answer(Protocol::Performance, primary_of(&world.authority, from));
        let words: &[&str] = &["clock", word];
        let failed = Some((DialStep::Certificate, words));
        check(&probe(&address, None).await, &up_to(&[shake]), failed);
    }
}
