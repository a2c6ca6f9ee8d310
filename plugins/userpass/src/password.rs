//! What is kept in place of a password: a hash, ours or one that comes from elsewhere.

use sdk::crypto::{CryptoError, PasswordHash};
use sdk::{Ctx, Result, invalid};

/// Costs of bcrypt that the host verifies.
const BCRYPT_COSTS: core::ops::RangeInclusive<u8> = 4..=14;
/// Salt and hash, in bcrypt's base64.
const BCRYPT_DIGITS: usize = 53;

/// The hash to keep for what a request says; none where it says nothing.
pub(crate) fn to_keep(
    ctx: &Ctx,
    password: Option<String>,
    hash: Option<String>,
) -> Result<Option<String>> {
    let given = |text: &String| !text.is_empty();
    match (password.filter(given), hash.filter(given)) {
        (Some(_), Some(_)) => Err(invalid(
            "only one of password or password_hash may be provided",
        )),
        (Some(password), None) => hashed(ctx, &password).map(Some),
        (None, Some(hash)) => match bcrypt_cost(&hash) {
            Some(cost) if BCRYPT_COSTS.contains(&cost) => Ok(Some(hash)),
            Some(cost) => Err(invalid(format!(
                "password_hash has a cost of {cost}, and must have one of {} to {}",
                BCRYPT_COSTS.start(),
                BCRYPT_COSTS.end(),
            ))),
            None => Err(invalid("password_hash is not a valid bcrypt hash")),
        },
        (None, None) => Ok(None),
    }
}

fn hashed(ctx: &Ctx, password: &str) -> Result<String> {
    match ctx.hash_password(PasswordHash::Argon2id, password) {
        Err(CryptoError::TooLarge(bytes)) => {
            Err(invalid(format!("password is longer than {bytes} bytes")))
        }
        result => Ok(result?),
    }
}

/// The cost of a hash such as `$2b$10$…`; none where it is no hash of bcrypt.
fn bcrypt_cost(hash: &str) -> Option<u8> {
    let rest = ["$2a$", "$2b$", "$2y$"]
        .iter()
        .find_map(|mark| hash.strip_prefix(mark))?;
    let (cost, digits) = rest.split_once('$')?;
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/');
    let is_hash = cost.len() == 2
        && cost.bytes().all(|byte| byte.is_ascii_digit())
        && digits.len() == BCRYPT_DIGITS
        && digits.bytes().all(is_digit);
    cost.parse().ok().filter(|_| is_hash)
}

#[cfg(test)]
mod tests {
    use super::bcrypt_cost;

    #[test]
    fn what_is_a_hash_of_bcrypt() {
        const DIGITS: &str = "CsQ4h/TR/hZVjKwwmZfaeeqX7wBYCB7CCLHUxHh/7Q0zmAPN7hJXe";
        let check = |hash: String, cost| assert_eq!(bcrypt_cost(&hash), cost, "{hash}");
        check(format!("$2a$10${DIGITS}"), Some(10));
        check(format!("$2b$04${DIGITS}"), Some(4));
        check(format!("$2y$31${DIGITS}"), Some(31));
        check(format!("$2x$10${DIGITS}"), None);
        check(format!("$2a$1${DIGITS}"), None);
        check(format!("$2a$+1${DIGITS}"), None);
        check(format!("$2a$10${DIGITS}x"), None);
        check(format!("$2a$10${}", DIGITS.replace('/', "$")), None);
        check(String::new(), None);
        check(
            String::from("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA"),
            None,
        );
    }
}
