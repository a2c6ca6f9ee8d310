//! All devices.

use crate::line::Writer;
use crate::{
    AuditError, Device, Discard, FileDevice, Format, Options, RequestRecord, ResponseRecord, Salt,
    Stdout, Target,
};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// How a configured header of requests is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderRule {
    /// As it came.
    Clear,
    /// As a hash.
    Hashed,
}

/// All audit devices, by their path.
///
/// Records are written before the call returns, on the caller's thread: an answer that nobody
/// recorded must not leave. A file takes a line as fast as memory does, until the disk is full.
#[derive(Default)]
pub struct Broker {
    /// Held to take or replace the whole; never while something is written.
    state: RwLock<Arc<State>>,
}

#[derive(Clone, Default)]
struct State {
    devices: BTreeMap<String, Arc<Attached>>,
    headers: BTreeMap<String, HeaderRule>,
}

struct Attached {
    device: Box<dyn Device>,
    writer: Writer,
}

impl Broker {
    /// A broker without devices.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is no device: then records need not even be put together.
    pub fn is_idle(&self) -> bool {
        self.state().devices.is_empty()
    }

    /// Records a request.
    ///
    /// # Errors
    /// [`AuditError::NotRecorded`] where devices are configured and none took it: the request must
    /// not be executed.
    pub fn request(&self, record: &RequestRecord<'_>) -> Result<(), AuditError> {
        let state = self.state();
        state.write(|writer| writer.request(record, &state.headers))
    }

    /// Records an answer.
    ///
    /// # Errors
    /// [`AuditError::NotRecorded`] where devices are configured and none took it: the answer must
    /// not be given.
    pub fn response(&self, record: &ResponseRecord<'_>) -> Result<(), AuditError> {
        let state = self.state();
        state.write(|writer| writer.response(record, &state.headers))
    }

    /// Adds a `file` device.
    ///
    /// # Errors
    /// [`AuditError`] where the path is taken or the file cannot be opened.
    pub fn enable_file(&self, path: &str, options: Options, salt: Salt) -> Result<(), AuditError> {
        let device: Box<dyn Device> = match options.target {
            Target::Stdout => Box::new(Stdout),
            Target::Discard => Box::new(Discard),
            Target::File { path, mode } => Box::new(FileDevice::open(&path, mode)?),
        };
        self.enable(path, device, options.format, salt)
    }

    /// Adds a device.
    ///
    /// # Errors
    /// [`AuditError::InUse`] where the path is taken.
    pub fn enable(
        &self,
        path: &str,
        device: Box<dyn Device>,
        format: Format,
        salt: Salt,
    ) -> Result<(), AuditError> {
        let attached = Arc::new(Attached {
            device,
            writer: Writer::new(format, salt),
        });
        self.change(|state| {
            if state.devices.contains_key(path) {
                return Err(AuditError::InUse(path.to_owned()));
            }
            state.devices.insert(path.to_owned(), attached);
            Ok(())
        })
    }

    /// Takes a device away. False where there was none.
    pub fn disable(&self, path: &str) -> bool {
        self.change(|state| state.devices.remove(path).is_some())
    }

    /// Takes all devices away: the server is sealed.
    pub fn clear(&self) {
        self.change(|state| state.devices.clear());
    }

    /// Sets which headers of requests are written. Names are in lowercase.
    pub fn set_headers(&self, headers: BTreeMap<String, HeaderRule>) {
        self.change(|state| state.headers = headers);
    }

    /// What the device at `path` writes instead of `value`. None where there is no such device.
    pub fn hash(&self, path: &str, value: &str) -> Option<String> {
        let state = self.state();
        let attached = state.devices.get(path)?;
        Some(attached.writer.salt().hash(value))
    }

    /// Opens all files anew: the logs were rotated. Gives the devices that could not.
    pub fn reopen(&self) -> Vec<(String, std::io::Error)> {
        let state = self.state();
        let failed = state.devices.iter().filter_map(|(path, attached)| {
            let error = attached.device.reopen().err()?;
            Some((path.clone(), error))
        });
        failed.collect()
    }

    fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut state))
    }
}

impl State {
    /// Every device gets its line. One that takes it is enough.
    fn write(&self, line: impl Fn(&Writer) -> Vec<u8>) -> Result<(), AuditError> {
        let mut taken = self.devices.is_empty();
        for (path, attached) in &self.devices {
            match attached.device.write(&line(&attached.writer)) {
                Ok(()) => taken = true,
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(device = path, error, "audit device failed");
                }
            }
        }
        if taken {
            Ok(())
        } else {
            Err(AuditError::NotRecorded)
        }
    }
}

impl core::fmt::Debug for Broker {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.state().devices.keys()).finish()
    }
}
