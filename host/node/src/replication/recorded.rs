//! What a secondary has done of itself, as the audit devices of the primary are told of it: before it
//! is done and after, as with requests.

use super::errands::At;
use crate::tables::Mount;
use crate::trail::Trail;
use crate::unsealed::Unsealed;
use base::{Answer, Map, NamespaceId, Operation, Refusal, Request, RequestPath, make_uuid};
use std::sync::Arc;

/// What is done, and for whom.
pub(super) struct What {
    /// The end of the path in its records.
    name: &'static str,
    namespace: NamespaceId,
    mount: Option<Arc<Mount>>,
    data: Map,
}

impl What {
    /// Something for a namespace.
    pub(super) fn in_namespace(name: &'static str, namespace: NamespaceId, data: Map) -> Self {
        Self {
            name,
            namespace,
            mount: None,
            data,
        }
    }

    /// Something that a mount does, where there is one.
    pub(super) fn at(node: &Unsealed, name: &'static str, at: At, data: Map) -> Self {
        let tables = node.tables();
        Self {
            mount: tables.with_id(at.namespace, at.mount).cloned(),
            ..Self::in_namespace(name, at.namespace, data)
        }
    }

    /// Something that the method with this accessor does, where there is one.
    pub(super) fn with_accessor(self, node: &Unsealed, accessor: &str) -> Self {
        let tables = node.tables();
        let mut mounts = tables
            .of(self.namespace)
            .into_iter()
            .flat_map(mount::Table::iter);
        Self {
            mount: mounts.find(|mount| mount.0.accessor == accessor).cloned(),
            ..self
        }
    }
}

/// Does it, unless that cannot be recorded.
pub(super) async fn recorded<T>(
    node: &Unsealed,
    secondary: &str,
    what: impl FnOnce() -> What,
    act: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    let mut trail = Trail::of_errand(node, secondary);
    if !trail.is_heard() {
        return act.await;
    }
    let what = what();
    let path = format!("sys/replication/forwarded/{}", what.name);
    if let Some(namespace) = node.tables().namespaces.with_id(what.namespace) {
        trail.at(namespace, &path, what.mount.as_ref());
    }
    let path = RequestPath::parse(&path).map_err(|error| Refusal::internal(error.to_string()))?;
    let request = Request {
        id: make_uuid(node.parts.entropy.as_ref()),
        ..Request::new(Operation::Update, path, "", what.data)
    };
    trail.request(node, &request, None)?;
    let done = act.await;
    let answered = match &done {
        Ok(_) => Ok((Answer::Empty, None)),
        Err(refusal) => Err(refusal.clone()),
    };
    trail.response(node, &request, &answered)?;
    done
}
