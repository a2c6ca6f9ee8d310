//! The options of a device, as operators write them.

use crate::AuditError;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// How lines are written. Part of every kind of device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// Stands before every line.
    pub prefix: String,
    /// Values are written as they are. For tests of an installation only.
    pub log_raw: bool,
    /// Accessors are written as hashes.
    pub hmac_accessor: bool,
    /// Of the keys of a listing only their count is written.
    pub elide_list_responses: bool,
}

impl Default for Format {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            log_raw: false,
            hmac_accessor: true,
            elide_list_responses: false,
        }
    }
}

/// Where a `file` device writes.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// The options of a `file` device, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where it writes.
    pub target: Target,
    /// How it writes.
    pub format: Format,
}

const PREFIX_BYTES_MAX: usize = 256;

impl Options {
    /// Reads the options of a `file` device. Who may set them may write where the server may, so
    /// what could make a program of the log is refused: `..` in the path, permissions to execute, a
    /// prefix with line ends or one that a kernel would take for an interpreter line.
    ///
    /// # Errors
    /// [`AuditError::Option`] for what is missing, unknown or refused.
    pub fn parse(options: &BTreeMap<String, String>) -> Result<Self, AuditError> {
        let mut format = Format::default();
        let mut path = None;
        let mut mode = Some(0o600);
        for (name, value) in options {
            let wrong = |reason: &str| AuditError::option(name, reason);
            match name.as_str() {
                "file_path" | "path" => path = Some(value.as_str()),
                "mode" => mode = parse_mode(value).map_err(wrong)?,
                "format" if value == "json" => {}
                "format" => return Err(wrong("only json is supported")),
                "prefix" => format.prefix = parse_prefix(value).map_err(wrong)?,
                "log_raw" => format.log_raw = parse_bool(value).map_err(wrong)?,
                "hmac_accessor" => format.hmac_accessor = parse_bool(value).map_err(wrong)?,
                "elide_list_responses" => {
                    format.elide_list_responses = parse_bool(value).map_err(wrong)?;
                }
                _ => return Err(wrong("not known")),
            }
        }
        let target = match path {
            None | Some("") => return Err(AuditError::option("file_path", "is required")),
            Some("stdout") => Target::Stdout,
            Some("discard") => Target::Discard,
            Some(path) => Target::File {
                path: parse_path(path).map_err(|why| AuditError::option("file_path", why))?,
                mode,
            },
        };
        Ok(Self { target, format })
    }
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
