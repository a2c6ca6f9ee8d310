//! A record as one line of JSON: which fields there are, in which order, and what is hidden.

use crate::{
    AuthRecord, Format, HeaderRule, MountRecord, RequestPart, RequestRecord, ResponsePart,
    ResponseRecord, Salt, WrapRecord,
};
use base::{NamespaceId, Timestamp};
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Writes the lines of one device.
#[derive(Debug)]
pub(crate) struct Writer {
    format: Format,
    salt: Salt,
}

type Headers = BTreeMap<String, HeaderRule>;

impl Writer {
    pub(crate) const fn new(format: Format, salt: Salt) -> Self {
        Self { format, salt }
    }

    pub(crate) const fn salt(&self) -> &Salt {
        &self.salt
    }

    pub(crate) fn request(&self, record: &RequestRecord<'_>, headers: &Headers) -> Vec<u8> {
        self.line(&Line {
            time: record.time.to_rfc3339(),
            kind: "request",
            auth: self.auth(record.auth),
            request: self.request_part(record.request, headers),
            response: None,
            error: record.error,
        })
    }

    pub(crate) fn response(&self, record: &ResponseRecord<'_>, headers: &Headers) -> Vec<u8> {
        self.line(&Line {
            time: record.time.to_rfc3339(),
            kind: "response",
            auth: self.auth(record.auth),
            request: self.request_part(record.request, headers),
            response: Some(self.response_part(record.response, record.request)),
            error: record.error,
        })
    }

    fn line(&self, line: &Line<'_>) -> Vec<u8> {
        let mut bytes = self.format.prefix.clone().into_bytes();
        // Texts, numbers and maps with text keys: there is nothing that could fail.
        let written = match self.format.exclude.is_empty() {
            true => serde_json::to_writer(&mut bytes, line),
            false => serde_json::to_value(line).and_then(|mut record| {
                self.format.exclude.apply(&mut record);
                serde_json::to_writer(&mut bytes, &record)
            }),
        };
        debug_assert!(written.is_ok(), "a line is always JSON");
        bytes.push(b'\n');
        bytes
    }

    /// A secret value.
    fn hide<'a>(&self, value: &'a str) -> Cow<'a, str> {
        if value.is_empty() || self.format.log_raw {
            Cow::Borrowed(value)
        } else {
            Cow::Owned(self.salt.hash(value))
        }
    }

    fn accessor<'a>(&self, value: &'a str) -> Cow<'a, str> {
        if self.format.hmac_accessor {
            self.hide(value)
        } else {
            Cow::Borrowed(value)
        }
    }

    /// Hides every string of `value`, save those right below a name of `clear`.
    fn hide_all(&self, value: &mut Value, clear: &[String]) {
        if self.format.log_raw {
            return;
        }
        match value {
            Value::String(text) => *text = self.salt.hash(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_all(item, clear)),
            Value::Object(fields) => {
                for (name, field) in fields {
                    self.hide_field(name, field, clear);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn hide_field(&self, name: &str, field: &mut Value, clear: &[String]) {
        match field {
            Value::String(_) if clear.iter().any(|key| key == name) => {}
            Value::Array(items) => items
                .iter_mut()
                .for_each(|item| self.hide_field(name, item, clear)),
            other => self.hide_all(other, clear),
        }
    }

    fn auth<'a>(&self, auth: Option<&AuthRecord<'a>>) -> Auth<'a> {
        let Some(auth) = auth else {
            return Auth {
                token_type: "default",
                ..Auth::default()
            };
        };
        let policy_results = auth.policy_results.map(|(allowed, grants)| PolicyResults {
            allowed,
            granting_policies: grants
                .iter()
                .map(|grant| Grant {
                    name: grant.name,
                    namespace_id: namespace_id(grant.namespace),
                    kind: "acl",
                })
                .collect(),
        });
        let metadata = auth.metadata.iter();
        Auth {
            client_token: self.hide(auth.client_token),
            accessor: self.accessor(auth.accessor),
            display_name: auth.display_name,
            policies: auth.policies,
            token_policies: auth.token_policies,
            identity_policies: auth.identity_policies,
            no_default_policy: auth.no_default_policy,
            policy_results,
            metadata: metadata.map(|(k, v)| (k.as_str(), v.as_str())).collect(),
            remaining_uses: auth.remaining_uses.unwrap_or(0),
            entity_id: auth.entity_id,
            token_type: auth.token_type,
            token_ttl: auth.token_ttl.as_secs(),
            token_issue_time: auth.token_issue_time.map(whole_seconds),
        }
    }

    fn request_part<'a>(&self, part: &RequestPart<'a>, headers: &Headers) -> Request<'a> {
        let mount = part.mount.unwrap_or_default();
        let data = part.data.filter(|data| !data.is_empty()).map(|data| {
            let mut data = Value::Object(data.clone());
            self.hide_all(&mut data, mount.clear_request_keys);
            data
        });
        Request {
            id: part.id,
            client_id: part.client_id,
            operation: part.operation,
            mount_point: mount.point,
            mount_type: mount.kind,
            mount_accessor: mount.accessor,
            mount_running_version: mount.running_version,
            mount_running_sha256: mount.running_sha256,
            mount_class: mount.class,
            client_token: self.hide(part.client_token),
            client_token_accessor: self.accessor(part.client_token_accessor),
            namespace: Namespace {
                id: namespace_id(part.namespace),
                path: part.namespace_path,
            },
            path: part.path,
            data,
            remote_address: part.remote.map(|remote| remote.ip().to_string()),
            remote_port: part.remote.map(|remote| remote.port()),
            forwarded_from: part.forwarded_from,
            wrap_ttl: part.wrap_ttl.map_or(0, |ttl| ttl.as_secs()),
            headers: self.headers(part.headers, headers),
        }
    }

    fn headers<'a>(
        &self,
        sent: &'a [(String, String)],
        configured: &Headers,
    ) -> BTreeMap<&'a str, Vec<Cow<'a, str>>> {
        let mut written: BTreeMap<&str, Vec<Cow<'_, str>>> = BTreeMap::new();
        for (name, value) in sent {
            let value = match configured.get(name) {
                None => continue,
                Some(HeaderRule::Clear) => Cow::Borrowed(value.as_str()),
                Some(HeaderRule::Hashed) => self.hide(value),
            };
            written.entry(name).or_default().push(value);
        }
        written
    }

    fn response_part<'a>(
        &self,
        part: &ResponsePart<'a>,
        request: &RequestPart<'a>,
    ) -> Response<'a> {
        let mount: MountRecord<'a> = request.mount.unwrap_or_default();
        let data = part.data.map(|data| {
            let mut data = data.to_value();
            if self.format.elide_list_responses && matches!(request.operation, "list" | "scan") {
                elide(&mut data);
            }
            self.hide_all(&mut data, mount.clear_response_keys);
            data
        });
        Response {
            auth: part.auth.map(|auth| self.auth(Some(auth))),
            mount_point: mount.point,
            mount_type: mount.kind,
            mount_accessor: mount.accessor,
            mount_running_plugin_version: mount.running_version,
            mount_running_sha256: mount.running_sha256,
            mount_class: mount.class,
            secret: (!part.lease_id.is_empty()).then_some(Lease {
                lease_id: part.lease_id,
            }),
            data,
            warnings: part.warnings,
            wrap_info: part.wrap.map(|wrap| self.wrap(wrap)),
        }
    }

    fn wrap<'a>(&self, wrap: &WrapRecord<'a>) -> Wrap<'a> {
        Wrap {
            ttl: wrap.ttl.as_secs(),
            token: self.hide(wrap.token),
            accessor: self.accessor(wrap.accessor),
            creation_time: wrap.creation_time,
            creation_path: wrap.creation_path,
            wrapped_accessor: self.accessor(wrap.wrapped_accessor),
        }
    }
}

