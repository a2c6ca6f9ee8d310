//! `replication …`.

use super::generic::shown_or_done;
use super::replication_status::{check_table, merkle_table, status_text};
use super::{duration, replication_aside, set};
use crate::answer::text;
use crate::error::{During, Stop};
use crate::request::ApiRequest;
use crate::session::{Session, code};
use crate::show::Format;
use crate::tree::replication::{
    Demote, EnableSecondary, Filter, Filters, Promote, Redeeming, Replication, SecondaryToken,
    UpdatePrimary,
};
use serde_json::{Map, Value, json};

const API: &str = "sys/replication";
const PRIMARY: &str = "sys/replication/performance/primary";
const SECONDARY: &str = "sys/replication/performance/secondary";

pub(super) fn run(session: &mut Session<'_>, command: Replication) -> Result<u8, Stop> {
    let step = match command {
        Replication::Status => return status(session),
        Replication::Check {
            addresses,
            redeeming,
        } => return check(session, &addresses, &redeeming),
        Replication::MerkleCheck => return merkle_check(session),
        Replication::Aside(command) => return replication_aside::run(session, &command),
        Replication::Filter(command) => return filter(session, command),
        Replication::Promote(args) if args.dry_run => return dry_run(session, &args),
        Replication::Promote(args) => Step::new(
            promotion(&args),
            "Error promoting the secondary",
            "Success! This cluster is the performance primary",
        ),
        Replication::EnablePrimary { cluster_addr } => enable_primary(cluster_addr),
        Replication::SecondaryToken(args) => secondary_token(&args)?,
        Replication::RevokeSecondary { id } => Step::new(
            ApiRequest::put(format!("{PRIMARY}/revoke-secondary"), json!({ "id": id })),
            "Error revoking the secondary",
            format!("Success! Revoked secondary: {id}"),
        ),
        Replication::GeneratePublicKey => Step::new(
            ApiRequest::put_empty(format!("{SECONDARY}/generate-public-key")),
            "Error generating the key",
            "Success! Generated the key",
        ),
        Replication::EnableSecondary(args) => {
            let token = token(session, &args.token)?;
            let shown = shown(session, &args.redeeming)?;
            enable_secondary(token, &args).with(shown)
        }
        Replication::UpdatePrimary(args) => {
            let given = args.token.as_deref();
            let token = given.map(|given| token(session, given)).transpose()?;
            let shown = shown(session, &args.redeeming)?;
            update_primary(token, &args)?.with(shown)
        }
        Replication::Demote(args) => Step::new(
            demotion(&args),
            "Error demoting the primary",
            "Success! This cluster is a performance secondary that follows nobody yet",
        ),
        Replication::Disable => disable(session)?,
        Replication::Recover => Step::new(
            ApiRequest::put_empty(format!("{API}/recover")),
            "Error recovering replication",
            "Success! Replication begins anew",
        ),
        Replication::Reindex => Step::new(
            ApiRequest::put_empty(format!("{API}/reindex")),
            "Error computing the digests anew",
            "Success! The digests are those of the entries",
        ),
    };
    step.take(session)
}

/// A command that is one call, and either shows what came or says that it was done.
struct Step {
    request: ApiRequest,
    during: &'static str,
    done: String,
}

impl Step {
    fn new(request: ApiRequest, during: &'static str, done: impl Into<String>) -> Self {
        Self {
            request,
            during,
            done: done.into(),
        }
    }

    /// With more in its body.
    fn with(mut self, more: Map<String, Value>) -> Self {
        if let Some(Value::Object(body)) = &mut self.request.body {
            body.extend(more);
        }
        self
    }

    fn take(self, session: &mut Session<'_>) -> Result<u8, Stop> {
        let answer = session.ask(&self.request).during(self.during)?;
        shown_or_done(session, &answer, &self.done)
    }
}

fn enable_primary(cluster_addr: Option<String>) -> Step {
    let mut body = Map::new();
    set(&mut body, "primary_cluster_addr", cluster_addr);
    Step::new(
        ApiRequest::put(format!("{PRIMARY}/enable"), Value::Object(body)),
        "Error enabling the primary",
        "Success! This cluster is the performance primary",
    )
}

