//! Connections that are made to see how far they come.

use crate::address::Address;
use crate::connector::{Call, Connector, name_of};
use crate::identity::calling;
use crate::shown::is_in_between;
use link::{DialStep, Probe, Probed};
use std::sync::Arc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

impl Connector {
    /// All steps up to the one that failed.
    pub(crate) async fn probe_one(&self, call: Call<'_>, address: &str) -> Probe {
        let mut failure = match self.reach(&call, address).await {
            Ok(reached) => {
                return Probe {
                    steps: reached.found,
                    shown: reached.shown,
                };
            }
            Err(failure) => failure,
        };
        if failure.step == DialStep::Protocol
            && failure.shown.is_none()
            && let Some(shown) = self.who_is_there(address).await
        {
            failure.reason = is_in_between(call.protocol, &shown);
            failure.shown = Some(shown);
        }
        let mut steps = failure.found;
        steps.push(Probed {
            step: failure.step,
            outcome: Err(failure.reason),
        });
        Probe {
            steps,
            shown: failure.shown,
        }
    }

    /// The certificate of what answers there who names no protocol. A port for clusters does not, so
    /// that this tells it from whatever does not take the protocol for another reason.
    async fn who_is_there(&self, address: &str) -> Option<Vec<u8>> {
        let Address { host, port } = Address::parse(address).ok()?;
        let (config, expected) = calling(None, None).ok()?;
        let connector = TlsConnector::from(Arc::new(config));
        for resolved in self.resolve(&host, port).await.ok()? {
            let Ok(socket) = self.connect(resolved).await else {
                continue;
            };
            let connecting = connector.connect(name_of(&host).ok()?, socket);
            // What it comes to makes no difference: it showed a certificate, or it did not.
            drop(timeout(self.handshake_duration_max(), connecting).await);
            return expected.shown();
        }
        None
    }
}
