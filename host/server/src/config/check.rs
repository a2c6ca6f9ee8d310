//! Holds what was written against the schema.

use super::error::ConfigError;
use super::schema::{Effect, Key, Kind};
use base::parse_duration;
use core::time::Duration;
use hcl::{Body, Entry, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// Status or class, name and values of headers.
pub(crate) type HeaderMaps = Vec<(String, String, Vec<String>)>;

/// A checked block: every key in it is known, and its value is of the right kind.
pub(crate) struct Checked<'tree> {
    file: &'tree Path,
    body: &'tree Body,
}

/// Checks the keys of `body`, which stands in `file` and is called `title`.
pub(crate) fn check<'tree>(
    file: &'tree Path,
    title: &str,
    body: &'tree Body,
    keys: &[Key],
    warnings: &mut Vec<String>,
) -> Result<Checked<'tree>, ConfigError> {
    let place_of = |title: &str| match title {
        "" => String::new(),
        title => format!(" in {title}"),
    };
    for entry in &body.entries {
        let name = entry.name.as_str();
        let Some(key) = keys.iter().find(|key| key.name == name) else {
            let hint = nearest(name, keys)
                .map(|near| format!("; did you mean {near:?}?"))
                .unwrap_or_default();
            let message = format!("unknown key {name:?}{}{hint}", place_of(title));
            return Err(ConfigError::at(file, entry.place, message));
        };
        match key.effect {
            Effect::Used => check_kind(file, entry, key, warnings)?,
            Effect::Idle => {
                // One warning for a block, but its keys must be known all the same.
                check_kind(file, entry, key, &mut Vec::new())?;
                warnings.push(format!(
                    "{}:{}: {name:?}{} has no effect: {}",
                    file.display(),
                    entry.place.line,
                    place_of(title),
                    key.meaning
                ));
            }
            Effect::Refused => {
                let message = format!(
                    "{name:?}{} is not supported: {}",
                    place_of(title),
                    key.meaning
                );
                return Err(ConfigError::at(file, entry.place, message));
            }
        }
    }
    Ok(Checked { file, body })
}

fn check_kind(
    file: &Path,
    entry: &Entry,
    key: &Key,
    warnings: &mut Vec<String>,
) -> Result<(), ConfigError> {
    let name = key.name;
    let wrong = |message: String| Err(ConfigError::at(file, entry.value_place, message));
    match key.kind {
        Kind::Text if read_text(entry).is_none() => wrong(format!("{name:?} must be a string")),
        Kind::Flag if read_flag(entry).is_none() => {
            wrong(format!("{name:?} must be true or false"))
        }
        Kind::Duration if read_duration(entry).is_none() => wrong(format!(
            "{name:?} must be a duration like 90, \"90s\" or \"1h30m\""
        )),
        Kind::Count if read_count(entry).is_none() => {
            wrong(format!("{name:?} must be a whole number"))
        }
        Kind::Signed if read_signed(entry).is_none() => {
            wrong(format!("{name:?} must be a whole number"))
        }
        Kind::Texts if read_texts(entry).is_none() => {
            wrong(format!("{name:?} must be a string or a list of strings"))
        }
        Kind::Block(keys) => match &entry.value {
            Value::Object(body) => check(file, name, body, keys, warnings).map(|_| ()),
            _ => wrong(format!("{name:?} must be a block")),
        },
        _ => Ok(()),
    }
}

fn read_text(entry: &Entry) -> Option<&str> {
    entry.as_text().ok()
}

