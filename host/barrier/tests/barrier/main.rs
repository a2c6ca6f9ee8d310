//! What the barrier promises, through its public API.

#[cfg(test)]
mod keyring;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod known_answers;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod transaction;
#[cfg(test)]
mod view;
#[cfg(test)]
mod world;
