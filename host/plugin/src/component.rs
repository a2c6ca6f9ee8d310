//! A component that is ready to be called.

use crate::inspect::{Pinned, digest_of};
use crate::said::check_rights;
use crate::v0_1::{Code, Kind};
use crate::{
    Answer, Call, CallResult, ComponentError, Grant, Inspected, Lease, Matched, Renewal, Runtime,
    artifact,
};
use locality::StorageRules;
use manifest::{Manifest, ManifestError, Matcher};
use std::collections::BTreeMap;
use std::sync::Arc;
use wasmtime::component::Component as Wasm;

/// A compiled component with its pinned manifest. Cheap to clone; keeps nothing between calls.
#[derive(Clone)]
pub struct Component(Arc<Inner>);

struct Inner {
    wasm: Wasm,
    code: Code,
    digest: String,
    imports: Vec<String>,
    kind: Kind,
    pinned: Pinned,
}

impl Runtime {
    /// Makes a component of bytes whose digest is known. Takes as long as
    /// [`inspect`](Self::inspect), and a core.
    ///
    /// # Errors
    /// [`ComponentError`] as its variants say.
    pub fn compile(
        &self,
        bytes: &[u8],
        expected_digest: &str,
    ) -> Result<Component, ComponentError> {
        let found = digest_of(bytes);
        if found != expected_digest {
            return Err(ComponentError::Digest {
                found,
                expected: expected_digest.to_owned(),
            });
        }
        let (inspected, pinned, wasm) = self.inspect_wasm(bytes)?;
        let Inspected { imports, kind, .. } = inspected;
        Component::new(self, wasm, found, imports, kind, pinned)
    }
}

impl Component {
    pub(crate) fn new(
        runtime: &Runtime,
        wasm: Wasm,
        digest: String,
        imports: Vec<String>,
        kind: Kind,
        pinned: Pinned,
    ) -> Result<Self, ComponentError> {
        let code = Code::new(&runtime.machine, &wasm, kind, &pinned.manifest.name)?;
        Ok(Self(Arc::new(Inner {
            wasm,
            code,
            digest,
            imports,
            kind,
            pinned,
        })))
    }

    /// SHA-256 of the component, hexadecimal.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// The host's interfaces that it uses.
    pub fn imports(&self) -> &[String] {
        &self.0.imports
    }

    /// Engine or method.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What it said of itself when it was inspected.
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.0.pinned.manifest
    }

    /// Finds the route of a path, in a mount with these options. Made once, when the mount is made
    /// or tuned.
    ///
    /// # Errors
    /// None for a manifest that was checked, as a component's is.
    pub fn matcher(&self, options: &BTreeMap<String, String>) -> Result<Matcher, ManifestError> {
        let option = |name: &str| options.get(name).map(String::as_str);
        Matcher::new(self.manifest(), option)
    }

    /// Where its keys belong: for the [`View`](barrier::View) of a call.
    pub fn rules(&self) -> &Arc<StorageRules> {
        &self.0.pinned.rules
    }

    /// Its machine code for this [`host_kind`](Runtime::host_kind), to be kept in the barrier under
    /// the artifact's own key.
    ///
    /// # Errors
    /// When it cannot be written out.
    pub fn artifact(&self) -> Result<Vec<u8>, ComponentError> {
        artifact::write(&self.0.wasm, &self.0.digest, &self.0.pinned.manifest)
    }

    /// Answers a request.
    ///
    /// # Errors
    /// [`CallError`] as its variants say; so for all calls below.
    pub async fn handle(&self, call: Call, matched: Matched) -> CallResult<Answer> {
        let origin = Origin::of(&call);
        let route = matched.route;
        let done = self.0.code.handle(call, matched).await;
        let done = done.and_then(|done| {
            check_rights(self.manifest(), route, &done.value.outcome)?;
            Ok(done)
        });
        self.noted(origin, done)
    }

    /// Is what the request would write there already? Reads only.
    ///
    /// # Errors
    /// As [`handle`](Self::handle).
    pub async fn exists(&self, call: Call, matched: Matched) -> CallResult<bool> {
        let origin = Origin::of(&call);
        let done = self.0.code.exists(call, matched).await;
        self.noted(origin, done)
    }

    /// The alias that a login would have, where it can be known. Reads only. Methods only.
    ///
    /// # Errors
    /// As [`handle`](Self::handle).
    pub async fn identify(&self, call: Call, matched: Matched) -> CallResult<Option<String>> {
        let origin = Origin::of(&call);
        let done = self.0.code.identify(call, matched).await;
        self.noted(origin, done)
    }

    /// Renews the lease of a secret. Engines only.
    ///
    /// # Errors
    /// As [`handle`](Self::handle).
    pub async fn renew_lease(
        &self,
        call: Call,
        lease: Lease,
        increment_seconds: u64,
    ) -> CallResult<Renewal> {
        let origin = Origin::of(&call);
        let done = self
            .0
            .code
            .renew_lease(call, lease, increment_seconds)
            .await;
        self.noted(origin, done)
    }

    /// Undoes what was leased. Engines only.
    ///
    /// # Errors
    /// As [`handle`](Self::handle).
    pub async fn revoke(&self, call: Call, lease: Lease) -> CallResult<()> {
        let origin = Origin::of(&call);
        let done = self.0.code.revoke(call, lease).await;
        self.noted(origin, done)
    }

    /// Says whether a token that was granted may be renewed. Methods only.
    ///
    /// # Errors
    /// As [`handle`](Self::handle).
    pub async fn renew_grant(
        &self,
        call: Call,
        grant: Grant,
        increment_seconds: u64,
    ) -> CallResult<Renewal> {
        let origin = Origin::of(&call);
        let done = self
            .0
            .code
            .renew_grant(call, grant, increment_seconds)
            .await;
        self.noted(origin, done)
    }

    /// Called before the first call after a mount, an unseal or a change of options, where the
    /// manifest says that it does something.
    ///
    /// # Errors
    /// As [`handle`](Self::handle).
    pub async fn start(&self, call: Call) -> CallResult<()> {
        let origin = Origin::of(&call);
        let done = self.0.code.start(call).await;
        self.noted(origin, done)
    }

    /// Called about once a minute, where the manifest says that it does something.
    ///
    /// # Errors
    /// As [`handle`](Self::handle).
    pub async fn tick(&self, call: Call) -> CallResult<()> {
        let origin = Origin::of(&call);
        let done = self.0.code.tick(call).await;
        self.noted(origin, done)
    }

    /// Writes down why a component was stopped: the caller is not told all of it.
    fn noted<T>(&self, origin: Origin, done: CallResult<T>) -> CallResult<T> {
        done.inspect_err(|error| {
            let Origin { mount, request } = origin;
            let (plugin, mount) = (&self.manifest().name, &mount.path);
            if error.is_fault() {
                tracing::warn!(plugin, mount, request, reason = %error, "component stopped");
            } else {
                tracing::debug!(plugin, mount, request, reason = %error, "call failed");
            }
        })
    }
}

/// Where a call came from, for the log.
struct Origin {
    mount: Arc<crate::MountFacts>,
    request: String,
}

impl Origin {
    fn of(call: &Call) -> Self {
        Self {
            mount: Arc::clone(&call.mount),
            request: call.id.clone(),
        }
    }
}
