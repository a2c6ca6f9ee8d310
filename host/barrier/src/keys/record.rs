//! The stored form of a key, inside what the barrier seals.
//!
//! ```text
//!  version · kind · exportable · secret bytes
//!     1       1         1            any
//! ```

use super::{Key, KeyError, KeyKind};
use base::Secret;

const VERSION: u8 = 1;

impl Key {
    /// The record; an error for a public key, which is not stored.
    pub(crate) fn to_record(&self) -> Result<Vec<u8>, KeyError> {
        let secret = self.secret("be stored")?;
        let mut record = Vec::with_capacity(3 + secret.len());
        record.extend([
            VERSION,
            self.kind().to_byte(),
            u8::from(self.is_exportable()),
        ]);
        record.extend_from_slice(secret);
        Ok(record)
    }

    /// None for what [`to_record`](Self::to_record) cannot have given.
    pub(crate) fn from_record(record: &[u8]) -> Option<Self> {
        let ([VERSION, kind, exportable], secret) = record.split_first_chunk()? else {
            return None;
        };
        let exportable = match exportable {
            0 => false,
            1 => true,
            _ => return None,
        };
        let kind = KeyKind::from_byte(*kind)?;
        Some(Self::from_secret(
            kind,
            exportable,
            Secret::new(secret.to_vec()),
        ))
    }
}
