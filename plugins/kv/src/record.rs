//! What is kept of one versioned secret beside its data, and what happens to its versions. Pure: times
//! come in, changes go out.

use crate::custom::Custom;
use crate::settings::Settings;
use serde::{Deserialize, Serialize};

/// How many versions are kept where neither secret nor mount says it.
const VERSIONS_DEFAULT: u64 = 10;

/// How many versions one write lets go at most; after a limit was lowered, the next writes do the rest.
const PRUNED_MAX: u64 = 256;

/// One version, without its data. Times are milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, u64, u64, bool)", into = "(u64, u64, u64, bool)")]
pub(crate) struct Version {
    pub(crate) number: u64,
    pub(crate) created: u64,
    /// When it was or will be deleted; 0 for never.
    pub(crate) deleted: u64,
    /// Is its data gone for good?
    pub(crate) destroyed: bool,
}

impl From<(u64, u64, u64, bool)> for Version {
    fn from((number, created, deleted, destroyed): (u64, u64, u64, bool)) -> Self {
        Self {
            number,
            created,
            deleted,
            destroyed,
        }
    }
}

impl From<Version> for (u64, u64, u64, bool) {
    fn from(version: Version) -> Self {
        let Version {
            number,
            created,
            deleted,
            destroyed,
        } = version;
        (number, created, deleted, destroyed)
    }
}

impl Version {
    /// Can its data be read?
    pub(crate) fn is_readable(&self, now: u64) -> bool {
        !self.destroyed && !self.is_deleted(now)
    }

    fn is_deleted(&self, now: u64) -> bool {
        self.deleted != 0 && self.deleted <= now
    }
}

/// The entry at `metadata/<path>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Of this entry; 1.
    format: u8,
    /// Number of the newest version; 0 where there is none yet.
    pub(crate) current: u64,
    /// Versions below it were let go; 0 until the limit was reached.
    pub(crate) oldest: u64,
    pub(crate) created: u64,
    pub(crate) updated: u64,
    /// Counts changes of what follows.
    pub(crate) revision: u64,
    pub(crate) max_versions: u32,
    pub(crate) cas_required: bool,
    pub(crate) metadata_cas_required: bool,
    /// Seconds; 0 for never.
    pub(crate) delete_version_after: u64,
    #[serde(default, skip_serializing_if = "Custom::is_empty")]
    pub(crate) custom: Custom,
    /// Newest first.
    pub(crate) versions: Vec<Version>,
}

impl Record {
    /// A secret without versions.
    pub(crate) fn new(now: u64) -> Self {
        Self {
            format: 1,
            current: 0,
            oldest: 0,
            created: now,
            updated: now,
            revision: 0,
            max_versions: 0,
            cas_required: false,
            metadata_cas_required: false,
            delete_version_after: 0,
            custom: Custom::new(),
            versions: Vec::new(),
        }
    }

    /// A secret that was written when the mount was of version 1.
    pub(crate) fn of_unversioned(written: u64) -> Self {
        let mut record = Self::new(written);
        record.current = 1;
        record.oldest = 1;
        record.versions.push(Version {
            number: 1,
            created: written,
            deleted: 0,
            destroyed: false,
        });
        record
    }

    /// The version of this number; the newest for 0 and below.
    pub(crate) fn version(&self, number: i64) -> Option<&Version> {
        let number = match u64::try_from(number) {
            Ok(0) | Err(_) => self.current,
            Ok(number) => number,
        };
        self.versions.iter().find(|one| one.number == number)
    }

    /// Adds a version and gives the numbers of those that had to go for it.
    pub(crate) fn add(&mut self, settings: &Settings, now: u64) -> Vec<u64> {
        self.current += 1;
        self.updated = now;
        let version = Version {
            number: self.current,
            created: now,
            deleted: self.deletion_time(settings, now),
            destroyed: false,
        };
        self.versions.insert(0, version);
        self.prune(settings)
    }

    fn prune(&mut self, settings: &Settings) -> Vec<u64> {
        let limit = match u64::from(self.max_versions.max(settings.max_versions)) {
            0 => VERSIONS_DEFAULT,
            limit => limit,
        };
        let lowest = self.versions.last().map_or(0, |version| version.number);
        let oldest = (self.current + 1).saturating_sub(limit);
        self.oldest = self.oldest.max(oldest.min(lowest + PRUNED_MAX));
        let kept = self
            .versions
            .partition_point(|version| version.number >= self.oldest);
        let gone = self.versions.split_off(kept);
        // What was destroyed has no data left to let go.
        let with_data = gone.iter().filter(|version| !version.destroyed);
        with_data.map(|version| version.number).collect()
    }

    /// Deletes those of the versions that can be. Was there one?
    pub(crate) fn delete(&mut self, numbers: &[i64], now: u64) -> bool {
        self.change(numbers, |version| {
            if version.is_readable(now) {
                version.deleted = now;
            }
        })
    }

    /// Brings deleted versions back, for as long as a version made now would live.
    pub(crate) fn undelete(&mut self, numbers: &[i64], settings: &Settings, now: u64) -> bool {
        let deleted = self.deletion_time(settings, now);
        self.change(numbers, |version| {
            if !version.destroyed {
                version.deleted = deleted;
            }
        })
    }

