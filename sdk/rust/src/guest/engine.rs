//! The exports of a secrets engine.

use super::{
    Request, WitResult, failure, from_json, from_terms, hook, json, page, renewal, run, terms,
};
use crate::bindings::engine::exports::casemate::plugin::engine as e;
use crate::bindings::host::casemate::plugin::types as t;
use crate::engine::{Engine, Gives, Serve};
use crate::host::Host;
use crate::{Ctx, Lease, Reply, Result, internal};
use core::time::Duration;

pub use crate::bindings::host::exports::casemate::plugin::lifecycle::Guest as Lifecycle;
pub use e::{Answer, Guest, Lease as WitLease};

pub fn describe<const N: usize>(engine: &Engine<N>) -> super::Manifest {
    super::describe::manifest(&engine.definition)
}

pub fn start<const N: usize>(engine: &Engine<N>) -> WitResult<()> {
    hook(engine.definition.start)
}

pub fn tick<const N: usize>(engine: &Engine<N>) -> WitResult<()> {
    hook(engine.definition.tick)
}

pub fn exists<const N: usize>(engine: &Engine<N>, request: Request) -> WitResult<bool> {
    let route = engine.definition.route(request.route).map_err(failure)?;
    let Some(exists) = route.exists else {
        return Err(failure(internal("this route does not check for existence")));
    };
    run(&request, |ctx, input| exists.call(ctx, input)).map(|(exists, _)| exists)
}

pub fn handle<const N: usize>(engine: &Engine<N>, request: Request) -> WitResult<Answer> {
    let route = engine.definition.route(request.route).map_err(failure)?;
    let (reply, warnings) = run(&request, |ctx, input| match &route.serve {
        Serve::Read(handler) => handler.call(ctx, input),
        Serve::Write(handler) => handler.call(ctx, input),
        Serve::Login(..) => Err(internal("an engine has no logins")),
    })?;
    Ok(Answer {
        reply: wit_reply(reply),
        warnings,
    })
}

fn wit_reply(reply: Reply) -> e::Reply {
    match reply {
        Reply::Empty => e::Reply::Empty,
        Reply::Data(data) => e::Reply::Data(json(data)),
        Reply::Keys(keys) => e::Reply::Keys(keys),
        Reply::Missing(data) => e::Reply::Missing(json(data)),
        Reply::Perishable(data, ttl) => e::Reply::Perishable(t::Perishable {
            data: json(data),
            ttl_seconds: ttl.as_secs(),
        }),
        Reply::Secret(secret) => e::Reply::Secret(e::LeasedSecret {
            kind: secret.kind.into(),
            data: json(secret.data),
            private: json(secret.private),
            terms: terms(secret.terms),
        }),
        Reply::Page(one) => e::Reply::Raw(page(one)),
    }
}

pub fn renew<const N: usize>(
    engine: &Engine<N>,
    lease: WitLease,
    increment: u64,
) -> WitResult<t::Renewal> {
    let (kind, lease) = lease_of(engine, lease).map_err(failure)?;
    let Some(renew) = kind.renew else {
        return Err(failure(crate::invalid("lease is not renewable")));
    };
    let mut ctx = Ctx::new(Host);
    let result = renew(&mut ctx, lease, Duration::from_secs(increment)).map_err(failure)?;
    Ok(renewal(result, ctx.into_warnings()))
}

pub fn revoke<const N: usize>(engine: &Engine<N>, lease: WitLease) -> WitResult<()> {
    let (kind, lease) = lease_of(engine, lease).map_err(failure)?;
    (kind.revoke)(&mut Ctx::new(Host), lease).map_err(failure)
}

fn lease_of<const N: usize>(engine: &Engine<N>, lease: WitLease) -> Result<(Gives, Lease)> {
    let mut kinds = engine.definition.gives.iter().flatten();
    let kind = kinds.find(|kind| kind.name == lease.kind).copied();
    let kind = kind.ok_or_else(|| internal("a lease of a kind that is not declared"))?;
    let lease = Lease {
        id: lease.id,
        kind: lease.kind,
        private: from_json(lease.private)?,
        issued_at_ms: lease.issued_at_ms,
        terms: from_terms(lease.terms),
    };
    Ok((kind, lease))
}
