//! What is stored of a seal. Not secret.

use crate::{ThresholdError, ValidThreshold};
use serde::{Deserialize, Serialize};

/// How the root key is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SealKind {
    /// By a key that people hold shares of.
    Shamir,
}

impl SealKind {
    /// The name that clients see.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shamir => "shamir",
        }
    }
}

/// The seal of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct SealConfig {
    /// How the root key is protected.
    pub kind: SealKind,
    /// Shares and how many are needed.
    pub threshold: ValidThreshold,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    kind: SealKind,
    shares: u8,
    threshold: u8,
}

impl From<SealConfig> for Stored {
    fn from(config: SealConfig) -> Self {
        Self {
            kind: config.kind,
            shares: config.threshold.shares(),
            threshold: config.threshold.threshold(),
        }
    }
}

impl TryFrom<Stored> for SealConfig {
    type Error = ThresholdError;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let threshold = ValidThreshold::new(stored.shares.into(), stored.threshold.into())?;
        let kind = stored.kind;
        Ok(Self { kind, threshold })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_checked_when_it_is_read() {
        let config = SealConfig {
            kind: SealKind::Shamir,
            threshold: ValidThreshold::new(5, 3).unwrap(),
        };
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(text, r#"{"kind":"shamir","shares":5,"threshold":3}"#);
        assert_eq!(serde_json::from_str::<SealConfig>(&text).unwrap(), config);
        let forged = text.replace("\"threshold\":3", "\"threshold\":1");
        assert!(serde_json::from_str::<SealConfig>(&forged).is_err());
    }
}
