//! Calls a mount's component for a request, and turns what it says into an answer.

use crate::engine::Pinned;
use crate::inline_login;
use crate::lockout::Guard;
use crate::passed_headers::keep_allowed;
use crate::pipeline::{Known, Recorded, Target, no_match, operation};
use crate::run::Failed;
use crate::unsealed::Unsealed;
use crate::{grant, identity, quotas, secret};
use barrier::{SealWrap, Transaction, View, WriteFence};
use base::{Answer, Envelope, Json, LeaseBlock, NamespaceId, Refusal, RefusalKind, Request};
use core::time::Duration;
use manifest::{Access, FieldSource, NoMatch, Validated};
use mount::MountEntry;
use plugin::{Call, CallError, Incoming, Leases, Matched, Outcome};
use std::sync::Arc;

/// The input of a request, as its route declares it, and the remarks that go with it.
pub(crate) fn validated(
    request: &Request,
    target: Target<'_>,
) -> Result<(Validated, Vec<String>), Refusal> {
    let validated =
        manifest::validate(target.route, &target.found.parameters, request.data.clone());
    let validated = validated.map_err(|error| match error.source {
        FieldSource::Path => Refusal::new(
            RefusalKind::NotFound,
            "1 error occurred:\n\t* unsupported path\n\n",
        ),
        _ => Refusal::invalid(error.to_string()),
    })?;
    let warnings = validated.warnings();
    Ok((validated, warnings))
}

/// The request as a component sees it.
pub(crate) fn matched(
    request: &Request,
    target: Target<'_>,
) -> Result<(Matched, Vec<String>), Refusal> {
    let (validated, warnings) = validated(request, target)?;
    let unsupported = || Refusal::new(RefusalKind::UnsupportedOperation, "unsupported operation");
    let matched = Matched {
        route: target.found.route,
        operation: operation(request.operation).ok_or_else(unsupported)?,
        path: target.path.to_owned(),
        input: serde_json::Value::Object(validated.input).to_string(),
    };
    Ok((matched, warnings))
}

/// What a request came to, not committed yet.
pub(crate) struct Ran {
    /// What was written, and what the answer grants.
    pub(crate) tx: Transaction,
    pub(crate) answer: Answer,
    /// Was something done outside the server? Then it must not run again.
    pub(crate) acted_outside: bool,
}

/// Runs the component.
pub(crate) async fn component(
    node: &Arc<Unsealed>,
    recorded: &Recorded<'_>,
    target: Target<'_>,
    pinned: &Arc<Pinned>,
    tx: Transaction,
) -> Result<Ran, Failed> {
    let request = recorded.request();
    let (matched, warnings) = matched(request, target)?;
    let leases = leases(node, recorded, target, pinned)?;
    let _place = pinned.room.enter()?;
    let (tx, identified) = identify(node, recorded, target, pinned, tx, &matched).await?;
    let guard = Guard::of(node, &target.mount.0, identified.as_deref());
    if let Some(guard) = &guard {
        guard.check()?;
    }
    let call = Call {
        leases,
        ..new(node, request, recorded.caller(), target, pinned, tx)
    };
    let done = match pinned.component.handle(call, matched).await {
        Ok(done) => done,
        Err(CallError::Overtaken) => return Err(Failed::Overtaken(0)),
        Err(CallError::NoRoom) => return Err(no_lease(recorded).into()),
        Err(error) => {
            if let Some(guard) = &guard {
                guard.note_failure(&error);
            }
            return Err(refusal(&error).into());
        }
    };
    let mut tx = done
        .view
        .into_transaction()
        .map_err(|error| Refusal::internal(error.to_string()))?;
    if let Outcome::Grant(granted) = &done.value.outcome {
        grant::check_alias(identified.as_deref(), granted)?;
        if let Some(guard) = &guard {
            guard.succeed()?;
        }
    }
    let (outcome, remarks) = (done.value.outcome, done.value.warnings);
    if leases == Leases::Full && matches!(outcome, Outcome::Secret(_) | Outcome::Grant(_)) {
        return Err(no_lease(recorded).into());
    }
    let answer = match recorded.taken() {
        Some(taken) => {
            if let Outcome::Grant(granted) = &outcome {
                // The secondary cannot make the entity, which it needs for its token.
                let namespace = &recorded.place().namespace;
                identity::log_in(node, &mut tx, namespace, &target.mount.0, granted)?;
            }
            taken.leave(outcome, remarks);
            Answer::Empty
        }
        None => answered(node, recorded, target, pinned, &mut tx, (outcome, remarks)).await?,
    };
    if !tx.is_read_only() {
        // Nothing is to be written into a mount that was disabled meanwhile.
        tx.depend_on(&pinned.place.key);
    }
    Ok(Ran {
        tx,
        answer: with_warnings(answer, warnings),
        acted_outside: done.acted_outside,
    })
}

