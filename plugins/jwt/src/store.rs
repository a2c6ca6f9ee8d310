//! Where things lie.

use crate::cel;
use crate::config::Config;
use crate::provider::Known;
use crate::role::Role;
use sdk::{Ctx, Result, invalid};

/// The configuration, with the client's secret.
pub(crate) const CONFIG: &str = "config/";
pub(crate) const ROLES: &str = "role/";
/// Roles that are programs.
pub(crate) const CEL_ROLES: &str = "cel/";
/// What was learned of the provider. Each cluster asks for itself.
pub(crate) const PROVIDER: &str = "provider/";
/// The key that seals the states of logins in browsers.
pub(crate) const KEYS: &str = "key/";
/// States that are used up, until they would expire.
pub(crate) const USED: &str = "used/";
/// Logins that a browser has brought back and whose client has yet to ask.
pub(crate) const DONE: &str = "done/";

const CONFIG_KEY: &str = "config/main";
const PROVIDER_KEY: &str = "provider/known";

pub(crate) fn config(ctx: &Ctx) -> Result<Option<Config>> {
    ctx.get(CONFIG_KEY)
}

/// The configuration, for whoever logs in.
pub(crate) fn needed_config(ctx: &Ctx) -> Result<Config> {
    config(ctx)?.ok_or_else(|| invalid("could not load configuration"))
}

pub(crate) fn put_config(ctx: &mut Ctx, config: &Config) -> Result<()> {
    ctx.put(CONFIG_KEY, config)
}

pub(crate) fn provider(ctx: &Ctx) -> Result<Option<Known>> {
    ctx.get(PROVIDER_KEY)
}

pub(crate) fn put_provider(ctx: &mut Ctx, known: &Known) -> Result<()> {
    ctx.put(PROVIDER_KEY, known)
}

pub(crate) fn forget_provider(ctx: &mut Ctx) -> Result<()> {
    ctx.delete(PROVIDER_KEY)
}

fn role_key(name: &str) -> String {
    format!("{ROLES}{}", name.to_lowercase())
}

pub(crate) fn role(ctx: &Ctx, name: &str) -> Result<Option<Role>> {
    ctx.get(&role_key(name))
}

pub(crate) fn put_role(ctx: &mut Ctx, name: &str, role: &Role) -> Result<()> {
    ctx.put(&role_key(name), role)
}

pub(crate) fn delete_role(ctx: &mut Ctx, name: &str) -> Result<()> {
    ctx.delete(&role_key(name))
}

fn cel_role_key(name: &str) -> String {
    format!("{CEL_ROLES}{}", name.to_lowercase())
}

pub(crate) fn cel_role(ctx: &Ctx, name: &str) -> Result<Option<cel::Role>> {
    ctx.get(&cel_role_key(name))
}

pub(crate) fn put_cel_role(ctx: &mut Ctx, name: &str, role: &cel::Role) -> Result<()> {
    ctx.put(&cel_role_key(name), role)
}

pub(crate) fn delete_cel_role(ctx: &mut Ctx, name: &str) -> Result<()> {
    ctx.delete(&cel_role_key(name))
}

/// The role that a login names, or the configured one.
pub(crate) fn named_role(ctx: &Ctx, config: &Config, name: &str) -> Result<(String, Role)> {
    named(config, name, |name| role(ctx, name))
}

/// The role with a program that a login names, or the configured one.
pub(crate) fn named_cel_role(
    ctx: &Ctx,
    config: &Config,
    name: &str,
) -> Result<(String, cel::Role)> {
    named(config, name, |name| cel_role(ctx, name))
}

fn named<R>(
    config: &Config,
    name: &str,
    find: impl Fn(&str) -> Result<Option<R>>,
) -> Result<(String, R)> {
    let name = match name {
        "" => config.default_role.as_str(),
        name => name,
    };
    if name.is_empty() {
        return Err(invalid("missing role"));
    }
    let name = name.to_lowercase();
    let missing = || invalid(format!("role {name:?} could not be found"));
    // A name that could be no role's is no key of storage either.
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.len() > 512 || !name.chars().all(is_name) || name.starts_with('.') {
        return Err(missing());
    }
    let role = find(&name)?.ok_or_else(missing)?;
    Ok((name, role))
}
