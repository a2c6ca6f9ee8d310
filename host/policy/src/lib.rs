//! What a caller may do: policies in HCL or JSON, compiled into one decision per request.
//!
//! ```text
//!  text ─ Policy::parse ─▶ Policy ─┐ (templates rendered for the caller)
//!  text ─ Policy::parse ─▶ Policy ─┴ Acl::new ─▶ Acl ─ decide(Ask) ─▶ Decision
//! ```
//!
//! Pure: no IO, no clock, no randomness; the time is part of the question. Which rule counts:
//!
//! 1. The rule whose pattern is the path itself. For LIST and SCAN, whose path ends in `/`, then
//!    the rule for the path without that slash.
//! 2. Else the best pattern that matches: the one whose first `+` or `*` stands later; then the
//!    one that does not end in `*`; then the one with fewer `+`; then the longer; then the one
//!    that sorts later.
//! 3. For LIST and SCAN, only when nothing matched the path with its slash: 2 for the path
//!    without. A refusal for the folder is never undone by a rule for the entry of the same name.
//!
//! The same pattern in several policies is one rule: capabilities unite and `deny` beats all.

mod acl;
mod builtin;
mod capability;
mod decision;
mod error;
mod parameters;
mod parse;
mod password;
mod pattern;
mod policy;
mod rule;
mod template;

pub use acl::{Acl, Overview, Shown};
pub use builtin::{DEFAULT_TEXT, RESPONSE_WRAPPING_TEXT};
pub use capability::{Capabilities, Capability};
pub use decision::{Ask, Decision, Grant, Operation};
pub use error::{PasswordPolicyError, PolicyError, TemplateError, UnknownKeys};
pub use password::{PASSWORD_CHARACTERS, PasswordPolicy};
pub use policy::{Policy, PolicyNamespace};
pub use template::{Alias, Group, Identity, Substitutes};
