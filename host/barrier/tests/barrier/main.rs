//! What the barrier promises, through its public API.

#[cfg(test)]
mod keyring;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod transaction;
#[cfg(test)]
mod view;
#[cfg(test)]
mod world;
