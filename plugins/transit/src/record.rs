//! What there is to know of a key without its bytes, and which of its versions may be used. Pure.

use crate::kind::Kind;
use sdk::{Result, invalid};
use serde::{Deserialize, Serialize};

const FORMAT: u8 = 1;

/// Shortest period after which a key is rotated by itself.
const ROTATE_SECONDS_MIN: u64 = 60 * 60;

/// One key. What is false or zero is not written, so that the entry stays small: each request reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    format: u8,
    pub(crate) kind: Kind,
    /// Versions are counted from 1.
    pub(crate) latest: u64,
    /// When that version was made. Milliseconds since the epoch.
    pub(crate) latest_made: u64,
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub(crate) min_decryption: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) min_encryption: u64,
    /// Older ones were removed for good.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) min_available: u64,
    /// Seconds; 0 for never.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) auto_rotate: u64,
    /// Length of an HMAC key in bytes, where it was chosen here.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) key_bytes: u64,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) derived: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) convergent: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) exportable: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) plaintext_backup: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) deletion_allowed: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) soft_deleted: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) imported: bool,
    /// May an imported key get versions that are made here?
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) rotatable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) backed_up: Option<Stamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) restored: Option<Stamp>,
}

/// When something was done, and which version was the latest then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    /// Milliseconds since the epoch.
    pub(crate) at: u64,
    pub(crate) version: u64,
}

const fn first() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
const fn is_first(version: &u64) -> bool {
    *version == 1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// What may be changed of a key.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Changes {
    pub(crate) min_decryption: Option<i64>,
    pub(crate) min_encryption: Option<i64>,
    pub(crate) auto_rotate: Option<u64>,
    pub(crate) deletion_allowed: Option<bool>,
    pub(crate) exportable: bool,
    pub(crate) plaintext_backup: bool,
}

/// What is said of a version that may not be used.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Encryption,
    Signing,
    Hmac,
}

/// Refuses a period that is too short.
pub(crate) fn check_auto_rotate(seconds: u64) -> Result<()> {
    match seconds {
        0 | ROTATE_SECONDS_MIN.. => Ok(()),
        _ => Err(invalid(
            "auto rotate period must be 0 to disable or at least an hour",
        )),
    }
}

impl Record {
    /// A key without versions.
    pub(crate) const fn new(kind: Kind) -> Self {
        Self {
            format: FORMAT,
            kind,
            latest: 0,
            latest_made: 0,
            min_decryption: 1,
            min_encryption: 0,
            min_available: 0,
            auto_rotate: 0,
            key_bytes: 0,
            derived: false,
            convergent: false,
            exportable: false,
            plaintext_backup: false,
            deletion_allowed: false,
            soft_deleted: false,
            imported: false,
            rotatable: false,
            backed_up: None,
            restored: None,
        }
    }

    /// Refuses a key that was set aside.
    pub(crate) fn check_alive(&self) -> Result<()> {
        match self.soft_deleted {
            true => Err(invalid("refusing to use soft-deleted key")),
            false => Ok(()),
        }
    }

    /// The version with which something is made: 0 for the latest.
    pub(crate) fn to_make(&self, asked: i64, purpose: Purpose) -> Result<u64> {
        let word = match purpose {
            Purpose::Encryption => "encryption",
            Purpose::Signing => "signing",
            Purpose::Hmac => return self.to_mac(asked),
        };
        let refused = |what| invalid(format!("requested version for {word} is {what}"));
        let Ok(version) = u64::try_from(asked) else {
            return Err(refused("negative"));
        };
        match version {
            0 => Ok(self.latest),
            version if version > self.latest => Err(refused("higher than the latest key version")),
            version if version < self.least_to_make() => {
                Err(refused("less than the minimum encryption key version"))
            }
            version => Ok(version),
        }
    }

    fn to_mac(&self, asked: i64) -> Result<u64> {
        let Ok(version) = u64::try_from(asked) else {
            return Err(invalid("key version does not exist (cannot be negative)"));
        };
        match version {
            0 => Ok(self.latest),
            version if version > self.latest => Err(invalid(format!(
                "key version does not exist; latest key version is {}",
                self.latest
            ))),
            version if version < self.least_to_make() => Err(invalid(
                "cannot generate HMAC: version is too old (disallowed by policy)",
            )),
            version => Ok(version),
        }
    }

    /// Versions that were removed cannot be used, whatever else is allowed.
    fn least_to_make(&self) -> u64 {
        self.min_encryption.max(self.min_available)
    }

