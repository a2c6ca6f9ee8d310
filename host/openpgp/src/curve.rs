//! Curves on which keys agree.

use aws_lc_rs::agreement::{
    Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey, X25519, agree,
};
use base::{Entropy, Secret};
use zeroize::Zeroizing;

/// A curve of keys for encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    Curve25519,
    P256,
    P384,
    P521,
}

/// A curve of keys for signatures that is none for encryption.
pub(crate) const ED25519: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01];

/// How often a private key is drawn: one in four billion numbers is none of the curves.
const DRAWS_MAX: usize = 16;

impl Curve {
    const ALL: [Self; 4] = [Self::Curve25519, Self::P256, Self::P384, Self::P521];

    /// The curve of an object identifier.
    pub(crate) fn of(identifier: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|curve| curve.identifier() == identifier)
    }

    /// Its object identifier, without type and length.
    pub(crate) const fn identifier(self) -> &'static [u8] {
        match self {
            Self::Curve25519 => &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01],
            Self::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
            Self::P384 => &[0x2b, 0x81, 0x04, 0x00, 0x22],
            Self::P521 => &[0x2b, 0x81, 0x04, 0x00, 0x23],
        }
    }

    /// What stands before a point, and how long the point is with it.
    pub(crate) const fn point(self) -> (u8, usize) {
        match self {
            Self::Curve25519 => (0x40, 33),
            Self::P256 => (0x04, 65),
            Self::P384 => (0x04, 97),
            Self::P521 => (0x04, 133),
        }
    }

    fn algorithm(self) -> &'static Algorithm {
        match self {
            Self::Curve25519 => &X25519,
            Self::P256 => &ECDH_P256,
            Self::P384 => &ECDH_P384,
            Self::P521 => &ECDH_P521,
        }
    }

    /// Length of a private key, and what its first byte may hold.
    const fn scalar(self) -> (usize, u8) {
        match self {
            Self::Curve25519 | Self::P256 => (32, 0xff),
            Self::P384 => (48, 0xff),
            Self::P521 => (66, 0x01),
        }
    }

    /// Agrees with the owner of a point: with the point to send, and what only the two know. None for a
    /// point that is not of the curve, or of those with which nothing is agreed on.
    pub(crate) fn agree(
        self,
        point: &[u8],
        entropy: &dyn Entropy,
    ) -> Option<(Vec<u8>, Secret<Vec<u8>>)> {
        let own = (0..DRAWS_MAX).find_map(|_| self.make_private(entropy))?;
        let public = own.compute_public_key().ok()?;
        let mark = self.point().0;
        let (sent, other) = match self {
            Self::Curve25519 => (
                [&[mark], public.as_ref()].concat(),
                point.strip_prefix(&[mark])?,
            ),
            _ => (public.as_ref().to_vec(), point),
        };
        let other = UnparsedPublicKey::new(self.algorithm(), other);
        let shared = agree(&own, other, (), |shared| Ok(Secret::new(shared.to_vec())));
        shared.ok().map(|shared| (sent, shared))
    }

    fn make_private(self, entropy: &dyn Entropy) -> Option<PrivateKey> {
        let (length, first_max) = self.scalar();
        let mut bytes = Zeroizing::new(vec![0; length]);
        entropy.fill(&mut bytes);
        if let Some(first) = bytes.first_mut() {
            *first &= first_max;
        }
        PrivateKey::from_private_key(self.algorithm(), &bytes).ok()
    }
}
