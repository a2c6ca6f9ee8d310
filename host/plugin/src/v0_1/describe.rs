//! The manifest: asked of a component that can reach nothing, and taken out of the generated types.

use super::bindings::engine::SecretsEnginePre;
use super::bindings::engine::casemate::plugin::{manifest as wit, types};
use super::bindings::method::AuthMethodPre;
use super::interfaces::Kind;
use crate::ComponentError;
use crate::runtime::Machine;
use base::Json;
use core::time::Duration;
use manifest as plain;
use serde_json::Value;
use wasmtime::component::{Component, Linker};
use wasmtime::{Store, StoreLimits, StoreLimitsBuilder};

/// How long `describe` may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// Asks a component what it is, twice in one instance and once in another: all calls of the host
/// trap, so that it can only say what it always says. Blocks until it has said it.
pub(crate) fn describe(
    machine: &Machine,
    component: &Component,
    kind: Kind,
) -> Result<plain::Manifest, ComponentError> {
    let first = describe_twice(machine, component, kind)?;
    let second = describe_twice(machine, component, kind)?;
    match (first, second) {
        ([one, two], [three, four]) if one == two && three == four && one == three => Ok(one),
        _ => Err(ComponentError::Unsteady),
    }
}

fn describe_twice(
    machine: &Machine,
    component: &Component,
    kind: Kind,
) -> Result<[plain::Manifest; 2], ComponentError> {
    let running = machine.ticker.run();
    let mut linker = Linker::<StoreLimits>::new(&machine.engine);
    linker
        .define_unknown_imports_as_traps(component)
        .map_err(|error| ComponentError::Import(error.into()))?;
    let pre = linker
        .instantiate_pre(component)
        .map_err(|error| ComponentError::Import(error.into()))?;
    let limits = StoreLimitsBuilder::new()
        .memory_size(machine.config.memory_bytes_max)
        .table_elements(machine.config.table_elements_max)
        .trap_on_grow_failure(true)
        .build();
    let mut store = Store::new(&machine.engine, limits);
    store.limiter(|limits| limits);
    store.set_epoch_deadline(machine.ticker.ticks_of(DEADLINE));
    let said = match kind {
        Kind::Engine => {
            let pre = SecretsEnginePre::new(pre);
            let pre = pre.map_err(|error| ComponentError::Export(error.into()))?;
            pre.instantiate(&mut store).and_then(|exports| {
                let exports = exports.casemate_plugin_lifecycle();
                Ok([
                    exports.call_describe(&mut store)?,
                    exports.call_describe(&mut store)?,
                ])
            })
        }
        Kind::Method => {
            let pre = AuthMethodPre::new(pre);
            let pre = pre.map_err(|error| ComponentError::Export(error.into()))?;
            pre.instantiate(&mut store).and_then(|exports| {
                let exports = exports.casemate_plugin_lifecycle();
                Ok([
                    exports.call_describe(&mut store)?,
                    exports.call_describe(&mut store)?,
                ])
            })
        }
    };
    drop(running);
    let [one, two] =
        said.map_err(|error| ComponentError::Describe(format!("{:#}", error.root_cause())))?;
    let [one, two] = [one, two].map(|said| manifest(said).map_err(ComponentError::Manifest));
    Ok([one?, two?])
}

/// What a component said of itself, as plain data; not yet checked. The error says what in it is not
/// what the contract calls JSON.
fn manifest(from: wit::Manifest) -> Result<plain::Manifest, String> {
    Ok(plain::Manifest {
        name: from.name,
        version: from.version,
        summary: from.summary,
        routes: from
            .routes
            .into_iter()
            .map(route)
            .collect::<Result<_, _>>()?,
        storage: from.storage.into_iter().map(storage_rule).collect(),
        secret_kinds: from.secret_kinds.into_iter().map(secret_kind).collect(),
        outbound: from.outbound,
        starts: from.starts,
        ticks: from.ticks,
        annotations: object("annotations", from.annotations)?,
    })
}

