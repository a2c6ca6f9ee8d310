//! Shares as clients write and read them: hexadecimal or Base64.

use base::{Refusal, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use seal::Share;

/// Longest text that is looked at: any share is far shorter.
const TEXT_MAX: usize = 1024;

/// What a client sent as a key.
pub(crate) fn parse(text: &str) -> Result<Share, Refusal> {
    let share = (text.len() <= TEXT_MAX).then(|| from_hex(text).or_else(|| from_base64(text)));
    let wrong = || Refusal::invalid("'key' must be a valid hex or base64 string");
    share.flatten().map(Secret::new).ok_or_else(wrong)
}

/// All shares in hexadecimal.
pub(crate) fn all_in_hex(shares: &[Share]) -> Vec<String> {
    let hex = |share: &Share| share.expose().iter().map(|b| format!("{b:02x}")).collect();
    shares.iter().map(hex).collect()
}

/// All shares in Base64.
pub(crate) fn all_in_base64(shares: &[Share]) -> Vec<String> {
    let base64 = |share: &Share| STANDARD.encode(share.expose());
    shares.iter().map(base64).collect()
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
        let shares = [share];
        for text in [&all_in_hex(&shares)[0], &all_in_base64(&shares)[0]] {
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
