//! The tables of `replication status`, `replication check` and `replication merkle-check`.

use crate::answer::ApiAnswer;
use crate::show::{table, value};
use serde_json::{Map, Value};

/// Members of a relation, and how they are called; those that are missing or empty are left out.
const ROWS: &[(&str, &str)] = &[
    ("mode", "Mode"),
    ("state", "State"),
    ("rollback_possible", "Rollback Possible"),
    ("connection_state", "Connection State"),
    ("last_error", "Last Error"),
    ("secondary_id", "Secondary ID"),
    ("cluster_id", "Cluster ID"),
    ("generation", "Generation"),
    ("superseded_by", "Superseded by Generation"),
    ("superseded_told_by", "Told by"),
    ("primary_cluster_addr", "Primary Cluster Address"),
    ("last_wal", "Last WAL"),
    ("last_remote_wal", "Last Remote WAL"),
    ("last_start", "Last Start"),
    ("clock_skew_ms", "Clock Skew (ms)"),
    ("merkle_root", "Merkle Root"),
    ("corrupted_merkle_tree", "Corrupted Merkle Tree"),
    ("mounts_in_the_way", "Mounts in the Way"),
    ("audit_devices_not_open", "Audit Devices not Open"),
    ("aside_entries", "Kept Aside (entries)"),
    ("aside_left_out", "Not Kept (entries)"),
    ("log_bytes", "Log (bytes)"),
    ("log_bytes_max", "Log Limit (bytes)"),
];

const RELATIONS: [(&str, &str); 2] = [
    ("performance", "Performance Replication"),
    ("dr", "DR Replication"),
];

/// Both relations: a table each, and below it that of the secondaries.
pub(super) fn status_text(answer: &ApiAnswer) -> String {
    let parts = RELATIONS.iter().filter_map(|(key, title)| {
        let relation = answer.field(key)?.as_object()?;
        Some(part(title, relation))
    });
    let parts: Vec<String> = parts.collect();
    parts.join("\n\n")
}

fn part(title: &str, relation: &Map<String, Value>) -> String {
    let rows = rows(relation);
    let title = table::title(title, table::pairs_width(&rows));
    let mut text = format!("{title}\n{}", table::pairs(rows));
    let secondaries = relation.get("secondaries").and_then(Value::as_array);
    if let Some(secondaries) = secondaries.filter(|list| !list.is_empty()) {
        let rows = secondaries.iter().map(secondary).collect();
        let headings = ["Secondary", "State", "Last Heartbeat", "Lag", "Headroom"];
        text.push_str("\n\n");
        text.push_str(&table::with_headings(&headings, rows));
    }
    text
}

fn shown(map: &Map<String, Value>, key: &str) -> Option<String> {
    let found = map.get(key).filter(|value| !value.is_null());
    let says_something = |text: &String| !text.is_empty() && text != "[]";
    found.map(value::inline).filter(says_something)
}

fn rows(relation: &Map<String, Value>) -> Vec<(String, String)> {
    let found = ROWS
        .iter()
        .filter_map(|(key, name)| Some(((*name).to_owned(), shown(relation, key)?)));
    let mut rows: Vec<(String, String)> = found.collect();
    let in_the_way = relation.get("mounts_in_the_way_count");
    let in_the_way = in_the_way.and_then(Value::as_u64).unwrap_or(0);
    if in_the_way > 0 && !relation.contains_key("mounts_in_the_way") {
        rows.push(("Mounts in the Way".to_owned(), in_the_way.to_string()));
    }
    let lag = amounts(relation, "lag");
    if !lag.is_empty() {
        rows.push(("Lag".to_owned(), lag));
    }
    let progress = relation.get("merkle_sync_progress");
    if let Some(Value::Object(progress)) = progress {
        let count = |key| shown(progress, key).unwrap_or_default();
        let text = format!("{} of {}", count("sync_progress"), count("sync_total_keys"));
        rows.push(("Fetched Keys".to_owned(), text));
    }
    rows
}

