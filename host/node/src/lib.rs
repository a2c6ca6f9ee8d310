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
mod changes;
mod commit;
mod components;
mod defaults;
mod devices;
mod engine;
mod expire;
mod grant;
mod help;
mod identity;
mod init;
mod lifecycle;
mod native;
mod node;
mod parts;
mod people;
mod pipeline;
mod refusal;
mod rights;
mod run;
mod secret;
mod status;
mod sys;
mod tables;
mod token;
mod trail;
mod unsealed;

pub use changes::Changes;
pub use init::{InitRequest, Initialized};
pub use node::{Node, open_for_development};
pub use parts::{Parts, Settings};