fn secondary_token(args: &SecondaryToken) -> Result<Step, Stop> {
    let ttl = args.ttl.as_deref();
    let ttl = ttl.map(|text| duration("ttl", text)).transpose()?;
    let mut body = Map::new();
    set(&mut body, "id", Some(args.id.as_str()));
    set(&mut body, "ttl", ttl);
    set(&mut body, "secondary_public_key", args.public_key.clone());
    set(&mut body, "paths_filter_mode", args.filter_mode.clone());
    let paths = (!args.path.is_empty()).then(|| args.path.clone());
    set(&mut body, "paths", paths);
    set(&mut body, "default_deny", args.default_deny.then_some(true));
    Ok(Step::new(
        ApiRequest::put(format!("{PRIMARY}/secondary-token"), Value::Object(body)),
        "Error making the activation token",
        "Success! Made the activation token",
    ))
}

/// What stands on the command line, in a file or on standard input.
fn token(session: &mut Session<'_>, given: &str) -> Result<String, Stop> {
    let data = session.data(&[format!("token={given}")])?;
    Ok(text(data.get("token")).trim().to_owned())
}

fn redeeming(body: &mut Map<String, Value>, args: &Redeeming) {
    set(body, "primary_api_addr", args.primary_api_addr.clone());
    set(body, "ca_file", args.primary_ca_file.clone());
    set(body, "ca_path", args.primary_ca_path.clone());
}

/// What the server is to show to the primary's API: it lies here, not there.
fn shown(session: &mut Session<'_>, args: &Redeeming) -> Result<Map<String, Value>, Stop> {
    let files = [
        ("client_cert_pem", &args.primary_client_cert),
        ("client_key_pem", &args.primary_client_key),
    ];
    let given = files.iter().filter_map(|(name, file)| {
        let file = file.as_ref()?;
        Some(format!("{name}=@{file}"))
    });
    session.data(&given.collect::<Vec<String>>())
}

fn enable_secondary(token: String, args: &EnableSecondary) -> Step {
    let mut body = Map::new();
    set(&mut body, "token", Some(token));
    redeeming(&mut body, &args.redeeming);
    set(&mut body, "confirm_wipe", args.confirm_wipe.clone());
    Step::new(
        ApiRequest::put(format!("{SECONDARY}/enable"), Value::Object(body)),
        "Error enabling the secondary",
        "Success! This cluster becomes a performance secondary",
    )
}

fn update_primary(token: Option<String>, args: &UpdatePrimary) -> Result<Step, Stop> {
    let addresses = &args.primary_cluster_addr;
    let given = [token.is_some(), !addresses.is_empty(), args.detach];
    if given.iter().filter(|is_given| **is_given).count() != 1 {
        return Err(Stop::usage(
            "Must supply one of a token, -primary-cluster-addr and -detach",
        ));
    }
    let mut body = Map::new();
    set(&mut body, "token", token);
    redeeming(&mut body, &args.redeeming);
    let addresses = (!addresses.is_empty()).then(|| addresses.clone());
    set(&mut body, "update_primary_addrs", addresses);
    Ok(Step::new(
        ApiRequest::put(format!("{SECONDARY}/update-primary"), Value::Object(body)),
        "Error updating the primary",
        match args.detach {
            true => "Success! This secondary follows nobody",
            false => "Success! This secondary follows the primary given",
        },
    ))
}

/// Ends the part that the cluster plays, whichever it is.
fn disable(session: &mut Session<'_>) -> Result<Step, Stop> {
    let during = "Error reading the replication status";
    let request = ApiRequest::get(format!("{API}/performance/status"));
    let answer = session.prepare(&request).during(during)?;
    let at = match text(answer.field("mode")).as_str() {
        "primary" => PRIMARY,
        "secondary" | "bootstrapping" => SECONDARY,
        _ => return Err(Stop::local("Performance replication is not enabled")),
    };
    Ok(Step::new(
        ApiRequest::put_empty(format!("{at}/disable")),
        "Error disabling replication",
        "Success! Disabled performance replication",
    ))
}

