//! `replication aside …`: what a primary before wrote that the one after it did not have.

use super::generic::shown_or_done;
use crate::answer::ApiAnswer;
use crate::error::{During, Stop};
use crate::request::ApiRequest;
use crate::session::Session;
use crate::show::{Format, table, value};
use crate::tree::replication::Aside;
use serde_json::{Map, Value};

const AT: &str = "sys/replication/performance/secondary/aside";

/// Entries that are asked for at a time. Values can be large, so fewer of them.
const LISTED_AT_ONCE: usize = 1_000;
const EXPORTED_AT_ONCE: usize = 50;

/// Members of the answer, and how they are called.
const ROWS: [(&str, &str); 5] = [
    ("at", "At"),
    ("generation", "Generation"),
    ("entry_count", "Entries"),
    ("bytes", "Bytes"),
    ("left_out", "Not Kept (entries)"),
];

/// Members of an entry, and how they are called; one that none of them has is left out.
const COLUMNS: [(&str, &str); 5] = [
    ("namespace", "Namespace"),
    ("mount", "Mount"),
    ("path", "Path"),
    ("bytes", "Bytes"),
    ("value", "Value (Base64)"),
];

pub(super) fn run(session: &mut Session<'_>, command: &Aside) -> Result<u8, Stop> {
    let (at, limit) = match command {
        Aside::List => (AT.to_owned(), LISTED_AT_ONCE),
        Aside::Export => (format!("{AT}/export"), EXPORTED_AT_ONCE),
        Aside::Delete => {
            let answer = session.ask(&ApiRequest::delete(AT));
            let answer = answer.during("Error deleting what is kept aside")?;
            let done = "Success! Deleted what was kept aside (if there was anything)";
            return shown_or_done(session, &answer, done);
        }
    };
    let Some(answer) = gather(session, &at, limit)? else {
        return session.nothing("Nothing is kept aside");
    };
    let is_table = session.settings.format == Format::Table && session.settings.field.is_none();
    match answer.field("entries").and_then(Value::as_array) {
        Some(entries) if is_table => session.success(&text(&answer, entries)),
        _ => session.show(&answer),
    }
}

/// The first page, with the entries of all others.
fn gather(session: &mut Session<'_>, at: &str, limit: usize) -> Result<Option<ApiAnswer>, Stop> {
    let (mut first, mut all) = (None, Vec::new());
    loop {
        let last = all.last().and_then(|entry: &Value| entry.get("key"));
        let mut request = ApiRequest::get(at).with_query("limit", limit.to_string());
        if let Some(last) = last.and_then(Value::as_str) {
            request = request.with_query("after", last);
        }
        let during = "Error reading what is kept aside";
        let Some(mut answer) = session.find(&request).during(during)? else {
            break;
        };
        let Some(Value::Array(mut page)) = take_entries(&mut answer) else {
            // Wrapped, for example.
            return Ok(Some(answer));
        };
        let is_last = page.len() < limit;
        all.append(&mut page);
        first.get_or_insert(answer);
        if is_last {
            break;
        }
    }
    let Some(map) = first.and_then(|answer| answer.json) else {
        return Ok(None);
    };
    let whole = with_entries(map, all);
    Ok(Some(ApiAnswer::new(200, Value::Object(whole).to_string())))
}

fn take_entries(answer: &mut ApiAnswer) -> Option<Value> {
    let data = answer.json.as_mut()?.get_mut("data")?;
    data.get_mut("entries").map(Value::take)
}

fn with_entries(mut map: Map<String, Value>, entries: Vec<Value>) -> Map<String, Value> {
    if let Some(Value::Object(data)) = map.get_mut("data") {
        data.insert("entries".to_owned(), Value::Array(entries));
    }
    map
}

fn text(answer: &ApiAnswer, entries: &[Value]) -> String {
    let row = |(key, name): &(&str, &str)| {
        let found = answer.field(key)?;
        Some(((*name).to_owned(), value::inline(found)))
    };
    let above = table::pairs(ROWS.iter().filter_map(row).collect());
    let is_there = |(key, _): &&(&str, &str)| entries.iter().any(|entry| entry.get(key).is_some());
    let columns: Vec<&(&str, &str)> = COLUMNS.iter().filter(is_there).collect();
    let headings: Vec<&str> = columns.iter().map(|(_, name)| *name).collect();
    let cells = |entry: &Value| {
        let cell = |(key, _): &&(&str, &str)| match entry.get(key).map(value::inline) {
            Some(path) if path.is_empty() && *key == "namespace" => "root".to_owned(),
            shown => shown.unwrap_or_default(),
        };
        columns.iter().map(cell).collect()
    };
    let below = table::with_headings(&headings, entries.iter().map(cells).collect());
    format!("{above}\n\n{below}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_a_table_of_its_entries() {
        let answer = r#"{"data":{"at":"2026-01-02T03:04:05Z","generation":2,"entry_count":1,"bytes":5,"left_out":0,
            "entries":[{"key":"k","namespace":"","mount":"kv/","path":"data/x","bytes":5,"value":"aGVsbG8="}]}}"#;
        let answer = ApiAnswer::new(200, answer.to_owned());
        let mut entries = answer.field("entries").unwrap().as_array().unwrap().clone();
        let lines = |text: &str| -> Vec<Vec<String>> {
            let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
            text.lines().map(words).collect()
        };
        let shown = lines(&text(&answer, &entries));
        assert_eq!(shown[4], ["Entries", "1"]);
        assert_eq!(shown[6], ["Not", "Kept", "(entries)", "0"]);
        assert_eq!(shown[10], ["root", "kv/", "data/x", "5", "aGVsbG8="]);
        entries[0].as_object_mut().unwrap().remove("value");
        let shown = lines(&text(&answer, &entries));
        assert_eq!(shown[8], ["Namespace", "Mount", "Path", "Bytes"]);
    }
}
