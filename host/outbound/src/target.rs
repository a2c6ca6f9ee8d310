//! From the parts that a component gave to a request that can be sent. Pure.
//!
//! Every part is read by its own grammar and written anew, so that nothing can end a line, a header or
//! the request before its time.

use crate::grants::{Host, split_port};
use base::{OutboundError, OutboundRequest};
use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::Full;
use std::net::IpAddr;

const URL_BYTES_MAX: usize = 8 << 10;
const HEADERS_MAX: usize = 100;
const HEADER_BYTES_MAX: usize = 64 << 10;

/// Headers that say how a message is cut or where it goes: the host's to set.
const HOSTS_OWN: [HeaderName; 9] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::TE,
    header::TRAILER,
    header::EXPECT,
    header::PROXY_AUTHORIZATION,
];

/// Where a request goes, and how.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) is_tls: bool,
    pub(crate) host: Host,
    pub(crate) port: u16,
    pub(crate) request: Request<Full<Bytes>>,
}

fn malformed(what: impl Into<String>) -> OutboundError {
    OutboundError::Malformed(what.into())
}

impl Target {
    /// Checks everything but whether it is granted.
    pub(crate) fn parse(asked: &OutboundRequest) -> Result<Self, OutboundError> {
        let (is_tls, host, port, path) = parse_url(&asked.url)?;
        let method = Method::from_bytes(asked.method.as_bytes());
        let method = method.map_err(|_| malformed(format!("method {:?}", asked.method)))?;
        if matches!(method, Method::CONNECT | Method::TRACE) {
            return Err(malformed(format!("method {method}")));
        }
        let mut request = Request::new(Full::new(Bytes::from(asked.body.clone())));
        *request.method_mut() = method;
        *request.uri_mut() = path;
        let shown = match (is_tls, port) {
            (true, 443) | (false, 80) => host.to_string(),
            _ => format!("{host}:{port}"),
        };
        let shown = HeaderValue::from_str(&shown).map_err(|_| malformed("host"))?;
        request.headers_mut().insert(header::HOST, shown);
        add_headers(&mut request, &asked.headers)?;
        Ok(Self {
            is_tls,
            host,
            port,
            request,
        })
    }

    /// The address, where the URL names one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match &self.host {
            Host::Address(address) => Some(*address),
            Host::Name(_) => None,
        }
    }
}

fn parse_url(url: &str) -> Result<(bool, Host, u16, Uri), OutboundError> {
    let wrong = || malformed(format!("URL {url:?}"));
    // Neither blanks nor controls nor what has to be escaped; a fragment is not sent.
    let fine =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'\\' | b'"' | b'<' | b'>');
    if url.len() > URL_BYTES_MAX || !url.bytes().all(fine) {
        return Err(wrong());
    }
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    let is_tls = match scheme {
        "https" => true,
        "http" => false,
        _ => return Err(wrong()),
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).ok_or_else(wrong)?;
    let (host, port) = split_port(authority).ok_or_else(wrong)?;
    let host = Host::parse(host).ok_or_else(wrong)?;
    let port = port.unwrap_or(if is_tls { 443 } else { 80 });
    let path = match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("/{path}"),
    };
    let path: Uri = path.parse().map_err(|_| wrong())?;
    match path.authority() {
        None => Ok((is_tls, host, port, path)),
        Some(_) => Err(wrong()),
    }
}

