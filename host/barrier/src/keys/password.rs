//! Passwords: argon2id and bcrypt.

use super::KeyError;
use argon2::password_hash::{PasswordHash as Parsed, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use base::Entropy;

/// Longest password, in bytes. Past it hashing would cost more for being long than for being hashed.
const PASSWORD_BYTES_MAX: usize = 4096;
/// What bcrypt looks at.
const BCRYPT_PASSWORD_BYTES_MAX: usize = 72;
const BCRYPT_COST: u32 = 10;
/// Highest cost that is verified: about a second.
const BCRYPT_COST_MAX: u32 = 14;
/// Longest hash, in characters.
const HASH_CHARACTERS_MAX: usize = 512;
/// Most memory that is spent on one verification, in KiB.
const ARGON2_MEMORY_KIB_MAX: u32 = 256 * 1024;
/// Most memory that is written in one verification, in KiB: memory times passes.
const ARGON2_WORK_KIB_MAX: u32 = 1024 * 1024;
const ARGON2_LANES_MAX: u32 = 16;
const SALT_BYTES: usize = 16;

/// How a new password is hashed. What cost the host chooses may change; old hashes stay valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordHash {
    /// 19 MiB, two passes, one lane, in PHC form.
    Argon2id,
    /// Cost 10, as Vault has it. At most 72 bytes.
    Bcrypt,
}

/// Hashes a new password. Takes tens of milliseconds of one core: the caller bounds how many run.
///
/// # Errors
/// [`KeyError::TooLarge`] for a password that is too long for the algorithm.
pub fn hash_password(
    algorithm: PasswordHash,
    password: &str,
    entropy: &dyn Entropy,
) -> Result<String, KeyError> {
    let mut salt = [0; SALT_BYTES];
    entropy.fill(&mut salt);
    match algorithm {
        PasswordHash::Argon2id => {
            check_length(password, PASSWORD_BYTES_MAX)?;
            let salt = SaltString::encode_b64(&salt).map_err(|_| KeyError::Failed)?;
            let hash = usual_argon2().hash_password(password.as_bytes(), &salt);
            Ok(hash.map_err(|_| KeyError::Failed)?.to_string())
        }
        PasswordHash::Bcrypt => {
            check_length(password, BCRYPT_PASSWORD_BYTES_MAX)?;
            let hash = bcrypt::hash_with_salt(password, BCRYPT_COST, salt);
            Ok(hash.map_err(|_| KeyError::Failed)?.to_string())
        }
    }
}

/// Is it the password? Knows the algorithm from the hash. Without a hash, for a user who is not
/// there, it is false after as long a time as a new hash takes.
///
/// # Errors
/// When the hash is none, or asks for more time or memory than any password is worth.
pub fn verify_password(hash: Option<&str>, password: &str) -> Result<bool, KeyError> {
    let Some(hash) = hash else {
        let mut unused = [0; Params::DEFAULT_OUTPUT_LEN];
        let bytes = password.as_bytes().get(..PASSWORD_BYTES_MAX);
        let bytes = bytes.unwrap_or(password.as_bytes());
        let hashed = usual_argon2().hash_password_into(bytes, &[0; SALT_BYTES], &mut unused);
        return hashed.map(|()| false).map_err(|_| KeyError::Failed);
    };
    if hash.len() > HASH_CHARACTERS_MAX {
        return Err(malformed());
    }
    if hash.starts_with("$argon2") {
        verify_argon2(hash, password)
    } else {
        verify_bcrypt(hash, password)
    }
}

fn verify_argon2(hash: &str, password: &str) -> Result<bool, KeyError> {
    let parsed = Parsed::new(hash).map_err(|_| malformed())?;
    let params = Params::try_from(&parsed).map_err(|_| malformed())?;
    let work = params.m_cost().saturating_mul(params.t_cost());
    if params.m_cost() > ARGON2_MEMORY_KIB_MAX
        || work > ARGON2_WORK_KIB_MAX
        || params.p_cost() > ARGON2_LANES_MAX
    {
        return Err(too_costly());
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Ok(false);
    }
    match usual_argon2().verify_password(password.as_bytes(), &parsed) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::Password) => Ok(false),
        Err(_) => Err(malformed()),
    }
}

fn verify_bcrypt(hash: &str, password: &str) -> Result<bool, KeyError> {
    // $2b$10$…: the cost is two digits at a fixed place.
    let cost = hash.get(4..6).and_then(|digits| digits.parse::<u32>().ok());
    let cost = cost
        .filter(|_| hash.starts_with("$2"))
        .ok_or_else(malformed)?;
    if cost > BCRYPT_COST_MAX {
        return Err(too_costly());
    }
    if password.len() > BCRYPT_PASSWORD_BYTES_MAX {
        return Ok(false);
    }
    bcrypt::verify(password, hash).map_err(|_| malformed())
}

fn usual_argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

fn check_length(password: &str, bytes_max: usize) -> Result<(), KeyError> {
    if password.len() > bytes_max {
        return Err(KeyError::TooLarge(
            u64::try_from(bytes_max).unwrap_or(u64::MAX),
        ));
    }
    Ok(())
}

fn malformed() -> KeyError {
    KeyError::malformed("not a password hash that the host knows")
}

fn too_costly() -> KeyError {
    KeyError::Unsupported(String::from("a password hash of that cost"))
}
