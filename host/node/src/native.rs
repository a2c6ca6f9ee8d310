//! Engines of the host, described by tables in the same words as a component's manifest, so that
//! one matcher, one validator and one generator of documentation serve both.

use crate::pipeline::Caller;
use crate::quotas;
use crate::unsealed::Unsealed;
use barrier::Transaction;
use base::{Answer, Map, Refusal, Request, RequestPath, Timestamp};
use manifest::{Access, FieldKind, FieldSource, Operation};
use mount::Namespace;
use std::pin::Pin;
use std::sync::Arc;

/// A request to an engine of the host: matched, allowed, recorded, validated.
pub(crate) struct Ask<'a> {
    pub(crate) node: &'a Arc<Unsealed>,
    pub(crate) tx: &'a mut Transaction,
    pub(crate) namespace: &'a Arc<Namespace>,
    /// Within the namespace.
    pub(crate) path: &'a RequestPath,
    pub(crate) caller: Option<&'a Caller>,
    pub(crate) request: &'a Request,
    pub(crate) input: Map,
    pub(crate) now: Timestamp,
    /// The room for the token it may make.
    pub(crate) leases: &'a quotas::Room,
    /// Did a component that was called for it act on the outside world?
    pub(crate) acted_outside: bool,
}

impl Ask<'_> {
    /// The caller; every route but the public ones has one.
    pub(crate) fn caller(&self) -> Result<&Caller, Refusal> {
        self.caller.ok_or_else(Refusal::denied)
    }

    /// Does the caller have sudo on the path it calls?
    pub(crate) fn has_sudo(&self) -> Result<bool, Refusal> {
        let question = policy::Ask {
            path: &format!("{}{}", self.namespace.path, self.path),
            operation: policy::Operation::Update,
            data: &self.request.data,
            wrap_ttl: self.request.wrap_ttl,
            now: self.now,
        };
        Ok(self.caller()?.acl.decide(&question).sudo)
    }

    /// A text field; empty when it was not given.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.input
            .get(name)
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    }

    /// A text field, if it was given.
    pub(crate) fn some_text(&self, name: &str) -> Option<&str> {
        self.input.get(name).and_then(serde_json::Value::as_str)
    }

    /// A number of seconds or of things, if it was given.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.input.get(name).and_then(serde_json::Value::as_u64)
    }

    /// A flag; false when it was not given.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.input
            .get(name)
            .and_then(serde_json::Value::as_bool)
            .unwrap_or_default()
    }

    /// A list of texts, if it was given.
    pub(crate) fn texts(&self, name: &str) -> Option<Vec<String>> {
        let list = self.input.get(name)?.as_array()?;
        Some(
            list.iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect(),
        )
    }
}

/// What came of it.
pub(crate) type Told = Result<Answer, Refusal>;

/// A field of a route.
pub(crate) struct NativeField {
    pub(crate) name: &'static str,
    pub(crate) kind: FieldKind,
    pub(crate) source: FieldSource,
    pub(crate) required: bool,
    pub(crate) summary: &'static str,
}

/// A field of the body.
pub(crate) const fn body(
    name: &'static str,
    kind: FieldKind,
    summary: &'static str,
) -> NativeField {
    NativeField {
        name,
        kind,
        source: FieldSource::Body,
        required: false,
        summary,
    }
}

/// A field of the query, on verbs without a body.
pub(crate) const fn query(
    name: &'static str,
    kind: FieldKind,
    summary: &'static str,
) -> NativeField {
    NativeField {
        source: FieldSource::Query,
        ..body(name, kind, summary)
    }
}

/// Everything of the body that no other field takes.
pub(crate) const fn rest(name: &'static str, summary: &'static str) -> NativeField {
    NativeField {
        source: FieldSource::Rest,
        ..body(name, FieldKind::Object, summary)
    }
}

/// A field that the pattern names.
pub(crate) const fn path(name: &'static str, summary: &'static str) -> NativeField {
    NativeField {
        name,
        kind: FieldKind::Text,
        source: FieldSource::Path,
        required: true,
        summary,
    }
}

/// What does a route. Handlers that wait for nothing are plain functions.
#[derive(Clone, Copy)]
pub(crate) enum Does {
    Now(for<'a, 'b> fn(&'a mut Ask<'b>) -> Told),
    Later(for<'a, 'b> fn(&'a mut Ask<'b>) -> Pin<Box<dyn Future<Output = Told> + Send + 'a>>),
}

/// Says whether something is there.
pub(crate) type Exists = for<'a, 'b> fn(&'a mut Ask<'b>) -> Result<bool, Refusal>;

/// One route, and what does it.
pub(crate) struct NativeRoute {
    pub(crate) at: &'static str,
    pub(crate) operation: Operation,
    pub(crate) access: Access,
    pub(crate) does: Does,
    /// Says whether there is what a write would change, where policies tell create from update.
    pub(crate) exists: Option<Exists>,
    pub(crate) fields: &'static [NativeField],
    pub(crate) summary: &'static str,
}

/// A line of a table.
pub(crate) const fn on(
    operation: Operation,
    at: &'static str,
    access: Access,
    does: Does,
    fields: &'static [NativeField],
    summary: &'static str,
) -> NativeRoute {
    NativeRoute {
        at,
        operation,
        access,
        does,
        exists: None,
        fields,
        summary,
    }
}

impl NativeRoute {
    /// Policies tell create from update, by what this says.
    pub(crate) const fn asking(mut self, exists: Exists) -> Self {
        self.exists = Some(exists);
        self
    }
}

/// The manifest of an engine of the host.
pub(crate) fn describe(name: &str, table: &[&[NativeRoute]]) -> manifest::Manifest {
    manifest::Manifest {
        name: name.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        summary: String::new(),
        routes: table.iter().copied().flatten().map(route).collect(),
        storage: Vec::new(),
        secret_kinds: Vec::new(),
        outbound: Vec::new(),
        starts: false,
        ticks: false,
        annotations: Map::new(),
    }
}

fn route(route: &NativeRoute) -> manifest::Route {
    manifest::Route {
        checks_existence: route.exists.is_some(),
        ..describe_route(
            route.at,
            route.operation,
            route.access,
            route.fields,
            route.summary,
        )
    }
}

/// A line of a table in the words of a manifest.
pub(crate) fn describe_route(
    at: &str,
    operation: Operation,
    access: Access,
    fields: &[NativeField],
    summary: &str,
) -> manifest::Route {
    manifest::Route {
        pattern: at.to_owned(),
        operation,
        access,
        fields: fields.iter().map(field).collect(),
        summary: summary.to_owned(),
        placement: manifest::Placement::ActiveNode,
        when: None,
        answers: Vec::new(),
        checks_existence: false,
        raw_body: false,
        deprecated: false,
        description: String::new(),
    }
}

fn field(field: &NativeField) -> manifest::Field {
    manifest::Field {
        name: field.name.to_owned(),
        kind: field.kind,
        source: field.source,
        required: field.required,
        summary: field.summary.to_owned(),
        sensitive: false,
        deprecated: false,
        default: None,
        allowed: Vec::new(),
        display: None,
    }
}
