//! What is stored of quotas.

use crate::refusal::from_barrier;
use crate::tables::Tables;
use barrier::Transaction;
use base::{MountId, NamespaceId, Refusal};
use core::time::Duration;
use gate::{Rate, Target};
use locality::SystemKey;
use serde::{Deserialize, Serialize};

/// Quotas of two kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of requests.
    Rate,
    /// Of leases.
    Leases,
}

impl Kind {
    /// The kind's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate-limit",
            Self::Leases => "lease-count",
        }
    }
}

/// A quota. It goes to every secondary, also to those that are not to have its mount, so it has no
/// name of that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Quota {
    pub(crate) name: String,
    pub(crate) namespace: NamespaceId,
    pub(crate) mount: Option<MountId>,
    /// Below the mount.
    pub(crate) below: String,
    pub(crate) role: String,
    pub(crate) inheritable: bool,
    pub(crate) limit: Limit,
}

/// What it allows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Limit {
    /// Requests of a client in an interval; times in seconds.
    Rate {
        rate: f64,
        interval: u64,
        block_interval: u64,
    },
    /// Leases at once.
    Leases { max: u64 },
}

impl Quota {
    /// What it is for.
    pub(crate) fn target(&self) -> Target {
        Target {
            namespace: self.namespace,
            mount: self.mount,
            below: self.below.clone(),
            role: self.role.clone(),
            reaches_down: self.inheritable,
        }
    }

    /// Where what it is for is now: mounts move. Empty where that is not here.
    pub(crate) fn path_now(&self, tables: &Tables) -> String {
        let namespace = tables.namespaces.with_id(self.namespace);
        let mount = |id| tables.of(self.namespace)?.with_id(id);
        match (namespace, self.mount.map(mount)) {
            (Some(namespace), None) => namespace.path.clone(),
            (Some(namespace), Some(Some(mount))) => {
                format!("{}{}{}", namespace.path, mount.0.path, self.below)
            }
            (None, _) | (_, Some(None)) => String::new(),
        }
    }
}

impl Limit {
    /// How many leases it allows; nothing where it does not count leases.
    pub(crate) const fn leases(&self) -> Option<u64> {
        match self {
            Self::Leases { max } => Some(*max),
            Self::Rate { .. } => None,
        }
    }

    /// What it allows to each client; nothing where it does not count requests.
    pub(crate) fn rate(&self) -> Option<Rate> {
        let Self::Rate {
            rate,
            interval,
            block_interval,
        } = self
        else {
            return None;
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate is positive, and one that is too large is no limit"
        )]
        let requests = rate.ceil() as u64;
        Some(Rate {
            requests,
            interval: Duration::from_secs(*interval),
            block: Duration::from_secs(*block_interval),
        })
    }
}

/// What holds for all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Config {
    /// In every namespace.
    pub(crate) exempt_paths: Vec<String>,
    /// With their namespaces.
    pub(crate) absolute_exempt_paths: Vec<String>,
    pub(crate) audits: bool,
    pub(crate) tells_headers: bool,
}

impl Default for Config {
    fn default() -> Self {
        let paths = [
            "sys/generate-recovery-token/attempt",
            "sys/generate-recovery-token/update",
            "sys/generate-root/attempt",
            "sys/generate-root/update",
            "sys/health",
            "sys/seal-status",
            "sys/unseal",
        ];
        Self {
            exempt_paths: paths.map(String::from).into(),
            absolute_exempt_paths: Vec::new(),
            audits: false,
            tells_headers: false,
        }
    }
}

/// What holds for all.
pub(crate) fn stored_config(tx: &mut Transaction) -> Result<Config, Refusal> {
    let stored = tx.read_json(&SystemKey::quota_config());
    Ok(stored.map_err(from_barrier)?.unwrap_or_default())
}

/// Changes what holds for all.
pub(crate) fn store_config(tx: &mut Transaction, config: &Config) -> Result<(), Refusal> {
    tx.write_json(&SystemKey::quota_config(), config)
        .map_err(from_barrier)
}

/// All quotas of a kind, by name.
pub(crate) fn stored(tx: &mut Transaction, kind: Kind) -> Result<Vec<Quota>, Refusal> {
    let all = SystemKey::quotas(kind.name());
    let records = tx.records(&all, None, usize::MAX).map_err(from_barrier)?;
    Ok(records.into_iter().map(|(_, quota)| quota).collect())
}

/// Removes the quotas of a mount that is removed.
pub(crate) fn forget_mount(tx: &mut Transaction, mount: MountId) -> Result<(), Refusal> {
    forget(tx, |quota| quota.mount == Some(mount))
}

/// Removes the quotas of a namespace that is removed.
pub(crate) fn forget_namespace(tx: &mut Transaction, id: NamespaceId) -> Result<(), Refusal> {
    forget(tx, |quota| quota.namespace == id)
}

fn forget(tx: &mut Transaction, is_gone: impl Fn(&Quota) -> bool) -> Result<(), Refusal> {
    for kind in [Kind::Rate, Kind::Leases] {
        let quotas = stored(tx, kind)?.into_iter();
        for quota in quotas.filter(|quota| is_gone(quota)) {
            tx.delete(&SystemKey::quota(kind.name(), &quota.name));
        }
    }
    Ok(())
}

/// The quota of this name.
pub(crate) fn find(tx: &mut Transaction, kind: Kind, name: &str) -> Result<Option<Quota>, Refusal> {
    tx.read_json(&SystemKey::quota(kind.name(), name))
        .map_err(from_barrier)
}
