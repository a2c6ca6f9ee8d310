//! `kv …` but for its metadata.

use super::kv_metadata;
use super::kv_place::{KvKey, locate, versions};
use crate::answer::{ApiAnswer, Envelope};
use crate::error::{During, Stop};
use crate::request::{ApiRequest, mount_path};
use crate::session::{Session, code};
use crate::show::{Format, envelope, table};
use crate::tree::kv::{Kv, Place};
use serde_json::{Map, Value, json};

pub(super) fn run(session: &mut Session<'_>, command: Kv) -> Result<u8, Stop> {
    match command {
        Kv::Get { place, version } => get(session, &place, version),
        Kv::Put { place, data, cas } => put(session, &place, &data, cas),
        Kv::Patch {
            place,
            data,
            cas,
            method,
            remove_data,
        } => {
            let how = Patching::parse(method.as_deref())?;
            patch(
                session,
                &place,
                &Patch {
                    data,
                    cas,
                    how,
                    remove_data,
                },
            )
        }
        Kv::List { place } => list(session, &place, "list"),
        Kv::Scan { place } => list(session, &place, "scan"),
        Kv::Delete { place, versions } => delete(session, &place, &versions),
        Kv::Undelete { place, versions } => {
            on_versions(session, &place, &versions, ["undelete", "Undelete"])
        }
        Kv::Destroy { place, versions } => {
            on_versions(session, &place, &versions, ["destroy", "Destroy"])
        }
        Kv::Rollback { place, version } => rollback(session, &place, version),
        Kv::EnableVersioning { path } => enable_versioning(session, &path),
        Kv::Metadata(command) => kv_metadata::run(session, command),
    }
}

fn get(session: &mut Session<'_>, place: &Place, version: Option<i64>) -> Result<u8, Stop> {
    let key = locate(session, place)?;
    let path = key.path("data");
    let mut request = ApiRequest::get(&path);
    if let (Some(version), true) = (version, key.versioned) {
        request = request.with_query("version", version.to_string());
    }
    let found = session
        .find(&request)
        .during(&format!("Error reading {path}"))?;
    let Some(answer) = found else {
        return session.nothing(&format!("No value found at {path}"));
    };
    let Some(found) = answer.envelope() else {
        return session.show(&answer);
    };
    if found.wrap_info.is_some() {
        return session.show(&answer);
    }
    if session.settings.field.is_some() {
        return get_field(session, &key, &path, found);
    }
    if session.settings.format != Format::Table {
        return session.show(&answer);
    }
    show_secret(session, &key, &path, &found)
}

/// `-field` of a secret: its data, or its data's field.
fn get_field(
    session: &mut Session<'_>,
    key: &KvKey,
    path: &str,
    mut found: Envelope,
) -> Result<u8, Stop> {
    let place = if key.versioned { "map" } else { "secret" };
    if key.versioned {
        found.data = found.data.get("data").cloned().unwrap_or(Value::Null);
    }
    let Value::Object(data) = &found.data else {
        return session.nothing(&format!("No data found at {path}"));
    };
    let name = session.settings.field.clone().unwrap_or_default();
    let value = match (name.as_str(), data.get(&name)) {
        ("data", None) => Some(found.data.clone()),
        (_, value) => value.cloned(),
    };
    session.show_field(value, &name, place)
}

fn show_secret(
    session: &mut Session<'_>,
    key: &KvKey,
    path: &str,
    found: &Envelope,
) -> Result<u8, Stop> {
    let data = match key.versioned {
        true => found.data.get("data"),
        false => Some(&found.data),
    };
    if key.versioned {
        if let Some(Value::Object(metadata)) = found.data.get("metadata") {
            show_path(session, "Secret Path", path)?;
            show_titled(session, "Metadata", metadata)?;
            session.say("")?;
        } else if found.data.is_null() {
            show_path(session, "Secret Path", path)?;
        }
    }
    if let Some(Value::Object(data)) = data {
        show_titled(session, "Data", data)?;
    }
    session.show_warnings(found)?;
    Ok(code::OK)
}

/// A titled path and an empty line.
pub(super) fn show_path(session: &mut Session<'_>, title: &str, path: &str) -> Result<(), Stop> {
    let title = table::title(title, path.chars().count());
    session.say(&format!("{title}\n{path}\n"))
}

