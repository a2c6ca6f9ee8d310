//! A device that could not be opened, and is tried again.

use crate::{Device, Target};
use base::Timestamp;
use std::io;
use std::sync::OnceLock;

/// Takes nothing until it can be opened, so that a server whose only device it is refuses to work
/// unseen. Each line tries anew: nobody has to be told that what was in the way is gone.
pub(crate) struct Late {
    target: Target,
    opened: OnceLock<Box<dyn Device>>,
}

impl Late {
    pub(crate) const fn new(target: Target) -> Self {
        Self {
            target,
            opened: OnceLock::new(),
        }
    }

    fn device(&self) -> io::Result<&dyn Device> {
        if let Some(device) = self.opened.get() {
            return Ok(&**device);
        }
        let device = self.target.open().map_err(io::Error::other)?;
        Ok(&**self.opened.get_or_init(|| device))
    }
}

impl Device for Late {
    fn write(&self, line: &[u8], at: Timestamp) -> io::Result<()> {
        self.device()?.write(line, at)
    }

    fn reopen(&self) -> io::Result<()> {
        self.device()?.reopen()
    }

    fn is_open(&self) -> bool {
        self.opened.get().is_some()
    }
}
