//! From a token to claims that can be believed.

use super::jwk::PublicKey;
use super::jws::Unverified;
use sdk::crypto::Message;
use sdk::{Ctx, Json};

/// The claims of the token, where one of the keys has signed it.
///
/// A key is asked only where its kind, and the algorithm that its set names, are those of the token's
/// algorithm: the token does not choose how a key is used.
pub(crate) fn verified<'k>(
    ctx: &Ctx,
    token: &Unverified<'_>,
    keys: impl Iterator<Item = &'k PublicKey>,
) -> Option<Json> {
    let mut keys = keys.filter(|key| key.is_for(token.algorithm));
    keys.find(|key| is_signed_by(ctx, token, key))?;
    token.danger_claims().ok().map(Json::Object)
}

fn is_signed_by(ctx: &Ctx, token: &Unverified<'_>, key: &PublicKey) -> bool {
    let Some(info) = sdk::from_base64(&key.info) else {
        return false;
    };
    // A key that the host does not take, such as RSA of an unusual length, has signed nothing.
    let Ok(key) = ctx.public_key(&info) else {
        return false;
    };
    let message = Message::Whole(token.signed.as_bytes());
    let scheme = token.algorithm.scheme();
    let fits = token.algorithm.fits(&key.kind());
    fits && key.verify(message, scheme, &token.signature) == Ok(true)
}
