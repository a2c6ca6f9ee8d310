//! A key as clients write it: Base64 of its packets, or armored, or Base64 of that.

use crate::error::KeyError;
use crate::recipient::KEY_BYTES_MAX;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN PGP ";
const PUBLIC: &str = "PUBLIC KEY BLOCK-----";
const PRIVATE: &str = "PRIVATE KEY BLOCK-----";
const END: &str = "-----END PGP ";
const KEYBASE: &str = "keybase:";

/// Base64 has four characters for three bytes, armored twice, and lines have ends.
const TEXT_BYTES_MAX: usize = 2 * KEY_BYTES_MAX;

/// The packets in a file with a key: armored, or Base64, or as they are.
///
/// # Errors
/// [`KeyError`] where it says that it is armored and does not hold one public key.
pub fn packets_of_file(file: &[u8]) -> Result<Vec<u8>, KeyError> {
    match core::str::from_utf8(file).map(read) {
        Ok(Err(KeyError::NotText)) | Err(_) => Ok(file.to_vec()),
        Ok(read) => read,
    }
}

/// The packets of a key.
pub(crate) fn read(text: &str) -> Result<Vec<u8>, KeyError> {
    let text = text.trim();
    if text.starts_with(KEYBASE) {
        return Err(KeyError::Keybase);
    }
    if text.len() > TEXT_BYTES_MAX {
        return Err(KeyError::TooLong);
    }
    let bytes = match text.starts_with(BEGIN) {
        true => armored(text)?,
        false => {
            let bytes = decode(text)?;
            match core::str::from_utf8(&bytes).map(str::trim) {
                Ok(inner) if inner.starts_with(BEGIN) => armored(inner)?,
                _ => bytes,
            }
        }
    };
    match bytes.len() {
        0 => Err(KeyError::NotText),
        1..=KEY_BYTES_MAX => Ok(bytes),
        _ => Err(KeyError::TooLong),
    }
}

/// The sum at the end of an armored key is not looked at: what matters in it is signed.
fn armored(text: &str) -> Result<Vec<u8>, KeyError> {
    let mut lines = text.lines().map(str::trim);
    let title = lines.next().and_then(|line| line.strip_prefix(BEGIN));
    match title {
        Some(PUBLIC) => {}
        Some(PRIVATE) => return Err(KeyError::Private),
        _ => return Err(KeyError::NotText),
    }
    if lines.clone().any(|line| line.starts_with(BEGIN)) {
        return Err(KeyError::NotOne);
    }
    let lines = lines.skip_while(|line| !line.is_empty());
    let body: String = lines
        .take_while(|line| !line.starts_with('=') && !line.starts_with(END))
        .collect();
    decode(&body)
}

fn decode(text: &str) -> Result<Vec<u8>, KeyError> {
    let text: String = text
        .chars()
        .filter(|letter| !letter.is_ascii_whitespace())
        .collect();
    STANDARD.decode(text).map_err(|_| KeyError::NotText)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[u8], KeyError>) {
        assert_eq!(read(text).as_deref(), expected.as_ref().copied(), "{text}");
    }

    #[test]
    fn each_form() {
        let armored = "-----BEGIN PGP PUBLIC KEY BLOCK-----\nComment: a\n\nYWJj\nZGVm\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n";
        check(armored, Ok(b"abcdef"));
        check(&armored.replace('\n', "\r\n"), Ok(b"abcdef"));
        check(&armored.replace("=abcd\n", ""), Ok(b"abcdef"));
        check(&armored.replace("Comment: a\n", ""), Ok(b"abcdef"));
        check(&STANDARD.encode(armored), Ok(b"abcdef"));
        check("YWJj", Ok(b"abc"));
        check("YW\n Jj\r\n", Ok(b"abc"));
    }

    #[test]
    fn files() {
        let check = |file: &[u8], expected: Result<&[u8], KeyError>| {
            let found = packets_of_file(file);
            assert_eq!(found.as_deref(), expected.as_ref().copied());
        };
        let head = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nYWJj\n";
        check(head.as_bytes(), Ok(b"abc"));
        check(b"YWJj\n", Ok(b"abc"));
        check(b"\x98\xff", Ok(b"\x98\xff"));
        check([head, head].concat().as_bytes(), Err(KeyError::NotOne));
    }

    #[test]
    fn nothing_else() {
        let head = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n";
        check("keybase:somebody", Err(KeyError::Keybase));
        check("", Err(KeyError::NotText));
        check("????", Err(KeyError::NotText));
        check("YWJ", Err(KeyError::NotText));
        check(head, Err(KeyError::NotText));
        check(&format!("{head}YWJj\n{head}YWJj"), Err(KeyError::NotOne));
        check(
            "-----BEGIN PGP MESSAGE-----\n\nYWJj",
            Err(KeyError::NotText),
        );
        check(
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nYWJj",
            Err(KeyError::Private),
        );
        check(&"A".repeat(TEXT_BYTES_MAX), Err(KeyError::TooLong));
        check(&"A".repeat(TEXT_BYTES_MAX + 4), Err(KeyError::TooLong));
    }
}
