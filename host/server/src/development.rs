//! Development mode: a node that is unsealed at once, with its keys where everybody can see them.

use crate::arguments::Development;
use crate::certificate::{MadeCertificate, make_certificate};
use crate::config::{Given, ListenerConfig, StorageConfig, TlsConfig};
use crate::error::ServerError;
use crate::files::write_private;
use crate::system::SystemEntropy;
use api::{ClientCertificates, Limits, TlsFiles, TlsVersion};
use base::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use node::{DevelopmentKeys, Node};
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
    /// Was the folder set up to its end?
    #[serde(default = "yes")]
    is_set_up: bool,
}

const fn yes() -> bool {
    true
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
            without_token: base::WithoutToken::default(),
            headers: api::ResponseHeaders::default(),
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

/// Initializes and unseals the node, or only unseals it when its folder was used before. The keys
/// are in the folder before they are in use: a start that was cut short is completed by the next.
///
/// # Errors
/// When the keys of a folder are damaged, or the node refuses.
pub(crate) async fn begin(node: &Node, development: &Development) -> Result<Keys, ServerError> {
    let file = development.folder.as_deref().map(keys_file);
    let known = file.as_deref().map(read_keys).transpose()?.flatten();
    let mut keys = match known {
        Some(keys) => keys,
        None => make_keys(development, file.as_deref())?,
    };
    let damaged = |_| ServerError::Damaged(file.clone().unwrap_or_default());
    let share = STANDARD.decode(&keys.unseal_key).map_err(damaged)?;
    if keys.is_set_up {
        node.submit_share(Secret::new(share))
            .await
            .map_err(refused)?;
        return Ok(keys);
    }
    let opened = DevelopmentKeys {
        share: Secret::new(share),
        root_token: Secret::new(keys.root_token.clone()),
    };
    let done = node::open_for_development(node, &opened).await;
    done.map_err(refused)?;
    keys.is_set_up = true;
    write_keys(&keys, file.as_deref())?;
    Ok(keys)
}

fn make_keys(development: &Development, file: Option<&Path>) -> Result<Keys, ServerError> {
    let made = DevelopmentKeys::make(&SystemEntropy, development.root_token.clone());
    let made = made.map_err(refused)?;
    let keys = Keys {
        unseal_key: STANDARD.encode(made.share.expose()),
        root_token: made.root_token.expose().clone(),
        is_set_up: false,
    };
    write_keys(&keys, file)?;
    Ok(keys)
}

fn write_keys(keys: &Keys, file: Option<&Path>) -> Result<(), ServerError> {
    let Some(file) = file else {
        return Ok(());
    };
    let text = serde_json::to_vec_pretty(keys).unwrap_or_default();
    let written = write_private(file, &text);
    written.map_err(|error| ServerError::File("write", file.to_owned(), error))
}

fn refused(refusal: base::Refusal) -> ServerError {
    ServerError::Development(match refusal.reason.as_str() {
        "" => refusal.message,
        reason => format!("{}: {reason}", refusal.message),
    })
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
