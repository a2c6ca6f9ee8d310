//! What an operator looks at: metrics, the log, requests in flight, the machine, the configuration.

use crate::devices;
use crate::native::Does::Now;
use crate::native::{Ask, NativeField, NativeRoute, Told, body, on, path, query};
use crate::pipeline::NO_SUCH_PATH;
use crate::process::{LogFault, LogShape};
use crate::{observed, versions};
use base::{Answer, Flow, LogLevel, Map, Refusal, RefusalKind};
use manifest::Access::Token;
use manifest::FieldKind::Text;
use manifest::Operation::{Delete, List, Read, Update};
use serde_json::{Value, json};

const METRICS: &[NativeField] = &[query("format", Text, "`prometheus`, or nothing for JSON.")];
const MONITOR: &[NativeField] = &[
    query("log_level", Text, "The least important lines to send."),
    query("log_format", Text, "`standard` or `json`."),
];
const LOGGER: &[NativeField] = &[path("name", "What logs.")];
const LEVELS: &[NativeField] = &[body(
    "level",
    Text,
    "`trace`, `debug`, `info`, `warn` or `error`.",
)];
const LEVEL: &[NativeField] = &[
    path("name", "What logs."),
    body(
        "level",
        Text,
        "`trace`, `debug`, `info`, `warn` or `error`.",
    ),
];
const PART: &[NativeField] = &[path("subsystem", "`tls`, `log_level` or `audit`.")];

/// The routes.
#[rustfmt::skip]
pub(super) const ROUTES: &[NativeRoute] = &[
    on(Read, "metrics", Token, Now(metrics), METRICS, "What is counted and timed."),
    on(Read, "in-flight-req", Token, Now(in_flight), &[], "The requests that are being answered."),
    on(Read, "monitor", Token, Now(monitor), MONITOR, "The server's log, as it comes."),
    on(Read, "loggers", Token, Now(loggers), &[], "How much is logged."),
    on(Update, "loggers", Token, Now(set_loggers), LEVELS, "Sets how much is logged, until the next start."),
    on(Delete, "loggers", Token, Now(reset_loggers), &[], "Logs as much as is configured."),
    on(Read, "loggers/{name}", Token, Now(logger), LOGGER, "How much a part of the server logs."),
    on(Update, "loggers/{name}", Token, Now(set_logger), LEVEL, "Sets how much a part of the server logs, until the next start."),
    on(Delete, "loggers/{name}", Token, Now(reset_logger), LOGGER, "Has a part of the server log as much as is configured."),
    on(Read, "host-info", Token, Now(host), &[], "The machine that the server runs on."),
    on(List, "version-history", Token, Now(version_history), &[], "The versions of the server that ran."),
    on(Read, "config/state/sanitized", Token, Now(configuration), &[], "The configuration without secrets."),
    on(Update, "config/reload/{subsystem}", Token, Now(reload), PART, "Reads a part of the configuration anew."),
];

fn metrics(ask: &mut Ask<'_>) -> Told {
    observed::metrics(&ask.node.parts, Some(ask.node.as_ref()), ask.text("format"))
}

fn in_flight(ask: &mut Ask<'_>) -> Told {
    Ok(observed::in_flight(&ask.node.parts))
}

fn monitor(ask: &mut Ask<'_>) -> Told {
    let level = match ask.text("log_level") {
        "" => Some(LogLevel::Info),
        text => LogLevel::parse(text),
    };
    let level = level.ok_or_else(|| Refusal::invalid("unknown log level"))?;
    let shape = match ask.text("log_format") {
        "" | "standard" => LogShape::Standard,
        "json" => LogShape::Json,
        _ => return Err(Refusal::invalid("unknown log format")),
    };
    let pieces = ask.node.parts.process.monitor(level, shape);
    let busy = |fault: LogFault| Refusal::new(RefusalKind::Unavailable, fault.to_string());
    Ok(Answer::Flow(Flow {
        content_type: String::from("text/plain; charset=utf-8"),
        pieces: pieces.map_err(busy)?,
    }))
}

fn loggers(ask: &mut Ask<'_>) -> Told {
    let all = ask.node.parts.process.loggers().into_iter();
    let all: Map = all
        .map(|(name, level)| (name, Value::from(level.name())))
        .collect();
    Ok(Answer::data(&Value::Object(all)))
}

fn logger(ask: &mut Ask<'_>) -> Told {
    let name = ask.text("name");
    let all = ask.node.parts.process.loggers();
    Ok(Answer::data(&match all.get(name) {
        Some(level) => json!({ name: level.name() }),
        None => json!({}),
    }))
}

fn level(ask: &Ask<'_>) -> Result<LogLevel, Refusal> {
    let text = ask.text("level");
    if text.is_empty() {
        return Err(Refusal::invalid("level is required"));
    }
    let unknown = || format!("invalid level provided: unknown log level: {text}");
    LogLevel::parse(text).ok_or_else(|| Refusal::invalid(unknown()))
}

fn set(ask: &Ask<'_>, name: Option<&str>, level: Option<LogLevel>) -> Told {
    match ask.node.parts.process.set_logger(name, level) {
        Ok(()) => Ok(Answer::Empty),
        Err(_) => {
            let name = name.unwrap_or_default();
            Err(Refusal::invalid(format!("logger {name:?} not found")))
        }
    }
}

fn set_loggers(ask: &mut Ask<'_>) -> Told {
    set(ask, None, Some(level(ask)?))
}

fn reset_loggers(ask: &mut Ask<'_>) -> Told {
    set(ask, None, None)
}

fn set_logger(ask: &mut Ask<'_>) -> Told {
    set(ask, Some(ask.text("name")), Some(level(ask)?))
}

fn reset_logger(ask: &mut Ask<'_>) -> Told {
    set(ask, Some(ask.text("name")), None)
}

fn host(ask: &mut Ask<'_>) -> Told {
    let mut shown = ask.node.parts.process.host();
    shown.insert("timestamp".into(), ask.now.to_rfc3339().into());
    Ok(Answer::data(&Value::Object(shown)))
}

fn version_history(ask: &mut Ask<'_>) -> Told {
    let all = versions::all(ask.tx)?;
    let mut previous: Option<&str> = None;
    let (mut keys, mut info) = (Vec::new(), Map::new());
    for ran in &all {
        let shown = json!({
            "build_date": ran.build_date,
            "previous_version": previous,
            "timestamp_installed": ran.installed.to_rfc3339(),
        });
        info.insert(ran.version.clone(), shown);
        keys.push(ran.version.as_str());
        previous = Some(&ran.version);
    }
    Ok(Answer::data(&json!({ "keys": keys, "key_info": info })))
}

fn configuration(ask: &mut Ask<'_>) -> Told {
    let mut shown = ask.node.parts.process.configuration();
    let devices = devices::stored(ask.tx)?;
    if !devices.is_empty() {
        let devices = devices.values().map(|device| {
            json!({
                "description": device.description,
                "path": device.path,
                "type": device.kind,
            })
        });
        shown.insert("audits".into(), devices.collect());
    }
    let seals = json!([{ "disabled": false, "type": "shamir" }]);
    shown.insert("seals".into(), seals);
    Ok(Answer::data(&Value::Object(shown)))
}

fn reload(ask: &mut Ask<'_>) -> Told {
    let part = ask.text("subsystem");
    if part == "audit" {
        ask.node.reopen_audit_files();
        return Ok(Answer::Empty);
    }
    match ask.node.parts.process.reload(part) {
        true => Ok(Answer::Empty),
        false => Err(Refusal::new(RefusalKind::NotFound, NO_SUCH_PATH)),
    }
}
