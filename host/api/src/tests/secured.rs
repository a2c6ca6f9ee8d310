//! TLS: which clients are taken, and certificates that change while the server runs.

use super::{Fake, Zeros};
use crate::listener::{Listener, Settings};
use crate::tls::{ClientCertificates, Tls, TlsError, TlsFiles, TlsVersion};
use core::net::SocketAddr;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

type Issuer = CertifiedIssuer<'static, KeyPair>;
type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

fn authority() -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn issue(issuer: &Issuer) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![String::from("localhost")]).unwrap();
    (params.signed_by(&key, issuer).unwrap(), key)
}

fn identity(issuer: &Issuer) -> Identity {
    let (certificate, key) = issue(issuer);
    (
        certificate.der().clone(),
        PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
    )
}

fn write_server(folder: &Path, issuer: &Issuer) {
    let (certificate, key) = issue(issuer);
    std::fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    std::fs::write(folder.join("ca.pem"), issuer.pem()).unwrap();
}

fn files(folder: &Path, client_certificates: ClientCertificates) -> TlsFiles {
    TlsFiles {
        certificate: folder.join("cert.pem"),
        key: folder.join("key.pem"),
        client_certificates,
        version_min: TlsVersion::Tls12,
        version_max: TlsVersion::Tls13,
    }
}

/// The versions of TLS that a client speaks.
type Versions = &'static [&'static rustls::SupportedProtocolVersion];

const OLDER: Versions = &[&rustls::version::TLS12];
const NEWER: Versions = &[&rustls::version::TLS13];

fn client(
    issuer: &Issuer,
    versions: Versions,
) -> rustls::ConfigBuilder<rustls::ClientConfig, rustls::client::WantsClientCert> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(issuer.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
}

/// One request over TLS. Gives the status line, or the fault.
async fn ask(
    address: SocketAddr,
    issuer: &Issuer,
    own: Option<Identity>,
) -> Result<String, String> {
    ask_in(rustls::ALL_VERSIONS, address, issuer, own).await
}

/// The same, by a client that speaks these versions alone.
async fn ask_in(
    versions: Versions,
    address: SocketAddr,
    issuer: &Issuer,
    own: Option<Identity>,
) -> Result<String, String> {
    let builder = client(issuer, versions);
    let config = match own {
        Some((certificate, key)) => builder
            .with_client_auth_cert(vec![certificate], key)
            .unwrap(),
        None => builder.with_no_client_auth(),
    };
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let talk = async {
        let connector = TlsConnector::from(Arc::new(config));
        let mut stream = connector.connect(name, stream).await?;
        stream.write_all(&super::get("/v1/a", "")).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = talk.await.map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&answer)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned())
}

async fn serve(fake: &Arc<Fake>, tls: Tls) -> SocketAddr {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = Listener::bind(any).await.unwrap();
    let address = listener.local_address().unwrap();
    let settings = Settings {
        tls: Some(tls),
        ..Settings::default()
    };
    let never = core::future::pending();
    tokio::spawn(listener.serve(settings, Arc::clone(fake), Arc::new(Zeros), never));
    address
}

#[tokio::test]
async fn clients_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (authority(), authority());
    write_server(folder.path(), &ours);
    let bundle = folder.path().join("ca.pem");
    let check = async |wanted: &ClientCertificates, own: Option<Identity>, seen: Option<usize>| {
        let fake = Fake::agreeing();
        let tls = Tls::load(files(folder.path(), wanted.clone())).unwrap();
        let answer = ask(serve(&fake, tls).await, &ours, own).await;
        let asked = fake.asked.lock().unwrap().pop();
        let found = asked.map(|request| request.client.certificates.len());
        assert_eq!(found, seen, "{wanted:?} {answer:?}");
    };
    let required = ClientCertificates::RequiredBelow(bundle.clone());
    let below = ClientCertificates::IssuedBelow(bundle);
    check(
        &ClientCertificates::Unwanted,
        Some(identity(&ours)),
        Some(0),
    )
    .await;
    check(&ClientCertificates::Any, None, Some(0)).await;
    check(&ClientCertificates::Any, Some(identity(&other)), Some(1)).await;
    check(&below, None, Some(0)).await;
    check(&below, Some(identity(&ours)), Some(1)).await;
    check(&below, Some(identity(&other)), None).await;
    check(&required, None, None).await;
    check(&required, Some(identity(&ours)), Some(1)).await;
    check(&required, Some(identity(&other)), None).await;
}

