//! What a secondary is told where it cannot connect.

use crate::world::{
    THEN, World, authority, dial, failed, identity, primary, primary_of, secondary, soon, stranger,
};
use base::Timestamp;
use cluster::{Connector, Settings};
use core::time::Duration;
use link::{DialError, DialStep, Dialer as _, Identity, Protocol};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, version};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

fn check(error: &DialError, step: DialStep, words: &[&str]) {
    assert_eq!(error.step, step, "{error}");
    for word in words {
        assert!(error.reason.contains(word), "{word:?} in {error}");
    }
}

#[tokio::test]
async fn addresses_are_tried_in_turn() {
    let world = World::new().await;
    let identity = secondary(&world.authority, "one");
    let try_all = async |addresses: &[&str]| {
        let addresses: Vec<String> = addresses.iter().map(|one| String::from(*one)).collect();
        let connector = Connector::default();
        soon(connector.dial(Protocol::Performance, &addresses, &identity)).await
    };
    let good = world.address.to_string();
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = unused.local_addr().unwrap().to_string();
    drop(unused);
    let link = try_all(&["no address", &closed, &good]).await.unwrap();
    assert_eq!(link.address(), good);
    let by_name = format!("localhost:{}", world.address.port());
    assert_eq!(try_all(&[&by_name]).await.unwrap().address(), by_name);
    check(
        &failed(try_all(&[]).await),
        DialStep::Address,
        &["no address"],
    );
    check(
        &failed(try_all(&[&good[..9]]).await),
        DialStep::Address,
        &["host:port"],
    );
    check(
        &failed(try_all(&[&closed]).await),
        DialStep::Connect,
        &["refused"],
    );
    let unknown = failed(try_all(&["nowhere.invalid:8201"]).await);
    check(&unknown, DialStep::Resolve, &[]);
    assert_eq!(unknown.address, "nowhere.invalid:8201");
}

#[tokio::test]
async fn a_protocol_that_is_not_answered() {
    let world = World::new().await;
    let identity = secondary(&world.authority, "one");
    let error = failed(dial(world.address, Protocol::Recovery, &identity).await);
    check(
        &error,
        DialStep::Protocol,
        &["does not take casemate-recovery/1"],
    );
    world.answer(Protocol::Recovery, primary(&world.authority));
    dial(world.address, Protocol::Recovery, &identity)
        .await
        .unwrap();
}

#[tokio::test]
async fn trust_of_one_protocol_is_none_of_another() {
    let world = World::new().await;
    let recovery = authority("recovery");
    world.answer(Protocol::Recovery, primary(&recovery));
    let mut mixed = secondary(&world.authority, "one");
    mixed.authority = recovery.certificate().to_vec();
    let error = failed(dial(world.address, Protocol::Recovery, &mixed).await);
    check(
        &error,
        DialStep::Admission,
        &["refused the certificate of this one"],
    );
    let own = secondary(&recovery, "one");
    dial(world.address, Protocol::Recovery, &own).await.unwrap();
}

#[tokio::test]
async fn a_primary_of_another_authority() {
    let world = World::new().await;
    let other = authority("other");
    let error = failed(world.dial_as(&secondary(&other, "one")).await);
    let words = [
        "does not come from the authority",
        "terminates TLS",
        "another cluster",
        "CN=casemate relation a8f1",
        "CN=casemate primary",
    ];
    check(&error, DialStep::Certificate, &words);
    assert_eq!(error.shown, Some(world_certificate(&world)));
}

fn world_certificate(world: &World) -> Vec<u8> {
    use link::Acceptor as _;
    world
        .house
        .identity(Protocol::Performance)
        .unwrap()
        .certificate
}

#[tokio::test]
async fn a_secondary_that_passes_for_the_primary() {
    let world = World::new().await;
    world.answer(Protocol::Performance, secondary(&world.authority, "two"));
    let error = failed(world.dial().await);
    check(
        &error,
        DialStep::Certificate,
        &["not one of a primary", "CN=casemate secondary two"],
    );
}

#[tokio::test]
async fn the_primary_that_passes_for_a_secondary() {
    let world = World::new().await;
    let error = failed(world.dial_as(&primary(&world.authority)).await);
    check(
        &error,
        DialStep::Admission,
        &["refused the certificate of this one"],
    );
}

#[tokio::test]
async fn a_primary_of_the_future() {
    let world = World::new().await;
    let later = Timestamp::from_millis(4_000_000_000_000);
    world.answer(Protocol::Performance, primary_of(&world.authority, later));
    check(
        &failed(world.dial().await),
        DialStep::Certificate,
        &["clock", "not valid yet"],
    );
    let past = Timestamp::from_millis(0);
    world.answer(Protocol::Performance, primary_of(&world.authority, past));
    check(
        &failed(world.dial().await),
        DialStep::Certificate,
        &["clock", "expired"],
    );
    assert!(THEN > past);
}

