//! Which records reach which device.

#![expect(clippy::unwrap_used, reason = "a test")]

use audit::{
    AuditError, Broker, Filter, Kind, MountRecord, Options, RequestPart, RequestRecord, Salt,
};
use base::{NamespaceId, Secret, Timestamp};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn salt() -> Salt {
    Salt::new(&Secret::new(b"0123456789abcdef".to_vec()))
}

fn request<'a>(namespace: &'a str, kind: &'a str, operation: &'a str) -> RequestPart<'a> {
    RequestPart {
        id: "id",
        client_id: "",
        operation,
        mount: (!kind.is_empty()).then(|| MountRecord {
            point: "team/kv/",
            kind,
            ..MountRecord::default()
        }),
        client_token: "",
        client_token_accessor: "",
        namespace: NamespaceId::ROOT,
        namespace_path: namespace,
        path: "team/kv/data/app",
        data: None,
        remote: None,
        forwarded_from: "",
        wrap_ttl: None,
        headers: &[],
    }
}

fn record(broker: &Broker, request: &RequestPart<'_>) -> Result<(), AuditError> {
    broker.request(&RequestRecord {
        time: Timestamp::from_millis(0),
        auth: None,
        request,
        error: None,
    })
}

/// A device that writes into a file, or into one that is full.
fn add(broker: &Broker, path: &str, file: &Path, more: &[(&str, &str)]) -> Result<(), AuditError> {
    let mut options: BTreeMap<String, String> = more
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    options.insert("file_path".into(), file.display().to_string());
    options.insert("mode".into(), "0000".into());
    broker.open(path, Options::parse(Kind::File, &options)?, salt())
}

#[test]
fn expressions() {
    let check = |text: &str, expected: bool| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log");
        let broker = Broker::new();
        add(&broker, "a/", &file, &[("filter", text)]).unwrap();
        record(&broker, &request("ns1/", "kv", "update")).unwrap();
        let is_written = !fs::read(&file).unwrap().is_empty();
        assert_eq!(is_written, expected, "{text}");
    };
    check("mount_type == kv", true);
    check("mount_type == \"kv\"", true);
    check("mount_type == `kv`", true);
    check("mount_type==kv", true);
    check("mount_type != kv", false);
    check("mount_point == team/kv/", true);
    check("operation == read", false);
    check("operation == read or operation == update", true);
    check("operation == update and mount_type == pki", false);
    check(
        "operation == read and mount_type == pki or path == team/kv/data/app",
        true,
    );
    check(
        "operation == read and (mount_type == pki or path == team/kv/data/app)",
        false,
    );
    check("not operation == read", true);
    check("not (operation == update or operation == read)", false);
    check("not not operation == update", true);
    check("\"data\" in path", true);
    check("data not in path", false);
    check("path contains \"/data/\"", true);
    check("path not contains \"/data/\"", false);
    check("path matches \"^team/[^/]+/data/\"", true);
    check("path matches `app$`", true);
    check("path not matches `app$`", false);
    check("namespace == ns1", true);
    check("namespace == ns1/", true);
    check("namespace != root", true);
    check("namespace is empty", false);
    check("mount_type is not empty", true);
}

#[test]
fn the_root_namespace_has_no_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    let broker = Broker::new();
    add(&broker, "a/", &file, &[("filter", "namespace == root")]).unwrap();
    record(&broker, &request("ns1/", "kv", "read")).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 0);
    record(&broker, &request("", "kv", "read")).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 1);
}

#[test]
fn what_is_no_expression() {
    let check = |text: &str, expected: &str| {
        let error = Filter::parse(text).unwrap_err().to_string();
        assert_eq!(error, expected, "{text}");
    };
    let property = "expected mount_point, mount_type, namespace, operation or path";
    check("", "expected a test at byte 0");
    check("mount_type", "expected an operator at byte 10");
    check("mount_type = kv", "expected \"==\" or \"!=\" at byte 11");
    check("mount_type == ", "expected a value at byte 14");
    check("mount == kv", &format!("{property} at byte 0"));
    check("\"mount_type\" == kv", &format!("{property} at byte 0"));
    check("kv in mount", &format!("{property} at byte 6"));
    check("(mount_type == kv", "expected \")\" at byte 17");
    check(
        "mount_type == kv path",
        "expected \"and\", \"or\" or the end at byte 17",
    );
    check("mount_type == \"kv", "a quotation has no end at byte 14");
    check("path is full", "expected \"empty\" at byte 8");
    check("path not == a", "expected an operator at byte 9");
    let pattern = "is no regular expression, or too large a one at byte 13";
    check("path matches \"(\"", pattern);
    check("path matches \"(a{500}){500}\"", pattern);
    check(&"not ".repeat(40), "is too deep at byte 128");
    check(&"a".repeat(5000), "is too long at byte 4096");
}

#[test]
fn a_record_that_all_filters_leave_out_is_not_written_and_does_not_stop_the_request() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    let broker = Broker::new();
    add(&broker, "a/", &file, &[("filter", "mount_type == pki")]).unwrap();
    record(&broker, &request("", "kv", "read")).unwrap();
    assert!(fs::read(&file).unwrap().is_empty());
}

