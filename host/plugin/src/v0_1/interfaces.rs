//! Names of imports and exports: what a component wants and gives, before anything of it runs.

use crate::ComponentError;
use serde::{Deserialize, Serialize};
use wasmtime::Engine;
use wasmtime::component::Component;

/// What a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A secrets engine.
    Engine,
    /// An auth method.
    Method,
}

/// Interfaces of the contract are named `casemate:plugin/{interface}@{version}`.
const PACKAGE: &str = "casemate:plugin/";

/// Components of the same minor version of 0 understand each other, and no others.
pub(crate) const TRACK: &str = "0.1";

const IMPORTS: [&str; 13] = [
    "types",
    "manifest",
    "storage",
    "mount",
    "caller",
    "incoming",
    "system",
    "clock",
    "entropy",
    "passwords",
    "crypto",
    "log",
    "http-client",
];

/// The export that makes a component what it is.
pub(crate) const EXPORTS: [(&str, Kind); 2] = [("engine", Kind::Engine), ("method", Kind::Method)];

/// Checks the names; gives the imports that are abilities, and the kind.
pub(crate) fn check_names(
    component: &Component,
    engine: &Engine,
) -> Result<(Vec<String>, Kind), ComponentError> {
    let component_type = component.component_type();
    let mut imports = Vec::new();
    for (name, _) in component_type.imports(engine) {
        let interface = interface(name)?;
        match interface.filter(|interface| IMPORTS.contains(interface)) {
            // They hold types and no function.
            Some("types" | "manifest") => (),
            Some(interface) => imports.push(interface.to_owned()),
            None => return Err(ComponentError::UnknownImport(name.to_owned())),
        }
    }
    let mut exports = Vec::new();
    for (name, _) in component_type.exports(engine) {
        exports.extend(interface(name)?);
    }
    if !exports.contains(&"lifecycle") {
        return Err(ComponentError::MissingExport("lifecycle"));
    }
    let kind = match (exports.contains(&"engine"), exports.contains(&"method")) {
        (true, false) => Kind::Engine,
        (false, true) => Kind::Method,
        (true, true) => return Err(ComponentError::TwoKinds),
        (false, false) => return Err(ComponentError::MissingExport("engine or method")),
    };
    imports.sort();
    Ok((imports, kind))
}

/// The full name of one of our interfaces, in the first version of the track. wasmtime takes it for
/// any version of the track.
pub(super) fn interface_name(interface: &str) -> String {
    format!("{PACKAGE}{interface}@{TRACK}.0")
}

/// The interface of our package and track that is named.
pub(crate) fn interface_of(name: &str) -> Option<&str> {
    interface(name).ok().flatten()
}

/// The interface of our package that is named; None for a name of somebody else's.
fn interface(name: &str) -> Result<Option<&str>, ComponentError> {
    let Some(rest) = name.strip_prefix(PACKAGE) else {
        return Ok(None);
    };
    let (interface, version) = rest.split_once('@').unwrap_or((rest, "none"));
    let is_served = version
        .strip_prefix(TRACK)
        .is_some_and(|rest| rest.starts_with('.'));
    if !is_served {
        return Err(ComponentError::OtherTrack {
            interface: format!("{PACKAGE}{interface}"),
            found: version.to_owned(),
            served: TRACK,
        });
    }
    Ok(Some(interface))
}
