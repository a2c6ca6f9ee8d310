//! `user_lockout "…"`: when users of auth methods are locked out.

use super::check::check;
use super::error::ConfigError;
use super::keys::USER_LOCKOUT;
use hcl::Block;
use mount::UserLockout;
use std::path::Path;

/// What such a block may be for.
const METHODS: [&str; 4] = ["all", "userpass", "approle", "ldap"];

/// What a block says, and of which method.
pub(super) fn read(
    file: &Path,
    block: &Block<'_>,
    warnings: &mut Vec<String>,
) -> Result<(String, UserLockout), ConfigError> {
    let method = block.labels.concat();
    if !METHODS.contains(&method.as_str()) {
        let message = format!(
            "user_lockout {method:?} is not supported; use \"all\", \"userpass\", \"approle\" or \"ldap\""
        );
        return Err(ConfigError::at(file, block.place, message));
    }
    let title = format!("user_lockout {method:?}");
    let checked = check(file, &title, block.body, USER_LOCKOUT, warnings)?;
    let seconds = |name| checked.duration(name).unwrap_or_default().as_secs();
    let said = UserLockout {
        threshold: checked.count("lockout_threshold").unwrap_or_default() as u64,
        duration: seconds("lockout_duration"),
        counter_reset: seconds("lockout_counter_reset"),
        disable: checked.flag("disable_lockout"),
    };
    Ok((method, said))
}
