//! `operator …`.

use super::rotate_keys::Command as Form;
use super::share;
use super::status::show_seal;
use crate::answer::{ApiAnswer, text, texts};
use crate::error::{During, Stop};
use crate::request::ApiRequest;
use crate::session::{Session, code};
use crate::show::{json, table, value};
use crate::terminal::{self, Question};
use crate::tree::operator::{Init, Operator};
use serde_json::{Value, json};

pub(super) fn run(session: &mut Session<'_>, command: Operator) -> Result<u8, Stop> {
    match command {
        Operator::Init(args) => init(session, &args),
        Operator::Unseal {
            key,
            reset,
            migrate,
        } => unseal(session, key, reset, migrate),
        Operator::Seal => {
            let request = ApiRequest::put_empty("sys/seal");
            session.ask(&request).during("Error sealing")?;
            session.success("Success! Vault is sealed.")
        }
        Operator::StepDown => {
            let request = ApiRequest::put_empty("sys/step-down");
            session.ask(&request).during("Error stepping down")?;
            let address = session.transport.address().to_owned();
            session.success(&format!("Success! Stepped down: {address}"))
        }
        Operator::KeyStatus => key_status(session),
        Operator::Rotate => {
            let request = ApiRequest::post_empty("sys/rotate/keyring");
            session.ask(&request).during("Error rotating key")?;
            session.done("Success! Rotated key\n")?;
            key_status(session)
        }
        Operator::Members => members(session),
        Operator::GenerateRoot(args) => super::generate_root::run(session, &args),
        Operator::Raft(command) => super::raft::run(session, command),
        Operator::Rekey(args) => super::rotate_keys::run(session, Form::Rekey, &args),
        Operator::RotateKeys(args) => super::rotate_keys::run(session, Form::Rotate, &args),
    }
}

fn init(session: &mut Session<'_>, args: &Init) -> Result<u8, Stop> {
    if args.status {
        return init_status(session);
    }
    let seal = session
        .prepare(&ApiRequest::get("sys/seal-status"))
        .during("Error initializing")?;
    let automatic = seal
        .field("recovery_seal")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let root_key = args.root_token_pgp_key.as_deref();
    let root_key = root_key.map(share::pgp_key).transpose()?;
    let body = match automatic {
        true => json!({
            "recovery_shares": args.recovery_shares,
            "recovery_threshold": args.recovery_threshold,
            "recovery_pgp_keys": share::pgp_keys(&args.recovery_pgp_keys)?,
            "root_token_pgp_key": root_key,
        }),
        false => json!({
            "secret_shares": args.key_shares,
            "secret_threshold": args.key_threshold,
            "pgp_keys": share::pgp_keys(&args.pgp_keys)?,
            "root_token_pgp_key": root_key,
        }),
    };
    let request = ApiRequest::put("sys/init", body);
    let answer = session.ask(&request).during("Error initializing")?;
    show_init(session, args, &answer)
}

fn init_status(session: &mut Session<'_>) -> Result<u8, Stop> {
    let request = ApiRequest::get("sys/init");
    let answer = session
        .ask(&request)
        .during("Error checking initialization status")?;
    let initialized = answer.field("initialized").and_then(Value::as_bool);
    let initialized = initialized.unwrap_or(false);
    let line = match initialized {
        true => "Vault is initialized",
        false => "Vault is not initialized",
    };
    let members = vec![("Initialized".to_owned(), Value::from(initialized))];
    session.show_or(&json::in_order(members), || line.to_owned())?;
    Ok(match initialized {
        true => code::OK,
        false => code::NOTHING_OR_SEALED,
    })
}

fn show_init(session: &mut Session<'_>, args: &Init, answer: &ApiAnswer) -> Result<u8, Stop> {
    let list = |key: &str| answer.field(key).cloned().unwrap_or_else(|| json!([]));
    let shares = texts(answer.field("keys_base64"));
    let recovery = texts(answer.field("recovery_keys_base64"));
    let fields = [
        ("unseal_keys_b64", list("keys_base64")),
        ("unseal_keys_hex", list("keys")),
        ("unseal_shares", json!(args.key_shares)),
        ("unseal_threshold", json!(args.key_threshold)),
        ("recovery_keys_b64", list("recovery_keys_base64")),
        ("recovery_keys_hex", list("recovery_keys")),
        (
            "recovery_keys_shares",
            json!(if recovery.is_empty() {
                0
            } else {
                args.recovery_shares
            }),
        ),
        (
            "recovery_keys_threshold",
            json!(if recovery.is_empty() {
                0
            } else {
                args.recovery_threshold
            }),
        ),
        ("root_token", list("root_token")),
    ];
    let node = json::Node::Object(
        fields
            .into_iter()
            .map(|(key, value)| (key.to_owned(), json::Node::Plain(value)))
            .collect(),
    );
    let token = text(answer.field("root_token"));
    session.show_or(&node, || init_text(&shares, &recovery, &token, args))
}

