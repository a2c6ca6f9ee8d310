//! `sys/policies/acl` and its older form, `sys/policy`: reading them. What changes them is in
//! `policy_writes`.

use super::policy_writes::{delete, patch, write};
use crate::defaults::StoredPolicy;
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path};
use crate::refusal::from_barrier;
use base::{Answer, Map, Refusal};
use locality::{PhysicalKey, SystemKey};
use manifest::Access::Token;
use manifest::FieldKind::{Boolean, Duration, Integer, Text, Time};
use manifest::Operation::{Delete, List, Patch, Read, Update};
use serde_json::{Value, json};

const NAME: &[NativeField] = &[path("name", "Name of the policy.")];
const FOLDER: &[NativeField] = &[path("name", "The folder of names.")];
const POLICY: &[NativeField] = &[
    path("name", "Name of the policy."),
    TEXT,
    CAS,
    CAS_REQUIRED,
    EXPIRATION,
    TTL,
    SLASHES,
    WILDCARDS,
];
const OLD_POLICY: &[NativeField] = &[
    path("name", "Name of the policy."),
    TEXT,
    body("rules", Text, "Old name of `policy`."),
    CAS,
    CAS_REQUIRED,
    EXPIRATION,
    TTL,
    SLASHES,
    WILDCARDS,
];
const TEXT: NativeField = body(
    "policy",
    Text,
    "The policy, HCL or JSON, plain or in Base64.",
);
const CAS: NativeField = body(
    "cas",
    Integer,
    "The version that is changed; -1 where there must be none.",
);
const CAS_REQUIRED: NativeField = body(
    "cas_required",
    Boolean,
    "Must every write name the version that it changes?",
);
const EXPIRATION: NativeField = body("expiration", Time, "From when on it grants nothing.");
const TTL: NativeField = body("ttl", Duration, "As `expiration`, from now on.");
const SLASHES: NativeField = body(
    "allow_slashes_in_identity_templates",
    Boolean,
    "May values that fill its templates hold `/`?",
);
const WILDCARDS: NativeField = body(
    "allow_wildcards_in_identity_templates",
    Boolean,
    "May values that fill its templates hold `+` and `*`?",
);

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(List, "policies/acl", Token, Now(list), &[], "Lists the ACL policies."),
    on(List, "policies/acl/{name..}", Token, Now(list), FOLDER, "Lists the ACL policies whose names begin so."),
    on(Read, "policies/acl/{name..}", Token, Now(read), NAME, "Reads an ACL policy."),
    on(Update, "policies/acl/{name..}", Token, Now(write), POLICY, "Writes an ACL policy."),
    on(Patch, "policies/acl/{name..}", Token, Now(patch), POLICY, "Changes parts of an ACL policy."),
    on(Delete, "policies/acl/{name..}", Token, Now(delete), NAME, "Deletes an ACL policy."),
    on(List, "policies/detailed/acl", Token, Now(list_detailed), &[], "Lists the ACL policies with what they say."),
    on(List, "policies/detailed/acl/{name..}", Token, Now(list_detailed), FOLDER, "As above, of those whose names begin so."),
    on(Read, "policy", Token, Now(list_legacy), &[], "Lists the ACL policies."),
    on(List, "policy", Token, Now(list_legacy), &[], "Lists the ACL policies."),
    on(List, "policy/{name..}", Token, Now(list_legacy), FOLDER, "Lists the ACL policies whose names begin so."),
    on(Read, "policy/{name..}", Token, Now(read_legacy), NAME, "Reads an ACL policy."),
    on(Update, "policy/{name..}", Token, Now(write), OLD_POLICY, "Writes an ACL policy."),
    on(Delete, "policy/{name..}", Token, Now(delete), NAME, "Deletes an ACL policy."),
];

/// Not shown in lists, and not to be given to tokens by hand.
pub(super) const INTERNAL: &str = "response-wrapping";

