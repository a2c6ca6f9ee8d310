//! `read`, `write`, `patch`, `delete`, `list`, `scan`, `unwrap` and `path-help`.

use super::mfa;
use crate::answer::ApiAnswer;
use crate::error::{During, Stop};
use crate::request::{ApiRequest, clean_path};
use crate::session::{Session, code};
use crate::show::{Format, json::Node, table, value};
use crate::tree::generic::{Delete, List, Read, Write};
use base::Secret;
use serde_json::{Map, Value, json};

pub(super) fn read(session: &mut Session<'_>, args: &Read) -> Result<u8, Stop> {
    let path = clean_path(&args.path);
    let mut request = ApiRequest::get(&path);
    request.query = session.strings(&args.data)?;
    let found = session
        .find(&request)
        .during(&format!("Error reading {path}"))?;
    match found {
        Some(answer) => session.show(&answer),
        None => session.nothing(&format!("No value found at {path}")),
    }
}

pub(super) fn write(session: &mut Session<'_>, args: &Write) -> Result<u8, Stop> {
    let path = clean_path(&args.path);
    let data = body(session, args)?;
    let request = match data {
        Some(data) => ApiRequest::put(&path, Value::Object(data)),
        None => ApiRequest::put_empty(&path),
    };
    written(session, &request, &path)
}

pub(super) fn patch(session: &mut Session<'_>, args: &Write) -> Result<u8, Stop> {
    let path = clean_path(&args.path);
    let data = body(session, args)?.unwrap_or_default();
    let request = ApiRequest::patch(&path, Value::Object(data));
    written(session, &request, &path)
}

fn body(session: &mut Session<'_>, args: &Write) -> Result<Option<Map<String, Value>>, Stop> {
    if args.data.is_empty() {
        return match args.force {
            true => Ok(None),
            false => Err(Stop::usage("Must supply data or use -force")),
        };
    }
    session.data(&args.data).map(Some)
}

/// Sends a write and shows what came back, or that it was done.
pub(super) fn written(
    session: &mut Session<'_>,
    request: &ApiRequest,
    path: &str,
) -> Result<u8, Stop> {
    let answer = session
        .ask(request)
        .during(&format!("Error writing data to {path}"))?;
    if answer.envelope().as_ref().is_some_and(mfa::waits) {
        session.warn(mfa::WAITS)?;
    }
    shown_or_done(
        session,
        &answer,
        &format!("Success! Data written to: {path}"),
    )
}

/// Shows what came, or says that it was done.
pub(super) fn shown_or_done(
    session: &mut Session<'_>,
    answer: &ApiAnswer,
    done: &str,
) -> Result<u8, Stop> {
    let Some(envelope) = answer.envelope() else {
        return session.done(done);
    };
    let empty = envelope.data.is_null() && envelope.auth.is_none() && envelope.wrap_info.is_none();
    if empty && session.settings.format == Format::Table {
        session.done(done)?;
        session.show_warnings(&envelope)?;
        return Ok(code::OK);
    }
    session.show(answer)
}

pub(super) fn delete(session: &mut Session<'_>, args: &Delete) -> Result<u8, Stop> {
    let path = clean_path(&args.path);
    let mut request = ApiRequest::delete(&path);
    request.query = session.strings(&args.data)?;
    let answer = session
        .ask(&request)
        .during(&format!("Error deleting {path}"))?;
    let done = format!("Success! Data deleted (if it existed) at: {path}");
    shown_or_done(session, &answer, &done)
}

pub(super) fn list(session: &mut Session<'_>, args: &List, verb: &str) -> Result<u8, Stop> {
    let path = clean_path(&args.path);
    let mut request = ApiRequest::get(&path).with_query(verb, "true");
    if let Some(after) = &args.after {
        request = request.with_query("after", after);
    }
    if let Some(limit) = args.limit {
        request = request.with_query("limit", limit.to_string());
    }
    show_list(session, &request, &path, args.detailed)
}

