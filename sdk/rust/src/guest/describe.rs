//! The table as the contract's manifest.

use crate::bindings::host::casemate::plugin::{manifest as m, types as t};
use crate::engine::{Definition, Route};
use crate::{FieldKind, FieldSource, FieldSpec, Locality, Operation};
use manifest::{Access, Placement};

pub(super) fn manifest<const ROUTES: usize>(definition: &Definition<ROUTES>) -> m::Manifest {
    let rules = definition.rules.iter().flatten();
    let gives = definition.gives.iter().flatten();
    m::Manifest {
        name: definition.name.into(),
        version: definition.version.into(),
        summary: definition.summary.into(),
        routes: definition.routes().map(route).collect(),
        storage: rules
            .map(|rule| m::StorageRule {
                prefix: rule.prefix.into(),
                locality: match rule.locality {
                    Locality::Replicated => m::Locality::Replicated,
                    Locality::Local => m::Locality::Local,
                },
                seal_wrap: rule.seal_wrap,
            })
            .collect(),
        secret_kinds: gives
            .map(|kind| m::SecretKind {
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
        annotations: "{}".into(),
    }
}

fn route(route: &Route) -> m::Route {
    m::Route {
        pattern: route.pattern.into(),
        operation: operation(route.operation),
        access: match route.access {
            Access::Token => m::Access::Token,
            Access::Sudo => m::Access::Sudo,
            Access::Public => m::Access::Public,
            Access::Login => m::Access::Login,
        },
        placement: match route.placement {
            Placement::AnyNode => m::Placement::AnyNode,
            Placement::ActiveNode => m::Placement::ActiveNode,
            Placement::PrimaryCluster => m::Placement::PrimaryCluster,
        },
        when: route.when.map(|when| m::Condition {
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

fn operation(operation: Operation) -> t::Operation {
    match operation {
        Operation::Read => t::Operation::Read,
        Operation::Update => t::Operation::Update,
        Operation::Patch => t::Operation::Patch,
        Operation::Delete => t::Operation::Delete,
        Operation::List => t::Operation::List,
        Operation::Scan => t::Operation::Scan,
    }
}

fn field(spec: &FieldSpec) -> m::Field {
    m::Field {
        name: spec.name.into(),
        kind: kind(spec.kind),
        source: match spec.source {
            FieldSource::Path => m::FieldSource::Path,
            FieldSource::Query => m::FieldSource::Query,
            FieldSource::Body => m::FieldSource::Body,
            FieldSource::Rest => m::FieldSource::Rest,
        },
        required: spec.required,
        sensitive: spec.sensitive,
        deprecated: spec.deprecated,
        default: spec.default.map(Into::into),
        allowed: spec.allowed.iter().map(|value| (*value).into()).collect(),
        summary: spec.summary.into(),
        display: spec.display.map(Into::into),
    }
}

fn kind(kind: FieldKind) -> m::FieldKind {
    match kind {
        FieldKind::Text => m::FieldKind::Text,
        FieldKind::LowerText => m::FieldKind::LowerText,
        FieldKind::Name => m::FieldKind::Name,
        FieldKind::Integer => m::FieldKind::Integer,
        FieldKind::Float => m::FieldKind::Float,
        FieldKind::Boolean => m::FieldKind::Boolean,
        FieldKind::Duration => m::FieldKind::Duration,
        FieldKind::SignedDuration => m::FieldKind::SignedDuration,
        FieldKind::TextList => m::FieldKind::TextList,
        FieldKind::IntegerList => m::FieldKind::IntegerList,
        FieldKind::TextMap => m::FieldKind::TextMap,
        FieldKind::Object => m::FieldKind::Object,
        FieldKind::AnyList => m::FieldKind::AnyList,
        FieldKind::Bytes => m::FieldKind::Bytes,
        FieldKind::Time => m::FieldKind::Time,
        FieldKind::HeaderMap => m::FieldKind::HeaderMap,
        FieldKind::Json => m::FieldKind::Json,
    }
}
