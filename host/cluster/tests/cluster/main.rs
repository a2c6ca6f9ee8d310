//! Two ends of a connection over real sockets, and what else may come to a port.

mod world;

mod calls;
mod dialing;
mod ending;
mod strangers;
