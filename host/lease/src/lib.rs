//! What was handed out, when it ends, and what undoes it.
//!
//! Ends are indexed by time on disk: to find what is due is to read the front of a range, and
//! unsealing loads nothing, however many leases there are.
//!
//! ```text
//!  sys/expire/id/<lease id>         Lease of a secret (tokens keep their own terms)
//!  sys/expire/end/<when>/<lease id> (empty)
//!  sys/expire/mount/<mount>/<id>    (empty), and so for tokens: what ends with them
//! ```

mod ends;
mod secret;

pub use ends::{Due, cancel_end, due, move_end, next_end, set_end};
pub use secret::{
    LeaseTerms, SecretLease, end_those_of_token, find, forget, ids_of_mount, keep, make_id,
};