/// What is known of `NAME_entries`, `NAME_bytes` and `NAME_seconds`, in one text.
fn amounts(map: &Map<String, Value>, name: &str) -> String {
    let units = ["entries", "bytes", "seconds"].iter().filter_map(|unit| {
        let found = map.get(&format!("{name}_{unit}"));
        let found = found.filter(|amount| !amount.is_null())?;
        let amount = match found.as_f64() {
            Some(seconds) if found.is_f64() => format!("{seconds:.3}"),
            _ => value::inline(found),
        };
        Some(format!("{amount} {unit}"))
    });
    let units: Vec<String> = units.collect();
    units.join(", ")
}

fn secondary(secondary: &Value) -> Vec<String> {
    let empty = Map::new();
    let map = secondary.as_object().unwrap_or(&empty);
    vec![
        shown(map, "node_id").unwrap_or_default(),
        shown(map, "state").unwrap_or_default(),
        shown(map, "last_heartbeat").unwrap_or_default(),
        amounts(map, "lag"),
        headroom(map),
    ]
}

/// What may still be written before it has to compare itself, and whether that is little.
fn headroom(map: &Map<String, Value>) -> String {
    let amounts = amounts(map, "headroom");
    match map.get("headroom_is_low") == Some(&Value::Bool(true)) {
        true => format!("low: {amounts}"),
        false => amounts,
    }
}

/// The steps, and for each what was found or why it does not work.
pub(super) fn check_table(answer: &ApiAnswer) -> String {
    let steps = answer.field("steps").and_then(Value::as_array);
    let row = |step: &Value| {
        let text = |key: &str| crate::answer::text(step.get(key));
        let works = step.get("ok") == Some(&Value::Bool(true));
        let (works, detail) = match works {
            true => ("yes", text("found")),
            false => ("no", text("reason")),
        };
        vec![text("step"), works.to_owned(), detail]
    };
    let rows = steps.map(|steps| steps.iter().map(row).collect());
    table::with_headings(&["Step", "Works", "Detail"], rows.unwrap_or_default())
}

