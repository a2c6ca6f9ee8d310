//! How often somebody may knock, and how much may be handed out.
//!
//! ```text
//!  request ─▶ Rules ▸ which quota ─▶ Windows ▸ is there room in this client's window?
//!  lease   ─▶ Rules ▸ which quota ─▶ LeaseCount ▸ is there room for one more?
//! ```
//!
//! What is counted is memory and bounded: however many addresses come, what is kept of them is
//! [`Recent`](recent::Recent), which forgets those that were not heard of for longest. Time comes in as
//! an argument.

mod exempt;
mod leases;
mod rate;
mod recent;
mod rules;

pub use exempt::Exempt;
pub use leases::LeaseCount;
pub use rate::{Rate, Verdict, Windows};
pub use rules::{Asked, Rules, Target};
