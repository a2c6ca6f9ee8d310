//! Sends the same requests to two servers and reports where the answers differ.
//!
//! What is bound to differ (ids, times) is first made equal by [`normal`]; what we mean to differ
//! stands, with its reason, in [`differences`], and the step that shows it says what we answer
//! instead. Everything else is compared exactly, member by member.

pub mod approle;
pub mod cert;
pub mod differences;
pub mod identity;
pub mod jwt;
pub mod kv;
mod normal;
mod step;
pub mod totp;
pub mod transit;
pub mod userpass;

pub use differences::Difference;
pub use normal::Normal;
pub use step::{Script, Step, delete, get, list, patch, post, put, scan, send};

use crate::{Client, Response};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a step that waits for a status may take.
const UNTIL_WITHIN: Duration = Duration::from_secs(20);

/// One server under comparison, with what the script kept of its answers.
struct Side {
    client: Client,
    tokens: BTreeMap<&'static str, String>,
    /// What answers said that later steps need: ids are each server's own.
    kept: BTreeMap<&'static str, String>,
    /// JSON, as it stands in an answer.
    values: BTreeMap<&'static str, Value>,
}

impl Side {
    fn new(client: Client) -> Self {
        Self {
            client,
            tokens: BTreeMap::new(),
            kept: BTreeMap::new(),
            values: BTreeMap::new(),
        }
    }

    /// Sends the step, again and again if it waits for a status.
    fn run(&mut self, step: &Step) -> Response {
        let client = match step.token {
            Some(name) => self.client.with_token(&self.tokens[name]),
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
        // And what was kept, by its other spelling.
        let path = self.with_kept(&path);
        let body = body.map(|body| self.with_kept(&body));
        let deadline = Instant::now() + UNTIL_WITHIN;
        loop {
            let response = client.send(step.verb, &path, step.headers, body.as_deref());
            if step.until.is_none_or(|status| status == response.status)
                || Instant::now() > deadline
            {
                if let Some(name) = step.saves_token {
                    let token = response.json()["auth"]["client_token"].clone();
                    let token = token.as_str().unwrap_or_default().to_owned();
                    self.tokens.insert(name, token);
                }
                if let Some((pointer, name)) = step.keeps {
                    let value = response.json().pointer(pointer).cloned();
                    let value = value.and_then(|value| value.as_str().map(str::to_owned));
                    self.kept.insert(name, value.unwrap_or_default());
                }
                if let Some((name, pointer)) = step.saves {
                    let value = response.json().pointer(pointer).cloned();
                    self.values.insert(name, value.unwrap_or_default());
                }
                return response;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// With what was kept in the place of its name.
    fn with_kept(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.kept {
            text = text.replace(&format!("<{name}>"), value);
        }
        text
    }

    /// The answer, with the names in the place of what was kept: as each server's own ids differ,
    /// so do lists and texts that hold them.
    fn named(&self, response: &Response) -> Response {
        let mut body = response.body.clone();
        for (name, value) in self.kept.iter().filter(|(_, value)| value.len() > 7) {
            body = body.replace(value.as_str(), &format!("<{name}>"));
        }
        Response {
            status: response.status,
            body,
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

/// Runs the script against both and gives one line for each step whose answers differ though they
/// should not, or agree though they should not.
pub fn run(script: &Script, theirs: &Client, ours: &Client) -> Vec<String> {
    let (mut theirs, mut ours) = (Side::new(theirs.clone()), Side::new(ours.clone()));
    let mut complaints = Vec::new();
    for (number, step) in script.steps.iter().enumerate() {
        let (reference, answer) = (theirs.run(step), ours.run(step));
        if step.only_prepares {
            continue;
        }
        let reference = Normal::hiding(&theirs.named(&reference), step.hides);
        let answer = Normal::hiding(&ours.named(&answer), step.hides);
        if let Some(complaint) = judge(step, &reference, &answer) {
            let Script { name, .. } = script;
            complaints.push(format!("{name} {number}: {step}\n{complaint}"));
        }
    }
    complaints
}

fn judge(step: &Step, reference: &Normal, answer: &Normal) -> Option<String> {
    let Some((difference, status, body)) = step.differs else {
        return (reference != answer)
            .then(|| format!("    theirs {reference}\n    ours   {answer}"));
    };
    let response = Response {
        status,
        body: body.to_owned(),
    };
    let wanted = Normal::hiding(&response, step.hides);
    if reference == answer {
        let name = difference.name;
        return Some(format!(
            "    no longer differs, though listed as `{name}`: {answer}"
        ));
    }
    (!wanted.same_content(answer)).then(|| format!("    wanted {wanted}\n    ours   {answer}"))
}
