//! Many items in one request: each is done or fails by itself.

use sdk::{Ctx, Failure, FailureKind, Page, Raw, Reply, Result, invalid};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The items of `batch_input`; none where it was not given.
pub(crate) fn items<T: DeserializeOwned>(given: Option<&Raw>) -> Result<Option<Vec<T>>> {
    let Some(given) = given.filter(|given| given.as_str() != "null") else {
        return Ok(None);
    };
    let items: Vec<T> = serde_json::from_str(given.as_str())
        .map_err(|wrong| invalid(format!("failed to parse batch input: {wrong}")))?;
    match items.is_empty() {
        true => Err(invalid("missing batch input to process")),
        false => Ok(Some(items)),
    }
}

/// What an item came to: the caller's mistake is told with the item, any other failure ends the request.
pub(crate) fn outcome<T>(done: Result<T>) -> Result<Result<T, String>> {
    match done {
        Ok(value) => Ok(Ok(value)),
        Err(Failure {
            kind: FailureKind::Invalid,
            message,
        }) => Ok(Err(message)),
        Err(failure) => Err(failure),
    }
}

#[derive(Serialize)]
struct Results<'a, T> {
    batch_results: &'a [T],
}

/// 200, whatever came of the items.
pub(crate) fn reply<T: Serialize>(results: &[T]) -> Result<Reply> {
    Reply::data(&Results {
        batch_results: results,
    })
}

/// As `reply`, but 400 where items failed; or, where not all did, the status that the caller chose.
pub(crate) fn reply_with_status<T: Serialize>(
    ctx: &Ctx,
    results: &[T],
    failed: usize,
    chosen: Option<i64>,
) -> Result<Reply> {
    // What is null comes as 0.
    let chosen = match chosen {
        None | Some(0) => 400,
        Some(status) => u16::try_from(status)
            .ok()
            .filter(|status| (200..600).contains(status))
            .ok_or_else(|| invalid("partial_failure_response_code must be from 200 to 599"))?,
    };
    let status = match failed {
        0 => return reply(results),
        all if all == results.len() => 400,
        _ => chosen,
    };
    let envelope = Envelope {
        request_id: ctx.request_id(),
        lease_id: "",
        renewable: false,
        lease_duration: 0,
        data: Results {
            batch_results: results,
        },
        wrap_info: (),
        warnings: (),
        auth: (),
        mount_type: "transit",
    };
    Ok(Reply::Page(Page {
        status,
        content_type: "application/json".into(),
        headers: Vec::new(),
        body: Raw::of(&envelope)?.as_str().into(),
    }))
}

/// The host makes it for 200 and 404; here the status is another one.
#[derive(Serialize)]
struct Envelope<'a, T> {
    request_id: String,
    lease_id: &'static str,
    renewable: bool,
    lease_duration: u64,
    data: Results<'a, T>,
    wrap_info: (),
    warnings: (),
    auth: (),
    mount_type: &'static str,
}
