//! Base64 with the alphabet for URLs and no padding, as JOSE has it. One text for each sequence of
//! bytes: whatever else means the same bytes is refused.

/// `bytes` in base64url.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let standard = sdk::to_base64(bytes);
    let digits = standard.trim_end_matches('=').chars();
    let in_url = |digit| match digit {
        '+' => '-',
        '/' => '_',
        digit => digit,
    };
    digits.map(in_url).collect()
}

/// The bytes, where `text` is base64url.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    if text.contains(['+', '/', '=']) {
        return None;
    }
    let in_standard = |digit| match digit {
        '-' => '+',
        '_' => '/',
        digit => digit,
    };
    let mut standard: String = text.chars().map(in_standard).collect();
    while !standard.len().is_multiple_of(4) {
        standard.push('=');
    }
    sdk::from_base64(&standard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (bytes, text) in [
            (b"".as_slice(), ""),
            (b"f", "Zg"),
            (b"foo", "Zm9v"),
            (b"\xfb\xff\xfe", "-__-"),
        ] {
            assert_eq!(encode(bytes), text);
            assert_eq!(decode(text).as_deref(), Some(bytes));
        }
        for bad in ["Zg==", "+//+", "Z", "Zh", "Zm9v\n", " Zg", "Zgü"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
