//! What every command has at hand: the server, the terminal, the settings.

use crate::answer::{ApiAnswer, Envelope};
use crate::client::{Transport, refusal};
use crate::error::Stop;
use crate::request::ApiRequest;
use crate::show::{self, Format, json::Node};
use base::Secret;
use serde_json::{Map, Value};
use std::io::{Read, Write};

/// The exit codes of commands that did what they should, or found nothing.
pub(crate) mod code {
    pub(crate) const OK: u8 = 0;
    pub(crate) const FAILED: u8 = 1;
    pub(crate) const NOTHING_OR_SEALED: u8 = 2;
}

/// How long a wrapping token lives when nobody said so.
const WRAP_TTL: &str = "5m";

/// Settings of one command, from flags and environment.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) format: Format,
    pub(crate) field: Option<String>,
    pub(crate) token: Option<Secret<String>>,
    pub(crate) namespace: Option<String>,
    pub(crate) wrap_ttl: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) unlock_key: Option<Secret<String>>,
    pub(crate) printing: Option<Printing>,
    pub(crate) interactive: bool,
}

/// What to print in place of sending the command's own call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Printing {
    /// A curl command.
    Curl,
    /// The policy that the call needs.
    Policy,
}

/// One command's view of the world.
pub(crate) struct Session<'a> {
    pub(crate) transport: &'a dyn Transport,
    pub(crate) settings: Settings,
    pub(crate) input: &'a mut dyn Read,
    pub(crate) output: &'a mut dyn Write,
    pub(crate) errors: &'a mut dyn Write,
    pub(crate) output_is_terminal: bool,
}

