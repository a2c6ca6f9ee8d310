//! What becomes of a login: its entity, its groups, and what they allow.

mod house;
mod policies;
mod tokens;
mod who;
