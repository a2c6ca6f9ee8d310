//! Who it is; and whether a token may live on.

use crate::networks;
use crate::role::{self, Role};
use crate::secret_id::{Used, token_rules};
use crate::shelf::Found;
use sdk::prelude::*;

#[derive(Fields)]
pub(crate) struct Credentials {
    /// Id of the role.
    role_id: Option<String>,
    /// Secret id of the role.
    #[field(sensitive)]
    secret_id: Option<String>,
}

/// Kept by the host for renewals.
#[derive(Serialize, Deserialize)]
struct Private {
    role_name: String,
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

pub(crate) fn identify(_: &Ctx, credentials: Credentials) -> Result<Option<String>> {
    Ok(given(credentials.role_id))
}

/// One text for all that is wrong, so that nobody learns which roles there are.
fn refused() -> Failure {
    Failure::new(FailureKind::InvalidCredentials, "invalid role or secret ID")
}

#[derive(Fields)]
pub(crate) struct ById {
    /// Id of the role.
    role_id: Option<String>,
}

/// Which role a login is for: the host asks where quotas are for roles, since a login names none.
pub(crate) fn resolve_role(ctx: &mut Ctx, given: ById) -> Result<Reply> {
    let role_id = self::given(given.role_id).ok_or_else(|| invalid("missing role_id"))?;
    let (name, _) = role::find_by_id(ctx, &role_id)?.ok_or_else(not_found)?;
    Reply::data(&json!({ "role": name }))
}

pub(crate) fn login(ctx: &mut Ctx, credentials: Credentials) -> Result<Login> {
    let role_id = given(credentials.role_id).ok_or_else(|| invalid("missing role_id"))?;
    let (name, role) = role::find_by_id(ctx, &role_id)?.ok_or_else(refused)?;
    let found = match role.bind_secret_id {
        true => {
            let secret_id = given(credentials.secret_id);
            let secret_id = secret_id.ok_or_else(|| invalid("missing secret_id"))?;
            Some(use_up(ctx, &role, &secret_id)?)
        }
        false => None,
    };
    if !sdk::is_client_within(ctx, role.networks())? {
        return Err(unauthorized(ctx, "by CIDR restrictions on the role"));
    }
    let secret_id = found.map(|found| found.secret_id);
    let mut grant = token_rules(&role, secret_id.as_ref()).grant(ctx, role_id)?;
    let mut metadata = secret_id.map(|one| one.metadata).unwrap_or_default();
    metadata.insert(String::from("role_name"), name.clone());
    grant.metadata = metadata.into_iter().collect();
    // Machines have no name beside the method's.
    grant.display_name = String::new();
    grant.private = Raw::of(&Private { role_name: name })?;
    Ok(Login::Grant(grant))
}

/// Checks a secret id and counts the use: in the transaction of the grant, so that either both stand
/// or none.
fn use_up(ctx: &mut Ctx, role: &Role, text: &str) -> Result<Found> {
    let now = ctx.now_ms();
    let found = role.shelf().find(ctx, role, text)?;
    let found = found.filter(|found| !found.secret_id.has_ended(now));
    let mut found = found.ok_or_else(refused)?;
    let cidr_list = &found.secret_id.cidr_list;
    if !cidr_list.is_empty() {
        // The role's may be narrower by now than they were when the secret id was made.
        networks::check_within(role.networks(), cidr_list)?;
        if !sdk::is_client_within(ctx, cidr_list)? {
            return Err(unauthorized(
                ctx,
                "through CIDR restrictions on the secret ID",
            ));
        }
    }
    match found.secret_id.use_once(now) {
        Used::Unchanged => {}
        Used::Fewer => role.shelf().update(ctx, role, &found)?,
        Used::Last => role.shelf().remove(ctx, &role.generation, &found)?,
    }
    Ok(found)
}

fn unauthorized(ctx: &Ctx, why: &str) -> Failure {
    let address = ctx.client_address().unwrap_or_default();
    invalid(format!("source address {address:?} unauthorized {why}"))
}

pub(crate) fn renew(ctx: &mut Ctx, grant: Grant, increment: Duration) -> Result<Renewal> {
    let Private { role_name } = grant.private()?;
    let role = role::find(ctx, &role_name)?;
    let gone = || invalid(format!("role {role_name:?} does not exist during renewal"));
    Ok(role.ok_or_else(gone)?.token.renewal(increment))
}
