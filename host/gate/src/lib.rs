//! How often somebody may knock, how much may be handed out, and who is locked out.
//!
//! ```text
//!  request ─▶ Rules ▸ which quota ─▶ Windows ▸ is there room in this client's window?
//!  lease   ─▶ Rules ▸ which quota ─▶ LeaseCount ▸ is there room for one more?
//!  login   ─▶ Lockouts ▸ is it locked? ─▶ method ─▶ Lockouts ▸ it failed, it went well
//!         └▶ Attempts ▸ may the second factor be tried once more?
//! ```
//!
//! What is counted is memory and bounded: however many addresses and names come, what is kept of them is
//! [`Recent`](recent::Recent), which forgets those that were not heard of for longest. Time comes in as
//! an argument.

mod attempts;
mod exempt;
mod leases;
mod lockout;
mod rate;
mod recent;
mod rules;

pub use attempts::{Attempts, Exhausted};
pub use exempt::Exempt;
pub use leases::{Came, LeaseCount};
pub use lockout::{LockoutRules, Lockouts};
pub use rate::{Rate, Verdict, Windows};
pub use rules::{Asked, Rules, Target};
