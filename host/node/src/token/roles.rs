//! `auth/token/roles`.

use crate::native::{Ask, Told};
use crate::refusal::from_barrier;
use access::{TokenRole, TokenType, parse_network};
use barrier::Transaction;
use base::{Answer, Envelope, NamespaceId, Refusal};
use locality::SystemKey;
use serde_json::{Value, json};

/// The role of this name.
pub(super) fn find(
    tx: &mut Transaction,
    namespace: NamespaceId,
    name: &str,
) -> Result<Option<TokenRole>, Refusal> {
    tx.read_json(&SystemKey::token_role(namespace, name))
        .map_err(from_barrier)
}

fn named(ask: &mut Ask<'_>) -> Result<Option<TokenRole>, Refusal> {
    let name = ask.text("role_name").to_owned();
    find(ask.tx, ask.namespace.id, &name)
}

pub(super) fn exists(ask: &mut Ask<'_>) -> Result<bool, Refusal> {
    Ok(named(ask)?.is_some())
}

pub(super) fn list(ask: &mut Ask<'_>) -> Told {
    let roles = SystemKey::token_roles(ask.namespace.id);
    let page = ask.tx.children(&roles, None, usize::MAX);
    let names = page.map_err(from_barrier)?.names;
    match names.is_empty() {
        true => Err(Refusal::not_found()),
        false => Ok(Answer::data(&json!({ "keys": names }))),
    }
}

pub(super) fn read(ask: &mut Ask<'_>) -> Told {
    let role = named(ask)?.ok_or_else(Refusal::not_found)?;
    let old = |is_old: bool, seconds: u64| if is_old { seconds } else { 0 };
    let mut data = json!({
        "name": ask.text("role_name"),
        "allowed_entity_aliases": role.allowed_entity_aliases,
        "allowed_policies": role.allowed_policies,
        "allowed_policies_glob": role.allowed_policies_glob,
        "disallowed_policies": role.disallowed_policies,
        "disallowed_policies_glob": role.disallowed_policies_glob,
        "orphan": role.orphan,
        "renewable": role.renewable,
        "path_suffix": role.path_suffix,
        "explicit_max_ttl": old(role.old_names.explicit_max, role.explicit_max),
        "period": old(role.old_names.period, role.period),
        "token_explicit_max_ttl": role.explicit_max,
        "token_period": role.period,
        "token_no_default_policy": role.no_default_policy,
        "token_type": role.kind.name(),
    });
    if let Value::Object(members) = &mut data {
        if !role.bound_cidrs.is_empty() {
            members.insert("token_bound_cidrs".into(), json!(role.bound_cidrs));
            if role.old_names.bound_cidrs {
                members.insert("bound_cidrs".into(), json!(role.bound_cidrs));
            }
        }
        if role.uses > 0 {
            members.insert("token_num_uses".into(), role.uses.into());
        }
        if role.strictly_bind_ip {
            members.insert("token_strictly_bind_ip".into(), true.into());
        }
    }
    Ok(Answer::data(&data))
}

pub(super) fn write(ask: &mut Ask<'_>) -> Told {
    let mut role = named(ask)?.unwrap_or_default();
    let mut warnings = Vec::new();
    apply_lists(ask, &mut role);
    apply_terms(ask, &mut role, &mut warnings)?;
    role.check()
        .map_err(|error| Refusal::invalid(error.to_string()))?;
    let max = super::asked::max_ttl(ask);
    if role.explicit_max > max {
        warnings.push(format!(
            "Given explicit max TTL of {} is greater than system/mount allowed value of {max} seconds; until this is fixed attempting to create tokens against this role will result in an error",
            role.explicit_max
        ));
    }
    let key = SystemKey::token_role(ask.namespace.id, ask.text("role_name"));
    ask.tx.write_json(&key, &role).map_err(from_barrier)?;
    match warnings.is_empty() {
        true => Ok(Answer::Empty),
        false => Ok(Answer::Envelope(Box::new(Envelope {
            warnings,
            ..Envelope::default()
        }))),
    }
}

