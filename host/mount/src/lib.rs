//! What is mounted where: namespaces, mount entries and the table that finds them by path.
//!
//! ```text
//!  a/b/secret/data/app      namespace a/b/ · mount secret/ · data/app
//!  └┬─┘└─┬──┘ └──┬───┘
//!   │    │       └ matched by the mount's manifest
//!   │    └ Table::locate
//!   └ Namespaces::resolve
//! ```
//!
//! Pure: what a mount runs is the caller's business (`T` of [`Table`]).

mod entry;
mod namespace;
mod path;
mod table;

pub use entry::{
    ChosenPlugin, ListingVisibility, MountConfig, MountEntry, MountKind, MountState, UserLockout,
};
pub use namespace::{Namespace, NamespaceState, Namespaces};
pub use path::{MountPath, MountPathError};
pub use table::{InUse, Located, Table};