impl Session<'_> {
    fn headers(&self, wrap: Wrap, path: &str) -> Vec<(String, String)> {
        let mut headers = vec![("X-Vault-Request".to_owned(), "true".to_owned())];
        headers.extend(self.settings.headers.iter().cloned());
        if let Some(namespace) = &self.settings.namespace {
            headers.push(("X-Vault-Namespace".to_owned(), namespace.clone()));
        }
        let ttl = match (wrap, self.settings.wrap_ttl.as_deref()) {
            (Wrap::Never, _) => None,
            // This call does nothing but wrap.
            (Wrap::AsAsked, None) if path == "sys/wrapping/wrap" => Some(WRAP_TTL),
            (Wrap::AsAsked, asked) => asked,
        };
        headers.extend(ttl.map(|ttl| ("X-Vault-Wrap-Ttl".to_owned(), ttl.to_owned())));
        headers
    }

    fn send(&self, request: &ApiRequest, wrap: Wrap) -> Result<ApiAnswer, Stop> {
        self.transport
            .send(request, &self.with_token(wrap, request))
    }

    fn with_token(&self, wrap: Wrap, request: &ApiRequest) -> Vec<(String, String)> {
        let mut headers = self.headers(wrap, &request.path);
        if let Some(token) = &self.settings.token {
            headers.push(("X-Vault-Token".to_owned(), token.expose().clone()));
        }
        headers
    }

    /// Sends a call that prepares the command's own: it is sent even when the command's own call
    /// is only printed, and never wrapped.
    pub(crate) fn prepare(&self, request: &ApiRequest) -> Result<ApiAnswer, Stop> {
        let answer = self.send(request, Wrap::Never)?;
        self.accepted(request, answer)
    }

    /// Sends the command's own call. Refusals end the command.
    pub(crate) fn ask(&mut self, request: &ApiRequest) -> Result<ApiAnswer, Stop> {
        let answer = self.ask_any(request)?;
        self.accepted(request, answer)
    }

    /// As [`ask`](Self::ask), for a call whose answer the command itself must see.
    pub(crate) fn ask_unwrapped(&mut self, request: &ApiRequest) -> Result<ApiAnswer, Stop> {
        match self.settings.printing {
            Some(_) => self.ask(request),
            None => self.prepare(request),
        }
    }

    /// Sends the command's own call; `None` when the server has nothing there.
    pub(crate) fn find(&mut self, request: &ApiRequest) -> Result<Option<ApiAnswer>, Stop> {
        let answer = self.ask_any(request)?;
        self.found(request, answer)
    }

    /// As [`find`](Self::find), for a call that prepares the command's own.
    pub(crate) fn find_before(&self, request: &ApiRequest) -> Result<Option<ApiAnswer>, Stop> {
        let answer = self.send(request, Wrap::Never)?;
        self.found(request, answer)
    }

    fn found(&self, request: &ApiRequest, answer: ApiAnswer) -> Result<Option<ApiAnswer>, Stop> {
        if answer.status != 404 {
            let answer = self.accepted(request, answer)?;
            return Ok(answer.json.is_some().then_some(answer));
        }
        let says = |key: &str| {
            let found = answer.json.as_ref().and_then(|map| map.get(key));
            found.is_some_and(|value| !value.is_null())
        };
        if says("data") || says("warnings") {
            return Ok(Some(answer));
        }
        Ok(None)
    }

    /// Sends the command's own call and gives back what came, also refusals.
    pub(crate) fn ask_any(&mut self, request: &ApiRequest) -> Result<ApiAnswer, Stop> {
        let text = match self.settings.printing {
            None => return self.send(request, Wrap::AsAsked),
            Some(Printing::Policy) => crate::needed_policy::of(request),
            Some(Printing::Curl) => {
                let mut headers = self.headers(Wrap::AsAsked, &request.path);
                if self.settings.token.is_some() {
                    let read = "$(casemate print token)".to_owned();
                    headers.push(("X-Vault-Token".to_owned(), read));
                }
                request.curl(self.transport.address(), &headers)
            }
        };
        self.say(&text)?;
        Err(Stop::Printed)
    }

    /// Sends the command's own call and copies its answer as it comes, to the user or to `into`.
    pub(crate) fn stream(
        &mut self,
        request: &ApiRequest,
        into: Option<&mut dyn Write>,
    ) -> Result<(), Stop> {
        if self.settings.printing.is_some() {
            return self.ask_any(request).map(drop);
        }
        let headers = self.with_token(Wrap::Never, request);
        let refused = match into {
            Some(into) => self.transport.stream(request, &headers, into),
            None => self.transport.stream(request, &headers, self.output),
        };
        match refused? {
            Some(refused) => self.accepted(request, refused).map(drop),
            None => Ok(()),
        }
    }

    /// The transport, and the headers that a call goes with: for calls beside the command's own.
    pub(crate) fn beside(&self, request: &ApiRequest) -> (&dyn Transport, Vec<(String, String)>) {
        (self.transport, self.with_token(Wrap::Never, request))
    }

    /// Turns a refusal into an end of the command.
    pub(crate) fn accepted(
        &self,
        request: &ApiRequest,
        answer: ApiAnswer,
    ) -> Result<ApiAnswer, Stop> {
        if answer.status < 400 {
            return Ok(answer);
        }
        let namespace = self.settings.namespace.clone();
        Err(refusal(
            request,
            self.transport.address(),
            namespace,
            answer,
        ))
    }

    /// Prints a line for the user.
    pub(crate) fn say(&mut self, line: &str) -> Result<(), Stop> {
        Ok(writeln!(self.output, "{line}")?)
    }

    /// Prints a line on the error output.
    pub(crate) fn warn(&mut self, line: &str) -> Result<(), Stop> {
        Ok(writeln!(self.errors, "{line}")?)
    }

    /// Prints a success message.
    pub(crate) fn success(&mut self, line: &str) -> Result<u8, Stop> {
        self.say(line)?;
        Ok(code::OK)
    }

    /// Prints that data was written or deleted. Programs, which asked for another format, expect
    /// what the server answered or nothing.
    pub(crate) fn done(&mut self, line: &str) -> Result<u8, Stop> {
        match self.settings.format {
            Format::Table => self.success(line),
            _ => Ok(code::OK),
        }
    }

    /// Says that there is nothing: exit code 2, and an empty object for programs.
    pub(crate) fn nothing(&mut self, line: &str) -> Result<u8, Stop> {
        self.warn(line)?;
        Ok(code::NOTHING_OR_SEALED)
    }

    /// Prints an answer in the format asked for.
    pub(crate) fn show(&mut self, answer: &ApiAnswer) -> Result<u8, Stop> {
        if self.settings.format == Format::Raw {
            let text = answer.text.clone();
            self.say(&text)?;
            return Ok(code::OK);
        }
        match answer.envelope() {
            Some(envelope) => self.show_envelope(&envelope),
            None => Ok(code::OK),
        }
    }

    /// Prints an envelope in the format asked for.
    pub(crate) fn show_envelope(&mut self, envelope: &Envelope) -> Result<u8, Stop> {
        if let Some(name) = self.settings.field.clone() {
            return self.show_field(show::envelope::field(envelope, &name), &name, "secret");
        }
        match show::document(self.settings.format, &show::envelope::node(envelope)) {
            Some(text) => self.say(&text)?,
            None => {
                if !show::envelope::rows(envelope).is_empty() {
                    self.say(&show::envelope::table(envelope))?;
                }
                self.show_warnings(envelope)?;
            }
        }
        Ok(code::OK)
    }

    /// Prints the warnings of an answer, if it has any.
    pub(crate) fn show_warnings(&mut self, envelope: &Envelope) -> Result<(), Stop> {
        if envelope.warnings.is_empty() {
            return Ok(());
        }
        self.warn(&show::warnings::block(&envelope.warnings))
    }

    /// Prints a map in the format asked for: a table of pairs, or the map itself.
    pub(crate) fn show_map(
        &mut self,
        map: &Map<String, Value>,
        first: &[&str],
    ) -> Result<u8, Stop> {
        if let Some(name) = self.settings.field.clone() {
            return self.show_field(map.get(&name).cloned(), &name, "map");
        }
        let node = show::json::ordered(map.clone(), first);
        match show::document(self.settings.format, &node) {
            Some(text) => self.say(&text)?,
            None => self.say(&show::table::pairs(show::envelope::map_rows(map)))?,
        }
        Ok(code::OK)
    }

    /// Prints a document, or what `table` makes of it.
    pub(crate) fn show_or(
        &mut self,
        node: &Node,
        table: impl FnOnce() -> String,
    ) -> Result<u8, Stop> {
        match show::document(self.settings.format, node) {
            Some(text) => self.say(&text)?,
            None => self.say(&table())?,
        }
        Ok(code::OK)
    }

    /// Prints one field alone, without a line break when the output is not a terminal.
    /// `place` says where it was looked for.
    pub(crate) fn show_field(
        &mut self,
        found: Option<Value>,
        name: &str,
        place: &str,
    ) -> Result<u8, Stop> {
        let Some(found) = found.filter(|value| !value.is_null()) else {
            self.warn(&format!("Field {name:?} not present in {place}"))?;
            return Ok(code::FAILED);
        };
        match self.settings.format {
            Format::Json | Format::Raw => {
                write!(self.output, "{}", show::json::pretty(&found.into()))?;
            }
            Format::Yaml => writeln!(self.output, "{}", show::yaml::document(&found))?,
            Format::Table => write!(self.output, "{}", show::value::inline(&found))?,
        }
        if self.output_is_terminal {
            writeln!(self.output)?;
        }
        Ok(code::OK)
    }

    /// Reads data arguments with this session's standard input.
    pub(crate) fn data(&mut self, words: &[String]) -> Result<Map<String, Value>, Stop> {
        crate::data::parse(words, &mut crate::data::Disk(self.input))
    }

    /// Reads data arguments that must be strings.
    pub(crate) fn strings(&mut self, words: &[String]) -> Result<Vec<(String, String)>, Stop> {
        crate::data::parse_strings(words, &mut crate::data::Disk(self.input))
    }
}

/// Whether a call's answer is wrapped when the user asked for wrapping.
#[derive(Clone, Copy)]
enum Wrap {
    AsAsked,
    Never,
}
