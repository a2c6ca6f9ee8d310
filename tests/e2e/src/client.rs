//! A small HTTP client that speaks any verb and takes no status for an error.

use core::time::Duration;
use serde_json::Value;

/// Talks to one server with one token.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    token: String,
}

/// What came back.
#[derive(Debug, Default)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// The body as text.
    pub body: String,
    /// How far the log is after a write, for `X-Vault-Index`; empty where the answer says nothing.
    pub index: String,
}

impl Response {
    /// The body as JSON; `null` where there is none.
    ///
    /// # Panics
    /// When the body is neither empty nor JSON.
    pub fn json(&self) -> Value {
        if self.body.trim().is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("not JSON: {error}: {}", self.body))
    }
}

impl Client {
    /// A client of the server at `base` (`http://127.0.0.1:8200`).
    pub fn new(base: &str, token: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Self {
            agent: ureq::Agent::new_with_config(config),
            base: base.to_owned(),
            token: token.to_owned(),
        }
    }

    /// The same server, with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self.clone()
        }
    }

    /// Sends one request. `path` is what follows `/v1/`, percent-encoded.
    ///
    /// # Panics
    /// When no answer comes.
    pub fn send(
        &self,
        verb: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Response {
        self.try_send(verb, path, headers, body)
            .unwrap_or_else(|error| panic!("{verb} {path}: {error}"))
    }

    /// As `send`, for a server that may not be up.
    ///
    /// # Errors
    /// When no answer comes.
    pub fn try_send(
        &self,
        verb: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Result<Response, ureq::Error> {
        let mut request = http::Request::builder()
            .method(verb)
            .uri(format!("{}/v1/{path}", self.base));
        if !self.token.is_empty() {
            request = request.header("X-Vault-Token", &self.token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = match body {
            Some(body) => self.agent.run(request.body(body.as_bytes().to_vec())?)?,
            None => self.agent.run(request.body(())?)?,
        };
        let index = response.headers().get("x-vault-index");
        let index = index.and_then(|value| value.to_str().ok());
        Ok(Response {
            index: index.unwrap_or_default().to_owned(),
            status: response.status().as_u16(),
            body: response.body_mut().read_to_string()?,
        })
    }

    /// GET.
    pub fn read(&self, path: &str) -> Response {
        self.send("GET", path, &[], None)
    }

    /// POST.
    pub fn write(&self, path: &str, body: &Value) -> Response {
        self.send("POST", path, &[], Some(&body.to_string()))
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Response {
        self.send("DELETE", path, &[], None)
    }

    /// LIST.
    pub fn list(&self, path: &str) -> Response {
        self.send("LIST", path, &[], None)
    }
}