/// Puts counts in the place of a listing's keys.
fn elide(data: &mut Value) {
    let Value::Object(fields) = data else { return };
    for name in ["keys", "key_info"] {
        let count = match fields.get(name) {
            Some(Value::Array(keys)) => keys.len(),
            Some(Value::Object(keys)) => keys.len(),
            _ => continue,
        };
        fields.insert(name.to_owned(), Value::from(count));
    }
}

fn namespace_id(id: NamespaceId) -> Cow<'static, str> {
    if id == NamespaceId::ROOT {
        Cow::Borrowed("root")
    } else {
        Cow::Owned(id.to_string())
    }
}

fn whole_seconds(at: Timestamp) -> String {
    Timestamp::from_millis(at.as_seconds().saturating_mul(1000)).to_rfc3339()
}

fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    #[serde(rename = "type")]
    kind: &'static str,
    auth: Auth<'a>,
    request: Request<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Response<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

#[derive(Default, Serialize)]
struct Auth<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    client_token: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    accessor: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    display_name: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    policies: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    token_policies: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    identity_policies: &'a [String],
    #[serde(skip_serializing_if = "is_zero")]
    no_default_policy: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_results: Option<PolicyResults<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "is_zero")]
    remaining_uses: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    entity_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    token_type: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    token_ttl: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_issue_time: Option<String>,
}

#[derive(Serialize)]
struct PolicyResults<'a> {
    allowed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    granting_policies: Vec<Grant<'a>>,
}

#[derive(Serialize)]
struct Grant<'a> {
    name: &'a str,
    namespace_id: Cow<'static, str>,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Namespace<'a> {
    id: Cow<'static, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    path: &'a str,
}

#[derive(Serialize)]
struct Request<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    client_id: &'a str,
    operation: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    mount_point: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    mount_type: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    mount_accessor: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    mount_running_version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    mount_running_sha256: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    mount_class: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    client_token: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    client_token_accessor: Cow<'a, str>,
    namespace: Namespace<'a>,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote_port: Option<u16>,
    #[serde(skip_serializing_if = "str::is_empty")]
    forwarded_from: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    wrap_ttl: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<&'a str, Vec<Cow<'a, str>>>,
}

#[derive(Serialize)]
struct Response<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<Auth<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    mount_point: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    mount_type: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    mount_accessor: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    mount_running_plugin_version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    mount_running_sha256: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    mount_class: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<Lease<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    wrap_info: Option<Wrap<'a>>,
}

#[derive(Serialize)]
struct Lease<'a> {
    lease_id: &'a str,
}

#[derive(Serialize)]
struct Wrap<'a> {
    ttl: u64,
    token: Cow<'a, str>,
    accessor: Cow<'a, str>,
    creation_time: &'a str,
    creation_path: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    wrapped_accessor: Cow<'a, str>,
}