    /// Marks versions as destroyed and gives the numbers of those whose data has to go.
    pub(crate) fn destroy(&mut self, numbers: &[i64]) -> Vec<u64> {
        let mut destroyed = Vec::new();
        self.change(numbers, |version| {
            if !version.destroyed {
                version.destroyed = true;
                destroyed.push(version.number);
            }
        });
        destroyed
    }

    fn change(&mut self, numbers: &[i64], mut change: impl FnMut(&mut Version)) -> bool {
        let mut changed = false;
        for version in &mut self.versions {
            if numbers
                .iter()
                .any(|number| u64::try_from(*number) == Ok(version.number))
            {
                let before = *version;
                change(version);
                changed |= before != *version;
            }
        }
        changed
    }

    /// When a version made now ends: the earlier of what secret and mount say; never where the mount
    /// forbids it.
    fn deletion_time(&self, settings: &Settings, now: u64) -> u64 {
        let Ok(of_mount) = u64::try_from(settings.delete_version_after) else {
            return 0;
        };
        let ends = [self.delete_version_after, of_mount];
        let seconds = ends.into_iter().filter(|seconds| *seconds > 0).min();
        seconds.map_or(0, |seconds| {
            now.saturating_add(seconds.saturating_mul(1000))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(max_versions: u32, delete_version_after: i64) -> Settings {
        Settings {
            max_versions,
            delete_version_after,
            ..Settings::default()
        }
    }

    fn numbers(record: &Record) -> Vec<u64> {
        record
            .versions
            .iter()
            .map(|version| version.number)
            .collect()
    }

    #[test]
    fn keeps_ten_versions_unless_told_otherwise() {
        let mut record = Record::new(1);
        for now in 2..11 {
            assert_eq!(record.add(&settings(0, 0), now), [0_u64; 0]);
            assert_eq!(record.oldest, 0);
        }
        assert_eq!(record.add(&settings(0, 0), 11), [0_u64; 0]);
        assert_eq!(record.oldest, 1);
        assert_eq!(record.add(&settings(0, 0), 12), [1]);
        assert_eq!((record.oldest, record.current), (2, 11));
        record.max_versions = 2;
        assert_eq!(record.add(&settings(3, 0), 13), [9, 8, 7, 6, 5, 4, 3, 2]);
        assert_eq!(numbers(&record), [12, 11, 10]);
        record.max_versions = 4;
        assert_eq!(record.add(&settings(3, 0), 14), [0_u64; 0]);
        assert_eq!(
            (numbers(&record), record.oldest),
            (vec![13, 12, 11, 10], 10)
        );
    }

    #[test]
    fn a_lowered_limit_is_reached_in_steps() {
        let mut record = Record::new(1);
        for now in 0..1000 {
            record.add(&settings(1000, 0), now);
        }
        record.add(&settings(1, 0), 1000);
        assert_eq!((record.versions.len(), record.oldest), (745, 257));
        for now in 0..3 {
            record.add(&settings(1, 0), 1001 + now);
        }
        assert_eq!(numbers(&record), [1004]);
    }

    #[test]
    fn a_destroyed_version_has_no_data_to_let_go() {
        let mut record = Record::new(1);
        record.add(&settings(1, 0), 2);
        assert_eq!(record.destroy(&[1, 1, 7, -1]), [1]);
        assert_eq!(record.destroy(&[1]), [0_u64; 0]);
        assert_eq!(record.add(&settings(1, 0), 3), [0_u64; 0]);
    }

    #[test]
    fn deleting_is_undone_but_not_destroying() {
        let mut record = Record::new(1);
        record.add(&settings(0, 0), 2);
        assert!(record.delete(&[1], 5));
        assert!(!record.delete(&[1], 6), "it was");
        assert!(!record.version(1).unwrap().is_readable(5));
        assert!(record.version(1).unwrap().is_readable(4));
        assert!(record.undelete(&[1], &settings(0, 0), 7));
        assert!(record.version(0).unwrap().is_readable(8));
        assert_eq!(record.destroy(&[1]), [1]);
        assert!(!record.undelete(&[1], &settings(0, 0), 9));
        assert!(!record.delete(&[1], 9));
        assert!(!record.version(-3).unwrap().is_readable(9));
    }

    #[test]
    fn the_earlier_end_holds() {
        let check = |of_secret, of_mount, ends| {
            let mut record = Record::new(1);
            record.delete_version_after = of_secret;
            record.add(&settings(0, of_mount), 1000);
            assert_eq!(
                record.version(0).unwrap().deleted,
                ends,
                "{of_secret} {of_mount}"
            );
        };
        check(0, 0, 0);
        check(5, 0, 6000);
        check(0, 5, 6000);
        check(5, 7, 6000);
        check(7, 5, 6000);
        check(7, -1, 0);
        check(u64::MAX, 0, u64::MAX);
    }

    #[test]
    fn the_entry_reads_back_and_old_entries_stay_readable() {
        let mut record = Record::of_unversioned(5);
        record.custom.insert("a".into(), "b".into());
        record.add(&settings(0, 3), 9);
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(
            text,
            r#"{"format":1,"current":2,"oldest":1,"created":5,"updated":9,"revision":0,"max_versions":0,"cas_required":false,"metadata_cas_required":false,"delete_version_after":0,"custom":{"a":"b"},"versions":[[2,9,3009,false],[1,5,0,false]]}"#
        );
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }
}
