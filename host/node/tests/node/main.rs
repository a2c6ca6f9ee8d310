//! A whole node in one process, without a network.

mod house;
mod sealing;
mod tokens;
