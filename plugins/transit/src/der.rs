//! The little of DER that keys, certificates and requests for them need: values one after another, each
//! a tag, a length and its content.

pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const SEQUENCE: u8 = 0x30;
/// The first constructed, context-specific tag.
pub(crate) const CONTEXT_0: u8 = 0xa0;

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Value<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    /// With tag and length.
    pub(crate) whole: &'a [u8],
}

/// Values that stand one behind the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values<'a>(&'a [u8]);

/// The values in `bytes`.
pub(crate) const fn values(bytes: &[u8]) -> Values<'_> {
    Values(bytes)
}

impl<'a> Values<'a> {
    /// The next one. `None` at the end and for what is no value.
    pub(crate) fn any(&mut self) -> Option<Value<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        // Tags of several bytes are in nothing that is read here.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(length)?;
        let whole = self.0.get(..self.0.len() - rest.len())?;
        self.0 = rest;
        Some(Value {
            tag,
            content,
            whole,
        })
    }

    /// The next one, which must have this tag.
    pub(crate) fn one(&mut self, tag: u8) -> Option<Value<'a>> {
        self.any().filter(|value| value.tag == tag)
    }

    /// The next one, if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Option<Value<'a>> {
        match self.0.first() {
            Some(first) if *first == tag => self.any(),
            _ => None,
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    const LONG: u8 = 0x80;
    let (&first, rest) = bytes.split_first()?;
    if first < LONG {
        return Some((usize::from(first), rest));
    }
    let count = usize::from(first & !LONG);
    let (digits, rest) = rest.split_at_checked(count)?;
    // Four bytes are enough for whatever fits into a request.
    if count == 0 || count > 4 {
        return None;
    }
    let length = digits
        .iter()
        .fold(0_usize, |sum, digit| sum << 8 | usize::from(*digit));
    Some((length, rest))
}

/// A value with this content.
pub(crate) fn write(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let length: usize = content.iter().map(|part| part.len()).sum();
    let mut value = vec![tag];
    let digits = length.to_be_bytes();
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => value.push(short),
        _ => {
            let digits: Vec<u8> = digits.into_iter().skip_while(|digit| *digit == 0).collect();
            // At most eight.
            value.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
            value.extend(digits);
        }
    }
    value.extend(content.concat());
    value
}

/// The algorithm and the key in PKCS#8, without the wrapping.
pub(crate) fn pkcs8(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let mut info = values(values(bytes).one(SEQUENCE)?.content);
    info.one(INTEGER)?;
    let algorithm = info.one(SEQUENCE)?;
    Some((algorithm, info.one(OCTET_STRING)?.content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_reads_back() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 70_000] {
            let content = vec![5; length];
            let bytes = write(SEQUENCE, &[&content]);
            let mut read = values(&bytes);
            let value = read.one(SEQUENCE).unwrap();
            assert_eq!((value.content, value.whole), (&content[..], &bytes[..]));
            assert!(read.is_empty());
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let mut read = values(&bytes);
            while read.any().is_some() {}
            let _ = pkcs8(&bytes);
        }
    }
}
