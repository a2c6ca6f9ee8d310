//! `debug`: looks at a server for a while, and packs what it saw.
//!
//! What the server refuses is noted in the bundle and left out of it. Time is the server's own: this
//! side only waits.

use super::read_duration;
use crate::error::{Stop, of_file};
use crate::request::ApiRequest;
use crate::session::Session;
use core::time::Duration;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use crate::tree::generic::Debug;

const TARGETS: [&str; 8] = [
    "config",
    "host",
    "log",
    "metrics",
    "pprof",
    "replication-status",
    "requests",
    "server-status",
];

/// What is looked at again and again: the target, the file, and the path of the API.
const LOOKS: [(&str, &str, &str); 6] = [
    ("config", "config.json", "sys/config/state/sanitized"),
    ("host", "host_info.json", "sys/host-info"),
    ("metrics", "metrics.json", "sys/metrics"),
    (
        "replication-status",
        "replication_status.json",
        "sys/replication/status",
    ),
    ("requests", "requests.json", "sys/in-flight-req"),
    ("server-status", "server_status.json", "sys/seal-status"),
];

/// What of the process is kept as it is, a file for each look.
const PROCESS: [&str; 3] = ["goroutine", "heap", "threadcreate"];

const LOG: &str = "casemate.log";

/// Bytes of the log that are kept.
const LOG_BYTES_MAX: usize = 64 << 20;

/// Looks that one bundle can have.
const LOOKS_MAX: u64 = 10_000;

/// The server profiles itself no longer at once.
const PROFILE_SECONDS_MAX: u64 = 60;

/// What was gathered.
#[derive(Default)]
struct Bundle {
    looks: BTreeMap<&'static str, Vec<Value>>,
    files: BTreeMap<String, Vec<u8>>,
    errors: Vec<Value>,
    log: Kept,
}

/// The log as far as it is kept.
#[derive(Default)]
struct Kept(Vec<u8>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = LOG_BYTES_MAX.saturating_sub(self.0.len());
        self.0.extend(bytes.iter().take(room));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(super) fn run(session: &mut Session<'_>, args: &Debug) -> Result<u8, Stop> {
    let targets = targets(&args.target)?;
    let duration = read_duration("duration", &args.duration)?;
    let interval = read_duration("interval", &args.interval)?;
    if interval.as_secs() == 0 {
        return Err(Stop::usage("-interval must be at least a second"));
    }
    let waits = duration.as_secs() / interval.as_secs();
    if waits > LOOKS_MAX {
        return Err(Stop::usage(format!("more than {LOOKS_MAX} intervals")));
    }
    let (begun, version) = server(session)?;
    let output = output(args, &begun)?;
    say_what_is_done(session, args, &targets, &version, &output)?;
    let mut bundle = Bundle::default();
    for wait in 0..=waits {
        let now = if wait == 0 {
            begun.clone()
        } else {
            server(session)?.0
        };
        bundle.look(session, &targets, &now, wait == 0);
        if wait < waits {
            bundle.wait(session, &targets, &now, interval);
        }
    }
    let index = json!({
        "version": 1,
        "vault_address": session.transport.address(),
        "client_version": env!("CARGO_PKG_VERSION"),
        "server_version": version,
        "timestamp": begun,
        "duration_seconds": duration.as_secs(),
        "interval_seconds": interval.as_secs(),
        "compress": args.compress,
        "targets": targets,
        "errors": bundle.errors,
    });
    let files = bundle.into_files(index)?;
    match args.compress {
        true => pack(&output, &files),
        false => spread(&output, &files),
    }
    .map_err(|error| {
        Stop::local(format!(
            "Error writing the bundle: {}",
            of_file(&output, &error)
        ))
    })?;
    session.success(&format!("Success! Bundle written to: {output}"))
}

fn targets(asked: &[String]) -> Result<Vec<&'static str>, Stop> {
    // Several may stand in one, with commas.
    let asked: Vec<&str> = asked.iter().flat_map(|text| text.split(',')).collect();
    let unknown = asked
        .iter()
        .find(|name| **name != "all" && !TARGETS.contains(name));
    if let Some(name) = unknown {
        return Err(Stop::usage(format!(
            "{name} is an unknown target. Use one of {}.",
            TARGETS.join(", ")
        )));
    }
    let is_asked =
        |name: &&&'static str| asked.is_empty() || asked.contains(&"all") || asked.contains(*name);
    Ok(TARGETS.iter().filter(is_asked).copied().collect())
}

/// When it is there, and which version it runs. `sys/health` has a status of its own for each state, and
/// each is an answer.
fn server(session: &mut Session<'_>) -> Result<(String, String), Stop> {
    let answer = session.ask_any(&ApiRequest::get("sys/health"))?;
    let field = |name: &str| answer.json.as_ref().and_then(|json| json.get(name));
    let seconds = field("server_time_utc").and_then(Value::as_u64);
    let seconds = seconds.ok_or_else(|| Stop::local("the server does not tell how it is"))?;
    let now = base::Timestamp::from_millis(seconds.saturating_mul(1_000));
    let version = field("version").and_then(Value::as_str).unwrap_or_default();
    Ok((now.to_rfc3339(), version.to_owned()))
}

/// A time as the name of a file.
fn in_a_name(time: &str) -> String {
    time.replace(':', "-")
}

/// Where the bundle goes. Nothing is overwritten.
fn output(args: &Debug, begun: &str) -> Result<String, Stop> {
    let usual = || format!("casemate-debug-{}", in_a_name(begun));
    let mut output = args.output.clone().unwrap_or_else(usual);
    if args.compress && !output.ends_with(".tar.gz") && !output.ends_with(".tgz") {
        output.push_str(".tar.gz");
    }
    match Path::new(&output).exists() {
        true => Err(Stop::usage(format!("output path already exists: {output}"))),
        false => Ok(output),
    }
}

