//! The `casemate` server: configuration, wiring, the life of a process.
//!
//! ```text
//!  arguments ─▶ config ─▶ process ─▶ wiring: storage, log, clock, randomness, components ─▶ node
//!                            │                                                               ▲
//!                            └─▶ listeners (api) ────────────────────────────────────────────┘
//! ```

pub mod config;

mod arguments;
mod banner;
mod certificate;
mod components;
mod development;
mod error;
mod files;
mod hooks;
mod host_info;
mod logging;
mod process;
mod profile;
mod surroundings;
mod system;
mod trusted;
mod wiring;

pub use arguments::{ArgumentError, Arguments, Development, read_arguments};
pub use certificate::CertificateError;
pub use components::COMPONENTS;
pub use error::ServerError;
pub use hooks::HOOKS;
pub use process::run;
pub use system::{SystemClock, SystemEntropy};
pub use wiring::{Served, Wired};
