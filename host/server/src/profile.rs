//! What `sys/pprof` shows of the process: read from the kernel's files, and a profile of its processors
//! that is taken by a signal, a hundred times a second of work.

use core::time::Duration;
use flate2::Compression;
use flate2::write::GzEncoder;
use node::ProfileFault;
use pprof::{ProfilerGuard, ProfilerGuardBuilder, Report};
use prost::Message;
use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

/// Samples in a second of work. A prime, so that what happens a hundred times a second is seen too.
const SAMPLES_PER_SECOND: i32 = 99;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// Is one being taken? There is one timer for the process.
static TAKING: AtomicBool = AtomicBool::new(false);

/// The words that the process was started with.
pub(crate) fn command() -> Vec<String> {
    let words = fs::read("/proc/self/cmdline").unwrap_or_default();
    let words = words.split(|byte| *byte == 0);
    words
        .filter(|word| !word.is_empty())
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect()
}

/// Its memory, as the kernel counts it.
pub(crate) fn memory() -> String {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    // The first line is an address, which is nobody's business.
    let lines = rollup.lines().skip(1);
    let mut text = String::from("# /proc/self/smaps_rollup: memory as the kernel counts it\n");
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Its threads: their number, and how many there are of each name.
pub(crate) fn threads() -> String {
    let mut names: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    let all = fs::read_dir("/proc/self/task").into_iter().flatten();
    for task in all.filter_map(Result::ok) {
        let name = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        *names.entry(name.trim().to_owned()).or_default() += 1;
    }
    let mut text = format!("threads: {}\n", names.values().sum::<usize>());
    for (name, count) in names {
        text.push_str(&format!("{count} {name}\n"));
    }
    text
}

/// Marks that a profile is being taken, until it is dropped.
struct Taking;

impl Taking {
    fn begin() -> Option<Self> {
        (!TAKING.swap(true, Ordering::AcqRel)).then_some(Self)
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        TAKING.store(false, Ordering::Release);
    }
}

/// Samples where processors are busy.
///
/// # Errors
/// [`ProfileFault`] as its variants say.
pub(crate) async fn processors(time: Duration) -> Result<Vec<u8>, ProfileFault> {
    let taking = Taking::begin().ok_or(ProfileFault::Busy)?;
    let guard = begin()?;
    #[expect(
        clippy::disallowed_methods,
        reason = "a profile takes the time that it takes, and nothing depends on it"
    )]
    tokio::time::sleep(time).await;
    let read = move || {
        let encoded = encoded(&guard, time);
        drop(guard);
        drop(taking);
        encoded
    };
    let impossible = |why: String| ProfileFault::Impossible(why);
    let read = tokio::task::spawn_blocking(read).await;
    read.map_err(|error| impossible(error.to_string()))?
}

/// Code of the system's own libraries is not walked through: a signal may have come in the middle of
/// what the walk itself needs.
fn begin() -> Result<ProfilerGuard<'static>, ProfileFault> {
    ProfilerGuardBuilder::default()
        .frequency(SAMPLES_PER_SECOND)
        .blocklist(&["libc", "libgcc", "pthread", "vdso"])
        .build()
        .map_err(|error| ProfileFault::Impossible(error.to_string()))
}

fn encoded(guard: &ProfilerGuard<'_>, time: Duration) -> Result<Vec<u8>, ProfileFault> {
    let impossible = |error: &dyn core::error::Error| ProfileFault::Impossible(error.to_string());
    let report = guard.report().build().map_err(|error| impossible(&error))?;
    let bytes = Tables::default().profile(&report, time).encode_to_vec();
    let mut zipped = GzEncoder::new(Vec::new(), Compression::default());
    zipped
        .write_all(&bytes)
        .map_err(|error| impossible(&error))?;
    zipped.finish().map_err(|error| impossible(&error))
}

