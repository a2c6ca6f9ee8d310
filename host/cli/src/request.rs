//! One call of the HTTP API, before it is sent. Pure.

use core::time::Duration;
use serde_json::Value;

/// The HTTP methods that the API takes. Lists are `GET` with `list=true`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The name on the wire.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A call of the API: what, where, with what. Token, namespace and address come with the client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ApiRequest {
    pub(crate) method: Method,
    /// Below `/v1/`, not yet encoded.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    /// A body that is no JSON.
    pub(crate) bytes: Option<Vec<u8>>,
    /// After so long the call has ended, whatever has come of it.
    pub(crate) within: Option<Duration>,
}

impl ApiRequest {
    fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            body: None,
            bytes: None,
            within: None,
        }
    }

    /// Ends after so long.
    pub(crate) fn within(mut self, time: Duration) -> Self {
        self.within = Some(time);
        self
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path)
    }

    pub(crate) fn list(path: impl Into<String>) -> Self {
        Self::get(path).with_query("list", "true")
    }

    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::Delete, path)
    }

    pub(crate) fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::Post, path).with_body(body)
    }

    pub(crate) fn put(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::Put, path).with_body(body)
    }

    pub(crate) fn put_empty(path: impl Into<String>) -> Self {
        Self::new(Method::Put, path)
    }

    pub(crate) fn post_empty(path: impl Into<String>) -> Self {
        Self::new(Method::Post, path)
    }

    /// A body of bytes, as snapshots are.
    pub(crate) fn post_bytes(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        let mut request = Self::new(Method::Post, path);
        request.bytes = Some(bytes);
        request
    }

    /// A JSON merge patch.
    pub(crate) fn patch(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::Patch, path).with_body(body)
    }

    pub(crate) fn with_query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    fn with_body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The whole URL of this call.
    pub(crate) fn url(&self, address: &str) -> String {
        let mut url = format!("{}/v1/", address.trim_end_matches('/'));
        encode(&mut url, &self.path, b"-._~$&+,/:;=@!'()*");
        let mut query: Vec<&(String, String)> = self.query.iter().collect();
        query.sort();
        for (at, (name, value)) in query.into_iter().enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            encode(&mut url, name, b"-._~");
            url.push('=');
            encode(&mut url, value, b"-._~");
        }
        url
    }

    /// This call as a `curl` command that reads the token when it is run: the token is not in it.
    pub(crate) fn curl(&self, address: &str, headers: &[(String, String)]) -> String {
        let mut line = String::from("curl");
        if self.method != Method::Get {
            line.push_str(&format!(" -X {}", self.method.name()));
        }
        for (name, value) in headers {
            line.push_str(&format!(" -H \"{name}: {value}\""));
        }
        if self.method == Method::Patch {
            line.push_str(" -H \"Content-Type: application/merge-patch+json\"");
        }
        if let Some(body) = &self.body {
            line.push_str(&format!(
                " -d '{}'",
                body.to_string().replace('\'', r#"'"'"'"#)
            ));
        }
        if self.bytes.is_some() {
            line.push_str(" --data-binary @-");
        }
        line.push_str(&format!(" \"{}\"", self.url(address)));
        line
    }
}

fn encode(into: &mut String, text: &str, kept: &[u8]) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// The path as the API wants it: no slash at either end, none doubled.
pub(crate) fn clean_path(text: &str) -> String {
    text.trim()
        .split('/')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("/")
}

/// The path of a mount: clean, with a slash at the end.
pub(crate) fn mount_path(text: &str) -> String {
    format!("{}/", clean_path(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn urls() {
        let check = |request: ApiRequest, expected: &str| {
            assert_eq!(
                request.url("http://h:1/"),
                format!("http://h:1/v1/{expected}")
            );
        };
        check(ApiRequest::get("secret/a"), "secret/a");
        check(ApiRequest::get("secret/a b%?x#"), "secret/a%20b%25%3Fx%23");
        check(ApiRequest::get("é"), "%C3%A9");
        check(ApiRequest::list("a"), "a?list=true");
        check(
            ApiRequest::list("a").with_query("after", "x&y"),
            "a?after=x%26y&list=true",
        );
    }

    #[test]
    fn curl_has_the_body_quoted_and_no_token() {
        let request = ApiRequest::put("cubbyhole/b", json!({"y": "'"}));
        let headers = [("X-Vault-Request".to_owned(), "true".to_owned())];
        assert_eq!(
            request.curl("http://h", &headers),
            r#"curl -X PUT -H "X-Vault-Request: true" -d '{"y":"'"'"'"}' "http://h/v1/cubbyhole/b""#
        );
    }

    #[test]
    fn paths() {
        let check = |text: &str, expected: &str| assert_eq!(clean_path(text), expected);
        check("a", "a");
        check("/a//b/ ", "a/b");
        check("/", "");
        assert_eq!(mount_path("a//b"), "a/b/");
    }
}