    /// The version that made something which is called `what`.
    pub(crate) fn that_made(&self, version: i64, what: &str) -> Result<u64> {
        let too_old =
            || invalid("ciphertext or signature version is disallowed by policy (too old)");
        let version = u64::try_from(version).map_err(|_| too_old())?;
        if version > self.latest {
            return Err(invalid(format!("invalid {what}: version is too new")));
        }
        match version < self.min_decryption {
            true => Err(too_old()),
            false => Ok(version),
        }
    }

    /// Takes what may be changed. True where a version of 0 was taken for 1.
    pub(crate) fn change(&mut self, changes: Changes) -> Result<bool> {
        let latest = self.latest;
        let number = |asked: i64, word: &str| -> Result<u64> {
            let Ok(version) = u64::try_from(asked) else {
                return Err(invalid(format!("min {word} version cannot be negative")));
            };
            match version > latest {
                true => Err(invalid(format!(
                    "cannot set min {word} version of {version}, latest key version is {latest}"
                ))),
                false => Ok(version),
            }
        };
        if let Some(asked) = changes.min_decryption {
            self.min_decryption = number(asked, "decryption")?.max(1);
        }
        if let Some(asked) = changes.min_encryption {
            self.min_encryption = number(asked, "encryption")?;
        }
        self.check_minimums()?;
        if let Some(seconds) = changes.auto_rotate {
            check_auto_rotate(seconds)?;
            self.auto_rotate = seconds;
        }
        self.deletion_allowed = changes.deletion_allowed.unwrap_or(self.deletion_allowed);
        // Neither is ever taken back.
        self.exportable |= changes.exportable;
        self.plaintext_backup |= changes.plaintext_backup;
        Ok(changes.min_decryption == Some(0))
    }

    fn check_minimums(&self) -> Result<()> {
        let (encryption, decryption) = (self.min_encryption, self.min_decryption);
        if encryption > 0 && encryption < decryption {
            return Err(invalid(format!(
                "cannot set min encryption/decryption values; min encryption version of {encryption} must be \
                 greater than or equal to min decryption version of {decryption}"
            )));
        }
        if decryption < self.min_available {
            return Err(invalid(
                "min decryption version should not be less then min available version",
            ));
        }
        if encryption < self.min_available {
            return Err(invalid(
                "min encryption version should not be less than min available version",
            ));
        }
        Ok(())
    }

    /// Lets go of the versions before `asked`, and says which those are.
    pub(crate) fn trim(&mut self, asked: i64) -> Result<core::ops::Range<u64>> {
        let refused = |what: &str| Err(invalid(format!("minimum available version {what}")));
        let Some(version) = u64::try_from(asked)
            .ok()
            .filter(|it| *it >= self.min_available)
        else {
            return refused("cannot be decremented");
        };
        if self.min_encryption == 0 {
            return refused("cannot be set when minimum encryption version is not set");
        }
        if version > self.min_encryption {
            return refused("cannot be greater than minmum encryption version");
        }
        if version > self.min_decryption {
            return refused("cannot be greater than minimum decryption version");
        }
        if version == 0 {
            return refused("should be positive");
        }
        let gone = self.min_available.max(1)..version;
        self.min_available = version;
        Ok(gone)
    }

    /// The versions that there are.
    pub(crate) fn available(&self) -> core::ops::RangeInclusive<u64> {
        self.min_available.max(1)..=self.latest
    }

    /// The versions that callers are shown.
    pub(crate) const fn shown(&self) -> core::ops::RangeInclusive<u64> {
        self.min_decryption..=self.latest
    }

    /// Refuses what no version of an imported key may do unless it was imported so.
    pub(crate) fn check_rotatable(&self, name: &str) -> Result<()> {
        match self.imported && !self.rotatable {
            true => Err(invalid(format!(
                "imported key {name} does not allow rotation within Vault"
            ))),
            false => Ok(()),
        }
    }

