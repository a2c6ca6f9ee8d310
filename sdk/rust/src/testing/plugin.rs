//! An engine or a method as the test mount sees it: its table, and the manifest made of it.

use crate::engine::{Definition, Gives, Hook, RenewGrant, Route};
use crate::{Engine, FieldSpec, Method};
use manifest::{Condition, Field, Manifest, Map, SecretKind, StorageRule};

/// What a `TestMount` takes: made from an `Engine` or a `Method`.
pub struct Plugin {
    pub(crate) routes: Vec<Route>,
    pub(crate) gives: Vec<Gives>,
    pub(crate) start: Option<Hook>,
    pub(crate) tick: Option<Hook>,
    pub(crate) renew: Option<RenewGrant>,
    pub(crate) manifest: Manifest,
}

impl<const ROUTES: usize> From<Engine<ROUTES>> for Plugin {
    fn from(engine: Engine<ROUTES>) -> Self {
        Self::from(engine.definition)
    }
}

impl<const ROUTES: usize> From<Method<ROUTES>> for Plugin {
    fn from(method: Method<ROUTES>) -> Self {
        Self::from(method.definition)
    }
}

impl<const ROUTES: usize> From<Definition<ROUTES>> for Plugin {
    fn from(definition: Definition<ROUTES>) -> Self {
        Self {
            routes: definition.routes().copied().collect(),
            gives: definition.gives.into_iter().flatten().collect(),
            start: definition.start,
            tick: definition.tick,
            renew: definition.renew,
            manifest: manifest(&definition),
        }
    }
}

impl Plugin {
    /// What the component will say of itself.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}

fn manifest<const ROUTES: usize>(definition: &Definition<ROUTES>) -> Manifest {
    let rules = definition.rules.iter().flatten();
    let gives = definition.gives.iter().flatten();
    Manifest {
        name: definition.name.into(),
        version: definition.version.into(),
        summary: definition.summary.into(),
        routes: definition.routes().map(route).collect(),
        storage: rules
            .map(|rule| StorageRule {
                prefix: rule.prefix.into(),
                locality: rule.locality,
                seal_wrap: rule.seal_wrap,
            })
            .collect(),
        secret_kinds: gives
            .map(|kind| SecretKind {
                name: kind.name.into(),
                summary: kind.summary.into(),
                renewable: kind.renew.is_some(),
            })
            .collect(),
        outbound: definition
            .outbound
            .iter()
            .flatten()
            .map(|one| (*one).into())
            .collect(),
        starts: definition.start.is_some(),
        ticks: definition.tick.is_some(),
        annotations: Map::new(),
    }
}

fn route(route: &Route) -> manifest::Route {
    manifest::Route {
        pattern: route.pattern.into(),
        operation: route.operation,
        access: route.access,
        placement: route.placement,
        when: route.when.map(|when| Condition {
            name: when.option.into(),
            values: when.values.iter().map(|value| (*value).into()).collect(),
        }),
        fields: route.fields.iter().map(field).collect(),
        answers: route.answers.iter().map(field).collect(),
        checks_existence: route.exists.is_some(),
        raw_body: route.raw_body,
        deprecated: route.deprecated,
        summary: route.summary.into(),
        description: route.description.into(),
    }
}

fn field(spec: &FieldSpec) -> Field {
    // The derive macro wrote these texts.
    let json = |text: &&str| serde_json::from_str(text).unwrap_or_default();
    Field {
        name: spec.name.into(),
        kind: spec.kind,
        source: spec.source,
        required: spec.required,
        sensitive: spec.sensitive,
        deprecated: spec.deprecated,
        default: spec.default.as_ref().map(json),
        allowed: spec.allowed.iter().map(json).collect(),
        summary: spec.summary.into(),
        display: spec
            .display
            .and_then(|text| serde_json::from_str(text).ok()),
    }
}
