//! Who there is, and what tokens they get.

use crate::password;
use sdk::prelude::*;
use sdk::{ListRange, OlderNames, TokenFields, TokenRules, clean_policies};

/// Users, by their names in lowercase.
pub(crate) const USERS: &str = "users/";

/// What is kept of a user.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct User {
    /// A hash, in PHC or modular-crypt form.
    pub(crate) password: String,
    pub(crate) token: TokenRules,
    older: OlderNames,
}

#[derive(Fields)]
pub(crate) struct At {
    /// Name of the user.
    #[field(path, kind = "name")]
    username: String,
}

#[derive(Fields)]
pub(crate) struct Write {
    /// Name of the user.
    #[field(path, kind = "name")]
    username: String,
    /// Password of the user.
    #[field(sensitive)]
    password: Option<String>,
    /// A bcrypt hash of the password, in place of it.
    #[field(sensitive)]
    password_hash: Option<String>,
    #[field(flatten)]
    token: TokenFields,
    /// Older name of `token_policies`.
    #[field(deprecated)]
    policies: Option<Vec<String>>,
    /// Older name of `token_ttl`.
    #[field(deprecated)]
    ttl: Option<Duration>,
    /// Older name of `token_max_ttl`.
    #[field(deprecated)]
    max_ttl: Option<Duration>,
    /// Older name of `token_bound_cidrs`.
    #[field(deprecated)]
    bound_cidrs: Option<Vec<String>>,
}

#[derive(Fields)]
pub(crate) struct WritePassword {
    /// Name of the user.
    #[field(path, kind = "name")]
    username: String,
    /// The new password.
    #[field(sensitive)]
    password: Option<String>,
    /// A bcrypt hash of the new password, in place of it.
    #[field(sensitive)]
    password_hash: Option<String>,
}

#[derive(Fields)]
pub(crate) struct WritePolicies {
    /// Name of the user.
    #[field(path, kind = "name")]
    username: String,
    /// Policies of the user's tokens.
    token_policies: Option<Vec<String>>,
    /// Older name of `token_policies`.
    #[field(deprecated)]
    policies: Option<Vec<String>>,
}

/// Members of a user's answer.
#[derive(Fields)]
pub(crate) struct Shown {
    #[field(flatten)]
    #[expect(dead_code, reason = "declared, never read")]
    token: TokenFields,
}

#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    token: TokenRules,
    #[serde(flatten)]
    older: Map,
}

fn key(name: &str) -> String {
    format!("{USERS}{}", name.to_lowercase())
}

pub(crate) fn find(ctx: &Ctx, name: &str) -> Result<Option<User>> {
    ctx.get(&key(name))
}

/// For routes below a user's own, where Vault too says what is missing.
fn must_find(ctx: &Ctx, name: &str) -> Result<User> {
    find(ctx, name)?.ok_or_else(|| invalid("username does not exist"))
}

fn no_password() -> Failure {
    invalid("must provide either password or password_hash")
}

pub(crate) fn list(ctx: &Ctx, range: ListRange) -> Result<Reply> {
    range.names(ctx, USERS).map(Reply::Keys)
}

pub(crate) fn read(ctx: &Ctx, at: At) -> Result<Reply> {
    let user = find(ctx, &at.username)?.ok_or_else(not_found)?;
    let older = user.older.answer(&user.token)?;
    let token = user.token;
    Reply::data(&Answer { token, older })
}

pub(crate) fn exists(ctx: &Ctx, new: Write) -> Result<bool> {
    Ok(find(ctx, &new.username)?.is_some())
}

pub(crate) fn write(ctx: &mut Ctx, new: Write) -> Result<Reply> {
    let mut user = find(ctx, &new.username)?.unwrap_or_default();
    let mut token = new.token;
    let older = &mut user.older;
    let policies = new.policies.map(clean_policies);
    older.take("policies", policies, &mut token.token_policies);
    older.take("ttl", new.ttl, &mut token.token_ttl);
    older.take("max_ttl", new.max_ttl, &mut token.token_max_ttl);
    older.take("bound_cidrs", new.bound_cidrs, &mut token.token_bound_cidrs);
    user.token.change(token)?;
    if let Some(hash) = password::to_keep(ctx, new.password, new.password_hash)? {
        user.password = hash;
    }
    if user.password.is_empty() {
        return Err(no_password());
    }
    ctx.put(&key(&new.username), &user)?;
    Ok(Reply::Empty)
}

pub(crate) fn delete(ctx: &mut Ctx, at: At) -> Result<Reply> {
    ctx.delete(&key(&at.username))?;
    Ok(Reply::Empty)
}

pub(crate) fn write_password(ctx: &mut Ctx, new: WritePassword) -> Result<Reply> {
    let mut user = must_find(ctx, &new.username)?;
    let hash = password::to_keep(ctx, new.password, new.password_hash)?;
    user.password = hash.ok_or_else(no_password)?;
    ctx.put(&key(&new.username), &user)?;
    Ok(Reply::Empty)
}

pub(crate) fn write_policies(ctx: &mut Ctx, new: WritePolicies) -> Result<Reply> {
    let mut user = must_find(ctx, &new.username)?;
    let mut token = TokenFields {
        token_policies: new.token_policies,
        ..TokenFields::default()
    };
    let policies = new.policies.map(clean_policies);
    user.older
        .take("policies", policies, &mut token.token_policies);
    user.token.change(token)?;
    ctx.put(&key(&new.username), &user)?;
    Ok(Reply::Empty)
}
