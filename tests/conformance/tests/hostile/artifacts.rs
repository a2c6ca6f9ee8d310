//! Machine code that is kept.

use crate::world::{HOSTILE, RUNTIME, World, compile};
use plugin::{ComponentError, Outcome, TrustedArtifact};

#[tokio::test]
async fn a_loaded_component_is_the_compiled_one() {
    let compiled = compile(&HOSTILE);
    let artifact = TrustedArtifact::danger_from_barrier(compiled.artifact().unwrap());
    let loaded = RUNTIME.load_artifact(&artifact, compiled.digest()).unwrap();
    assert_eq!(loaded.manifest(), compiled.manifest());
    assert_eq!(loaded.imports(), compiled.imports());
    let answer = World::of(loaded).run("read").await.unwrap();
    assert!(matches!(answer.outcome, Outcome::Data(_)));
}

#[test]
fn an_artifact_that_does_not_fit_is_refused() {
    let compiled = compile(&HOSTILE);
    let bytes = compiled.artifact().unwrap();
    let load = |bytes: &[u8], digest: &str| {
        let artifact = TrustedArtifact::danger_from_barrier(bytes.to_vec());
        RUNTIME.load_artifact(&artifact, digest).err().unwrap()
    };
    let other = load(&bytes, &"0".repeat(64));
    assert!(matches!(other, ComponentError::Digest { .. }));
    for cut in [
        &bytes[..0],
        &bytes[..3],
        &bytes[..40],
        &bytes[..bytes.len() / 2],
    ] {
        let error = load(cut, compiled.digest());
        assert!(matches!(error, ComponentError::Artifact(_)), "{error:?}");
    }
}

#[test]
fn the_kind_of_host_is_steady() {
    assert_eq!(RUNTIME.host_kind(), RUNTIME.host_kind());
    assert!(RUNTIME.host_kind().starts_with("wasmtime-"));
}