#[test]
fn a_device_that_wants_a_record_and_cannot_take_it_stops_the_request() {
    let broker = Broker::new();
    let filter = ("filter", "mount_type == kv");
    add(&broker, "a/", Path::new("/dev/full"), &[filter]).unwrap();
    record(&broker, &request("", "pki", "read")).unwrap();
    assert!(record(&broker, &request("", "kv", "read")).is_err());
}

#[test]
fn the_fallback_device_gets_what_no_other_took() {
    let folder = tempfile::tempdir().unwrap();
    let [file, fallback] = ["log", "fallback"].map(|name| folder.path().join(name));
    let count = |file: &Path| fs::read_to_string(file).unwrap().lines().count();
    let broker = Broker::new();
    add(&broker, "a/", &file, &[("filter", "mount_type == kv")]).unwrap();
    let full = Path::new("/dev/full");
    add(&broker, "b/", full, &[("filter", "mount_type == pki")]).unwrap();
    add(&broker, "c/", &fallback, &[("fallback", "true")]).unwrap();
    record(&broker, &request("", "kv", "read")).unwrap();
    assert_eq!((count(&file), count(&fallback)), (1, 0));
    record(&broker, &request("", "transit", "read")).unwrap();
    assert_eq!((count(&file), count(&fallback)), (1, 1));
    record(&broker, &request("", "pki", "read")).unwrap();
    assert_eq!((count(&file), count(&fallback)), (1, 2));

    let again = add(&broker, "d/", &fallback, &[("fallback", "true")]);
    let again = again.unwrap_err().to_string();
    assert_eq!(again, "there is a fallback device already: \"c/\"");
    let both = [("fallback", "true"), ("filter", "mount_type == kv")];
    let both = add(&broker, "d/", &fallback, &both).unwrap_err();
    assert_eq!(both.to_string(), "filter is not for a fallback device");
}

/// The line that a device with these exclusions writes.
fn line(exclude: &str) -> serde_json::Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log");
    let broker = Broker::new();
    add(&broker, "a/", &file, &[("exclude", exclude)]).unwrap();
    record(&broker, &request("ns1/", "kv", "update")).unwrap();
    serde_json::from_slice(&fs::read(&file).unwrap()).unwrap()
}

#[test]
fn members_are_left_out_where_a_condition_holds() {
    let has = |exclude: &str, pointer: &str| line(exclude).pointer(pointer).is_some();
    let always = r#"[{"fields":["/request/path","/request/none","/none/at/all"]}]"#;
    assert!(!has(always, "/request/path") && has(always, "/request/operation"));
    let check = |condition: &str, expected: bool| {
        let exclude = serde_json::json!([
            { "condition": condition, "fields": ["/request/mount_type"] },
            { "condition": condition, "fields": ["/request/path"] },
        ]);
        assert_eq!(
            !has(&exclude.to_string(), "/request/path"),
            expected,
            "{condition}"
        );
    };
    check("\"/request/mount_type\" == kv", true);
    check("/request/mount_type == kv", true);
    check("\"/request/mount_type\" == pki", false);
    check(
        "\"/request/mount_type\" != pki and \"/type\" == request",
        true,
    );
    check("team in \"/request/path\"", true);
    check("path in \"/request/namespace\"", true);
    check("\"/request/path\" matches \"^team/\"", true);
    check("\"/request/data\" is empty", true);
    check("\"/request/path\" is empty", false);
}

#[test]
fn what_is_no_exclusion() {
    let check = |exclude: &str, expected: &str| {
        let broker = Broker::new();
        let discard = Path::new("discard");
        let error = add(&broker, "a/", discard, &[("exclude", exclude)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("exclude {expected}"),
            "{exclude}"
        );
    };
    let shape = "must be a list of objects with condition and fields";
    check("x", shape);
    check("{}", shape);
    check(r#"[{"condition":"a"}]"#, shape);
    check(r#"[{"fields":["/a"],"filter":"b"}]"#, shape);
    let fields = "needs fields such as \"/request/data\"";
    check(r#"[{"fields":[]}]"#, fields);
    check(r#"[{"fields":["request"]}]"#, fields);
    let pointer = "expected a pointer such as \"/request/path\" at byte 0";
    check(r#"[{"condition":"path == a","fields":["/a"]}]"#, pointer);
    check(&format!("[{}]", " ".repeat(20_000)), "is too long");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}") {
        let _ = Filter::parse(&text);
    }

    #[test]
    fn a_value_between_quotation_marks_is_taken_as_it_is(value in "[^\"\\\\`]{0,20}") {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log");
        let broker = Broker::new();
        let text = format!("mount_type == \"{value}\"");
        add(&broker, "a/", &file, &[("filter", &text)]).unwrap();
        record(&broker, &request("", &value, "read")).unwrap();
        prop_assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 1);
    }
}