/// Sends a list call and shows its keys.
pub(super) fn show_list(
    session: &mut Session<'_>,
    request: &ApiRequest,
    path: &str,
    detailed: bool,
) -> Result<u8, Stop> {
    let found = session
        .find(request)
        .during(&format!("Error listing {path}"))?;
    let Some(answer) = found else {
        return no_keys(session, &format!("No value found at {path}"));
    };
    if answer
        .envelope()
        .is_some_and(|envelope| envelope.wrap_info.is_some())
    {
        return session.show(&answer);
    }
    let data = answer.data();
    let is_table = session.settings.format == Format::Table;
    let Some(Value::Array(keys)) = data.get("keys") else {
        return match answer.envelope() {
            Some(found) if is_table && !found.warnings.is_empty() => {
                session.show_warnings(&found)?;
                Ok(code::OK)
            }
            _ => no_keys(session, &format!("No entries found at {path}")),
        };
    };
    if session.settings.format == Format::Raw || (detailed && !is_table) {
        return session.show(&answer);
    }
    let info = data.get("key_info").and_then(Value::as_object);
    let node = Node::Plain(Value::Array(keys.clone()));
    let shown = session.show_or(&node, || match (detailed, info) {
        (true, Some(info)) => detailed_keys(keys, info),
        _ => key_table(keys),
    })?;
    if session.settings.format == Format::Table
        && let Some(envelope) = answer.envelope()
    {
        session.show_warnings(&envelope)?;
    }
    Ok(shown)
}

/// Nothing was listed: an empty object for programs, a sentence for people.
pub(super) fn no_keys(session: &mut Session<'_>, sentence: &str) -> Result<u8, Stop> {
    match session.settings.format {
        Format::Table => session.warn(sentence)?,
        _ => session.say("{}")?,
    }
    Ok(code::NOTHING_OR_SEALED)
}

/// The keys under their heading.
pub(super) fn key_table(keys: &[Value]) -> String {
    let mut names: Vec<String> = keys.iter().map(value::inline).collect();
    names.sort();
    let rows = names.into_iter().map(|name| vec![name]).collect();
    table::with_headings(&["Keys"], rows)
}

pub(super) fn detailed_keys(keys: &[Value], info: &Map<String, Value>) -> String {
    let mut headings: Vec<&str> = Vec::new();
    for entry in info.values().filter_map(Value::as_object) {
        for key in entry.keys() {
            if !headings.contains(&key.as_str()) {
                headings.push(key);
            }
        }
    }
    headings.sort_unstable();
    let row = |key: &Value| {
        let name = value::inline(key);
        let known = info.get(&name);
        let mut cells = vec![name];
        cells.extend(headings.iter().map(|heading| {
            let cell = known.and_then(|known| known.get(*heading));
            cell.map(|cell| value::field(heading, cell))
                .unwrap_or_default()
        }));
        cells
    };
    let mut rows: Vec<Vec<String>> = keys.iter().map(row).collect();
    rows.sort();
    let mut all = vec!["Keys"];
    all.extend(&headings);
    table::with_headings(&all, rows)
}

pub(super) fn unwrap(session: &mut Session<'_>, token: Option<String>) -> Result<u8, Stop> {
    let request = match (token, session.settings.token.is_some()) {
        // The caller's own token may open the wrapping of another.
        (Some(token), true) => ApiRequest::put("sys/wrapping/unwrap", json!({ "token": token })),
        (Some(token), false) => {
            session.settings.token = Some(Secret::new(token));
            ApiRequest::put_empty("sys/wrapping/unwrap")
        }
        (None, _) => ApiRequest::put_empty("sys/wrapping/unwrap"),
    };
    let answer = session.find(&request).during("Error unwrapping")?;
    match answer {
        Some(answer) => session.show(&answer),
        None => session.nothing("Could not find wrapped response"),
    }
}

pub(super) fn path_help(session: &mut Session<'_>, path: &str) -> Result<u8, Stop> {
    let path = clean_path(path);
    let request = ApiRequest::get(&path).with_query("help", "1");
    let answer = session.ask(&request).during("Error retrieving help")?;
    if session.settings.format == Format::Json
        && let Some(openapi) = answer.field("openapi")
    {
        let text = openapi.to_string();
        session.say(&text)?;
        return Ok(code::OK);
    }
    let help = answer
        .field("help")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let help = help.to_owned();
    session.say(&help)?;
    Ok(code::OK)
}
