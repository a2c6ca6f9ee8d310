//! Base64 as clients of this engine know it: line ends are skipped, bits at the end that belong to no
//! byte are of no account, and an error names the byte at which it was found.

use sdk::{Result, invalid};

/// Of the digits 62 and 63, and whether the text is padded.
#[derive(Clone, Copy)]
struct Alphabet {
    last: [u8; 2],
    is_padded: bool,
}

const STANDARD: Alphabet = Alphabet {
    last: *b"+/",
    is_padded: true,
};
const URL: Alphabet = Alphabet {
    last: *b"-_",
    is_padded: false,
};

/// Standard base64; the error is for the caller, as it is.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>> {
    bytes_of(text, STANDARD)
        .map_err(|at| invalid(format!("illegal base64 data at input byte {at}")))
}

/// Base64 as JWS has it.
pub(crate) fn decode_url(text: &str) -> Option<Vec<u8>> {
    bytes_of(text, URL).ok()
}

/// Base64 as JWS has it.
pub(crate) fn encode_url(bytes: &[u8]) -> String {
    let text = sdk::to_base64(bytes);
    let kept = text.trim_end_matches('=').chars().map(|digit| match digit {
        '+' => '-',
        '/' => '_',
        digit => digit,
    });
    kept.collect()
}

/// The bytes, or where they end to be some.
fn bytes_of(text: &str, alphabet: Alphabet) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    let mut digits = text
        .bytes()
        .enumerate()
        .filter(|(_, byte)| !is_line_end(*byte));
    while let Some((at, byte)) = digits.next() {
        let Some(value) = value(byte, alphabet) else {
            if byte != b'=' || !alphabet.is_padded || count < 2 {
                return Err(at);
            }
            // One more after two digits, and nothing behind.
            if count == 2 {
                match digits.next() {
                    Some((_, b'=')) => {}
                    Some((at, _)) => return Err(at.saturating_sub(1)),
                    None => return Err(text.len()),
                }
            }
            if let Some((at, _)) = digits.next() {
                return Err(at);
            }
            finish(&mut bytes, bits, count);
            return Ok(bytes);
        };
        (bits, count) = ((bits << 6) | value, count + 1);
        if count == 4 {
            bytes.extend(bits.to_be_bytes().into_iter().skip(1));
            (bits, count) = (0, 0);
        }
    }
    match count {
        0 => {}
        2 | 3 if !alphabet.is_padded => finish(&mut bytes, bits, count),
        _ => return Err(text.len().saturating_sub(count as usize)),
    }
    Ok(bytes)
}

/// The one or two bytes of the last two or three digits.
fn finish(bytes: &mut Vec<u8>, bits: u32, count: u32) {
    let aligned = bits << (6 * (4 - count));
    let last = aligned.to_be_bytes().into_iter().skip(1);
    bytes.extend(last.take(count as usize - 1));
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn value(byte: u8, alphabet: Alphabet) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        byte if byte == alphabet.last[0] => 62,
        byte if byte == alphabet.last[1] => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_taken() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("Zg==", b"f"),
            ("Zm8=", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm\n9v\r\n", b"foo"),
            ("Zh==", b"f"),
            ("Zm9=", b"fo"),
        ] {
            assert_eq!(bytes_of(text, STANDARD).as_deref(), Ok(bytes), "{text}");
        }
        assert_eq!(decode_url("-_8").as_deref(), Some(&[0xfb, 0xff][..]));
    }

    #[test]
    fn where_it_ends() {
        for (text, at) in [
            ("!", 0),
            ("AAA", 0),
            ("AAAAA", 4),
            ("AAAA!", 4),
            ("A===", 1),
            ("AA=", 3),
            ("AA=A", 2),
            ("AAA=A", 4),
            ("-_8=", 0),
        ] {
            assert_eq!(bytes_of(text, STANDARD), Err(at), "{text}");
        }
        assert!(decode_url("-_8=").is_none());
        assert!(decode_url("A").is_none());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(&decode(&sdk::to_base64(&bytes)).unwrap(), &bytes);
            prop_assert_eq!(&decode_url(&encode_url(&bytes)).unwrap(), &bytes);
        }
    }
}
