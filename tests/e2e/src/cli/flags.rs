//! Which flags a command has, as its help tells.