fn route(from: wit::Route) -> Result<plain::Route, String> {
    Ok(plain::Route {
        pattern: from.pattern,
        operation: match from.operation {
            types::Operation::Read => plain::Operation::Read,
            types::Operation::Update => plain::Operation::Update,
            types::Operation::Patch => plain::Operation::Patch,
            types::Operation::Delete => plain::Operation::Delete,
            types::Operation::List => plain::Operation::List,
            types::Operation::Scan => plain::Operation::Scan,
        },
        access: match from.access {
            wit::Access::Token => plain::Access::Token,
            wit::Access::Sudo => plain::Access::Sudo,
            wit::Access::Public => plain::Access::Public,
            wit::Access::Login => plain::Access::Login,
        },
        placement: match from.placement {
            wit::Placement::AnyNode => plain::Placement::AnyNode,
            wit::Placement::ActiveNode => plain::Placement::ActiveNode,
            wit::Placement::PrimaryCluster => plain::Placement::PrimaryCluster,
        },
        when: from.when.map(|when| plain::Condition {
            name: when.name,
            values: when.values,
        }),
        fields: from
            .fields
            .into_iter()
            .map(field)
            .collect::<Result<_, _>>()?,
        answers: from
            .answers
            .into_iter()
            .map(field)
            .collect::<Result<_, _>>()?,
        checks_existence: from.checks_existence,
        raw_body: from.raw_body,
        deprecated: from.deprecated,
        summary: from.summary,
        description: from.description,
    })
}

fn field(from: wit::Field) -> Result<plain::Field, String> {
    let default = from
        .default
        .map(|text| value(&from.name, text))
        .transpose()?;
    let allowed = from.allowed.into_iter().map(|text| value(&from.name, text));
    let allowed = allowed.collect::<Result<_, _>>()?;
    let display = from
        .display
        .map(|text| object(&from.name, text))
        .transpose()?;
    Ok(plain::Field {
        name: from.name,
        kind: field_kind(from.kind),
        source: match from.source {
            wit::FieldSource::Path => plain::FieldSource::Path,
            wit::FieldSource::Query => plain::FieldSource::Query,
            wit::FieldSource::Body => plain::FieldSource::Body,
            wit::FieldSource::Rest => plain::FieldSource::Rest,
        },
        required: from.required,
        sensitive: from.sensitive,
        deprecated: from.deprecated,
        default,
        allowed,
        summary: from.summary,
        display,
    })
}

const fn field_kind(from: wit::FieldKind) -> plain::FieldKind {
    match from {
        wit::FieldKind::Text => plain::FieldKind::Text,
        wit::FieldKind::LowerText => plain::FieldKind::LowerText,
        wit::FieldKind::Name => plain::FieldKind::Name,
        wit::FieldKind::Integer => plain::FieldKind::Integer,
        wit::FieldKind::Float => plain::FieldKind::Float,
        wit::FieldKind::Boolean => plain::FieldKind::Boolean,
        wit::FieldKind::Duration => plain::FieldKind::Duration,
        wit::FieldKind::SignedDuration => plain::FieldKind::SignedDuration,
        wit::FieldKind::TextList => plain::FieldKind::TextList,
        wit::FieldKind::IntegerList => plain::FieldKind::IntegerList,
        wit::FieldKind::TextMap => plain::FieldKind::TextMap,
        wit::FieldKind::Object => plain::FieldKind::Object,
        wit::FieldKind::AnyList => plain::FieldKind::AnyList,
        wit::FieldKind::Bytes => plain::FieldKind::Bytes,
        wit::FieldKind::Time => plain::FieldKind::Time,
        wit::FieldKind::HeaderMap => plain::FieldKind::HeaderMap,
        wit::FieldKind::Json => plain::FieldKind::Json,
    }
}

fn storage_rule(from: wit::StorageRule) -> plain::StorageRule {
    plain::StorageRule {
        prefix: from.prefix,
        locality: match from.locality {
            wit::Locality::Replicated => plain::Locality::Replicated,
            wit::Locality::Local => plain::Locality::Local,
        },
        seal_wrap: from.seal_wrap,
    }
}

fn secret_kind(from: wit::SecretKind) -> plain::SecretKind {
    plain::SecretKind {
        name: from.name,
        summary: from.summary,
        renewable: from.renewable,
    }
}

fn value(of: &str, text: String) -> Result<Value, String> {
    let json = Json::parse(text).map_err(|_| format!("{of:?} has a value that is not JSON"))?;
    Ok(json.to_value())
}

fn object(of: &str, text: String) -> Result<plain::Map, String> {
    match value(of, text)? {
        Value::Object(map) => Ok(map),
        _ => Err(format!("{of:?} has a value that is not a JSON object")),
    }
}
