//! How many shares there are, and how many are needed.

/// A number of shares and how many of them make the key: 1 of 1, or 2 to `shares` of up to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidThreshold {
    shares: u8,
    threshold: u8,
}

/// Numbers that make no sense together. Printed as operators know it from Vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    /// No share.
    #[error("invalid seal configuration: shares must be at least one")]
    NoShares,
    /// More shares than there are coordinates.
    #[error("invalid seal configuration: shares must be less than 256")]
    TooManyShares,
    /// None is needed.
    #[error("invalid seal configuration: threshold must be at least one")]
    NoThreshold,
    /// More are needed than there can be.
    #[error("invalid seal configuration: threshold must be less than 256")]
    ThresholdTooLarge,
    /// One of several would be enough: each would be the key.
    #[error("invalid seal configuration: threshold must be greater than one for multiple shares")]
    ThresholdOfOne,
    /// More are needed than there are.
    #[error("invalid seal configuration: threshold cannot be larger than shares")]
    MoreThanShares,
}

impl ValidThreshold {
    /// Checks numbers as a client gave them.
    ///
    /// # Errors
    /// [`ThresholdError`] as its variants say.
    pub fn new(shares: i64, threshold: i64) -> Result<Self, ThresholdError> {
        if shares < 1 {
            return Err(ThresholdError::NoShares);
        }
        let shares = u8::try_from(shares).map_err(|_| ThresholdError::TooManyShares)?;
        if threshold < 1 {
            return Err(ThresholdError::NoThreshold);
        }
        let threshold = u8::try_from(threshold).map_err(|_| ThresholdError::ThresholdTooLarge)?;
        if threshold > shares {
            return Err(ThresholdError::MoreThanShares);
        }
        if threshold == 1 && shares > 1 {
            return Err(ThresholdError::ThresholdOfOne);
        }
        Ok(Self { shares, threshold })
    }

    /// How many shares there are.
    pub const fn shares(self) -> u8 {
        self.shares
    }

    /// How many of them make the key.
    pub const fn threshold(self) -> u8 {
        self.threshold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_vault_says() {
        let check = |shares, threshold, expected: Option<&str>| {
            let error = ValidThreshold::new(shares, threshold).err();
            let expected = expected.map(|text| format!("invalid seal configuration: {text}"));
            assert_eq!(
                error.map(|e| e.to_string()),
                expected,
                "{shares} {threshold}"
            );
        };
        check(1, 1, None);
        check(5, 3, None);
        check(255, 255, None);
        check(1, 2, Some("threshold cannot be larger than shares"));
        check(
            5,
            1,
            Some("threshold must be greater than one for multiple shares"),
        );
        check(0, 0, Some("shares must be at least one"));
        check(-1, 3, Some("shares must be at least one"));
        check(256, 3, Some("shares must be less than 256"));
        check(300, 299, Some("shares must be less than 256"));
        check(5, 0, Some("threshold must be at least one"));
        check(5, -1, Some("threshold must be at least one"));
        check(5, 256, Some("threshold must be less than 256"));
    }
}
