//! What the method does, seen from outside, with the keys and signatures of the host.

#[cfg(test)]
mod browser;
#[cfg(test)]
mod claims;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod real;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod signatures;
#[cfg(test)]
mod world;
