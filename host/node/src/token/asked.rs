//! What is asked of a new token, held against what its maker and its role allow.

use crate::native::Ask;
use crate::pipeline::Caller;
use crate::refusal::from_barrier;
use access::{Capped, Lifetime, TokenRole, WRAPPING_POLICY};
use base::{Refusal, TokenKind, parse_duration};
use locality::SystemKey;
use mount::{MountConfig, MountPath};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The policies of the token: those that are asked for, the role's or the maker's, all of which the
/// role or the maker must have to give.
pub(super) fn policies(
    ask: &Ask<'_>,
    caller: &Caller,
    role: Option<&TokenRole>,
    sudo: bool,
) -> Result<BTreeSet<String>, Refusal> {
    let is_from_above = caller.token.namespace != ask.namespace.id;
    let own: BTreeSet<String> = match is_from_above {
        // Names of another namespace's policies mean nothing here.
        true => BTreeSet::from([String::from("default")]),
        false => caller.token.policies.iter().cloned().collect(),
    };
    let asked = ask.texts("policies").unwrap_or_default();
    let is_asked = !asked.is_empty();
    let asked = asked.into_iter().map(|name| name.trim().to_lowercase());
    let asked: BTreeSet<String> = asked.filter(|name| !name.is_empty()).collect();
    let of_role = role.filter(|role| role.names_policies() || role.only_forbids());
    let without_default =
        ask.flag("no_default_policy") || role.is_some_and(|role| role.no_default_policy);
    let mut policies = match of_role {
        _ if is_asked => asked,
        Some(role) if role.names_policies() => role.allowed_policies.iter().cloned().collect(),
        _ => own.clone(),
    };
    if policies.contains("root") {
        if is_from_above {
            return Err(Refusal::invalid(
                "root tokens may not be created from a parent namespace",
            ));
        }
        if !caller.token.is_root() {
            return Err(Refusal::invalid(match of_role {
                None if !sudo => "child policies must be subset of parent",
                _ => "root tokens may not be created without parent token being root",
            }));
        }
        // It may do everything: further policies would say nothing.
        policies = BTreeSet::from([String::from("root")]);
    } else if without_default {
        if !is_asked_for(ask, "default") {
            policies.remove("default");
        }
    } else {
        let is_forbidden = role.is_some_and(|role| {
            !is_asked_for(ask, "default") && !role.names_policies() && forbids_default(role)
        });
        let inherits = !is_asked && !role.is_some_and(TokenRole::names_policies);
        if !is_forbidden && (!inherits || own.contains("default")) {
            policies.insert(String::from("default"));
        }
    }
    if policies.contains(WRAPPING_POLICY) {
        let text = format!("cannot assign policy {WRAPPING_POLICY:?}");
        return Err(Refusal::invalid(text));
    }
    match of_role {
        Some(role) => role
            .permit(&policies)
            .map_err(|error| Refusal::invalid(error.to_string()))?,
        None => {
            let beyond = |name: &String| name != "default" && !own.contains(name);
            if policies.iter().any(beyond) && !sudo && !caller.token.is_root() {
                return Err(Refusal::invalid("child policies must be subset of parent"));
            }
        }
    }
    Ok(policies)
}

fn is_asked_for(ask: &Ask<'_>, policy: &str) -> bool {
    let asked = ask.texts("policies").unwrap_or_default();
    asked
        .iter()
        .any(|name| name.trim().eq_ignore_ascii_case(policy))
}

fn forbids_default(role: &TokenRole) -> bool {
    let default = BTreeSet::from([String::from("default")]);
    role.permit(&default).is_err()
}

/// Remarks on policies that are not there.
pub(super) fn missing(
    ask: &mut Ask<'_>,
    policies: &BTreeSet<String>,
) -> Result<Vec<String>, Refusal> {
    let mut missing = Vec::new();
    for name in policies.iter().filter(|name| *name != "root") {
        let key = SystemKey::policy(ask.namespace.id, name);
        if ask.tx.get(&key).map_err(from_barrier)?.is_none() {
            missing.push(format!("Policy {name:?} does not exist"));
        }
    }
    Ok(missing)
}

