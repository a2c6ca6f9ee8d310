//! Check-and-set: a write that says which state it is for.

use sdk::{Json, Map, Result, invalid};

/// Lets the write of a secret's data through, or says why not.
pub(crate) fn check(options: Option<&Map>, required: bool, current: u64) -> Result<()> {
    match options.and_then(|options| options.get("cas")) {
        None if required => Err(invalid("check-and-set parameter required for this call")),
        None => Ok(()),
        Some(given) => {
            let given =
                number(given).ok_or_else(|| invalid("error parsing check-and-set parameter"))?;
            match u64::try_from(given) == Ok(current) {
                true => Ok(()),
                false => Err(invalid(
                    "check-and-set parameter did not match the current version",
                )),
            }
        }
    }
}

/// As leniently as fields of kind integer are read.
fn number(value: &Json) -> Option<i64> {
    match value {
        Json::Null => Some(0),
        Json::Bool(flag) => Some(i64::from(*flag)),
        Json::Number(number) => number.as_i64(),
        Json::String(text) if text.is_empty() => Some(0),
        Json::String(text) => text.parse().ok(),
        Json::Array(_) | Json::Object(_) => None,
    }
}

/// Lets the write of a secret's metadata through, or says why not. `revision` is that of metadata
/// that is there already.
pub(crate) fn check_metadata(
    given: Option<i64>,
    required: bool,
    revision: Option<u64>,
) -> Result<()> {
    match (given, revision) {
        (None, _) if required => Err(invalid(
            "metadata check-and-set parameter required for this call",
        )),
        (None, _) | (Some(0), None) => Ok(()),
        (Some(_), None) => Err(invalid("metadata_cas must be 0 when creating new metadata")),
        (Some(given), Some(revision)) if u64::try_from(given) == Ok(revision) => Ok(()),
        (Some(_), Some(_)) => Err(invalid(
            "metadata check-and-set parameter does not match the current version",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::json;

    #[test]
    fn table() {
        let check = |options: Json, required, current, wrong: Option<&str>| {
            let outcome = super::check(options.as_object(), required, current);
            let message = outcome.err().map(|failure| failure.message);
            let is_as_expected = match (&message, wrong) {
                (Some(message), Some(wrong)) => message.contains(wrong),
                (None, None) => true,
                _ => false,
            };
            assert!(is_as_expected, "{options} {message:?}");
        };
        check(json!(null), false, 3, None);
        check(json!({}), false, 3, None);
        check(json!({}), true, 3, Some("required"));
        check(json!({"cas": 3}), true, 3, None);
        check(json!({"cas": "3"}), false, 3, None);
        check(json!({"cas": true}), false, 1, None);
        check(json!({"cas": null}), false, 0, None);
        check(json!({"cas": ""}), false, 0, None);
        check(json!({"cas": 0}), false, 3, Some("did not match"));
        check(json!({"cas": -1}), false, 3, Some("did not match"));
        check(json!({"cas": 1.5}), false, 3, Some("parsing"));
        check(json!({"cas": "x"}), false, 3, Some("parsing"));
        check(json!({"cas": {}}), false, 3, Some("parsing"));
    }
}
