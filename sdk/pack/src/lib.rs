//! From a crate to a component: builds it for WebAssembly, wraps the core module, and says what it
//! wants of a host.
//!
//! ```text
//!  crate ─ cargo ─▶ core module ─ componentize ─▶ component ─ imports, digest ─▶ what an operator sees
//!            │
//!         wasm_std: installed · cached · from Debian's source · by rustup
//! ```
//!
//! It runs nothing of what it packs: routes and storage rules are said by the component's own
//! `describe`, which a host asks (`casemate plugin check`).

mod build;
mod component;
mod template;
pub mod wasm_std;

pub use build::{PackError, build, build_in};
pub use component::{ComponentError, componentize, digest, exports, imports};
pub use template::{TemplateError, instantiate};
