//! The options of a device, as operators write them.

use crate::{
    Address, AuditError, Device, Discard, Exclusions, FileDevice, Filter, Framing, RemoteDevice,
    Stdout,
};
use core::time::Duration;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// How lines are written. Part of every kind of device.
#[derive(Clone, Debug)]
pub struct Format {
    /// Stands before every line.
    pub prefix: String,
    /// Values are written as they are. For tests of an installation only.
    pub log_raw: bool,
    /// Accessors are written as hashes.
    pub hmac_accessor: bool,
    /// Of the keys of a listing only their count is written.
    pub elide_list_responses: bool,
    /// What is left out.
    pub exclude: Exclusions,
}

impl Default for Format {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            log_raw: false,
            hmac_accessor: true,
            elide_list_responses: false,
            exclude: Exclusions::default(),
        }
    }
}

/// Which records a device is given.
#[derive(Clone, Debug, Default)]
pub enum Share {
    /// All of them.
    #[default]
    All,
    /// Those that the filter lets pass.
    Filtered(Filter),
    /// Those that no other device took.
    Fallback,
}

/// Where a device writes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// The server's standard output.
    Stdout,
    /// Nowhere.
    Discard,
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
        /// Its permissions; none to leave those it has.
        mode: Option<u32>,
    },
    /// A socket.
    Remote {
        /// Which.
        address: Address,
        /// How long a line may take.
        duration_max: Duration,
        /// How a line is packed.
        framing: Framing,
    },
}

impl Target {
    /// Opens it.
    ///
    /// # Errors
    /// [`AuditError`] with what the system said. A socket that nobody listens at is none: it may come.
    pub fn open(&self) -> Result<Box<dyn Device>, AuditError> {
        Ok(match self {
            Self::Stdout => Box::new(Stdout),
            Self::Discard => Box::new(Discard),
            Self::File { path, mode } => Box::new(FileDevice::open(path, *mode)?),
            Self::Remote {
                address,
                duration_max,
                framing,
            } => Box::new(RemoteDevice::open(
                address.clone(),
                *duration_max,
                framing.clone(),
            )?),
        })
    }
}

/// The options of a device, checked.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it writes.
    pub target: Target,
    /// How it writes.
    pub format: Format,
    /// What it is given.
    pub share: Share,
}

/// A kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Lines in a file.
    File,
    /// Lines over a socket.
    Socket,
    /// Lines to the system's log.
    Syslog,
}

impl Kind {
    /// The kind that operators call `name`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "file" => Self::File,
            "socket" => Self::Socket,
            "syslog" => Self::Syslog,
            _ => return None,
        })
    }
}

const PREFIX_BYTES_MAX: usize = 256;
const TAG_BYTES_MAX: usize = 32;
/// How long a line may take where nothing is said, and at the most: a request waits for it.
const WRITE_DURATION: Duration = Duration::from_secs(2);
const WRITE_DURATION_MAX: Duration = Duration::from_secs(30);
/// Where systems have the socket of their log.
const SYSTEM_LOGS: [&str; 3] = ["/dev/log", "/var/run/syslog", "/var/run/log"];
/// Facilities by their numbers.
const FACILITIES: [&str; 24] = [
    "KERN", "USER", "MAIL", "DAEMON", "AUTH", "SYSLOG", "LPR", "NEWS", "UUCP", "CRON", "AUTHPRIV",
    "FTP", "", "", "", "", "LOCAL0", "LOCAL1", "LOCAL2", "LOCAL3", "LOCAL4", "LOCAL5", "LOCAL6",
    "LOCAL7",
];
/// Severity of every line: informational.
const INFO: usize = 6;

impl Options {
    /// Reads the options of a device. Who may set them may write where the server may, so what could
    /// make a program of a file is refused: `..` in the path, permissions to execute, a prefix with
    /// line ends or one that a kernel would take for an interpreter line.
    ///
    /// # Errors
    /// [`AuditError::Option`] for what is missing, unknown or refused.
    pub fn parse(kind: Kind, options: &BTreeMap<String, String>) -> Result<Self, AuditError> {
        let mut own = options.clone();
        let (format, share) = parse_shared(&mut own)?;
        let target = match kind {
            Kind::File => parse_file(&mut own)?,
            Kind::Socket => parse_socket(&mut own)?,
            Kind::Syslog => parse_syslog(&mut own)?,
        };
        match own.keys().next() {
            Some(name) => Err(AuditError::option(name, "is not known")),
            None => Ok(Self {
                target,
                format,
                share,
            }),
        }
    }
}

type Given = BTreeMap<String, String>;

/// Takes an option and reads it.
fn take<T>(
    options: &mut Given,
    name: &str,
    read: impl FnOnce(&str) -> Result<T, &'static str>,
) -> Result<Option<T>, AuditError> {
    let given = options.remove(name);
    let read = given.map(|text| read(&text).map_err(|why| AuditError::option(name, why)));
    read.transpose()
}

