//! What bytes are, before anything is mounted.

use crate::v0_1::{self, Kind};
use crate::{ComponentError, Runtime};
use aws_lc_rs::digest::{SHA256, digest};
use locality::{Rule, StorageRules};
use manifest::Manifest;
use std::sync::Arc;
use wasmtime::component::Component as Wasm;

/// What an operator is shown of a component, and what is pinned to its digest.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// SHA-256 of the bytes, hexadecimal.
    pub digest: String,
    /// The host's interfaces that it uses: what it is able to do.
    pub imports: Vec<String>,
    /// Engine or method.
    pub kind: Kind,
    /// The contract's track that it was made for.
    pub track: &'static str,
    /// What it says of itself.
    pub manifest: Arc<Manifest>,
}

/// A manifest, checked, and what is computed from it once.
#[derive(Clone)]
pub(crate) struct Pinned {
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) rules: Arc<StorageRules>,
}

impl Pinned {
    pub(crate) fn new(manifest: Manifest) -> Result<Self, ComponentError> {
        let wrong = |error: &dyn core::error::Error| ComponentError::Manifest(error.to_string());
        let checked = manifest.check(&manifest::Limits::default());
        checked.map_err(|error| wrong(&error))?;
        let rules = manifest.storage.iter().map(|rule| Rule {
            prefix: rule.prefix.clone(),
            locality: match rule.locality {
                manifest::Locality::Replicated => locality::Locality::Replicated,
                manifest::Locality::Local => locality::Locality::Local,
            },
            seal_wrap: rule.seal_wrap,
        });
        let rules = StorageRules::new(rules.collect()).map_err(|error| wrong(&error))?;
        Ok(Self {
            manifest: Arc::new(manifest),
            rules: Arc::new(rules),
        })
    }
}

impl Runtime {
    /// Finds out what bytes are, without giving them anything: every call of the host traps.
    ///
    /// Compiles them, which takes a core for some tenths of a second: not to be called where other
    /// requests wait.
    ///
    /// # Errors
    /// [`ComponentError`] as its variants say.
    pub fn inspect(&self, bytes: &[u8]) -> Result<Inspected, ComponentError> {
        self.inspect_wasm(bytes).map(|(inspected, ..)| inspected)
    }

    pub(crate) fn inspect_wasm(
        &self,
        bytes: &[u8],
    ) -> Result<(Inspected, Pinned, Wasm), ComponentError> {
        let machine = &self.machine;
        let wasm = self.make_code(bytes)?;
        let (imports, kind) = v0_1::check_names(&wasm, &machine.engine)?;
        // Linked once before anything runs: imports that do not fit have an error of their own.
        v0_1::Code::new(machine, &wasm, kind, "")?;
        let pinned = Pinned::new(v0_1::describe(machine, &wasm, kind)?)?;
        let inspected = Inspected {
            digest: digest_of(bytes),
            imports,
            kind,
            track: v0_1::TRACK,
            manifest: Arc::clone(&pinned.manifest),
        };
        Ok((inspected, pinned, wasm))
    }
}

/// SHA-256, hexadecimal.
pub fn digest_of(bytes: &[u8]) -> String {
    let digest = digest(&SHA256, bytes);
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Tells what is not a component by its first bytes: magic, version, layer.
pub(crate) fn check_preamble(bytes: &[u8]) -> Result<(), ComponentError> {
    if wasmtime::Engine::detect_precompiled(bytes).is_some() {
        return Err(ComponentError::MachineCode);
    }
    match bytes {
        [b'\0', b'a', b's', b'm', _, _, 1, 0, ..] => Ok(()),
        [b'\0', b'a', b's', b'm', 1, 0, 0, 0, ..] => Err(ComponentError::CoreModule),
        _ => Err(ComponentError::NotWasm),
    }
}
