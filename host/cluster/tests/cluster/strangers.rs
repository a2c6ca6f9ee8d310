//! Who else may connect to a port, and what it gets.

use crate::world::{World, secondary, short, soon};
use bytes::Bytes;
use cluster::Settings;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use link::{FRAME_BYTES_MAX, Identity, LinkError, Protocol};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, ClientConfig, DigitallySignedStruct, Error, SignatureScheme, version,
};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const PERFORMANCE: &str = Protocol::Performance.alpn();

/// Believes every server.
#[derive(Debug)]
struct Gullible;

impl ServerCertVerifier for Gullible {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}

/// A client of TLS that is no connector of ours; it reads the first byte that it is sent.
async fn connect(
    world: &World,
    with: Option<Identity>,
    names: &[&str],
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Gullible));
    let mut config = match with {
        None => builder.with_no_client_auth(),
        Some(with) => {
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(with.key.expose().clone()));
            let chain = vec![CertificateDer::from(with.certificate)];
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    config.alpn_protocols = names.iter().map(|name| name.as_bytes().to_vec()).collect();
    let socket = TcpStream::connect(world.address).await.unwrap();
    let name = ServerName::try_from("anything").unwrap();
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, socket);
    let mut stream = soon(connecting).await?;
    soon(stream.read_u16()).await?;
    Ok(stream)
}

