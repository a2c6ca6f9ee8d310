//! `sys/pprof`: where Go's servers show their runtime, and this one what it can honestly say in its place.
//!
//! There is no garbage collector, no sampled heap and no list of stacks here. What is asked for and
//! cannot be had is refused, and says what to look at instead.

use crate::native::Does::{Later, Now};
use crate::native::{Ask, NativeField, NativeRoute, Told, on, query};
use base::{Answer, Raw, Refusal, RefusalKind};
use core::fmt::Write as _;
use core::time::Duration;
use manifest::Access::Sudo;
use manifest::FieldKind::Integer;
use manifest::Operation::Read;

/// How long a profile takes where nothing is said, as with Go.
const SECONDS_USUAL: u64 = 30;
/// Clients and proxies give up not much later.
const SECONDS_MAX: u64 = 60;

const PROFILE: &[NativeField] = &[query(
    "seconds",
    Integer,
    "How long: 30 seconds, at most 60.",
)];

const INDEX: &str = "\
cmdline       the words that the server was started with
profile       where processors are busy, for ?seconds=30: a profile as `pprof` reads it
heap          memory of the process, as the kernel counts it
goroutine     requests that are being answered
threadcreate  threads of the process
";

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "pprof", Sudo, Now(index), &[], "What there is to see of the process."),
    on(Read, "pprof/cmdline", Sudo, Now(cmdline), &[], "The words that the server was started with."),
    on(Read, "pprof/profile", Sudo, Later(|ask| Box::pin(profile(ask))), PROFILE, "Where processors are busy, as a profile for `pprof`."),
    on(Read, "pprof/heap", Sudo, Now(heap), &[], "Memory of the process."),
    on(Read, "pprof/goroutine", Sudo, Now(goroutine), &[], "Requests that are being answered."),
    on(Read, "pprof/threadcreate", Sudo, Now(threads), &[], "Threads of the process."),
    on(Read, "pprof/allocs", Sudo, Now(allocs), &[], "Refused: allocations are not sampled."),
    on(Read, "pprof/block", Sudo, Now(block), &[], "Refused: waiting is not sampled."),
    on(Read, "pprof/mutex", Sudo, Now(mutex), &[], "Refused: locks are not sampled."),
    on(Read, "pprof/symbol", Sudo, Now(symbol), &[], "Refused: profiles carry their names."),
    on(Read, "pprof/trace", Sudo, Now(trace), &[], "Refused: there is no tracer."),
];

fn text(body: String) -> Told {
    Ok(Answer::Raw(Raw {
        status: 200,
        content_type: "text/plain; charset=utf-8".into(),
        headers: Vec::new(),
        body: body.into_bytes(),
    }))
}

fn index(_: &mut Ask<'_>) -> Told {
    text(INDEX.into())
}

/// The words, with a zero byte between them.
fn cmdline(ask: &mut Ask<'_>) -> Told {
    text(ask.node.parts.process.command().join("\0"))
}

async fn profile(ask: &mut Ask<'_>) -> Told {
    let seconds = match ask.input.get("seconds").and_then(serde_json::Value::as_i64) {
        None => SECONDS_USUAL,
        Some(seconds) => u64::try_from(seconds).unwrap_or(0),
    };
    if !(1..=SECONDS_MAX).contains(&seconds) {
        return Err(Refusal::invalid(format!(
            "a profile takes 1 to {SECONDS_MAX} seconds"
        )));
    }
    let taken = ask.node.parts.process.profile(Duration::from_secs(seconds));
    let body = taken
        .await
        .map_err(|fault| Refusal::new(RefusalKind::Unavailable, fault.to_string()))?;
    let disposition = "attachment; filename=\"profile\"";
    Ok(Answer::Raw(Raw {
        status: 200,
        content_type: "application/octet-stream".into(),
        headers: vec![("content-disposition".into(), disposition.into())],
        body,
    }))
}

fn heap(ask: &mut Ask<'_>) -> Told {
    text(ask.node.parts.process.memory())
}

fn goroutine(ask: &mut Ask<'_>) -> Told {
    let all = ask.node.parts.meters.in_flight.all();
    let mut lines = format!("requests in flight: {}\n", all.len());
    for begun in all {
        // Writing to a string does not fail.
        let _ = writeln!(
            lines,
            "{} {} /v1/{} from {}",
            begun.at.to_rfc3339(),
            begun.id,
            begun.path,
            begun.address
        );
    }
    text(lines)
}

fn threads(ask: &mut Ask<'_>) -> Told {
    text(ask.node.parts.process.threads())
}

fn refused(why: &str) -> Told {
    Err(Refusal::new(RefusalKind::UnsupportedOperation, why))
}

fn allocs(_: &mut Ask<'_>) -> Told {
    refused("allocations are not sampled; sys/pprof/heap has the memory of the process")
}

fn block(_: &mut Ask<'_>) -> Told {
    refused(
        "waiting is not sampled; sys/metrics has how long requests, audit devices and the log took",
    )
}

fn mutex(_: &mut Ask<'_>) -> Told {
    refused("locks are not sampled; sys/pprof/profile has where processors are busy")
}

fn symbol(_: &mut Ask<'_>) -> Told {
    refused("addresses are not looked up: profiles carry the names of their functions")
}

fn trace(_: &mut Ask<'_>) -> Told {
    refused("there is no tracer; sys/monitor?log_level=trace has the log of what happens")
}
