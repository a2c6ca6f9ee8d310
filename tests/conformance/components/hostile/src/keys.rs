//! Uses the host's keys as an engine for signing and sealing would, and tries to get at their bytes.

use super::casemate::plugin::crypto::{
    self, Error, Hash, Key, KeyOptions, Message, PasswordHash, SignatureScheme,
};
use super::casemate::plugin::storage;

fn options(kind: &str, exportable: bool) -> KeyOptions {
    KeyOptions {
        kind: kind.to_owned(),
        exportable,
        bytes: 0,
    }
}

/// What went as it should, one word each.
pub(super) fn use_them() -> Result<Vec<String>, Error> {
    let mut went = Vec::new();
    let mut note = |what: &str, well: bool| {
        if well {
            went.push(what.to_owned());
        }
    };
    let cipher = crypto::make_key("data/keys/cipher", &options("aes256-gcm96", false))?;
    let sealed = cipher.seal(b"plain", b"context")?;
    note("opens", cipher.open(&sealed, b"context")? == b"plain");
    let forged = cipher.open(&sealed, b"other");
    note("forged", matches!(forged, Err(Error::NotAuthentic)));
    note(
        "export",
        matches!(cipher.export(), Err(Error::NotExportable)),
    );
    let same = crypto::make_key("data/keys/cipher", &options("aes256-gcm96", false));
    note("exists", matches!(same, Err(Error::Exists)));
    let again = crypto::open_key("data/keys/cipher")?;
    let again = again.and_then(|key| key.open(&sealed, b"context").ok());
    note("stored", again.as_deref() == Some(b"plain"));
    let outside = crypto::make_key("keys/cipher", &options("aes256-gcm96", false));
    note("outside", matches!(outside, Err(Error::Undeclared(_))));
    let unknown = crypto::make_ephemeral(&options("rot13", false));
    note("unknown", matches!(unknown, Err(Error::Unsupported(_))));
    let as_entry = storage::get("data/keys/cipher");
    note("hidden", matches!(as_entry, Ok(None)));
    note("signs", signs("ed25519", SignatureScheme::Native)?);
    note(
        "signs-ecdsa",
        signs("ecdsa-p256", SignatureScheme::EcdsaFixed(Hash::Sha2256))?,
    );
    note(
        "signs-rsa",
        signs("rsa-2048", SignatureScheme::RsaPkcs1V15(Hash::Sha2256))?,
    );
    let mac_key = crypto::make_ephemeral(&options("hmac", true))?;
    let mac = mac_key.mac(b"input", Hash::Sha2256)?;
    note("mac", mac_key.verify_mac(b"input", Hash::Sha2256, &mac)?);
    note("exports", mac_key.export()?.len() == 32);
    note(
        "derives",
        mac_key.derive(b"context")?.mac(b"input", Hash::Sha2256)? != mac,
    );
    let wrapped = mac_key.wrap(&cipher, Hash::Sha2256)?;
    let back = crypto::import_wrapped(
        "data/keys/back",
        &options("hmac", false),
        &wrapped,
        &cipher,
        Hash::Sha2256,
    )?;
    note("wraps", back.mac(b"input", Hash::Sha2256)? == mac);
    note("agrees", agrees()?);
    note_rest(&mut note)?;
    Ok(went)
}

fn note_rest(note: &mut impl FnMut(&str, bool)) -> Result<(), Error> {
    let names = crypto::list_keys("data/keys/", None, 0)?.names;
    note("lists", names == ["back", "cipher"]);
    crypto::delete_key("data/keys/back")?;
    note("deletes", crypto::open_key("data/keys/back")?.is_none());
    let hashed = crypto::hash_password(PasswordHash::Argon2id, "correct horse")?;
    note(
        "password",
        crypto::verify_password(Some(&hashed), "correct horse")?,
    );
    note(
        "wrong-password",
        !crypto::verify_password(Some(&hashed), "battery staple")?,
    );
    note(
        "digest",
        crypto::digest(Hash::Sha2256, b"").starts_with(&[0xe3, 0xb0, 0xc4, 0x42]),
    );
    Ok(())
}

fn signs(kind: &str, scheme: SignatureScheme) -> Result<bool, Error> {
    let key = crypto::make_ephemeral(&options(kind, false))?;
    let message = Message::Whole(b"message".to_vec());
    let signature = key.sign(&message, scheme)?;
    let public = Key::public(&key).unwrap_or_default();
    let public = crypto::public_key(&public)?;
    let other = Message::Whole(b"massage".to_vec());
    Ok(public.verify(&message, scheme, &signature)?
        && !public.verify(&other, scheme, &signature)?)
}

/// Holds more keys than anybody needs.
pub(super) fn hoard() -> Result<Vec<Key>, Error> {
    let mut keys = Vec::new();
    loop {
        keys.push(crypto::make_ephemeral(&options("hmac", false))?);
    }
}

/// Do two sides come to the same key?
fn agrees() -> Result<bool, Error> {
    let pair = options("ecdsa-p384", false);
    let (one, other) = (
        crypto::make_ephemeral(&pair)?,
        crypto::make_ephemeral(&pair)?,
    );
    let public = |key: &crypto::Key| crypto::public_key(&key.public().unwrap_or_default());
    let how = options("aes256-gcm96", false);
    let here = crypto::agree_key("data/keys/here", &how, &one, &public(&other)?)?;
    let there = crypto::agree_key("data/keys/there", &how, &other, &public(&one)?)?;
    let agreed = there.open(&here.seal(b"text", b"")?, b"")? == b"text";
    crypto::delete_key("data/keys/here")?;
    crypto::delete_key("data/keys/there")?;
    Ok(agreed)
}
