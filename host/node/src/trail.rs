//! What the audit devices are told of a request, gathered while it is found out.

use crate::pipeline::{Caller, Place};
use crate::run::Answered;
use crate::unsealed::Unsealed;
use base::{Refusal, Request};

/// Facts of one request.
#[derive(Default)]
pub(crate) struct Trail {}

impl Trail {
    pub(crate) fn place(&mut self, _place: &Place) {}
    pub(crate) fn caller(&mut self, _caller: Option<&Caller>) {}
    pub(crate) fn decided(&mut self, _decision: Option<policy::Decision>) {}
    pub(crate) fn request(
        &mut self,
        _node: &Unsealed,
        _request: &Request,
        _error: Option<&Refusal>,
    ) -> Result<(), Refusal> {
        Ok(())
    }
    pub(crate) fn response(
        &mut self,
        _node: &Unsealed,
        _request: &Request,
        _answered: &Answered,
    ) -> Result<(), Refusal> {
        Ok(())
    }
}
