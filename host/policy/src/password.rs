//! Password policies: how long a password is, and of which characters.
//!
//! A password is drawn whole, each character from all charsets together, until it keeps every rule:
//! every password that keeps the rules is then as likely as any other. To draw the required
//! characters first and mix them in would favor some.

use crate::PasswordPolicyError;
use base::Entropy;
use core::ops::RangeInclusive;
use hcl::{Body, Entry, Value};

/// How long a password may be, in characters.
pub const PASSWORD_CHARACTERS: RangeInclusive<usize> = 4..=100;

/// Passwords that are drawn before a policy counts as one that cannot be met: with a policy that one
/// password in a thousand keeps, one call in 500 million is given up.
const DRAWS_MAX: usize = 20_000;

/// A password policy, parsed and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    length: usize,
    /// All characters of all rules, each once.
    characters: Vec<char>,
    rules: Vec<Charset>,
}

/// `rule "charset" { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Charset {
    /// In order, each once.
    characters: Vec<char>,
    at_least: usize,
}

impl PasswordPolicy {
    /// Reads a policy, HCL or JSON. Keys that mean nothing are passed over, as Vault does.
    ///
    /// # Errors
    /// [`PasswordPolicyError`], whose text is for the writer of the policy.
    pub fn parse(text: &str) -> Result<Self, PasswordPolicyError> {
        let body = hcl::parse(text).map_err(PasswordPolicyError::Syntax)?;
        let length = match body.last("length") {
            Some(entry) => whole(entry).map_err(PasswordPolicyError::Settings)?,
            None => 0,
        };
        let rules = rules(&body)?;
        let mut characters: Vec<char> = rules
            .iter()
            .flat_map(|rule| rule.characters.iter().copied())
            .collect();
        characters.sort_unstable();
        characters.dedup();
        check(length, &rules, &characters)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !PASSWORD_CHARACTERS.contains(&length) {
            return Err(PasswordPolicyError::Length);
        }
        Ok(Self {
            length,
            characters,
            rules,
        })
    }

    /// Draws a password that keeps the policy; None where none came in many draws.
    pub fn make_password(&self, entropy: &dyn Entropy) -> Option<String> {
        let mut draw = Draw::new(entropy);
        for _ in 0..DRAWS_MAX {
            let mut password = Vec::with_capacity(self.length);
            while password.len() < self.length {
                password.push(draw.one_of(&self.characters)?);
            }
            if self.holds(&password) {
                return Some(password.into_iter().collect());
            }
        }
        None
    }

    /// Does a password keep the policy?
    pub fn permits(&self, password: &str) -> bool {
        let password: Vec<char> = password.chars().collect();
        let known = |one: &char| self.characters.binary_search(one).is_ok();
        password.len() == self.length && password.iter().all(known) && self.holds(&password)
    }

    fn holds(&self, password: &[char]) -> bool {
        self.rules.iter().all(|rule| {
            // No longer than it takes: of many rules most are soon met.
            let counted = password
                .iter()
                .filter(|one| rule.characters.binary_search(one).is_ok())
                .take(rule.at_least)
                .count();
            counted >= rule.at_least
        })
    }
}

/// Random bytes that are taken at once.
const POOL_BYTES: usize = 512;

/// Characters by chance, each as likely as any other.
struct Draw<'a> {
    entropy: &'a dyn Entropy,
    pool: [u8; POOL_BYTES],
    used: usize,
}

impl<'a> Draw<'a> {
    const fn new(entropy: &'a dyn Entropy) -> Self {
        Self {
            entropy,
            pool: [0; POOL_BYTES],
            used: POOL_BYTES,
        }
    }

    fn number(&mut self) -> u32 {
        if self.used + 4 > POOL_BYTES {
            self.entropy.fill(&mut self.pool);
            self.used = 0;
        }
        let bytes = self.pool.get(self.used..).and_then(<[u8]>::first_chunk);
        self.used += 4;
        u32::from_le_bytes(bytes.copied().unwrap_or_default())
    }

    /// None where there is nothing to choose from.
    fn one_of(&mut self, characters: &[char]) -> Option<char> {
        let count = u32::try_from(characters.len()).ok()?;
        // Numbers past the largest multiple of the count would favor the first characters.
        let beyond = u32::MAX - u32::MAX.checked_rem(count)?;
        loop {
            let number = self.number();
            if number < beyond {
                let index = usize::try_from(number % count).ok()?;
                return characters.get(index).copied();
            }
        }
    }
}

fn rules(body: &Body) -> Result<Vec<Charset>, PasswordPolicyError> {
    let blocks = body.blocks("rule", 1);
    let blocks = blocks.map_err(|error| PasswordPolicyError::Rules(error.to_string()))?;
    let rule = |block: &hcl::Block<'_>| {
        let kind = block.labels.first().copied().unwrap_or_default();
        if kind != "charset" {
            let reason = format!("unable to parse rule {kind}: unrecognized rule type {kind}");
            return Err(PasswordPolicyError::Rules(reason));
        }
        charset(block.body).map_err(|reason| {
            PasswordPolicyError::Rules(format!(
                "unable to parse rule charset: failed to parse charset restriction: {reason}"
            ))
        })
    };
    blocks.iter().map(rule).collect()
}

