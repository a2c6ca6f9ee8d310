//! A connection that is made to see how far it comes.

use crate::DialStep;

/// What one step of a connection came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// The step.
    pub step: DialStep,
    /// What it found, or why it failed; both for an operator.
    pub outcome: Result<String, String>,
}

/// The steps of a connection to one address, the first first, up to the one that failed. A step
/// nothing can be said of is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// What they came to.
    pub steps: Vec<Probed>,
    /// The certificate that the other end showed, DER, where it came that far.
    pub shown: Option<Vec<u8>>,
}

impl Probe {
    /// A connection that came up to a step which failed.
    pub fn failed(step: DialStep, reason: impl Into<String>) -> Self {
        let outcome = Err(reason.into());
        Self {
            steps: vec![Probed { step, outcome }],
            shown: None,
        }
    }
}
