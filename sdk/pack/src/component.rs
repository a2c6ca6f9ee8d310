//! Core module → component, and what can be read off a component without running it.

use wit_component::{ComponentEncoder, DecodedWasm};

/// A module that is no component, or cannot be made one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComponentError {
    /// It does not have the exports or imports that its world says.
    #[error("the module does not fit its world: {0}")]
    Encode(String),
    /// It cannot be read.
    #[error("not a component: {0}")]
    Decode(String),
    /// It is a WIT package.
    #[error("a description of interfaces, and no component")]
    Package,
}

/// Wraps a core module that was built with the SDK.
///
/// # Errors
/// When it does not fit the world that it was built for.
pub fn componentize(core: &[u8]) -> Result<Vec<u8>, ComponentError> {
    let mut encoder = ComponentEncoder::default();
    let encoded = encoder
        .validate(true)
        .module(core)
        .and_then(ComponentEncoder::encode);
    encoded.map_err(|error| ComponentError::Encode(format!("{error:#}")))
}

/// Names of what a component asks of its host, sorted: `casemate:plugin/storage@0.1.0`. Interfaces that
/// hold types alone are left out.
///
/// # Errors
/// When it is no component.
pub fn imports(component: &[u8]) -> Result<Vec<String>, ComponentError> {
    interfaces(component, Side::Imports)
}

/// Names of what a component gives, sorted.
///
/// # Errors
/// When it is no component.
pub fn exports(component: &[u8]) -> Result<Vec<String>, ComponentError> {
    interfaces(component, Side::Exports)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Imports,
    Exports,
}

fn interfaces(component: &[u8], side: Side) -> Result<Vec<String>, ComponentError> {
    let decoded = wit_component::decode(component);
    let decoded = decoded.map_err(|error| ComponentError::Decode(format!("{error:#}")))?;
    let DecodedWasm::Component(resolve, world) = decoded else {
        return Err(ComponentError::Package);
    };
    let Some(world) = resolve.worlds.get(world) else {
        return Err(ComponentError::Package);
    };
    let items = match side {
        Side::Imports => &world.imports,
        Side::Exports => &world.exports,
    };
    let has_functions = |name: &str| {
        let mut interfaces = resolve.interfaces.iter().filter(|(id, interface)| {
            resolve.id_of(*id).as_deref() == Some(name) && !interface.functions.is_empty()
        });
        interfaces.next().is_some()
    };
    let mut names: Vec<String> = items
        .keys()
        .map(|key| resolve.name_world_key(key))
        .collect();
    names.retain(|name| side == Side::Exports || !name.contains(':') || has_functions(name));
    names.sort_unstable();
    Ok(names)
}

/// SHA-256 of the component, in hexadecimal: what an operator registers and a host pins.
pub fn digest(component: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, component);
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_component_is_told_so() {
        assert!(matches!(imports(b"\0asm"), Err(ComponentError::Decode(_))));
        assert!(matches!(
            componentize(b"junk"),
            Err(ComponentError::Encode(_))
        ));
        // The smallest module there is: it exports nothing, and names no world.
        let empty = b"\0asm\x01\0\0\0";
        let component = componentize(empty);
        assert!(
            component
                .is_ok_and(|component| exports(&component).is_ok_and(|names| names.is_empty()))
        );
    }

    #[test]
    fn digests_are_sha_256() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest(b""), empty);
    }
}
