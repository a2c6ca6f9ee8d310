//! Roles as a whole, and their ids.

use crate::role::{self, Role};
use crate::tidy;
use sdk::prelude::*;
use sdk::{ListRange, TokenFields, TokenRules, clean_policies};

#[derive(Fields)]
pub(crate) struct At {
    /// Name of the role.
    #[field(path, kind = "name")]
    pub(crate) role_name: String,
}

#[derive(Fields)]
pub(crate) struct Write {
    /// Name of the role.
    #[field(path, kind = "name")]
    role_name: String,
    /// Id of the role; made at random where it is left out.
    role_id: Option<String>,
    /// Does a login need a secret id?
    bind_secret_id: Option<bool>,
    /// Do secret ids stay in the cluster that made them? Fixed when the role is made.
    local_secret_ids: Option<bool>,
    /// Networks to log in from.
    secret_id_bound_cidrs: Option<Vec<String>>,
    /// Older name of `secret_id_bound_cidrs`.
    #[field(deprecated)]
    bound_cidr_list: Option<Vec<String>>,
    /// How often a secret id can be used; 0 for any number.
    secret_id_num_uses: Option<i64>,
    /// How long a secret id lives; 0 for no end.
    secret_id_ttl: Option<Duration>,
    #[field(flatten)]
    token: TokenFields,
    /// Older name of `token_policies`.
    #[field(deprecated)]
    policies: Option<Vec<String>>,
    /// Older name of `token_period`.
    #[field(deprecated)]
    period: Option<Duration>,
}

#[derive(Fields)]
pub(crate) struct WriteRoleId {
    /// Name of the role.
    #[field(path, kind = "name")]
    role_name: String,
    /// The new id.
    role_id: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    bind_secret_id: bool,
    local_secret_ids: bool,
    secret_id_bound_cidrs: Option<Vec<String>>,
    secret_id_num_uses: u32,
    secret_id_ttl: u64,
    #[serde(flatten)]
    token: TokenRules,
    #[serde(flatten)]
    older: Map,
}

/// A list, or null where it is empty.
pub(crate) fn filled(list: &[String]) -> Option<Vec<String>> {
    Some(list.to_vec()).filter(|list| !list.is_empty())
}

/// A number of uses.
pub(crate) fn uses(name: &str, uses: i64) -> Result<u32> {
    match u32::try_from(uses) {
        Ok(uses) => Ok(uses),
        Err(_) if uses < 0 => Err(invalid(format!("{name} cannot be negative"))),
        Err(_) => Err(invalid(format!("{name} is out of range"))),
    }
}

pub(crate) fn list(ctx: &Ctx, range: ListRange) -> Result<Reply> {
    range.names(ctx, role::ROLES).map(Reply::Keys)
}

pub(crate) fn read(ctx: &Ctx, at: At) -> Result<Reply> {
    let role = role::find(ctx, &at.role_name)?.ok_or_else(not_found)?;
    Reply::data(&Answer {
        bind_secret_id: role.bind_secret_id,
        local_secret_ids: role.local_secret_ids,
        secret_id_bound_cidrs: role.secret_id_bound_cidrs,
        secret_id_num_uses: role.secret_id_num_uses,
        secret_id_ttl: role.secret_id_ttl,
        older: role.older.answer(&role.token)?,
        token: role.token,
    })
}

pub(crate) fn exists(ctx: &Ctx, new: Write) -> Result<bool> {
    Ok(role::find(ctx, &new.role_name)?.is_some())
}

pub(crate) fn write(ctx: &mut Ctx, new: Write) -> Result<Reply> {
    let before = role::find(ctx, &new.role_name)?;
    let id_before = before.as_ref().map(|role| role.role_id.clone());
    let mut role = before.unwrap_or_else(|| Role::new(ctx));
    if let Some(is_local) = new.local_secret_ids {
        if id_before.is_some() {
            return Err(invalid(
                "local_secret_ids can only be modified during role creation",
            ));
        }
        role.local_secret_ids = is_local;
    }
    let name = new.role_name.clone();
    change(&mut role, new)?;
    role::save_with_id(ctx, &name, &role, id_before.as_deref())?;
    Ok(Reply::Empty)
}

fn change(role: &mut Role, new: Write) -> Result<()> {
    if let Some(role_id) = new.role_id {
        if role_id.is_empty() {
            return Err(invalid(
                "invalid role_id supplied, or failed to generate a role_id",
            ));
        }
        role.role_id = role_id;
    }
    if let Some(binds) = new.bind_secret_id {
        role.bind_secret_id = binds;
    }
    if let Some(networks) = new.secret_id_bound_cidrs.or(new.bound_cidr_list) {
        role.secret_id_bound_cidrs = Some(networks);
    }
    if let Some(given) = new.secret_id_num_uses {
        role.secret_id_num_uses = uses("secret_id_num_uses", given)?;
    }
    if let Some(ttl) = new.secret_id_ttl {
        role.secret_id_ttl = ttl.as_secs();
    }
    let mut token = new.token;
    let policies = new.policies.map(clean_policies);
    role.older
        .take("policies", policies, &mut token.token_policies);
    role.older
        .take("period", new.period, &mut token.token_period);
    role.token.change(token)
}

pub(crate) fn delete(ctx: &mut Ctx, at: At) -> Result<Reply> {
    let Some(role) = role::find(ctx, &at.role_name)? else {
        return Ok(Reply::Empty);
    };
    role::forget(ctx, &at.role_name, &role)?;
    let limit = tidy::REMOVED_MAX;
    let removed = role
        .shelf()
        .remove_generation(ctx, &role.generation, limit)?;
    if removed == limit {
        // The rest is of no use to anybody, and too much for one transaction.
        tidy::ask(ctx)?;
    }
    Ok(Reply::Empty)
}

pub(crate) fn read_role_id(ctx: &Ctx, at: At) -> Result<Reply> {
    let role = role::find(ctx, &at.role_name)?.ok_or_else(not_found)?;
    Reply::data(&json!({ "role_id": role.role_id }))
}

pub(crate) fn write_role_id(ctx: &mut Ctx, new: WriteRoleId) -> Result<Reply> {
    let role = role::find(ctx, &new.role_name)?;
    let mut role = role.ok_or_else(unsupported_path)?;
    let role_id = new.role_id.filter(|role_id| !role_id.is_empty());
    let role_id = role_id.ok_or_else(|| invalid("missing role_id"))?;
    let before = core::mem::replace(&mut role.role_id, role_id);
    role::save_with_id(ctx, &new.role_name, &role, Some(&before))?;
    Ok(Reply::Empty)
}

/// How Vault answers a change of a part of a role that is not there.
pub(crate) fn unsupported_path() -> Failure {
    Failure::new(
        FailureKind::NotFound,
        "1 error occurred:\n\t* unsupported path\n\n",
    )
}
