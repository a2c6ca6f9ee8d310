//! `passwords`: made by the policies of the mount's namespace.

use super::bindings::engine::casemate::plugin::passwords::{Error, Host};
use super::state::State;
use crate::{CallError, LimitExceeded, PasswordError};

impl Host for State {
    /// Bounded by a number and by the call's time, which is looked at before each: what a policy that
    /// can hardly be met costs is the host's own time.
    fn generate(&mut self, policy_name: String) -> wasmtime::Result<Result<String, Error>> {
        let max = self.limits.passwords_max;
        if self.passwords_made >= max {
            let what = "passwords";
            let max = u64::from(max);
            return Err(self.stop(LimitExceeded { what, max }.into()));
        }
        self.passwords_made += 1;
        if self.time_left().is_zero() {
            let deadline = self.limits.deadline;
            return Err(self.stop(CallError::Deadline(deadline)));
        }
        let (Some(passwords), Some(view)) = (&self.facts.passwords, &mut self.view) else {
            return Ok(Err(Error::Unavailable));
        };
        match passwords.make(view, &policy_name) {
            Ok(password) => Ok(Ok(password)),
            Err(PasswordError::Unknown) => Ok(Err(Error::UnknownPolicy)),
            Err(PasswordError::Unmet) => Ok(Err(Error::Unmet)),
            Err(PasswordError::Damaged(reason)) => {
                tracing::warn!(
                    plugin = &*self.facts.plugin,
                    mount = self.facts.mount.path,
                    request = self.facts.id,
                    reason,
                    "a password policy cannot be used",
                );
                Ok(Err(Error::Unavailable))
            }
            Err(PasswordError::View(error)) => Err(self.stop_by_view(error)),
        }
    }
}