fn charset(body: &Body) -> Result<Charset, String> {
    let text = match body.last("charset") {
        Some(entry) => entry.as_text().map_err(|error| error.to_string())?,
        None => "",
    };
    let at_least = match body.last("min-chars") {
        Some(entry) => whole(entry)?,
        None => 0,
    };
    let mut characters: Vec<char> = text.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    Ok(Charset {
        characters,
        at_least: usize::try_from(at_least.max(0)).unwrap_or(usize::MAX),
    })
}

/// A whole number, written as one.
fn whole(entry: &Entry) -> Result<i64, String> {
    let kind = match &entry.value {
        Value::Number(text) => match text.parse() {
            Ok(number) => return Ok(number),
            Err(_) => "float",
        },
        Value::Text(_) => "string",
        Value::Bool(_) => "bool",
        Value::Null | Value::List(_) | Value::Object(_) => "slice",
    };
    Err(format!(
        "decoding failed due to the following error(s):\n\n\
         '{}' expected type 'int', got unconvertible type '{kind}'",
        entry.name
    ))
}

/// All that is wrong with it, at once.
fn check(length: i64, rules: &[Charset], characters: &[char]) -> Result<(), PasswordPolicyError> {
    let mut faults = Vec::new();
    let required = rules
        .iter()
        .fold(0_usize, |sum, rule| sum.saturating_add(rule.at_least));
    if length <= 0 {
        faults.push(String::from("length must be > 0"));
    } else if usize::try_from(length).is_ok_and(|length| required > length) {
        faults.push(format!(
            "specified rules require at least {required} characters but {length} is specified"
        ));
    }
    if characters.is_empty() {
        faults.push(String::from("no charset specified"));
    } else if !characters.iter().copied().all(is_printable) {
        faults.push(String::from("non-printable character in charset"));
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(PasswordPolicyError::Faults(faults)),
    }
}

/// What can be seen by itself: no controls, no blanks but the one, no accents without a letter.
fn is_printable(one: char) -> bool {
    let is_escaped = one.escape_debug().len() > 2;
    one == ' ' || (!one.is_whitespace() && !is_escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> String {
        PasswordPolicy::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn faults_are_told_as_clients_know_them() {
        let check = |text: &str, expected: &str| assert_eq!(faults(text), expected, "{text}");
        let charset = "rule \"charset\" { charset = \"abc\" }";
        check(
            "length = 20",
            "1 error occurred:\n\t* no charset specified\n\n",
        );
        check(
            "length = 0",
            "2 errors occurred:\n\t* length must be > 0\n\t* no charset specified\n\n",
        );
        check(charset, "1 error occurred:\n\t* length must be > 0\n\n");
        check(
            "length = 20\nrule \"charset\" { charset = \"ab\" min-chars = 12 }\n\
             rule \"charset\" { charset = \"cd\" min-chars = 12 }",
            "1 error occurred:\n\t* specified rules require at least 24 characters but 20 is \
             specified\n\n",
        );
        check(
            "length = 5\nrule \"charset\" { charset = \"a\\nb\" }",
            "1 error occurred:\n\t* non-printable character in charset\n\n",
        );
        check(
            "length = 5\nrule \"frob\" { charset = \"ab\" }",
            "unable to parse rules: unable to parse rule frob: unrecognized rule type frob",
        );
        check(
            &format!("length = \"20\"\n{charset}"),
            "failed to decode configuration: decoding failed due to the following error(s):\n\n\
             'length' expected type 'int', got unconvertible type 'string'",
        );
        check(
            "length = 5\nrule \"charset\" { charset = \"ab\" min-chars = \"1\" }",
            "unable to parse rules: unable to parse rule charset: failed to parse charset \
             restriction: decoding failed due to the following error(s):\n\n\
             'min-chars' expected type 'int', got unconvertible type 'string'",
        );
        for length in [1, 3, 101, 1_000_000] {
            let text = format!("length = {length}\n{charset}");
            let error = PasswordPolicy::parse(&text).unwrap_err();
            assert_eq!(error, PasswordPolicyError::Length, "{length}");
        }
    }

    #[test]
    fn json_and_hcl_are_one() {
        let hcl = "length = 8\nrule \"charset\" { charset = \"ab\" min-chars = 1 }\n\
                   rule \"charset\" { charset = \"01\" min-chars = 2 }";
        let json = r#"{"length": 8, "rule": [{"charset": {"charset": "ab", "min-chars": 1}},
                      {"charset": {"charset": "01", "min-chars": 2}}]}"#;
        assert_eq!(PasswordPolicy::parse(hcl), PasswordPolicy::parse(json));
    }

    #[test]
    fn a_character_that_is_named_twice_is_no_more_likely() {
        let text = "length = 8\nrule \"charset\" { charset = \"aab\" }";
        let policy = PasswordPolicy::parse(text).unwrap();
        assert_eq!(policy.characters, ['a', 'b']);
    }

    #[test]
    fn what_cannot_be_seen_is_no_character_of_a_password() {
        let check = |one: char, expected| assert_eq!(is_printable(one), expected, "{one:?}");
        for one in ['a', ' ', '"', '\\', '\'', 'ä', '€', '中', '🔑'] {
            check(one, true);
        }
        for one in ['\n', '\u{7f}', '\u{a0}', '\u{200b}', '\u{2028}', '\u{e000}'] {
            check(one, false);
        }
    }
}
