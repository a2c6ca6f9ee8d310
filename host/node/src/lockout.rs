//! Users who are locked out, after too many wrong secrets. What is counted is memory of this node.

use crate::parts::Settings;
use crate::unsealed::Unsealed;
use base::Refusal;
use core::time::Duration;
use gate::LockoutRules;
use mount::{MountEntry, MountKind, UserLockout};
use plugin::{CallError, FailureKind};
use std::sync::Arc;

/// The methods whose users are locked out: who tries their secrets guesses what people chose, or what
/// machines were handed. What others take is signed by somebody else.
pub(crate) const METHODS: [&str; 3] = ["userpass", "approle", "ldap"];

/// What the operator's configuration says of all methods.
pub(crate) const ALL: &str = "all";

/// When users of a mount are locked out; None for never. What the mount was tuned to comes first, then
/// what the configuration says of its method, then what it says of all.
pub(crate) fn rules(settings: &Settings, entry: &MountEntry) -> Option<LockoutRules> {
    if entry.kind != MountKind::Auth || !METHODS.contains(&entry.plugin.as_str()) {
        return None;
    }
    let configured = |name: &str| settings.user_lockout.get(name).copied();
    let layers = [
        entry.config.user_lockout,
        configured(&entry.plugin),
        configured(ALL),
    ];
    let said = || layers.iter().flatten();
    if said().find_map(|layer| layer.disable) == Some(true) {
        return None;
    }
    let usual = LockoutRules::default();
    let number = |of: fn(&UserLockout) -> u64| said().map(of).find(|number| *number > 0);
    let seconds = |of, usual| number(of).map_or(usual, Duration::from_secs);
    Some(LockoutRules {
        threshold: number(|layer| layer.threshold).unwrap_or(usual.threshold),
        duration: seconds(|layer| layer.duration, usual.duration),
        counter_reset: seconds(|layer| layer.counter_reset, usual.counter_reset),
    })
}

/// A login with a name that can be locked out.
pub(crate) struct Guard<'a> {
    node: &'a Arc<Unsealed>,
    entry: &'a MountEntry,
    name: &'a str,
    rules: LockoutRules,
}

impl<'a> Guard<'a> {
    /// For a login with this name; None where nobody is locked out.
    pub(crate) fn of(
        node: &'a Arc<Unsealed>,
        entry: &'a MountEntry,
        name: Option<&'a str>,
    ) -> Option<Self> {
        let rules = rules(&node.parts.settings, entry)?;
        let name = name.filter(|name| !name.is_empty())?;
        Some(Self {
            node,
            entry,
            name,
            rules,
        })
    }

    /// Refuses who is locked out, with the words for a token that is none.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let (id, now) = (self.entry.id, self.node.now());
        match self
            .node
            .lockouts
            .is_locked(id, self.name, &self.rules, now)
        {
            true => Err(Refusal::denied()),
            false => Ok(()),
        }
    }

    /// Counts a wrong secret; no other failure.
    pub(crate) fn note_failure(&self, error: &CallError) {
        if let CallError::Failure(failure) = error
            && failure.kind == FailureKind::InvalidCredentials
        {
            let (id, now) = (self.entry.id, self.node.now());
            self.node.lockouts.failed(id, self.name, &self.rules, now);
        }
    }

    /// Takes note that the secret was right, and refuses all the same where others that ran meanwhile
    /// locked the name: as many guesses at once are no more than as many after each other.
    pub(crate) fn succeed(&self) -> Result<(), Refusal> {
        self.check()?;
        self.node.lockouts.forget(self.entry.id, self.name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Entropy;
    use mount::MountPath;

    struct Zero;
    impl Entropy for Zero {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn entry(plugin: &str, tuned: Option<UserLockout>) -> MountEntry {
        let path = MountPath::parse("auth/a").unwrap();
        let mut entry = MountEntry::make(MountKind::Auth, path, plugin, &Zero);
        entry.config.user_lockout = tuned;
        entry
    }

    const fn said(threshold: u64, duration: u64, disable: Option<bool>) -> UserLockout {
        UserLockout {
            threshold,
            duration,
            counter_reset: 0,
            disable,
        }
    }

    #[test]
    fn the_nearest_word_counts() {
        let configured = [
            (String::from(ALL), said(9, 90, None)),
            (String::from("approle"), said(0, 30, Some(true))),
        ];
        let settings = Settings {
            user_lockout: configured.into(),
            ..Settings::default()
        };
        // Method, what it was tuned to; threshold and seconds.
        let check = |method, tuned, expected: Option<(u64, u64)>| {
            let found = rules(&settings, &entry(method, tuned));
            let found = found.map(|rules| (rules.threshold, rules.duration.as_secs()));
            assert_eq!(found, expected, "{method} {tuned:?}");
        };
        check("userpass", None, Some((9, 90)));
        check("userpass", Some(said(2, 0, None)), Some((2, 90)));
        check("userpass", Some(said(2, 0, Some(true))), None);
        check("approle", None, None);
        check("approle", Some(said(0, 0, Some(false))), Some((9, 30)));
        check("ldap", None, Some((9, 90)));
        check("jwt", None, None);
        let usual = rules(&Settings::default(), &entry("userpass", None));
        assert_eq!(usual, Some(LockoutRules::default()));
    }
}