fn list(ask: &mut Ask<'_>) -> Told {
    let names = names(ask)?;
    Ok(Answer::data(&json!({ "keys": names })))
}

fn list_legacy(ask: &mut Ask<'_>) -> Told {
    let names = names(ask)?;
    Ok(Answer::repeated(
        &json!({ "keys": names, "policies": names }),
    ))
}

fn names(ask: &mut Ask<'_>) -> Result<Vec<String>, Refusal> {
    let all = all(ask)?;
    Ok(all.into_iter().map(|(name, _)| name).collect())
}

fn list_detailed(ask: &mut Ask<'_>) -> Told {
    let all = all(ask)?;
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    let details: Map = all
        .iter()
        .map(|(name, stored)| (name.clone(), shown(name, stored, "policy")))
        .collect();
    Ok(Answer::data(&json!({ "keys": names, "key_info": details })))
}

/// The policies that count, of the folder that is asked for, by name.
fn all(ask: &mut Ask<'_>) -> Result<Vec<(String, StoredPolicy)>, Refusal> {
    let folder = ask.text("name").to_lowercase();
    let prefix = SystemKey::policies(ask.namespace.id);
    let records = ask
        .tx
        .records(&prefix, None, usize::MAX)
        .map_err(from_barrier)?;
    let named = records
        .into_iter()
        .filter_map(|(key, stored): (PhysicalKey, StoredPolicy)| {
            let name = key.path().strip_prefix(prefix.physical().path())?;
            Some((name.to_owned(), stored))
        });
    let now = ask.now;
    let mut all: Vec<(String, StoredPolicy)> = named
        .filter(|(name, stored)| {
            name != INTERNAL && stored.is_alive(now) && name.starts_with(&folder)
        })
        .collect();
    if folder.is_empty() && ask.namespace.is_root() {
        all.push((String::from("root"), StoredPolicy::default()));
    }
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    match all.is_empty() {
        true => Err(Refusal::not_found()),
        false => Ok(all),
    }
}

fn read(ask: &mut Ask<'_>) -> Told {
    let (name, stored) = find(ask)?;
    Ok(Answer::data(&shown(&name, &stored, "policy")))
}

fn read_legacy(ask: &mut Ask<'_>) -> Told {
    if ask.text("name").is_empty() {
        return list_legacy(ask);
    }
    let (name, stored) = find(ask)?;
    Ok(Answer::repeated(&shown(&name, &stored, "rules")))
}

/// What is told of a policy; `text` is the name of the member that has what it says.
fn shown(name: &str, stored: &StoredPolicy, text: &str) -> Value {
    let mut shown = json!({
        "allow_slashes_in_identity_templates": stored.allow_slashes,
        "allow_wildcards_in_identity_templates": stored.allow_wildcards,
        "cas_required": stored.cas_required,
        "name": name,
        text: stored.text,
        "version": stored.version,
    });
    let times = [
        ("expiration", stored.expires),
        ("modified", stored.modified),
    ];
    if let Value::Object(members) = &mut shown {
        let times = times
            .into_iter()
            .filter_map(|(name, time)| Some((name.to_owned(), time?.to_rfc3339().into())));
        members.extend(times);
    }
    shown
}

fn find(ask: &mut Ask<'_>) -> Result<(String, StoredPolicy), Refusal> {
    let name = ask.text("name").to_lowercase();
    if name == "root" {
        return Ok((name, StoredPolicy::default()));
    }
    let stored = stored(ask, &name)?.filter(|stored| stored.is_alive(ask.now));
    Ok((name, stored.ok_or_else(Refusal::not_found)?))
}

/// What is stored under a name, also where it counts no more.
pub(super) fn stored(ask: &mut Ask<'_>, name: &str) -> Result<Option<StoredPolicy>, Refusal> {
    let key = SystemKey::policy(ask.namespace.id, name);
    ask.tx.read_json(&key).map_err(from_barrier)
}
