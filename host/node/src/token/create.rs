//! Makes tokens.

use crate::grant;
use crate::native::{Ask, Told};
use crate::refusal::chain;
use access::{AccessError, Lifetime, NewToken, TokenId};
use base::{Answer, Envelope, Refusal};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn child(ask: &mut Ask<'_>) -> Told {
    if ask.flag("no_parent") && !has_sudo(ask)? {
        return Err(Refusal::invalid(
            "root or sudo privileges required to create orphan token",
        ));
    }
    let parentless = ask.flag("no_parent");
    make(ask, parentless)
}

pub(super) fn orphan(ask: &mut Ask<'_>) -> Told {
    make(ask, true)
}

/// Does the caller have sudo on the path it calls?
fn has_sudo(ask: &Ask<'_>) -> Result<bool, Refusal> {
    let caller = ask.caller()?;
    let question = policy::Ask {
        path: &format!("{}{}", ask.namespace.path, ask.request.path),
        operation: policy::Operation::Update,
        data: &ask.request.data,
        wrap_ttl: ask.request.wrap_ttl,
        now: ask.now,
    };
    Ok(caller.acl.decide(&question).sudo)
}

fn make(ask: &mut Ask<'_>, is_orphan: bool) -> Told {
    let caller = ask.caller()?.clone();
    if caller.token.uses_left > 0 || caller.is_spent {
        // Its children would outlive its last use.
        return Err(Refusal::invalid(
            "restricted use token cannot generate child tokens",
        ));
    }
    if !ask.text("entity_alias").is_empty() {
        return Err(Refusal::invalid(
            "'entity_alias' is only allowed in combination with token role",
        ));
    }
    match ask.text("type") {
        "" | "service" => {}
        "batch" => return Err(Refusal::invalid("batch tokens are not supported yet")),
        _ => return Err(Refusal::invalid("invalid 'token_type' value")),
    }
    let sudo = has_sudo(ask)?;
    let id = id(ask, sudo)?;
    let policies = policies(ask, &caller, sudo)?;
    let lifetime = lifetime(ask, sudo, policies.contains("root"))?;
    if policies.contains("root") && caller.token.expires.is_some() && lifetime.ttl == 0 {
        return Err(Refusal::invalid(
            "expiring root tokens cannot create non-expiring root tokens",
        ));
    }
    let display_name = match ask.text("display_name") {
        "" => String::from("token"),
        name => format!("token-{}", clean(name)),
    };
    let uses = ask
        .input
        .get("num_uses")
        .and_then(Value::as_i64)
        .unwrap_or(0);
    let uses =
        u32::try_from(uses).map_err(|_| Refusal::invalid("number of uses cannot be negative"))?;
    let new = NewToken {
        parent: (!is_orphan).then(|| caller.hash.clone()),
        namespace: ask.namespace.id,
        policies: policies.into_iter().collect(),
        path: ask.request.path.as_str().to_owned(),
        display_name,
        metadata: metadata(ask),
        uses,
        lifetime,
        entity_id: if is_orphan {
            String::new()
        } else {
            caller.entity_id().to_owned()
        },
        role: String::new(),
        bound_cidrs: caller.token.bound_cidrs.clone(),
        method: None,
    };
    let entropy = ask.node.parts.entropy.clone();
    let made = access::make(ask.tx, &ask.node.salt, entropy.as_ref(), ask.now, &id, new);
    let token = made.map_err(|error| match error {
        AccessError::Duplicate => Refusal::invalid(error.to_string()),
        error @ AccessError::Storage(_) => Refusal::internal(chain(&error)),
    })?;
    ask.node.wake_expirer();
    told(ask, id, token)
}

/// What is told of the new token.
fn told(ask: &Ask<'_>, id: TokenId, token: access::Token) -> Told {
    let identity_policies = ask.node.identity_policies(&token)?;
    let auth = Some(Box::new(grant::block(
        id,
        token,
        ask.now,
        identity_policies,
    )));
    Ok(Answer::Envelope(Box::new(Envelope {
        auth,
        ..Envelope::default()
    })))
}

fn id(ask: &Ask<'_>, sudo: bool) -> Result<TokenId, Refusal> {
    match ask.text("id") {
        "" => Ok(TokenId::make_service(ask.node.parts.entropy.as_ref())),
        _ if !sudo => Err(Refusal::invalid(
            "root or sudo privileges required to specify token id",
        )),
        id if id.starts_with("hvs.") || id.starts_with("s.") || id.contains('.') => Err(
            Refusal::invalid("custom token ID cannot have the 's.' or 'hvs.' prefix, nor a '.'"),
        ),
        id => TokenId::parse(id.to_owned()).ok_or_else(|| Refusal::invalid("invalid token id")),
    }
}

fn policies(
    ask: &Ask<'_>,
    caller: &crate::pipeline::Caller,
    sudo: bool,
) -> Result<BTreeSet<String>, Refusal> {
    let own: BTreeSet<String> = caller.token.policies.iter().cloned().collect();
    let asked = ask.texts("policies").unwrap_or_default();
    let asked = asked.into_iter().map(|name| name.trim().to_lowercase());
    let mut policies: BTreeSet<String> = asked.filter(|name| !name.is_empty()).collect();
    let inherits = policies.is_empty();
    if inherits {
        policies.clone_from(&own);
    }
    if policies.contains("root") && !caller.token.is_root() {
        return Err(Refusal::invalid(
            "root tokens may not be created without parent token being root",
        ));
    }
    if policies.contains("response-wrapping") {
        return Err(Refusal::invalid(
            "cannot add policy \"response-wrapping\" to a token",
        ));
    }
    let wants_default = !ask.flag("no_default_policy") && !policies.contains("root");
    if wants_default && (!inherits || own.contains("default")) {
        policies.insert(String::from("default"));
    } else if ask.flag("no_default_policy") {
        policies.remove("default");
    }
    let beyond = policies
        .iter()
        .any(|name| name != "default" && !own.contains(name));
    if beyond && !sudo && !caller.token.is_root() {
        return Err(Refusal::invalid("child policies must be subset of parent"));
    }
    Ok(policies)
}

fn lifetime(ask: &Ask<'_>, sudo: bool, is_root: bool) -> Result<Lifetime, Refusal> {
    let settings = &ask.node.parts.settings;
    let max = settings.max_lease_ttl.as_secs();
    let period = ask.number("period").unwrap_or(0);
    if period > 0 && !sudo {
        return Err(Refusal::invalid(
            "root or sudo privileges required to create periodic token",
        ));
    }
    let asked = ask
        .number("ttl")
        .or_else(|| ask.number("lease"))
        .unwrap_or(0);
    let ttl = match asked {
        0 if is_root => 0,
        0 => settings.default_lease_ttl.as_secs(),
        asked => asked,
    };
    let renewable = ask
        .input
        .get("renewable")
        .and_then(Value::as_bool)
        .unwrap_or(true);
    Ok(Lifetime {
        ttl: if period > 0 { period } else { ttl.min(max) },
        explicit_max: ask.number("explicit_max_ttl").unwrap_or(0),
        period,
        max,
        renewable: renewable && !(is_root && ttl == 0 && period == 0),
    })
}

fn metadata(ask: &Ask<'_>) -> BTreeMap<String, String> {
    let Some(Value::Object(members)) = ask.input.get("meta") else {
        return BTreeMap::new();
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    members
        .iter()
        .map(|(name, value)| (name.clone(), text(value)))
        .collect()
}

/// Letters, digits and dashes; all else becomes a dash.
fn clean(name: &str) -> String {
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect()
}
