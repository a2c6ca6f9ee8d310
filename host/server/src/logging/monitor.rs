//! The log for who monitors it. A reader who is slow loses lines and is told how many; nobody waits
//! for him.

use super::line::room;
use crate::config::LogLevel;
use crate::system::SystemClock;
use base::{Clock as _, Pieces, Timestamp};
use core::fmt::{Debug, Write as _};
use core::task::{Context, Poll};
use node::{LogFault, LogShape};
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer;

/// Readers at one time.
const READERS_MAX: usize = 16;
/// Lines that wait for a reader.
const LINES_MAX: usize = 512;

/// Told of the most talkative level that somebody reads; None for nobody.
type Notice = Box<dyn Fn(Option<LogLevel>) + Send + Sync>;

/// All readers.
pub(super) struct Hub {
    readers: Mutex<Readers>,
    notice: Notice,
}

#[derive(Default)]
struct Readers {
    last: u64,
    all: Vec<Reader>,
}

struct Reader {
    number: u64,
    level: LogLevel,
    shape: LogShape,
    lines: mpsc::Sender<Vec<u8>>,
    /// Lines that it missed since the last one that it got.
    lost: u64,
}

impl Hub {
    pub(super) fn new(notice: Notice) -> Arc<Self> {
        Arc::new(Self {
            readers: Mutex::default(),
            notice,
        })
    }

    fn readers(&self) -> MutexGuard<'_, Readers> {
        // Held while a line is handed out; nothing in there waits, and nothing logs.
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more reader.
    pub(super) fn join(
        self: &Arc<Self>,
        level: LogLevel,
        shape: LogShape,
    ) -> Result<Box<dyn Pieces>, LogFault> {
        let (lines, receiver) = mpsc::channel(LINES_MAX);
        let mut readers = self.readers();
        if readers.all.len() >= READERS_MAX {
            return Err(LogFault::TooManyReaders);
        }
        readers.last += 1;
        let number = readers.last;
        readers.all.push(Reader {
            number,
            level,
            shape,
            lines,
            lost: 0,
        });
        drop(readers);
        self.tell();
        Ok(Box::new(Lines {
            hub: Arc::clone(self),
            number,
            receiver,
        }))
    }

    fn tell(&self) {
        let most = self.readers().all.iter().map(|reader| reader.level).min();
        (self.notice)(most);
    }

    fn leave(&self, number: u64) {
        self.readers().all.retain(|reader| reader.number != number);
        self.tell();
    }

    /// No reader gets any more.
    pub(super) fn end(&self) {
        self.readers().all.clear();
        self.tell();
    }

    fn send(&self, entry: &Entry) {
        for reader in &mut self.readers().all {
            if entry.level >= reader.level {
                reader.take(entry);
            }
        }
    }
}

impl Reader {
    fn take(&mut self, entry: &Entry) {
        if self.lost > 0 {
            let told = Entry::about_loss(entry.at, self.lost);
            if self.lines.try_send(told.shaped(self.shape)).is_err() {
                self.lost += 1;
                return;
            }
            self.lost = 0;
        }
        if self.lines.try_send(entry.shaped(self.shape)).is_err() {
            self.lost += 1;
        }
    }
}

/// What one reader gets. Without it he is no reader any more.
struct Lines {
    hub: Arc<Hub>,
    number: u64,
    receiver: mpsc::Receiver<Vec<u8>>,
}

impl Pieces for Lines {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        self.receiver.poll_recv(context)
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.hub.leave(self.number);
    }
}

/// Hands every event to the hub.
pub(super) struct MonitorLayer(Arc<Hub>);

impl MonitorLayer {
    pub(super) fn of(hub: &Arc<Hub>) -> Self {
        Self(Arc::clone(hub))
    }
}

impl<S: Subscriber> Layer<S> for MonitorLayer {
    fn on_event(&self, event: &Event<'_>, _: layer::Context<'_, S>) {
        let metadata = event.metadata();
        let mut entry = Entry {
            at: SystemClock.now(),
            level: level_of(*metadata.level()),
            room: room(metadata).to_owned(),
            message: String::new(),
            fields: Map::new(),
        };
        event.record(&mut entry);
        self.0.send(&entry);
    }
}

fn level_of(level: Level) -> LogLevel {
    match level {
        Level::TRACE => LogLevel::Trace,
        Level::DEBUG => LogLevel::Debug,
        Level::INFO => LogLevel::Info,
        Level::WARN => LogLevel::Warn,
        Level::ERROR => LogLevel::Error,
    }
}

/// One event.
struct Entry {
    at: Timestamp,
    level: LogLevel,
    room: String,
    message: String,
    fields: Map<String, Value>,
}

impl Entry {
    fn about_loss(at: Timestamp, lost: u64) -> Self {
        let mut fields = Map::new();
        fields.insert(String::from("count"), lost.into());
        Self {
            at,
            level: LogLevel::Warn,
            room: String::from("server"),
            message: String::from("lines were lost: the monitor reads too slowly"),
            fields,
        }
    }

