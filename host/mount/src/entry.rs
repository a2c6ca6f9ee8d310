//! What is stored of a mount.

use crate::MountPath;
use base::{Entropy, MountId, NamespaceId, make_hex, make_uuid};
use locality::MountLocality;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which of the two tables a mount is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MountKind {
    /// A secrets engine.
    Secret,
    /// An auth method, below `auth/`.
    Auth,
}

/// One mount. One storage entry each, so that a filter can leave out a mount's very name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountEntry {
    /// Part of every key of the mount; survives a move.
    pub id: MountId,
    /// Secrets engine or auth method.
    pub kind: MountKind,
    /// Where, within the namespace; auth methods with their `auth/`.
    pub path: MountPath,
    /// Name in the catalog (`kv`), or of an engine of the host (`system`).
    pub plugin: String,
    /// Version that was mounted; empty for engines of the host.
    pub plugin_version: String,
    /// SHA-256 of the component, hexadecimal; empty for engines of the host.
    pub digest: String,
    /// What it is to run from its next reload on, where that was chosen.
    #[serde(default)]
    pub chosen: Option<ChosenPlugin>,
    /// For clients that know mounts by UUID.
    pub uuid: String,
    /// `kv_92b05b04`: the plugin's name and eight hexadecimal digits.
    pub accessor: String,
    /// For people.
    pub description: String,
    /// Is it kept out of performance replication?
    pub local: bool,
    /// Are all its entries wrapped by the seal?
    pub seal_wrap: bool,
    /// Options that the engine reads.
    pub options: BTreeMap<String, String>,
    /// What was tuned.
    pub config: MountConfig,
    /// Is it in use, or on its way out?
    #[serde(default)]
    pub state: MountState,
    /// The namespace that it moves to, and the mount that it becomes there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moves_to: Option<(NamespaceId, MountId)>,
}

/// A version of a component that an operator chose for a mount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenPlugin {
    /// Its version.
    pub version: String,
    /// SHA-256 of the component, hexadecimal: another one of that version was not chosen.
    pub digest: String,
}

/// What becomes of a mount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MountState {
    /// It serves requests.
    #[default]
    Mounted,
    /// It was disabled, and is taken away step by step. No request reaches it; its path is taken
    /// until nothing of it is left.
    Going,
    /// It moves to another namespace, and is carried there step by step. No request reaches it.
    Moving,
    /// It is where another namespace's mount moves to, with what has arrived of it. No request
    /// reaches it.
    Arriving,
}

impl MountEntry {
    /// A new mount, with ids of its own and nothing tuned.
    pub fn make(kind: MountKind, path: MountPath, plugin: &str, entropy: &dyn Entropy) -> Self {
        Self {
            id: make_id(entropy),
            kind,
            path,
            plugin: plugin.to_owned(),
            plugin_version: String::new(),
            digest: String::new(),
            chosen: None,
            uuid: make_uuid(entropy),
            accessor: match kind {
                MountKind::Secret => format!("{plugin}_{}", make_hex(entropy, 4)),
                MountKind::Auth => format!("auth_{plugin}_{}", make_hex(entropy, 4)),
            },
            description: String::new(),
            local: false,
            seal_wrap: false,
            options: BTreeMap::new(),
            config: MountConfig::default(),
            state: MountState::default(),
            moves_to: None,
        }
    }

    /// What it becomes at a path of another namespace, while it is carried there. Its keys are other
    /// ones, so its id is another one.
    #[must_use]
    pub fn arriving(&self, path: MountPath, entropy: &dyn Entropy) -> Self {
        Self {
            id: make_id(entropy),
            path,
            state: MountState::Arriving,
            ..self.clone()
        }
    }

    /// Is it out of reach, since it was disabled or moves to another namespace?
    pub const fn is_going(&self) -> bool {
        !matches!(self.state, MountState::Mounted)
    }

    /// Is it on its way from one namespace to another?
    pub const fn is_in_transit(&self) -> bool {
        matches!(self.state, MountState::Moving | MountState::Arriving)
    }

    /// What locality decides by.
    pub const fn locality(&self) -> MountLocality {
        if self.local {
            MountLocality::Local
        } else {
            MountLocality::Shared
        }
    }

    /// `vault secrets list` shows it; those of the host cannot be moved or disabled.
    pub const fn is_hosts_own(&self) -> bool {
        self.digest.is_empty()
    }
}

fn make_id(entropy: &dyn Entropy) -> MountId {
    let mut id = [0; 8];
    entropy.fill(&mut id);
    MountId::from_bytes(id)
}

/// Who sees a mount without the right to use it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListingVisibility {
    /// Nobody.
    #[default]
    Hidden,
    /// Everybody, also without a token.
    Unauth,
}

/// What `tune` changes. Zero and empty mean: as the server has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MountConfig {
    /// Seconds.
    pub default_lease_ttl: u64,
    /// Seconds.
    pub max_lease_ttl: u64,
    /// Kept for clients that set it; there is no cache to bypass.
    pub force_no_cache: bool,
    /// Request fields that audit records show as they are.
    pub audit_non_hmac_request_keys: Vec<String>,
    /// Response fields that audit records show as they are.
    pub audit_non_hmac_response_keys: Vec<String>,
    /// Who sees the mount.
    pub listing_visibility: ListingVisibility,
    /// Request headers that the engine is shown.
    pub passthrough_request_headers: Vec<String>,
    /// Response headers that the engine may set.
    pub allowed_response_headers: Vec<String>,
    /// `default-service`, `default-batch`, `service` or `batch`; auth methods only.
    pub token_type: String,
    /// Hosts and networks that the component may reach.
    pub outbound_hosts: Vec<String>,
    /// Memory of one call, in bytes.
    pub plugin_memory_max: u64,
    /// How long one call may take, in seconds.
    pub plugin_deadline: u64,
    /// Calls of storage that one call may make.
    pub plugin_storage_calls_max: u64,
    /// Requests to the component that run at one time.
    pub plugin_calls_max: u64,
    /// When users of the method are locked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_lockout: Option<UserLockout>,
}

/// When users of an auth method are locked out. Zero and None mean: as the server has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserLockout {
    /// Failures in a row that lock.
    pub threshold: u64,
    /// For how long, in seconds.
    pub duration: u64,
    /// After how many seconds without a failure it begins at none again.
    pub counter_reset: u64,
    /// Is nobody ever locked out?
    pub disable: Option<bool>,
}
