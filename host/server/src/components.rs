//! The components that the binary brings along.

/// Names and bytes, in the order of the names. The build script finds them.
pub const COMPONENTS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/components.rs"));
