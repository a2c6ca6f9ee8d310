//! The components that the binary brings along: entries of the catalog that are not stored. A
//! mount's bytes are, so it runs on when a newer binary brings others.

use crate::catalog::{self, CatalogEntry};
use crate::parts::Parts;
use base::{Refusal, chain};
use std::sync::OnceLock;

/// Components that are a second type of mount as well, as clients know them.
const SECOND_TYPES: &[(&str, &str)] = &[("jwt", "oidc")];

/// Their entries, made when somebody first asks: a start does not pay for what nobody uses.
#[derive(Default)]
pub(crate) struct Builtins(OnceLock<Vec<(CatalogEntry, &'static [u8])>>);

impl Builtins {
    /// All of them.
    pub(crate) fn entries(
        &self,
        parts: &Parts,
    ) -> Result<impl Iterator<Item = &CatalogEntry>, Refusal> {
        Ok(self.list(parts)?.iter().map(|(entry, _)| entry))
    }

    /// The bytes of the one with a digest.
    pub(crate) fn bytes(
        &self,
        parts: &Parts,
        digest: &str,
    ) -> Result<Option<&'static [u8]>, Refusal> {
        let mut list = self.list(parts)?.iter();
        let found = list.find(|(entry, _)| entry.digest == digest);
        Ok(found.map(|(_, bytes)| *bytes))
    }

    fn list(&self, parts: &Parts) -> Result<&[(CatalogEntry, &'static [u8])], Refusal> {
        if let Some(list) = self.0.get() {
            return Ok(list);
        }
        let list = read(parts)?;
        Ok(self.0.get_or_init(|| list))
    }
}

fn read(parts: &Parts) -> Result<Vec<(CatalogEntry, &'static [u8])>, Refusal> {
    let mut list = Vec::new();
    for &(name, bytes) in parts.builtins {
        let kind = plugin::kind_of(bytes).map_err(|error| {
            Refusal::internal(format!("built-in component {name}: {}", chain(&error)))
        })?;
        let digest = plugin::digest_of(bytes);
        let second = SECOND_TYPES.iter().filter(|(first, _)| *first == name);
        for name in [name].into_iter().chain(second.map(|(_, second)| *second)) {
            let entry = CatalogEntry {
                kind: catalog::mount_kind(kind),
                name: name.to_owned(),
                version: format!("v{}+builtin.casemate", parts.settings.version),
                digest: digest.clone(),
                builtin: true,
            };
            list.push((entry, bytes));
        }
    }
    Ok(list)
}
