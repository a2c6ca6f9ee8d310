//! `transit import` and `transit import-version`: key material leaves this machine under a fresh AES
//! key (RFC 5649), and that one under the mount's wrapping key (RSA-OAEP with SHA-256).

use crate::error::{During, Stop, of_file};
use crate::request::{ApiRequest, clean_path};
use crate::session::{Session, code};
use crate::tree::transit::{Import, Transit};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrapPadded};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use base::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;

const EPHEMERAL_BYTES: usize = 32;
/// What wrapping adds to material: a block, and what fills the last one up.
const WRAPPING_BYTES: usize = 16;

pub(super) fn run(session: &mut Session<'_>, command: Transit) -> Result<u8, Stop> {
    match command {
        Transit::Import(args) => import(session, &args, "import"),
        Transit::ImportVersion(args) => import(session, &args, "import_version"),
    }
}

fn import(session: &mut Session<'_>, args: &Import, operation: &str) -> Result<u8, Stop> {
    let path = clean_path(&args.path);
    let mount = mount_of(&path)?;
    let material = material(&args.material)?;
    let mut body = session.data(&args.data)?;
    session.say("Retrieving wrapping key.")?;
    let wrapping = wrapping_key(session, mount)?;
    session.say("Wrapping source key with ephemeral key.")?;
    session.say("Encrypting ephemeral key with wrapping key.")?;
    let wrapped = wrap(&wrapping, material.expose());
    let wrapped = wrapped.map_err(|_| Stop::local("the wrapping key takes no such key"))?;
    body.insert(
        "ciphertext".to_owned(),
        Value::String(STANDARD.encode(wrapped)),
    );
    session.say("Submitting wrapped key.")?;
    let request = ApiRequest::put(format!("{path}/{operation}"), Value::Object(body));
    session.ask(&request).during("failed to call import")?;
    session.say("Success!")?;
    Ok(code::OK)
}

/// The mount of `MOUNT/keys/NAME`.
fn mount_of(path: &str) -> Result<&str, Stop> {
    let wrong = || Stop::usage("expected transit path and key name in the form :path:/keys/:name:");
    let (before, name) = path.rsplit_once('/').ok_or_else(wrong)?;
    let mount = before.strip_suffix("/keys").ok_or_else(wrong)?;
    match mount.is_empty() || name.is_empty() {
        true => Err(wrong()),
        false => Ok(mount),
    }
}

fn material(argument: &str) -> Result<Secret<Vec<u8>>, Stop> {
    let text = match argument.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).map_err(|error| {
            Stop::usage(format!(
                "error reading key material file: {}",
                of_file(file, &error)
            ))
        })?,
        None => argument.to_owned(),
    };
    let text = Secret::new(text);
    let decoded = STANDARD.decode(text.expose().trim());
    let decoded = decoded.map_err(|error| {
        Stop::usage(format!(
            "error base64 decoding source key material: {error}"
        ))
    })?;
    Ok(Secret::new(decoded))
}

fn wrapping_key(session: &mut Session<'_>, mount: &str) -> Result<PublicEncryptingKey, Stop> {
    const DOING: &str = "failed to fetch wrapping key";
    let request = ApiRequest::get(format!("{mount}/wrapping_key"));
    let answer = session.ask(&request).during(DOING)?;
    let envelope = answer.envelope();
    let pem = envelope
        .as_ref()
        .and_then(|envelope| envelope.data.get("public_key"))
        .and_then(Value::as_str);
    let pem = pem.ok_or_else(|| Stop::local(format!("{DOING}: no public_key in the answer")))?;
    let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes());
    let der = der.map_err(|error| Stop::local(format!("{DOING}: {error}")))?;
    PublicEncryptingKey::from_der(&der)
        .map_err(|_| Stop::local(format!("{DOING}: it is no RSA key")))
}

/// The encrypted ephemeral key, and behind it the material under that.
fn wrap(wrapping: &PublicEncryptingKey, material: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let mut ephemeral = vec![0; EPHEMERAL_BYTES];
    rand::fill(&mut ephemeral)?;
    let ephemeral = Secret::new(ephemeral);
    let oaep = OaepPublicEncryptingKey::new(wrapping.clone())?;
    let mut encrypted = vec![0; oaep.ciphertext_size()];
    let encrypted = oaep.encrypt(
        &OAEP_SHA256_MGF1SHA256,
        ephemeral.expose(),
        &mut encrypted,
        None,
    )?;
    let mut wrapped = vec![0; material.len().saturating_add(WRAPPING_BYTES)];
    let kek = AesKek::new(&AES_256, ephemeral.expose())?;
    let wrapped = kek.wrap_with_padding(material, &mut wrapped)?;
    Ok([encrypted, wrapped].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mount_stands_before_keys() {
        for (path, expected) in [
            ("transit/keys/a", Some("transit")),
            ("a/keys/keys/b", Some("a/keys")),
            ("team/transit/keys/a", Some("team/transit")),
            ("transit/a", None),
            ("keys/a", None),
            ("/keys/a", None),
            ("transit/keys/", None),
            ("transit", None),
        ] {
            assert_eq!(mount_of(path).ok(), expected, "{path}");
        }
    }
}
