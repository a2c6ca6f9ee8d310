//! Track 0.1 of the contract: the one folder that knows its generated types.

mod bindings;
mod context;
pub(crate) mod crypto;
mod describe;
pub(crate) mod http;
mod instance;
mod interfaces;
mod log;
mod passwords;
mod reply;
mod state;
mod storage;

pub(crate) use describe::describe;
pub(crate) use instance::Code;
pub use interfaces::Kind;
pub(crate) use interfaces::{EXPORTS, TRACK, check_names, interface_of};
pub(crate) use state::State;

use bindings::engine::SecretsEngine;
use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};

/// Everything that the host gives, once for all components.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    SecretsEngine::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    Ok(linker)
}
