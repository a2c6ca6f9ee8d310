//! How far a secondary is never goes back: what was read there once can be read there again.

use super::Said;
use replication::{Event, Told};
use std::collections::BTreeMap;

/// How far each secondary was.
#[derive(Default)]
pub(crate) struct Applied {
    seen: BTreeMap<String, Seen>,
    /// Entries that were sent to each, which it may have.
    sent: BTreeMap<String, Vec<u64>>,
}

/// What a secondary said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) generation: u64,
    pub(crate) index: u64,
    /// Which life of its node.
    pub(crate) life: u64,
}

impl Applied {
    pub(crate) fn sent(&mut self, secondary: &str, said: &Said) {
        let index = match said {
            Said::Event(Event::Entry { index, .. }) => *index,
            Said::Told(Told::Begun { position, .. }) => position.index,
            _ => return,
        };
        self.sent
            .entry(secondary.to_owned())
            .or_default()
            .push(index);
    }

    /// It follows another primary, whose log has indexes of its own.
    pub(crate) fn begin_anew(&mut self, secondary: &str) {
        self.seen.remove(secondary);
        self.sent.remove(secondary);
    }

    /// Looks at how far a secondary is now. Within a life nothing goes back; the next life begins
    /// where storage says, which has every entry that was sent and taken.
    pub(crate) fn check(&mut self, secondary: &str, now: Seen) -> Option<String> {
        let before = self.seen.insert(secondary.to_owned(), now.clone())?;
        if now.generation < before.generation {
            return Some(format!(
                "applied_monotonic: {secondary} was of generation {}, is of {}",
                before.generation, now.generation
            ));
        }
        if now.generation > before.generation {
            return None;
        }
        let floor = if now.life == before.life {
            before.index
        } else {
            let sent = self.sent.get(secondary).into_iter().flatten();
            sent.copied()
                .filter(|index| *index <= before.index)
                .max()
                .unwrap_or(0)
        };
        (now.index < floor).then(|| {
            format!(
                "applied_monotonic: {secondary} had everything up to entry {floor}, now up to {}",
                now.index
            )
        })
    }
}