    fn shaped(&self, shape: LogShape) -> Vec<u8> {
        let mut text = match shape {
            LogShape::Standard => self.standard(),
            LogShape::Json => self.json(),
        };
        text.push('\n');
        text.into_bytes()
    }

    fn standard(&self) -> String {
        let time = self.at.to_rfc3339();
        let level = format!("[{}]", self.level.name().to_uppercase());
        let mut text = format!("{time} {level:<7} {}: {}", self.room, self.message);
        for (at, (name, value)) in self.fields.iter().enumerate() {
            let before = if at == 0 { ": " } else { " " };
            // Writing to a string does not fail.
            let _ = match value.as_str() {
                Some(plain) if !plain.is_empty() && !plain.contains([' ', '"', '\n', '=']) => {
                    write!(text, "{before}{name}={plain}")
                }
                _ => write!(text, "{before}{name}={value}"),
            };
        }
        text
    }

    fn json(&self) -> String {
        let mut shown = Map::new();
        shown.insert("@level".into(), self.level.name().into());
        shown.insert("@message".into(), self.message.as_str().into());
        shown.insert("@module".into(), self.room.as_str().into());
        shown.insert("@timestamp".into(), self.at.to_rfc3339().into());
        shown.extend(self.fields.clone());
        Value::Object(shown).to_string()
    }

    fn note(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => drop(self.fields.insert(name.to_owned(), value)),
        }
    }
}

impl Visit for Entry {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.note(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.note(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.note(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.note(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.note(field, value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;
    use tracing_subscriber::Registry;
    use tracing_subscriber::layer::SubscriberExt as _;

    fn next(lines: &mut Box<dyn Pieces>) -> Option<String> {
        match lines.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(line)) => Some(String::from_utf8(line).unwrap()),
            Poll::Ready(None) => Some(String::from("end")),
            Poll::Pending => None,
        }
    }

    /// What a hub told.
    type Told = Arc<Mutex<Vec<Option<LogLevel>>>>;

    fn hub() -> (Arc<Hub>, Told) {
        let told = Told::default();
        let noted = Arc::clone(&told);
        let hub = Hub::new(Box::new(move |level| noted.lock().unwrap().push(level)));
        (hub, told)
    }

    #[test]
    fn readers_get_what_they_asked_for() {
        let (hub, told) = hub();
        let registry = Registry::default().with(MonitorLayer::of(&hub));
        tracing::subscriber::with_default(registry, || {
            tracing::info!("nobody reads this");
            let mut all = hub.join(LogLevel::Trace, LogShape::Standard).unwrap();
            let mut some = hub.join(LogLevel::Warn, LogShape::Json).unwrap();
            tracing::debug!(n = 5, text = "a b", plain = "c", "said");
            tracing::warn!("heard");
            let line = next(&mut all).unwrap();
            let (time, rest) = line.split_once(' ').unwrap();
            assert!(Timestamp::from_rfc3339(time).is_some(), "{line}");
            assert_eq!(rest, "[DEBUG] server: said: n=5 plain=c text=\"a b\"\n");
            assert!(next(&mut all).unwrap().contains("[WARN]  server: heard\n"));
            assert_eq!(next(&mut all), None);
            let line: Value = serde_json::from_str(&next(&mut some).unwrap()).unwrap();
            assert_eq!(
                (&line["@level"], &line["@message"]),
                (&"warn".into(), &"heard".into())
            );
            assert_eq!(next(&mut some), None);
            drop(all);
            assert_eq!(told.lock().unwrap().last(), Some(&Some(LogLevel::Warn)));
            hub.end();
            assert_eq!(next(&mut some), Some(String::from("end")));
            assert_eq!(told.lock().unwrap().last(), Some(&None));
        });
    }

    #[test]
    fn a_slow_reader_loses_lines_and_is_told() {
        let (hub, _) = hub();
        let registry = Registry::default().with(MonitorLayer::of(&hub));
        tracing::subscriber::with_default(registry, || {
            let mut slow = hub.join(LogLevel::Info, LogShape::Standard).unwrap();
            for number in 0..LINES_MAX + 7 {
                tracing::info!(number, "said");
            }
            for _ in 0..LINES_MAX {
                assert!(next(&mut slow).unwrap().contains("said"));
            }
            assert_eq!(next(&mut slow), None);
            tracing::info!("later");
            let told = next(&mut slow).unwrap();
            assert!(
                told.contains("lines were lost") && told.contains("count=7"),
                "{told}"
            );
            assert!(next(&mut slow).unwrap().contains("later"));
        });
    }

    #[test]
    fn there_are_not_too_many() {
        let (hub, _) = hub();
        let join = || hub.join(LogLevel::Info, LogShape::Json);
        let readers: Vec<_> = (0..READERS_MAX).map(|_| join().unwrap()).collect();
        assert_eq!(join().err(), Some(LogFault::TooManyReaders));
        drop(readers);
        join().unwrap();
    }
}
