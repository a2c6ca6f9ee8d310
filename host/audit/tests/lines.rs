//! What stands in a line, what does not, and what happens when nobody takes it.

#![expect(clippy::unwrap_used, reason = "a test")]

use audit::{
    AuditError, AuthRecord, Broker, Device, Format, GrantRecord, HeaderRule, MountRecord,
    RequestPart, RequestRecord, ResponsePart, ResponseRecord, Salt, WrapRecord,
};
use base::{Json, NamespaceId, Secret, Timestamp};
use core::time::Duration;
use serde_json::{Value, json};
use std::io;
use std::sync::{Arc, Mutex};

/// Keeps what it is given; takes nothing while it is full.
#[derive(Clone, Default)]
struct Memory {
    lines: Arc<Mutex<Vec<u8>>>,
    full: Arc<Mutex<bool>>,
}

impl Device for Memory {
    fn write(&self, line: &[u8], _: Timestamp) -> io::Result<()> {
        if *self.full.lock().unwrap() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.lines.lock().unwrap().extend_from_slice(line);
        Ok(())
    }
}

impl Memory {
    fn text(&self) -> String {
        String::from_utf8(self.lines.lock().unwrap().clone()).unwrap()
    }
}

fn salt() -> Salt {
    Salt::new(&Secret::new(b"0123456789abcdef".to_vec()))
}

fn broker(format: Format) -> (Broker, Memory) {
    let memory = Memory::default();
    let broker = Broker::new();
    let device = Box::new(memory.clone());
    broker.enable("file/", device, format, salt()).unwrap();
    (broker, memory)
}

const TIME: Timestamp = Timestamp::from_millis(1_767_323_045_678);

fn auth<'a>(policies: &'a [String], grants: &'a [GrantRecord<'a>]) -> AuthRecord<'a> {
    AuthRecord {
        client_token: "hvs.canary",
        accessor: "canary-accessor",
        display_name: "token",
        policies,
        token_policies: policies,
        policy_results: Some((true, grants)),
        token_type: "service",
        token_ttl: Duration::from_secs(60),
        token_issue_time: Some(TIME),
        ..AuthRecord::default()
    }
}

fn mount(clear: &[String]) -> MountRecord<'_> {
    MountRecord {
        point: "secret/",
        kind: "kv",
        accessor: "kv_1",
        running_version: "v1",
        running_sha256: "00ff",
        class: "secret",
        clear_request_keys: clear,
        clear_response_keys: clear,
    }
}

const WRAP: WrapRecord<'static> = WrapRecord {
    token: "canary5",
    accessor: "canary6",
    ttl: Duration::from_secs(90),
    creation_time: "2026-01-02T03:04:05Z",
    creation_path: "secret/data/a",
    wrapped_accessor: "",
};

/// Records one full request and its answer. Every secret of it holds the word `canary`.
fn record_one(broker: &Broker, operation: &str, answer: &Value) -> Result<(), AuditError> {
    let policies = [String::from("dev")];
    let grants = [GrantRecord {
        name: "dev",
        namespace: NamespaceId::ROOT,
    }];
    let auth = auth(&policies, &grants);
    let data = json!({
        "canary field": 5, "p": "canary1", "l": ["canary2", true, null], "m": {"open": "seen"},
    });
    let clear = [String::from("open")];
    let headers = [
        (String::from("user-agent"), String::from("bao")),
        (String::from("x-custom"), String::from("canary3")),
        (String::from("x-other"), String::from("canary4")),
    ];
    let request = RequestPart {
        id: "id-1",
        client_id: "client",
        operation,
        mount: Some(mount(&clear)),
        client_token: "hvs.canary",
        client_token_accessor: "canary-accessor",
        namespace: NamespaceId::new(7),
        namespace_path: "team/",
        path: "secret/data/a",
        data: data.as_object(),
        remote: Some(([127, 0, 0, 1], 4711).into()),
        forwarded_from: "eu",
        wrap_ttl: Some(Duration::from_secs(90)),
        headers: &headers,
    };
    broker.request(&RequestRecord {
        time: TIME,
        auth: Some(&auth),
        request: &request,
        error: None,
    })?;
    let answer = Json::of(answer);
    let response = ResponsePart {
        auth: Some(&auth),
        lease_id: "secret/data/a/1",
        data: Some(&answer),
        warnings: &policies,
        wrap: Some(&WRAP),
    };
    broker.response(&ResponseRecord {
        time: TIME,
        auth: None,
        request: &request,
        response: &response,
        error: Some("permission denied"),
    })
}

/// Hashes become `H`, so that a line can be compared as a whole.
fn with_hashes_shortened(line: &str) -> String {
    let mut parts = line.split("hmac-sha256:");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + "H" + part.get(64..).unwrap())
}