/// What every kind of device has.
fn parse_shared(options: &mut Given) -> Result<(Format, Share), AuditError> {
    let default = Format::default();
    take(options, "format", |text| match text {
        "json" => Ok(()),
        _ => Err("must be json"),
    })?;
    let format = Format {
        prefix: take(options, "prefix", parse_prefix)?.unwrap_or_default(),
        log_raw: take(options, "log_raw", parse_bool)?.unwrap_or_default(),
        hmac_accessor: take(options, "hmac_accessor", parse_bool)?.unwrap_or(default.hmac_accessor),
        elide_list_responses: take(options, "elide_list_responses", parse_bool)?
            .unwrap_or_default(),
        exclude: match options.remove("exclude").as_deref() {
            None | Some("") => Exclusions::default(),
            Some(text) => Exclusions::parse(text)?,
        },
    };
    let filter = options.remove("filter").filter(|text| !text.is_empty());
    let is_fallback = take(options, "fallback", parse_bool)?.unwrap_or_default();
    let share = match (filter, is_fallback) {
        (Some(_), true) => {
            return Err(AuditError::option("filter", "is not for a fallback device"));
        }
        (Some(text), false) => Share::Filtered(
            Filter::parse(&text)
                .map_err(|error| AuditError::option("filter", error.to_string()))?,
        ),
        (None, true) => Share::Fallback,
        (None, false) => Share::All,
    };
    Ok((format, share))
}

fn parse_file(options: &mut Given) -> Result<Target, AuditError> {
    let older = options.remove("path");
    let path = options.remove("file_path").or(older).unwrap_or_default();
    let mode = take(options, "mode", parse_mode)?.unwrap_or(Some(0o600));
    Ok(match path.as_str() {
        "" => return Err(AuditError::option("file_path", "is required")),
        "stdout" => Target::Stdout,
        "discard" => Target::Discard,
        path => Target::File {
            path: parse_path(path).map_err(|why| AuditError::option("file_path", why))?,
            mode,
        },
    })
}

fn parse_socket(options: &mut Given) -> Result<Target, AuditError> {
    let address = options.remove("address").unwrap_or_default();
    if address.is_empty() {
        return Err(AuditError::option("address", "is required"));
    }
    let wrong = |why| AuditError::option("address", why);
    let kind = options.remove("socket_type");
    let in_files = || parse_path(&address).map_err(wrong);
    let address = match kind.as_deref().unwrap_or("tcp") {
        "tcp" | "tcp4" | "tcp6" => Address::Tcp(parse_host(&address).map_err(wrong)?),
        "udp" | "udp4" | "udp6" => Address::Udp(parse_host(&address).map_err(wrong)?),
        "unix" => Address::Unix(in_files()?),
        "unixgram" => Address::UnixDatagram(in_files()?),
        _ => {
            let why = "must be tcp, udp, unix or unixgram";
            return Err(AuditError::option("socket_type", why));
        }
    };
    Ok(Target::Remote {
        address,
        duration_max: take(options, "write_timeout", parse_duration)?.unwrap_or(WRITE_DURATION),
        framing: Framing::Line,
    })
}

fn parse_syslog(options: &mut Given) -> Result<Target, AuditError> {
    let facility = options.remove("facility");
    let facility = facility.as_deref().unwrap_or("AUTH").to_uppercase();
    let number = FACILITIES.iter().position(|known| *known == facility);
    let unknown = || AuditError::option("facility", "is no facility of syslog");
    let number = number
        .filter(|_| !facility.is_empty())
        .ok_or_else(unknown)?;
    let priority = u8::try_from(number * 8 + INFO).map_err(|_| unknown())?;
    let tag = take(options, "tag", parse_tag)?;
    let path = take(options, "socket_path", parse_path)?;
    let usual = || SYSTEM_LOGS.map(PathBuf::from).to_vec();
    Ok(Target::Remote {
        address: Address::SystemLog(path.map_or_else(usual, |path| vec![path])),
        duration_max: WRITE_DURATION,
        framing: Framing::Syslog {
            priority,
            tag: tag.unwrap_or_else(|| String::from("vault")),
        },
    })
}

fn parse_bool(text: &str) -> Result<bool, &'static str> {
    match text {
        "true" | "1" => Ok(true),
        "false" | "0" | "" => Ok(false),
        _ => Err("must be true or false"),
    }
}

fn parse_mode(text: &str) -> Result<Option<u32>, &'static str> {
    let mode = u32::from_str_radix(text, 8).map_err(|_| "must be an octal number such as 0600")?;
    match mode {
        0 => Ok(None),
        _ if mode & !0o666 != 0 => Err("must not permit to execute"),
        _ => Ok(Some(mode)),
    }
}

fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    let duration = base::parse_duration(text).map_err(|_| "must be a duration such as 2s")?;
    match duration.is_zero() || duration > WRITE_DURATION_MAX {
        true => Err("must be longer than 0s and at most 30s"),
        false => Ok(duration),
    }
}

fn parse_prefix(text: &str) -> Result<String, &'static str> {
    if text.len() > PREFIX_BYTES_MAX {
        return Err("is too long");
    }
    if text.chars().any(char::is_control) {
        return Err("must not hold control characters");
    }
    if text.starts_with("#!") {
        return Err("must not begin with #!");
    }
    Ok(text.to_owned())
}

fn parse_tag(text: &str) -> Result<String, &'static str> {
    match text.len() {
        0..=TAG_BYTES_MAX if text.chars().all(|letter| letter.is_ascii_graphic()) => {
            Ok(text.to_owned())
        }
        _ => Err("must be at most 32 printable letters"),
    }
}

/// A host and a port; names are looked up when the device connects.
fn parse_host(text: &str) -> Result<String, &'static str> {
    let port = text.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
    match port {
        Some(Ok(_)) => Ok(text.to_owned()),
        _ => Err("must be a host and a port"),
    }
}

fn parse_path(text: &str) -> Result<PathBuf, &'static str> {
    if text.chars().any(char::is_control) {
        return Err("must not hold control characters");
    }
    let path = Path::new(text);
    if path.components().any(|part| part == Component::ParentDir) {
        return Err("must not hold ..");
    }
    if path.file_name().is_none() || text.ends_with('/') {
        return Err("must name a file");
    }
    Ok(path.to_owned())
}
