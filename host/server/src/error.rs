//! Why the server does not start.

use crate::arguments::ArgumentError;
use crate::certificate::CertificateError;
use crate::config::ConfigError;
use core::net::SocketAddr;
use std::io;
use std::path::PathBuf;

/// Why the server does not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The flags.
    #[error(transparent)]
    Arguments(#[from] ArgumentError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The certificate for development mode.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// An address.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// An address that is none.
    #[error("{0:?} is no address to listen on")]
    Address(String),
    /// A listener's certificates.
    #[error("cannot serve TLS on {0}")]
    Tls(SocketAddr, #[source] api::TlsError),
    /// The storage.
    #[error("cannot open the storage in {0}")]
    Storage(PathBuf, #[source] storage::StorageError),
    /// The log.
    #[error("cannot open the log")]
    Log(#[source] raft::RaftError),
    /// The engine that runs components.
    #[error("cannot run components")]
    Runtime(#[source] plugin::RuntimeError),
    /// A file of the server itself.
    #[error("cannot {0} {1}")]
    File(&'static str, PathBuf, #[source] io::Error),
    /// A file of the server itself that is not as it was written.
    #[error("{0} is not as it was written")]
    Damaged(PathBuf),
    /// Threads or signals.
    #[error("cannot {0}")]
    System(&'static str, #[source] io::Error),
    /// Development mode found the keys of its folder missing, or could not begin.
    #[error("cannot begin development mode: {0}")]
    Development(String),
}
