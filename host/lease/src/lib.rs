//! What was handed out, when it ends, and what undoes it.
//!
//! Ends are indexed by time on disk: to find what is due is to read the front of a range, and
//! unsealing loads nothing, however many leases there are.
//!
//! ```text
//!  sys/expire/id/<lease id>         Lease of a secret (tokens keep their own terms)
//!  sys/expire/end/<when>/<lease id> (empty)
//!  sys/expire/mount/<mount>/<id>    (empty), and so for tokens: what ends with them
//!  sys/expire/token-id/<lease id>   (empty), of leases that end tokens
//!  sys/expire/irrevocable/<id>      (empty), of what could not be ended
//! ```

mod below;
mod ends;
mod failed;
mod secret;
#[cfg(test)]
mod tests;

pub use below::{Kind, ids_below, names_below};
pub use ends::{Due, cancel_end, due, due_after, move_end, next_end, set_end};
pub use failed::{ATTEMPTS_MAX, Next, irrevocable, note_failure, note_irrevocable};
pub use secret::{
    LeaseTerms, SecretLease, end_now, end_those_of_token, find, forget, ids_of_mount, keep, make_id,
};
