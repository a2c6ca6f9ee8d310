//! Roles: what tokens may be made of `auth/token/create/<role>`, and of which terms.

use base::TokenKind;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which kind of token is made, by a role or in a mount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenType {
    /// Service, unless it is asked otherwise.
    #[default]
    DefaultService,
    /// Batch, unless it is asked otherwise.
    DefaultBatch,
    /// Service, whatever is asked.
    Service,
    /// Batch, whatever is asked.
    Batch,
}

impl TokenType {
    /// Reads a name; None for every other text.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "default-service" => Self::DefaultService,
            "default-batch" => Self::DefaultBatch,
            "service" => Self::Service,
            "batch" => Self::Batch,
            _ => return None,
        })
    }

    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DefaultService => "default-service",
            Self::DefaultBatch => "default-batch",
            Self::Service => "service",
            Self::Batch => "batch",
        }
    }

    /// The kind of a token for which `asked` is asked.
    pub fn decide(self, asked: Option<TokenKind>) -> TokenKind {
        match self {
            Self::DefaultService => asked.unwrap_or(TokenKind::Service),
            Self::DefaultBatch => asked.unwrap_or(TokenKind::Batch),
            Self::Service => TokenKind::Service,
            Self::Batch => TokenKind::Batch,
        }
    }
}

/// A stored role. Lists are sorted, in lowercase, each name once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRole {
    /// Policies that its tokens may have, though their makers have them not.
    pub allowed_policies: Vec<String>,
    /// The same, as patterns with `*`.
    pub allowed_policies_glob: Vec<String>,
    /// Policies that its tokens may not have.
    pub disallowed_policies: Vec<String>,
    /// The same, as patterns with `*`.
    pub disallowed_policies_glob: Vec<String>,
    /// Names, or patterns with `*`, of entity aliases that its tokens may stand for; None where it
    /// was never said.
    pub allowed_entity_aliases: Option<Vec<String>>,
    /// Have its tokens no parent?
    pub orphan: bool,
    /// May its tokens be renewed?
    pub renewable: bool,
    /// Stands at the end of its tokens' path.
    pub path_suffix: String,
    /// Networks that its tokens are bound to; empty for all.
    pub bound_cidrs: Vec<String>,
    /// Are its tokens bound to the address from which they were made?
    pub strictly_bind_ip: bool,
    /// No token of it lives longer than these seconds; zero for no such limit.
    pub explicit_max: u64,
    /// Seconds of periodic tokens; zero for none.
    pub period: u64,
    /// How often a token of it can be used; zero for any number.
    pub uses: u32,
    /// Do its tokens go without the policy `default`?
    pub no_default_policy: bool,
    /// Of what kind its tokens are.
    pub kind: TokenType,
    /// What was said by an old name, which old clients read back by it.
    pub old_names: OldNames,
}

/// Fields that were set by the name they had before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldNames {
    /// `period`.
    pub period: bool,
    /// `explicit_max_ttl`.
    pub explicit_max: bool,
    /// `bound_cidrs`.
    pub bound_cidrs: bool,
}

impl Default for TokenRole {
    fn default() -> Self {
        Self {
            allowed_policies: Vec::new(),
            allowed_policies_glob: Vec::new(),
            disallowed_policies: Vec::new(),
            disallowed_policies_glob: Vec::new(),
            allowed_entity_aliases: None,
            orphan: false,
            renewable: true,
            path_suffix: String::new(),
            bound_cidrs: Vec::new(),
            strictly_bind_ip: false,
            explicit_max: 0,
            period: 0,
            uses: 0,
            no_default_policy: false,
            kind: TokenType::default(),
            old_names: OldNames::default(),
        }
    }
}

