//! What is stored of a token, and how long it lives.

use crate::TokenHash;
use base::{MountId, NamespaceId, Timestamp, TokenKind};
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a request may take with the last use of its token.
const SPENT_WITHIN: Duration = Duration::from_secs(600);

/// The policy of wrapping tokens, which no other token can have.
pub const WRAPPING_POLICY: &str = "response-wrapping";

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
    /// Is its last use under way? It has no other, and ends with that request.
    #[serde(default)]
    pub is_spent: bool,
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

/// Until when a token may live, and what had to be cut from what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    /// None for ever.
    pub end: Option<Timestamp>,
    /// None where all was granted.
    pub capped: Option<Capped>,
}

/// What was more than may be, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capped {
    /// The time to live.
    Ttl {
        /// What was asked.
        asked: u64,
        /// What is left.
        max: u64,
    },
    /// The period.
    Period {
        /// What was asked.
        asked: u64,
        /// What may be.
        max: u64,
    },
}

/// The lesser of two limits, where zero is none.
const fn least(one: u64, other: u64) -> u64 {
    match (one, other) {
        (0, limit) | (limit, 0) => limit,
        (one, other) if one < other => one,
        (_, other) => other,
    }
}

impl Lifetime {
    /// Until when a token made at `created` lives that is given `wanted` seconds at `now` (zero for
    /// as much as it had at first).
    ///
    /// A periodic token gets its period, again and again; no maximum but its explicit one counts
    /// from its creation. A token that asks for no end at all, as root does, is bound by its
    /// explicit maximum alone.
    pub fn grant(&self, created: Timestamp, now: Timestamp, wanted: u64) -> Granted {
        let after = |from: Timestamp, seconds: u64| from.plus(Duration::from_secs(seconds));
        let max = least(self.max, self.explicit_max);
        let mut capped = None;
        let (seconds, bound) = if self.period > 0 {
            let seconds = least(self.period, max);
            if seconds < self.period {
                let asked = self.period;
                capped = Some(Capped::Period { asked, max });
            }
            (seconds, self.explicit_max)
        } else {
            let seconds = if wanted > 0 { wanted } else { self.ttl };
            let bound = if seconds > 0 { max } else { self.explicit_max };
            (seconds, bound)
        };
        let mut end = (seconds > 0).then(|| after(now, seconds));
        if bound > 0 {
            let last = after(created, bound);
            if end.is_some_and(|end| end > last) {
                let left = last.since(now);
                let max = Duration::from_millis(500).saturating_add(left).as_secs();
                capped = capped.or(Some(Capped::Ttl {
                    asked: seconds,
                    max,
                }));
            }
            end = Some(end.map_or(last, |end| end.min(last)));
        }
        Granted { end, capped }
    }

    /// The end that [`grant`](Self::grant) gives.
    pub fn ends(&self, created: Timestamp, now: Timestamp, wanted: u64) -> Option<Timestamp> {
        self.grant(created, now, wanted).end
    }

    /// The same within further limits, as the role of a token sets them; zero for none.
    #[must_use]
    pub const fn within(mut self, period: u64, explicit_max: u64) -> Self {
        self.period = least(self.period, period);
        self.explicit_max = least(self.explicit_max, explicit_max);
        self
    }
}

impl Token {
    /// Can it still be used?
    pub fn is_alive(&self, now: Timestamp) -> bool {
        !self.is_spent && self.expires.is_none_or(|end| now < end)
    }

    /// Takes one of its uses, where they are counted. With the last one it is spent, and what is
    /// left of it ends soon, also where nobody is left to end it.
    pub fn spend(&mut self, now: Timestamp) {
        if self.uses_left == 0 {
            return;
        }
        self.uses_left -= 1;
        if self.uses_left == 0 {
            self.is_spent = true;
            let soon = now.plus(SPENT_WITHIN);
            self.expires = Some(self.expires.map_or(soon, |end| end.min(soon)));
        }
    }

