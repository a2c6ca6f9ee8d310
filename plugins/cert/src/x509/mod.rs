//! Certificates and revocation lists: read, and judged. Pure: time and signatures come in as arguments.

pub(crate) mod certificate;
pub(crate) mod chain;
pub(crate) mod revocation;
pub(crate) mod signature;

pub(crate) use certificate::Certificate;