/// Is the caller one who logged in for this request? Nobody is left then to whom a lease could belong.
fn is_for_one_request(recorded: &Recorded<'_>) -> bool {
    recorded.caller().is_some() && inline_login::is_asked(recorded.request())
}

/// Why a request may not come to a lease.
fn no_lease(recorded: &Recorded<'_>) -> Refusal {
    match is_for_one_request(recorded) {
        true => Refusal::invalid("requests with inline authentication cannot generate leases"),
        false => quotas::full(recorded.place()),
    }
}

/// May the request come to a lease? That is decided before it runs, since what stands behind a secret
/// is made outside: a login is refused where there is no room; an engine that gives leased secrets may
/// do what needs none, and nothing outside.
pub(crate) fn leases(
    node: &Arc<Unsealed>,
    recorded: &Recorded<'_>,
    target: Target<'_>,
    pinned: &Pinned,
) -> Result<Leases, Refusal> {
    if let Some(taken) = recorded.taken() {
        // The lease is the secondary's, which has decided.
        return Ok(taken.leases());
    }
    let is_login = target.route.access == Access::Login;
    let gives_secrets = !pinned.component.manifest().secret_kinds.is_empty();
    if gives_secrets && is_for_one_request(recorded) {
        return Ok(Leases::Full);
    }
    if !node.quotas.limits_leases() || !(is_login || gives_secrets) {
        return Ok(Leases::Admitted);
    }
    match recorded.leases().ask(node, recorded.place()) {
        Ok(()) => Ok(Leases::Admitted),
        Err(refusal) if refusal.kind == RefusalKind::TooMany && !is_login => Ok(Leases::Full),
        Err(refusal) => Err(refusal),
    }
}

/// The answer that stands for what a component said and remarked; what that grants becomes part of
/// the transaction.
pub(crate) async fn answered(
    node: &Arc<Unsealed>,
    recorded: &Recorded<'_>,
    target: Target<'_>,
    pinned: &Pinned,
    tx: &mut Transaction,
    (outcome, remarks): (Outcome, Vec<String>),
) -> Result<Answer, Refusal> {
    let answer = match outcome {
        // What a component remarks is worth an answer; what the host does alone is not.
        Outcome::Empty if !remarks.is_empty() => Answer::Envelope(Box::default()),
        Outcome::Grant(granted) => {
            let entry = &target.mount.0;
            let who = grant::identified(node, recorded.place(), entry, &granted).await?;
            let mut envelope = grant::token(node, tx, recorded, pinned, entry, *granted, who)?;
            envelope.mount_type.clone_from(&entry.plugin);
            Answer::Envelope(Box::new(envelope))
        }
        outcome => answer(node, recorded, target, pinned, tx, outcome)?,
    };
    Ok(with_warnings(answer, remarks))
}

/// Whom a login claims to be, asked before the method looks at any secret. None for other requests,
/// and where it cannot be known in advance.
async fn identify(
    node: &Arc<Unsealed>,
    recorded: &Recorded<'_>,
    target: Target<'_>,
    pinned: &Arc<Pinned>,
    tx: Transaction,
    matched: &Matched,
) -> Result<(Transaction, Option<String>), Refusal> {
    if target.route.access != Access::Login {
        return Ok((tx, None));
    }
    let call = new(node, recorded.request(), None, target, pinned, tx);
    let done = pinned.component.identify(call, matched.clone()).await;
    let done = done.map_err(|error| refusal(&error))?;
    let tx = done.view.into_transaction();
    let tx = tx.map_err(|error| Refusal::internal(error.to_string()))?;
    Ok((tx, done.value))
}

/// The answer that an outcome stands for; what it grants becomes part of the transaction.
fn answer(
    node: &Arc<Unsealed>,
    recorded: &Recorded<'_>,
    target: Target<'_>,
    pinned: &Pinned,
    tx: &mut Transaction,
    outcome: Outcome,
) -> Result<Answer, Refusal> {
    let (place, entry) = (recorded.place(), &target.mount.0);
    let mut envelope = match outcome {
        Outcome::Empty => return Ok(Answer::Empty),
        Outcome::Raw(mut raw) => {
            keep_allowed(&mut raw, &entry.config.allowed_response_headers);
            return Ok(Answer::Raw(raw));
        }
        Outcome::Missing(json) => {
            let mount_type = entry.plugin.clone();
            let envelope = Envelope {
                mount_type,
                ..Envelope::with_data(json)
            };
            return Ok(Answer::Missing(Box::new(envelope)));
        }
        Outcome::Keys(keys) if keys.is_empty() => return Err(Refusal::not_found()),
        Outcome::Keys(mut keys) => {
            keys.truncate(recorded.keys_max());
            Envelope::with_data(Json::of(&serde_json::json!({ "keys": keys })))
        }
        Outcome::Data(json) => Envelope::with_data(json),
        Outcome::Perishable { data, ttl_seconds } => {
            // Advice of its own, not terms of a lease: nothing stands for nothing.
            let duration = Duration::from_secs(ttl_seconds);
            let lease = LeaseBlock {
                duration,
                ..LeaseBlock::default()
            };
            Envelope {
                lease,
                ..Envelope::with_data(data)
            }
        }
        Outcome::Secret(leased) => {
            recorded.leases().made();
            secret::lease(node, tx, recorded, place, pinned, entry, leased)?
        }
        Outcome::Grant(_) => {
            return Err(Refusal::internal(
                "a grant is a login's, which is answered elsewhere",
            ));
        }
    };
    envelope.mount_type.clone_from(&entry.plugin);
    Ok(Answer::Envelope(Box::new(envelope)))
}

