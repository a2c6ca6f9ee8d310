//! The log in a file, which begins anew when it is long or old.

use crate::config::LogFileConfig;
use crate::system::SystemClock;
use base::{Clock, Timestamp};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write, stderr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tracing_subscriber::fmt::MakeWriter;

/// The file.
pub(super) struct LogFile {
    config: LogFileConfig,
    path: PathBuf,
    clock: Box<dyn Clock>,
    /// Held for one line.
    open: Mutex<Open>,
}

struct Open {
    file: File,
    bytes: u64,
    since: Timestamp,
}

/// The file's name where only a folder was named.
const NAME: &str = "casemate.log";

impl LogFile {
    pub(super) fn open(config: &LogFileConfig) -> io::Result<Self> {
        Self::open_with(config, Box::new(SystemClock))
    }

    fn open_with(config: &LogFileConfig, clock: Box<dyn Clock>) -> io::Result<Self> {
        let is_folder =
            config.path.is_dir() || config.path.as_os_str().as_encoded_bytes().ends_with(b"/");
        let path = match is_folder {
            true => config.path.join(NAME),
            false => config.path.clone(),
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let open = Open::begin(&path, clock.now())?;
        Ok(Self {
            config: config.clone(),
            path,
            clock,
            open: Mutex::new(open),
        })
    }

    pub(super) fn reopen(&self) -> io::Result<()> {
        let open = Open::begin(&self.path, self.clock.now())?;
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = open;
        Ok(())
    }

    fn append(&self, line: &[u8]) -> io::Result<()> {
        let now = self.clock.now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let is_long = self.config.bytes_max > 0
            && open.bytes > 0
            && open.bytes.saturating_add(line.len() as u64) > self.config.bytes_max;
        let is_old = !self.config.duration_max.is_zero()
            && now.since(open.since) >= self.config.duration_max;
        if is_long || is_old {
            self.rotate(open.since, now)?;
            *open = Open::begin(&self.path, now)?;
        }
        open.bytes = open.bytes.saturating_add(line.len() as u64);
        open.file.write_all(line)
    }

    /// Moves the file away: its name then tells when it ended.
    fn rotate(&self, since: Timestamp, now: Timestamp) -> io::Result<()> {
        let (stem, ending) = self.parts();
        let nanos = |at: Timestamp| u128::from(at.as_millis()) * 1_000_000;
        let named = |nanos: u128| self.path.with_file_name(format!("{stem}-{nanos}.{ending}"));
        let mut ended = nanos(now.max(since));
        // Two in one millisecond.
        while named(ended).exists() {
            ended += 1;
        }
        fs::rename(&self.path, named(ended))?;
        self.remove_oldest(&stem, &ending)
    }

    fn parts(&self) -> (String, String) {
        let part =
            |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
        let stem = part(self.path.file_stem()).unwrap_or_default();
        (
            stem,
            part(self.path.extension()).unwrap_or_else(|| String::from("log")),
        )
    }

    /// Keeps as many of those that ended as are wanted: all for zero, none for less.
    fn remove_oldest(&self, stem: &str, ending: &str) -> io::Result<()> {
        let kept = match self.config.files_max {
            0 => return Ok(()),
            max => usize::try_from(max).unwrap_or(0),
        };
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut ended: Vec<(u128, PathBuf)> = Vec::new();
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            let nanos = name.as_deref().and_then(|name| {
                let rest = name.strip_prefix(stem)?.strip_prefix('-')?;
                rest.strip_suffix(ending)?.strip_suffix('.')?.parse().ok()
            });
            ended.extend(nanos.map(|nanos| (nanos, path)));
        }
        ended.sort_unstable();
        let surplus = ended.len().saturating_sub(kept);
        for (_, path) in ended.into_iter().take(surplus) {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

impl Open {
    fn begin(path: &Path, since: Timestamp) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.append(true).create(true).mode(0o640).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { file, bytes, since })
    }
}

/// Standard error, and the file where there is one.
pub(super) struct Writers(Option<Arc<LogFile>>);

impl Writers {
    pub(super) const fn to(file: Option<Arc<LogFile>>) -> Self {
        Self(file)
    }
}

impl<'a> MakeWriter<'a> for Writers {
    type Writer = Both<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Both(self.0.as_deref())
    }
}

/// Takes whole lines.
pub(super) struct Both<'a>(Option<&'a LogFile>);

impl Write for Both<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(file) = self.0
            && let Err(error) = file.append(line)
        {
            // Not through the log, which would come back here.
            let _ = writeln!(stderr(), "the log file takes nothing: {error}");
        }
        stderr().write_all(line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::ManualClock;
    use core::time::Duration;

    struct Shared(Arc<ManualClock>);

    impl Clock for Shared {
        fn now(&self) -> Timestamp {
            self.0.now()
        }
    }

    fn opened(folder: &Path, bytes_max: u64, files_max: i64) -> (LogFile, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_000)));
        let config = LogFileConfig {
            path: folder.join("logs/a.log"),
            bytes_max,
            duration_max: Duration::from_secs(60),
            files_max,
        };
        let file = LogFile::open_with(&config, Box::new(Shared(Arc::clone(&clock)))).unwrap();
        (file, clock)
    }

    /// Names and texts of all files, the current one last.
    fn files(folder: &Path) -> Vec<(String, String)> {
        let files = fs::read_dir(folder.join("logs")).unwrap();
        let mut files: Vec<(String, String)> = files
            .map(|file| {
                let file = file.unwrap();
                let text = fs::read_to_string(file.path()).unwrap();
                (file.file_name().into_string().unwrap(), text)
            })
            .collect();
        files.sort();
        files
    }

    fn pair(name: &str, text: &str) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }

    #[test]
    fn a_long_file_and_an_old_one_begin_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (file, clock) = opened(folder.path(), 10, 0);
        for line in [b"one 1\n", b"two 2\n", b"thr 3\n"] {
            file.append(line).unwrap();
        }
        clock.advance(Duration::from_secs(60));
        file.append(b"f\n").unwrap();
        assert_eq!(
            files(folder.path()),
            [
                pair("a-1000000000.log", "one 1\n"),
                pair("a-1000000001.log", "two 2\n"),
                pair("a-61000000000.log", "thr 3\n"),
                pair("a.log", "f\n"),
            ]
        );
    }

    #[test]
    fn only_as_many_are_kept_as_are_wanted() {
        for (files_max, expected) in [(2, 3), (-1, 1), (0, 6)] {
            let folder = tempfile::tempdir().unwrap();
            let (file, _) = opened(folder.path(), 1, files_max);
            fs::write(folder.path().join("logs/a-other.log"), "").unwrap();
            for line in [b"1\n", b"2\n", b"3\n", b"4\n", b"5\n", b"6\n"] {
                file.append(line).unwrap();
            }
            let files = files(folder.path());
            let logs = files.iter().filter(|(name, _)| name != "a-other.log");
            assert_eq!(logs.count(), expected, "{files:?}");
            assert_eq!(files.last().unwrap(), &pair("a.log", "6\n"));
        }
    }

    #[test]
    fn a_folder_gets_a_file_and_a_moved_file_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let config = LogFileConfig {
            path: folder.path().to_owned(),
            bytes_max: 0,
            duration_max: Duration::ZERO,
            files_max: 0,
        };
        let file = LogFile::open(&config).unwrap();
        file.append(b"one\n").unwrap();
        let path = folder.path().join(NAME);
        fs::rename(&path, folder.path().join("moved")).unwrap();
        file.reopen().unwrap();
        file.append(b"two\n").unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), "two\n");
    }
}
