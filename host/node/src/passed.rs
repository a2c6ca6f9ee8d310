//! Where a request passed, for what is counted of it.

use crate::meters::{Purpose, TokenMade, ttl_class};
use crate::pipeline::Routed;
use crate::run::Answered;
use crate::tables::Mount;
use crate::unsealed::Unsealed;
use base::{Answer, Request, TokenKind};
use core::time::Duration;
use manifest::Access;
use std::sync::Arc;

/// Where a request passed.
#[derive(Default)]
pub(crate) struct Passed {
    mount: Option<Arc<Mount>>,
    namespace: String,
    is_login: bool,
    makes_tokens: bool,
}

impl Passed {
    /// It was found where the request goes.
    pub(crate) fn through(&mut self, routed: &Routed<'_>) {
        let place = routed.place;
        self.mount.clone_from(&place.mount);
        self.is_login = routed.access() == Access::Login;
        let is_token = |mount: &Arc<Mount>| mount.0.is_hosts_own() && mount.0.plugin == "token";
        self.makes_tokens = self.is_login
            || (place.mount.as_ref().is_some_and(is_token)
                && place.below_mount().starts_with("create"));
        if self.makes_tokens {
            self.namespace.clone_from(&place.namespace.path);
        }
    }

    /// It was answered.
    pub(crate) fn note(
        &self,
        node: &Unsealed,
        request: &Request,
        answered: &Answered,
        begun: Duration,
    ) {
        let parts = &node.parts;
        let took = parts.clock.elapsed().saturating_sub(begun);
        let purpose = match self.is_login {
            true => Purpose::Login,
            false => Purpose::Work(request.operation),
        };
        let times = self.mount.as_ref().and_then(|mount| mount.1.times());
        match times {
            Some(times) => times.record(purpose, took),
            None => parts.meters.astray.record(took),
        }
        if self.makes_tokens {
            self.note_token(node, answered);
        }
    }

    fn note_token(&self, node: &Unsealed, answered: &Answered) {
        let (Ok((Answer::Envelope(envelope), _)), Some(mount)) = (answered, &self.mount) else {
            return;
        };
        let Some(auth) = &envelope.auth else { return };
        node.parts.meters.token_made(TokenMade {
            namespace: match self.namespace.as_str() {
                "" => String::from("root"),
                path => path.to_owned(),
            },
            method: mount.0.plugin.clone(),
            mount_point: mount.0.path.as_str().to_owned(),
            ttl: ttl_class(auth.lease_duration),
            kind: match auth.kind {
                TokenKind::Service => "service",
                TokenKind::Batch => "batch",
            },
        });
    }
}
