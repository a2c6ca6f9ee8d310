//! Bugs that are put in on purpose: an invariant that finds none of them proves nothing.

use bytes::Bytes;
use journal::Op;
use locality::{Class, PhysicalKey};
use replication::Event;

/// A bug in the surroundings of the nodes, never in the nodes themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plant {
    /// None: what is found is a bug of the product or of the simulation.
    #[default]
    Nothing,
    /// Whoever reads the log of a primary is told that local entries are replicated.
    LocalSent,
    /// A primary does not see what its filters leave out, so that it sends everything, as one would
    /// where the receiver were to drop what it is not to have.
    FilterUnseen,
    /// Some commits do not bring the digests up to date.
    DigestStale,
    /// Some commits are answered and write nothing.
    CommitLost,
    /// A revoked secondary is let in as before, and its connections are not cut.
    RevokedServed,
    /// Some commits are written half first, and whole a little later.
    CommitTorn,
    /// A node that died finds its disk as it was some time before.
    DiskOld,
    /// Some entries that a primary sends have one more, of the class local.
    LocalAdded,
    /// Some frames of a primary lack their last byte.
    FrameCut,
    /// An upgrade of a component is answered and does nothing, so that the version before sees on
    /// what it kept.
    UpgradeLost,
    /// A secondary says now and then that it has less than it said before.
    PositionOld,
    /// Ways that are in trouble stay so when all is to be well.
    NeverHeals,
}

impl Plant {
    /// All bugs, with their names on the command line.
    pub const ALL: [(&'static str, Self); 12] = [
        ("local-sent", Self::LocalSent),
        ("filter-unseen", Self::FilterUnseen),
        ("digest-stale", Self::DigestStale),
        ("commit-lost", Self::CommitLost),
        ("revoked-served", Self::RevokedServed),
        ("commit-torn", Self::CommitTorn),
        ("disk-old", Self::DiskOld),
        ("local-added", Self::LocalAdded),
        ("frame-cut", Self::FrameCut),
        ("upgrade-lost", Self::UpgradeLost),
        ("position-old", Self::PositionOld),
        ("never-heals", Self::NeverHeals),
    ];

    /// The bug of a name.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|(known, _)| *known == name)
            .map(|(_, plant)| plant)
    }
}

/// What a primary sends of its log, as one sends it that has a bug.
pub(crate) fn sent(plant: Plant, frame: Bytes) -> Bytes {
    match (plant, replication::decode(&frame)) {
        (Plant::FrameCut, Ok(Event::Entry { index, .. })) if index % 4 == 0 => {
            frame.slice(..frame.len().saturating_sub(1))
        }
        (Plant::LocalAdded, Ok(Event::Entry { index, mut batches })) if index % 4 == 0 => {
            let ops = batches.first_mut().map(|batch| &mut batch.ops);
            ops.into_iter().for_each(|ops| ops.extend(local_of(ops)));
            let added = replication::encode(&Event::Entry { index, batches });
            added.map_or(frame, Bytes::from)
        }
        _ => frame,
    }
}

/// The first of them, as if it were local.
fn local_of(ops: &[Op]) -> Option<Op> {
    let op = ops.first()?;
    let (namespace, mount) = (op.key.namespace(), op.key.mount());
    Some(Op {
        key: PhysicalKey::new(Class::Local, namespace, mount, op.key.path()),
        ..op.clone()
    })
}
