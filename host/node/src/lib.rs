//! Where the rooms meet: sealed and unsealed, the pipeline of a request, the host's own engines.
//!
//! ```text
//!  Request ─▶ status (every state)
//!          └▶ Unsealed ─▶ Place ▸ Routed ▸ Known ▸ Allowed ▸ Recorded ─▶ run ─▶ commit ─▶ Reply
//!                                                                   ├ component (plugin)
//!                                                                   └ native: sys/, auth/token/
//! ```

mod acls;
mod builtins;
mod call;
mod catalog;
mod ceremonies;
mod changes;
mod checkpoint;
mod commit;
mod component_grants;
mod components;
mod cubbyhole;
mod declared;
mod defaults;
mod development;
mod devices;
mod engine;
mod expire;
mod grant;
mod help;
mod identity;
mod in_flight;
mod init;
mod inline_login;
mod keys;
mod lease_search;
mod lifecycle;
mod lockout;
mod meters;
mod mfa;
mod namespaces;
mod native;
mod node;
mod observed;
mod own_work;
mod parts;
mod passed;
mod passed_headers;
mod passwords;
mod people;
mod pgp;
mod pins;
mod pipeline;
mod process;
mod quotas;
mod refusal;
mod regrant;
mod removal;
mod replication;
mod rights;
mod room;
mod run;
mod searches;
mod secret;
mod session;
mod shares;
mod status;
mod sys;
mod tables;
mod token;
mod trail;
mod unsealed;
mod upgrade;
mod versions;
mod wrapping;

pub use changes::Changes;
pub use declared::DeclaredDevice;
pub use development::{DevelopmentKeys, open_for_development};
pub use init::{InitRequest, Initialized};
pub use meters::Meters;
pub use node::Node;
pub use parts::{Parts, Settings};
pub use process::{Alone, LogFault, LogShape, Process, ProfileFault, Profiling};