#[tokio::test]
async fn a_peer_that_is_not_known() {
    let world = World::new().await;
    world.refuse("the secondary \"one\" was revoked\n");
    let error = failed(world.dial().await);
    assert_eq!(error.step, DialStep::Admission);
    assert_eq!(error.reason, "the secondary \"one\" was revoked ");
    world.refuse("");
    check(
        &failed(world.dial().await),
        DialStep::Admission,
        &["no reason"],
    );
}

#[tokio::test]
async fn an_identity_that_is_none() {
    let world = World::new().await;
    let mut broken = secondary(&world.authority, "one");
    broken.authority = vec![1, 2, 3];
    check(
        &failed(world.dial_as(&broken).await),
        DialStep::Certificate,
        &["identity of this end"],
    );
    let mut mixed = secondary(&world.authority, "one");
    mixed.key = secondary(&world.authority, "two").key;
    check(
        &failed(world.dial_as(&mixed).await),
        DialStep::Certificate,
        &["identity of this end"],
    );
    let mut unusable = primary(&world.authority);
    unusable.key = Arc::new(base::Secret::new(vec![0]));
    world.answer(Protocol::Performance, unusable);
    check(
        &failed(world.dial().await),
        DialStep::Handshake,
        &["InternalError"],
    );
}

/// A server of TLS that is no port of ours.
pub(crate) async fn foreign(
    with: Identity,
    names: &'static [&'static str],
    version: &'static rustls::SupportedProtocolVersion,
) -> core::net::SocketAddr {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(with.key.expose().clone()));
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(with.certificate)], key)
        .unwrap();
    config.alpn_protocols = names.iter().map(|name| name.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    stranger(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read(&mut [0; 16]).await;
            }
        }
    })
    .await
}

pub(crate) fn of_a_proxy() -> Identity {
    let made = rcgen::generate_simple_self_signed([String::from("vault.example.com")]).unwrap();
    Identity {
        certificate: made.cert.der().to_vec(),
        key: Arc::new(base::Secret::new(made.signing_key.serialize_der())),
        authority: Vec::new(),
    }
}

#[tokio::test]
async fn something_in_between_terminates_tls() {
    let ours = authority("a8f1");
    let secondary = secondary(&ours, "one");
    let proxy = of_a_proxy();
    let shown = Some(proxy.certificate.clone());
    let careless = foreign(proxy, &[], &version::TLS13).await;
    let error = failed(dial(careless, Protocol::Performance, &secondary).await);
    let words = [
        "terminates TLS",
        "load balancer",
        "CN=rcgen self signed cert",
    ];
    check(&error, DialStep::Certificate, &words);
    assert_eq!(error.shown, shown);
    let strict = foreign(of_a_proxy(), &["h2", "http/1.1"], &version::TLS13).await;
    let error = failed(dial(strict, Protocol::Performance, &secondary).await);
    check(
        &error,
        DialStep::Protocol,
        &["casemate-performance/1", "terminates TLS"],
    );
}

#[tokio::test]
async fn others_that_answer() {
    let ours = authority("a8f1");
    let secondary = secondary(&ours, "one");
    let silent_on_names = foreign(primary(&ours), &[], &version::TLS13).await;
    let old = foreign(primary(&ours), &[], &version::TLS12).await;
    let plain = stranger(|mut stream| async move {
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let plain = plain.await;
    let gone = stranger(|mut stream| async move {
        let _ = stream.read(&mut [0; 10_000]).await;
    });
    let gone = gone.await;
    let handshake = DialStep::Handshake;
    let not_taken = "does not take casemate-performance/1";
    let cases = [
        (silent_on_names, DialStep::Protocol, not_taken),
        (old, handshake, "TLS 1.3"),
        (plain, handshake, "does not speak TLS"),
        (gone, handshake, "closed the connection"),
    ];
    for (address, step, words) in cases {
        let error = failed(dial(address, Protocol::Performance, &secondary).await);
        check(&error, step, &[words]);
    }
}

#[tokio::test]
async fn who_says_nothing_is_given_up() {
    let ours = authority("a8f1");
    let silent = stranger(|stream| async move {
        let _open = stream;
        core::future::pending().await
    });
    let addresses = [silent.await.to_string()];
    let settings = Settings {
        handshake_duration_max: Duration::from_millis(100),
        ..Settings::default()
    };
    let connector = Connector::new(settings);
    let secondary = identity(
        &ours,
        ours.issue_secondary("one", THEN, &crate::world::Fresh)
            .unwrap(),
    );
    let dialing = connector.dial(Protocol::Performance, &addresses, &secondary);
    check(
        &failed(soon(dialing).await),
        DialStep::Handshake,
        &["longer than 0.1 s"],
    );
}
