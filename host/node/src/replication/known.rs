//! The secondaries of a primary: made, shown, revoked.

use super::records::KnownSecondary;
use crate::refusal::from_barrier;
use barrier::Transaction;
use base::Refusal;
use locality::{PhysicalKey, SystemKey};

/// The longest name.
const ID_BYTES_MAX: usize = 128;

/// Checks the name of a secondary: word characters, with `-` and `.` inside.
pub(crate) fn check_id(id: &str) -> Result<(), Refusal> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = id.as_bytes();
    let ends_fine =
        bytes.first().copied().is_some_and(is_word) && bytes.last().copied().is_some_and(is_word);
    let inside = bytes
        .iter()
        .all(|byte| is_word(*byte) || matches!(byte, b'-' | b'.'));
    match ends_fine && inside && bytes.len() <= ID_BYTES_MAX {
        true => Ok(()),
        false => Err(Refusal::invalid(
            "id must be of letters, digits and underscores, with dashes and dots inside",
        )),
    }
}

/// By what a certificate is known: its SHA-256, hexadecimal.
pub(crate) fn fingerprint(certificate: &[u8]) -> String {
    use core::fmt::Write as _;
    let bytes = authority::fingerprint(certificate);
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The secondary of a name, if it is known.
pub(crate) fn stored(tx: &mut Transaction, id: &str) -> Result<Option<KnownSecondary>, Refusal> {
    tx.read_json(&SystemKey::known_secondary(id))
        .map_err(from_barrier)
}

/// All that are known, revoked ones as well.
pub(crate) fn all(tx: &mut Transaction) -> Result<Vec<KnownSecondary>, Refusal> {
    let records = tx.records(&SystemKey::known_secondaries(), None, usize::MAX);
    let records: Vec<(PhysicalKey, KnownSecondary)> = records.map_err(from_barrier)?;
    Ok(records.into_iter().map(|(_, record)| record).collect())
}

/// Stores a secondary.
pub(crate) fn store(tx: &mut Transaction, record: &KnownSecondary) -> Result<(), Refusal> {
    tx.write_json(&SystemKey::known_secondary(&record.id), record)
        .map_err(from_barrier)
}

#[cfg(test)]
mod tests {
    use super::check_id;

    #[test]
    fn names() {
        for fine in ["c", "eu-west.1", "a_b", "1"] {
            assert!(check_id(fine).is_ok(), "{fine}");
        }
        for wrong in ["", "-a", "a-", ".", "a/b", "a b", "ä", &"a".repeat(129)] {
            assert!(check_id(wrong).is_err(), "{wrong}");
        }
    }
}
