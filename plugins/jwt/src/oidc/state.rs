//! The state of a login with a browser, which the browser carries.

use crate::role::CallbackMode;
use crate::store;
use crate::token::base64url;
use core::fmt::Write;
use sdk::crypto::{Hash, Key, KeyOptions, kind};
use sdk::{Ctx, Json, Result, internal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a login with a browser may take.
const LIFE_MS: u64 = 10 * 60 * 1000;
/// Longest state.
const STATE_BYTES_MAX: usize = 16 * 1024;
/// Most records that one tick removes.
const TIDIED_MAX: u32 = 1000;

const KEY: &str = "key/state";
const MARK: &str = "st_";
/// What the state tells of the namespace, behind itself.
const NAMESPACE: &str = ",ns=";

/// What is remembered of a login that has begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) role: String,
    pub(super) redirect_uri: String,
    pub(super) mode: CallbackMode,
    pub(super) nonce: String,
    /// Of PKCE (RFC 7636).
    pub(super) verifier: String,
    /// What the client must show when it comes back, hashed; none where it gave nothing.
    pub(super) client_nonce: Option<String>,
    pub(super) expires_at_ms: u64,
}

/// What a browser has brought back, for the client to fetch.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) claims: Json,
    pub(super) metadata: BTreeMap<String, String>,
}

impl State {
    /// Draws what must be unforeseeable.
    pub(super) fn make(ctx: &Ctx, role: &str, redirect_uri: &str, client_nonce: &str) -> Self {
        let client_nonce = (!client_nonce.is_empty()).then(|| hash(ctx, client_nonce.as_bytes()));
        Self {
            role: role.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            mode: CallbackMode::Client,
            nonce: format!("n_{}", base64url::encode(&ctx.random_bytes(16))),
            verifier: base64url::encode(&ctx.random_bytes(32)),
            client_nonce,
            expires_at_ms: ctx.now_ms().saturating_add(LIFE_MS),
        }
    }

    /// The text that the browser carries.
    pub(super) fn seal(&self, ctx: &mut Ctx) -> Result<String> {
        let key = match ctx.open_key(KEY)? {
            Some(key) => key,
            None => ctx.make_key(KEY, KeyOptions::new(kind::AES256_GCM96))?,
        };
        let plain = serde_json::to_vec(self).map_err(|wrong| internal(wrong.to_string()))?;
        let sealed = key.seal(&plain, ctx.mount_uuid().as_bytes())?;
        Ok(format!("{MARK}{}", base64url::encode(&sealed)))
    }

    /// Reads a text that a browser brought; none where it is not ours, or too old.
    pub(super) fn open(ctx: &Ctx, text: &str) -> Result<Option<Self>> {
        let Some(key) = ctx.open_key(KEY)? else {
            return Ok(None);
        };
        let opened = opened(ctx, &key, text);
        Ok(opened.filter(|state| ctx.now_ms() < state.expires_at_ms))
    }

    /// Has the client shown what it gave when it began?
    pub(super) fn is_of_client(&self, ctx: &Ctx, shown: &str) -> bool {
        let is_same =
            |hashed: &String| ctx.equal(hashed.as_bytes(), hash(ctx, shown.as_bytes()).as_bytes());
        self.client_nonce.as_ref().is_none_or(is_same)
    }

    /// Sorted by expiry, so that `tidy` reads no more than it removes.
    fn key(&self, ctx: &Ctx, folder: &str) -> String {
        let id = hash(ctx, self.nonce.as_bytes());
        format!("{folder}{:020}-{id}", self.expires_at_ms)
    }

    pub(super) fn is_used(&self, ctx: &Ctx) -> Result<bool> {
        ctx.contains(&self.key(ctx, store::USED))
    }

    /// Makes it good for nothing more, whatever becomes of this login.
    pub(super) fn use_up(&self, ctx: &mut Ctx) -> Result<()> {
        ctx.put(&self.key(ctx, store::USED), &())?;
        ctx.checkpoint()
    }

    pub(super) fn put_done(&self, ctx: &mut Ctx, done: &Done) -> Result<()> {
        ctx.put(&self.key(ctx, store::DONE), done)
    }

    /// What was brought back; gone with this login.
    pub(super) fn take_done(&self, ctx: &mut Ctx) -> Result<Option<Done>> {
        let key = self.key(ctx, store::DONE);
        let done = ctx.get(&key)?;
        if done.is_some() {
            ctx.delete(&key)?;
        }
        Ok(done)
    }
}

fn opened(ctx: &Ctx, key: &Key, text: &str) -> Option<State> {
    let text = text.split(NAMESPACE).next().unwrap_or_default();
    if text.len() > STATE_BYTES_MAX {
        return None;
    }
    let sealed = base64url::decode(text.strip_prefix(MARK)?)?;
    let plain = key.open(&sealed, ctx.mount_uuid().as_bytes()).ok()?;
    serde_json::from_slice(&plain).ok()
}

/// The state with what it tells of the namespace.
pub(super) fn with_namespace(state: &str, namespace: &str) -> String {
    match namespace.trim_end_matches('/') {
        "" => state.to_owned(),
        namespace => format!("{state}{NAMESPACE}{namespace}"),
    }
}

pub(super) fn hash(ctx: &Ctx, bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in ctx.digest(Hash::Sha2_256, bytes) {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Removes what is too old to matter.
pub(crate) fn tidy(ctx: &mut Ctx) -> Result<()> {
    let now = format!("{:020}", ctx.now_ms());
    for folder in [store::USED, store::DONE] {
        for name in ctx.list_page(folder, None, TIDIED_MAX)?.keys {
            if name < now {
                ctx.delete(&format!("{folder}{name}"))?;
            }
        }
    }
    Ok(())
}
