//! The three classes of stored entries.

use core::fmt;

/// How far an entry may travel. The first byte of its physical key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Never leaves the cluster.
    Ignored,
    /// To disaster-recovery secondaries only.
    Local,
    /// To every secondary.
    Replicated,
}

impl Class {
    /// All classes.
    pub const ALL: [Self; 3] = [Self::Ignored, Self::Local, Self::Replicated];

    /// The byte in front of a physical key.
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::Ignored => b'I',
            Self::Local => b'L',
            Self::Replicated => b'R',
        }
    }

    /// Reads [`to_byte`](Self::to_byte); None for every other byte.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            b'I' => Some(Self::Ignored),
            b'L' => Some(Self::Local),
            b'R' => Some(Self::Replicated),
            _ => None,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ignored => "ignored",
            Self::Local => "local",
            Self::Replicated => "replicated",
        })
    }
}

/// A class as a type, for keys whose class is known when the host is compiled.
pub trait ClassMark {
    /// The class.
    const CLASS: Class;
}

macro_rules! mark {
    ($($name:ident),*) => {$(
        #[doc = concat!("[`Class::", stringify!($name), "`] as a type.")]
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl ClassMark for $name {
            const CLASS: Class = Class::$name;
        }
    )*};
}

mark!(Ignored, Local, Replicated);
