//! What stands behind the API.

use base::{CrossOrigin, Reply, Request};
use core::future::Future;
use core::pin::Pin;
use std::sync::Arc;

/// Answers requests; `node` does.
pub trait Service: Send + Sync + 'static {
    /// Answers one request. Once begun it is polled to its end, also when its client has left.
    fn handle(&self, request: Request) -> impl Future<Output = Reply> + Send;

    /// The rules for web pages of other origins; None where they may not ask.
    fn cross_origin(&self) -> Option<Arc<CrossOrigin>> {
        None
    }
}

/// A reply on its way.
pub(crate) type Pending = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// [`Service`] without its type, so that the rest of this room is compiled once.
pub(crate) trait AnyService: Send + Sync + 'static {
    fn begin(self: Arc<Self>, request: Request) -> Pending;
    fn cross_origin(&self) -> Option<Arc<CrossOrigin>>;
}

impl<S: Service> AnyService for S {
    fn begin(self: Arc<Self>, request: Request) -> Pending {
        Box::pin(async move { self.handle(request).await })
    }

    fn cross_origin(&self) -> Option<Arc<CrossOrigin>> {
        Service::cross_origin(self)
    }
}