/// A profile, as `profile.proto` of the tool `pprof` has it.
#[derive(Clone, PartialEq, Message)]
struct Profile {
    #[prost(message, repeated, tag = "1")]
    sample_types: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    locations: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    functions: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    texts: Vec<String>,
    #[prost(int64, tag = "10")]
    duration_nanos: i64,
    #[prost(message, optional, tag = "11")]
    period_type: Option<ValueType>,
    #[prost(int64, tag = "12")]
    period: i64,
}

/// Both are positions among the texts.
#[derive(Clone, Copy, PartialEq, Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    kind: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    /// The innermost first.
    #[prost(uint64, repeated, tag = "1")]
    locations: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    values: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(message, repeated, tag = "4")]
    lines: Vec<Line>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "4")]
    file: i64,
}

/// Texts and functions have numbers; here is which.
#[derive(Default)]
struct Tables {
    texts: Vec<String>,
    positions: HashMap<String, i64>,
    functions: Vec<Function>,
    locations: Vec<Location>,
    known: HashMap<(String, String, u32), u64>,
}

impl Tables {
    fn profile(mut self, report: &Report, time: Duration) -> Profile {
        // The first text is empty.
        self.text("");
        let kind = |tables: &mut Self, kind, unit| ValueType {
            kind: tables.text(kind),
            unit: tables.text(unit),
        };
        let sample_types = vec![
            kind(&mut self, "samples", "count"),
            kind(&mut self, "cpu", "nanoseconds"),
        ];
        let period = NANOS_PER_SECOND / i64::from(SAMPLES_PER_SECOND);
        let mut samples = Vec::new();
        for (frames, count) in &report.data {
            let count = i64::try_from(*count).unwrap_or(i64::MAX);
            let symbols = frames.frames.iter().flatten();
            let locations = symbols.map(|symbol| {
                let file = symbol.filename().into_owned();
                self.location(symbol.name(), file, symbol.lineno())
            });
            samples.push(Sample {
                locations: locations.collect(),
                values: vec![count, count.saturating_mul(period)],
            });
        }
        Profile {
            period_type: sample_types.last().copied(),
            sample_types,
            samples,
            locations: self.locations,
            functions: self.functions,
            texts: self.texts,
            duration_nanos: i64::try_from(time.as_nanos()).unwrap_or(i64::MAX),
            period,
        }
    }

    fn text(&mut self, text: &str) -> i64 {
        if let Some(position) = self.positions.get(text) {
            return *position;
        }
        let position = i64::try_from(self.texts.len()).unwrap_or(i64::MAX);
        self.texts.push(text.to_owned());
        self.positions.insert(text.to_owned(), position);
        position
    }

    /// The number of a line in a function. Each has a function of its own, which tools put together by
    /// their names.
    fn location(&mut self, name: String, file: String, line: u32) -> u64 {
        let (name_at, file_at) = (self.text(&name), self.text(&file));
        let next = self.locations.len() as u64 + 1;
        let id = *self.known.entry((name, file, line)).or_insert(next);
        if id == next {
            self.functions.push(Function {
                id,
                name: name_at,
                file: file_at,
            });
            self.locations.push(Location {
                id,
                lines: vec![Line {
                    function: id,
                    line: i64::from(line),
                }],
            });
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_tells_of_this_process() {
        assert!(!command().is_empty());
        assert!(memory().contains("\nRss:"), "{}", memory());
        assert!(threads().starts_with("threads: "), "{}", threads());
    }

    #[test]
    fn lines_of_functions_have_numbers() {
        let mut tables = Tables::default();
        tables.text("");
        let mut at = |name: &str, line| tables.location(name.into(), "f.rs".into(), line);
        let numbers = [at("a", 1), at("b", 1), at("a", 2), at("a", 1)];
        assert_eq!(numbers, [1, 2, 3, 1]);
        assert_eq!(tables.texts, ["", "a", "f.rs", "b"]);
        assert_eq!(tables.functions.len(), 3);
    }

    #[test]
    fn one_profile_at_a_time() {
        let first = Taking::begin();
        assert!(first.is_some() && Taking::begin().is_none());
        drop(first);
        assert!(Taking::begin().is_some());
    }
}
