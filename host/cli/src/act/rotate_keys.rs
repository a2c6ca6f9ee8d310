//! `operator rotate-keys` and its older form `operator rekey`: new shares of a key.

use super::share::{self, Share};
use crate::answer::{ApiAnswer, text, texts};
use crate::error::{During, Stop};
use crate::request::ApiRequest;
use crate::session::{Session, code};
use crate::show::{json, table, value};
use crate::tree::operator::RotateKeys;
use serde_json::{Map, Value, json};

/// The two forms of the command: where they ask, and what they call it.
#[derive(Clone, Copy)]
pub(super) enum Command {
    Rekey,
    Rotate,
}

const ROOT: &str = "sys/rotate/root";

#[derive(Clone, Copy)]
enum Target {
    Barrier,
    Recovery,
}

impl Command {
    /// The path of one of its calls: `init`, `update` or `verify`.
    fn path(self, target: Target, call: &str) -> String {
        match (self, target) {
            (Self::Rekey, Target::Barrier) => format!("sys/rekey/{call}"),
            (Self::Rekey, Target::Recovery) => format!("sys/rekey-recovery-key/{call}"),
            (Self::Rotate, Target::Barrier) => format!("{ROOT}/{call}"),
            (Self::Rotate, Target::Recovery) => format!("sys/rotate/recovery/{call}"),
        }
    }

    fn backup(self, target: Target) -> String {
        match (self, target) {
            (Self::Rekey, Target::Recovery) => "sys/rekey/recovery-key-backup".to_owned(),
            _ => self.path(target, "backup"),
        }
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::Rekey => "rekey",
            Self::Rotate => "rotation",
        }
    }

    /// As it is typed.
    const fn name(self) -> &'static str {
        match self {
            Self::Rekey => "rekey",
            Self::Rotate => "rotate-keys",
        }
    }

    const fn short(self) -> &'static str {
        match self {
            Self::Rekey => "rekey",
            Self::Rotate => "rotate",
        }
    }
}

pub(super) fn run(
    session: &mut Session<'_>,
    command: Command,
    args: &RotateKeys,
) -> Result<u8, Stop> {
    let target = match args.target.trim().to_ascii_lowercase().as_str() {
        "barrier" | "" => Target::Barrier,
        "recovery" | "hsm" => Target::Recovery,
        _ => return Err(Stop::usage(format!("Unknown target: {}", args.target))),
    };
    let call = if args.verify { "verify" } else { "init" };
    let noun = command.noun();
    if args.backup_delete {
        let request = ApiRequest::delete(command.backup(target));
        session
            .ask(&request)
            .during(&format!("Error deleting {noun} backed up keys"))?;
        return session.success("Success! Deleted backed up keys (if they existed)");
    }
    if args.backup_retrieve {
        let request = ApiRequest::get(command.backup(target));
        let answer = session
            .ask(&request)
            .during(&format!("Error retrieving {noun} backed up keys"))?;
        return session.show(&answer);
    }
    if args.cancel {
        let request = ApiRequest::delete(command.path(target, call));
        session
            .ask(&request)
            .during(&format!("Error canceling {noun}"))?;
        let name = match command {
            Command::Rekey => "rekeying",
            Command::Rotate => "rotation",
        };
        return session.success(&format!("Success! Canceled {name} (if it was started)"));
    }
    if args.init {
        return begin(session, command, target, args);
    }
    if args.status {
        let request = ApiRequest::get(command.path(target, call));
        let during = format!("Error reading {} status", command.short());
        let answer = session.ask(&request).during(&during)?;
        return show_status(session, &answer);
    }
    provide(session, command, target, args)
}

const LOST: &str = "WARNING! If you lose the keys after they are returned, there is no recovery.\n\
Consider canceling this operation and re-initializing with the -pgp-keys flag\n\
to protect the returned unseal keys along with -backup to allow recovery of\n\
the encrypted keys in case of emergency. You can delete the stored keys later\n\
using the -backup-delete flag.";

const NOT_KEPT: &str = "WARNING! You are using PGP keys for encryption of the resulting keys, but did not\n\
enable the option to backup the keys in the server. If you lose the encrypted\n\
keys after they are returned, you will not be able to recover them. Consider\n\
canceling this operation and re-running with -backup to allow recovery of the\n\
encrypted keys in case of emergency. You can delete the stored keys later using\n\
the -backup-delete flag.";

