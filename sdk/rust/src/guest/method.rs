//! The exports of an auth method.

use super::{
    Request, WitResult, failure, from_json, from_terms, hook, json, page, renewal, run, terms,
};
use crate::bindings::host::casemate::plugin::types as t;
use crate::bindings::method::exports::casemate::plugin::method as m;
use crate::engine::{Method, Serve};
use crate::host::Host;
use crate::{Ctx, Grant, Login, Reply, Result, TokenKind, TokenShape, internal};
use core::time::Duration;

pub use crate::bindings::host::exports::casemate::plugin::lifecycle::Guest as Lifecycle;
pub use m::{Answer, Grant as WitGrant, Guest};

pub fn describe<const N: usize>(method: &Method<N>) -> super::Manifest {
    super::describe::manifest(&method.definition)
}

pub fn start<const N: usize>(method: &Method<N>) -> WitResult<()> {
    hook(method.definition.start)
}

pub fn tick<const N: usize>(method: &Method<N>) -> WitResult<()> {
    hook(method.definition.tick)
}

/// None also where the request is at fault: `handle` will say so.
pub fn identify<const N: usize>(method: &Method<N>, request: Request) -> Option<String> {
    let route = method.definition.route(request.route).ok()?;
    let Serve::Login(identify, _) = &route.serve else {
        return None;
    };
    run(&request, |ctx, input| identify.call(ctx, input))
        .ok()?
        .0
}

pub fn exists<const N: usize>(method: &Method<N>, request: Request) -> WitResult<bool> {
    let route = method.definition.route(request.route).map_err(failure)?;
    let Some(exists) = route.exists else {
        return Err(failure(internal("this route does not check for existence")));
    };
    run(&request, |ctx, input| exists.call(ctx, input)).map(|(exists, _)| exists)
}

pub fn handle<const N: usize>(method: &Method<N>, request: Request) -> WitResult<Answer> {
    let route = method.definition.route(request.route).map_err(failure)?;
    let (login, warnings) = run(&request, |ctx, input| match &route.serve {
        Serve::Read(handler) => handler.call(ctx, input).map(Login::Reply),
        Serve::Write(handler) => handler.call(ctx, input).map(Login::Reply),
        Serve::Login(_, handler) => handler.call(ctx, input),
    })?;
    let reply = wit_reply(login).map_err(failure)?;
    Ok(Answer { reply, warnings })
}

fn wit_reply(login: Login) -> Result<m::Reply> {
    let reply = match login {
        Login::Grant(granted) => return Ok(m::Reply::Grant(grant(granted))),
        Login::Reply(reply) => reply,
    };
    Ok(match reply {
        Reply::Empty => m::Reply::Empty,
        Reply::Data(data) => m::Reply::Data(json(data)),
        Reply::Keys(keys) => m::Reply::Keys(keys),
        Reply::Missing(data) => m::Reply::Missing(json(data)),
        Reply::Perishable(data, ttl) => m::Reply::Perishable(t::Perishable {
            data: json(data),
            ttl_seconds: ttl.as_secs(),
        }),
        Reply::Page(one) => m::Reply::Raw(page(one)),
        Reply::Secret(_) => return Err(internal("an auth method gives no leased secrets")),
    })
}

fn grant(grant: Grant) -> WitGrant {
    WitGrant {
        alias: grant.alias,
        alias_metadata: grant.alias_metadata,
        display_name: grant.display_name,
        policies: grant.policies,
        metadata: grant.metadata,
        groups: grant.groups,
        private: json(grant.private),
        terms: terms(grant.terms),
        token: m::TokenShape {
            kind: match grant.token.kind {
                TokenKind::Service => m::TokenKind::Service,
                TokenKind::Batch => m::TokenKind::Batch,
                TokenKind::AsMounted => m::TokenKind::AsMounted,
            },
            period_seconds: grant.token.period.as_secs(),
            explicit_max_ttl_seconds: grant.token.explicit_max_ttl.as_secs(),
            uses: grant.token.uses,
            bound_cidrs: grant.token.bound_cidrs,
            no_default_policy: grant.token.no_default_policy,
        },
    }
}

fn from_grant(grant: WitGrant) -> Result<Grant> {
    Ok(Grant {
        alias: grant.alias,
        alias_metadata: grant.alias_metadata,
        display_name: grant.display_name,
        policies: grant.policies,
        metadata: grant.metadata,
        groups: grant.groups,
        private: from_json(grant.private)?,
        terms: from_terms(grant.terms),
        token: TokenShape {
            kind: match grant.token.kind {
                m::TokenKind::Service => TokenKind::Service,
                m::TokenKind::Batch => TokenKind::Batch,
                m::TokenKind::AsMounted => TokenKind::AsMounted,
            },
            period: Duration::from_secs(grant.token.period_seconds),
            explicit_max_ttl: Duration::from_secs(grant.token.explicit_max_ttl_seconds),
            uses: grant.token.uses,
            bound_cidrs: grant.token.bound_cidrs,
            no_default_policy: grant.token.no_default_policy,
        },
    })
}

pub fn renew<const N: usize>(
    method: &Method<N>,
    grant: WitGrant,
    increment: u64,
) -> WitResult<t::Renewal> {
    let grant = from_grant(grant).map_err(failure)?;
    let Some(renew) = method.definition.renew else {
        return Ok(renewal(crate::Renewal::to(grant.terms), Vec::new()));
    };
    let mut ctx = Ctx::new(Host);
    let result = renew(&mut ctx, grant, Duration::from_secs(increment)).map_err(failure)?;
    Ok(renewal(result, ctx.into_warnings()))
}
