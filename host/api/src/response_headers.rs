//! Headers that the operator has added to responses.

use crate::encode::HttpReply;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use std::collections::BTreeMap;

/// Headers for all responses, for those of a class of statuses, and for those of one status. Of a
/// header that comes more than once the most particular one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseHeaders {
    all: Headers,
    /// By the first digit of the status.
    classes: BTreeMap<u16, Headers>,
    statuses: BTreeMap<u16, Headers>,
}

type Headers = Vec<(HeaderName, HeaderValue)>;

/// Why a header cannot be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponseHeadersError {
    /// What they are for is neither `default` nor a status.
    #[error("{0:?} is neither \"default\" nor a status such as \"200\" or \"2xx\"")]
    Status(String),
    /// The name is none, or the server's own affair.
    #[error("{0:?} is no header that can be added")]
    Name(String),
    /// The value has letters that no header has.
    #[error("the value of {0:?} cannot be sent")]
    Value(String),
}

impl ResponseHeaders {
    /// Adds a header, for `default`, for a class such as `2xx`, or for a status. Several values become
    /// one, with semicolons between them.
    ///
    /// # Errors
    /// [`ResponseHeadersError`] as its variants say.
    pub fn add(
        &mut self,
        status: &str,
        name: &str,
        values: &[String],
    ) -> Result<(), ResponseHeadersError> {
        let wrong_name = || ResponseHeadersError::Name(name.to_owned());
        let header = HeaderName::try_from(name).map_err(|_| wrong_name())?;
        if [CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING].contains(&header) {
            return Err(wrong_name());
        }
        let value = HeaderValue::try_from(values.join("; "));
        let value = value.map_err(|_| ResponseHeadersError::Value(name.to_owned()))?;
        self.place(status)?.push((header, value));
        Ok(())
    }

    fn place(&mut self, status: &str) -> Result<&mut Headers, ResponseHeadersError> {
        let wrong = || ResponseHeadersError::Status(status.to_owned());
        if status == "default" {
            return Ok(&mut self.all);
        }
        if let Some(class) = status.strip_suffix("xx") {
            let class = class.parse().ok().filter(|class| (1..=5).contains(class));
            return Ok(self.classes.entry(class.ok_or_else(wrong)?).or_default());
        }
        let status = status.parse().ok();
        let status = status.filter(|status| (100..600).contains(status));
        Ok(self.statuses.entry(status.ok_or_else(wrong)?).or_default())
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.classes.is_empty() && self.statuses.is_empty()
    }

    pub(crate) fn apply(&self, reply: &mut HttpReply) {
        let status = reply.status().as_u16();
        let class = self.classes.get(&(status / 100));
        let exact = self.statuses.get(&status);
        let all = [Some(&self.all), class, exact].into_iter().flatten();
        for (name, value) in all.flatten() {
            reply.headers_mut().insert(name.clone(), value.clone());
        }
    }
}
