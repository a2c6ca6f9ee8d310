//! What an operator gives a mount besides its path: hosts to reach, and what a call may use.

use crate::unsealed::Unsealed;
use base::{Map, Outbound, Refusal, chain, parse_duration};
use core::time::Duration;
use manifest::Manifest;
use mount::{MountConfig, MountEntry};
use outbound::Grants;
use plugin::{Component, Limits, Runtime};
use serde_json::{Value, json};
use std::sync::Arc;

/// Hosts that one mount can be granted.
const HOSTS_MAX: usize = 100;

/// Requests to one mount that can be let run at one time: as many as the usual pool has places for.
const CALLS_MAX: u64 = 512;

/// A component with less could not even begin.
const MEMORY_BYTES_MIN: u64 = 1 << 20;

/// The way out of a mount: to what its component declares and its operator granted.
pub(crate) fn way_out(
    node: &Arc<Unsealed>,
    component: &Component,
    entry: &MountEntry,
) -> Result<Option<Arc<dyn Outbound>>, Refusal> {
    if entry.config.outbound_hosts.is_empty() {
        return Ok(None);
    }
    let granted = Grants::parse(&entry.config.outbound_hosts);
    let granted = granted.map_err(|error| Refusal::internal(chain(&error)))?;
    let declared = declared(component.manifest());
    Ok(Some(node.parts.outbound.granted(declared, granted)))
}

/// What one call of a mount may use: as it was tuned, and else as the host has it.
pub(crate) fn limits(node: &Unsealed, config: &MountConfig) -> Arc<Limits> {
    let usual = &node.parts.settings.limits;
    let memory = usize::try_from(config.plugin_memory_max).unwrap_or(usize::MAX);
    let calls = config.plugin_storage_calls_max;
    let deadline = Duration::from_secs(config.plugin_deadline);
    if memory == 0 && calls == 0 && deadline.is_zero() {
        return Arc::clone(usual);
    }
    let mut limits = Limits::clone(usual);
    // Bounded again: what was tuned may come from a host with more to give.
    if memory > 0 {
        limits.memory_bytes_max = memory.min(node.parts.runtime.memory_bytes_max());
    }
    if calls > 0 {
        limits.storage_calls_max = calls.min(Limits::STORAGE_CALLS_MAX);
    }
    if !deadline.is_zero() {
        limits.deadline = deadline.min(Limits::DEADLINE_MAX);
    }
    Arc::new(limits)
}

/// Takes what a request sets.
pub(crate) fn apply(
    config: &mut MountConfig,
    asked: &Map,
    manifest: Option<&Manifest>,
    runtime: &Runtime,
) -> Result<(), Refusal> {
    if let Some(hosts) = hosts(asked)? {
        let unavailable = || Refusal::invalid("outbound_hosts: the plugin is not available");
        check_hosts(manifest.ok_or_else(unavailable)?, &hosts)?;
        config.outbound_hosts = hosts;
    }
    let memory_max = u64::try_from(runtime.memory_bytes_max()).unwrap_or(u64::MAX);
    for (name, tuned, min, max) in [
        (
            "plugin_memory_max",
            &mut config.plugin_memory_max,
            MEMORY_BYTES_MIN,
            memory_max,
        ),
        (
            "plugin_deadline",
            &mut config.plugin_deadline,
            1,
            Limits::DEADLINE_MAX.as_secs(),
        ),
        (
            "plugin_storage_calls_max",
            &mut config.plugin_storage_calls_max,
            1,
            Limits::STORAGE_CALLS_MAX,
        ),
        (
            "plugin_calls_max",
            &mut config.plugin_calls_max,
            1,
            CALLS_MAX,
        ),
    ] {
        match number(asked, name)? {
            None => {}
            Some(asked) if asked == 0 || (min..=max).contains(&asked) => *tuned = asked,
            Some(_) => {
                let text = format!("{name} must be from {min} to {max}, or 0 for the server's own");
                return Err(Refusal::invalid(text));
            }
        }
    }
    Ok(())
}

/// What is shown of it: only what was set.
pub(crate) fn shown(config: &MountConfig) -> Map {
    let mut members = Map::new();
    if !config.outbound_hosts.is_empty() {
        members.insert("outbound_hosts".into(), json!(config.outbound_hosts));
    }
    let numbers = [
        ("plugin_memory_max", config.plugin_memory_max),
        ("plugin_deadline", config.plugin_deadline),
        ("plugin_storage_calls_max", config.plugin_storage_calls_max),
        ("plugin_calls_max", config.plugin_calls_max),
    ];
    let set = numbers.into_iter().filter(|(_, number)| *number > 0);
    members.extend(set.map(|(name, number)| (name.to_owned(), json!(number))));
    members
}

/// A list, or one text with commas.
fn hosts(asked: &Map) -> Result<Option<Vec<String>>, Refusal> {
    let wrong = || Refusal::invalid("outbound_hosts must be a list of texts");
    let text = |item: &Value| item.as_str().map(str::to_owned).ok_or_else(wrong);
    let hosts: Vec<String> = match asked.get("outbound_hosts") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(items)) => items.iter().map(text).collect::<Result<_, _>>()?,
        Some(Value::String(text)) => text.split(',').map(str::to_owned).collect(),
        Some(_) => return Err(wrong()),
    };
    let hosts = hosts.iter().map(|host| host.trim().to_owned());
    Ok(Some(hosts.filter(|host| !host.is_empty()).collect()))
}

/// A number, also as text; of seconds where the text is a duration.
fn number(asked: &Map, name: &str) -> Result<Option<u64>, Refusal> {
    let number = match asked.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => match text.parse() {
            Ok(number) => Some(number),
            Err(_) => parse_duration(text).ok().map(|time| time.as_secs()),
        },
        Some(_) => None,
    };
    let wrong = || Refusal::invalid(format!("{name} must be a number"));
    number.map(Some).ok_or_else(wrong)
}

/// Checks what is to be granted to a component.
fn check_hosts(manifest: &Manifest, hosts: &[String]) -> Result<(), Refusal> {
    if hosts.len() > HOSTS_MAX {
        let text = format!("more than {HOSTS_MAX} outbound_hosts");
        return Err(Refusal::invalid(text));
    }
    let wrong = |error| Refusal::invalid(format!("outbound_hosts: {error}"));
    let granted = Grants::parse(hosts).map_err(wrong)?;
    let declared = declared(manifest);
    if declared.is_empty() && !granted.is_empty() {
        let text = "outbound_hosts: the plugin declares no hosts that it reaches";
        return Err(Refusal::invalid(text));
    }
    declared.check_declared(&granted).map_err(wrong)
}

/// What a manifest asks for. A pattern that names no host asks for nothing.
fn declared(manifest: &Manifest) -> Grants {
    let patterns = manifest.outbound.iter().cloned();
    let valid = patterns.filter(|one| Grants::parse(core::slice::from_ref(one)).is_ok());
    Grants::parse(&valid.collect::<Vec<_>>()).unwrap_or_default()
}
