//! The HTTP client: the only module that names ureq and rustls.

use crate::answer::{ApiAnswer, Refusal};
use crate::error::{Stop, of_file};
use crate::request::{ApiRequest, Method};
use base::Secret;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::http;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// Larger answers are refused.
const ANSWER_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Where systems keep the certificates of the authorities they trust.
const SYSTEM_BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What sends calls. The tests have their own.
pub(crate) trait Transport: Sync {
    /// Sends a call and gives every answer back, also refusals, as status and body.
    fn send(&self, request: &ApiRequest, headers: &[(String, String)]) -> Result<ApiAnswer, Stop>;
    /// Sends a call and copies its answer as it comes; a refusal is given back instead.
    fn stream(
        &self,
        request: &ApiRequest,
        headers: &[(String, String)],
        into: &mut dyn Write,
    ) -> Result<Option<ApiAnswer>, Stop>;
    /// The address that calls go to.
    fn address(&self) -> &str;
}

/// How to reach the server.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    pub(crate) address: String,
    pub(crate) ca_cert: Option<String>,
    pub(crate) ca_path: Option<String>,
    pub(crate) client_cert: Option<String>,
    pub(crate) client_key: Option<String>,
    pub(crate) server_name: Option<String>,
    pub(crate) skip_verify: bool,
    pub(crate) follow_redirects: bool,
    pub(crate) timeout: Option<Duration>,
}

/// The client of one command.
pub(crate) struct HttpClient {
    agent: ureq::Agent,
    reach: Reach,
}

impl HttpClient {
    /// Prepares a client; nothing is sent yet.
    pub(crate) fn new(reach: Reach) -> Result<Self, Stop> {
        let config = ureq::config::Config::builder()
            .tls_config(tls(&reach)?)
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(reach.timeout)
            .user_agent(concat!("casemate/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = match &reach.server_name {
            None => ureq::Agent::new_with_config(config),
            Some(_) => ureq::Agent::with_parts(
                config,
                DefaultConnector::default(),
                Elsewhere(authority(&reach.address)?),
            ),
        };
        Ok(Self { agent, reach })
    }

    fn once(
        &self,
        url: &str,
        request: &ApiRequest,
        headers: &[(String, String)],
    ) -> Result<http::Response<ureq::Body>, Stop> {
        let unreached = |failure: String| Stop::Unreached {
            during: None,
            failure: format!("{} {url:?}: {failure}", title_case(request.method)),
        };
        if !url.starts_with("http://") && !url.starts_with("https://") {
            let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
            return Err(unreached(format!("unsupported protocol scheme {scheme:?}")));
        }
        let mut builder = http::Request::builder()
            .method(request.method.name())
            .uri(self.named(url));
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        if request.method == Method::Patch {
            builder = builder.header("Content-Type", "application/merge-patch+json");
        }
        let sent = match (&request.body, &request.bytes, request.within) {
            (Some(body), ..) => builder
                .body(body.to_string())
                .map(|request| self.agent.run(request)),
            (None, Some(bytes), _) => builder
                .body(bytes.as_slice())
                .map(|request| self.agent.run(request)),
            (None, None, None) => builder.body(()).map(|request| self.agent.run(request)),
            (None, None, time) => builder.body(()).map(|request| {
                let configured = self.agent.configure_request(request);
                self.agent.run(configured.timeout_global(time).build())
            }),
        };
        sent.map_err(|error| unreached(error.to_string()))?
            .map_err(|error| unreached(reason(&error)))
    }

    /// The URL with the name that the certificate must have in place of the host.
    fn named(&self, url: &str) -> String {
        let Some(name) = &self.reach.server_name else {
            return url.to_owned();
        };
        match (url.split_once("://"), authority(url)) {
            (Some((scheme, rest)), Ok((host, port))) => {
                let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("");
                let _ = host;
                format!("{scheme}://{name}:{port}{path}")
            }
            _ => url.to_owned(),
        }
    }
}

impl HttpClient {
    /// Sends a call, and once more where a redirect says so.
    fn response(
        &self,
        request: &ApiRequest,
        headers: &[(String, String)],
    ) -> Result<http::Response<ureq::Body>, Stop> {
        let url = request.url(&self.reach.address);
        let response = self.once(&url, request, headers)?;
        match redirect(&response, &url) {
            Some(target) if self.reach.follow_redirects => self.once(&target?, request, headers),
            _ => Ok(response),
        }
    }

    fn read(
        &self,
        request: &ApiRequest,
        mut response: http::Response<ureq::Body>,
    ) -> Result<ApiAnswer, Stop> {
        let status = response.status().as_u16();
        let text = response
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .lossy_utf8(true)
            .read_to_string()
            .map_err(|error| Stop::Unreached {
                during: None,
                failure: format!(
                    "{} {:?}: {}",
                    title_case(request.method),
                    request.url(&self.reach.address),
                    reason(&error)
                ),
            })?;
        Ok(ApiAnswer::new(status, text))
    }
}

impl Transport for HttpClient {
    fn send(&self, request: &ApiRequest, headers: &[(String, String)]) -> Result<ApiAnswer, Stop> {
        let response = self.response(request, headers)?;
        self.read(request, response)
    }

