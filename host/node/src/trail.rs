//! What the audit devices are told of a request, gathered while it is found out. Every request is
//! recorded before it runs and after, refused ones as well.

use crate::pipeline::{Caller, Place};
use crate::run::Answered;
use crate::tables::Mount;
use crate::unsealed::Unsealed;
use access::TokenId;
use audit::{
    AuthRecord, GrantRecord, MountRecord, RequestPart, RequestRecord, ResponsePart, ResponseRecord,
    WrapRecord,
};
use base::{
    Answer, AuthBlock, Envelope, Json, Operation, Refusal, Request, Secret, TokenKind, WrapBlock,
    chain,
};
use core::time::Duration;
use mount::{MountKind, Namespace};
use policy::Grant;
use std::sync::Arc;

/// Facts of one request. Gathers nothing where nobody listens.
pub(crate) struct Trail {
    is_heard: bool,
    is_recorded: bool,
    came: CameFrom,
    place: Option<(Arc<Namespace>, String, Option<Arc<Mount>>)>,
    caller: Option<Known>,
    /// The token that a login for this request made.
    token: Option<Secret<String>>,
    decision: Option<(bool, Vec<Grant>)>,
}

/// Where a request came from.
enum CameFrom {
    /// A client of this cluster.
    Client,
    /// A client of this secondary.
    ClientOf(String),
    /// This secondary itself.
    Secondary(String),
}

/// Who asks.
struct Known {
    caller: Caller,
    policies: Vec<String>,
    metadata: Vec<(String, String)>,
}

impl Trail {
    /// A trail for the devices that are configured now.
    pub(crate) fn new(node: &Unsealed) -> Self {
        Self {
            is_heard: !node.devices.broker().is_idle(),
            is_recorded: false,
            came: CameFrom::Client,
            place: None,
            caller: None,
            token: None,
            decision: None,
        }
    }

    /// The same for a request that a secondary sent.
    pub(crate) fn forwarded(node: &Unsealed, secondary: &str) -> Self {
        Self {
            came: CameFrom::ClientOf(secondary.to_owned()),
            ..Self::new(node)
        }
    }

    /// The same for what a secondary has done of itself.
    pub(crate) fn of_errand(node: &Unsealed, secondary: &str) -> Self {
        Self {
            came: CameFrom::Secondary(secondary.to_owned()),
            ..Self::new(node)
        }
    }

    /// Is there a device that hears of it?
    pub(crate) const fn is_heard(&self) -> bool {
        self.is_heard
    }

    /// It is for this mount, or for the namespace alone.
    pub(crate) fn at(
        &mut self,
        namespace: &Arc<Namespace>,
        path: &str,
        mount: Option<&Arc<Mount>>,
    ) {
        self.place = Some((Arc::clone(namespace), path.to_owned(), mount.cloned()));
    }

    /// It was found where the request goes.
    pub(crate) fn place(&mut self, place: &Place) {
        if self.is_heard {
            let path = place.path.as_str().to_owned();
            self.place = Some((Arc::clone(&place.namespace), path, place.mount.clone()));
        }
    }

    /// It was found who asks.
    pub(crate) fn caller(&mut self, caller: Option<&Caller>) {
        if self.is_heard {
            self.caller = caller.map(|caller| Known {
                caller: caller.clone(),
                policies: caller.all_policies(),
                metadata: caller.token.metadata.clone().into_iter().collect(),
            });
        }
    }

    /// The request brings a login, which came to this token.
    pub(crate) fn logged_in(&mut self, token: &TokenId) {
        if self.is_heard {
            self.token = Some(Secret::new(token.expose().to_owned()));
        }
    }

    /// The policies allowed it.
    pub(crate) fn decided(&mut self, decision: Option<&policy::Decision>) {
        if self.is_heard {
            self.decision = decision.map(|one| (one.allowed, one.granting_policies()));
        }
    }

    /// The policies refused it.
    pub(crate) fn denied(&mut self) {
        self.decision = Some((false, Vec::new()));
    }