/// Why a role cannot be, or does not give a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    /// Batch tokens have parents only of their makers' choice.
    #[error("'token_type' cannot be 'batch' when role is set to generate non-orphan tokens")]
    BatchWithParent,
    /// Batch tokens cannot be renewed.
    #[error("'token_type' cannot be 'batch' when role is set to generate renewable tokens")]
    BatchRenewable,
    /// Batch tokens cannot be renewed.
    #[error("'token_type' cannot be 'batch' when role is set to generate periodic tokens")]
    BatchPeriodic,
    /// Batch tokens have one time to live.
    #[error(
        "'token_type' cannot be 'batch' when role is set to generate tokens with an explicit max TTL"
    )]
    BatchExplicitMax,
    /// The end of the path is none.
    #[error("given role path suffix contains invalid characters; must match \\w[\\w-.]+\\w")]
    PathSuffix,
    /// Not every policy is among the allowed ones.
    #[error(
        "token policies ({}) must be subset of the role's allowed policies ({}) or glob policies ({})",
        list(.asked), list(.allowed), list(.globs)
    )]
    NotAllowed {
        /// The policies of the token.
        asked: Vec<String>,
        /// What may be.
        allowed: Vec<String>,
        /// What may be, as patterns.
        globs: Vec<String>,
    },
    /// A policy is among the disallowed ones.
    #[error("token policy {0:?} is disallowed by this role")]
    Disallowed(String),
}

/// As Go prints a list of quoted texts.
fn list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    format!("[{}]", quoted.join(" "))
}

impl TokenRole {
    /// Do its parts fit together?
    ///
    /// # Errors
    /// [`RoleError`] as its variants say.
    pub fn check(&self) -> Result<(), RoleError> {
        if self.kind == TokenType::Batch {
            if !self.orphan {
                return Err(RoleError::BatchWithParent);
            }
            if self.period > 0 {
                return Err(RoleError::BatchPeriodic);
            }
            if self.renewable {
                return Err(RoleError::BatchRenewable);
            }
            if self.explicit_max > 0 {
                return Err(RoleError::BatchExplicitMax);
            }
        }
        match self.path_suffix.is_empty() || is_path_suffix(&self.path_suffix) {
            true => Ok(()),
            false => Err(RoleError::PathSuffix),
        }
    }

    /// Does it say which policies its tokens may have, in place of their makers' policies?
    pub const fn names_policies(&self) -> bool {
        !self.allowed_policies.is_empty() || !self.allowed_policies_glob.is_empty()
    }

    /// Does it say only which policies its tokens may not have?
    pub const fn only_forbids(&self) -> bool {
        !self.names_policies()
            && (!self.disallowed_policies.is_empty() || !self.disallowed_policies_glob.is_empty())
    }

    /// May a token have these policies?
    ///
    /// # Errors
    /// [`RoleError`] with the reason.
    pub fn permit(&self, policies: &BTreeSet<String>) -> Result<(), RoleError> {
        if self.names_policies() {
            let mut allowed: BTreeSet<&str> =
                self.allowed_policies.iter().map(String::as_str).collect();
            if !self.no_default_policy {
                allowed.insert("default");
            }
            let may = |name: &String| {
                allowed.contains(name.as_str())
                    || self
                        .allowed_policies_glob
                        .iter()
                        .any(|glob| matches(glob, name))
            };
            if !policies.iter().all(may) {
                return Err(RoleError::NotAllowed {
                    asked: policies.iter().cloned().collect(),
                    allowed: allowed.into_iter().map(str::to_owned).collect(),
                    globs: self.allowed_policies_glob.clone(),
                });
            }
        }
        let forbidden = |name: &&String| {
            self.disallowed_policies.contains(*name)
                || self
                    .disallowed_policies_glob
                    .iter()
                    .any(|glob| matches(glob, name))
        };
        match policies.iter().find(forbidden) {
            Some(name) => Err(RoleError::Disallowed(name.clone())),
            None => Ok(()),
        }
    }

    /// May a token stand for an alias of this name? Names have no case.
    pub fn permits_alias(&self, alias: &str) -> bool {
        let alias = alias.to_lowercase();
        let names = self.allowed_entity_aliases.iter().flatten();
        names.into_iter().any(|name| matches(name, &alias))
    }
}

