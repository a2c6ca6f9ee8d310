//! What a rule may grant.

/// One thing that a rule grants; or, with [`Deny`](Self::Deny), refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Capability {
    /// Write what is not there.
    Create = 1,
    /// Read.
    Read = 1 << 1,
    /// Write what is there.
    Update = 1 << 2,
    /// Change a part.
    Patch = 1 << 3,
    /// Delete.
    Delete = 1 << 4,
    /// List a folder.
    List = 1 << 5,
    /// List everything below a folder.
    Scan = 1 << 6,
    /// Use a protected path, together with what is to be done there.
    Sudo = 1 << 7,
    /// Nothing, whatever else is granted.
    Deny = 1 << 8,
}

impl Capability {
    /// All of them, by name.
    pub(crate) const NAMED: [(&'static str, Self); 9] = [
        ("create", Self::Create),
        ("delete", Self::Delete),
        ("deny", Self::Deny),
        ("list", Self::List),
        ("patch", Self::Patch),
        ("read", Self::Read),
        ("scan", Self::Scan),
        ("sudo", Self::Sudo),
        ("update", Self::Update),
    ];

    /// The capability of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMED
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, capability)| capability)
    }
}

/// A set of capabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Capabilities(u16);

impl Capabilities {
    /// Whether this one is among them.
    pub const fn has(self, capability: Capability) -> bool {
        self.0 & capability as u16 != 0
    }

    /// These and that one.
    #[must_use]
    pub const fn with(self, capability: Capability) -> Self {
        Self(self.0 | capability as u16)
    }

    /// These and those. Where one side denies, nothing but the denial is left.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        let all = Self(self.0 | other.0);
        if all.has(Capability::Deny) {
            Self(Capability::Deny as u16)
        } else {
            all
        }
    }

    /// Whether nothing is granted.
    pub const fn grants_nothing(self) -> bool {
        self.0 == 0 || self.has(Capability::Deny)
    }

    /// The names, sorted; `deny` where nothing is granted.
    pub fn names(self) -> Vec<&'static str> {
        if self.grants_nothing() {
            return vec!["deny"];
        }
        Capability::NAMED
            .into_iter()
            .filter(|(_, capability)| self.has(*capability))
            .map(|(name, _)| name)
            .collect()
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(all: I) -> Self {
        all.into_iter().fold(Self::default(), |set, capability| {
            set.union(Self::default().with(capability))
        })
    }
}
