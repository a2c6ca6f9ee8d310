//! `2026-11-23T05:13:51.832Z [INFO]  node: unsealed: shares=1`, as Vault's users read it.

use core::fmt;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The shape of a line.
pub(super) struct Line;

/// The room is the first part of `node::unsealed`.
pub(super) fn room<'a>(metadata: &Metadata<'a>) -> &'a str {
    metadata.target().split("::").next().unwrap_or_default()
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        SystemTime.format_time(&mut line)?;
        let metadata = event.metadata();
        let level = format!("[{}]", metadata.level());
        write!(line, " {level:<7} {}: ", room(metadata))?;
        context.field_format().format_fields(line.by_ref(), event)?;
        writeln!(line)
    }
}