/// A titled table of a map.
pub(super) fn show_titled(
    session: &mut Session<'_>,
    title: &str,
    map: &Map<String, Value>,
) -> Result<(), Stop> {
    let rows = envelope::map_rows(map);
    session.say(&table::title(title, table::pairs_width(&rows)))?;
    session.say(&table::pairs(rows))
}

/// The body of a write: version 2 has its options beside the data.
fn write_body(key: &KvKey, data: Map<String, Value>, cas: Option<i64>) -> Value {
    if !key.versioned {
        return Value::Object(data);
    }
    let mut options = Map::new();
    super::set(&mut options, "cas", cas.filter(|cas| *cas >= 0));
    json!({ "data": data, "options": options })
}

fn put(
    session: &mut Session<'_>,
    place: &Place,
    words: &[String],
    cas: Option<i64>,
) -> Result<u8, Stop> {
    if words.is_empty() {
        return Err(Stop::usage("Must supply data"));
    }
    let data = session.data(words)?;
    let key = locate(session, place)?;
    let path = key.path("data");
    let request = ApiRequest::put(&path, write_body(&key, data, cas));
    write(session, &request, &path)
}

/// Sends a write of a secret and shows its new metadata.
fn write(session: &mut Session<'_>, request: &ApiRequest, path: &str) -> Result<u8, Stop> {
    let answer = session
        .ask(request)
        .during(&format!("Error writing data to {path}"))?;
    show_written(session, &answer, path)
}

fn show_written(session: &mut Session<'_>, answer: &ApiAnswer, path: &str) -> Result<u8, Stop> {
    let Some(found) = answer.envelope() else {
        return session.done(&format!("Success! Data written to: {path}"));
    };
    match (
        &found.data,
        session.settings.format,
        &session.settings.field,
    ) {
        (Value::Object(data), Format::Table, None) if found.wrap_info.is_none() => {
            show_path(session, "Secret Path", path)?;
            show_titled(session, "Metadata", data)?;
            session.show_warnings(&found)?;
            Ok(code::OK)
        }
        _ => session.show(answer),
    }
}

/// How `kv patch` changes a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patching {
    /// By a merge patch, or by reading and writing where patching is not allowed.
    Either,
    Merge,
    ReadThenWrite,
}

impl Patching {
    fn parse(text: Option<&str>) -> Result<Self, Stop> {
        match text {
            None | Some("") => Ok(Self::Either),
            Some("patch") => Ok(Self::Merge),
            Some("rw") => Ok(Self::ReadThenWrite),
            Some(other) => Err(Stop::local(format!(
                "Unsupported method provided to -method flag: {other}"
            ))),
        }
    }
}

struct Patch {
    data: Vec<String>,
    cas: Option<i64>,
    how: Patching,
    remove_data: Vec<String>,
}

fn patch(session: &mut Session<'_>, place: &Place, patch: &Patch) -> Result<u8, Stop> {
    if patch.data.is_empty() && patch.remove_data.is_empty() {
        return Err(Stop::usage("Must supply data"));
    }
    let mut data = session.data(&patch.data)?;
    for key in &patch.remove_data {
        data.insert(key.clone(), Value::Null);
    }
    let key = locate(session, place)?;
    if !key.versioned {
        return Err(Stop::local(
            "K/V engine mount must be version 2 for patch support",
        ));
    }
    let path = key.path("data");
    if patch.how == Patching::ReadThenWrite {
        return read_then_write(session, &key, data);
    }
    let request = ApiRequest::patch(&path, write_body(&key, data.clone(), patch.cas));
    let answer = session.ask_any(&request)?;
    let not_allowed = answer.status == 403 || answer.status == 405;
    if not_allowed && patch.how == Patching::Either {
        return read_then_write(session, &key, data);
    }
    let during = format!("Error writing data to {path}");
    let answer = session.accepted(&request, answer).during(&during)?;
    show_written(session, &answer, &path)
}

