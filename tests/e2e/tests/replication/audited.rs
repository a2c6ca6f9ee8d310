//! A request that the primary runs for a secondary is in the audit files of both.

use e2e::clusters::{Cluster, Pair, text, until};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

/// A device of this cluster alone; its file.
fn audit(cluster: &Cluster) -> PathBuf {
    let file = cluster.server.folder().join("audit.log");
    let device = json!({ "type": "file", "local": true, "options": { "file_path": file } });
    cluster.write("sys/audit/file", &device);
    file
}

/// The records of a request, by their type.
fn records(file: &PathBuf, is_it: impl Fn(&Value) -> bool) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    let records = text.lines().filter(|line| !line.is_empty());
    let records = records.map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.filter(|record| is_it(&record["request"])).collect()
}

#[test]
fn a_forwarded_request_is_audited_by_both() {
    let Some(hosts) = e2e::hosts!() else { return };
    let pair = Pair::start(&hosts);
    let (a, c) = (&pair.a, &pair.c);
    a.write("sys/mounts/kv", &json!({ "type": "kv-v2" }));
    pair.settle();
    let files = [a, c].map(audit);
    let written = c.write("kv/data/x", &json!({ "data": { "v": "1" } }));
    let id = text(&written, "/request_id");
    for file in &files {
        let found = until("both records", || {
            let found = records(file, |request| request["id"] == id.as_str());
            (found.len() == 2).then_some(found)
        });
        let types: Vec<_> = found.iter().map(|record| &record["type"]).collect();
        assert_eq!(types, ["request", "response"]);
        for record in &found {
            assert_eq!(record["request"]["path"], "kv/data/x", "{record:#}");
            assert_eq!(record["request"]["operation"], "update", "{record:#}");
        }
    }
    // What is read there is in its own file alone.
    let read = text(&c.read("kv/data/x"), "/request_id");
    let of = |file| records(file, |request| request["id"] == read.as_str()).len();
    assert_eq!(files.each_ref().map(of), [0, 2]);

    // Anybody may ask how it goes, as often as they like.
    for cluster in [a, c] {
        cluster.status();
        cluster.read("sys/replication/status");
        // What comes later is there, so they would be as well.
        cluster.read("sys/mounts");
    }
    for file in &files {
        let at = |path: &str| records(file, |request| request["path"] == path).len();
        assert_eq!(at("sys/mounts"), 2);
        let paths = ["performance/status", "status"];
        assert_eq!(
            paths.map(|path| at(&format!("sys/replication/{path}"))),
            [0, 0]
        );
    }
}
