//! What is drawn keeps the policy it was drawn by.

#![expect(clippy::unwrap_used, reason = "a test")]

use base::Entropy;
use policy::{PASSWORD_CHARACTERS, PasswordPolicy};
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::Mutex;

/// Numbers that look random, from a seed.
struct Seeded(Mutex<u64>);

impl Seeded {
    fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap();
        for byte in bytes {
            // SplitMix64.
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = mixed.to_be_bytes()[0];
        }
    }
}

fn text(length: usize, rules: &[(String, usize)]) -> String {
    let rules = rules.iter().map(|(charset, at_least)| {
        format!("rule \"charset\" {{\n charset = {charset:?}\n min-chars = {at_least}\n}}\n")
    });
    format!("length = {length}\n{}", rules.collect::<String>())
}

fn any_rules() -> impl Strategy<Value = Vec<(String, usize)>> {
    prop::collection::vec(("[a-z0-9äöü]{1,12}", 0..4_usize), 1..4)
}

proptest! {
    #[test]
    fn a_password_keeps_its_policy(
        length in PASSWORD_CHARACTERS, rules in any_rules(), seed in any::<u64>(),
    ) {
        let policy = PasswordPolicy::parse(&text(length, &rules));
        let required: usize = rules.iter().map(|(_, at_least)| at_least).sum();
        if required > length {
            prop_assert!(policy.is_err());
            return Ok(());
        }
        let policy = policy.unwrap();
        // A rule that is hard to keep may not be met; what is drawn always keeps all.
        if let Some(password) = policy.make_password(&Seeded::new(seed)) {
            prop_assert_eq!(password.chars().count(), length);
            for (charset, at_least) in &rules {
                let count = password.chars().filter(|one| charset.contains(*one)).count();
                prop_assert!(count >= *at_least, "{} {}", password, charset);
            }
            prop_assert!(password.chars().all(|one| rules.iter().any(|(set, _)| set.contains(one))));
            prop_assert!(policy.permits(&password));
        }
    }

    #[test]
    fn no_text_panics(text in "[ -~\n]{0,200}") {
        let _ = PasswordPolicy::parse(&text);
    }

    #[test]
    fn nothing_that_is_nearly_a_policy_panics(
        length in "-?[0-9.]{1,24}", at_least in "-?[0-9.]{1,24}", charset in "\\PC{0,40}",
    ) {
        let text = format!(
            "length = {length}\nrule \"charset\" {{ charset = {charset:?} min-chars = {at_least} }}"
        );
        if let Ok(policy) = PasswordPolicy::parse(&text) {
            let _ = policy.make_password(&Seeded::new(1));
        }
    }
}

#[test]
fn every_password_is_as_likely_as_any_other() {
    // Of the 16 words over `ab`, the 14 that hold both; each should come about 1,000 times.
    let rules = [(String::from("a"), 1), (String::from("b"), 1)];
    let policy = PasswordPolicy::parse(&text(4, &rules)).unwrap();
    let entropy = Seeded::new(7);
    let mut seen: HashMap<String, u32> = HashMap::new();
    for _ in 0..14_000 {
        *seen
            .entry(policy.make_password(&entropy).unwrap())
            .or_default() += 1;
    }
    assert_eq!(seen.len(), 14);
    assert!(
        seen.values().all(|count| (850..1150).contains(count)),
        "{seen:?}"
    );
}

#[test]
fn a_policy_that_hardly_any_password_keeps_is_given_up() {
    let rules = [
        (String::from("abcdefghijklmnopqrstuvwxyz"), 0),
        (String::from("0"), 10),
    ];
    let policy = PasswordPolicy::parse(&text(10, &rules)).unwrap();
    assert_eq!(policy.make_password(&Seeded::new(7)), None);
}
