//! How answers are printed: the table of Vault's clients, JSON, YAML, and Go's way with values.

pub(crate) mod duration;
pub(crate) mod envelope;
pub(crate) mod json;
pub(crate) mod table;
pub(crate) mod value;
pub(crate) mod warnings;
pub(crate) mod yaml;

use crate::error::Stop;
use json::Node;

/// The form in which a command answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Table,
    Json,
    Yaml,
    Raw,
}

impl Format {
    /// Reads the value of `-format`.
    pub(crate) fn parse(text: &str) -> Result<Self, Stop> {
        match text.to_ascii_lowercase().as_str() {
            "table" | "pretty" | "" => Ok(Self::Table),
            "json" => Ok(Self::Json),
            "yaml" | "yml" => Ok(Self::Yaml),
            "raw" => Ok(Self::Raw),
            _ => Err(Stop::usage(format!("Invalid output format: {text}"))),
        }
    }
}

/// A value as a document: `None` when the format is the table, which the caller lays out.
pub(crate) fn document(format: Format, node: &Node) -> Option<String> {
    match format {
        Format::Table => None,
        Format::Json | Format::Raw => Some(json::pretty(node)),
        Format::Yaml => Some(yaml::document(&json::plain(node))),
    }
}
