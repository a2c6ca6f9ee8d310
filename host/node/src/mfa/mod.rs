//! The second factor of logins: a code of an authenticator, where an enforcement asks for one.
//!
//! ```text
//!  login ─▶ method grants ─▶ required? ─ no ──────────────────────────▶ token
//!                                └─ yes ─ `X-Vault-MFA` ─▶ checked ───▶ token
//!                                └─ yes ─▶ Waiting ─▶ sys/mfa/validate ▶ token
//! ```
//!
//! Each namespace has methods and enforcements of its own. Keys lie in the barrier; who waits is memory of
//! this node, and bounded.

mod check;
mod credentials;
mod enrolment;
mod login;
mod merged;
mod stored;
mod waiting;

pub(crate) use credentials::Credentials;
pub(crate) use enrolment::{destroy, enrol, forget_entity};
pub(crate) use login::{Arriving, resume, stand_before};
pub(crate) use merged::merge;
pub(crate) use stored::{
    Enforcement, Method, enforcement, enforcements, forget_method, method, method_named, methods,
};
pub(crate) use waiting::Waiting;
