//! Tokens: taken apart, verified, measured against the clock. Everything here but `verify` is pure.

pub(crate) mod algorithm;
pub(crate) mod base64url;
mod der;
pub(crate) mod jwk;
mod jws;
mod members;
pub(crate) mod times;
pub(crate) mod verify;

pub(crate) use algorithm::Algorithm;
pub(crate) use jwk::PublicKey;
pub(crate) use jws::Unverified;
