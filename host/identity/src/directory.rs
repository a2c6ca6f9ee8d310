//! The identities of one namespace, within a transaction.

use crate::IdentityError;
use barrier::{Address, Transaction};
use base::{Entropy, NamespaceId, Timestamp, make_hex, make_uuid};
use locality::PhysicalKey;

/// The identities of one namespace, as a transaction sees and changes them.
pub struct Directory<'a> {
    pub(crate) tx: &'a mut Transaction,
    pub(crate) namespace: NamespaceId,
    /// How names that are made up show the namespace.
    pub(crate) label: String,
    pub(crate) now: Timestamp,
    pub(crate) entropy: &'a dyn Entropy,
}

/// Which part of a list is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Those that sort after this id; empty for all.
    pub after: &'a str,
    /// At most as many.
    pub limit: usize,
}

impl Page<'_> {
    /// Everything.
    pub const ALL: Self = Page {
        after: "",
        limit: usize::MAX,
    };
}

impl<'a> Directory<'a> {
    /// The identities of `namespace`. `label` is how names that are made up show it: `root`.
    pub fn new(
        tx: &'a mut Transaction,
        namespace: NamespaceId,
        label: String,
        now: Timestamp,
        entropy: &'a dyn Entropy,
    ) -> Self {
        Self {
            tx,
            namespace,
            label,
            now,
            entropy,
        }
    }

    pub(crate) fn make_id(&self) -> String {
        self.namespace.mark(make_uuid(self.entropy))
    }

    /// A name for what was given none.
    pub(crate) fn make_name(&self, what: &str) -> String {
        format!("{what}_{}.{}", make_hex(self.entropy, 4), self.label)
    }

    /// What stands behind `prefix` in the keys that begin with it.
    pub(crate) fn names_below(
        &mut self,
        prefix: &impl Address,
    ) -> Result<Vec<String>, IdentityError> {
        let keys = self.tx.keys(prefix, None, usize::MAX)?;
        let path = prefix.address().path();
        let name = |key: &PhysicalKey| Some(key.path().strip_prefix(path)?.to_owned());
        Ok(keys.iter().filter_map(name).collect())
    }

    /// Where a page begins below `prefix`.
    pub(crate) fn start(prefix: &impl Address, page: Page<'_>) -> Option<PhysicalKey> {
        let prefix = prefix.address();
        (!page.after.is_empty()).then(|| {
            PhysicalKey::new(
                prefix.class(),
                prefix.namespace(),
                prefix.mount(),
                &format!("{}{}", prefix.path(), page.after),
            )
        })
    }
}