pub(super) fn delete(ask: &mut Ask<'_>) -> Told {
    if named(ask)?.is_some() {
        let key = SystemKey::token_role(ask.namespace.id, ask.text("role_name"));
        ask.tx.delete(&key);
    }
    Ok(Answer::Empty)
}

/// Names as they are compared: in lowercase, sorted, each once.
fn names(ask: &Ask<'_>, field: &str) -> Option<Vec<String>> {
    let given = ask.texts(field)?.into_iter();
    let names = given.map(|name| name.trim().to_lowercase());
    let mut names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    Some(names)
}

fn apply_lists(ask: &Ask<'_>, role: &mut TokenRole) {
    for (field, list) in [
        ("allowed_policies", &mut role.allowed_policies),
        ("allowed_policies_glob", &mut role.allowed_policies_glob),
        ("disallowed_policies", &mut role.disallowed_policies),
        (
            "disallowed_policies_glob",
            &mut role.disallowed_policies_glob,
        ),
    ] {
        if let Some(given) = names(ask, field) {
            *list = given;
        }
    }
    if let Some(given) = names(ask, "allowed_entity_aliases") {
        role.allowed_entity_aliases = Some(given);
    }
}

fn apply_terms(
    ask: &Ask<'_>,
    role: &mut TokenRole,
    warnings: &mut Vec<String>,
) -> Result<(), Refusal> {
    let flag = |name: &str, value: &mut bool| {
        if ask.input.contains_key(name) {
            *value = ask.flag(name);
        }
    };
    flag("orphan", &mut role.orphan);
    flag("renewable", &mut role.renewable);
    flag("token_no_default_policy", &mut role.no_default_policy);
    flag("token_strictly_bind_ip", &mut role.strictly_bind_ip);
    if let Some(suffix) = ask.some_text("path_suffix") {
        suffix.clone_into(&mut role.path_suffix);
    }
    if let Some(kind) = ask.some_text("token_type") {
        let wrong = || Refusal::invalid(format!("invalid 'token_type' value {kind:?}"));
        role.kind = TokenType::from_name(kind).ok_or_else(wrong)?;
    }
    if let Some(uses) = ask.input.get("token_num_uses").and_then(Value::as_i64) {
        let text = "error parsing role fields: 'token_num_uses' cannot be negative";
        role.uses = u32::try_from(uses).map_err(|_| Refusal::invalid(text))?;
    }
    let mut renamed = |old: &str, is_old: &mut bool| {
        let new = format!("token_{old}");
        let (by_old, by_new) = (ask.input.contains_key(old), ask.input.contains_key(&new));
        if by_old && by_new {
            warnings.push(format!(
                "Both '{new}' and deprecated '{old}' value supplied, ignoring the deprecated value"
            ));
        }
        if by_old || by_new {
            *is_old = !by_new;
        }
        match (by_new, by_old) {
            (true, _) => Some(new),
            (false, true) => Some(old.to_owned()),
            (false, false) => None,
        }
    };
    if let Some(name) = renamed("period", &mut role.old_names.period) {
        role.period = ask.number(&name).unwrap_or(0);
    }
    if let Some(name) = renamed("explicit_max_ttl", &mut role.old_names.explicit_max) {
        role.explicit_max = ask.number(&name).unwrap_or(0);
    }
    if let Some(name) = renamed("bound_cidrs", &mut role.old_names.bound_cidrs) {
        role.bound_cidrs = networks(ask, &name)?;
    }
    Ok(())
}

fn networks(ask: &Ask<'_>, field: &str) -> Result<Vec<String>, Refusal> {
    let what = match field {
        "bound_cidrs" => "error parsing bound_cidrs",
        _ => "error parsing role fields",
    };
    let given = ask.texts(field).unwrap_or_default().into_iter();
    let networks = given.filter(|text| !text.is_empty()).map(|text| {
        let wrong = || {
            Refusal::invalid(format!(
                "{what}: error parsing address {text:?}: Unable to convert {text:?} to an IPv4 or IPv6 address, or a UNIX Socket"
            ))
        };
        parse_network(&text).ok_or_else(wrong)
    });
    networks.collect()
}
