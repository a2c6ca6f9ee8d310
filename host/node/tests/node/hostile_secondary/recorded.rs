//! What the audit devices of the primary hear of what a secondary sends, whatever becomes of the
//! secondary.

use crate::hostile_secondary::thief::{
    At, Errand, Granted, Lease, LogIn, Wish, begun, forwarded, grant, refused, robbed,
};
use crate::pair::Network;
use crate::replication::{Member, a_while};
use base::{Operation, RefusalKind};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Has the primary write all that it does to a file.
async fn audited(a: &Member) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit");
    let options = json!({ "file_path": file, "log_raw": "true" });
    let device = json!({ "type": "file", "local": true, "options": options });
    a.write("sys/audit/file", device).await.unwrap();
    (folder, file)
}

fn records(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

/// The records of a path: type, namespace, mount, data and error.
fn of_path(file: &Path, path: &str) -> Vec<Value> {
    let mut all = records(file);
    all.retain(|record| record["request"]["path"] == path);
    for record in &all {
        assert_eq!(record["request"]["forwarded_from"], "c", "{record}");
    }
    let shown = all.iter().map(|record| {
        let request = &record["request"];
        json!([
            record["type"],
            request["namespace"]["path"],
            request["mount_point"],
            request["data"],
            record["error"],
        ])
    });
    shown.collect()
}

/// Both records of something that went well, or came to this error.
fn both(mount: &Value, data: &Value, error: &Value) -> [Value; 2] {
    [
        json!(["request", null, mount, data, null]),
        json!(["response", null, mount, data, error]),
    ]
}

async fn id_of(a: &Member, kind: &str, path: &str) -> String {
    let all = a.read(kind).await.unwrap();
    String::from(all[path]["accessor"].as_str().unwrap())
}

/// What is recorded of what a method says of somebody.
fn said() -> Value {
    json!({ "alias": "bob", "alias_metadata": {}, "groups": [] })
}

#[tokio::test(start_paused = true)]
async fn who_is_made_known_by_a_secondary_is_recorded_on_the_primary() {
    let network = Network::default();
    let (members, _c, thief) = robbed(&network).await;
    let a = &members.0;
    let (_folder, file) = audited(a).await;
    let accessor = id_of(a, "sys/auth", "canary-shut/").await;
    let log_in = |accessor: &str, grant: String| {
        Wish::LogIn(LogIn {
            namespace: 0,
            accessor: accessor.to_owned(),
            grant,
        })
    };
    // What is refused is recorded as well, and so is somebody of a method that is the secondary's own.
    thief.wish(&log_in(&accessor, grant())).await;
    thief.wish(&log_in("", String::new())).await;
    let expected = [
        both(
            &json!("auth/canary-shut/"),
            &said(),
            &json!("there is no such auth method on the primary"),
        ),
        both(&Value::Null, &Value::Null, &Value::Null),
    ];
    let path = "sys/replication/forwarded/log-in";
    assert_eq!(of_path(&file, path), expected.concat());
}

#[tokio::test(start_paused = true)]
async fn errands_of_a_secondary_are_recorded_on_the_primary() {
    let network = Network::default();
    let (members, _c, thief) = robbed(&network).await;
    let (_folder, file) = audited(&members.0).await;
    let said = said();
    let at = At {
        namespace: 0,
        mount: 4711,
    };
    let gone = json!("there is no such mount on the primary");
    let lease = json!({ "lease_id": "canary-shut/creds/x/y" });
    let granted = Granted {
        grant: grant(),
        address: "127.0.0.1:1".parse().unwrap(),
        certificates: Vec::new(),
    };
    for (errand, name, data, error) in [
        (
            Errand::Undo(at, Lease::of_kind("creds")),
            "undo-lease",
            &lease,
            &gone,
        ),
        (
            Errand::Renew(at, Lease::of_kind("creds"), 1),
            "renew-lease",
            &lease,
            &gone,
        ),
        (Errand::Regrant(at, granted, 1), "renew-token", &said, &gone),
        (
            Errand::MakeKey(0, String::from("default")),
            "make-key",
            &json!({ "name": "default" }),
            &Value::Null,
        ),
    ] {
        thief.wish(&Wish::Do(Box::new(errand))).await;
        let path = format!("sys/replication/forwarded/{name}");
        assert_eq!(
            of_path(&file, &path),
            both(&Value::Null, data, error),
            "{name}"
        );
    }
}

/// What its clients ask for comes through it, and what those of the primary do does not.
#[tokio::test(start_paused = true)]
async fn a_record_says_through_which_secondary_a_request_came() {
    let network = Network::default();
    let (members, _c, thief) = robbed(&network).await;
    let a = &members.0;
    let (_folder, file) = audited(a).await;
    thief
        .ask(Operation::Update, "shared/notes/z", json!({ "text": "t" }))
        .await;
    assert_eq!(of_path(&file, "shared/notes/z").len(), 2);
    a.read("shared/notes/x").await.unwrap();
    let own = records(&file).pop().unwrap();
    assert_eq!(own["request"]["path"], "shared/notes/x");
    assert_eq!(own["request"]["forwarded_from"], Value::Null);
}

/// Where nothing can be recorded nobody is made, and nobody's groups are changed.
#[tokio::test(start_paused = true)]
async fn what_cannot_be_recorded_is_not_done_for_a_secondary() {
    let network = Network::default();
    let (members, _c, thief) = robbed(&network).await;
    let a = &members.0;
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let receiver = UnixDatagram::bind(&socket).unwrap();
    let options = json!({ "address": socket, "socket_type": "unixgram" });
    let device = json!({ "type": "socket", "local": true, "options": options });
    a.write("sys/audit/socket", device).await.unwrap();
    // Nobody listens any more.
    drop(receiver);
    fs::remove_file(&socket).unwrap();
    let entries = a.status().await["merkle_root"].clone();
    for wish in [
        Wish::LogIn(LogIn {
            namespace: 0,
            accessor: String::new(),
            grant: String::new(),
        }),
        Wish::Do(Box::new(Errand::MakeKey(0, String::from("default")))),
    ] {
        let came = thief.wish(&wish).await;
        let kind = refused(&came).map(|(kind, _)| kind);
        assert_eq!(kind, Some(RefusalKind::Internal), "{came:?}");
    }
    assert_eq!(a.status().await["merkle_root"], entries);
}

/// A secondary that leaves, or is cut off, while its request runs: that ends as if it had stayed.
#[tokio::test(start_paused = true)]
async fn a_request_is_recorded_to_its_end_though_the_secondary_leaves() {
    let network = Network::default();
    let (members, _c, _thief) = robbed(&network).await;
    let a = &members.0;
    let (_folder, file) = audited(a).await;
    let mut done = 0;
    for polls in 1..40 {
        let path = format!("shared/notes/left-{polls}");
        let wish = forwarded("", Operation::Update, &path, json!({ "text": "t" }));
        drop(begun(a, &wish, polls).await);
        a_while().await;
        if a.read(&path).await.is_err() {
            continue;
        }
        done += 1;
        let mut written = records(&file);
        written.retain(|record| {
            record["request"]["path"] == path.as_str() && record["request"]["operation"] != "read"
        });
        let types: Vec<&Value> = written.iter().map(|record| &record["type"]).collect();
        assert_eq!(types, ["request", "response"], "after {polls} polls");
    }
    assert!(done > 30, "{done}");
}
