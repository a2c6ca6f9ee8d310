//! `cel/login`: with a signed token, to a role that is a program.

use super::granted::Described;
use super::verdict::Verdict;
use crate::login::{self, Bounds, WithToken};
use crate::store;
use core::time::Duration;
use sdk::{Ctx, Grant, Login, Raw, Renewal, Result, invalid};
use serde::{Deserialize, Serialize};

/// How long a token lives that a program has granted: kept for its renewals, which have no claims to
/// ask the program with.
#[derive(Serialize, Deserialize)]
pub(crate) struct Terms {
    ttl_seconds: u64,
    max_ttl_seconds: u64,
    period_seconds: u64,
    renewable: bool,
}

pub(crate) use login::identify;

pub(crate) fn login(ctx: &mut Ctx, given: WithToken) -> Result<Login> {
    let config = store::needed_config(ctx)?;
    let (name, role) = store::named_cel_role(ctx, &config, &given.role)?;
    if given.jwt.is_empty() {
        return Err(invalid("missing token"));
    }
    let claims = login::believed(ctx, &config, &given.jwt).map_err(|refused| {
        refused.told("error validating token: error verifying token signature")
    })?;
    let bounds = Bounds {
        audiences: &role.bound_audiences,
        subject: "",
        leeways: role.leeways(),
    };
    login::check_token(ctx, &config, &bounds, &claims)
        .map_err(|wrong| invalid(format!("error validating token: {wrong}")))?;
    let refused = |why: String| invalid(format!("error executing cel program: {why}"));
    let verdict = role.program.run(&claims, ctx.now_ms());
    match verdict.map_err(|wrong| refused(format!("CEL auth program failed: {wrong}")))? {
        Verdict::Granted(described) => grant(&name, *described).map(Login::Grant),
        Verdict::Refused => Err(refused(format!(
            "CEL role '{name}' blocked authorization with boolean false return"
        ))),
        Verdict::RefusedWith(why) => Err(refused(format!(
            "CEL role '{name}' blocked authorization with message: {why}"
        ))),
        Verdict::Wrong(why) => Err(invalid(why)),
        Verdict::Other(kind) => Err(refused(format!(
            "CEL program '{name}' returned unexpected type: {kind}"
        ))),
    }
}

fn grant(role: &str, described: Described) -> Result<Grant> {
    let terms = Terms {
        ttl_seconds: described.terms.ttl.as_secs(),
        max_ttl_seconds: described.terms.max_ttl.as_secs(),
        period_seconds: described.token.period.as_secs(),
        renewable: described.terms.renewable,
    };
    let (name, metadata) = match described.alias {
        Some(alias) => (alias.name, alias.metadata),
        None => (String::new(), Vec::new()),
    };
    let mut grant = Grant::new(name);
    grant.alias_metadata = metadata;
    grant.display_name = described.display_name;
    grant.policies = described.policies;
    grant.metadata = described.metadata;
    grant.groups = described.groups;
    grant.terms = described.terms;
    grant.token = described.token;
    grant.private = Raw::of(&login::Granted::by_program(role, terms))?;
    Ok(grant)
}

impl Terms {
    /// What a token is renewed to.
    pub(crate) const fn renewal(&self, increment: Duration) -> Renewal {
        let ttl = match (self.period_seconds, increment.is_zero()) {
            (0, true) => Duration::from_secs(self.ttl_seconds),
            (0, false) => increment,
            (period, _) => Duration::from_secs(period),
        };
        Renewal::to(sdk::Terms {
            ttl,
            max_ttl: Duration::from_secs(self.max_ttl_seconds),
            renewable: self.renewable,
        })
    }
}
