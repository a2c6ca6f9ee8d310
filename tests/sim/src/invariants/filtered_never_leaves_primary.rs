//! What a filter leaves out is not sent, neither its values nor its names: whoever reads the wire of
//! a secondary, or its memory, learns nothing of it.

use super::Said;
use base::NamespaceId;
use replication::Told;
use std::collections::{BTreeMap, BTreeSet};

/// What each secondary must not be sent.
#[derive(Default)]
pub(crate) struct Filtered {
    /// Names that were first written while they were left out.
    hidden: BTreeMap<String, BTreeSet<String>>,
    /// Namespaces that were made while they were left out.
    namespaces: BTreeMap<String, BTreeSet<NamespaceId>>,
}

impl Filtered {
    /// From now on a secondary is sent nothing with this name.
    pub(crate) fn hide(&mut self, secondary: &str, name: &str) {
        self.hidden
            .entry(secondary.to_owned())
            .or_default()
            .insert(name.to_owned());
    }

    /// From now on a secondary is sent nothing of this namespace.
    pub(crate) fn hide_namespace(&mut self, secondary: &str, id: NamespaceId) {
        self.namespaces
            .entry(secondary.to_owned())
            .or_default()
            .insert(id);
    }

    /// A namespace may be sent again, with everything whose name begins so.
    pub(crate) fn show(&mut self, secondary: &str, id: NamespaceId, beginning: &str) {
        if let Some(hidden) = self.hidden.get_mut(secondary) {
            hidden.retain(|name| !name.starts_with(beginning));
        }
        if let Some(hidden) = self.namespaces.get_mut(secondary) {
            hidden.remove(&id);
        }
    }

    /// Who was filtered is a primary now.
    pub(crate) fn forget(&mut self, secondary: &str) {
        self.hidden.remove(secondary);
        self.namespaces.remove(secondary);
    }

    pub(crate) fn check(&self, to: &str, said: &Said) -> Option<String> {
        if let (Some(namespaces), Said::Told(Told::Roots(roots))) = (self.namespaces.get(to), said)
        {
            for (tree, _) in roots {
                let head = tree.0.as_bytes().get(1..9).unwrap_or_default();
                if namespaces.iter().any(|id| id.to_bytes() == head) {
                    return Some(String::from(
                        "filtered_never_leaves_primary: the root of a filtered namespace is sent",
                    ));
                }
            }
        }
        for op in said.ops() {
            let name = op.key.path().rsplit('/').next().unwrap_or_default();
            let is_hidden = |names: &BTreeSet<String>| names.contains(name);
            let is_inside = |ids: &BTreeSet<NamespaceId>| ids.contains(&op.key.namespace());
            if self.hidden.get(to).is_some_and(is_hidden)
                || self.namespaces.get(to).is_some_and(is_inside)
            {
                return Some(format!(
                    "filtered_never_leaves_primary: {:?} is sent",
                    op.key
                ));
            }
        }
        None
    }
}