/// Reads the newest version, merges, and writes on condition that it still is the newest.
fn read_then_write(
    session: &mut Session<'_>,
    key: &KvKey,
    change: Map<String, Value>,
) -> Result<u8, Stop> {
    let path = key.path("data");
    let request = ApiRequest::get(&path);
    let found = session
        .find_before(&request)
        .during(&format!("Error doing pre-read at {path}"))?;
    let old = found
        .as_ref()
        .and_then(|answer| answer.field("data"))
        .cloned();
    let (Some(found), Some(Value::Object(mut data))) = (found, old) else {
        return session.nothing(&format!("No value found at {path}"));
    };
    let version = found
        .field("metadata")
        .and_then(|metadata| metadata.get("version"))
        .and_then(Value::as_i64);
    for (name, value) in change {
        match value {
            Value::Null => drop(data.remove(&name)),
            value => drop(data.insert(name, value)),
        }
    }
    let request = ApiRequest::put(&path, write_body(key, data, version));
    write(session, &request, &path)
}

fn list(session: &mut Session<'_>, place: &Place, verb: &str) -> Result<u8, Stop> {
    let key = locate(session, place)?;
    let path = key.path("metadata");
    let request = ApiRequest::get(&path).with_query(verb, "true");
    super::generic::show_list(session, &request, &path, false)
}

fn delete(session: &mut Session<'_>, place: &Place, flags: &[String]) -> Result<u8, Stop> {
    let key = locate(session, place)?;
    let path = key.path("data");
    let named = versions(flags);
    let request = if key.versioned && !named.is_empty() {
        ApiRequest::put(key.path("delete"), json!({ "versions": named }))
    } else {
        ApiRequest::delete(&path)
    };
    let answer = session
        .ask(&request)
        .during(&format!("Error deleting {path}"))?;
    match answer.json {
        Some(_) => session.show(&answer),
        None => session.done(&format!("Success! Data deleted (if it existed) at: {path}")),
    }
}

/// `undelete` and `destroy`, which differ in their names only: that of the path, and that in
/// sentences.
fn on_versions(
    session: &mut Session<'_>,
    place: &Place,
    flags: &[String],
    [door, name]: [&str; 2],
) -> Result<u8, Stop> {
    let named = versions(flags);
    if named.is_empty() {
        return Err(Stop::usage(format!(
            "No versions provided, use the \"-versions\" flag to specify the version to {door}."
        )));
    }
    let key = locate(session, place)?;
    if !key.versioned {
        return Err(Stop::usage(format!("{name} not supported on KV Version 1")));
    }
    let path = key.path(door);
    let request = ApiRequest::put(&path, json!({ "versions": named }));
    super::generic::written(session, &request, &path)
}

fn rollback(session: &mut Session<'_>, place: &Place, version: Option<i64>) -> Result<u8, Stop> {
    let version = match version {
        None => return Err(Stop::usage("Version flag must be specified")),
        Some(version) if version <= 0 => {
            return Err(Stop::usage(format!(
                "Invalid value {version} for the version flag"
            )));
        }
        Some(version) => version,
    };
    let key = locate(session, place)?;
    if !key.versioned {
        return Err(Stop::local(
            "K/V engine mount must be version 2 for rollback support",
        ));
    }
    let path = key.path("data");
    let current = read_version(session, &path, None)?;
    let Some(newest) = current.as_ref().and_then(version_of) else {
        return session.nothing(&format!("No value found at {path}"));
    };
    let Some(wanted) = read_version(session, &path, Some(version))? else {
        return session.nothing(&format!("No value found at {path}"));
    };
    let Some(Value::Object(data)) = wanted.field("data").cloned() else {
        return Err(Stop::local(
            "Cannot roll back to a version that has been deleted",
        ));
    };
    let request = ApiRequest::put(&path, write_body(&key, data, Some(newest)));
    super::generic::written(session, &request, &path)
}

fn read_version(
    session: &mut Session<'_>,
    path: &str,
    version: Option<i64>,
) -> Result<Option<ApiAnswer>, Stop> {
    let mut request = ApiRequest::get(path);
    if let Some(version) = version {
        request = request.with_query("version", version.to_string());
    }
    session
        .find_before(&request)
        .during(&format!("Error doing pre-read at {path}"))
}

fn version_of(answer: &ApiAnswer) -> Option<i64> {
    answer.field("metadata")?.get("version")?.as_i64()
}

fn enable_versioning(session: &mut Session<'_>, path: &str) -> Result<u8, Stop> {
    let path = mount_path(path);
    let request = ApiRequest::post(
        format!("sys/mounts/{}tune", path),
        json!({ "options": { "version": "2" } }),
    );
    session
        .ask(&request)
        .during(&format!("Error tuning secrets engine {path}"))?;
    session.success(&format!("Success! Tuned the secrets engine at: {path}"))
}
