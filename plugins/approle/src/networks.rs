//! Networks as this method takes them: always with a length, and one list within another.

use sdk::{Network, Result, invalid};

/// Refuses what is no network with a length; `what` begins the refusal.
pub(crate) fn check(what: &str, networks: &[String]) -> Result<()> {
    let is_network = |text: &&String| text.contains('/') && text.parse::<Network>().is_ok();
    match networks.iter().find(|text| !is_network(text)) {
        None => Ok(()),
        Some(wrong) => Err(invalid(format!(
            "failed to validate {what} blocks: invalid CIDR address: {wrong}"
        ))),
    }
}

/// Refuses networks of a secret id that are not within those of its role, where that has any.
pub(crate) fn check_within(of_role: &[String], of_secret_id: &[String]) -> Result<()> {
    if of_role.is_empty() || is_within(of_role, of_secret_id) {
        return Ok(());
    }
    Err(invalid(format!(
        "failed to verify subset relationship between CIDR blocks on the role {} and CIDR blocks on the secret ID {}",
        listed(of_role),
        listed(of_secret_id),
    )))
}

fn is_within(outer: &[String], inner: &[String]) -> bool {
    let parsed = |texts: &[String]| -> Vec<Network> {
        texts.iter().filter_map(|text| text.parse().ok()).collect()
    };
    let outer = parsed(outer);
    parsed(inner)
        .iter()
        .all(|inner| outer.iter().any(|outer| outer.covers(inner)))
}

fn listed(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    format!("[{}]", quoted.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_network_has_a_length() {
        assert_eq!(check("CIDR", &list("10.0.0.0/8 ::1/128")), Ok(()));
        for wrong in ["x", "10.0.0.1", "10.0.0.0/33", "/8"] {
            let text = format!("failed to validate CIDR blocks: invalid CIDR address: {wrong}");
            assert_eq!(check("CIDR", &[wrong.to_owned()]), Err(invalid(text)));
        }
    }

    #[test]
    fn one_list_lies_within_another() {
        let check = |outer, inner, expected| {
            let result = check_within(&list(outer), &list(inner));
            assert_eq!(result.is_ok(), expected, "{outer} / {inner}");
        };
        check("", "10.0.0.0/8", true);
        check("10.0.0.0/8", "", true);
        check("10.0.0.0/8 11.0.0.0/8", "11.1.0.0/16 10.0.0.1/32", true);
        check("10.0.0.0/8", "10.1.0.0/16 11.0.0.0/16", false);
        let refused = check_within(&list("10.0.0.0/8 ::1/128"), &list("11.0.0.0/8"));
        let text = "failed to verify subset relationship between CIDR blocks on the role [\"10.0.0.0/8\" \"::1/128\"] and CIDR blocks on the secret ID [\"11.0.0.0/8\"]";
        assert_eq!(refused, Err(invalid(text)));
    }
}
