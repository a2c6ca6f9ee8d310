//! Development mode: a node that is unsealed at once, with its keys where everybody can see them.

use crate::arguments::Development;
use crate::certificate::{MadeCertificate, make_certificate, write_private};
use crate::config::{Given, ListenerConfig, StorageConfig, TlsConfig};
use crate::error::ServerError;
use crate::system::SystemEntropy;
use api::{ClientCertificates, Limits, TlsFiles, TlsVersion};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use node::Node;
use serde::{Deserialize, Serialize};
use std::fs;
use std::net::ToSocketAddrs as _;
use std::path::{Path, PathBuf};

/// What is printed for whoever develops.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Keys {
    /// The one share of the key.
    pub(crate) unseal_key: String,
    /// The root token.
    pub(crate) root_token: String,
}

/// What development mode adds to a configuration, which may well be empty.
///
/// # Errors
/// When the address is none.
pub(crate) fn given(development: &Development) -> Result<Given, ServerError> {
    let wrong = || ServerError::Address(development.address.clone());
    let mut addresses = development.address.to_socket_addrs().map_err(|_| wrong())?;
    let storage = match &development.folder {
        Some(folder) => StorageConfig::Raft {
            path: folder.join("storage"),
            node_id: None,
        },
        None => StorageConfig::Memory,
    };
    Ok(Given {
        listener: Some(ListenerConfig {
            address: addresses.next().ok_or_else(wrong)?,
            cluster_address: None,
            tls: match development.tls {
                true => TlsConfig::Made,
                false => TlsConfig::Off,
            },
            limits: Limits::default(),
            forwarded: None,
        }),
        storage: Some(storage),
    })
}

/// Makes the certificate of a listener that has none.
///
/// # Errors
/// When it cannot be made or written.
pub(crate) fn make_tls(
    development: &Development,
    listener: &mut ListenerConfig,
) -> Result<MadeCertificate, ServerError> {
    let folder = match &development.tls_folder {
        Some(folder) => folder.clone(),
        None => new_folder()
            .map_err(|(folder, error)| ServerError::File("make the folder", folder, error))?,
    };
    let made = make_certificate(&folder, listener.address.ip())?;
    listener.tls = TlsConfig::Files(TlsFiles {
        certificate: made.certificate.clone(),
        key: made.key.clone(),
        client_certificates: ClientCertificates::Any,
        version_min: TlsVersion::Tls12,
        version_max: TlsVersion::Tls13,
    });
    Ok(made)
}

/// A folder that nobody else can have made before: a key goes into it.
fn new_folder() -> Result<PathBuf, (PathBuf, std::io::Error)> {
    use std::os::unix::fs::DirBuilderExt as _;
    let name = format!("casemate-tls-{}", base::make_hex(&SystemEntropy, 8));
    let folder = std::env::temp_dir().join(name);
    match fs::DirBuilder::new().mode(0o700).create(&folder) {
        Ok(()) => Ok(folder),
        Err(error) => Err((folder, error)),
    }
}

/// Initializes and unseals the node, or only unseals it when its folder was used before.
///
/// # Errors
/// When the keys of a folder are not there, or the node refuses.
pub(crate) async fn begin(node: &Node, development: &Development) -> Result<Keys, ServerError> {
    let refused = |refusal: base::Refusal| {
        ServerError::Development(match refusal.reason.as_str() {
            "" => refusal.message,
            reason => format!("{}: {reason}", refusal.message),
        })
    };
    let file = development.folder.as_deref().map(keys_file);
    if let Some(file) = &file
        && let Some(keys) = read_keys(file)?
    {
        let damaged = |_| ServerError::Damaged(file.clone());
        let share = STANDARD.decode(&keys.unseal_key).map_err(damaged)?;
        node.submit_share(share).await.map_err(refused)?;
        return Ok(keys);
    }
    let made = node::open_for_development(node, development.root_token.clone());
    let made = made.await.map_err(refused)?;
    let share = made.shares.first();
    let keys = Keys {
        unseal_key: share.map_or_else(String::new, |share| STANDARD.encode(share.expose())),
        root_token: made.root_token.expose().clone(),
    };
    if let Some(file) = file {
        let text = serde_json::to_vec_pretty(&keys).unwrap_or_default();
        let written = write_private(&file, &text);
        written.map_err(|error| ServerError::File("write", file, error))?;
    }
    Ok(keys)
}

fn keys_file(folder: &Path) -> PathBuf {
    folder.join("development-keys.json")
}

fn read_keys(file: &Path) -> Result<Option<Keys>, ServerError> {
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|_| ServerError::Damaged(file.to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ServerError::File("read", file.to_owned(), error)),
    }
}