async fn refused(
    world: &World,
    with: Option<Identity>,
    names: &[&str],
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> AlertDescription {
    let error = connect(world, with, names, versions).await.unwrap_err();
    let tls = error
        .get_ref()
        .and_then(|error| error.downcast_ref::<Error>());
    match tls {
        Some(Error::AlertReceived(alert)) => *alert,
        _ => panic!("no alert came: {error:?}"),
    }
}

#[tokio::test]
async fn each_gets_the_alert_that_says_why() {
    use AlertDescription::{
        CertificateRequired, NoApplicationProtocol, ProtocolVersion, UnknownCA,
    };
    let world = World::new().await;
    let known = || Some(secondary(&world.authority, "one"));
    let foreign = Some(secondary(&crate::world::authority("other"), "one"));
    let (new, old) = ([&version::TLS13], [&version::TLS12]);
    let recovery = Protocol::Recovery.alpn();
    let cases = [
        (known(), &[][..], &new, NoApplicationProtocol),
        (known(), &["h2"], &new, NoApplicationProtocol),
        (known(), &[recovery], &new, NoApplicationProtocol),
        (
            known(),
            &[PERFORMANCE, recovery],
            &new,
            NoApplicationProtocol,
        ),
        (
            known(),
            &[PERFORMANCE, PERFORMANCE],
            &new,
            NoApplicationProtocol,
        ),
        (known(), &[PERFORMANCE], &old, ProtocolVersion),
        (None, &[PERFORMANCE], &new, CertificateRequired),
        (foreign, &[PERFORMANCE], &new, UnknownCA),
    ];
    for (with, names, versions, alert) in cases {
        assert_eq!(
            refused(&world, with, names, versions).await,
            alert,
            "{names:?}"
        );
    }
    assert!(connect(&world, known(), &[PERFORMANCE], &new).await.is_ok());
}

/// Sends all, and gives all that is answered until the other end closes the connection in order.
async fn answer_to(world: &World, sent: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(world.address).await.unwrap();
    socket.write_all(sent).await.unwrap();
    socket.shutdown().await.unwrap();
    let mut answer = Vec::new();
    soon(socket.read_to_end(&mut answer)).await.unwrap();
    answer
}

#[tokio::test]
async fn what_is_no_tls_gets_nothing_but_an_alert() {
    let world = World::new().await;
    let request = b"GET /v1/sys/health HTTP/1.1\r\nHost: a\r\n\r\n";
    for sent in [&request[..], &[0; 40_000], &[0xff; 40_000]] {
        let answer = answer_to(&world, sent).await;
        assert!(
            matches!(answer[..], [] | [21, 3, _, 0, 2, 2, _]),
            "{answer:?}"
        );
    }
    assert!(answer_to(&world, b"").await.is_empty());
    world.link().await;
}

#[tokio::test]
async fn an_alert_arrives_though_more_was_sent() {
    let world = World::new().await;
    let config =
        ClientConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
            .with_protocol_versions(&[&version::TLS13])
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
    let name = ServerName::try_from("anything").unwrap();
    let mut hello = Vec::new();
    rustls::ClientConnection::new(Arc::new(config), name)
        .unwrap()
        .write_tls(&mut hello)
        .unwrap();
    hello.resize(hello.len() + 40_000, 0);
    // A fatal alert: no application protocol.
    assert_eq!(answer_to(&world, &hello).await, [21, 3, 3, 0, 2, 2, 120]);
}

#[tokio::test]
async fn who_stops_in_the_middle_is_dropped() {
    let world = World::with(short()).await;
    let mut socket = TcpStream::connect(world.address).await.unwrap();
    // The head of a handshake record, and not one byte of what it announces.
    socket.write_all(&[22, 3, 1, 1, 0]).await.unwrap();
    assert_eq!(soon(socket.read_to_end(&mut Vec::new())).await.unwrap(), 0);
    let identity = secondary(&world.authority, "one");
    // A busy machine may take longer for the handshake than this port allows.
    let mut quiet = soon(async {
        loop {
            let with = Some(identity.clone());
            if let Ok(connected) = connect(&world, with, &[PERFORMANCE], &[&version::TLS13]).await {
                break connected;
            }
        }
    })
    .await;
    let read = soon(quiet.read_to_end(&mut Vec::new())).await;
    assert!(read.is_err() || read.unwrap() == 0);
}

#[tokio::test]
async fn who_only_holds_a_place_keeps_nobody_out() {
    const COUNT_MAX: usize = 3;
    let settings = Settings {
        strangers_count_max: COUNT_MAX,
        ..Settings::default()
    };
    let world = World::with(settings).await;
    let mut links = Vec::new();
    let mut silent = Vec::new();
    // Whoever is let in is no stranger any more: there may be more of those.
    for round in 0..2 {
        for _ in 0..COUNT_MAX {
            silent.push(TcpStream::connect(world.address).await.unwrap());
        }
        let name = format!("peer-{round}");
        let identity = secondary(&world.authority, &name);
        links.push(world.dial_as(&identity).await.unwrap());
    }
    // All that came first are gone, and nobody that was let in.
    for stream in &mut silent[..COUNT_MAX] {
        let read = soon(stream.read_to_end(&mut Vec::new())).await;
        assert!(read.is_err() || read.unwrap() == 0);
    }
    for link in &links {
        link.open("echo").await.unwrap();
    }
}

/// A known peer with an HTTP client of its own: the status of the answer, and its text.
async fn ask(world: &World, request: Request<Full<Bytes>>) -> (u16, String) {
    let identity = secondary(&world.authority, "one");
    let stream = connect(world, Some(identity), &[PERFORMANCE], &[&version::TLS13])
        .await
        .unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let response = soon(sender.send_request(request)).await.unwrap();
    let status = response.status().as_u16();
    let body = soon(response.into_body().collect()).await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    (status, String::from_utf8_lossy(&body).into_owned())
}

fn request(method: Method, path: &str, body: Vec<u8>) -> Request<Full<Bytes>> {
    let uri = format!("https://primary.casemate{path}");
    let request = Request::builder().method(method).uri(uri);
    request.body(Full::new(Bytes::from(body))).unwrap()
}

#[tokio::test]
async fn what_is_no_call_is_refused() {
    let world = World::new().await;
    let cases = [
        (Method::GET, "/echo", 405),
        (Method::POST, "/", 404),
        (Method::POST, "/%2e", 404),
        (Method::POST, "/echo", 200),
    ];
    for (method, path, expected) in cases {
        let (status, _) = ask(&world, request(method, path, Vec::new())).await;
        assert_eq!(status, expected, "{path}");
    }
    let mut large = request(Method::POST, "/echo", Vec::new());
    let value = "x".repeat(20_000).parse().unwrap();
    large.headers_mut().insert("large", value);
    assert_eq!(ask(&world, large).await.0, 431);
}

#[tokio::test]
async fn frames_that_are_none_reach_nobody_as_such() {
    let mut world = World::new().await;
    let over = u32::try_from(FRAME_BYTES_MAX + 1).unwrap();
    let too_large = LinkError::TooLarge(FRAME_BYTES_MAX + 1);
    let cut = LinkError::Ended(String::from("it ended in the middle of a frame"));
    let cases = [
        (over.to_be_bytes().to_vec(), Err(too_large)),
        (
            u32::MAX.to_be_bytes().to_vec(),
            Err(LinkError::TooLarge(u32::MAX as usize)),
        ),
        (vec![0, 0], Err(cut.clone())),
        (vec![0, 0, 0, 2, 1], Err(cut)),
        (
            vec![0, 0, 0, 2, 1, 2],
            Ok(Some(Bytes::from_static(&[1, 2]))),
        ),
        (Vec::new(), Ok(None)),
    ];
    for (body, expected) in cases {
        ask(&world, request(Method::POST, "/one", body)).await;
        assert_eq!(world.next().await, crate::world::Seen::Received(expected));
    }
}