/// The kind that is asked for, or that the role decides.
pub(super) fn kind(ask: &Ask<'_>, role: Option<&TokenRole>) -> Result<TokenKind, Refusal> {
    let asked = match ask.text("type") {
        "" => None,
        "service" => Some(TokenKind::Service),
        "batch" => Some(TokenKind::Batch),
        _ => return Err(Refusal::invalid("invalid 'token_type' value")),
    };
    Ok(role.map_or_else(
        || asked.unwrap_or(TokenKind::Service),
        |role| role.kind.decide(asked),
    ))
}

/// What a batch token cannot have.
pub(super) fn check_batch(
    policies: &BTreeSet<String>,
    lifetime: &Lifetime,
    uses: u32,
) -> Result<(), Refusal> {
    if policies.contains("root") {
        return Err(Refusal::invalid("batch tokens cannot be root tokens"));
    }
    for (name, is_set) in [
        ("explicit_max_ttl", lifetime.explicit_max > 0),
        ("num_uses", uses > 0),
        ("period", lifetime.period > 0),
    ] {
        if is_set {
            let text = format!("batch tokens cannot have {name:?} set");
            return Err(Refusal::invalid(text));
        }
    }
    Ok(())
}

/// How often the token can be used; zero for any number.
pub(super) fn uses(ask: &Ask<'_>, role: Option<&TokenRole>) -> Result<u32, Refusal> {
    let asked = ask.input.get("num_uses").and_then(Value::as_i64);
    let asked = u32::try_from(asked.unwrap_or(0))
        .map_err(|_| Refusal::invalid("number of uses cannot be negative"))?;
    let most = role.map_or(0, |role| role.uses);
    Ok(match (asked, most) {
        (0, uses) | (uses, 0) => uses,
        (asked, most) => asked.min(most),
    })
}

/// The terms that are asked for, and those within the role, with remarks.
pub(super) struct Terms {
    pub(super) own: Lifetime,
    pub(super) within_role: Lifetime,
    pub(super) warnings: Vec<String>,
}

/// How long the token lives.
pub(super) fn terms(
    ask: &Ask<'_>,
    role: Option<&TokenRole>,
    sudo: bool,
    is_root: bool,
) -> Result<Terms, Refusal> {
    let period = seconds(ask, "period")?;
    if period > 0 && !sudo {
        return Err(Refusal::invalid(
            "root or sudo privileges required to create periodic token",
        ));
    }
    let explicit_max = seconds(ask, "explicit_max_ttl")?;
    let asked = match ask.text("ttl") {
        "" => seconds(ask, "lease")?,
        _ => seconds(ask, "ttl")?,
    };
    let ttl = match asked {
        0 if is_root => 0,
        0 => default_ttl(ask),
        asked => asked,
    };
    let renewable = ask.input.get("renewable").and_then(Value::as_bool);
    let mut own = Lifetime {
        ttl,
        explicit_max,
        period,
        max: max_ttl(ask),
        renewable: renewable.unwrap_or(true) && role.is_none_or(|role| role.renewable),
    };
    let mut warnings = Vec::new();
    let mut within_role = own;
    if let Some(role) = role {
        within_role = own.within(role.period, role.explicit_max);
        if period > 0 && role.period > 0 {
            warnings.push(format!(
                "Period specified both during creation call and in role; using the lesser value of {} seconds",
                within_role.period
            ));
        }
        if explicit_max > 0 && role.explicit_max > 0 {
            warnings.push(format!(
                "Explicit max TTL specified both during creation call and in role; using the lesser value of {} seconds",
                within_role.explicit_max
            ));
        }
    }
    let granted = within_role.grant(ask.now, ask.now, 0);
    warnings.extend(granted.capped.map(told));
    let seconds = granted.end.map_or(0, |end| end.since(ask.now).as_secs());
    (own.ttl, within_role.ttl) = (seconds, seconds);
    Ok(Terms {
        own,
        within_role,
        warnings,
    })
}

