//! What the method does, seen from outside, with certificates made here and the host's own keys.

#[cfg(test)]
mod chains;
#[cfg(test)]
mod entries;
#[cfg(test)]
mod mutations;
#[cfg(test)]
#[path = "../../../jwt/tests/behavior/real.rs"]
#[allow(dead_code, reason = "keys are made by another library here")]
mod real;
#[cfg(test)]
mod renewals;
#[cfg(test)]
mod revocations;
#[cfg(test)]
mod world;
