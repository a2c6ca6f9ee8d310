//! How authenticators are told a key: `otpauth://totp/issuer:account?secret=…`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a label is written with as it is.
const LABEL: &AsciiSet = &MEMBER
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b'/')
    .remove(b';')
    .remove(b'=');

/// What a member of the query is written with as it is.
const MEMBER: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'$')
    .remove(b':')
    .remove(b'@');

/// The URL of a key, whose secret is in base32. Vault's members, in Vault's order.
pub fn write(
    issuer: &str,
    account_name: &str,
    algorithm: &str,
    digits: u32,
    period: u64,
    secret: &str,
) -> String {
    let label = format!("{issuer}:{account_name}");
    format!(
        "otpauth://totp/{}?algorithm={algorithm}&digits={digits}&issuer={}&period={period}&secret={secret}",
        utf8_percent_encode(&label, LABEL),
        utf8_percent_encode(issuer, MEMBER),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_vault_writes_it() {
        assert_eq!(
            write("Va ult", "t@t.com", "SHA1", 6, 30, "NPXP"),
            "otpauth://totp/Va%20ult:t@t.com?algorithm=SHA1&digits=6&issuer=Va%20ult&period=30&secret=NPXP",
        );
    }
}
