//! Secret ids: made, looked up, destroyed.

use crate::role::{self, Role};
use crate::roles::uses;
use crate::secret_id::{SecretId, is_beyond};
use crate::shelf::Found;
use crate::{metadata, networks};
use sdk::ListRange;
use sdk::prelude::*;

#[derive(Fields)]
pub(crate) struct List {
    /// Name of the role.
    #[field(path, kind = "name")]
    role_name: String,
    #[field(flatten)]
    range: ListRange,
}

/// What a new secret id is to be.
#[derive(Fields)]
pub(crate) struct Wishes {
    /// What it says of its bearer: a JSON object of texts, as text.
    metadata: Option<String>,
    /// Networks to use it from; within the role's, where it has any.
    cidr_list: Option<Vec<String>>,
    /// Networks that its tokens are good from; within the role's, where it has any.
    token_bound_cidrs: Option<Vec<String>>,
    /// How often it can be used; the role's number where it is left out.
    num_uses: Option<i64>,
    /// How long it lives; as long as the role says where it is left out.
    ttl: Option<Duration>,
}

#[derive(Fields)]
pub(crate) struct Make {
    /// Name of the role.
    #[field(path, kind = "name")]
    role_name: String,
    #[field(flatten)]
    wishes: Wishes,
}

#[derive(Fields)]
pub(crate) struct MakeCustom {
    /// Name of the role.
    #[field(path, kind = "name")]
    role_name: String,
    /// The secret id.
    #[field(sensitive)]
    secret_id: Option<String>,
    #[field(flatten)]
    wishes: Wishes,
}

#[derive(Fields)]
pub(crate) struct BySecretId {
    /// Name of the role.
    #[field(path, kind = "name")]
    role_name: String,
    /// The secret id.
    #[field(query, sensitive)]
    secret_id: Option<String>,
}

#[derive(Fields)]
pub(crate) struct ByAccessor {
    /// Name of the role.
    #[field(path, kind = "name")]
    role_name: String,
    /// Accessor of the secret id.
    #[field(query)]
    secret_id_accessor: Option<String>,
}

fn no_role(name: &str) -> String {
    format!("role {name:?} does not exist")
}

fn must_find(ctx: &Ctx, name: &str) -> Result<Role> {
    role::find(ctx, name)?.ok_or_else(|| invalid(no_role(name)))
}

fn given(text: Option<String>, name: &str) -> Result<String> {
    let text = text.filter(|text| !text.is_empty());
    text.ok_or_else(|| invalid(format!("missing {name}")))
}

pub(crate) fn list(ctx: &Ctx, list: List) -> Result<Reply> {
    let role = must_find(ctx, &list.role_name)?;
    let accessors = role.shelf().accessors_of(&role);
    list.range.names(ctx, &accessors).map(Reply::Keys)
}

pub(crate) fn make(ctx: &mut Ctx, new: Make) -> Result<Reply> {
    let text = ctx.make_uuid();
    add(ctx, &new.role_name, text, new.wishes)
}

pub(crate) fn make_custom(ctx: &mut Ctx, new: MakeCustom) -> Result<Reply> {
    let text = given(new.secret_id, "secret_id")?;
    add(ctx, &new.role_name, text, new.wishes)
}

fn add(ctx: &mut Ctx, role_name: &str, text: String, wishes: Wishes) -> Result<Reply> {
    let no_role = || Failure::new(FailureKind::NotFound, no_role(role_name));
    let role = role::find(ctx, role_name)?.ok_or_else(no_role)?;
    if !role.bind_secret_id {
        return Err(invalid("bind_secret_id is not set on the role"));
    }
    let secret_id = shaped(ctx, &role, wishes)?;
    let shelf = role.shelf();
    match shelf.find(ctx, &role, &text)? {
        Some(before) if before.secret_id.has_ended(ctx.now_ms()) => {
            shelf.remove(ctx, &role.generation, &before)?;
        }
        Some(_) => {
            return Err(invalid(
                "failed to store secret_id: SecretID is already registered",
            ));
        }
        None => {}
    }
    shelf.add(ctx, &role, &text, &secret_id)?;
    Reply::data(&json!({
        "secret_id": text,
        "secret_id_accessor": secret_id.accessor,
        "secret_id_num_uses": secret_id.uses,
        "secret_id_ttl": secret_id.ttl,
    }))
}

