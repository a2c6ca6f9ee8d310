//! `sys/policies/password`: policies of passwords, and passwords made by them.

use super::policy_writes::plain;
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::passwords::Stored;
use crate::refusal::from_barrier;
use base::{Answer, Refusal, RefusalKind};
use locality::SystemKey;
use manifest::Access::Token;
use manifest::FieldKind::Text;
use manifest::Operation::{Delete, List, Read, Update};
use policy::PasswordPolicy;
use serde_json::json;

const NAME: &[NativeField] = &[path("name", "Name of the policy.")];
const POLICY: &[NativeField] = &[
    path("name", "Name of the policy."),
    body(
        "policy",
        Text,
        "The policy, HCL or JSON, plain or in Base64.",
    ),
];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(List, "policies/password", Token, Now(list), &[], "Lists the password policies."),
    on(Read, "policies/password/{name}", Token, Now(read), NAME, "Reads a password policy."),
    on(Update, "policies/password/{name}", Token, Now(write), POLICY, "Writes a password policy."),
    on(Delete, "policies/password/{name}", Token, Now(delete), NAME, "Deletes a password policy."),
    on(Read, "policies/password/{name}/generate", Token, Now(generate), NAME, "Makes a password by a policy."),
];

fn list(ask: &mut Ask<'_>) -> Told {
    let all = SystemKey::password_policies(ask.namespace.id);
    let keys = ask.tx.keys(&all, None, usize::MAX).map_err(from_barrier)?;
    let prefix = all.physical().path();
    let names: Vec<&str> = keys
        .iter()
        .filter_map(|key| key.path().strip_prefix(prefix))
        .collect();
    match names.is_empty() {
        true => Err(Refusal::not_found()),
        false => Ok(Answer::data(&json!({ "keys": names }))),
    }
}

fn read(ask: &mut Ask<'_>) -> Told {
    let stored = find(ask)?;
    Ok(Answer::data(&json!({ "policy": stored.text })))
}

fn write(ask: &mut Ask<'_>) -> Told {
    let text = plain(ask.text("policy"));
    if text.is_empty() {
        return Err(Refusal::invalid(listed("missing policy")));
    }
    let parsed = PasswordPolicy::parse(&text);
    parsed.map_err(|error| {
        Refusal::invalid(listed(&match error {
            policy::PasswordPolicyError::Length => error.to_string(),
            error => format!("invalid password policy: {error}"),
        }))
    })?;
    let key = SystemKey::password_policy(ask.namespace.id, ask.text("name"));
    ask.tx
        .write_json(&key, &Stored { text })
        .map_err(from_barrier)?;
    Ok(Answer::Empty)
}

fn delete(ask: &mut Ask<'_>) -> Told {
    let key = SystemKey::password_policy(ask.namespace.id, ask.text("name"));
    ask.tx.delete(&key);
    Ok(Answer::Empty)
}

fn generate(ask: &mut Ask<'_>) -> Told {
    let stored = find(ask)?;
    let parsed = PasswordPolicy::parse(&stored.text);
    let parsed = parsed.map_err(|error| Refusal::internal(format!("stored policy: {error}")))?;
    let password = parsed.make_password(ask.node.parts.entropy.as_ref());
    let hardly = || Refusal::invalid(listed(GIVEN_UP));
    Ok(Answer::data(
        &json!({ "password": password.ok_or_else(hardly)? }),
    ))
}

/// What is told where hardly any password keeps the policy.
const GIVEN_UP: &str =
    "failed to generate password from policy: hardly any password satisfies its rules";

fn find(ask: &mut Ask<'_>) -> Result<Stored, Refusal> {
    let (namespace, name) = (ask.namespace.id, ask.text("name").to_owned());
    let stored = Stored::find(ask.tx, namespace, &name).map_err(from_barrier)?;
    stored.ok_or_else(|| Refusal::new(RefusalKind::NotFound, listed("policy does not exist")))
}

/// A fault as clients know it from these paths: as a list of one.
fn listed(fault: &str) -> String {
    format!("1 error occurred:\n\t* {fault}\n\n")
}
