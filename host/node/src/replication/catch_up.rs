//! What was written at the primary since a comparison was broken off, from its log: what that brought
//! is as new as the log then, and is not compared again.

use super::compare::Run;
use super::following::hello_again;
use super::secondary::BrokenOff;
use super::serve::{Broken, hear, send};
use link::Link;
use replication::{Event, Follow, Method, admit};

/// So few bytes may be left: the next moment is near, and begins with what they hold.
const NEAR_BYTES: u64 = 64 * 1024;

/// Is what came as new as the log?
pub(super) enum CaughtUp {
    /// It is.
    Yes,
    /// The log goes no more back so far, or something else is filtered: all is to be compared.
    IsGone,
}

impl Run<'_> {
    /// Writes what the log has since then, until little of it is left.
    pub(super) async fn catch_up(
        &mut self,
        link: &dyn Link,
        broken: &mut BrokenOff,
    ) -> Result<CaughtUp, Broken> {
        let mut channel = link.open(Method::Follow.name()).await?;
        let hello = hello_again(self.node, self.secondary, self.keys);
        let position = broken.since.clone();
        let mut last = position.index;
        send(&channel, &Follow { hello, position }).await?;
        loop {
            match hear::<Event>(&mut channel).await? {
                Event::Entry { index, batches } => {
                    if index <= last {
                        let text = format!("the primary sent entry {index} after entry {last}");
                        return Err(Broken::Message(text));
                    }
                    admit(&batches).map_err(|foreign| Broken::Message(foreign.to_string()))?;
                    last = index;
                    let ops: Vec<_> = batches.into_iter().flat_map(|batch| batch.ops).collect();
                    if let Some(reached) = &mut broken.reached {
                        ops.iter().for_each(|op| reached.followed(&op.key));
                    }
                    self.put(ops).await?;
                }
                Event::Keys { package, .. } => {
                    self.flush(None).await?;
                    self.take_keys(&package).await?;
                }
                Event::Upto {
                    index,
                    head,
                    waiting_bytes,
                    ..
                } => {
                    self.flush(None).await?;
                    last = index.max(last);
                    broken.since.index = last;
                    send(&channel, &last).await?;
                    if last >= head || waiting_bytes <= NEAR_BYTES {
                        return Ok(CaughtUp::Yes);
                    }
                }
                Event::Compare { reason } => {
                    tracing::info!(reason, "the comparison begins anew");
                    return Ok(CaughtUp::IsGone);
                }
                Event::Refused { reason } => return Err(Broken::Message(reason)),
                Event::Farewell { .. } => {
                    let text = "its primary was demoted before everything was compared";
                    return Err(Broken::Message(String::from(text)));
                }
            }
        }
    }
}