    fn stream(
        &self,
        request: &ApiRequest,
        headers: &[(String, String)],
        into: &mut dyn Write,
    ) -> Result<Option<ApiAnswer>, Stop> {
        let mut response = self.response(request, headers)?;
        if response.status().as_u16() >= 400 {
            return self.read(request, response).map(Some);
        }
        let mut reader = response.body_mut().with_config().limit(u64::MAX).reader();
        let mut piece = vec![0; 64 * 1024];
        loop {
            let count = match std::io::Read::read(&mut reader, &mut piece) {
                Ok(count) => count,
                // It was to end after a time.
                Err(_) if request.within.is_some() => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            let Some(part) = piece.get(..count).filter(|part| !part.is_empty()) else {
                return Ok(None);
            };
            into.write_all(part)?;
            into.flush()?;
        }
    }

    fn address(&self) -> &str {
        &self.reach.address
    }
}

/// Where a standby sends the client, if it does. The token never goes from TLS to plain text.
fn redirect(response: &http::Response<ureq::Body>, from: &str) -> Option<Result<String, Stop>> {
    if !matches!(response.status().as_u16(), 301 | 302 | 307 | 308) {
        return None;
    }
    let target = response.headers().get("location")?.to_str().ok()?;
    if from.starts_with("https://") && !target.starts_with("https://") {
        return Some(Err(Stop::local(
            "redirect would cause protocol downgrade from https to http",
        )));
    }
    Some(Ok(target.to_owned()))
}

/// Why a call failed, in the words that users of Vault know.
fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            "connection refused".to_owned()
        }
        ureq::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// Bytes that nobody can guess.
pub(crate) fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], Stop> {
    let mut bytes = [0; LENGTH];
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let filled = provider.secure_random.fill(&mut bytes);
    filled.map_err(|_| Stop::local("the system gives no random bytes"))?;
    Ok(bytes)
}

fn title_case(method: Method) -> &'static str {
    match method {
        Method::Get => "Get",
        Method::Post => "Post",
        Method::Put => "Put",
        Method::Patch => "Patch",
        Method::Delete => "Delete",
    }
}

/// The host and port of a URL.
fn authority(url: &str) -> Result<(String, u16), Stop> {
    let wrong = || Stop::local(format!("address {url:?} is not a URL"));
    let uri: http::Uri = url.parse().map_err(|_| wrong())?;
    let host = uri.host().ok_or_else(wrong)?.to_owned();
    let fallback = if uri.scheme_str() == Some("https") {
        443
    } else {
        80
    };
    Ok((host, uri.port_u16().unwrap_or(fallback)))
}

/// Resolves every name to one host: the name in the URL is then the one in the certificate.
#[derive(Debug)]
struct Elsewhere((String, u16));

impl Resolver for Elsewhere {
    fn resolve(
        &self,
        _uri: &http::Uri,
        _config: &ureq::config::Config,
        _timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let (host, port) = &self.0;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let mut found = self.empty();
        for address in std::net::ToSocketAddrs::to_socket_addrs(&(host, *port))?.take(16) {
            found.push(address);
        }
        if found.is_empty() {
            return Err(ureq::Error::HostNotFound);
        }
        Ok(found)
    }
}

fn tls(reach: &Reach) -> Result<TlsConfig, Stop> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let plain = !reach.address.starts_with("https://");
    let roots = if plain || reach.skip_verify {
        Vec::new()
    } else {
        roots(reach)?
    };
    Ok(TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .client_cert(identity(reach)?)
        .disable_verification(reach.skip_verify)
        .build())
}

fn roots(reach: &Reach) -> Result<Vec<Certificate<'static>>, Stop> {
    if let Some(file) = &reach.ca_cert {
        return certificates(Path::new(file));
    }
    if let Some(folder) = &reach.ca_path {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|error| failed_to_read(folder, &error))? {
            let path = entry?.path();
            if path.is_file() {
                all.extend(certificates(&path)?);
            }
        }
        return Ok(all);
    }
    SYSTEM_BUNDLES
        .iter()
        .map(Path::new)
        .find(|path| path.is_file())
        .map_or_else(|| Ok(Vec::new()), certificates)
}

fn failed_to_read(path: &str, error: &std::io::Error) -> Stop {
    unusable(&format!("Error loading CA File: {}", of_file(path, error)))
}

fn unusable(why: &str) -> Stop {
    Stop::local(format!("failed to setup TLS config: {why}"))
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, Stop> {
    let shown = path.display().to_string();
    let text = std::fs::read(path).map_err(|error| failed_to_read(&shown, &error))?;
    let mut found = Vec::new();
    for item in parse_pem(&text) {
        match item.map_err(|error| unusable(&format!("Error loading CA File: {shown}: {error}")))? {
            PemItem::Certificate(certificate) => found.push(certificate),
            _ => continue,
        }
    }
    if found.is_empty() {
        return Err(unusable(&format!(
            "Error loading CA File: couldn't parse PEM in: {shown}"
        )));
    }
    Ok(found)
}

fn identity(reach: &Reach) -> Result<Option<ClientCert>, Stop> {
    let (certificate, key) = match (&reach.client_cert, &reach.client_key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        _ => {
            return Err(unusable("both client cert and client key must be provided"));
        }
    };
    let chain = certificates(Path::new(certificate))?;
    let text = Secret::new(std::fs::read(key).map_err(|error| unusable(&of_file(key, &error)))?);
    let key = PrivateKey::from_pem(text.expose())
        .map_err(|error| unusable(&format!("{key}: {error}")))?;
    Ok(Some(ClientCert::new_with_certs(&chain, key)))
}

/// A refusal of the server as an end of the command.
pub(crate) fn refusal(
    request: &ApiRequest,
    address: &str,
    namespace: Option<String>,
    answer: ApiAnswer,
) -> Stop {
    Stop::Refused {
        during: None,
        refusal: Refusal {
            method: request.method.name(),
            url: request.url(address),
            namespace,
            status: answer.status,
            text: answer.text,
        },
    }
}