fn demotion(args: &Demote) -> ApiRequest {
    let mut body = Map::new();
    set(&mut body, "force", args.force.then_some(true));
    ApiRequest::put(format!("{PRIMARY}/demote"), Value::Object(body))
}

fn promotion(args: &Promote) -> ApiRequest {
    let mut body = Map::new();
    set(&mut body, "primary_cluster_addr", args.cluster_addr.clone());
    set(&mut body, "force", args.force.then_some(true));
    set(&mut body, "dry_run", args.dry_run.then_some(true));
    ApiRequest::put(format!("{SECONDARY}/promote"), Value::Object(body))
}

fn dry_run(session: &mut Session<'_>, args: &Promote) -> Result<u8, Stop> {
    let during = "Error asking what stands in the way of a promotion";
    let answer = session.ask(&promotion(args)).during(during)?;
    let can = answer.field("can_promote") == Some(&Value::Bool(true));
    session.show(&answer)?;
    Ok(code_of(can))
}

/// As `status` of a sealed server: the answer came, but it is not the one hoped for.
const fn code_of(is_fine: bool) -> u8 {
    match is_fine {
        true => code::OK,
        false => code::NOTHING_OR_SEALED,
    }
}

fn check(session: &mut Session<'_>, addresses: &[String], api: &Redeeming) -> Result<u8, Stop> {
    let mut body = Map::new();
    redeeming(&mut body, api);
    body.extend(shown(session, api)?);
    let addresses = (!addresses.is_empty()).then(|| addresses.to_vec());
    set(&mut body, "addresses", addresses);
    let request = ApiRequest::put(format!("{API}/performance/check"), Value::Object(body));
    let answer = session.ask(&request).during("Error checking replication")?;
    let works = answer.field("ok") == Some(&Value::Bool(true));
    match session.settings.format {
        Format::Table => session.say(&check_table(&answer))?,
        _ => drop(session.show(&answer)?),
    }
    Ok(code_of(works))
}

fn merkle_check(session: &mut Session<'_>) -> Result<u8, Stop> {
    let request = ApiRequest::put_empty(format!("{API}/merkle-check"));
    let answer = session.ask(&request).during("Error checking the digests")?;
    let report = answer.field("merkle_corruption_report");
    let is_wrong = report.and_then(|report| report.get("corrupted_root"));
    let is_fine = is_wrong == Some(&Value::Bool(false));
    match session.settings.format {
        Format::Table => session.say(&merkle_table(&answer))?,
        _ => drop(session.show(&answer)?),
    }
    Ok(code_of(is_fine))
}

fn status(session: &mut Session<'_>) -> Result<u8, Stop> {
    let request = ApiRequest::get(format!("{API}/status"));
    let during = "Error reading the replication status";
    let answer = session.ask(&request).during(during)?;
    if let Some(name) = session.settings.field.clone() {
        let part = answer.field("performance");
        let found = part.and_then(|part| part.get(&name)).cloned();
        return session.show_field(found, &name, "performance replication status");
    }
    match session.settings.format {
        Format::Table => session.success(&status_text(&answer)),
        _ => session.show(&answer),
    }
}

fn filter_at(id: &str) -> String {
    format!("{PRIMARY}/paths-filter/{id}")
}

fn body(args: &Filter) -> Value {
    json!({ "mode": args.mode, "paths": args.path })
}