fn begin(
    session: &mut Session<'_>,
    command: Command,
    target: Target,
    args: &RotateKeys,
) -> Result<u8, Stop> {
    let keys = share::pgp_keys(&args.pgp_keys)?;
    let warning = match (&keys, args.backup) {
        (None, _) => Some(LOST),
        (Some(_), false) => Some(NOT_KEPT),
        (Some(_), true) => None,
    };
    let body = json!({
        "secret_shares": args.key_shares,
        "secret_threshold": args.key_threshold,
        "pgp_keys": keys,
        "backup": args.backup,
        "require_verification": args.verify,
    });
    let request = ApiRequest::put(command.path(target, "init"), body);
    let during = format!("Error initializing {}", command.noun());
    let answer = session.ask(&request).during(&during)?;
    if let Some(warning) = warning {
        session.warn(warning)?;
        if session.settings.format == crate::show::Format::Table {
            session.say("")?;
        }
    }
    show_status(session, &answer)
}

fn provide(
    session: &mut Session<'_>,
    command: Command,
    target: Target,
    args: &RotateKeys,
) -> Result<u8, Stop> {
    let call = if args.verify { "verify" } else { "init" };
    let request = ApiRequest::get(command.path(target, call));
    let during = format!("Error getting {} status", command.noun());
    let running = session.prepare(&request).during(&during)?;
    // A verification that can be asked about is one that runs.
    let begun = running.field("started").and_then(Value::as_bool);
    if begun != Some(true) {
        let short = match command {
            Command::Rekey => "rekey",
            Command::Rotate => "rotate-keys",
        };
        return Err(Stop::usage(format!(
            "No {} is in progress. Start a {} process by running \"casemate operator\n\
             {short} -init\".",
            command.noun(),
            command.noun()
        )));
    }
    let Share { key, nonce } = share::given(
        session,
        args.key.as_deref(),
        args.nonce.as_deref(),
        (
            &format!("{} nonce", command.noun()),
            &text(running.field("nonce")),
        ),
    )?;
    let call = if args.verify { "verify" } else { "update" };
    let body = json!({ "key": key, "nonce": nonce });
    let request = ApiRequest::put(command.path(target, call), body);
    let answer = session.ask(&request).during("Error posting unseal key")?;
    let complete = answer.field("complete").and_then(Value::as_bool);
    if complete != Some(true) {
        return match answer.field("progress") {
            Some(_) => show_status(session, &answer),
            // Some servers say only that there is more to do.
            None => {
                let status = session.prepare(&ApiRequest::get(command.path(target, "init")));
                show_status(session, &status.during(&during)?)
            }
        };
    }
    if args.verify {
        return session.success("Success! The new shares are verified, and take effect now.");
    }
    show_keys(session, command, &running, &answer)
}

