//! The secret of an application: kept to be shown to operators and compared, and nothing else.

use barrier::keys::equal;
use core::fmt;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// What an application proves itself by. Never printed, zeroed when dropped.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientSecret(String);

impl ClientSecret {
    pub(crate) const fn new(secret: String) -> Self {
        Self(secret)
    }

    /// Looks at it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Is it this text? Takes the same time for all texts of a length.
    pub fn is(&self, text: &str) -> bool {
        equal(self.0.as_bytes(), text.as_bytes())
    }
}

impl Drop for ClientSecret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::ClientSecret;

    #[test]
    fn prints_nothing_of_itself_and_knows_itself() {
        let secret = ClientSecret::new(String::from("canary"));
        assert_eq!(format!("{secret:?}"), "ClientSecret(…)");
        assert!(secret.is("canary") && !secret.is("canar") && !secret.is(""));
    }
}
