//! Sends the same requests to two servers and reports where the answers differ.
//!
//! What is bound to differ (ids, times) is first made equal by [`normal`]; what we mean to differ
//! stands, with its reason, in [`differences`], and the step that shows it says what we answer
//! instead. Everything else is compared exactly, member by member.

pub mod approle;
pub mod cert;
pub mod differences;
pub mod identity;
pub mod inline;
pub mod jwt;
pub mod kv;
pub mod lockout;
pub mod mfa;
pub mod namespaces;
mod normal;
pub mod plugins;
pub mod policies;
pub mod quotas;
pub mod sealed;
pub mod settings;
mod step;
pub mod tokens;
pub mod tools;
pub mod totp;
pub mod transit;
pub mod userpass;

pub use differences::Difference;
pub use normal::Normal;
pub use step::{CLIENT_TOKEN, Script, Step, delete, get, list, patch, post, put, scan, send};

use crate::{Client, Durable, Response, Server, binary, free_port};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a step that waits for a status may take.
const UNTIL_WITHIN: Duration = Duration::from_secs(20);

/// One server under comparison, with what the script kept of its answers.
struct Side {
    client: Client,
    /// What answers said that later steps need, as it stood there: ids are each server's own.
    values: BTreeMap<&'static str, Value>,
}

impl Side {
    fn new(client: Client) -> Self {
        Self {
            client,
            values: BTreeMap::new(),
        }
    }

    /// Sends the step, again and again if it waits for a status.
    fn run(&mut self, step: &Step) -> Response {
        let client = match step.token {
            Some(name) => {
                let token = self.values[name].as_str();
                self.client.with_token(token.unwrap_or_default())
            }
            None => self.client.clone(),
        };
        let path = self.filled(step.path, |text| text.to_owned());
        // In a body it stands between quotation marks already.
        let body = step.body.map(|body| {
            self.filled(body, |text| {
                let quoted = Value::from(text).to_string();
                quoted.trim_matches('"').to_owned()
            })
        });
        let deadline = Instant::now() + UNTIL_WITHIN;
        loop {
            let response = client.send(step.verb, &path, step.headers, body.as_deref());
            if step.until.is_none_or(|status| status == response.status)
                || Instant::now() > deadline
            {
                for (name, pointer) in step.saves.into_iter().flatten() {
                    let value = response.json().pointer(pointer).cloned();
                    self.values.insert(name, value.unwrap_or_default());
                }
                return response;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The answer, with the names in the place of what was saved: as each server's own ids differ,
    /// so do lists and texts that hold them.
    fn named(&self, response: &Response) -> Response {
        let mut body = response.body.clone();
        let texts = self
            .values
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_str()?)));
        for (name, text) in texts.filter(|(_, text)| text.len() > 7) {
            body = body.replace(text, &format!("${{{name}}}"));
        }
        Response {
            status: response.status,
            body,
            ..Response::default()
        }
    }

    /// The text with the values that it names.
    fn filled(&self, text: &str, write: impl Fn(&str) -> String) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.values {
            let text = match value {
                Value::String(text) => write(text),
                other => other.to_string(),
            };
            filled = filled.replace(&format!("${{{name}}}"), &text);
        }
        filled
    }
}

/// Runs the scripts against a real `bao server` and against ours, and complains of all that should
/// not be as it is.
pub fn with_openbao(scripts: &[Script]) {
    let (bao, casemate) = (Server::start_bao(), Server::start_casemate());
    let (theirs, ours) = (bao.client(), casemate.client());
    let complaints: Vec<String> = scripts
        .iter()
        .flat_map(|script| run(script, &theirs, &ours))
        .collect();
    let count = complaints.len();
    assert!(
        complaints.is_empty(),
        "{count} answers differ:\n\n{}\n",
        complaints.join("\n\n")
    );
}

/// A server that was never initialized, with a listener where shares are taken without a token.
struct Sealed {
    _server: Durable,
    client: Client,
}

impl Sealed {
    fn start(program: &str) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let open = format!(
            "listener \"tcp\" {{\n  address = {address:?}\n  tls_disable = true\n  \
             disable_unauthed_rekey_endpoints = false\n  \
             disable_unauthed_generate_root_endpoints = false\n}}\n"
        );
        let mut server = Durable::of(&binary(program), &open);
        server.start();
        Self {
            _server: server,
            client: Client::new(&format!("http://{address}"), ""),
        }
    }
}

