//! What another server of the same API answered, case by case.
//!
//! `recorded.jsonl` was written by asking an OpenBao 2.7.2 dev server, a KV version 1 mount at `s/`
//! with the entries `a`, `d/b` and `d/e/f`. For each line the policies were stored as `p0`, `p1`, …
//! and a token made with just these (`no_default_policy`); then
//!
//! - `capabilities`: `sys/capabilities` for the path,
//! - `allowed`: the request itself; 403 is no, every other answer yes. Before a `create` the entry
//!   was deleted, before an `update` or a `patch` it was written,
//! - `error`: the answer to storing `text`; null where it was stored.
//!
//! Where we answer otherwise on purpose, [`deviation`] has the case and the reason.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use base::{Map, Timestamp};
use core::time::Duration;
use policy::{Acl, Ask, Operation, Policy};
use serde_json::Value;
use std::sync::Arc;

const RECORDED: &str = include_str!("recorded.jsonl");
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// The texts that they take or word otherwise, and what we say.
fn deviation(text: &str) -> Option<&'static str> {
    Some(match text {
        // Their parser says which Go type it met.
        "path \"x\" { capabilities = \"read\" }" => {
            r#"failed to parse policy: path "x": path "x": At 1:27: "capabilities" must be a list"#
        }
        "path \"x\" { allowed_parameters = { a = \"z\" } }" => {
            r#"failed to parse policy: path "x": path "x": At 1:39: "a" must be a list"#
        }
        // Theirs is one column behind at the end of the text.
        "path \"x\" {" => {
            "failed to parse policy: At 1:11: object expected closing RBRACE got: EOF"
        }
        _ => return None,
    })
}

fn policies(case: &Value) -> Vec<Arc<Policy>> {
    let texts = case["policies"].as_array().unwrap();
    let parse = |(index, text): (usize, &Value)| {
        Arc::new(Policy::parse(&format!("p{index}"), text.as_str().unwrap()).unwrap())
    };
    texts.iter().enumerate().map(parse).collect()
}

fn operation(name: &str) -> Operation {
    match name {
        "create" => Operation::Create,
        "read" => Operation::Read,
        "update" => Operation::Update,
        "delete" => Operation::Delete,
        "list" => Operation::List,
        "scan" => Operation::Scan,
        "patch" => Operation::Patch,
        "help" => Operation::Help,
        other => panic!("{other}"),
    }
}

#[test]
fn answers_as_recorded() {
    let mut count = 0;
    for line in RECORDED.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        count += 1;
        if let Some(text) = case["text"].as_str() {
            let expected = case["error"].as_str();
            let expected = deviation(text).or(expected);
            let ours = Policy::parse("zz", text).err().map(|e| e.to_string());
            assert_eq!(ours.as_deref(), expected, "{line}");
            continue;
        }
        let acl = Acl::new(&policies(&case));
        let path = case["path"].as_str().unwrap();
        if let Some(expected) = case["capabilities"].as_array() {
            assert_eq!(acl.capabilities(path, NOW), *expected, "{line}");
            continue;
        }
        let data: Map = case["data"].as_object().cloned().unwrap_or_default();
        let decision = acl.decide(&Ask {
            path,
            operation: operation(case["operation"].as_str().unwrap()),
            data: &data,
            wrap_ttl: case["wrap_seconds"].as_u64().map(Duration::from_secs),
            now: NOW,
        });
        assert_eq!(
            decision.allowed,
            case["allowed"].as_bool().unwrap(),
            "{line}"
        );
        assert!(decision.allowed || decision.granting_policies().is_empty());
    }
    assert!(count >= 380, "only {count} cases were read");
}
