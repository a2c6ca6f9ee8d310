//! Listing: what lies directly below a prefix, over one or several classes.

use crate::error::BarrierError;
use crate::reads::Reads;
use crate::scan::{Cursor, end_of, sibling};
use crate::transaction::Write;
use base::{MountId, NamespaceId};
use locality::{Class, PhysicalKey};
use std::collections::BTreeMap;
use storage::Snapshot;

/// One page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Names below the prefix, in the order of their bytes: of entries, and of folders, which end
    /// in `/`. A name that is both stands there as both.
    pub names: Vec<String>,
    /// Are there more after the last one?
    pub more: bool,
}

/// What is listed.
pub(crate) struct Listing<'a> {
    pub(crate) namespace: NamespaceId,
    pub(crate) mount: MountId,
    /// In which classes to look.
    pub(crate) classes: &'a [Class],
    pub(crate) prefix: &'a str,
    /// Which of the keys found count.
    pub(crate) visible: &'a dyn Fn(Class, &str) -> bool,
    /// Where to begin below the prefix.
    pub(crate) start: Start<'a>,
    pub(crate) depth: Depth,
    pub(crate) limit: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// What lies directly below: entries and folders.
    Children,
    /// All entries below, and no folders.
    All,
}

#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    /// With the first name that is not before this text.
    At(&'a str),
    /// With the first name after this one.
    After(&'a str),
}

/// The children that one class has.
struct Branch<'a> {
    cursor: Cursor<'a>,
    root: PhysicalKey,
    depth: Depth,
    head: Option<String>,
}

/// Children cost one seek for each folder, however much it holds.
pub(crate) fn list(
    snapshot: &dyn Snapshot,
    writes: &BTreeMap<PhysicalKey, Write>,
    reads: &mut Reads,
    listing: &Listing<'_>,
) -> Result<Page, BarrierError> {
    let mut branches = Vec::with_capacity(listing.classes.len());
    for class in listing.classes {
        let mut branch = Branch::new(snapshot, writes, *class, listing);
        branch.advance(listing.visible)?;
        branches.push(branch);
    }
    let mut page = Page::default();
    while let Some(name) = branches
        .iter()
        .filter_map(|b| b.head.as_ref())
        .min()
        .cloned()
    {
        if page.names.len() >= listing.limit {
            page.more = true;
            break;
        }
        for branch in &mut branches {
            if branch.head.as_ref() == Some(&name) {
                branch.advance(listing.visible)?;
            }
        }
        page.names.push(name);
    }
    for branch in branches {
        reads.absorb(branch.cursor.into_reads());
    }
    Ok(page)
}

impl<'a> Branch<'a> {
    fn new(
        snapshot: &'a dyn Snapshot,
        writes: &'a BTreeMap<PhysicalKey, Write>,
        class: Class,
        listing: &Listing<'_>,
    ) -> Self {
        let prefix = listing.prefix;
        let root = PhysicalKey::new(class, listing.namespace, listing.mount, prefix);
        let start = match listing.start {
            Start::At(name) => format!("{prefix}{name}"),
            Start::After(name) => match name.split_once('/') {
                Some((folder, _)) if listing.depth == Depth::Children => {
                    past_folder(prefix, folder)
                }
                _ => format!("{prefix}{name}\0"),
            },
        };
        let end = end_of(&root);
        Self {
            cursor: Cursor::new(snapshot, writes, sibling(&root, &start), end),
            root,
            depth: listing.depth,
            head: None,
        }
    }

    /// Finds the next child.
    fn advance(&mut self, visible: &dyn Fn(Class, &str) -> bool) -> Result<(), BarrierError> {
        let prefix = self.root.path();
        let last = self.head.take();
        if self.depth == Depth::Children
            && let Some(folder) = last.as_ref().and_then(|name| name.strip_suffix('/'))
        {
            self.cursor
                .seek(sibling(&self.root, &past_folder(prefix, folder)));
        }
        while let Some(found) = self.cursor.next()? {
            let path = found.key.path();
            let rest = path.strip_prefix(prefix).unwrap_or_default();
            if rest.is_empty() || !visible(found.key.class(), path) {
                continue;
            }
            let name = match self.depth {
                Depth::Children => rest.split_inclusive('/').next().unwrap_or(rest),
                Depth::All => rest,
            };
            self.head = Some(name.to_owned());
            break;
        }
        Ok(())
    }
}

/// The first path after all that lie in a folder: `0` is the letter after `/`.
fn past_folder(prefix: &str, folder: &str) -> String {
    format!("{prefix}{folder}0")
}