fn say_what_is_done(
    session: &mut Session<'_>,
    args: &Debug,
    targets: &[&str],
    version: &str,
    output: &str,
) -> Result<(), Stop> {
    let address = session.transport.address().to_owned();
    session.say("==> Starting debug capture...")?;
    for (name, value) in [
        ("Address", address.as_str()),
        ("Client Version", env!("CARGO_PKG_VERSION")),
        ("Server Version", version),
        ("Duration", &args.duration),
        ("Interval", &args.interval),
        ("Targets", &targets.join(", ")),
        ("Output", output),
    ] {
        session.say(&format!("{name:>22}: {value}"))?;
    }
    Ok(())
}

impl Bundle {
    /// One look at everything; at the configuration only in the first.
    fn look(&mut self, session: &mut Session<'_>, targets: &[&str], now: &str, is_first: bool) {
        let is_wanted =
            |target: &str| targets.contains(&target) && (is_first || target != "config");
        for (target, file, path) in LOOKS {
            if is_wanted(target) {
                match session.prepare(&ApiRequest::get(path)) {
                    Ok(answer) => {
                        let json = answer.json.clone().map(Value::Object);
                        let data = json
                            .as_ref()
                            .and_then(|json| json.get("data"))
                            .filter(|data| !data.is_null());
                        let seen = data.cloned().or(json).unwrap_or_default();
                        let look = json!({"timestamp": now, "seen": seen});
                        self.looks.entry(file).or_default().push(look);
                    }
                    Err(stop) => self.note(target, now, &stop),
                }
            }
        }
        if targets.contains(&"pprof") {
            for name in PROCESS {
                match session.prepare(&ApiRequest::get(format!("sys/pprof/{name}"))) {
                    Ok(answer) => {
                        let at = format!("{}/{name}.txt", in_a_name(now));
                        self.files.insert(at, answer.text.into_bytes());
                    }
                    Err(stop) => self.note("pprof", now, &stop),
                }
            }
        }
    }

    /// Waits, and meanwhile follows the log and has the server profile itself.
    fn wait(&mut self, session: &Session<'_>, targets: &[&str], now: &str, interval: Duration) {
        let seconds = interval.as_secs().min(PROFILE_SECONDS_MAX);
        let profile =
            ApiRequest::get("sys/pprof/profile").with_query("seconds", seconds.to_string());
        let (transport, headers) = session.beside(&profile);
        let mut taken = Vec::new();
        let (log, profiled) = std::thread::scope(|scope| {
            let profiling = targets
                .contains(&"pprof")
                .then(|| scope.spawn(|| transport.stream(&profile, &headers, &mut taken)));
            let log = targets.contains(&"log").then(|| {
                let request = ApiRequest::get("sys/monitor").within(interval);
                transport.stream(&request, &headers, &mut self.log)
            });
            if !matches!(log, Some(Ok(None))) {
                std::thread::sleep(interval);
            }
            let profiled = profiling.map(|profiling| profiling.join());
            (log, profiled)
        });
        self.note_refusal("log", now, log);
        match profiled {
            Some(Ok(Ok(None))) => {
                let at = format!("{}/profile.prof", in_a_name(now));
                self.files.insert(at, taken);
            }
            Some(Ok(other)) => self.note_refusal("pprof", now, Some(other)),
            Some(Err(_)) | None => {}
        }
    }

    fn note(&mut self, target: &str, now: &str, stop: &Stop) {
        let error = json!({"target": target, "timestamp": now, "error": stop.to_string()});
        self.errors.push(error);
    }

    fn note_refusal(
        &mut self,
        target: &str,
        now: &str,
        came: Option<Result<Option<crate::answer::ApiAnswer>, Stop>>,
    ) {
        match came {
            Some(Ok(Some(refused))) => {
                let stop = Stop::local(format!("status {}: {}", refused.status, refused.text));
                self.note(target, now, &stop);
            }
            Some(Err(stop)) => self.note(target, now, &stop),
            Some(Ok(None)) | None => {}
        }
    }

    fn into_files(mut self, index: Value) -> Result<BTreeMap<String, Vec<u8>>, Stop> {
        let text = |value: &Value| {
            serde_json::to_vec_pretty(value).map_err(|error| Stop::local(error.to_string()))
        };
        for (file, looks) in self.looks {
            self.files
                .insert(file.to_owned(), text(&Value::Array(looks))?);
        }
        if !self.log.0.is_empty() {
            self.files.insert(LOG.to_owned(), self.log.0);
        }
        let mut index = index;
        if let Value::Object(index) = &mut index {
            index.insert("files".into(), self.files.keys().cloned().collect());
        }
        self.files.insert("index.json".into(), text(&index)?);
        Ok(self.files)
    }
}

/// One file with all of them, below a folder of the bundle's name. For its owner alone.
fn pack(output: &str, files: &BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    let name = Path::new(output).file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    let folder = name.trim_end_matches(".tar.gz").trim_end_matches(".tgz");
    let zipped = GzEncoder::new(create(Path::new(output))?, Compression::default());
    let mut packed = tar::Builder::new(zipped);
    for (file, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        header.set_cksum();
        packed.append_data(&mut header, format!("{folder}/{file}"), bytes.as_slice())?;
    }
    packed.into_inner()?.finish()?.sync_all()
}

fn spread(output: &str, files: &BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    for (file, bytes) in files {
        let path = Path::new(output).join(file);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(output)))?;
        create(&path)?.write_all(bytes)?;
    }
    Ok(())
}

fn create(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::File::options();
    options.write(true).create_new(true).mode(0o600).open(path)
}
