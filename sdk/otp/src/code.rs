//! A code of a MAC (RFC 4226).

/// The code of a counter's MAC, with zeros at its head. None for a MAC too short.
pub fn code(mac: &[u8], digits: u32) -> Option<String> {
    truncated(mac).map(|number| in_digits(number, digits))
}

/// 31 bits of the MAC, from where its last four bits say.
fn truncated(mac: &[u8]) -> Option<u32> {
    let start = usize::from(mac.last()? & 0x0f);
    let bytes = mac.get(start..start + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(bytes) & 0x7fff_ffff)
}

fn in_digits(number: u32, digits: u32) -> String {
    let number = number % 10_u32.pow(digits.min(9));
    format!("{number:0width$}", width = digits as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4226, 5.4.
    #[test]
    fn the_example_of_the_standard() {
        let mac = [
            0x1f, 0x86, 0x98, 0x69, 0x0e, 0x02, 0xca, 0x16, 0x61, 0x85, 0x50, 0xef, 0x7f, 0x19,
            0xda, 0x8e, 0x94, 0x5b, 0x55, 0x5a,
        ];
        assert_eq!(truncated(&mac), Some(0x50ef_7f19));
        assert_eq!(in_digits(0x50ef_7f19, 6), "872921");
        assert_eq!(in_digits(0x50ef_7f19, 8), "57872921");
        assert_eq!(in_digits(7, 6), "000007");
        assert_eq!(truncated(&[0x0f; 4]), None);
    }
}
