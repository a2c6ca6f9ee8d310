//! The other side of a message: what its holder does to read it, written from the RFCs and not with the
//! code under test.

use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey,
};
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};

/// The private half of a key, as `keys/NAME.private` has it: kind, fingerprint, and for curves the numbers
/// of hash and cipher, then the secret in hexadecimal.
pub(crate) struct Private {
    kind: String,
    fingerprint: Vec<u8>,
    hash: u8,
    cipher: u8,
    secret: Vec<u8>,
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16).unwrap()).unwrap())
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// The first packet, in the form in which new messages are written, and what follows it.
fn packet(bytes: &[u8]) -> (u8, &[u8], &[u8]) {
    assert_eq!(bytes[0] & 0xc0, 0xc0, "a packet in the new form");
    let (length, body) = match bytes[1] {
        255 => {
            let length = u32::from_be_bytes(bytes[2..6].try_into().unwrap());
            (usize::try_from(length).unwrap(), &bytes[6..])
        }
        short => (usize::from(short), &bytes[2..]),
    };
    (bytes[0] & 0x3f, &body[..length], &body[length..])
}

fn number(bytes: &[u8]) -> (&[u8], &[u8]) {
    let bits = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
    bytes[2..].split_at(bits.div_ceil(8))
}

impl Private {
    pub(crate) fn read(text: &str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [kind, fingerprint, hash, cipher, secret] = words[..] else {
            panic!("a line of five words, not {}", words.len());
        };
        Self {
            kind: kind.to_owned(),
            fingerprint: unhex(fingerprint),
            hash: hash.parse().unwrap(),
            cipher: cipher.parse().unwrap(),
            secret: unhex(secret),
        }
    }

    /// Reads a message.
    pub(crate) fn open(&self, message: &[u8]) -> Vec<u8> {
        let (tag, session, rest) = packet(message);
        assert_eq!((tag, session[0]), (1, 3));
        assert_eq!(session[1..9], self.fingerprint[12..]);
        let session = match self.kind.as_str() {
            "rsa" => self.session_by_rsa(&session[9..]),
            _ => self.session_by_curve(&session[9..]),
        };
        assert_eq!((session[0], session.len()), (9, 35));
        let sum: u32 = session[1..33].iter().map(|byte| u32::from(*byte)).sum();
        assert_eq!(sum.to_be_bytes()[2..], session[33..]);

        let (tag, data, rest) = packet(rest);
        assert_eq!((tag, data[0], rest.len()), (18, 1, 0));
        let mut data = data[1..].to_vec();
        let key = UnboundCipherKey::new(&AES_256, &session[1..33]).unwrap();
        let nothing = DecryptionContext::Iv128(FixedLength::from([0; 16]));
        let key = DecryptingKey::cfb128(key).unwrap();
        key.decrypt(&mut data, nothing).unwrap();
        assert_eq!(data[14..16], data[16..18]);
        let (text, sum) = data.split_at(data.len() - 20);
        assert_eq!(digest(&SHA1_FOR_LEGACY_USE_ONLY, text).as_ref(), sum);
        let literal = text[18..].strip_suffix(&[0xd3, 0x14]).unwrap();
        let (tag, literal, rest) = packet(literal);
        assert_eq!(
            (tag, &literal[..6], rest.len()),
            (11, &b"b\0\0\0\0\0"[..], 0)
        );
        literal[6..].to_vec()
    }

    fn session_by_rsa(&self, body: &[u8]) -> Vec<u8> {
        assert_eq!(body[0], 1);
        let key = PrivateDecryptingKey::from_pkcs8(&self.secret).unwrap();
        let key = Pkcs1PrivateDecryptingKey::new(key).unwrap();
        let encrypted = number(&body[1..]).0;
        let mut padded = vec![0; key.key_size_bytes() - encrypted.len()];
        padded.extend_from_slice(encrypted);
        let mut session = vec![0; key.min_output_size()];
        key.decrypt(&padded, &mut session).unwrap().to_vec()
    }

    fn session_by_curve(&self, body: &[u8]) -> Vec<u8> {
        assert_eq!(body[0], 18);
        let (algorithm, curve) = match self.kind.as_str() {
            "curve25519" => (&agreement::X25519, "2b060104019755010501"),
            "p256" => (&agreement::ECDH_P256, "2a8648ce3d030107"),
            "p384" => (&agreement::ECDH_P384, "2b81040022"),
            "p521" => (&agreement::ECDH_P521, "2b81040023"),
            other => panic!("{other}?"),
        };
        let curve = unhex(curve);
        let (sent, wrapped) = number(&body[1..]);
        let sent = sent.strip_prefix(&[0x40]).unwrap_or(sent);
        let own = PrivateKey::from_private_key(algorithm, &self.secret).unwrap();
        let other = UnparsedPublicKey::new(algorithm, sent);
        let shared = agree(&own, other, (), |shared| Ok(shared.to_vec())).unwrap();

        let input = [
            &[0, 0, 0, 1][..],
            &shared,
            &[u8::try_from(curve.len()).unwrap()],
            &curve,
            &[18, 3, 1, self.hash, self.cipher],
            b"Anonymous Sender    ",
            &self.fingerprint,
        ];
        let hash = match self.hash {
            8 => &SHA256,
            9 => &SHA384,
            10 => &SHA512,
            other => panic!("hash {other}?"),
        };
        let derived = digest(hash, &input.concat());
        assert_eq!(usize::from(wrapped[0]), wrapped.len() - 1);
        let length = usize::from(self.cipher - 5) * 8;
        let session = unwrapped(&derived.as_ref()[..length], &wrapped[1..]);
        assert_eq!(session[35..], [5; 5]);
        session[..35].to_vec()
    }
}

/// RFC 3394, backwards.
fn unwrapped(key: &[u8], wrapped: &[u8]) -> Vec<u8> {
    let with = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        _ => &AES_256,
    };
    let key = UnboundCipherKey::new(with, key).unwrap();
    let key = DecryptingKey::ecb(key).unwrap();
    let (mut left, mut rest) = (wrapped[..8].to_vec(), wrapped[8..].to_vec());
    for step in (1..=rest.len() / 8 * 6).rev() {
        let at = (step - 1) % (rest.len() / 8) * 8;
        left[7] ^= u8::try_from(step).unwrap();
        let mut block = [&left, &rest[at..at + 8]].concat();
        key.decrypt(&mut block, DecryptionContext::None).unwrap();
        left.copy_from_slice(&block[..8]);
        rest[at..at + 8].copy_from_slice(&block[8..]);
    }
    assert_eq!(left, [0xa6; 8]);
    rest
}