/// A letter, digit or `_` at both ends, and at least three characters. A slash may stand before it,
/// since old clients write one.
fn is_path_suffix(text: &str) -> bool {
    let text = text.strip_prefix('/').unwrap_or(text).as_bytes();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let inside = |byte: &u8| is_word(byte) || matches!(byte, b'-' | b'.');
    text.len() >= 3
        && text.iter().all(inside)
        && text.first().is_some_and(is_word)
        && text.last().is_some_and(is_word)
}

/// Does a pattern match, in which `*` stands for any text?
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let names = text.split(' ').filter(|name| !name.is_empty());
        names.map(str::to_owned).collect()
    }

    #[test]
    fn patterns() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        };
        check("a", "a", true);
        check("a", "ab", false);
        check("a*", "ab", true);
        check("*", "", true);
        check("*b", "ab", true);
        check("a*c*e", "abcde", true);
        check("a*c*e", "abde", false);
        check("a*a", "a", false);
    }

    #[test]
    fn policies_are_allowed_and_forbidden() {
        let check = |role: &TokenRole, policies: &str, expected: bool| {
            let policies = names(policies).into_iter().collect();
            assert_eq!(
                role.permit(&policies).is_ok(),
                expected,
                "{role:?} {policies:?}"
            );
        };
        let role = TokenRole {
            allowed_policies: names("a b"),
            allowed_policies_glob: names("d*"),
            disallowed_policies: names("b"),
            disallowed_policies_glob: names("dea*"),
            ..TokenRole::default()
        };
        check(&role, "a default", true);
        check(&role, "a", true);
        check(&role, "a b", false);
        check(&role, "a c", false);
        check(&role, "da", true);
        check(&role, "dea", false);
        let free = TokenRole::default();
        check(&free, "anything at all", true);
    }

    #[test]
    fn a_role_of_batch_tokens_promises_nothing_they_cannot_have() {
        let fine = TokenRole {
            kind: TokenType::Batch,
            orphan: true,
            renewable: false,
            ..TokenRole::default()
        };
        assert_eq!(fine.check(), Ok(()));
        let check = |role: TokenRole, expected: RoleError| assert_eq!(role.check(), Err(expected));
        let (orphan, renewable) = (false, true);
        check(
            TokenRole {
                orphan,
                ..fine.clone()
            },
            RoleError::BatchWithParent,
        );
        check(
            TokenRole {
                renewable,
                ..fine.clone()
            },
            RoleError::BatchRenewable,
        );
        let (period, explicit_max) = (1, 1);
        check(
            TokenRole {
                period,
                ..fine.clone()
            },
            RoleError::BatchPeriodic,
        );
        check(
            TokenRole {
                explicit_max,
                ..fine.clone()
            },
            RoleError::BatchExplicitMax,
        );
    }

    #[test]
    fn path_suffixes() {
        for fine in ["abc", "/abc", "a-c", "a.c", "_b_"] {
            assert!(is_path_suffix(fine), "{fine}");
        }
        for bad in ["a", "ab", "a b", "a/../b", "-bc", "ab-", "//abc", "ü12"] {
            assert!(!is_path_suffix(bad), "{bad}");
        }
    }

    #[test]
    fn the_kind_is_asked_for_or_set() {
        use TokenKind::{Batch, Service};
        let check = |name: &str, asked: [TokenKind; 3]| {
            let kind = TokenType::from_name(name).unwrap();
            assert_eq!(kind.name(), name);
            let decided = [None, Some(Service), Some(Batch)].map(|one| kind.decide(one));
            assert_eq!(decided, asked, "{name}");
        };
        check("default-service", [Service, Service, Batch]);
        check("default-batch", [Batch, Service, Batch]);
        check("service", [Service; 3]);
        check("batch", [Batch; 3]);
        assert_eq!(TokenType::from_name(""), None);
    }
}
