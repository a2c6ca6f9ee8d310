//! What is kept of a secret id, and what happens to it. Pure: time comes in as milliseconds.

use crate::role::Role;
use sdk::rfc3339;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const SECOND_MS: u64 = 1000;
/// How Vault's clients are told that there is no such time.
const NO_TIME: &str = "0001-01-01T00:00:00Z";

/// A secret id, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SecretId {
    pub(crate) accessor: String,
    created_ms: u64,
    updated_ms: u64,
    /// Seconds; 0 for no end.
    pub(crate) ttl: u64,
    /// That are left; 0 for any number.
    pub(crate) uses: u32,
    pub(crate) cidr_list: Vec<String>,
    pub(crate) token_bound_cidrs: Vec<String>,
    pub(crate) metadata: BTreeMap<String, String>,
}

/// What a use leaves.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Used {
    /// Nothing is counted.
    Unchanged,
    /// One use fewer.
    Fewer,
    /// It was the last one.
    Last,
}

impl SecretId {
    /// A new one. The longest life that the mount allows holds for secret ids too.
    pub(crate) fn new(accessor: String, now_ms: u64, ttl: u64, ttl_max: u64, uses: u32) -> Self {
        Self {
            accessor,
            created_ms: now_ms,
            updated_ms: now_ms,
            ttl: ttl.min(ttl_max),
            uses,
            cidr_list: Vec::new(),
            token_bound_cidrs: Vec::new(),
            metadata: BTreeMap::new(),
        }
    }

    /// When it ends, in milliseconds since the epoch.
    pub(crate) const fn ends_ms(&self) -> Option<u64> {
        match self.ttl {
            0 => None,
            ttl => Some(
                self.created_ms
                    .saturating_add(ttl.saturating_mul(SECOND_MS)),
            ),
        }
    }

    pub(crate) fn has_ended(&self, now_ms: u64) -> bool {
        self.ends_ms().is_some_and(|ends| ends <= now_ms)
    }

    /// Counts a use.
    pub(crate) const fn use_once(&mut self, now_ms: u64) -> Used {
        match self.uses {
            0 => Used::Unchanged,
            1 => Used::Last,
            uses => {
                self.uses = uses - 1;
                self.updated_ms = now_ms;
                Used::Fewer
            }
        }
    }

    pub(crate) fn answer(&self) -> Answer<'_> {
        Answer {
            cidr_list: &self.cidr_list,
            creation_time: rfc3339(self.created_ms),
            expiration_time: self.ends_ms().map_or_else(|| NO_TIME.to_owned(), rfc3339),
            last_updated_time: rfc3339(self.updated_ms),
            metadata: &self.metadata,
            secret_id_accessor: &self.accessor,
            secret_id_num_uses: self.uses,
            secret_id_ttl: self.ttl,
            token_bound_cidrs: &self.token_bound_cidrs,
        }
    }
}

/// What is told of it.
#[derive(Serialize)]
pub(crate) struct Answer<'a> {
    cidr_list: &'a [String],
    creation_time: String,
    expiration_time: String,
    last_updated_time: String,
    metadata: &'a BTreeMap<String, String>,
    secret_id_accessor: &'a str,
    secret_id_num_uses: u32,
    secret_id_ttl: u64,
    token_bound_cidrs: &'a [String],
}

/// How a wish stands to what the role allows, where 0 is no bound: more than the role's is too much.
pub(crate) const fn is_beyond(wish: u64, of_role: u64) -> bool {
    of_role != 0 && (wish == 0 || wish > of_role)
}

/// The rules for tokens of a login: those of the role, within the secret id's networks if it has any.
pub(crate) fn token_rules(role: &Role, secret_id: Option<&SecretId>) -> sdk::TokenRules {
    let mut rules = role.token.clone();
    if let Some(secret_id) = secret_id.filter(|one| !one.token_bound_cidrs.is_empty()) {
        rules
            .token_bound_cidrs
            .clone_from(&secret_id.token_bound_cidrs);
        rules.token_strictly_bind_ip = false;
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_beyond_the_role() {
        let check = |wish, of_role, expected| assert_eq!(is_beyond(wish, of_role), expected);
        check(0, 0, false);
        check(5, 0, false);
        check(0, 5, true);
        check(5, 5, false);
        check(6, 5, true);
    }

    proptest! {
        #[test]
        fn it_is_used_as_often_as_it_says(uses in 1_u32..50, tries in 0_usize..100) {
            let mut one = SecretId::new(String::new(), 0, 0, 0, uses);
            let mut used = 0;
            for _ in 0..tries {
                used += 1;
                if one.use_once(1) == Used::Last {
                    break;
                }
            }
            prop_assert!(used <= uses as usize);
            prop_assert_eq!(used, tries.min(uses as usize));
        }

        #[test]
        fn it_ends_with_its_ttl_and_no_later_than_the_mount_allows(
            made in 0_u64..1 << 50, ttl in 0_u64..1 << 40, max in 1_u64..1 << 40, later in 0_u64..1 << 60,
        ) {
            let one = SecretId::new(String::new(), made, ttl, max, 0);
            let lives = later < ttl.min(max) * 1000;
            prop_assert_eq!(one.has_ended(made + later), ttl != 0 && !lives);
        }
    }
}