/// The members of a status, with what they are where nothing runs.
fn status_members() -> [(&'static str, Value); 10] {
    [
        ("nonce", json!("")),
        ("started", json!(false)),
        ("t", json!(0)),
        ("n", json!(0)),
        ("progress", json!(0)),
        ("required", json!(0)),
        ("pgp_fingerprints", Value::Null),
        ("backup", json!(false)),
        ("verification_required", json!(false)),
        ("verification_nonce", json!("")),
    ]
}

fn show_status(session: &mut Session<'_>, answer: &ApiAnswer) -> Result<u8, Stop> {
    let data = answer.data();
    let rows = status_rows(&data);
    session.show_or(&json::filled(data, &status_members()), || {
        table::pairs(rows)
    })
}

fn status_rows(data: &Map<String, Value>) -> Vec<(String, String)> {
    let shown = |key: &str| data.get(key).map(value::inline).unwrap_or_default();
    let mut rows = vec![("Nonce", shown("nonce")), ("Started", shown("started"))];
    if data.get("started").and_then(Value::as_bool) == Some(true) {
        let progress = format!("{}/{}", shown("progress"), shown("required"));
        rows.push(("Progress", progress));
        rows.push(("New Shares", shown("n")));
        rows.push(("New Threshold", shown("t")));
        rows.push(("Verification Required", shown("verification_required")));
        let nonce = shown("verification_nonce");
        if !nonce.is_empty() {
            rows.push(("Verification Nonce", nonce));
        }
    }
    if data.get("pgp_fingerprints").is_some_and(Value::is_array) {
        rows.push(("PGP Fingerprints", shown("pgp_fingerprints")));
        rows.push(("Backup", shown("backup")));
    }
    rows.into_iter()
        .map(|(name, found)| (name.to_owned(), found))
        .collect()
}

const KEYS_ORDER: [&str; 8] = [
    "nonce",
    "complete",
    "keys",
    "keys_base64",
    "pgp_fingerprints",
    "backup",
    "verification_required",
    "verification_nonce",
];

fn show_keys(
    session: &mut Session<'_>,
    command: Command,
    running: &ApiAnswer,
    answer: &ApiAnswer,
) -> Result<u8, Stop> {
    let count = |key: &str| running.field(key).map(value::inline).unwrap_or_default();
    let lines = keys_text(command, answer, &count("n"), &count("t"));
    let node = json::ordered(answer.data(), &KEYS_ORDER);
    session.show_or(&node, || lines)?;
    Ok(code::OK)
}

fn keys_text(command: Command, answer: &ApiAnswer, shares: &str, threshold: &str) -> String {
    let keys = match texts(answer.field("keys_base64")) {
        none if none.is_empty() => texts(answer.field("keys")),
        keys => keys,
    };
    let prints = texts(answer.field("pgp_fingerprints"));
    let mut lines = vec![String::new()];
    for (at, key) in keys.iter().enumerate() {
        let number = at + 1;
        lines.push(match prints.get(at) {
            Some(print) => format!("Key {number} fingerprint: {print}; value: {key}"),
            None => format!("Key {number}: {key}"),
        });
    }
    lines.push(format!(
        "\nOperation nonce: {}\n",
        text(answer.field("nonce"))
    ));
    if answer.field("backup").and_then(Value::as_bool) == Some(true) {
        lines.push(format!(
            "The encrypted keys are kept in the server as well. Remove them at any time with\n\
             \"casemate operator {} -backup-delete\"; the server does not remove them by itself.\n",
            command.name()
        ));
    }
    let must_verify = answer
        .field("verification_required")
        .and_then(Value::as_bool);
    lines.push(if must_verify == Some(true) {
        format!(
            "The {shares} key shares printed above, of which {threshold} will be needed, do not yet take\n\
             effect: give {threshold} of them with -verify and the nonce {}.",
            text(answer.field("verification_nonce"))
        )
    } else {
        format!(
            "Casemate unseal keys rotated to {shares} key shares and a key threshold of {threshold}. Please\n\
             securely distribute the key shares printed above. When Casemate is re-sealed,\n\
             restarted, or stopped, you must supply at least {threshold} of these keys to unseal it\n\
             before it can start servicing requests."
        )
    });
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        let check = |json: &str, expected: &[&str]| {
            let data: Map<String, Value> = serde_json::from_str(json).unwrap();
            let found: Vec<String> = status_rows(&data)
                .into_iter()
                .map(|(name, found)| format!("{name}={found}"))
                .collect();
            assert_eq!(found, expected);
        };
        check(
            r#"{"nonce":"","started":false,"t":0,"n":0,"pgp_fingerprints":null}"#,
            &["Nonce=", "Started=false"],
        );
        check(
            r#"{"nonce":"x","started":true,"t":2,"n":3,"progress":1,"required":2,
                "verification_required":true,"verification_nonce":"v","pgp_fingerprints":["f"],
                "backup":true}"#,
            &[
                "Nonce=x",
                "Started=true",
                "Progress=1/2",
                "New Shares=3",
                "New Threshold=2",
                "Verification Required=true",
                "Verification Nonce=v",
                "PGP Fingerprints=[f]",
                "Backup=true",
            ],
        );
    }

    #[test]
    fn keys_to_distribute() {
        let body = r#"{"nonce":"n","complete":true,"keys_base64":["a","b"],
            "verification_required":true,"verification_nonce":"v"}"#;
        let answer = |body: &str| ApiAnswer::new(200, body.to_owned());
        let text = keys_text(Command::Rekey, &answer(body), "2", "1");
        assert!(
            text.starts_with("\nKey 1: a\nKey 2: b\n\nOperation nonce: n\n\n"),
            "{text}"
        );
        assert!(text.ends_with("with -verify and the nonce v."), "{text}");

        let body = r#"{"nonce":"n","complete":true,"keys_base64":["a","b"],
            "pgp_fingerprints":["f","g"],"backup":true}"#;
        let text = keys_text(Command::Rotate, &answer(body), "2", "1");
        assert!(
            text.starts_with("\nKey 1 fingerprint: f; value: a\nKey 2 fingerprint: g; value: b\n"),
            "{text}"
        );
        assert!(
            text.contains("operator rotate-keys -backup-delete"),
            "{text}"
        );
    }
}