/// HCL's own flags, and those texts and numbers that Vault takes for one.
fn read_flag(entry: &Entry) -> Option<bool> {
    match &entry.value {
        Value::Bool(flag) => Some(*flag),
        Value::Text(text) | Value::Number(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "t" => Some(true),
            "false" | "0" | "f" | "" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn read_duration(entry: &Entry) -> Option<Duration> {
    parse_duration(entry.as_scalar().ok()?).ok()
}

fn read_count(entry: &Entry) -> Option<usize> {
    entry.as_scalar().ok()?.trim().parse().ok()
}

fn read_signed(entry: &Entry) -> Option<i64> {
    entry.as_scalar().ok()?.trim().parse().ok()
}

fn read_texts(entry: &Entry) -> Option<Vec<String>> {
    match &entry.value {
        Value::Text(text) => Some(
            text.split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect(),
        ),
        Value::List(items) => items
            .iter()
            .map(|item| match item {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

impl<'tree> Checked<'tree> {
    /// Was it written?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.body.last(name).is_some()
    }

    /// The block of this name, which was checked with the one around it. Empty where there is none.
    pub(crate) fn block(&self, name: &str) -> Self {
        static NONE: Body = Body {
            entries: Vec::new(),
        };
        let body = self.last(name, |entry| match &entry.value {
            Value::Object(body) => Some(body),
            _ => None,
        });
        Self {
            file: self.file,
            body: body.unwrap_or(&NONE),
        }
    }

    /// A block of texts, numbers and truth values, as texts.
    pub(crate) fn text_map(&self, name: &str) -> Result<BTreeMap<String, String>, ConfigError> {
        let mut map = BTreeMap::new();
        for entry in self.body.entries.iter().filter(|entry| entry.name == name) {
            let wrong = |entry: &Entry| {
                let message = format!("{name:?} must be a block of texts");
                ConfigError::at(self.file, entry.value_place, message)
            };
            for option in &entry.as_object().map_err(|_| wrong(entry))?.entries {
                let text = match &option.value {
                    Value::Text(text) | Value::Number(text) => text.clone(),
                    Value::Bool(flag) => flag.to_string(),
                    _ => return Err(wrong(option)),
                };
                map.insert(option.name.clone(), text);
            }
        }
        Ok(map)
    }

    /// Headers to add to responses, by the statuses that they are for.
    pub(crate) fn header_maps(&self, name: &str) -> Result<HeaderMaps, ConfigError> {
        let wrong = |entry: &Entry| {
            let message = format!("{name:?} must hold maps from names to lists of strings");
            ConfigError::at(self.file, entry.value_place, message)
        };
        let object = |entry: &'tree Entry| entry.as_object().map_err(|_| wrong(entry));
        let mut maps = HeaderMaps::new();
        for entry in self.body.entries.iter().filter(|entry| entry.name == name) {
            for status in &object(entry)?.entries {
                for header in &object(status)?.entries {
                    let is_list = matches!(header.value, Value::List(_));
                    let values = read_texts(header).filter(|_| is_list);
                    let values = values.ok_or_else(|| wrong(header))?;
                    maps.push((status.name.clone(), header.name.clone(), values));
                }
            }
        }
        Ok(maps)
    }

    /// The value of `name`, read by `read`; where it comes twice, the later one counts.
    fn last<T>(&self, name: &str, read: impl Fn(&'tree Entry) -> Option<T>) -> Option<T> {
        let entries = self.body.entries.iter().rev();
        entries.filter(|entry| entry.name == name).find_map(read)
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.last(name, |entry| read_text(entry).map(str::to_owned))
    }

    pub(crate) fn signed(&self, name: &str) -> Option<i64> {
        self.last(name, read_signed)
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.last(name, read_flag)
    }

    pub(crate) fn duration(&self, name: &str) -> Option<Duration> {
        self.last(name, read_duration)
    }

    pub(crate) fn count(&self, name: &str) -> Option<usize> {
        self.last(name, read_count)
    }

    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        self.last(name, read_texts).unwrap_or_default()
    }

    /// That the value of `name` cannot be used, as `message` says.
    pub(crate) fn wrong(&self, name: &str, message: impl Into<String>) -> ConfigError {
        let place = self.last(name, |entry| Some(entry.value_place));
        ConfigError::at(self.file, place.unwrap_or_default(), message)
    }
}

/// The known name that differs by two letters at most.
fn nearest(name: &str, keys: &[Key]) -> Option<&'static str> {
    keys.iter()
        .map(|key| (distance(name, key.name), key.name))
        .filter(|(distance, near)| *distance <= 2 && *distance < near.len() / 2)
        .min()
        .map(|(_, near)| near)
}

/// Letters to add, drop or change to make one of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (above, letter) in one.chars().enumerate() {
        let mut diagonal = above;
        let mut left = above + 1;
        for (cell, other_letter) in row.iter_mut().skip(1).zip(other.chars()) {
            let changed = diagonal + usize::from(letter != other_letter);
            diagonal = *cell;
            left = changed.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = above + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances() {
        for (one, other, expected) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("adress", "address", 1),
            ("tls_cert_flie", "tls_cert_file", 2),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
        }
    }
}