    /// Does it stand for a wrapped answer?
    pub fn is_wrapping(&self) -> bool {
        self.policies == [WRAPPING_POLICY]
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
        let id = format!("{}/h{hash}", self.path.trim_end_matches('/'));
        self.namespace.mark(id)
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

    #[test]
    fn what_is_cut_is_told() {
        let lifetime = Lifetime {
            ttl: 50,
            max: 200,
            ..Lifetime::default()
        };
        let check = |lifetime: Lifetime, now: u64, wanted: u64, expected: Option<Capped>| {
            assert_eq!(lifetime.grant(at(100), at(now), wanted).capped, expected);
        };
        check(lifetime, 100, 200, None);
        let (asked, max) = (201, 200);
        check(lifetime, 100, 201, Some(Capped::Ttl { asked, max }));
        let (asked, max) = (300, 200);
        let periodic = Lifetime {
            period: 300,
            ..lifetime
        };
        check(periodic, 1000, 0, Some(Capped::Period { asked, max }));
        check(periodic.within(100, 0), 1000, 0, None);
    }

    #[test]
    fn uses_run_out_and_unlimited_ones_do_not() {
        let mut token = crate::testing::token();
        token.uses_left = 2;
        token.spend(at(1));
        assert!(token.is_alive(at(1)) && token.uses_left == 1);
        token.spend(at(1));
        assert!(!token.is_alive(at(1)) && token.is_spent);
        assert!(token.expires.is_some());
        let mut free = crate::testing::token();
        free.spend(at(1));
        assert!(free.is_alive(at(1)) && !free.is_spent);
    }

    /// Second by second: what the terms say, and nothing of how they are worked out.
    fn naive(lifetime: Lifetime, created: u64, now: u64, wanted: u64) -> Option<u64> {
        let asked = match (lifetime.period, wanted) {
            (0, 0) => lifetime.ttl,
            (0, wanted) => wanted,
            (period, _) => period,
        };
        let forever = asked == 0 && lifetime.explicit_max == 0;
        let lives = |second: u64| {
            let age = second - created;
            let within_asked = asked == 0 || second - now < asked;
            let within_explicit = lifetime.explicit_max == 0 || age < lifetime.explicit_max;
            let within_max = match (lifetime.max, lifetime.period) {
                (0, _) => true,
                (_, 0) => asked == 0 || age < lifetime.max,
                (max, _) => second - now < max,
            };
            let of_period = lifetime.period > 0 && lifetime.explicit_max > 0;
            let within_each = !of_period || second - now < lifetime.explicit_max;
            within_asked && within_explicit && within_max && within_each
        };
        (!forever).then(|| (now..).find(|second| !lives(*second)).unwrap())
    }

    proptest::proptest! {
        #[test]
        fn ends_as_a_naive_model_says(
            ttl in 0_u64..40,
            explicit_max in 0_u64..40,
            period in 0_u64..40,
            max in 0_u64..40,
            age in 0_u64..40,
            wanted in 0_u64..60,
        ) {
            let lifetime = Lifetime { ttl, explicit_max, period, max, renewable: true };
            let (created, now) = (100, 100 + age);
            let ends = lifetime.ends(at(created), at(now), wanted);
            let expected = naive(lifetime, created, now, wanted);
            // What is past is past: no model says how long ago.
            let ends = ends.map(|end| end.max(at(now)));
            proptest::prop_assert_eq!(ends, expected.map(at));
        }

        #[test]
        fn uses_never_exceed(uses in 1_u32..20, tries in 0_u32..40) {
            let mut token = crate::testing::token();
            token.uses_left = uses;
            let mut used = 0;
            for _ in 0..tries {
                if token.is_alive(at(1)) {
                    token.spend(at(1));
                    used += 1;
                }
            }
            proptest::prop_assert_eq!(used, tries.min(uses));
        }
    }
}
