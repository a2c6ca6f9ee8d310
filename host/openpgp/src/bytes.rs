//! Numbers and strings of bytes, as OpenPGP has them: read with every length checked, and written.

/// What is left to read. Each step gives None where there is too little.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is left.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn two(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn four(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// As many bytes as a number before them says.
    pub(crate) fn counted(&mut self) -> Option<&'a [u8]> {
        let count = self.two()?;
        self.take(usize::from(count))
    }

    /// A whole number without leading zeros, after the count of its bits. The count is only believed for
    /// how many bytes there are.
    pub(crate) fn number(&mut self) -> Option<&'a [u8]> {
        let bits = self.two()?;
        let mut bytes = self.take(usize::from(bits).div_ceil(8))?;
        while let [0, rest @ ..] = bytes {
            bytes = rest;
        }
        Some(bytes)
    }
}

/// Writes a whole number of these bytes, as [`Reader::number`] reads it.
pub(crate) fn put_number(into: &mut Vec<u8>, bytes: &[u8]) {
    let mut bytes = bytes;
    while let [0, rest @ ..] = bytes {
        bytes = rest;
    }
    let unused = bytes.first().map_or(0, |byte| byte.leading_zeros());
    let bits = u32::try_from(bytes.len()).unwrap_or(u32::MAX) * 8 - unused;
    let bits = u16::try_from(bits).unwrap_or(u16::MAX);
    into.extend_from_slice(&bits.to_be_bytes());
    into.extend_from_slice(bytes);
}

/// The number at the end of so many bytes. None where it needs more.
pub(crate) fn padded(number: &[u8], length: usize) -> Option<Vec<u8>> {
    let zeros = length.checked_sub(number.len())?;
    let mut padded = vec![0; zeros];
    padded.extend_from_slice(number);
    Some(padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let check = |bytes: &[u8], written: &[u8]| {
            let mut into = Vec::new();
            put_number(&mut into, bytes);
            assert_eq!(into, written);
            let mut reader = Reader::new(&into);
            let number = reader.number().unwrap();
            assert!(bytes.ends_with(number) && reader.is_empty());
        };
        // The examples of RFC 9580, section 3.2, and what leading zeros become.
        check(&[1], &[0, 1, 1]);
        check(&[1, 255], &[0, 9, 1, 255]);
        check(&[0, 0, 1, 255], &[0, 9, 1, 255]);
        check(&[], &[0, 0]);
        check(&[0], &[0, 0]);
        check(&[255; 32], &[&[1, 0][..], &[255; 32]].concat());
    }

    #[test]
    fn too_little_is_nothing() {
        assert_eq!(Reader::new(&[0, 9, 1]).number(), None);
        assert_eq!(Reader::new(&[255, 255, 1]).counted(), None);
        assert_eq!(Reader::new(&[0, 0, 1]).four(), None);
        assert_eq!(padded(&[1, 2], 4), Some(vec![0, 0, 1, 2]));
        assert_eq!(padded(&[1, 2], 1), None);
    }
}