    /// Records the request; it must not run when that fails.
    pub(crate) fn request(
        &mut self,
        node: &Unsealed,
        request: &Request,
        error: Option<&str>,
    ) -> Result<(), Refusal> {
        if !self.is_heard {
            return Ok(());
        }
        self.is_recorded = true;
        let (time, begun) = (node.now(), node.parts.clock.elapsed());
        let recorded = self.with_parts(request, |auth, part| {
            node.devices.broker().request(&RequestRecord {
                time,
                auth,
                request: part,
                error,
            })
        });
        let meters = &node.parts.meters;
        let took = node.parts.clock.elapsed().saturating_sub(begun);
        meters.audit_requests.record(took);
        recorded.map_err(|error| {
            meters.audit_requests_failed.add_one();
            Refusal::internal(chain(&error))
        })
    }

    /// Records the answer; it must not be given when that fails.
    pub(crate) fn response(
        &mut self,
        node: &Unsealed,
        request: &Request,
        answered: &Answered,
    ) -> Result<(), Refusal> {
        if !self.is_heard {
            return Ok(());
        }
        let refusal = answered.as_ref().err();
        let error = refusal.map(|refusal| match refusal.message.as_str() {
            "" => "not found",
            message => message,
        });
        if !self.is_recorded {
            self.request(node, request, error)?;
        }
        let envelope = answered
            .as_ref()
            .ok()
            .and_then(|(answer, _)| envelope(answer));
        let made = envelope
            .and_then(|envelope| envelope.auth.as_deref())
            .map(Made::new);
        let made = made.as_ref().map(Made::record);
        let wrap = envelope
            .and_then(|envelope| envelope.wrap.as_deref())
            .map(self::wrap);
        let raw = answered.as_ref().ok().and_then(|(answer, _)| raw(answer));
        let response = ResponsePart {
            auth: made.as_ref(),
            lease_id: envelope.map_or("", |envelope| &envelope.lease.id),
            data: envelope
                .and_then(|envelope| envelope.data.as_ref())
                .or(raw.as_ref()),
            warnings: envelope.map_or(&[], |envelope| &envelope.warnings),
            wrap: wrap.as_ref(),
        };
        let (time, begun) = (node.now(), node.parts.clock.elapsed());
        let recorded = self.with_parts(request, |auth, part| {
            let record = ResponseRecord {
                time,
                auth: auth.or(made.as_ref()),
                request: part,
                response: &response,
                error,
            };
            node.devices.broker().response(&record)
        });
        let meters = &node.parts.meters;
        let took = node.parts.clock.elapsed().saturating_sub(begun);
        meters.audit_responses.record(took);
        recorded.map_err(|error| {
            meters.audit_responses_failed.add_one();
            Refusal::internal(chain(&error))
        })
    }

    fn with_parts<T>(
        &self,
        request: &Request,
        write: impl FnOnce(Option<&AuthRecord<'_>>, &RequestPart<'_>) -> T,
    ) -> T {
        let token = self.token.as_ref().or(request.token.as_ref());
        let sent = token.map_or("", |token| token.expose());
        let grants: Vec<GrantRecord<'_>> = self
            .decision
            .iter()
            .flat_map(|(_, grants)| grants)
            .map(grant)
            .collect();
        let allowed = self.decision.as_ref().map(|(allowed, _)| *allowed);
        let auth = self.caller.as_ref().map(|known| {
            let (caller, token) = (&known.caller, &known.caller.token);
            AuthRecord {
                client_token: sent,
                accessor: &token.accessor,
                display_name: &token.display_name,
                policies: &known.policies,
                token_policies: &token.policies,
                identity_policies: caller.identity_policies(),
                no_default_policy: !token
                    .policies
                    .iter()
                    .any(|policy| policy == "default" || policy == "root"),
                policy_results: allowed.map(|allowed| (allowed, grants.as_slice())),
                metadata: &known.metadata,
                remaining_uses: Some(token.uses_left).filter(|left| *left > 0),
                entity_id: caller.entity_id(),
                token_type: kind(token.kind),
                token_ttl: Duration::from_secs(token.lifetime.ttl),
                token_issue_time: Some(token.created),
            }
        });
        let (namespace, path, mount) = match &self.place {
            Some((namespace, path, mount)) => (Some(namespace), path.as_str(), mount.as_ref()),
            None => (None, request.path.as_str(), None),
        };
        let part = RequestPart {
            id: &request.id,
            client_id: auth.as_ref().map_or("", |auth| auth.entity_id),
            operation: operation(request.operation),
            mount: mount.map(|mount| self::mount(mount)),
            client_token: sent,
            client_token_accessor: auth.as_ref().map_or("", |auth| auth.accessor),
            namespace: namespace.map_or(base::NamespaceId::ROOT, |namespace| namespace.id),
            namespace_path: namespace.map_or("", |namespace| &namespace.path),
            path,
            data: Some(&request.data).filter(|data| !data.is_empty()),
            remote: match self.came {
                CameFrom::Client | CameFrom::ClientOf(_) => Some(request.client.address),
                CameFrom::Secondary(_) => None,
            },
            forwarded_from: match &self.came {
                CameFrom::Client => "",
                CameFrom::ClientOf(secondary) | CameFrom::Secondary(secondary) => secondary,
            },
            wrap_ttl: request.wrap_ttl,
            headers: &request.headers,
        };
        write(auth.as_ref(), &part)
    }
}

