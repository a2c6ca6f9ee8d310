//! Which entries may travel. Pure: the answer follows from the mount and the pinned manifest alone,
//! so that no component can influence it.
//!
//! ```text
//!  physical key = class · namespace · mount · path
//!                  1         8         8     any      bytes
//!
//!  R  replicated  to performance and disaster-recovery secondaries
//!  L  local       to disaster-recovery secondaries
//!  I  ignored     stays in the cluster
//! ```
//!
//! The class is the first byte, so what a secondary may have is a range of keys; and the barrier
//! binds every ciphertext to its physical key, so an entry moved to another class does not open.

mod class;
mod exclusion;
mod key;
mod path_filter;
mod rules;
mod shelf;
mod system;

pub use class::{Class, ClassMark, Ignored, Local, Replicated};
pub use exclusion::Exclusion;
pub use key::{KeyError, PhysicalKey};
pub use path_filter::{FilterMode, Filterable, FilteredMount, LeftOut, PathFilter};
pub use rules::{
    Locality, MountLocality, Place, Rule, RuleChange, RuleError, StorageRules, Undeclared,
};
pub use shelf::Shelf;
pub use system::{SystemKey, alias_kept_at, is_of_an_alias};