    /// When it is rotated by itself; `None` for never. Milliseconds since the epoch.
    pub(crate) fn due(&self) -> Option<u64> {
        let may = !self.soft_deleted && (self.rotatable || !self.imported);
        let rotates = may && self.auto_rotate > 0;
        let period = self.auto_rotate.saturating_mul(1000);
        rotates.then(|| self.latest_made.saturating_add(period))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(latest: u64) -> Record {
        Record {
            latest,
            ..Record::new(Kind::Aes256Gcm96)
        }
    }

    fn minimums(decryption: i64, encryption: i64) -> Changes {
        Changes {
            min_decryption: Some(decryption),
            min_encryption: Some(encryption),
            ..Changes::default()
        }
    }

    #[test]
    fn the_entry_is_small_and_reads_back() {
        let text = serde_json::to_string(&record(1)).unwrap();
        assert_eq!(
            text,
            r#"{"format":1,"kind":"aes256-gcm96","latest":1,"latest_made":0}"#
        );
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record(1));
        let full = Record {
            min_decryption: 2,
            exportable: true,
            backed_up: Some(Stamp { at: 5, version: 1 }),
            ..record(3)
        };
        let text = serde_json::to_string(&full).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), full);
    }

    #[test]
    fn which_version_makes() {
        let mut key = record(5);
        key.change(minimums(1, 3)).unwrap();
        let check = |asked, version: Result<u64, &str>| {
            let made = key.to_make(asked, Purpose::Signing);
            assert_eq!(
                made.map_err(|failure| failure.message),
                version.map_err(|what| { format!("requested version for signing is {what}") })
            );
        };
        check(0, Ok(5));
        check(3, Ok(3));
        check(6, Err("higher than the latest key version"));
        check(2, Err("less than the minimum encryption key version"));
        check(-1, Err("negative"));
        assert_eq!(key.to_make(4, Purpose::Hmac), Ok(4));
        for asked in [-1, 2, 6] {
            assert!(key.to_make(asked, Purpose::Hmac).is_err());
        }
    }

    #[test]
    fn nothing_exportable_is_taken_back() {
        let mut key = record(1);
        let granting = Changes {
            exportable: true,
            plaintext_backup: true,
            ..Changes::default()
        };
        key.change(granting).unwrap();
        key.change(Changes::default()).unwrap();
        assert!(key.exportable && key.plaintext_backup);
    }

    #[test]
    fn when_it_is_due() {
        let due = |with: fn(&mut Record)| {
            let mut key = Record {
                latest_made: 1000,
                auto_rotate: 3600,
                ..record(1)
            };
            with(&mut key);
            key.due()
        };
        assert_eq!(due(|_| {}), Some(3_601_000));
        assert_eq!(due(|key| key.auto_rotate = 0), None);
        assert_eq!(due(|key| key.soft_deleted = true), None);
        assert_eq!(due(|key| key.imported = true), None, "it must not rotate");
        assert_eq!(due(|key| key.auto_rotate = u64::MAX), Some(u64::MAX));
    }

    #[derive(Clone, Copy, Debug)]
    enum Act {
        Rotate,
        Change(Option<i64>, Option<i64>),
        Trim(i64),
    }

    fn act() -> impl Strategy<Value = Act> {
        let version = || prop::option::of(-1_i64..8);
        prop_oneof![
            Just(Act::Rotate),
            (version(), version()).prop_map(|(one, other)| Act::Change(one, other)),
            (-1_i64..8).prop_map(Act::Trim),
        ]
    }

    proptest! {
        /// Whatever is done: what may be used is there, what is gone stays gone, and nothing is let go twice.
        #[test]
        fn versions_keep_their_order(acts in prop::collection::vec(act(), 1..40)) {
            let mut key = record(1);
            let mut there: std::collections::BTreeSet<u64> = [1].into();
            for act in acts {
                let before = key.clone();
                let refused = match act {
                    Act::Rotate => {
                        key.latest += 1;
                        there.insert(key.latest);
                        false
                    }
                    Act::Change(decryption, encryption) => {
                        let changes = Changes { min_decryption: decryption, min_encryption: encryption, ..Changes::default() };
                        key.change(changes).is_err()
                    }
                    Act::Trim(version) => match key.trim(version) {
                        Ok(gone) => {
                            for version in gone {
                                prop_assert!(there.remove(&version));
                            }
                            false
                        }
                        Err(_) => true,
                    },
                };
                if refused {
                    // A caller drops what was refused.
                    key = before;
                }
                prop_assert!(key.available().eq(there.iter().copied()));
                prop_assert!(key.shown().all(|version| there.contains(&version)));
                prop_assert!(key.min_decryption >= 1 && key.min_decryption <= key.latest);
                prop_assert!(key.min_encryption == 0 || key.min_encryption >= key.min_decryption);
                for asked in -1..9 {
                    if let Ok(version) = key.to_make(asked, Purpose::Encryption) {
                        prop_assert!(there.contains(&version));
                    }
                    if let Ok(version) = key.that_made(asked, "ciphertext") {
                        prop_assert!(there.contains(&version));
                    }
                }
            }
        }
    }
}
