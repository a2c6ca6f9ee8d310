//! What goes wrong with certificates of a relation.

/// Why there is no authority, or no certificate of it.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The id of a relation or a secondary is empty, too long, or has control characters.
    #[error("{0:?} cannot be named in a certificate")]
    Name(String),
    /// What was kept of an authority is no certificate.
    #[error("the certificate of the authority cannot be read")]
    Certificate,
    /// What was kept of an authority is no key, or another's.
    #[error("the key of the authority does not belong to its certificate")]
    Key,
    /// The provider of cryptography made no key or no signature.
    #[error("cannot make a certificate")]
    Make(#[from] rcgen::Error),
}
