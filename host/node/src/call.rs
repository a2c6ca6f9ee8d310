//! Calls a mount's component for a request, and turns what it says into an answer.

use crate::engine::Pinned;
use crate::pipeline::{Known, Recorded, Target, no_match, operation};
use crate::run::Failed;
use crate::unsealed::Unsealed;
use crate::{grant, secret};
use barrier::{Transaction, View};
use base::{Answer, Envelope, Json, LeaseBlock, NamespaceId, Refusal, RefusalKind, Request};
use core::time::Duration;
use manifest::{Access, FieldSource, NoMatch, Validated};
use mount::MountEntry;
use plugin::{Call, CallError, Incoming, Matched, Outcome};
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

/// Runs the component; gives back the transaction with what it wrote and what the answer grants.
pub(crate) async fn component(
    node: &Arc<Unsealed>,
    recorded: &Recorded<'_>,
    target: Target<'_>,
    pinned: &Arc<Pinned>,
    tx: Transaction,
) -> Result<(Transaction, Answer), Failed> {
    let request = recorded.request();
    let (matched, mut warnings) = matched(request, target)?;
    let call = new(node, request, recorded.caller(), target, pinned, tx);
    let done = match pinned.component.handle(call, matched).await {
        Ok(done) => done,
        Err(CallError::Overtaken) => return Err(Failed::Overtaken(0)),
        Err(error) => return Err(refusal(&error).into()),
    };
    let mut tx = done
        .view
        .into_transaction()
        .map_err(|error| Refusal::internal(error.to_string()))?;
    warnings.extend(done.value.warnings);
    let answer = answer(node, recorded, target, pinned, &mut tx, done.value.outcome)?;
    Ok((tx, with_warnings(answer, warnings)))
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
        Outcome::Raw(raw) => return Ok(Answer::Raw(raw)),
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
        Outcome::Secret(leased) => secret::lease(node, tx, recorded, place, pinned, entry, leased)?,
        Outcome::Grant(granted) => grant::token(node, tx, place, pinned, entry, *granted)?,
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
        view: view(tx, namespace, entry, pinned),
        mount: Arc::clone(&pinned.facts),
        system: node.components.system(node),
        now: node.now(),
        limits: node.components.limits(),
        caller: None,
        incoming: None,
        checkpoint: None,
    }
}

/// The storage of a mount, as its component may use it.
fn view(tx: Transaction, namespace: NamespaceId, entry: &MountEntry, pinned: &Pinned) -> View {
    let rules = Arc::clone(pinned.component.rules());
    View::new(tx, namespace, entry.id, entry.locality(), rules)
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
        other @ (Answer::Empty | Answer::Bare(_) | Answer::Health(_) | Answer::Raw(_)) => other,
    }
}
