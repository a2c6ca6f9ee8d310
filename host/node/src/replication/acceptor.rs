//! The end that other clusters call.

use super::serve::Broken;
use super::{Role, bounds, known, serve};
use crate::node::Node;
use link::{Acceptor, Channel, Identity, Later, NotAdmitted, Peer, Protocol, Served};
use replication::Method;
use std::sync::Arc;

impl Acceptor for Node {
    fn identity(&self, protocol: Protocol) -> Option<Identity> {
        if protocol != Protocol::Performance {
            return None;
        }
        let primary = self.unsealed()?.replication.primary()?;
        let record = &primary.record;
        Some(record.server.identity(&record.authority.certificate))
    }

    fn admit(&self, protocol: Protocol, certificate: &[u8]) -> Result<Peer, NotAdmitted> {
        let sealed = || NotAdmitted(String::from("this cluster is sealed"));
        let node = self.unsealed().ok_or_else(sealed)?;
        match (protocol, node.replication.role()) {
            (Protocol::Performance, Role::Primary(primary)) => {
                let fingerprint = known::fingerprint(certificate);
                primary.admit(|| node.begin(), &fingerprint, node.now())
            }
            _ => Err(NotAdmitted(String::from("this cluster is no primary"))),
        }
    }

    fn frame_bytes_max(&self, _protocol: Protocol, method: &str) -> usize {
        let request_bytes_max = self.parts().settings.request_bytes_max;
        bounds::frame_bytes_max(Method::from_name(method), request_bytes_max)
    }

    fn serve(
        self: Arc<Self>,
        protocol: Protocol,
        peer: Peer,
        method: String,
        channel: Channel,
    ) -> Later<'static, Served> {
        Box::pin(async move {
            let Some(node) = self.unsealed() else {
                return Served::Complete;
            };
            let Some(primary) = node.replication.primary() else {
                return Served::Complete;
            };
            let served = match (protocol, Method::from_name(&method)) {
                (Protocol::Performance, Some(method)) => {
                    serve::serve(&node, &primary, &peer, method, channel).await
                }
                _ => {
                    tracing::warn!(peer = peer.name, method, "an unknown call");
                    return Served::Complete;
                }
            };
            let Err(broken) = served else {
                return Served::Complete;
            };
            let reason = broken.to_string();
            tracing::info!(
                peer = peer.name,
                method,
                reason,
                "a call of a secondary ended"
            );
            match broken {
                Broken::Refiltered => Served::BrokenOff,
                Broken::Link(_) | Broken::Message(_) | Broken::Here(_) | Broken::Outdated => {
                    Served::Complete
                }
            }
        })
    }
}
