//! `sys/policies/acl` and its older form, `sys/policy`.

use crate::defaults::StoredPolicy;
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::refusal::{chain, from_barrier};
use base::{Answer, Refusal};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use locality::{PhysicalKey, SystemKey};
use manifest::Access::Token;
use manifest::FieldKind::{Boolean, Text};
use manifest::Operation::{Delete, List, Read, Update};
use serde_json::json;

const NAME: &[NativeField] = &[path("name", "Name of the policy.")];
const POLICY: &[NativeField] = &[
    path("name", "Name of the policy."),
    body(
        "policy",
        Text,
        "The policy, HCL or JSON, plain or in Base64.",
    ),
    body("rules", Text, "Old name of `policy`."),
    body(
        "allow_slashes_in_identity_templates",
        Boolean,
        "May values that fill its templates hold `/`?",
    ),
    body(
        "allow_wildcards_in_identity_templates",
        Boolean,
        "May values that fill its templates hold `+` and `*`?",
    ),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(List, "policies/acl", Token, Now(list), &[], "Lists the ACL policies."),
    on(Read, "policies/acl/{name}", Token, Now(read), NAME, "Reads an ACL policy."),
    on(Update, "policies/acl/{name}", Token, Now(write), POLICY, "Writes an ACL policy."),
    on(Delete, "policies/acl/{name}", Token, Now(delete), NAME, "Deletes an ACL policy."),
    on(Read, "policy", Token, Now(list_legacy), &[], "Lists the ACL policies."),
    on(List, "policy", Token, Now(list_legacy), &[], "Lists the ACL policies."),
    on(Read, "policy/{name}", Token, Now(read_legacy), NAME, "Reads an ACL policy."),
    on(Update, "policy/{name}", Token, Now(write), POLICY, "Writes an ACL policy."),
    on(Delete, "policy/{name}", Token, Now(delete), NAME, "Deletes an ACL policy."),
];

/// Not shown in lists, and not to be given to tokens by hand.
const INTERNAL: &str = "response-wrapping";

pub(super) fn list(ask: &mut Ask<'_>) -> Told {
    let names = names(ask)?;
    Ok(Answer::data(&json!({ "keys": names })))
}

pub(super) fn list_legacy(ask: &mut Ask<'_>) -> Told {
    let names = names(ask)?;
    Ok(Answer::repeated(
        &json!({ "keys": names, "policies": names }),
    ))
}

fn names(ask: &mut Ask<'_>) -> Result<Vec<String>, Refusal> {
    let all = SystemKey::policies(ask.namespace.id);
    let keys = ask.tx.keys(&all, None, usize::MAX).map_err(from_barrier)?;
    let name = |key: &PhysicalKey| Some(key.path().strip_prefix(all.physical().path())?.to_owned());
    let mut names: Vec<String> = keys
        .iter()
        .filter_map(name)
        .filter(|one| one != INTERNAL)
        .collect();
    if ask.namespace.is_root() {
        names.push(String::from("root"));
    }
    names.sort_unstable();
    Ok(names)
}

pub(super) fn read(ask: &mut Ask<'_>) -> Told {
    let (name, stored) = find(ask)?;
    Ok(Answer::data(&json!({
        "allow_slashes_in_identity_templates": stored.allow_slashes,
        "allow_wildcards_in_identity_templates": stored.allow_wildcards,
        "name": name,
        "policy": stored.text,
    })))
}

pub(super) fn read_legacy(ask: &mut Ask<'_>) -> Told {
    let (name, stored) = find(ask)?;
    Ok(Answer::repeated(
        &json!({ "name": name, "rules": stored.text }),
    ))
}

fn find(ask: &mut Ask<'_>) -> Result<(String, StoredPolicy), Refusal> {
    let name = ask.text("name").to_lowercase();
    if name == "root" {
        return Ok((name, StoredPolicy::default()));
    }
    let key = SystemKey::policy(ask.namespace.id, &name);
    let stored: Option<StoredPolicy> = ask.tx.read_json(&key).map_err(from_barrier)?;
    Ok((name, stored.ok_or_else(Refusal::not_found)?))
}

pub(super) fn write(ask: &mut Ask<'_>) -> Told {
    let name = ask.text("name").to_lowercase();
    if name == "root" || name == INTERNAL {
        return Err(Refusal::invalid(format!("cannot update {name:?} policy")));
    }
    let given = match ask.text("policy") {
        "" => ask.text("rules"),
        given => given,
    };
    if given.is_empty() {
        return Err(Refusal::invalid("'policy' parameter not supplied or empty"));
    }
    let decoded = STANDARD
        .decode(given)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let text = decoded.unwrap_or_else(|| given.to_owned());
    policy::Policy::parse(&name, &text)
        .map_err(|error| Refusal::invalid(format!("failed to parse policy: {}", chain(&error))))?;
    let key = SystemKey::policy(ask.namespace.id, &name);
    let stored = StoredPolicy {
        text,
        allow_slashes: ask.flag("allow_slashes_in_identity_templates"),
        allow_wildcards: ask.flag("allow_wildcards_in_identity_templates"),
    };
    ask.tx.write_json(&key, &stored).map_err(from_barrier)?;
    Ok(Answer::Empty)
}

pub(super) fn delete(ask: &mut Ask<'_>) -> Told {
    let name = ask.text("name").to_lowercase();
    if name == "default" {
        return Err(Refusal::invalid("cannot delete default policy"));
    }
    if ["root", INTERNAL].contains(&name.as_str()) {
        return Err(Refusal::invalid(format!("cannot delete {name:?} policy")));
    }
    ask.tx.delete(&SystemKey::policy(ask.namespace.id, &name));
    Ok(Answer::Empty)
}
