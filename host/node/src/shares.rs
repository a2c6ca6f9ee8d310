//! Shares as clients write and read them: hexadecimal or Base64. Encrypted ones too.

use base::{Refusal, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seal::{Handed, Share};

/// Longest text that is looked at: any share is far shorter.
const TEXT_MAX: usize = 1024;

/// What a client sent as a key.
pub(crate) fn parse(text: &str) -> Result<Share, Refusal> {
    let share = (text.len() <= TEXT_MAX).then(|| from_hex(text).or_else(|| from_base64(text)));
    let wrong = || Refusal::invalid("'key' must be a valid hex or base64 string");
    share.flatten().map(Secret::new).ok_or_else(wrong)
}

/// All that is handed out, in hexadecimal.
pub(crate) fn all_in_hex(handed: &Handed) -> Vec<String> {
    handed.each().into_iter().map(hex).collect()
}

/// All that is handed out, in Base64.
pub(crate) fn all_in_base64(handed: &Handed) -> Vec<String> {
    let each = handed.each().into_iter();
    each.map(|bytes| STANDARD.encode(bytes)).collect()
}

/// Lowercase hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    let byte = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    };
    digits.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        let share = Secret::new(vec![0, 255, 16]);
        let handed = Handed::Open(vec![share]);
        for text in [&all_in_hex(&handed)[0], &all_in_base64(&handed)[0]] {
            assert_eq!(parse(text).unwrap().expose(), &[0, 255, 16], "{text}");
        }
        for text in ["zz!", "a", "aGk", &"00".repeat(TEXT_MAX)] {
            let refused = parse(text).unwrap_err();
            assert_eq!(
                refused.message,
                "'key' must be a valid hex or base64 string"
            );
        }
    }
}
