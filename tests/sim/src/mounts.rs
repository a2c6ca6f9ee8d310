//! Mounts that come and go: shared ones on the primary, and ones of a single cluster, at few paths, so
//! that what is mounted, unmounted and mounted anew meets at one path on several clusters.
//!
//! ```text
//!  shared at m1     ─ unmounted ─▶  local at m1, on any cluster  ─ unmounted ─▶  shared again
//!  local at m1 on c, shared at m1 of the primary: the shared one waits on c, and c alone
//! ```

use crate::cluster::Refused;
use crate::components::{FIRST, OF_THE_FIRST};
use crate::world::{Mode, World};
use base::Operation::{self, Delete, Read, Update};
use core::time::Duration;
use serde_json::{Value, json};

/// Where they are.
const PATHS: [&str; 3] = ["m0", "m1", "m2"];

/// Mounts that are there at a time, but for the first: each is loaded at each start of a node.
const MOUNTS_MAX: usize = 4;

/// How often an unmount is tried.
const TRIES: usize = 40;

/// A mount of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    pub(crate) path: String,
    /// Tells it from those that were at the path before.
    pub(crate) life: u64,
    /// The cluster that it belongs to; None for one that is shared.
    pub(crate) of: Option<String>,
}

impl Mount {
    /// The one that is never unmounted.
    pub(crate) fn first() -> Self {
        Self {
            path: FIRST.to_owned(),
            life: 0,
            of: None,
        }
    }

    /// A path below it for the name of a value, which no mount after it gives again.
    pub(crate) fn place(&self, prefix: &str, name: &str) -> String {
        format!("{}/{prefix}/{name}.{}", self.path, self.life)
    }

    /// Is this one of the paths that [`Mount::place`] gives?
    fn has(&self, place: &str) -> bool {
        let mount = place.rsplit('|').next().unwrap_or_default();
        let life = mount.rsplit('.').next().unwrap_or_default();
        mount.split('/').next() == Some(&self.path) && life == self.life.to_string()
    }
}

/// What clients do while something is mounted or unmounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clients {
    /// They wait.
    Wait,
    /// They write: what was meant for a local mount must not find a shared one in its place.
    Write,
}

impl World {
    /// Has this cluster a mount of its own at the path of a place? A shared one there waits behind it.
    pub(crate) fn is_behind(&self, cluster: &str, place: &str) -> bool {
        let path = place.rsplit('|').next().unwrap_or_default();
        let path = path.split('/').next().unwrap_or_default();
        self.components.iter().any(|components| {
            let mut all = components.mounts.iter();
            all.any(|mount| mount.path == path && mount.of.as_deref() == Some(cluster))
        })
    }

    /// Does a shared mount wait on this cluster behind one of its own?
    pub(crate) fn is_any_behind(&self, cluster: &str) -> bool {
        let all = self.components.iter().flat_map(|all| &all.mounts);
        let mut shared = all.filter(|mount| mount.of.is_none());
        shared.any(|mount| self.is_behind(cluster, &mount.path))
    }

    /// Was what is written there unmounted?
    pub(crate) fn is_unmounted(&self, place: &str) -> bool {
        self.components.as_ref().is_some_and(|components| {
            let is_below = PATHS.iter().any(|path| {
                let place = place.rsplit('|').next().unwrap_or_default();
                place.split('/').next() == Some(path)
            });
            is_below && !components.mounts.iter().any(|mount| mount.has(place))
        })
    }

    /// The cluster where a local mount is, that a place is below.
    pub(crate) fn owner(&self, place: &str) -> Option<String> {
        let all = self.components.iter().flat_map(|all| &all.mounts);
        let mut all = all.filter(|mount| mount.has(place));
        all.find_map(|mount| mount.of.clone())
    }

    /// Something is mounted, or unmounted.
    pub(crate) async fn change_a_mount(&mut self, clients: Clients) {
        let Some(components) = &self.components else {
            return;
        };
        let count = components.mounts.len() - OF_THE_FIRST;
        let unmounts = count >= MOUNTS_MAX || self.random.below(5) < 2;
        self.mend().await;
        match unmounts {
            true => self.unmount_some(clients).await,
            false => self.mount_some().await,
        }
    }

