//! Packets: what all of OpenPGP is cut into.

use crate::bytes::Reader;
use crate::error::KeyError;

/// The kinds that are looked for in a key.
pub(crate) mod tag {
    pub(crate) const SESSION_KEY: u8 = 1;
    pub(crate) const SIGNATURE: u8 = 2;
    pub(crate) const PRIVATE_KEY: u8 = 5;
    pub(crate) const PUBLIC_KEY: u8 = 6;
    pub(crate) const PRIVATE_SUBKEY: u8 = 7;
    pub(crate) const MARKER: u8 = 10;
    pub(crate) const LITERAL: u8 = 11;
    pub(crate) const TRUST: u8 = 12;
    pub(crate) const USER_ID: u8 = 13;
    pub(crate) const PUBLIC_SUBKEY: u8 = 14;
    pub(crate) const USER_ATTRIBUTE: u8 = 17;
    pub(crate) const DATA: u8 = 18;
    pub(crate) const PADDING: u8 = 21;
    /// From here on a packet may be passed over by whoever does not know it.
    pub(crate) const UNCRITICAL: u8 = 40;
}

/// One of them.
#[derive(Clone, Copy)]
pub(crate) struct Packet<'a> {
    pub(crate) tag: u8,
    pub(crate) body: &'a [u8],
}

/// All packets of a key, in order. Their count is bounded by the bytes: each has two at least.
pub(crate) fn split(bytes: &[u8]) -> Result<Vec<Packet<'_>>, KeyError> {
    let mut reader = Reader::new(bytes);
    let mut packets = Vec::new();
    while !reader.is_empty() {
        let packet = one(&mut reader).ok_or(KeyError::Malformed("no sequence of packets"))?;
        packets.push(packet);
    }
    Ok(packets)
}

/// None too for lengths that are not known ahead, which packets of keys must not have.
fn one<'a>(reader: &mut Reader<'a>) -> Option<Packet<'a>> {
    let head = reader.byte()?;
    if head & 0x80 == 0 {
        return None;
    }
    let (tag, length) = match head & 0x40 {
        0 => {
            let length = match head & 3 {
                0 => u32::from(reader.byte()?),
                1 => u32::from(reader.two()?),
                2 => reader.four()?,
                _ => return None,
            };
            ((head >> 2) & 0xf, length)
        }
        _ => (head & 0x3f, length(reader)?),
    };
    let body = reader.take(usize::try_from(length).ok()?)?;
    Some(Packet { tag, body })
}

/// A length in the form of new packets and of subpackets.
fn length(reader: &mut Reader<'_>) -> Option<u32> {
    match reader.byte()? {
        first @ 0..=191 => Some(u32::from(first)),
        first @ 192..=223 => {
            let second = reader.byte()?;
            Some(((u32::from(first) - 192) << 8) + u32::from(second) + 192)
        }
        224..=254 => None,
        255 => reader.four(),
    }
}

/// A length in the form of subpackets, where no length is left open.
pub(crate) fn subpacket_length(reader: &mut Reader<'_>) -> Option<u32> {
    match reader.rest().first()? {
        224..=254 => {
            let pair = reader.two()?;
            Some(u32::from(pair) - (192 << 8) + 192)
        }
        _ => length(reader),
    }
}

/// Writes a packet.
pub(crate) fn put(into: &mut Vec<u8>, tag: u8, body: &[u8]) {
    into.push(0xc0 | tag);
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    match u8::try_from(length) {
        Ok(short @ 0..=191) => into.push(short),
        _ => {
            into.push(255);
            into.extend_from_slice(&length.to_be_bytes());
        }
    }
    into.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_written() {
        for length in [0, 1, 191, 192, 8383, 8384, 70_000] {
            let body = vec![7; length];
            let mut bytes = Vec::new();
            put(&mut bytes, tag::USER_ID, &body);
            put(&mut bytes, tag::TRUST, b"");
            let packets = split(&bytes).unwrap();
            let found: Vec<_> = packets.iter().map(|p| (p.tag, p.body.len())).collect();
            assert_eq!(found, [(tag::USER_ID, length), (tag::TRUST, 0)]);
        }
    }

    #[test]
    fn all_forms_of_lengths() {
        let check = |head: &[u8], length: usize| {
            let bytes = [head, &vec![0; length]].concat();
            let packets = split(&bytes).unwrap();
            assert_eq!((packets[0].tag, packets[0].body.len()), (13, length));
            // One byte less is no packet.
            assert!(split(&bytes[..bytes.len() - 1]).is_err(), "{head:?}");
        };
        check(&[0xb4, 5], 5);
        check(&[0xb5, 1, 0], 256);
        check(&[0xb6, 0, 1, 0, 0], 65_536);
        check(&[0xcd, 5], 5);
        check(&[0xcd, 0xc5, 0xfb], 1723);
        check(&[0xcd, 0xff, 0, 1, 0x86, 0xa0], 100_000);
        for open in [[0xb7, 0], [0xcd, 0xe0], [0x34, 0], [0, 0]] {
            assert!(split(&open).is_err(), "{open:?}");
        }
    }

    #[test]
    fn lengths_of_subpackets() {
        let check = |bytes: &[u8], length| {
            let mut reader = Reader::new(bytes);
            assert_eq!(subpacket_length(&mut reader), length);
        };
        check(&[191], Some(191));
        check(&[0xc0, 0], Some(192));
        check(&[0xfe, 0xff], Some(16_319));
        check(&[0xff, 0, 0, 0, 9], Some(9));
        check(&[0xfe], None);
        check(&[], None);
    }
}