/// A secret id as wished for, within what the role allows.
fn shaped(ctx: &Ctx, role: &Role, wishes: Wishes) -> Result<SecretId> {
    let uses = match wishes.num_uses {
        Some(given) => uses("num_uses", given)?,
        None => role.secret_id_num_uses,
    };
    if is_beyond(uses.into(), role.secret_id_num_uses.into()) {
        return Err(invalid(
            "num_uses cannot be higher than the role's secret_id_num_uses",
        ));
    }
    let ttl = wishes.ttl.map_or(role.secret_id_ttl, |ttl| ttl.as_secs());
    if is_beyond(ttl, role.secret_id_ttl) {
        return Err(invalid(
            "ttl cannot be longer than the role's secret_id_ttl",
        ));
    }
    let cidr_list = wishes.cidr_list.unwrap_or_default();
    networks::check("CIDR", &cidr_list)?;
    networks::check_within(role.networks(), &cidr_list)?;
    let token_bound_cidrs = wishes.token_bound_cidrs.unwrap_or_default();
    networks::check("token CIDR", &token_bound_cidrs)?;
    networks::check_within(&role.token.token_bound_cidrs, &token_bound_cidrs)?;
    let max = ctx.max_ttl().as_secs();
    let mut secret_id = SecretId::new(ctx.make_uuid(), ctx.now_ms(), ttl, max, uses);
    secret_id.cidr_list = cidr_list;
    secret_id.token_bound_cidrs = token_bound_cidrs;
    secret_id.metadata = metadata::parse(&wishes.metadata.unwrap_or_default())?;
    Ok(secret_id)
}

fn living(ctx: &Ctx, found: Option<Found>) -> Option<Found> {
    found.filter(|found| !found.secret_id.has_ended(ctx.now_ms()))
}

/// Not said in the way of reading what is not there: Vault answers with nothing.
pub(crate) fn look_up(ctx: &mut Ctx, by: BySecretId) -> Result<Reply> {
    let text = given(by.secret_id, "secret_id")?;
    let role = must_find(ctx, &by.role_name)?;
    match living(ctx, role.shelf().find(ctx, &role, &text)?) {
        Some(found) => Reply::data(&found.secret_id.answer()),
        None => Ok(Reply::Empty),
    }
}

pub(crate) fn destroy(ctx: &mut Ctx, by: BySecretId) -> Result<Reply> {
    let text = given(by.secret_id, "secret_id")?;
    let role = must_find(ctx, &by.role_name)?;
    if let Some(found) = role.shelf().find(ctx, &role, &text)? {
        role.shelf().remove(ctx, &role.generation, &found)?;
    }
    Ok(Reply::Empty)
}

fn no_accessor(accessor: &str) -> String {
    format!("failed to find accessor entry for secret_id_accessor: {accessor:?}")
}

pub(crate) fn look_up_by_accessor(ctx: &mut Ctx, by: ByAccessor) -> Result<Reply> {
    let accessor = given(by.secret_id_accessor, "secret_id_accessor")?;
    let role = must_find(ctx, &by.role_name)?;
    let found = role.shelf().find_by_accessor(ctx, &role, &accessor)?;
    match living(ctx, found) {
        Some(found) => Reply::data(&found.secret_id.answer()),
        None => Reply::missing(&json!({ "error": no_accessor(&accessor) })),
    }
}

pub(crate) fn destroy_by_accessor(ctx: &mut Ctx, by: ByAccessor) -> Result<Reply> {
    let accessor = given(by.secret_id_accessor, "secret_id_accessor")?;
    let role = must_find(ctx, &by.role_name)?;
    let found = role.shelf().find_by_accessor(ctx, &role, &accessor)?;
    let found = found.ok_or_else(|| invalid(no_accessor(&accessor)))?;
    role.shelf().remove(ctx, &role.generation, &found)?;
    Ok(Reply::Empty)
}