/// As [`with_openbao`], against servers that nobody has initialized: they are started with a folder
/// of their own, the steps have no token but what they save, and what one script saved the next
/// ones know.
pub fn sealed_with_openbao(scripts: &[Script]) {
    let complaints = of_sealed(["bao", "casemate"], scripts);
    let count = complaints.len();
    assert!(
        complaints.is_empty(),
        "{count} answers differ:\n\n{}\n",
        complaints.join("\n\n")
    );
}

/// As [`openbao_with_itself`], against servers that nobody has initialized.
pub fn sealed_openbao_with_itself(scripts: &[Script]) {
    let complaints = of_sealed(["bao", "bao"], scripts);
    only_what_is_meant(&complaints, scripts.iter().flat_map(|script| script.steps));
}

fn of_sealed(programs: [&str; 2], scripts: &[Script]) -> Vec<String> {
    let servers = programs.map(Sealed::start);
    let [mut theirs, mut ours] = servers
        .each_ref()
        .map(|server| Side::new(server.client.clone()));
    let run = |script: &Script| run_on(script, &mut theirs, &mut ours);
    scripts.iter().flat_map(run).collect()
}

fn only_what_is_meant<'a>(complaints: &[String], steps: impl Iterator<Item = &'a Step>) {
    let meant = steps.filter(|step| step.shows().is_some());
    assert_eq!(complaints.len(), meant.count(), "{complaints:#?}");
    let vanished = |line: &String| line.contains("no longer differs");
    assert!(complaints.iter().all(vanished), "{complaints:#?}");
}

/// The comparison itself: against its own like, OpenBao shows none of the differences that are meant,
/// and no others.
pub fn openbao_with_itself(scripts: &[Script]) {
    let (one, other) = (Server::start_bao(), Server::start_bao());
    for script in scripts {
        let complaints = run(script, &one.client(), &other.client());
        only_what_is_meant(&complaints, script.steps.iter());
    }
}

/// Every meant difference has its line on the page and a step that shows it.
pub fn differences_are_told(all: &[&Difference], scripts: &[&[Script]]) {
    let page = include_str!("../../../../docs/reference/compatibility.md");
    for difference in all {
        let name = difference.name;
        assert!(page.contains(name), "{name} is not documented");
        let mut steps = scripts
            .iter()
            .copied()
            .flatten()
            .flat_map(|script| script.steps);
        let is_shown = steps.any(|step| step.shows().is_some_and(|shown| shown.name == name));
        assert!(is_shown, "no step shows `{name}`");
    }
}

/// Runs the script against both and gives one line for each step whose answers differ though they
/// should not, or agree though they should not.
fn run(script: &Script, theirs: &Client, ours: &Client) -> Vec<String> {
    run_on(
        script,
        &mut Side::new(theirs.clone()),
        &mut Side::new(ours.clone()),
    )
}

/// As `run`, by clients that know what was saved before.
fn run_on(script: &Script, theirs: &mut Side, ours: &mut Side) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, step) in script.steps.iter().enumerate() {
        let (reference, answer) = (theirs.run(step), ours.run(step));
        if step.only_prepares {
            continue;
        }
        let reference = normal(step, &theirs.named(&reference));
        let answer = normal(step, &ours.named(&answer));
        if let Some(complaint) = judge(step, reference, answer) {
            let Script { name, .. } = script;
            complaints.push(format!("{name} {number}: {step}\n{complaint}"));
        }
    }
    complaints
}

fn normal(step: &Step, response: &Response) -> Normal {
    Normal::hiding(response, step.hides).with_forms(step.forms)
}

fn judge(step: &Step, mut reference: Normal, mut answer: Normal) -> Option<String> {
    if let Some(members) = step.members {
        let is_as_meant = !reference.has_one_of(members.ours)
            && !answer.has_one_of(members.theirs)
            && reference.take(members.theirs)
            && answer.take(members.ours);
        if !is_as_meant {
            let name = members.difference.name;
            return Some(format!(
                "    no longer differs, though listed as `{name}`:\n    theirs {reference}\n    ours   {answer}"
            ));
        }
    }
    let Some((difference, status, body)) = step.differs else {
        return (reference != answer)
            .then(|| format!("    theirs {reference}\n    ours   {answer}"));
    };
    let response = Response {
        status,
        body: body.to_owned(),
        ..Response::default()
    };
    let wanted = normal(step, &response);
    if reference == answer {
        let name = difference.name;
        return Some(format!(
            "    no longer differs, though listed as `{name}`: {answer}"
        ));
    }
    (!wanted.same_content(&answer)).then(|| format!("    wanted {wanted}\n    ours   {answer}"))
}
