//! A node for development: its keys are chosen before anything is stored, so that whoever keeps
//! them can keep them first, and what was cut short can be completed.

use crate::defaults;
use crate::init::InitRequest;
use crate::node::Node;
use access::TokenId;
use base::{Entropy, NamespaceId, Refusal, RefusalKind, Secret};
use seal::Share;

/// The one share of the key, and the root token.
#[derive(Debug)]
pub struct DevelopmentKeys {
    /// The share, which alone unseals.
    pub share: Share,
    /// The id of the root token.
    pub root_token: Secret<String>,
}

impl DevelopmentKeys {
    /// New keys; with this id of the root token, or a random one.
    ///
    /// # Errors
    /// When the id cannot be one.
    pub fn make(entropy: &dyn Entropy, root_token: Option<String>) -> Result<Self, Refusal> {
        let mut share = vec![0; seal::KEY_BYTES];
        entropy.fill(&mut share);
        let id = match root_token {
            Some(id) => TokenId::parse(id).ok_or_else(|| Refusal::invalid("invalid root token id")),
            None => Ok(TokenId::make_service(entropy, NamespaceId::ROOT)),
        };
        Ok(Self {
            share: Secret::new(share),
            root_token: id?.into_secret(),
        })
    }
}

/// Initializes the node with these keys, unseals it and gives it its first mount, as far as that
/// was not done before.
///
/// # Errors
/// As [`Node::initialize`] and [`Node::submit_share`].
pub async fn open_for_development(node: &Node, keys: &DevelopmentKeys) -> Result<(), Refusal> {
    if node.seal_config()?.is_none() {
        let key = <[u8; seal::KEY_BYTES]>::try_from(keys.share.expose().as_slice());
        let key = key.map_err(|_| Refusal::invalid("the share has not the length of a key"))?;
        let request = InitRequest {
            shares: 1,
            threshold: 1,
            root_token: Some(keys.root_token.expose().clone()),
            key: Some(Secret::new(key)),
        };
        node.initialize(request).await?;
    }
    node.submit_share(Secret::new(keys.share.expose().clone()))
        .await?;
    let sealed = || Refusal::new(RefusalKind::Sealed, "Vault is sealed");
    let unsealed = node.unsealed().ok_or_else(sealed)?;
    defaults::mount_development_kv(&unsealed).await
}
