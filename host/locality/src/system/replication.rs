//! What a cluster knows of its relations. Local, so that no performance secondary has it, and a
//! disaster-recovery secondary can take over the part that its cluster plays.

use crate::{Local, SystemKey};

impl SystemKey<Local> {
    /// The part of the primary: authority, certificate, addresses.
    pub fn performance_primary() -> Self {
        Self::root("core/replication/performance/primary").seal_wrapped()
    }
    /// The part of a secondary: its certificate, and whom it follows.
    pub fn performance_secondary() -> Self {
        Self::root("core/replication/performance/secondary").seal_wrapped()
    }
    /// How far a secondary is. Written with the entries that bring it there.
    pub fn performance_position() -> Self {
        Self::root("core/replication/performance/position")
    }
    /// The key that an activation token is to be sealed to, until it is used.
    pub fn performance_key() -> Self {
        Self::root("core/replication/performance/key").seal_wrapped()
    }
    /// All secondaries that a primary knows, revoked ones as well.
    pub fn known_secondaries() -> Self {
        Self::root("core/replication/performance/known/")
    }
    /// A secondary that a primary knows.
    pub fn known_secondary(id: &str) -> Self {
        Self::root(&format!("core/replication/performance/known/{id}"))
    }
    /// All path filters, by secondary.
    pub fn path_filters() -> Self {
        Self::root("core/replication/performance/filter/")
    }
    /// The path filter of a secondary, as its operator wrote it.
    pub fn path_filter(secondary: &str) -> Self {
        Self::root(&format!("core/replication/performance/filter/{secondary}"))
    }
    /// All that filters come to, by secondary.
    pub fn exclusions() -> Self {
        Self::root("core/replication/performance/excluded/")
    }
    /// What the filter of a secondary comes to. Written with every change that it follows from, so
    /// that the log says from which entry on it holds.
    pub fn exclusion(secondary: &str) -> Self {
        Self::root(&format!(
            "core/replication/performance/excluded/{secondary}"
        ))
    }
    /// The bytes of a component that only local mounts of this cluster run, by digest.
    pub fn local_component(digest: &str) -> Self {
        Self::root(&format!("core/local-component/{digest}"))
    }
}
