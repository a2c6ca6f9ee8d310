//! Against servers on this machine, over TLS with certificates made for the test.

use crate::{Client, Grants, Resolve, Resolving, SystemResolver};
use base::{Outbound, OutboundError, OutboundIdentity, OutboundRequest, OutboundResponse};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Seen: yes\r\n\r\nhello";

/// Answers every connection with the same bytes, and keeps what was asked.
struct Upstream {
    port: u16,
    certificate: Vec<u8>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Upstream {
    /// With a certificate for this name; for 127.0.0.1 as well.
    async fn tls(name: &str, answer: &'static [u8]) -> Self {
        Self::tls_for(None, name, answer).await
    }

    /// As `tls`, for those who show a certificate below one of these, where there are any.
    async fn tls_for(
        clients: Option<rustls::RootCertStore>,
        name: &str,
        answer: &'static [u8],
    ) -> Self {
        let names = vec![name.to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(roots) => {
                let roots = Arc::new(roots);
                let clients = WebPkiClientVerifier::builder_with_provider(roots, provider);
                builder.with_client_cert_verifier(clients.build().unwrap())
            }
        };
        let config = builder
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Self::begin(made.cert.der().to_vec(), Some(acceptor), answer).await
    }

    async fn plain(answer: &'static [u8]) -> Self {
        Self::begin(Vec::new(), None, answer).await
    }

    async fn begin(
        certificate: Vec<u8>,
        acceptor: Option<TlsAcceptor>,
        answer: &'static [u8],
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                match &acceptor {
                    None => serve(stream, answer, &kept).await,
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            serve(stream, answer, &kept).await;
                        }
                    }
                }
            }
        });
        Self {
            port,
            certificate,
            asked,
        }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin,
    answer: &[u8],
    kept: &Mutex<Vec<String>>,
) {
    let mut buffer = vec![0; 4096];
    let count = stream.read(&mut buffer).await.unwrap_or(0);
    kept.lock()
        .unwrap()
        .push(String::from_utf8_lossy(&buffer[..count]).into_owned());
    if answer.is_empty() {
        // Says nothing, until the other end is tired of it.
        let _ = stream.read(&mut buffer).await;
    }
    let _ = stream.write_all(answer).await;
    let _ = stream.shutdown().await;
}

