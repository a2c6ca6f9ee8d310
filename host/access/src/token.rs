//! What is stored of a token, and how long it lives.

use crate::TokenHash;
use base::{MountId, NamespaceId, Timestamp, TokenKind};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A stored token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Names it without being it.
    pub accessor: String,
    /// Its parent; None for an orphan.
    pub parent: Option<TokenHash>,
    /// The namespace it was made in.
    pub namespace: NamespaceId,
    /// Sorted, each once.
    pub policies: Vec<String>,
    /// The path that made it: `auth/token/create`.
    pub path: String,
    /// For people and audit.
    pub display_name: String,
    /// Given at creation or by the login.
    pub metadata: BTreeMap<String, String>,
    /// Service or batch.
    pub kind: TokenKind,
    /// Uses it has left; zero for any number.
    pub uses_left: u32,
    /// When it was made.
    pub created: Timestamp,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// When it ends; None for never.
    pub expires: Option<Timestamp>,
    /// When it was last renewed.
    pub last_renewal: Option<Timestamp>,
    /// Entity; empty for none.
    pub entity_id: String,
    /// Role it was made by; empty for none.
    pub role: String,
    /// Networks it may be used from; empty for all.
    pub bound_cidrs: Vec<String>,
    /// The auth method that granted it, with which it ends; None for tokens made of tokens.
    #[serde(default)]
    pub method: Option<MountId>,
}

/// The terms a token was made on, in seconds; zero for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifetime {
    /// At creation.
    pub ttl: u64,
    /// It never lives longer than this, renewed or not.
    pub explicit_max: u64,
    /// A periodic token: each renewal gives this much again, for ever.
    pub period: u64,
    /// The mount's and the system's maximum when it was made; does not bind a periodic token.
    pub max: u64,
    /// May it be renewed?
    pub renewable: bool,
}

impl Lifetime {
    /// Until when a token made at `created` lives that is given `wanted` seconds at `now` (zero for
    /// as much as it had at first). None for ever.
    pub fn ends(&self, created: Timestamp, now: Timestamp, wanted: u64) -> Option<Timestamp> {
        let seconds = match (self.period, wanted) {
            (0, 0) => self.ttl,
            (0, wanted) => wanted,
            (period, _) => period,
        };
        let after = |from: Timestamp, seconds: u64| from.plus(Duration::from_secs(seconds));
        let mut end = (seconds > 0).then(|| after(now, seconds));
        let caps = [
            self.explicit_max,
            if self.period > 0 { 0 } else { self.max },
        ];
        for cap in caps.into_iter().filter(|cap| *cap > 0) {
            let cap = after(created, cap);
            // A token that would live for ever is bound by its caps only if it asked for an end.
            if end.is_some_and(|end| end > cap) || (end.is_none() && cap_binds(self)) {
                end = Some(cap);
            }
        }
        end
    }
}

/// A root token asks for no end at all, and has none; an explicit maximum binds it still.
const fn cap_binds(lifetime: &Lifetime) -> bool {
    lifetime.explicit_max > 0
}

impl Token {
    /// Is it still alive?
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now < end)
    }

    /// Is it a root token?
    pub fn is_root(&self) -> bool {
        self.policies.iter().any(|policy| policy == "root")
    }

    /// How long it still lives; zero for ever.
    pub fn remaining(&self, now: Timestamp) -> Duration {
        self.expires.map_or(Duration::ZERO, |end| end.since(now))
    }

    /// May it be renewed now?
    pub fn is_renewable(&self) -> bool {
        self.lifetime.renewable && self.expires.is_some()
    }

    /// The id of the lease that ends it.
    pub fn lease_id(&self, hash: &TokenHash) -> String {
        format!("{}/h{hash}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn ends() {
        let check = |lifetime: Lifetime, now: u64, wanted: u64, expected: Option<u64>| {
            assert_eq!(
                lifetime.ends(at(100), at(now), wanted),
                expected.map(at),
                "{lifetime:?}"
            );
        };
        let plain = Lifetime {
            ttl: 50,
            max: 200,
            renewable: true,
            ..Lifetime::default()
        };
        check(plain, 100, 0, Some(150));
        check(plain, 140, 0, Some(190));
        check(plain, 290, 0, Some(300));
        check(plain, 140, 1000, Some(300));
        let periodic = Lifetime {
            period: 30,
            max: 200,
            ..plain
        };
        check(periodic, 1000, 0, Some(1030));
        check(periodic, 1000, 5000, Some(1030));
        let bounded = Lifetime {
            explicit_max: 60,
            ..periodic
        };
        check(bounded, 150, 0, Some(160));
        check(Lifetime::default(), 100, 0, None);
        check(
            Lifetime {
                explicit_max: 10,
                ..Lifetime::default()
            },
            100,
            0,
            Some(110),
        );
    }
}