fn add_headers(
    request: &mut Request<Full<Bytes>>,
    headers: &[(String, String)],
) -> Result<(), OutboundError> {
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if headers.len() > HEADERS_MAX || bytes > HEADER_BYTES_MAX {
        return Err(malformed("too many headers"));
    }
    for (name, value) in headers {
        let wrong = || malformed(format!("header {name:?}"));
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        if HOSTS_OWN.contains(&parsed) || parsed.as_str().starts_with("proxy-") {
            return Err(malformed(format!("header {name:?} is the host\'s to set")));
        }
        let value = HeaderValue::from_str(value).map_err(|_| wrong())?;
        request.headers_mut().append(parsed, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;
    use proptest::prelude::*;

    fn asked(method: &str, url: &str, headers: &[(&str, &str)]) -> OutboundRequest {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        OutboundRequest {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: headers.iter().map(owned).collect(),
            body: Vec::new(),
            timeout: Duration::from_secs(1),
            trust: Vec::new(),
            server_name: None,
            identity: None,
            response_bytes_max: 1,
        }
    }

    #[test]
    fn urls_are_read_and_written_anew() {
        let check = |url: &str, expected: (bool, &str, u16, &str, &str)| {
            let target = Target::parse(&asked("GET", url, &[])).unwrap();
            let (request, host) = (&target.request, target.host.to_string());
            let shown = request.headers()["host"].to_str().unwrap();
            let found = (
                target.is_tls,
                host.as_str(),
                target.port,
                shown,
                request.uri().to_string(),
            );
            let (is_tls, host, port, shown, path) = expected;
            assert_eq!(found, (is_tls, host, port, shown, path.to_owned()), "{url}");
        };
        check("https://A.org", (true, "a.org", 443, "a.org", "/"));
        check(
            "http://a.org:8080/x?y=/z",
            (false, "a.org", 8080, "a.org:8080", "/x?y=/z"),
        );
        check("https://a.org?y", (true, "a.org", 443, "a.org", "/?y"));
        check("https://[::1]:1/", (true, "[::1]", 1, "[::1]:1", "/"));
        check(
            "https://127.0.0.1//x",
            (true, "127.0.0.1", 443, "127.0.0.1", "//x"),
        );
    }

    #[test]
    fn what_could_split_a_request_is_refused() {
        let check = |method: &str, url: &str, headers: &[(&str, &str)]| {
            let refused = Target::parse(&asked(method, url, headers)).unwrap_err();
            assert!(
                matches!(refused, OutboundError::Malformed(_)),
                "{method} {url} {headers:?}"
            );
        };
        for url in [
            "",
            "a.org",
            "//a.org",
            "ftp://a.org/",
            "HTTPS://a.org/",
            "https://",
            "https:///x",
            "https://user@a.org/",
            "https://user:secret@a.org/",
            "https://a.org@evil.org/",
            "https://a.org#@evil.org/",
            "https://a.org\\@evil.org/",
            "https://a.org/x y",
            "https://a.org/x\r\nHost: evil.org",
            "https://a.org/\u{e9}",
            "https://a.org:0/",
            "https://a.org:99999/",
            "https://a.org:/",
            "https://a.org:80:80/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://[::1/",
            "https://[fe80::1%25eth0]/",
        ] {
            check("GET", url, &[]);
        }
        for method in [
            "",
            "GET ",
            "GE T",
            "GET / HTTP/1.1\r\nX: y\r\n\r\nGET",
            "CONNECT",
            "TRACE",
        ] {
            check(method, "https://a.org/", &[]);
        }
        for header in [
            ("x", "a\r\nb: c"),
            ("x", "a\nb"),
            ("x", "a\0"),
            ("x y", "a"),
            ("x:", "a"),
            ("", "a"),
            ("Host", "evil.org"),
            ("content-length", "0"),
            ("Transfer-Encoding", "chunked"),
            ("connection", "close"),
            ("Proxy-Connection", "x"),
        ] {
            check("GET", "https://a.org/", &[header]);
        }
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let check = |url: &str, headers: &[(&str, &str)]| {
            let refused = Target::parse(&asked("GET", url, headers)).unwrap_err();
            assert!(
                matches!(refused, OutboundError::Malformed(_)),
                "{refused:?}"
            );
        };
        check("https://a.org/", &vec![("x", "y"); HEADERS_MAX + 1]);
        check("https://a.org/", &[("x", &"y".repeat(HEADER_BYTES_MAX))]);
        check(&format!("https://a.org/{}", "x".repeat(URL_BYTES_MAX)), &[]);
    }

    proptest! {
        #[test]
        fn anything_is_a_target_or_refused(method in "\\PC{0,8}", url in "(https?://)?\\PC{0,40}", value in ".{0,20}") {
            if let Ok(target) = Target::parse(&asked(&method, &url, &[("x", &value)])) {
                let text = format!("{} {}", target.request.method(), target.request.uri());
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '));
                prop_assert_eq!(text.matches(' ').count(), 1);
            }
        }
    }
}
