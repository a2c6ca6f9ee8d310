//! Keys on the bench: the rules are the host's, the mathematics is a stand-in.
#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use sdk::crypto::{CryptoError, Hash, KeyOptions, Message, PasswordHash, Scheme, kind};
use sdk::prelude::*;
use sdk::testing::TestMount;

const fn engine() -> Engine {
    Engine::new("vault", "1.0.0", "Tries keys.")
        .keeps("keys/", Replicated)
        .update("seal", "Seals and opens.", seal)
        .update("sign", "Signs and verifies.", sign)
        .update("agree", "Agrees on keys.", agree)
        .update("rules", "Does what is not allowed.", rules)
        .update("passwords", "Hashes passwords.", passwords)
        .update("fail", "Makes a key and fails.", fail)
        .list("keys", "Names keys.", names)
}

fn seal(ctx: &mut Ctx, (): ()) -> Result<Reply> {
    let key = ctx.make_key("keys/a", KeyOptions::new(kind::AES256_GCM96))?;
    let sealed = key.seal(b"secret", b"path")?;
    assert_eq!(key.open(&sealed, b"path")?, b"secret");
    assert_eq!(key.open(&sealed, b"other"), Err(CryptoError::NotAuthentic));
    assert_eq!(key.open(b"short", b"path"), Err(CryptoError::NotAuthentic));
    let derived = key.derive(b"context")?;
    assert_eq!(
        derived.open(&sealed, b"path"),
        Err(CryptoError::NotAuthentic)
    );
    let twice = [
        key.seal_convergent(b"x", b"")?,
        key.seal_convergent(b"x", b"")?,
    ];
    assert_eq!(twice[0], twice[1]);
    Ok(Reply::Empty)
}

fn sign(ctx: &mut Ctx, (): ()) -> Result<Reply> {
    let key = ctx.make_key("keys/s", KeyOptions::new(kind::ECDSA_P256))?;
    let scheme = Scheme::EcdsaDer(Hash::Sha2_256);
    let signature = key.sign(Message::Whole(b"text"), scheme)?;
    let public = ctx.public_key(&key.public().ok_or_else(not_found)?)?;
    assert!(public.verify(Message::Whole(b"text"), scheme, &signature)?);
    let hashed = ctx.digest(Hash::Sha2_256, b"text");
    assert!(public.verify(Message::Hashed(&hashed), scheme, &signature)?);
    assert!(!public.verify(Message::Whole(b"other"), scheme, &signature)?);
    assert!(matches!(
        public.sign(Message::Whole(b"text"), scheme),
        Err(CryptoError::WrongKind(_))
    ));
    assert!(matches!(
        key.sign(Message::Whole(b"text"), Scheme::Native),
        Err(CryptoError::WrongKind(_))
    ));
    Ok(Reply::Empty)
}

fn agree(ctx: &mut Ctx, (): ()) -> Result<Reply> {
    let pair = KeyOptions::new(kind::ECDSA_P256);
    let (one, other) = (ctx.make_key("keys/1", pair)?, ctx.make_key("keys/2", pair)?);
    let public = ctx.public_key(&other.public().ok_or_else(not_found)?)?;
    let options = KeyOptions::new(kind::AES256_GCM96);
    let here = ctx.agree_key("keys/here", options, &one, &public)?;
    let there = ctx.agree_key("keys/there", options, &other, &one)?;
    assert_eq!(there.open(&here.seal(b"text", b"")?, b"")?, b"text");
    let elsewhere = ctx.make_key("keys/3", KeyOptions::new(kind::ECDSA_P384))?;
    for (own, peer) in [(&public, &one), (&one, &elsewhere), (&here, &one)] {
        let agreed = ctx.agree_key("keys/no", options, own, peer);
        assert!(matches!(agreed, Err(CryptoError::WrongKind(_))));
    }
    Ok(Reply::Empty)
}

fn rules(ctx: &mut Ctx, (): ()) -> Result<Reply> {
    let options = KeyOptions::new(kind::HMAC);
    assert!(matches!(
        ctx.make_key("other/a", options),
        Err(CryptoError::Undeclared(_))
    ));
    assert!(matches!(
        ctx.make_key("keys/a", KeyOptions::new("enigma")),
        Err(CryptoError::Unsupported(_))
    ));
    let key = ctx.make_key("keys/m", options)?;
    assert!(matches!(
        ctx.make_key("keys/m", options),
        Err(CryptoError::Exists)
    ));
    assert_eq!(key.export(), Err(CryptoError::NotExportable));
    assert!(key.verify_mac(b"x", Hash::Sha2_256, &key.mac(b"x", Hash::Sha2_256)?)?);
    let exportable = ctx.make_key("keys/e", options.exportable())?;
    let bytes = exportable.export()?;
    let again = ctx.import_key("keys/i", options, &bytes)?;
    assert_eq!(
        again.mac(b"x", Hash::Sha2_512)?,
        exportable.mac(b"x", Hash::Sha2_512)?
    );
    assert_eq!(ctx.bytes("keys/m")?, None, "an entry is no key");
    ctx.delete_key("keys/m")?;
    assert!(ctx.open_key("keys/m")?.is_none());
    Ok(Reply::Empty)
}

fn passwords(ctx: &mut Ctx, (): ()) -> Result<Reply> {
    let hash = ctx.hash_password(PasswordHash::Argon2id, "hunter2")?;
    assert!(ctx.verify_password(Some(&hash), "hunter2")?);
    assert!(!ctx.verify_password(Some(&hash), "hunter3")?);
    assert!(!ctx.verify_password(None, "hunter2")?);
    let long = "x".repeat(73);
    assert_eq!(
        ctx.hash_password(PasswordHash::Bcrypt, &long),
        Err(CryptoError::TooLarge(72))
    );
    Ok(Reply::Empty)
}

fn fail(ctx: &mut Ctx, (): ()) -> Result<Reply> {
    ctx.make_key("keys/f", KeyOptions::new(kind::ED25519))?;
    Err(invalid("on purpose"))
}

fn names(ctx: &Ctx, (): ()) -> Result<Reply> {
    Ok(Reply::Keys(ctx.key_names("keys/", None, 0)?.keys))
}

#[test]
fn keys_keep_their_rules() {
    let mount = TestMount::new(engine());
    for path in ["seal", "sign", "agree", "rules", "passwords"] {
        assert_eq!(mount.update(path, json!({})), Ok(Reply::Empty), "{path}");
    }
    let names = ["1", "2", "3", "a", "e", "here", "i", "s", "there"]
        .map(String::from)
        .to_vec();
    assert_eq!(mount.list("keys"), Ok(Reply::Keys(names)));
    assert!(mount.stored().is_empty());
}

#[test]
fn a_key_of_a_failed_call_is_gone() {
    let mount = TestMount::new(engine());
    assert_eq!(mount.update("fail", json!({})), Err(invalid("on purpose")));
    assert_eq!(mount.list("keys"), Err(not_found()));
}
