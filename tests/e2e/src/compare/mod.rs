//! Sends the same requests to two servers and reports where the answers differ.
//!
//! What is bound to differ (ids, times) is first made equal by [`normal`]; what we mean to differ
//! stands, with its reason, in [`differences`], and the step that shows it says what we answer
//! instead. Everything else is compared exactly, member by member.

pub mod differences;
pub mod identity;
pub mod kv;
mod normal;
mod step;

pub use differences::Difference;
pub use normal::Normal;
pub use step::{Script, Step, delete, get, list, patch, post, put, scan, send};

use crate::{Client, Response};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a step that waits for a status may take.
const UNTIL_WITHIN: Duration = Duration::from_secs(20);

/// One server under comparison, with the tokens that the script made there.
struct Side {
    client: Client,
    tokens: BTreeMap<&'static str, String>,
    /// What answers said that later steps need: ids are each server's own.
    kept: BTreeMap<&'static str, String>,
}

impl Side {
    fn new(client: Client) -> Self {
        Self {
            client,
            tokens: BTreeMap::new(),
            kept: BTreeMap::new(),
        }
    }

    /// Sends the step, again and again if it waits for a status.
    fn run(&mut self, step: &Step) -> Response {
        let client = match step.token {
            Some(name) => self.client.with_token(&self.tokens[name]),
            None => self.client.clone(),
        };
        let path = self.filled(step.path);
        let body = step.body.map(|body| self.filled(body));
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
                return response;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// With what was kept in the place of its name.
    fn filled(&self, text: &str) -> String {
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
        let reference = Normal::of(&theirs.named(&reference));
        let answer = Normal::of(&ours.named(&answer));
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
    let wanted = Normal::of(&Response {
        status,
        body: body.to_owned(),
    });
    if reference == answer {
        let name = difference.name;
        return Some(format!(
            "    no longer differs, though listed as `{name}`: {answer}"
        ));
    }
    (!wanted.same_content(answer)).then(|| format!("    wanted {wanted}\n    ours   {answer}"))
}
