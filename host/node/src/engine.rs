//! What a mount runs.

use crate::native::{self, Ask, Told};
use crate::{sys, token};
use manifest::{Manifest, Matcher};
use mount::MountEntry;
use std::sync::Arc;

/// What a mount runs, with the matcher of its routes.
#[derive(Clone)]
pub(crate) enum Engine {
    /// A component, pinned by its digest.
    Component(Arc<Pinned>),
    /// One of the host's own.
    Native(Arc<Native>),
    /// What should run is not there. The mount keeps its data and refuses requests.
    Broken(Arc<str>),
}

/// A component as it runs in one mount.
pub(crate) struct Pinned {
    pub(crate) component: plugin::Component,
    pub(crate) matcher: Matcher,
    pub(crate) facts: Arc<plugin::MountFacts>,
}

/// An engine of the host.
pub(crate) struct Native {
    pub(crate) manifest: Manifest,
    pub(crate) matcher: Matcher,
    which: Which,
}

#[derive(Clone, Copy)]
enum Which {
    System,
    Token,
}

impl Engine {
    /// The engine of the host that an entry names.
    pub(crate) fn native(entry: &MountEntry) -> Self {
        let (which, manifest) = match entry.plugin.as_str() {
            "system" => (Which::System, native::describe("system", sys::ROUTES)),
            "token" => (Which::Token, native::describe("token", token::ROUTES)),
            other => return Self::Broken(format!("there is no engine {other:?}").into()),
        };
        match Matcher::new(&manifest, |_| None) {
            Ok(matcher) => Self::Native(Arc::new(Native {
                manifest,
                matcher,
                which,
            })),
            Err(error) => Self::Broken(error.to_string().into()),
        }
    }

    /// Manifest and matcher; None for a broken mount.
    pub(crate) fn routes(&self) -> Option<(&Manifest, &Matcher)> {
        match self {
            Self::Component(pinned) => Some((pinned.component.manifest(), &pinned.matcher)),
            Self::Native(native) => Some((&native.manifest, &native.matcher)),
            Self::Broken(_) => None,
        }
    }

    /// Is it `sys/`, whose paths have one spelling more?
    pub(crate) fn is_system(&self) -> bool {
        matches!(self, Self::Native(native) if matches!(native.which, Which::System))
    }
}

impl Native {
    /// Does what a route says.
    pub(crate) async fn handle(&self, route: usize, ask: &mut Ask<'_>) -> Told {
        let missing = || base::Refusal::internal("a route without a handler");
        match self.which {
            Which::System => {
                let does = sys::ROUTES.get(route).ok_or_else(missing)?.does;
                sys::handle(does, ask).await
            }
            Which::Token => {
                let does = token::ROUTES.get(route).ok_or_else(missing)?.does;
                token::handle(does, ask)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_the_host_are_valid_manifests() {
        for manifest in [
            native::describe("system", sys::ROUTES),
            native::describe("token", token::ROUTES),
        ] {
            Matcher::new(&manifest, |_| None).unwrap();
        }
    }
}