#[test]
fn lines_hold_what_is_documented_in_that_order() {
    let (broker, memory) = broker(Format::default());
    broker.set_headers(
        [
            (String::from("user-agent"), HeaderRule::Clear),
            (String::from("x-custom"), HeaderRule::Hashed),
        ]
        .into(),
    );
    record_one(
        &broker,
        "read",
        &json!({"a": "canary", "n": 1.50, "open": ["x"]}),
    )
    .unwrap();
    let text = memory.text();
    let mut lines = text.lines().map(with_hashes_shortened);
    let auth = r#"{"client_token":"H","accessor":"H","display_name":"token","policies":["dev"],"token_policies":["dev"],"policy_results":{"allowed":true,"granting_policies":[{"name":"dev","namespace_id":"root","type":"acl"}]},"token_type":"service","token_ttl":60,"token_issue_time":"2026-01-02T03:04:05Z"}"#;
    let request = r#"{"id":"id-1","client_id":"client","operation":"read","mount_point":"secret/","mount_type":"kv","mount_accessor":"kv_1","mount_running_version":"v1","mount_running_sha256":"00ff","mount_class":"secret","client_token":"H","client_token_accessor":"H","namespace":{"id":"0000000000000007","path":"team/"},"path":"secret/data/a","data":{"canary field":5,"l":["H",true,null],"m":{"open":"seen"},"p":"H"},"remote_address":"127.0.0.1","remote_port":4711,"forwarded_from":"eu","wrap_ttl":90,"headers":{"user-agent":["bao"],"x-custom":["H"]}}"#;
    let response = format!(
        r#"{{"auth":{auth},"mount_point":"secret/","mount_type":"kv","mount_accessor":"kv_1","mount_running_plugin_version":"v1","mount_running_sha256":"00ff","mount_class":"secret","secret":{{"lease_id":"secret/data/a/1"}},"data":{{"a":"H","n":1.5,"open":["x"]}},"warnings":["dev"],"wrap_info":{{"ttl":90,"token":"H","accessor":"H","creation_time":"2026-01-02T03:04:05Z","creation_path":"secret/data/a"}}}}"#
    );
    let time = "2026-01-02T03:04:05.678Z";
    assert_eq!(
        lines.next().unwrap(),
        format!(r#"{{"time":"{time}","type":"request","auth":{auth},"request":{request}}}"#)
    );
    assert_eq!(
        lines.next().unwrap(),
        format!(
            r#"{{"time":"{time}","type":"response","auth":{{"token_type":"default"}},"request":{request},"response":{response},"error":"permission denied"}}"#
        )
    );
    assert_eq!(lines.next(), None);
}

#[test]
fn no_secret_is_written_in_clear() {
    let (broker, memory) = broker(Format::default());
    record_one(&broker, "read", &json!({"deep": [[{"a": "canary"}]]})).unwrap();
    let text = memory.text().replace("canary field", "");
    assert!(!text.contains("canary"), "{text}");
    assert_eq!(text.lines().count(), 2);
}

#[test]
fn the_hash_of_a_known_value_is_found_in_the_log() {
    let (broker, memory) = broker(Format::default());
    record_one(&broker, "read", &json!({})).unwrap();
    let hash = broker.hash("file/", "canary1").unwrap();
    assert!(memory.text().contains(&hash));
    assert_eq!(broker.hash("other/", "canary1"), None);
}

#[test]
fn formats() {
    let (raw, memory) = broker(Format {
        log_raw: true,
        prefix: "@cee: ".into(),
        ..Format::default()
    });
    record_one(&raw, "read", &json!({"a": "canary9"})).unwrap();
    assert!(memory.text().starts_with("@cee: {\"time\""));
    assert!(memory.text().contains("canary9") && memory.text().contains("hvs.canary"));

    let (clear_accessor, memory) = broker(Format {
        hmac_accessor: false,
        ..Format::default()
    });
    record_one(&clear_accessor, "read", &json!({})).unwrap();
    assert!(memory.text().contains("\"accessor\":\"canary-accessor\""));
    assert!(!memory.text().contains("hvs.canary"));

    let elided = Format {
        elide_list_responses: true,
        ..Format::default()
    };
    let answer = json!({"keys": ["a", "b"], "key_info": {"a": {"x": "y"}}});
    for (operation, expected) in [("list", true), ("scan", true), ("read", false)] {
        let (elide, memory) = broker(elided.clone());
        record_one(&elide, operation, &answer).unwrap();
        let counts = r#""data":{"key_info":1,"keys":2}"#;
        assert_eq!(memory.text().contains(counts), expected, "{operation}");
    }
}

#[test]
fn no_device_passes_and_costs_nothing() {
    let broker = Broker::new();
    assert!(broker.is_idle());
    record_one(&broker, "read", &json!({})).unwrap();
}

#[test]
fn a_record_that_nobody_takes_stops_the_request() {
    let (broker, first) = broker(Format::default());
    *first.full.lock().unwrap() = true;
    let error = record_one(&broker, "read", &json!({})).unwrap_err();
    assert!(matches!(error, AuditError::NotRecorded));

    let second = Memory::default();
    let device = Box::new(second.clone());
    broker
        .enable("second/", device, Format::default(), salt())
        .unwrap();
    record_one(&broker, "read", &json!({})).unwrap();
    assert_eq!(second.text().lines().count(), 2);
    assert!(first.text().is_empty());

    assert!(broker.disable("second/"));
    assert!(!broker.disable("second/"));
    assert!(record_one(&broker, "read", &json!({})).is_err());
    broker.clear();
    assert!(record_one(&broker, "read", &json!({})).is_ok());
}

#[test]
fn a_path_is_taken_once() {
    let (broker, _) = broker(Format::default());
    let again = broker.enable("file/", Box::new(audit::Discard), Format::default(), salt());
    assert!(matches!(again, Err(AuditError::InUse(_))));
}