/// The trees, and which pages of them are wrong.
pub(super) fn merkle_table(answer: &ApiAnswer) -> String {
    let report = answer.field("merkle_corruption_report");
    let trees = report.and_then(|report| report.get("corrupted_tree_map"));
    let row = |tree: &Value| {
        let pages = tree.get("corrupted_index_tuples_map");
        let pages = pages.and_then(Value::as_object);
        let pages: Vec<&str> = pages
            .into_iter()
            .flatten()
            .map(|(page, _)| page.as_str())
            .collect();
        let is_root = tree.get("corrupted_subtree_root") == Some(&Value::Bool(true));
        let wrong = match (is_root, pages.is_empty()) {
            (_, false) => format!("pages {}", pages.join(", ")),
            (true, true) => String::from("root"),
            (false, true) => String::from("no"),
        };
        let shown = |key: &str| tree.get(key).map(value::inline).unwrap_or_default();
        vec![
            shown("tree_type"),
            shown("entries"),
            shown("root_hash"),
            wrong,
        ]
    };
    let trees = trees.and_then(Value::as_object);
    let rows = trees.map(|trees| trees.values().map(row).collect());
    let headings = ["Tree", "Entries", "Root Hash", "Corrupted"];
    table::with_headings(&headings, rows.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> ApiAnswer {
        ApiAnswer::new(200, text.to_owned())
    }

    #[test]
    fn nothing_is_replicated() {
        let text = r#"{"data":{"dr":{"mode":"disabled"},"performance":{"mode":"disabled"}}}"#;
        let expected = "= Performance Replication =\nKey     Value\n---     -----\nMode    disabled\n\n\
                        == DR Replication ==\nKey     Value\n---     -----\nMode    disabled";
        let found = status_text(&answer(text));
        let plain = |text: &str| text.replace('=', "");
        assert_eq!(plain(&found), plain(expected));
    }

    #[test]
    fn the_secondaries_of_a_primary() {
        let text = r#"{"data":{"performance":{"mode":"primary","state":"running","last_wal":40,
            "secondaries":[
                {"node_id":"eu","state":"connected","last_heartbeat":"2026-01-01T00:00:00Z",
                 "lag_entries":2,"lag_bytes":300,"headroom_entries":9,"headroom_bytes":1000,
                 "headroom_is_low":true},
                {"node_id":"us","state":"issued","used":null}]}}}"#;
        let found = status_text(&answer(text));
        let lines: Vec<&str> = found.lines().collect();
        let [.., heading, _, eu, us] = lines.as_slice() else {
            panic!("{found}");
        };
        let words = |line: &str| {
            let cells = line.split("  ").map(str::trim);
            let cells: Vec<String> = cells
                .filter(|cell| !cell.is_empty())
                .map(str::to_owned)
                .collect();
            cells
        };
        let headings = ["Secondary", "State", "Last Heartbeat", "Lag", "Headroom"];
        assert_eq!(words(heading), headings);
        let expected = [
            "eu",
            "connected",
            "2026-01-01T00:00:00Z",
            "2 entries, 300 bytes",
            "low: 9 entries, 1000 bytes",
        ];
        assert_eq!(words(eu), expected);
        assert_eq!(words(us), ["us", "issued", "n/a", "n/a", "n/a"]);
        assert!(found.contains("Last WAL    40"), "{found}");
    }

    #[test]
    fn a_secondary_that_fetches() {
        let text = r#"{"data":{"performance":{"mode":"bootstrapping","state":"merkle-sync","rollback_possible":true,
            "last_error":"","primary_cluster_addr":"","lag_entries":7,"lag_bytes":0,
            "mounts_in_the_way":[],"lag_seconds":1.25,"merkle_sync_progress":{"sync_total_keys":10,"sync_progress":4}}}}"#;
        let found = status_text(&answer(text));
        let has = |line: &str| assert!(found.lines().any(|found| found == line), "{found}");
        has("State                merkle-sync");
        has("Lag                  7 entries, 0 bytes, 1.250 seconds");
        has("Fetched Keys         4 of 10");
        has("Rollback Possible    true");
        assert!(!found.contains("Last Error"), "{found}");
        assert!(!found.contains("in the Way"), "{found}");
        // Without a token one learns how many there are.
        for (members, expected) in [
            (r#""mounts_in_the_way_count":0"#, None),
            (
                r#""mounts_in_the_way_count":2"#,
                Some("Mounts in the Way    2"),
            ),
            (
                r#""mounts_in_the_way_count":1,"mounts_in_the_way":["a/"]"#,
                Some("Mounts in the Way    [a/]"),
            ),
        ] {
            let text = format!(r#"{{"data":{{"performance":{{"mode":"secondary",{members}}}}}}}"#);
            let found = status_text(&answer(&text));
            let line = found.lines().find(|line| line.contains("in the Way"));
            assert_eq!(line, expected, "{found}");
        }
        assert!(!found.contains("Primary Cluster Address"), "{found}");
    }

    #[test]
    fn which_step_does_not_work() {
        let text = r#"{"data":{"ok":false,"steps":[{"step":"role","ok":true,"found":"secondary"},
            {"step":"h:1: connect","ok":false,"reason":"refused"}]}}"#;
        let expected = "Step            Works    Detail\n----            -----    ------\n\
                        role            yes      secondary\nh:1: connect    no       refused";
        assert_eq!(check_table(&answer(text)), expected);
    }

    #[test]
    fn which_digests_are_wrong() {
        let text = r#"{"data":{"merkle_corruption_report":{"corrupted_root":true,"corrupted_tree_map":{
            "1":{"tree_type":"replicated","root_hash":"aa","entries":40,"corrupted_subtree_root":true,
                 "corrupted_index_tuples_map":{"5":{"corrupted":true,"subpages":[28]},"7":{}}},
            "2":{"tree_type":"local","root_hash":"bb","entries":3,"corrupted_subtree_root":false,
                 "corrupted_index_tuples_map":null}}}}}"#;
        let expected = "Tree          Entries    Root Hash    Corrupted\n\
                        ----          -------    ---------    ---------\n\
                        replicated    40         aa           pages 5, 7\n\
                        local         3          bb           no";
        assert_eq!(merkle_table(&answer(text)), expected);
        let root = text.replace(
            "\"corrupted_subtree_root\":false",
            "\"corrupted_subtree_root\":true",
        );
        assert!(merkle_table(&answer(&root)).ends_with("bb           root"));
    }
}