fn filter(session: &mut Session<'_>, command: Filters) -> Result<u8, Stop> {
    match command {
        Filters::Get { id } => {
            let request = ApiRequest::get(filter_at(&id));
            match session.find(&request).during("Error reading the filter")? {
                Some(answer) => session.show(&answer),
                None => session.nothing(&format!("No filter is set for secondary {id}")),
            }
        }
        Filters::Set(args) => Step::new(
            ApiRequest::put(filter_at(&args.id), body(&args)),
            "Error setting the filter",
            format!("Success! Set the filter of secondary: {}", args.id),
        )
        .take(session),
        Filters::Delete { id } => Step::new(
            ApiRequest::delete(filter_at(&id)),
            "Error deleting the filter",
            format!("Success! Deleted the filter (if it existed) of secondary: {id}"),
        )
        .take(session),
        Filters::Preview(args) => {
            let request = ApiRequest::put(format!("{}/preview", filter_at(&args.id)), body(&args));
            let answer = session
                .ask(&request)
                .during("Error previewing the filter")?;
            session.show(&answer)
        }
        Filters::Dynamic { id } => {
            let request = ApiRequest::get(format!("{PRIMARY}/dynamic-filter/{id}"));
            let during = "Error reading what the filter leaves out";
            let answer = session.ask(&request).during(during)?;
            session.show(&answer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(request: &ApiRequest) -> (String, Value) {
        let path = request.path.strip_prefix("sys/replication/performance/");
        let body = request.body.clone().unwrap_or(Value::Null);
        (path.unwrap().to_owned(), body)
    }

    #[test]
    fn what_is_not_given_is_not_sent() {
        let check = |request: &ApiRequest, path: &str, body: Value| {
            assert_eq!(sent(request), (path.to_owned(), body));
        };
        check(&enable_primary(None).request, "primary/enable", json!({}));
        check(
            &enable_primary(Some("h:1".to_owned())).request,
            "primary/enable",
            json!({ "primary_cluster_addr": "h:1" }),
        );
        check(
            &promotion(&Promote::default()),
            "secondary/promote",
            json!({}),
        );
        check(&demotion(&Demote::default()), "primary/demote", json!({}));
        check(
            &demotion(&Demote { force: true }),
            "primary/demote",
            json!({ "force": true }),
        );
        let forced = Promote {
            cluster_addr: None,
            force: true,
            dry_run: true,
        };
        check(
            &promotion(&forced),
            "secondary/promote",
            json!({ "force": true, "dry_run": true }),
        );
    }

    #[test]
    fn the_token_of_a_secondary() {
        let mut args = SecondaryToken {
            id: "eu".to_owned(),
            ttl: None,
            public_key: None,
            filter_mode: None,
            path: Vec::new(),
            default_deny: false,
        };
        let plain = secondary_token(&args).unwrap().request;
        let expected = ("primary/secondary-token".to_owned(), json!({ "id": "eu" }));
        assert_eq!(sent(&plain), expected);
        args.ttl = Some("1h".to_owned());
        args.filter_mode = Some("deny".to_owned());
        args.path = vec!["a,b/".to_owned(), "c/".to_owned()];
        let filtered = secondary_token(&args).unwrap().request.body.unwrap();
        let expected = json!({
            "id": "eu", "ttl": "1h0m0s", "paths_filter_mode": "deny", "paths": ["a,b/", "c/"],
        });
        assert_eq!(filtered, expected);
        args.ttl = Some("soon".to_owned());
        assert!(secondary_token(&args).is_err());
    }

    #[test]
    fn who_makes_a_secondary_names_what_it_asks_for() {
        let args = EnableSecondary {
            token: "@f".to_owned(),
            redeeming: Redeeming {
                primary_api_addr: Some("https://p".to_owned()),
                primary_ca_file: Some("/ca.pem".to_owned()),
                ..Redeeming::default()
            },
            confirm_wipe: Some("id".to_owned()),
        };
        let request = enable_secondary("t".to_owned(), &args).request;
        let body = json!({
            "token": "t", "primary_api_addr": "https://p", "ca_file": "/ca.pem", "confirm_wipe": "id",
        });
        assert_eq!(sent(&request), ("secondary/enable".to_owned(), body));
    }

    #[test]
    fn another_primary_is_said_in_one_way() {
        let token = || Some("t".to_owned());
        let mut args = UpdatePrimary::default();
        assert!(update_primary(None, &args).is_err());
        let by_token = update_primary(token(), &args).unwrap().request;
        assert_eq!(sent(&by_token).1, json!({ "token": "t" }));
        args.primary_cluster_addr = vec!["h:1".to_owned()];
        assert!(update_primary(token(), &args).is_err());
        let by_address = update_primary(None, &args).unwrap().request;
        let body = json!({ "update_primary_addrs": ["h:1"] });
        assert_eq!(sent(&by_address).1, body);
        args.primary_cluster_addr = Vec::new();
        args.detach = true;
        let detached = update_primary(None, &args).unwrap().request;
        assert_eq!(sent(&detached).1, json!({}));
    }
}
