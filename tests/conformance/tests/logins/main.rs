//! What becomes of a login: its entity, its groups, and what they allow.

mod house;
mod policies;
mod sign_in;
mod tokens;
mod who;
