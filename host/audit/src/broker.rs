//! All devices.

use crate::late::Late;
use crate::line::Writer;
use crate::{
    AuditError, Device, Format, Options, RequestPart, RequestRecord, ResponseRecord, Salt, Share,
};
use base::Timestamp;
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
/// recorded must not leave. A file takes a line as fast as memory does, until the disk is full; a
/// socket takes it within its timeout, or not at all.
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
    share: Share,
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
        let line = |writer: &Writer| writer.request(record, &state.headers);
        state.write(record.request, record.time, line)
    }

    /// Records an answer.
    ///
    /// # Errors
    /// [`AuditError::NotRecorded`] where devices are configured and none took it: the answer must
    /// not be given.
    pub fn response(&self, record: &ResponseRecord<'_>) -> Result<(), AuditError> {
        let state = self.state();
        let line = |writer: &Writer| writer.response(record, &state.headers);
        state.write(record.request, record.time, line)
    }

    /// Adds a device with these options.
    ///
    /// # Errors
    /// [`AuditError`] where the path is taken, the device cannot be opened, or it is a second fallback.
    pub fn open(&self, path: &str, options: Options, salt: Salt) -> Result<(), AuditError> {
        let device = options.target.open()?;
        self.attach(path, device, options.format, options.share, salt)
    }

    /// As [`open`](Self::open). A device that cannot be opened is added as well: it takes nothing
    /// until it can. Gives why it cannot.
    ///
    /// # Errors
    /// [`AuditError`] where the path is taken, or it is a second fallback.
    pub fn open_or_wait(
        &self,
        path: &str,
        options: Options,
        salt: Salt,
    ) -> Result<Option<AuditError>, AuditError> {
        let (device, trouble): (Box<dyn Device>, _) = match options.target.open() {
            Ok(device) => (device, None),
            Err(error) => (Box::new(Late::new(options.target)), Some(error)),
        };
        self.attach(path, device, options.format, options.share, salt)?;
        Ok(trouble)
    }

    /// Adds a device that gets all records.
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
        self.attach(path, device, format, Share::All, salt)
    }

    fn attach(
        &self,
        path: &str,
        device: Box<dyn Device>,
        format: Format,
        share: Share,
        salt: Salt,
    ) -> Result<(), AuditError> {
        let attached = Arc::new(Attached {
            device,
            writer: Writer::new(format, salt),
            share,
        });
        self.change(|state| {
            if state.devices.contains_key(path) {
                return Err(AuditError::InUse(path.to_owned()));
            }
            if let (Share::Fallback, Some((other, _))) = (&attached.share, state.fallback()) {
                return Err(AuditError::FallbackInUse(other.clone()));
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

    /// The devices that take nothing because they could not be opened.
    pub fn not_open(&self) -> Vec<String> {
        let state = self.state();
        let devices = state.devices.iter();
        let closed = devices.filter(|(_, attached)| !attached.device.is_open());
        closed.map(|(path, _)| path.clone()).collect()
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
    /// Every device gets its line, save those whose filters leave it out; the fallback device where
    /// nobody took it. One that takes it is enough.
    fn write(
        &self,
        request: &RequestPart<'_>,
        time: Timestamp,
        line: impl Fn(&Writer) -> Vec<u8>,
    ) -> Result<(), AuditError> {
        let (mut is_wanted, mut is_taken) = (false, false);
        let write = |path: &str, attached: &Attached| {
            let written = attached.device.write(&line(&attached.writer), time);
            if let Err(error) = &written {
                let error = error as &dyn std::error::Error;
                tracing::error!(device = path, error, "audit device failed");
            }
            written.is_ok()
        };
        for (path, attached) in &self.devices {
            let is_given = match &attached.share {
                Share::All => true,
                Share::Filtered(filter) => filter.passes(request),
                Share::Fallback => false,
            };
            if is_given {
                is_wanted = true;
                is_taken |= write(path, attached);
            }
        }
        if !is_taken && let Some((path, attached)) = self.fallback() {
            is_wanted = true;
            is_taken = write(path, attached);
        }
        match is_wanted && !is_taken {
            true => Err(AuditError::NotRecorded),
            false => Ok(()),
        }
    }

    fn fallback(&self) -> Option<(&String, &Arc<Attached>)> {
        let mut all = self.devices.iter();
        all.find(|(_, attached)| matches!(attached.share, Share::Fallback))
    }
}

impl core::fmt::Debug for Broker {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.state().devices.keys()).finish()
    }
}
