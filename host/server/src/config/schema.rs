//! Every key that a configuration may hold, as data. `docs/reference/configuration.md` shows it.

use super::keys::{AUDIT, LISTENER_TCP, STORAGE_INMEM, STORAGE_RAFT, TELEMETRY, TOP, USER_LOCKOUT};
use super::replication::REPLICATION;

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// `true` or `false`.
    Flag,
    /// A number of seconds, or `"90s"`, `"1h30m"`, `"2d"`.
    Duration,
    /// A whole number.
    Count,
    /// A whole number, which may be less than zero.
    Signed,
    /// A string with commas, or a list of strings.
    Texts,
    /// A block with these keys.
    Block(&'static [Key]),
    /// Anything: nobody looks.
    Anything,
}

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It does what its meaning says.
    Used,
    /// It is taken with a warning, since it has no meaning here.
    Idle,
    /// It is an error: to go on without it would not be what the operator asked for.
    Refused,
}

/// One key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value looks like.
    pub kind: Kind,
    /// What becomes of it.
    pub effect: Effect,
    /// What holds without it; empty for nothing.
    pub default: &'static str,
    /// What it means, or why it means nothing.
    pub meaning: &'static str,
}

pub(super) const fn used(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    meaning: &'static str,
) -> Key {
    Key {
        name,
        kind,
        effect: Effect::Used,
        default,
        meaning,
    }
}

pub(super) const fn idle(name: &'static str, meaning: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Anything,
        effect: Effect::Idle,
        default: "",
        meaning,
    }
}

pub(super) const fn refused(name: &'static str, meaning: &'static str) -> Key {
    Key {
        name,
        kind: Kind::Anything,
        effect: Effect::Refused,
        default: "",
        meaning,
    }
}

/// A block that has a label, as `listener "tcp"`, and a heading in the reference.
pub struct Section {
    /// As it is written; empty for the top level.
    pub title: &'static str,
    /// Its keys.
    pub keys: &'static [Key],
}

/// All sections, in the order of the reference.
pub const SECTIONS: &[Section] = &[
    Section {
        title: "",
        keys: TOP,
    },
    Section {
        title: "listener \"tcp\"",
        keys: LISTENER_TCP,
    },
    Section {
        title: "telemetry",
        keys: TELEMETRY,
    },
    Section {
        title: "replication",
        keys: REPLICATION,
    },
    Section {
        title: "user_lockout \"all\"",
        keys: USER_LOCKOUT,
    },
    Section {
        title: "audit \"file\" \"all\"",
        keys: AUDIT,
    },
    Section {
        title: "storage \"raft\"",
        keys: STORAGE_RAFT,
    },
    Section {
        title: "storage \"inmem\"",
        keys: STORAGE_INMEM,
    },
];