/// A call for a request whose caller is known but not yet allowed: to ask what exists.
pub(crate) fn of_known(
    node: &Arc<Unsealed>,
    known: &Known<'_>,
    target: Target<'_>,
    pinned: &Arc<Pinned>,
    tx: Transaction,
) -> Call {
    new(node, known.request(), known.caller(), target, pinned, tx)
}

fn new(
    node: &Arc<Unsealed>,
    request: &Request,
    caller: Option<&crate::pipeline::Caller>,
    target: Target<'_>,
    pinned: &Arc<Pinned>,
    tx: Transaction,
) -> Call {
    let entry = &target.mount.0;
    let passed = &entry.config.passthrough_request_headers;
    let headers = request.headers.iter();
    let headers =
        headers.filter(|(name, _)| passed.iter().any(|one| one.eq_ignore_ascii_case(name)));
    let caller = caller.filter(|_| matches!(target.route.access, Access::Token | Access::Sudo));
    Call {
        id: request.id.clone(),
        caller: caller.map(|caller| plugin::Caller {
            display_name: caller.token.display_name.clone(),
            entity_id: Some(caller.entity_id().to_owned()).filter(|id| !id.is_empty()),
            policies: caller.all_policies(),
            accessor: Some(caller.token.accessor.clone()),
            metadata: caller.token.metadata.clone().into_iter().collect(),
        }),
        incoming: Some(Incoming {
            client: request.client.clone(),
            headers: headers.cloned().collect(),
            raw_body: request.raw_body.clone().filter(|_| target.route.raw_body),
        }),
        ..of_host(node, tx, target.namespace, entry, pinned)
    }
}

/// A call of the host's own: to revoke, renew, start or tick.
pub(crate) fn of_host(
    node: &Arc<Unsealed>,
    tx: Transaction,
    namespace: NamespaceId,
    entry: &MountEntry,
    pinned: &Arc<Pinned>,
) -> Call {
    Call {
        id: String::new(),
        view: view(node, tx, namespace, entry, pinned),
        mount: Arc::clone(&pinned.facts),
        system: node.components.system(node),
        now: node.now(),
        limits: Arc::clone(&pinned.limits),
        caller: None,
        incoming: None,
        checkpoint: Some(Arc::clone(&pinned.checkpoint)),
        outbound: pinned.outbound.clone(),
        leases: Leases::Admitted,
        passwords: Some(Arc::clone(&pinned.passwords)),
    }
}

/// The storage of a mount, as its component may use it.
fn view(
    node: &Unsealed,
    tx: Transaction,
    namespace: NamespaceId,
    entry: &MountEntry,
    pinned: &Pinned,
) -> View {
    let rules = Arc::clone(pinned.component.rules());
    let seal_wrap = match entry.seal_wrap {
        true => SealWrap::Wanted,
        false => SealWrap::Unneeded,
    };
    let view = View::new(tx, namespace, entry.id, entry.locality(), rules);
    let fence = match node.replication.is_secondary() {
        true => WriteFence::LocalOnly,
        false => WriteFence::None,
    };
    view.with_seal_wrap(seal_wrap).with_fence(fence)
}

/// A component's failure, worded as if the host had refused where it could have.
fn refusal(error: &CallError) -> Refusal {
    match error.to_refusal() {
        Refusal {
            kind: RefusalKind::UnsupportedOperation,
            ..
        } => no_match(NoMatch::Operation),
        refusal => refusal,
    }
}

/// Adds remarks to an answer. One without an envelope stays without: clients expect 204.
pub(crate) fn with_warnings(answer: Answer, warnings: Vec<String>) -> Answer {
    if warnings.is_empty() {
        return answer;
    }
    match answer {
        Answer::Envelope(mut envelope) => {
            envelope.warnings.extend(warnings);
            Answer::Envelope(envelope)
        }
        Answer::Missing(mut envelope) => {
            envelope.warnings.extend(warnings);
            Answer::Missing(envelope)
        }
        Answer::Accepted(mut envelope) => {
            envelope.warnings.extend(warnings);
            Answer::Accepted(envelope)
        }
        other @ (Answer::Empty
        | Answer::Bare(_)
        | Answer::Health(_)
        | Answer::Raw(_)
        | Answer::Flow(_)) => other,
    }
}
