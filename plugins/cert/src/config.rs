//! `config`: settings of the mount.

use crate::store;
use sdk::{Ctx, Fields, Reply, Result, invalid, json};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Config {
    /// May a token be renewed without its certificate?
    pub(crate) disable_binding: bool,
    /// Does the entity's alias tell of the certificate?
    pub(crate) enable_identity_alias_metadata: bool,
}

#[derive(Fields)]
pub(crate) struct Write {
    /// May a token be renewed without the certificate that it was given for?
    disable_binding: Option<bool>,
    /// Does the entity's alias tell of the certificate what the token does?
    enable_identity_alias_metadata: Option<bool>,
    /// Must be left out: OCSP is not supported.
    ocsp_cache_size: Option<i64>,
}

pub(crate) fn read(ctx: &Ctx, (): ()) -> Result<Reply> {
    let config = store::config(ctx)?;
    Reply::data(&json!({
        "disable_binding": config.disable_binding,
        "enable_identity_alias_metadata": config.enable_identity_alias_metadata,
        "ocsp_cache_size": 0,
    }))
}

pub(crate) fn write(ctx: &mut Ctx, new: Write) -> Result<Reply> {
    match new.ocsp_cache_size {
        None | Some(0) => {}
        Some(2..=100_000) => return Err(invalid("OCSP is not supported")),
        Some(_) => return Err(invalid("invalid cache size, must be >= 2 and <= 100000")),
    }
    let before = store::config(ctx)?;
    let alias_metadata = new.enable_identity_alias_metadata;
    let config = Config {
        disable_binding: new.disable_binding.unwrap_or(before.disable_binding),
        enable_identity_alias_metadata: alias_metadata
            .unwrap_or(before.enable_identity_alias_metadata),
    };
    store::put_config(ctx, &config)?;
    Ok(Reply::Empty)
}
