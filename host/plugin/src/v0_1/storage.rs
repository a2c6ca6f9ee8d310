//! `storage`: the view, as the contract words it.

use super::bindings::engine::casemate::plugin::storage::{Error, Host, Page};
use super::state::{Access, State};
use crate::{CallError, CheckpointError, Leases};
use barrier::{View, ViewError};

type Answer<T> = wasmtime::Result<Result<T, Error>>;

impl State {
    /// Does something with the view; an error that ends the call is not the component's to see.
    fn with_view<T>(&mut self, act: impl FnOnce(&mut View) -> Result<T, ViewError>) -> Answer<T> {
        let Some(view) = &mut self.view else {
            return Ok(Err(Error::Unavailable));
        };
        match act(view) {
            Ok(value) => Ok(Ok(value)),
            Err(ViewError::Undeclared(key)) => {
                self.note_undeclared(&key.0);
                Ok(Err(Error::Undeclared(key.0)))
            }
            Err(ViewError::ReadOnly) => Ok(Err(Error::ReadOnly)),
            Err(ViewError::InvalidKey(key)) => Ok(Err(Error::InvalidKey(key.to_string()))),
            Err(ViewError::TooLarge(max)) => Ok(Err(Error::TooLarge(max as u64))),
            Err(fatal) => Err(self.stop_by_view(fatal)),
        }
    }

    fn with_view_to_write<T>(
        &mut self,
        act: impl FnOnce(&mut View) -> Result<T, ViewError>,
    ) -> Answer<T> {
        match self.access {
            Access::ReadOnly => Ok(Err(Error::ReadOnly)),
            Access::ReadWrite => self.with_view(act),
        }
    }
}

fn page(page: barrier::Page) -> Page {
    let next = page.more.then(|| page.names.last().cloned()).flatten();
    Page {
        keys: page.names,
        next,
    }
}

impl Host for State {
    fn get(&mut self, key: String) -> Answer<Option<Vec<u8>>> {
        // The copy is the one that goes into the component's memory.
        self.with_view(|view| Ok(view.get(&key)?.map(|value| value.expose().to_vec())))
    }

    fn put(&mut self, key: String, value: Vec<u8>) -> Answer<()> {
        self.with_view_to_write(|view| view.put(&key, value))
    }

    fn delete(&mut self, key: String) -> Answer<()> {
        self.with_view_to_write(|view| view.delete(&key))
    }

    fn list_keys(&mut self, prefix: String, after: Option<String>, limit: u32) -> Answer<Page> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.with_view(|view| view.list(&prefix, after.as_deref(), limit).map(page))
    }

    fn scan_keys(&mut self, prefix: String, after: Option<String>, limit: u32) -> Answer<Page> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.with_view(|view| view.scan(&prefix, after.as_deref(), limit).map(page))
    }

    async fn checkpoint(&mut self) -> Answer<()> {
        if self.access == Access::ReadOnly {
            return Ok(Err(Error::ReadOnly));
        }
        if self.leases == Leases::Full {
            // An intent to act outside, which it may not.
            return Err(self.stop(CallError::NoRoom));
        }
        let Some(checkpoint) = self.facts.checkpoint.clone() else {
            return Ok(Err(Error::Unavailable));
        };
        let Some(view) = self.view.take() else {
            return Ok(Err(Error::Unavailable));
        };
        match checkpoint.commit(view).await {
            Ok(view) => {
                self.view = Some(view);
                Ok(Ok(()))
            }
            Err(CheckpointError::Overtaken) if self.acted_outside => {
                self.lost = Some(CallError::OvertakenOutside);
                Ok(Err(Error::Conflict))
            }
            Err(CheckpointError::Overtaken) => Err(self.stop(CallError::Overtaken)),
            Err(CheckpointError::Unavailable(reason)) => {
                self.lost = Some(CallError::NotCommitted(reason));
                Ok(Err(Error::Unavailable))
            }
        }
    }
}
