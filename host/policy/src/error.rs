//! Why a text is not a policy.

use core::fmt;

/// Why a text is not a policy. Prints what the writer of the policy may read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// It is neither HCL nor JSON, or has a block where none may be.
    #[error("failed to parse policy: {0}")]
    Syntax(hcl::Error),
    /// It has keys that mean nothing; a misspelt one must not be passed over.
    #[error("failed to parse policy: {0}")]
    UnknownKeys(UnknownKeys),
    /// The rule for a path makes no sense.
    #[error("failed to parse policy: path {path:?}: {reason}")]
    Rule {
        /// The pattern, as written.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl PolicyError {
    /// A fault in the rule itself, whose path is told twice, as clients know it.
    pub(crate) fn rule(path: &str, reason: impl fmt::Display) -> Self {
        Self::around(path, format!("path {path:?}: {reason}"))
    }

    /// A fault in a part of the rule.
    pub(crate) fn around(path: &str, reason: impl Into<String>) -> Self {
        Self::Rule {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}

/// Keys that mean nothing, and their lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKeys {
    /// The pattern of the rule they stand in; none at the top.
    pub(crate) path: Option<String>,
    /// Name and line.
    pub(crate) keys: Vec<(String, u32)>,
}

impl fmt::Display for UnknownKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "path {path:?}: ")?;
        }
        match self.keys.len() {
            1 => f.write_str("1 error occurred:")?,
            more => write!(f, "{more} errors occurred:")?,
        }
        for (key, line) in &self.keys {
            write!(f, "\n\t* invalid key {key:?} on line {line}")?;
        }
        f.write_str("\n\n")
    }
}

/// A caller whose names cannot be put into a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "error parsing templated policy {policy:?}: failed to parse policy: path {path:?}: \
     template substitution contains forbidden value: \"{forbidden}\""
)]
pub struct TemplateError {
    /// The policy.
    pub policy: String,
    /// The pattern with its template.
    pub path: String,
    /// The sign that would change what the pattern means.
    pub forbidden: char,
}

/// Why a text is not a password policy. Prints what the writer of the policy may read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordPolicyError {
    /// It is neither HCL nor JSON.
    #[error("unable to decode: {0}")]
    Syntax(hcl::Error),
    /// A setting of the policy itself is of another kind.
    #[error("failed to decode configuration: {0}")]
    Settings(String),
    /// A rule is none.
    #[error("unable to parse rules: {0}")]
    Rules(String),
    /// It can be read and makes no sense: all that is wrong with it.
    #[error("{}", one_by_one(.0))]
    Faults(Vec<String>),
    /// It makes sense and is out of bounds.
    #[error("passwords must be between 4 and 100 characters")]
    Length,
}

/// Faults as clients know lists of them.
fn one_by_one(faults: &[String]) -> String {
    let count = match faults.len() {
        1 => String::from("1 error"),
        more => format!("{more} errors"),
    };
    let lines = faults.iter().map(|fault| format!("\n\t* {fault}"));
    format!("{count} occurred:{}\n\n", lines.collect::<String>())
}