/// A duration that is written as a text; zero where there is none.
fn seconds(ask: &Ask<'_>, field: &str) -> Result<u64, Refusal> {
    let text = ask.text(field).trim();
    if let Some(positive) = text.strip_prefix('-')
        && parse_duration(positive).is_ok()
    {
        return Err(Refusal::invalid(format!("{field} must be positive")));
    }
    let duration = parse_duration(text);
    duration
        .map(|duration| duration.as_secs())
        .map_err(|error| Refusal::invalid(error.to_string()))
}

/// What is told of something that was cut.
pub(super) fn told(capped: Capped) -> String {
    let (what, again, asked, max) = match capped {
        Capped::Ttl { asked, max } => ("TTL", "TTL", asked, max),
        Capped::Period { asked, max } => ("period", "period", asked, max),
    };
    let (asked, max) = (written(asked), written(max));
    format!(
        "{what} of {asked:?} exceeded the effective max_ttl of {max:?}; {again} value is capped accordingly"
    )
}

/// Seconds as people write them: `1h30m`, `768h`, `1h1m40s`.
fn written(seconds: u64) -> String {
    let parts = [
        (seconds / 3600, 'h'),
        (seconds % 3600 / 60, 'm'),
        (seconds % 60, 's'),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let text: String = parts
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    match text.is_empty() {
        true => String::from("0s"),
        false => text,
    }
}

/// What is tuned of the mount of tokens.
fn config(ask: &Ask<'_>) -> Option<MountConfig> {
    let tables = ask.node.tables();
    let path = MountPath::parse("auth/token/").ok()?;
    let mount = tables.of(ask.namespace.id)?.at(&path)?;
    Some(mount.0.config.clone())
}

/// Seconds that a token of this namespace lives at most.
pub(super) fn max_ttl(ask: &Ask<'_>) -> u64 {
    let tuned = config(ask).map_or(0, |config| config.max_lease_ttl);
    match tuned {
        0 => ask.node.parts.settings.max_lease_ttl.as_secs(),
        tuned => tuned,
    }
}

fn default_ttl(ask: &Ask<'_>) -> u64 {
    let tuned = config(ask).map_or(0, |config| config.default_lease_ttl);
    let ttl = match tuned {
        0 => ask.node.parts.settings.default_lease_ttl.as_secs(),
        tuned => tuned,
    };
    // Nobody asked for it, so nobody is told that it is cut.
    ttl.min(max_ttl(ask))
}

/// Metadata of the maker's choice.
pub(super) fn metadata(ask: &Ask<'_>) -> BTreeMap<String, String> {
    let Some(Value::Object(members)) = ask.input.get("meta") else {
        return BTreeMap::new();
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    members
        .iter()
        .map(|(name, value)| (name.clone(), text(value)))
        .collect()
}

/// `token`, or with the name that was asked for, of letters, digits and dashes: each run of others
/// becomes a dash.
pub(super) fn display_name(ask: &Ask<'_>) -> String {
    match ask.text("display_name") {
        "" => String::from("token"),
        name => format!("token-{}", clean(name)),
    }
}

fn clean(name: &str) -> String {
    let mut cleaned = String::with_capacity(name.len());
    let mut in_run = false;
    for letter in name.chars() {
        let is_fine = letter.is_ascii_alphanumeric() || letter == '-';
        if is_fine {
            cleaned.push(letter);
        } else if !in_run {
            cleaned.push('-');
        }
        in_run = !is_fine;
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_people_write_them() {
        let check = |seconds: u64, expected: &str| assert_eq!(written(seconds), expected);
        check(0, "0s");
        check(90, "1m30s");
        check(5400, "1h30m");
        check(3700, "1h1m40s");
        check(768 * 3600, "768h");
    }

    #[test]
    fn display_names() {
        let check = |name: &str, expected: &str| assert_eq!(clean(name), expected);
        check("Foo Bar/ü", "Foo-Bar-");
        check("a--b", "a--b");
        check("", "");
    }
}