    async fn mount_some(&mut self) {
        let names: Vec<String> = self.clusters.keys().cloned().collect();
        let path = self.random.pick(&PATHS).copied().unwrap_or_default();
        let of = match self.random.below(2) {
            // More often than not something is in its way.
            0 => None,
            _ => self.random.pick(&names).cloned(),
        };
        let Some(components) = &self.components else {
            return;
        };
        let primary = self.around.primary();
        let cluster = of.clone().unwrap_or(primary);
        let mut there = components.mounts.iter().filter(|mount| mount.path == path);
        // What the cluster knows to be there is in the way of both kinds.
        if there.any(|mount| mount.of.is_none() || mount.of.as_ref() == Some(&cluster)) {
            return;
        }
        // A filter that allows what it lists would leave out what it does not know yet.
        let mut filters = self.filters.values();
        if of.is_none() && filters.any(|filter| filter.mode == Mode::Allow) {
            return;
        }
        let wanted = json!({
            "type": "editions",
            "plugin_version": "v0.1.0",
            "local": of.is_some(),
        });
        let made = self.ask_about(&cluster, Update, path, wanted).await;
        let is_there = made.is_ok() || self.is_mounted(&cluster, path, of.is_some()).await;
        self.tell(format!("{cluster} mounts {path}, {of:?}: {made:?}"));
        let Some(components) = self.components.as_mut().filter(|_| is_there) else {
            return;
        };
        components.lives += 1;
        components.local += u64::from(of.is_some());
        components.mounts.push(Mount {
            path: path.to_owned(),
            life: components.lives,
            of,
        });
    }

    async fn unmount_some(&mut self, clients: Clients) {
        let Some(components) = &self.components else {
            return;
        };
        let mut able: Vec<Mount> = components
            .mounts
            .get(OF_THE_FIRST..)
            .unwrap_or(&[])
            .to_vec();
        if clients == Clients::Write {
            let is_alone = |mount: &Mount| {
                let mut all = components.mounts.iter();
                !all.any(|other| other.path == mount.path && other != mount)
            };
            able.retain(is_alone);
        }
        let Some(mount) = self.random.pick(&able).cloned() else {
            return;
        };
        let cluster = mount.of.clone().unwrap_or_else(|| self.around.primary());
        let path = &mount.path;
        self.tell(format!("{cluster} unmounts {path}, {:?}", mount.of));
        // From here on nobody knows what is there.
        self.forget(&mount);
        for _ in 0..TRIES {
            let done = self.ask_about(&cluster, Delete, path, Value::Null).await;
            if done.is_ok() || !self.is_mounted(&cluster, path, mount.of.is_some()).await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        let what = format!("liveness: {path} stays mounted on {cluster}");
        self.around.watch.violated(what);
    }

    fn forget(&mut self, mount: &Mount) {
        if let Some(components) = &mut self.components {
            components.mounts.retain(|one| one != mount);
            components.unmounts += 1;
        }
        let acked = match &mount.of {
            Some(cluster) => self.local.entry(cluster.clone()).or_default(),
            None => &mut self.shared,
        };
        acked.forget(|place| mount.has(place));
    }

    async fn ask_about(
        &self,
        cluster: &str,
        operation: Operation,
        path: &str,
        data: Value,
    ) -> Result<Value, Refused> {
        let there = self.cluster(cluster);
        let path = format!("sys/mounts/{path}");
        there.ask(&there.own_token, operation, &path, data).await
    }

    /// Is it there, although nobody was told?
    async fn is_mounted(&mut self, cluster: &str, path: &str, is_local: bool) -> bool {
        self.revive().await;
        let found = self.ask_about(cluster, Read, path, Value::Null).await;
        found.is_ok_and(|found| found.get("local") == Some(&json!(is_local)))
    }
}
