//! What the engine does, seen from outside: through the host's matcher and validator, on storage that
//! can fail.

#[cfg(test)]
mod faults;
#[cfg(test)]
mod model;
#[cfg(test)]
mod upgrade;
#[cfg(test)]
mod version_1;
#[cfg(test)]
mod version_2;