fn init_text(shares: &[String], recovery: &[String], token: &str, args: &Init) -> String {
    let mut lines = Vec::new();
    for (name, keys) in [("Unseal", shares), ("Recovery", recovery)] {
        for (number, key) in (1_u32..).zip(keys) {
            lines.push(format!("{name} Key {number}: {key}"));
        }
    }
    lines.push(String::new());
    lines.push(format!("Initial Root Token: {token}"));
    lines.push(String::new());
    let (count, threshold) = (args.key_shares, args.key_threshold);
    if !shares.is_empty() {
        lines.push(format!(
            "Vault initialized with {count} key shares and a key threshold of {threshold}. Please securely\n\
             distribute the key shares printed above. When the Vault is re-sealed,\n\
             restarted, or stopped, you must supply at least {threshold} of these keys to unseal it\n\
             before it can start servicing requests.\n\n\
             Vault does not store the generated root key. Without at least {threshold} keys to\n\
             reconstruct the root key, Vault will remain permanently sealed!"
        ));
    } else {
        lines.push("Success! Vault is initialized".to_owned());
    }
    lines.join("\n")
}

fn unseal(
    session: &mut Session<'_>,
    key: Option<String>,
    reset: bool,
    migrate: bool,
) -> Result<u8, Stop> {
    let body = if reset {
        json!({ "reset": true })
    } else {
        let key = match key {
            Some(key) => key,
            None => terminal::ask_hidden(session, &ASK_KEY)?,
        };
        json!({ "key": key.trim(), "reset": false, "migrate": migrate })
    };
    let request = ApiRequest::put("sys/unseal", body);
    let during = if reset {
        "Error resetting unseal process"
    } else {
        "Error unsealing"
    };
    let seal = session.ask(&request).during(during)?.data();
    show_seal(session, seal)
}

const ASK_KEY: Question = Question {
    text: "Unseal Key (will be hidden): ",
    refused: "Refusing to read from stdin with -non-interactive specified; specify unseal\n\
              key as an argument to this command",
    unasked: "An error occurred attempting to ask for an unseal key. The raw error message\n\
              is shown below, but usually this is because you attempted to pipe a value\n\
              into the unseal command or you are executing outside of a terminal (tty). You\n\
              should run the unseal command from a terminal for maximum security. If this\n\
              is not an option, the unseal key can be provided as the first argument to the\n\
              unseal command. The raw error was:  ",
};

fn key_status(session: &mut Session<'_>) -> Result<u8, Stop> {
    let request = ApiRequest::get("sys/key-status");
    let answer = session.ask(&request).during("Error reading key status")?;
    let shown = |key: &str| answer.field(key).map(value::inline).unwrap_or_default();
    let rows = [
        ("Key Term", shown("term")),
        ("Install Time", day_and_time(&shown("install_time"))),
        ("Encryption Count", shown("encryptions")),
    ];
    let node = json::Node::Object(
        ["term", "install_time", "encryptions"]
            .iter()
            .filter_map(|key| {
                let value = answer.field(key)?.clone();
                Some(((*key).to_owned(), json::Node::Plain(value)))
            })
            .collect(),
    );
    session.show_or(&node, || {
        let rows: Vec<Vec<String>> = rows
            .into_iter()
            .map(|(name, value)| vec![name.to_owned(), value])
            .collect();
        table::columns(&rows)
    })
}

/// `2026-11-23T05:24:19Z` as `23 Nov 26 05:24 UTC`; anything else as it is.
fn day_and_time(text: &str) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let parts = || {
        let month: usize = text.get(5..7)?.parse().ok()?;
        let month = MONTHS.get(month.checked_sub(1)?)?;
        let (year, day, clock) = (text.get(2..4)?, text.get(8..10)?, text.get(11..16)?);
        Some(format!("{day} {month} {year} {clock} UTC"))
    };
    match text.ends_with('Z') {
        true => parts().unwrap_or_else(|| text.to_owned()),
        false => text.to_owned(),
    }
}

fn members(session: &mut Session<'_>) -> Result<u8, Stop> {
    let request = ApiRequest::get("sys/ha-status");
    let answer = session.ask(&request)?;
    let nodes = answer
        .field("nodes")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let keys = [
        "hostname",
        "api_address",
        "cluster_address",
        "active_node",
        "version",
        "upgrade_version",
        "last_echo",
    ];
    let rows = nodes
        .iter()
        .map(|node| {
            let cell = |key: &&str| match node.get(*key) {
                None | Some(Value::Null) => String::new(),
                Some(found) => value::inline(found),
            };
            keys.iter().map(cell).collect()
        })
        .collect();
    let order = [
        "hostname",
        "api_address",
        "cluster_address",
        "active_node",
        "last_echo",
        "version",
        "upgrade_version",
    ];
    let listed = nodes.iter().filter_map(Value::as_object);
    let listed = listed
        .map(|node| json::ordered(node.clone(), &order))
        .collect();
    let node = json::Node::Object(vec![("Nodes".to_owned(), json::Node::List(listed))]);
    session.show_or(&node, || {
        table::with_headings(
            &[
                "Host Name",
                "API Address",
                "Cluster Address",
                "Active Node",
                "Version",
                "Upgrade Version",
                "Last Echo",
            ],
            rows,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let check = |text: &str, expected: &str| assert_eq!(day_and_time(text), expected);
        check("2026-11-23T05:24:19.855Z", "23 Nov 26 05:24 UTC");
        check("yesterday", "yesterday");
        check("2026-13-23T05:24:19Z", "2026-13-23T05:24:19Z");
    }
}
