//! Bugs that are put in on purpose: an invariant that finds none of them proves nothing.

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
}

impl Plant {
    /// All bugs, with their names on the command line.
    pub const ALL: [(&'static str, Self); 7] = [
        ("local-sent", Self::LocalSent),
        ("filter-unseen", Self::FilterUnseen),
        ("digest-stale", Self::DigestStale),
        ("commit-lost", Self::CommitLost),
        ("revoked-served", Self::RevokedServed),
        ("commit-torn", Self::CommitTorn),
        ("disk-old", Self::DiskOld),
    ];

    /// The bug of a name.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|(known, _)| *known == name)
            .map(|(_, plant)| plant)
    }
}
