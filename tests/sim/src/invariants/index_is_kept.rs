//! Whoever keeps what an answer to a write said, and says it again, reads that write or is refused,
//! whichever cluster answers, and whichever is the primary by then. Once all is well nobody is refused.

use std::collections::VecDeque;

/// So many are kept at most: the oldest go, and with them what they say of primaries of long ago.
const KEPT_MAX: usize = 12;

/// What a client keeps of a write.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) place: String,
    pub(crate) index: String,
}

/// What clients keep, of each place the last.
#[derive(Default)]
pub(crate) struct Indexes(VecDeque<Kept>);

/// What somebody is told who says an index.
pub(crate) enum Told {
    /// What is there; None for nothing.
    Found(Option<String>),
    /// It is not here yet.
    Lacks(String),
    /// Something else is the matter.
    Nothing,
}

impl Indexes {
    /// A place was written, and this was said of it, if anything.
    pub(crate) fn note(&mut self, place: &str, index: Option<String>) {
        self.forget(|known| known == place);
        if let Some(index) = index {
            let place = place.to_owned();
            self.0.push_back(Kept { place, index });
        }
        if self.0.len() > KEPT_MAX {
            // Not always the oldest: some are to live through many hand-overs.
            self.0.remove(KEPT_MAX / 2);
        }
    }

    /// Somebody may have written there, or took it away.
    pub(crate) fn forget(&mut self, is_gone: impl Fn(&str) -> bool) {
        self.0.retain(|kept| !is_gone(&kept.place));
    }

    /// All of them, the last first.
    pub(crate) fn all(&self) -> Vec<Kept> {
        self.0.iter().rev().cloned().collect()
    }
}
