//! Components in memory: compiled once per digest, shared by all mounts that run them.

use crate::checkpoint::Midway;
use crate::engine::{Entry, Pinned};
use crate::own_work::Started;
use crate::refusal::from_barrier;
use crate::room::Room;
use crate::unsealed::Unsealed;
use crate::{component_grants, passwords, tables};
use barrier::Transaction;
use base::{NamespaceId, Refusal, chain};
use locality::SystemKey;
use manifest::Matcher;
use mount::MountEntry;
use plugin::{Component, MountFacts, SystemFacts, TrustedArtifact};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The components that are loaded, by digest.
#[derive(Default)]
pub(crate) struct Components {
    loaded: Mutex<HashMap<String, Component>>,
    /// Where the host stands, as a primary and as a secondary.
    system: [OnceLock<Arc<SystemFacts>>; 2],
}

impl Components {
    /// Where the host stands.
    pub(crate) fn system(&self, node: &Unsealed) -> Arc<SystemFacts> {
        let is_primary = !node.replication.is_secondary();
        let [leads, follows] = &self.system;
        let system = if is_primary { leads } else { follows };
        Arc::clone(system.get_or_init(|| {
            Arc::new(SystemFacts {
                version: node.parts.settings.version.clone(),
                cluster_id: node.cluster.id.clone(),
                is_primary,
            })
        }))
    }

    /// The component of a mount, with a matcher for the mount's options.
    pub(crate) async fn pin(
        &self,
        node: &Arc<Unsealed>,
        tx: &mut Transaction,
        namespace: NamespaceId,
        entry: &MountEntry,
    ) -> Result<Pinned, Refusal> {
        let component = self.load(node, tx, &entry.digest).await?;
        let option = |name: &str| entry.options.get(name).map(String::as_str);
        let matcher = Matcher::new(component.manifest(), option);
        let matcher = matcher.map_err(|error| Refusal::internal(error.to_string()))?;
        let settings = &node.parts.settings;
        let ttl = |tuned: u64, usual: core::time::Duration| match tuned {
            0 => usual.as_secs(),
            tuned => tuned,
        };
        let max = ttl(entry.config.max_lease_ttl, settings.max_lease_ttl);
        let place = Entry {
            key: tables::mount_key(namespace, entry),
            state: entry.state,
            digest: entry.digest.clone(),
        };
        let tables = node.tables();
        let times = node.parts.meters.times_of(namespace, entry.id);
        let passwords = passwords::OfNamespace {
            namespace,
            entropy: Arc::clone(&node.parts.entropy),
        };
        let namespace = tables.namespaces.with_id(namespace);
        let facts = MountFacts {
            path: entry.path.as_str().to_owned(),
            accessor: entry.accessor.clone(),
            uuid: entry.uuid.clone(),
            namespace: namespace
                .map(|namespace| namespace.path.clone())
                .unwrap_or_default(),
            default_ttl_seconds: ttl(entry.config.default_lease_ttl, settings.default_lease_ttl)
                .min(max),
            max_ttl_seconds: max,
            is_local: entry.local,
            options: entry.options.clone(),
        };
        let place = Arc::new(place);
        Ok(Pinned {
            matcher,
            facts: Arc::new(facts),
            checkpoint: Arc::new(Midway::of(node, &place)),
            passwords: Arc::new(passwords),
            place,
            outbound: component_grants::way_out(node, &component, entry)?,
            limits: component_grants::limits(node, &entry.config),
            room: Room::of(entry.config.plugin_calls_max),
            started: Started::default(),
            times,
            component,
        })
    }

    /// The component with a digest: from memory, from its stored machine code, or compiled.
    pub(crate) async fn load(
        &self,
        node: &Arc<Unsealed>,
        tx: &mut Transaction,
        digest: &str,
    ) -> Result<Component, Refusal> {
        if let Some(component) = self.known(digest) {
            return Ok(component);
        }
        let runtime = node.parts.runtime.clone();
        let key = SystemKey::artifact(digest, &runtime.host_kind());
        if let Some(stored) = tx.get(&key).map_err(from_barrier)? {
            let artifact = TrustedArtifact::danger_from_barrier(stored.expose().clone());
            match runtime.load_artifact(&artifact, digest) {
                Ok(component) => return Ok(self.keep(component)),
                Err(error) => tracing::warn!(digest, reason = chain(&error), "compiling again"),
            }
        }
        let bytes = bytes_of(node, tx, digest)?;
        let digest = digest.to_owned();
        let compiled = tokio::task::spawn_blocking(move || runtime.compile(&bytes, &digest));
        let component = compiled
            .await
            .map_err(|error| Refusal::internal(error.to_string()))?
            .map_err(|error| Refusal::internal(chain(&error)))?;
        self.store(node, &component, &key).await;
        Ok(self.keep(component))
    }

    /// Keeps the machine code for the next start. Without it the next start compiles.
    async fn store(
        &self,
        node: &Arc<Unsealed>,
        component: &Component,
        key: &SystemKey<locality::Ignored>,
    ) {
        let stored = match component.artifact() {
            Ok(artifact) => {
                let mut tx = node.begin();
                tx.put(key, artifact);
                node.commit(tx)
                    .await
                    .map(drop)
                    .map_err(|error| chain(&error))
            }
            Err(error) => Err(chain(&error)),
        };
        if let Err(reason) = stored {
            tracing::warn!(reason, "machine code of a component was not kept");
        }
    }

    fn known(&self, digest: &str) -> Option<Component> {
        self.loaded
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(digest)
            .cloned()
    }

    fn keep(&self, component: Component) -> Component {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded
            .entry(component.digest().to_owned())
            .or_insert(component)
            .clone()
    }
}

/// The bytes of a component: the stored ones, or those that the binary brings.
fn bytes_of(
    node: &Unsealed,
    tx: &mut Transaction,
    digest: &str,
) -> Result<Cow<'static, [u8]>, Refusal> {
    let shared = tx.get(&SystemKey::component(digest));
    let stored = match shared.map_err(from_barrier)? {
        Some(stored) => Some(stored),
        None => {
            let local = tx.get(&SystemKey::local_component(digest));
            local.map_err(from_barrier)?
        }
    };
    if let Some(stored) = stored {
        return Ok(Cow::Owned(stored.expose().clone()));
    }
    let bytes = node.builtins.bytes(&node.parts, digest)?;
    let missing = || Refusal::internal(format!("no component {digest}"));
    bytes.map(Cow::Borrowed).ok_or_else(missing)
}