#[tokio::test]
async fn a_key_that_does_not_fit_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ours = authority();
    write_server(folder.path(), &ours);
    let fake = Fake::agreeing();
    let tls = Tls::load(files(folder.path(), ClientCertificates::Any)).unwrap();
    let address = serve(&fake, tls).await;
    let stolen = identity(&ours).0;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let key = provider
        .key_provider
        .load_private_key(identity(&ours).1)
        .unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ours.der().clone()).unwrap();
    let certified = rustls::sign::CertifiedKey::new(vec![stolen], key);
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)));
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    if let Ok(mut stream) = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
    {
        let _ = stream.write_all(&super::get("/v1/a", "")).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
    assert!(fake.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn certificates_change_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (authority(), authority());
    write_server(folder.path(), &first);
    let tls = Tls::load(files(folder.path(), ClientCertificates::Any)).unwrap();
    let address = serve(&Fake::agreeing(), tls.clone()).await;
    assert!(ask(address, &first, None).await.is_ok());
    write_server(folder.path(), &second);
    tls.reload().unwrap();
    assert!(ask(address, &first, None).await.is_err());
    assert_eq!(
        ask(address, &second, None).await.unwrap(),
        "HTTP/1.1 200 OK"
    );
    std::fs::write(folder.path().join("key.pem"), "nothing").unwrap();
    assert!(matches!(
        tls.reload(),
        Err(TlsError::NotPem(_, "private key"))
    ));
    assert!(ask(address, &second, None).await.is_ok());
}

#[tokio::test]
async fn a_client_of_another_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ours = authority();
    write_server(folder.path(), &ours);
    for (version_min, version_max, older, newer) in [
        (TlsVersion::Tls12, TlsVersion::Tls13, true, true),
        (TlsVersion::Tls13, TlsVersion::Tls13, false, true),
        (TlsVersion::Tls12, TlsVersion::Tls12, true, false),
    ] {
        let fake = Fake::agreeing();
        let tls = Tls::load(TlsFiles {
            version_min,
            version_max,
            ..files(folder.path(), ClientCertificates::Any)
        })
        .unwrap();
        let address = serve(&fake, tls).await;
        for (versions, taken) in [(OLDER, older), (NEWER, newer)] {
            let answer = ask_in(versions, address, &ours, None).await;
            let served = answer.as_deref() == Ok("HTTP/1.1 200 OK");
            assert_eq!(served, taken, "{version_min:?} {version_max:?} {answer:?}");
            let asked = fake.asked.lock().unwrap().pop();
            assert_eq!(asked.is_some(), taken, "{version_min:?} {version_max:?}");
        }
    }
}

#[tokio::test]
async fn the_second_version_of_http_is_agreed_on_in_the_handshake() {
    let folder = tempfile::tempdir().unwrap();
    let ours = authority();
    write_server(folder.path(), &ours);
    let tls = Tls::load(files(folder.path(), ClientCertificates::Any)).unwrap();
    let address = serve(&Fake::agreeing(), tls).await;
    let mut config = client(&ours, rustls::ALL_VERSIONS).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(name, stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) = hyper::client::conn::http2::handshake(
        hyper_util::rt::TokioExecutor::new(),
        hyper_util::rt::TokioIo::new(stream),
    )
    .await
    .unwrap();
    tokio::spawn(connection);
    let request = http::Request::builder()
        .uri("https://localhost/v1/a")
        .body(http_body_util::Empty::<bytes::Bytes>::new())
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.version(), http::Version::HTTP_2);
    assert_eq!(response.status(), 200);
}

#[test]
fn what_is_no_tls() {
    let folder = tempfile::tempdir().unwrap();
    let load = |files| Tls::load(files).map(|_| ()).unwrap_err();
    let missing = load(files(folder.path(), ClientCertificates::Any));
    assert!(matches!(missing, TlsError::Unreadable(..)), "{missing}");
    let ours = authority();
    write_server(folder.path(), &ours);
    let (_, other_key) = issue(&ours);
    std::fs::write(folder.path().join("key.pem"), other_key.serialize_pem()).unwrap();
    let mismatch = load(files(folder.path(), ClientCertificates::Any));
    assert!(matches!(mismatch, TlsError::Unusable(..)), "{mismatch}");
    write_server(folder.path(), &ours);
    let versions = TlsFiles {
        version_min: TlsVersion::Tls13,
        version_max: TlsVersion::Tls12,
        ..files(folder.path(), ClientCertificates::Any)
    };
    assert!(matches!(load(versions), TlsError::Unusable(..)));
    let key = folder.path().join("key.pem");
    let no_bundle = load(files(folder.path(), ClientCertificates::IssuedBelow(key)));
    assert!(
        matches!(no_bundle, TlsError::NotPem(_, "certificate")),
        "{no_bundle}"
    );
}
