//! Machine code that was stored, and the one place that trusts it.

use crate::inspect::Pinned;
use crate::{Cause, Component, ComponentError, Runtime, v0_1};
use manifest::Manifest;
use serde::{Deserialize, Serialize};
use wasmtime::component::Component as Wasm;

/// Machine code that came out of the barrier: authentic, under the key where an artifact of this
/// component for this kind of host is stored.
pub struct TrustedArtifact(Vec<u8>);

impl TrustedArtifact {
    /// Takes bytes that the barrier has just opened under an artifact's own key.
    ///
    /// Whoever else can choose these bytes runs code in the host: they are not checked any more.
    pub const fn danger_from_barrier(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

/// What stands before the machine code.
#[derive(Serialize, Deserialize)]
struct Header {
    digest: String,
    manifest: Manifest,
}

/// Length of the header, in bytes, big-endian; then the header as JSON; then the machine code.
const LENGTH_BYTES: usize = 4;

pub(crate) fn write(
    wasm: &Wasm,
    digest: &str,
    manifest: &Manifest,
) -> Result<Vec<u8>, ComponentError> {
    let code = wasm
        .serialize()
        .map_err(|error| ComponentError::Artifact(error.into()))?;
    let header = Header {
        digest: digest.to_owned(),
        manifest: manifest.clone(),
    };
    let header = base::Json::of(&header);
    let header = header.as_str().as_bytes();
    let length = u32::try_from(header.len()).map_err(|_| broken("manifest is too long"))?;
    let mut bytes = Vec::with_capacity(LENGTH_BYTES + header.len() + code.len());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(header);
    bytes.extend_from_slice(&code);
    Ok(bytes)
}

impl Runtime {
    /// Loads what [`Component::artifact`] gave, in a fraction of the time that compiling takes.
    ///
    /// # Errors
    /// `Digest` when it is of another component, `Artifact` when it is not for this
    /// [`host_kind`](Self::host_kind): compile the component again then.
    pub fn load_artifact(
        &self,
        artifact: &TrustedArtifact,
        expected_digest: &str,
    ) -> Result<Component, ComponentError> {
        let (header, code) = split(&artifact.0).ok_or_else(|| broken("too short"))?;
        let header: Header =
            serde_json::from_slice(header).map_err(|error| broken(&format!("header: {error}")))?;
        if header.digest != expected_digest {
            return Err(ComponentError::Digest {
                found: header.digest,
                expected: expected_digest.to_owned(),
            });
        }
        let wasm = self.deserialize(code)?;
        let (imports, kind) = v0_1::check_names(&wasm, &self.machine.engine)?;
        Component::new(
            self,
            wasm,
            header.digest,
            imports,
            kind,
            Pinned::new(header.manifest)?,
        )
    }

    #[expect(
        unsafe_code,
        reason = "machine code can only be trusted, not checked; this is the one place that does"
    )]
    pub(crate) fn deserialize(&self, code: &[u8]) -> Result<Wasm, ComponentError> {
        // JUSTIFICATION: compiling takes some tenths of a second for each component, loading less
        // than a thousandth; a node with many components would start a hundred times slower.
        // SAFETY: `deserialize` runs what it is given. The bytes are those that this very program
        // has just compiled in a process of its own, or they come out of a `TrustedArtifact`, which
        // is made only of what the barrier opened under an artifact's own key, so they are what
        // `serialize` gave on a host of this cluster. wasmtime itself refuses the code of another
        // version, configuration or processor.
        let wasm = unsafe { Wasm::deserialize(&self.machine.engine, code) };
        wasm.map_err(|error| ComponentError::Artifact(error.into()))
    }
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH_BYTES>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

fn broken(what: &str) -> ComponentError {
    ComponentError::Artifact(Cause::new(what))
}
