//! Who it is; and whether a token may live on.

use crate::users;
use sdk::clean_policies;
use sdk::prelude::*;

#[derive(Fields)]
pub(crate) struct Credentials {
    /// Name of the user.
    #[field(path, kind = "name")]
    username: String,
    /// Password of the user.
    #[field(sensitive)]
    password: Option<String>,
}

pub(crate) fn identify(_: &Ctx, given: Credentials) -> Result<Option<String>> {
    Ok(Some(given.username.to_lowercase()))
}

pub(crate) fn login(ctx: &mut Ctx, given: Credentials) -> Result<Login> {
    let password = given.password.filter(|password| !password.is_empty());
    let password = password.ok_or_else(|| invalid("missing password"))?;
    let name = given.username.to_lowercase();
    let user = users::find(ctx, &name)?;
    // Also without a user: it is to take as long.
    let hash = user.as_ref().map(|user| user.password.as_str());
    let is_right = ctx.verify_password(hash, &password)?;
    let Some(user) = user.filter(|_| is_right) else {
        let kind = FailureKind::InvalidCredentials;
        return Err(Failure::new(kind, "invalid username or password"));
    };
    let mut grant = user.token.grant(ctx, name.as_str())?;
    grant.metadata = vec![(String::from("username"), name)];
    Ok(Login::Grant(grant))
}

pub(crate) fn renew(ctx: &mut Ctx, grant: Grant, increment: Duration) -> Result<Renewal> {
    let Some(user) = users::find(ctx, &grant.alias)? else {
        return Err(invalid("the user no longer exists, not renewing"));
    };
    let without_default = |policies: Vec<String>| {
        let mut policies = clean_policies(policies);
        policies.retain(|policy| policy != "default");
        policies
    };
    let granted = without_default(grant.policies);
    if granted != without_default(user.token.token_policies.clone()) {
        return Err(invalid("policies have changed, not renewing"));
    }
    Ok(user.token.renewal(increment))
}
