//! `identity/oidc`: identity tokens, and the keys that sign them.

mod config;
mod discovery;
mod introspect;
mod keys;
mod parts;
mod roles;
mod sign_in;
mod tokens;

use crate::native::{Ask, NativeField, path};
use crate::refusal::from_barrier;
use crate::unsealed::Unsealed;
use base::{NamespaceId, Refusal, chain};
use identity::Directory;
use identity::oidc::{Algorithm, Fresh, OidcError};
use mount::Namespace;
use std::sync::Arc;

pub(super) use config::ROUTES as CONFIG;
pub(super) use discovery::ROUTES as DISCOVERY;
pub(super) use introspect::ROUTES as INTROSPECTION;
pub(super) use keys::ROUTES as KEYS;
pub(super) use parts::ROUTES as PARTS;
pub(super) use roles::ROUTES as ROLES;
pub(super) use sign_in::ROUTES as SIGN_IN;
pub(super) use tokens::ROUTES as TOKENS;
pub(crate) use tokens::make_before_use;

const NAME: NativeField = path("name", "Its name.");

/// What a caller is told of something that was refused.
fn refused(error: OidcError) -> Refusal {
    match error {
        OidcError::Refused(text) | OidcError::NotValid(text) => Refusal::invalid(text),
        OidcError::Storage(error) => from_barrier(error),
        error => Refusal::internal(chain(&error)),
    }
}

/// Names are a part of keys, and short.
fn name(ask: &Ask<'_>) -> Result<String, Refusal> {
    let name = ask.text("name");
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > 256 || !name.bytes().all(fine) {
        let text = crate::pipeline::NO_SUCH_PATH;
        return Err(Refusal::new(base::RefusalKind::NotFound, text));
    }
    Ok(name.to_owned())
}

/// New keys, made where nobody waits for the processor.
async fn make_keys(
    node: &Arc<Unsealed>,
    algorithm: Algorithm,
    count: usize,
) -> Result<Vec<Fresh>, Refusal> {
    let entropy = Arc::clone(&node.parts.entropy);
    let make = move || -> Result<Vec<Fresh>, OidcError> {
        (0..count)
            .map(|_| Fresh::make(algorithm, entropy.as_ref()))
            .collect()
    };
    if count == 0 {
        return Ok(Vec::new());
    }
    let made = tokio::task::spawn_blocking(make).await;
    let made = made.map_err(|error| Refusal::internal(chain(&error)))?;
    made.map_err(refused)
}

/// What identity tokens of a namespace name as their issuer, when `base` is where clients reach it.
fn issuer(base: &str, namespace: &Namespace) -> String {
    format!("{base}/v1/{}identity/oidc", namespace.path)
}

/// Lets those keys sign whose time has come, and forgets the codes whose time is over.
pub(crate) async fn tick(node: &Arc<Unsealed>) -> Result<(), Refusal> {
    let tables = node.tables();
    let ids = core::iter::once(NamespaceId::ROOT).chain(tables.namespaces.ids());
    for namespace in ids {
        if tables.namespaces.with_id(namespace).is_none() {
            continue;
        }
        let entropy = node.parts.entropy.as_ref();
        let mut tx = node.begin();
        let mut directory = Directory::new(&mut tx, namespace, String::new(), node.now(), entropy);
        for (name, algorithm) in directory.oidc_keys_due().map_err(refused)? {
            let fresh = make_keys(node, algorithm, 1).await?;
            let Some(fresh) = fresh.first() else { continue };
            node.transact(|tx| {
                let now = node.now();
                let mut directory = Directory::new(tx, namespace, String::new(), now, entropy);
                directory
                    .rotate_oidc_key_if_due(&name, fresh)
                    .map_err(refused)
            })
            .await?;
            tracing::info!(key = name, "identity token key rotated");
        }
        node.transact(|tx| {
            let now = node.now();
            let mut directory = Directory::new(tx, namespace, String::new(), now, entropy);
            directory.drop_old_codes().map_err(refused)
        })
        .await?;
    }
    Ok(())
}
