//! Randomness, given from outside.

/// Where random bytes come from. Cryptographically strong outside tests.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `length` characters of `[0-9A-Za-z]`, each equally likely.
pub fn make_base62(entropy: &dyn Entropy, length: usize) -> String {
    let mut text = String::with_capacity(length);
    let mut pool = [0_u8; 64];
    while text.len() < length {
        entropy.fill(&mut pool);
        // 248 is the largest multiple of 62 below 256: bytes past it would favor early letters.
        let letters = pool.iter().filter(|byte| **byte < 248);
        for letter in letters.filter_map(|byte| BASE62.get(usize::from(*byte % 62))) {
            if text.len() < length {
                text.push(char::from(*letter));
            }
        }
    }
    text
}

/// `bytes` random bytes in lowercase hexadecimal.
pub fn make_hex(entropy: &dyn Entropy, bytes: usize) -> String {
    let mut raw = vec![0_u8; bytes];
    entropy.fill(&mut raw);
    raw.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A version 4 UUID (RFC 9562).
pub fn make_uuid(entropy: &dyn Entropy) -> String {
    let mut raw = [0_u8; 16];
    entropy.fill(&mut raw);
    let number =
        (u128::from_be_bytes(raw) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{number:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ]
    .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicU8, Ordering};

    struct Counting(AtomicU8);
    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    #[test]
    fn shapes() {
        let entropy = Counting(AtomicU8::new(0));
        let uuid = make_uuid(&entropy);
        assert_eq!(uuid, "00010203-0405-4607-8809-0a0b0c0d0e0f");
        let text = make_base62(&entropy, 24);
        assert_eq!(text.len(), 24);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(make_hex(&Counting(AtomicU8::new(254)), 3), "feff00");
    }
}