/// Leads every name to the next of some addresses, and counts how often it was asked.
#[derive(Clone)]
struct Leads(Arc<(Vec<&'static str>, AtomicUsize)>);

impl Leads {
    fn to(addresses: &[&'static str]) -> Self {
        Self(Arc::new((addresses.to_vec(), AtomicUsize::new(0))))
    }
}

impl Resolve for Leads {
    fn addresses<'a>(&'a self, _: &'a str) -> Resolving<'a> {
        Box::pin(async {
            let asked = self.0.1.fetch_add(1, Ordering::SeqCst);
            let address: IpAddr = self.0.0[asked.min(self.0.0.len() - 1)].parse().unwrap();
            Ok(vec![address])
        })
    }
}

fn grants(texts: &[&str]) -> Grants {
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    Grants::parse(&texts).unwrap()
}

fn way_out(resolver: impl Resolve + 'static, granted: &[&str]) -> Arc<dyn Outbound> {
    Client::new(resolver).granted(grants(&["*"]), grants(granted))
}

fn get(url: String) -> OutboundRequest {
    OutboundRequest {
        method: "GET".to_owned(),
        url,
        headers: Vec::new(),
        body: Vec::new(),
        timeout: Duration::from_secs(20),
        trust: Vec::new(),
        server_name: None,
        identity: None,
        response_bytes_max: 100,
    }
}

fn trusting(upstream: &Upstream, host: &str) -> OutboundRequest {
    OutboundRequest {
        trust: vec![upstream.certificate.clone()],
        ..get(format!("https://{host}:{}/x?y", upstream.port))
    }
}

fn is_hello(answer: Result<OutboundResponse, OutboundError>) {
    let answer = answer.unwrap();
    assert_eq!((answer.status, answer.body), (200, b"hello".to_vec()));
    assert!(answer.headers.contains(&("x-seen".into(), "yes".into())));
}

#[tokio::test]
async fn asks_a_granted_host_over_tls() {
    let upstream = Upstream::tls("api.test", OK.as_bytes()).await;
    let out = way_out(Leads::to(&["127.0.0.1"]), &["api.test", "127.0.0.1"]);
    let request = OutboundRequest {
        method: "POST".to_owned(),
        headers: vec![("X-Token".into(), "secret".into())],
        body: b"body".to_vec(),
        ..trusting(&upstream, "api.test")
    };
    is_hello(out.send(request).await);
    let asked = upstream.asked().remove(0).to_lowercase();
    assert!(asked.starts_with("post /x?y http/1.1\r\n"), "{asked}");
    for header in [
        format!("host: api.test:{}\r\n", upstream.port),
        "x-token: secret\r\n".to_owned(),
        "content-length: 4\r\n".to_owned(),
    ] {
        assert!(asked.contains(&header), "{asked}");
    }
    assert!(asked.ends_with("\r\n\r\nbody"));
}

#[tokio::test]
async fn believes_only_whom_it_is_told_to() {
    let upstream = Upstream::tls("api.test", OK.as_bytes()).await;
    let other = Upstream::tls("api.test", OK.as_bytes()).await;
    let out = way_out(Leads::to(&["127.0.0.1"]), &["*", "127.0.0.1"]);
    let refused = |answer: Result<OutboundResponse, OutboundError>| {
        let refused = answer.unwrap_err();
        assert!(
            matches!(refused, OutboundError::Unreachable(_)),
            "{refused}"
        );
    };
    // By the system's certificates, by another one, under another name.
    refused(out.send(get(trusting(&upstream, "api.test").url)).await);
    let trust = vec![other.certificate.clone()];
    refused(
        out.send(OutboundRequest {
            trust,
            ..trusting(&upstream, "api.test")
        })
        .await,
    );
    refused(out.send(trusting(&upstream, "other.test")).await);
    assert!(upstream.asked().is_empty());
    let named = OutboundRequest {
        server_name: Some("api.test".to_owned()),
        ..trusting(&upstream, "other.test")
    };
    is_hello(out.send(named).await);
    // An address is a name too.
    is_hello(out.send(trusting(&upstream, "127.0.0.1")).await);
    for wrong in [
        OutboundRequest {
            trust: vec![b"no".to_vec()],
            ..trusting(&upstream, "a.test")
        },
        OutboundRequest {
            server_name: Some("a b".into()),
            ..trusting(&upstream, "a.test")
        },
    ] {
        let refused = out.send(wrong).await.unwrap_err();
        assert!(matches!(refused, OutboundError::Malformed(_)), "{refused}");
    }
}

#[tokio::test]
async fn a_host_that_is_not_granted_is_not_even_looked_up() {
    let resolver = Leads::to(&["127.0.0.1"]);
    let check = async |declared: &[&str], granted: &[&str], url: &str| {
        let client = Client::new(resolver.clone());
        let out = client.granted(grants(declared), grants(granted));
        let refused = out.send(get(url.to_owned())).await.unwrap_err();
        assert!(
            matches!(refused, OutboundError::NotGranted(_)),
            "{url}: {refused}"
        );
    };
    check(&["*"], &[], "https://api.test/").await;
    check(&["*"], &["api.test"], "https://other.test/").await;
    check(&["*"], &["api.test:443"], "https://api.test:8443/").await;
    check(&["api.test"], &["*"], "https://other.test/").await;
    check(&[], &["*"], "https://api.test/").await;
    check(&["*"], &["api.test"], "http://169.254.169.254/").await;
    assert_eq!(resolver.0.1.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_name_leads_to_no_address_that_is_not_granted() {
    let upstream = Upstream::plain(OK.as_bytes()).await;
    let url = format!("http://api.test:{}/", upstream.port);
    for address in [
        "127.0.0.1",
        "::ffff:127.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "fe80::1",
    ] {
        let out = way_out(Leads::to(&[address]), &["api.test"]);
        let refused = out.send(get(url.clone())).await.unwrap_err();
        let OutboundError::NotGranted(why) = refused else {
            panic!("{address}: {refused}");
        };
        assert_eq!(why, format!("api.test leads to {address}"));
    }
    // Metadata stays out of reach, whatever was granted.
    let out = way_out(SystemResolver, &["*", "0.0.0.0/0", "::/0"]);
    for url in [
        "http://169.254.169.254/",
        "http://[fd00:ec2::254]/",
        "http://0.0.0.0/",
    ] {
        let refused = out.send(get(url.to_owned())).await.unwrap_err();
        assert!(
            matches!(refused, OutboundError::NotGranted(_)),
            "{url}: {refused}"
        );
    }
    assert!(upstream.asked().is_empty());
}

#[tokio::test]
async fn what_a_name_leads_to_later_is_of_no_account() {
    let upstream = Upstream::plain(OK.as_bytes()).await;
    let resolver = Leads::to(&["127.0.0.1", "169.254.169.254"]);
    let out = way_out(resolver.clone(), &["api.test", "127.0.0.0/8"]);
    let url = format!("http://api.test:{}/", upstream.port);
    is_hello(out.send(get(url)).await);
    assert_eq!(resolver.0.1.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn redirects_are_given_back() {
    const MOVED: &str =
        "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n";
    let upstream = Upstream::plain(MOVED.as_bytes()).await;
    let out = way_out(SystemResolver, &["127.0.0.1"]);
    let url = format!("http://127.0.0.1:{}/", upstream.port);
    let answer = out.send(get(url)).await.unwrap();
    assert_eq!(answer.status, 302);
    assert_eq!(upstream.asked().len(), 1);
}

#[tokio::test]
async fn an_upstream_cannot_take_more_than_it_is_given() {
    const LONG: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n";
    const ENDLESS: &str = "HTTP/1.1 200 OK\r\n\r\n";
    let flood = |head: &str| -> &'static [u8] {
        let mut bytes = head.as_bytes().to_vec();
        bytes.extend(core::iter::repeat_n(b'x', 1_000));
        bytes.leak()
    };
    let headers: &'static [u8] = {
        let line = format!("X-Flood: {}\r\n", "x".repeat(1_000));
        format!("HTTP/1.1 200 OK\r\n{}\r\n", line.repeat(200))
            .leak()
            .as_bytes()
    };
    let check = async |answer: &'static [u8], expected: fn(&OutboundError) -> bool| {
        let upstream = Upstream::plain(answer).await;
        let out = way_out(SystemResolver, &["127.0.0.1"]);
        let url = format!("http://127.0.0.1:{}/", upstream.port);
        let refused = out.send(get(url)).await.unwrap_err();
        assert!(expected(&refused), "{refused}");
    };
    check(flood(LONG), |error| *error == OutboundError::TooLarge(100)).await;
    check(flood(ENDLESS), |error| {
        *error == OutboundError::TooLarge(100)
    })
    .await;
    check(headers, |error| {
        matches!(error, OutboundError::Unreachable(_))
    })
    .await;
    check(b"SSH-2.0-OpenSSH\r\n", |error| {
        matches!(error, OutboundError::Unreachable(_))
    })
    .await;
}

/// What it shows of itself, and the certificate of the authority that made it.
fn shown_below_an_authority() -> (OutboundIdentity, rustls::pki_types::CertificateDer<'static>) {
    let key = || rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = rcgen::CertifiedIssuer::self_signed(params, key()).unwrap();
    let key = key();
    let params = rcgen::CertificateParams::new(vec!["client.test".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let identity = OutboundIdentity {
        certificates: certificate.pem(),
        key: base::Secret::new(key.serialize_pem()),
    };
    (identity, authority.der().clone())
}

#[tokio::test]
async fn shows_who_it_is_where_the_server_asks_for_that() {
    let (identity, authority) = shown_below_an_authority();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority).unwrap();
    let upstream = Upstream::tls_for(Some(roots), "api.test", OK.as_bytes()).await;
    let out = way_out(Leads::to(&["127.0.0.1"]), &["api.test", "127.0.0.1"]);
    let send = async |identity: Option<OutboundIdentity>| {
        let request = OutboundRequest {
            identity: identity.map(Arc::new),
            ..trusting(&upstream, "api.test")
        };
        out.send(request).await
    };
    let key = || base::Secret::new(identity.key.expose().clone());
    let certificates = || identity.certificates.clone();
    let unreachable = |answer| matches!(answer, Err(OutboundError::Unreachable(_)));
    // The server says so when the handshake is done at this end, before or after it has the request.
    for _ in 0..20 {
        let refused = send(None).await.unwrap_err().to_string();
        assert!(refused.contains("CertificateRequired"), "{refused}");
    }
    let (other, _) = shown_below_an_authority();
    assert!(unreachable(send(Some(other)).await));
    let (other, _) = shown_below_an_authority();
    for (certificates, key, expected) in [
        (String::new(), key(), "no client certificate"),
        ("no".to_owned(), key(), "no client certificate"),
        (
            certificates().replace("MII", "???"),
            key(),
            "no client certificate",
        ),
        (
            certificates(),
            base::Secret::new("no".to_owned()),
            "no client key",
        ),
        (
            certificates(),
            other.key,
            "the client key is none of the client certificate",
        ),
    ] {
        let refused = send(Some(OutboundIdentity { certificates, key })).await;
        assert_eq!(refused, Err(OutboundError::Malformed(expected.to_owned())));
    }
    assert!(upstream.asked().is_empty());
    is_hello(send(Some(identity)).await);
}

#[tokio::test]
async fn silence_ends_in_time() {
    let upstream = Upstream::plain(b"").await;
    let out = way_out(SystemResolver, &["127.0.0.1"]);
    let request = OutboundRequest {
        timeout: Duration::from_millis(50),
        ..get(format!("http://127.0.0.1:{}/", upstream.port))
    };
    assert_eq!(out.send(request).await, Err(OutboundError::Timeout));
}
