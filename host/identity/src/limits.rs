//! How long and how many.

use crate::{IdentityError, Metadata};

/// Longest name, in bytes: it is a part of a key.
pub(crate) const NAME_BYTES_MAX: usize = 1024;
const METADATA_PAIRS_MAX: usize = 64;
const METADATA_KEY_BYTES_MAX: usize = 128;
const METADATA_VALUE_BYTES_MAX: usize = 512;

pub(crate) fn check_name(name: &str) -> Result<(), IdentityError> {
    if name.len() > NAME_BYTES_MAX {
        return Err(IdentityError::NameTooLong);
    }
    Ok(())
}

pub(crate) fn check_metadata(what: &'static str, metadata: &Metadata) -> Result<(), IdentityError> {
    let wrong = |reason: String| Err(IdentityError::Metadata { what, reason });
    if metadata.len() > METADATA_PAIRS_MAX {
        return wrong(format!(
            "metadata cannot contain more than {METADATA_PAIRS_MAX} key/value pairs"
        ));
    }
    for (key, value) in metadata {
        if key.is_empty() {
            return wrong(String::from("key cannot be blank"));
        }
        if key.len() > METADATA_KEY_BYTES_MAX {
            return wrong(format!(
                "key is too long (limit: {METADATA_KEY_BYTES_MAX} characters)"
            ));
        }
        if value.len() > METADATA_VALUE_BYTES_MAX {
            return wrong(format!(
                "value of {key:?} is too long (limit: {METADATA_VALUE_BYTES_MAX} characters)"
            ));
        }
    }
    Ok(())
}

/// May the text be the id of something? It becomes a part of a key, so that nothing else may be
/// reached by it.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

/// May the text be the accessor of a mount?
pub(crate) fn is_accessor(text: &str) -> bool {
    !text.is_empty() && text.len() <= NAME_BYTES_MAX && !text.contains('/')
}

/// Names of policies: trimmed, without case, each once, in order.
pub(crate) fn policies(given: Vec<String>) -> Result<Vec<String>, IdentityError> {
    let mut policies: Vec<String> = given
        .iter()
        .map(|name| name.trim().to_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    policies.sort_unstable();
    policies.dedup();
    if policies.iter().any(|name| name == "root") {
        return Err(IdentityError::RootPolicy);
    }
    Ok(policies)
}
