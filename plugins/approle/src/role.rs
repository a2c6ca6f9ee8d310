//! What is kept of a role.
//!
//! ```text
//! role/<name>           Role
//! role_id/<digest>      name of the role with that id
//! generation/<uuid>     name of the role that was made under it
//! ```
//!
//! Secret ids belong to the generation: a role that is made anew under an old name has none of them.

use crate::networks;
use crate::shelf::{self, Shelf};
use sdk::crypto::Hash;
use sdk::prelude::*;
use sdk::{OlderNames, TokenRules};

/// Roles, by their names in lowercase.
pub(crate) const ROLES: &str = "role/";
/// Which role has an id.
pub(crate) const ROLE_IDS: &str = "role_id/";
/// Which roles there are, by the ids that nobody chose.
pub(crate) const GENERATIONS: &str = "generation/";

/// A role.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Role {
    /// A UUID, never shown.
    pub(crate) generation: String,
    pub(crate) role_id: String,
    pub(crate) bind_secret_id: bool,
    pub(crate) local_secret_ids: bool,
    /// None where nobody ever said anything, which answers tell apart from none at all.
    pub(crate) secret_id_bound_cidrs: Option<Vec<String>>,
    pub(crate) secret_id_num_uses: u32,
    /// Seconds; 0 for no end.
    pub(crate) secret_id_ttl: u64,
    pub(crate) token: TokenRules,
    pub(crate) older: OlderNames,
}

impl Role {
    /// A role as it is without any wishes.
    pub(crate) fn new(ctx: &Ctx) -> Self {
        Self {
            generation: ctx.make_uuid(),
            role_id: ctx.make_uuid(),
            bind_secret_id: true,
            local_secret_ids: false,
            secret_id_bound_cidrs: None,
            secret_id_num_uses: 0,
            secret_id_ttl: 0,
            token: TokenRules::default(),
            older: OlderNames::default(),
        }
    }

    /// Where its secret ids lie.
    pub(crate) const fn shelf(&self) -> &'static Shelf {
        match self.local_secret_ids {
            true => &shelf::LOCAL,
            false => &shelf::REPLICATED,
        }
    }

    /// Networks to log in from; empty for all.
    pub(crate) fn networks(&self) -> &[String] {
        self.secret_id_bound_cidrs.as_deref().unwrap_or_default()
    }

    /// Refuses a role that anybody could log in to.
    fn check(&self) -> Result<()> {
        let is_constrained = self.bind_secret_id
            || !self.networks().is_empty()
            || !self.token.token_bound_cidrs.is_empty();
        match is_constrained {
            true => networks::check("CIDR", self.networks()),
            false => Err(invalid(
                "at least one constraint should be enabled on the role",
            )),
        }
    }
}

fn key(name: &str) -> String {
    format!("{ROLES}{}", name.to_lowercase())
}

fn id_key(ctx: &Ctx, role_id: &str) -> String {
    let digest = ctx.digest(Hash::Sha2_256, role_id.as_bytes());
    format!("{ROLE_IDS}{}", shelf::hex(&digest))
}

fn generation_key(generation: &str) -> String {
    format!("{GENERATIONS}{generation}")
}

/// The role of that name.
pub(crate) fn find(ctx: &Ctx, name: &str) -> Result<Option<Role>> {
    ctx.get(&key(name))
}

/// Its name and itself, by its id.
pub(crate) fn find_by_id(ctx: &Ctx, role_id: &str) -> Result<Option<(String, Role)>> {
    let Some(name) = ctx.get::<String>(&id_key(ctx, role_id))? else {
        return Ok(None);
    };
    let role = find(ctx, &name)?;
    Ok(role.map(|role| (name, role)))
}

/// Is there still a role of this generation?
pub(crate) fn is_there(ctx: &Ctx, generation: &str) -> Result<bool> {
    ctx.contains(&generation_key(generation))
}

/// Keeps a role whose id is the same as before.
pub(crate) fn save(ctx: &mut Ctx, name: &str, role: &Role) -> Result<()> {
    role.check()?;
    ctx.put(&key(name), role)
}

/// Keeps a role that is new, or whose id is.
pub(crate) fn save_with_id(
    ctx: &mut Ctx,
    name: &str,
    role: &Role,
    id_before: Option<&str>,
) -> Result<()> {
    let name = name.to_lowercase();
    let owner = ctx.get::<String>(&id_key(ctx, &role.role_id))?;
    if owner.is_some_and(|owner| owner != name) {
        return Err(invalid("role_id already in use"));
    }
    if let Some(before) = id_before.filter(|before| *before != role.role_id) {
        ctx.delete(&id_key(ctx, before))?;
    }
    save(ctx, &name, role)?;
    ctx.put(&id_key(ctx, &role.role_id), &name)?;
    ctx.put(&generation_key(&role.generation), &name)
}

/// Forgets a role, but for its secret ids.
pub(crate) fn forget(ctx: &mut Ctx, name: &str, role: &Role) -> Result<()> {
    ctx.delete(&id_key(ctx, &role.role_id))?;
    ctx.delete(&generation_key(&role.generation))?;
    ctx.delete(&key(name))
}