fn grant(grant: &Grant) -> GrantRecord<'_> {
    GrantRecord {
        name: &grant.policy,
        namespace: grant.namespace.id,
    }
}

fn mount(mount: &Mount) -> MountRecord<'_> {
    let entry = &mount.0;
    MountRecord {
        point: entry.path.as_str(),
        kind: &entry.plugin,
        accessor: &entry.accessor,
        running_version: &entry.plugin_version,
        running_sha256: &entry.digest,
        class: match entry.kind {
            MountKind::Secret => "secret",
            MountKind::Auth => "auth",
        },
        clear_request_keys: &entry.config.audit_non_hmac_request_keys,
        clear_response_keys: &entry.config.audit_non_hmac_response_keys,
    }
}

const fn operation(operation: Operation) -> &'static str {
    match operation {
        Operation::Read => "read",
        Operation::Update => "update",
        Operation::Patch => "patch",
        Operation::Delete => "delete",
        Operation::List => "list",
        Operation::Scan => "scan",
        Operation::Help => "help",
    }
}

const fn kind(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Service => "service",
        TokenKind::Batch => "batch",
    }
}

fn envelope(answer: &Answer) -> Option<&Envelope> {
    match answer {
        Answer::Envelope(envelope) | Answer::Missing(envelope) | Answer::Accepted(envelope) => {
            Some(envelope)
        }
        Answer::Empty | Answer::Bare(_) | Answer::Health(_) | Answer::Raw(_) | Answer::Flow(_) => {
            None
        }
    }
}

/// What is recorded of an answer that is not ours to take apart: as Vault has it.
fn raw(answer: &Answer) -> Option<Json> {
    let Answer::Raw(raw) = answer else {
        return None;
    };
    Some(Json::of(&serde_json::json!({
        "http_content_type": raw.content_type,
        "http_raw_body": String::from_utf8_lossy(&raw.body),
        "http_status_code": raw.status,
    })))
}

fn wrap(wrap: &WrapBlock) -> WrapRecord<'_> {
    WrapRecord {
        token: wrap.token.expose(),
        accessor: &wrap.accessor,
        ttl: wrap.ttl,
        creation_time: &wrap.creation_time,
        creation_path: &wrap.creation_path,
        wrapped_accessor: &wrap.wrapped_accessor,
    }
}

/// A token that an answer hands out.
struct Made<'a> {
    block: &'a AuthBlock,
    metadata: &'a [(String, String)],
}

impl<'a> Made<'a> {
    fn new(block: &'a AuthBlock) -> Self {
        Self {
            block,
            metadata: block.metadata.as_deref().unwrap_or_default(),
        }
    }

    fn record(&self) -> AuthRecord<'a> {
        AuthRecord {
            client_token: self.block.client_token.expose(),
            accessor: &self.block.accessor,
            policies: &self.block.policies,
            token_policies: &self.block.token_policies,
            identity_policies: &self.block.identity_policies,
            metadata: self.metadata,
            entity_id: &self.block.entity_id,
            token_type: kind(self.block.kind),
            token_ttl: self.block.lease_duration,
            ..AuthRecord::default()
        }
    }
}
