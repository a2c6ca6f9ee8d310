//! Base32 as people copy it: in any case, with or without the padding it should have.

use data_encoding::{Encoding, Specification};
use sdk::{Result, internal, invalid};

/// At least one byte, and at most so many.
pub(crate) fn decode(text: &str, bytes_max: usize) -> Result<Vec<u8>> {
    let digits = match text.len().is_multiple_of(8) {
        true => text.trim_end_matches('='),
        false => text,
    };
    let is_digit = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'2'..=b'7');
    let end = digits.bytes().position(|byte| !is_digit(byte));
    let base32 = lenient().ok_or_else(|| internal("base32 is not to be had"))?;
    let Ok(bytes) = base32.decode(digits.to_uppercase().as_bytes()) else {
        let at = end.unwrap_or(digits.len());
        let illegal = format!("invalid key value: illegal base32 data at input byte {at}");
        return Err(invalid(illegal));
    };
    match bytes.len() {
        0 => Err(invalid("the key value is required")),
        length if length > bytes_max => Err(invalid(format!(
            "the key value has more than {bytes_max} bytes"
        ))),
        _ => Ok(bytes),
    }
}

/// Without padding, and without a look at the bits that are left over.
fn lenient() -> Option<Encoding> {
    let mut base32 = Specification::new();
    base32.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    base32.check_trailing_bits = false;
    base32.encoding().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_as_people_copy_it() {
        let check = |text: &str, bytes: &[u8]| assert_eq!(decode(text, 512).as_deref(), Ok(bytes));
        check("JBSWY3DPEHPK3PXP", b"Hello!\xde\xad\xbe\xef");
        check("jbswy3dpehpk3pxp", b"Hello!\xde\xad\xbe\xef");
        check("MFRGG===", b"abc");
        check("MFRGG", b"abc");
        check("AA", b"\0");
        for (text, at) in [
            ("zz1!", 2),
            ("JBSWY3DP EHPK3PXP", 8),
            ("JBSWY3DPEHPK3PXP==", 16),
            ("A", 1),
        ] {
            let refused = format!("invalid key value: illegal base32 data at input byte {at}");
            assert_eq!(decode(text, 512), Err(invalid(refused)));
        }
        assert!(decode("A", 512).is_err());
        assert!(decode(&"A".repeat(832), 512).is_err());
    }
}
