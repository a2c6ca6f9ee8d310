//! Where a key is: which mount, which version of the engine, which path.

use crate::answer::text;
use crate::error::Stop;
use crate::request::{ApiRequest, clean_path, mount_path};
use crate::session::Session;
use crate::tree::kv::Place;
use serde_json::Value;

/// A key in a store whose version is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KvKey {
    mount: String,
    key: String,
    pub(super) versioned: bool,
}

impl KvKey {
    /// The path of the API for this key, by way of `data`, `metadata`, `delete`, … where the store
    /// has versions.
    pub(super) fn path(&self, door: &str) -> String {
        let mount = clean_path(&self.mount);
        let parts = match self.versioned {
            true => [mount.as_str(), door, self.key.as_str()].join("/"),
            false => [mount.as_str(), self.key.as_str()].join("/"),
        };
        clean_path(&parts)
    }

    /// From what the server says of the mount.
    fn of(mount: String, full: &str, versioned: bool) -> Self {
        let prefix = mount_path(&mount);
        let with_slash = format!("{}/", clean_path(full));
        let key = with_slash.strip_prefix(&prefix).unwrap_or(&with_slash);
        Self {
            key: clean_path(key),
            mount,
            versioned,
        }
    }
}

/// Asks the server for the mount of a place.
pub(super) fn locate(session: &mut Session<'_>, place: &Place) -> Result<KvKey, Stop> {
    let key = clean_path(&place.key);
    let (asked, full) = match &place.mount {
        Some(mount) => (clean_path(mount), format!("{}/{key}", clean_path(mount))),
        None => (key.clone(), key),
    };
    let request = ApiRequest::get(format!("sys/internal/ui/mounts/{asked}"));
    let answer = match session.find_before(&request) {
        Ok(Some(answer)) => answer,
        // Servers without this call have version 1 only.
        Ok(None) => return Ok(KvKey::of(first_part(&full), &full, false)),
        Err(stop) => return Err(stop),
    };
    let version = answer
        .field("options")
        .and_then(|options| options.get("version"))
        .map(|version| {
            version
                .as_str()
                .map_or_else(|| version.to_string(), str::to_owned)
        });
    let mount = text(answer.field("path"));
    Ok(KvKey::of(mount, &full, version.as_deref() == Some("2")))
}

fn first_part(path: &str) -> String {
    path.split('/').next().unwrap_or_default().to_owned()
}

/// `1,2` and repeated flags as one list.
pub(super) fn versions(flags: &[String]) -> Vec<Value> {
    flags
        .iter()
        .flat_map(|flag| flag.split(','))
        .map(str::trim)
        .filter(|version| !version.is_empty())
        .map(Value::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let check = |mount: &str, full: &str, versioned, expected: &str| {
            let key = KvKey::of(mount.to_owned(), full, versioned);
            assert_eq!(key.path("data"), expected);
        };
        check("secret/", "secret/a/b", true, "secret/data/a/b");
        check("secret/", "secret/a/b/", true, "secret/data/a/b");
        check("secret/", "secret", true, "secret/data");
        check("a/b/", "a/b/c", true, "a/b/data/c");
        check("k/", "k/a", false, "k/a");
        // Under a namespace in the path, the server's mount is not a prefix of the argument.
        check("k/", "other", true, "k/data/other");
    }

    #[test]
    fn version_lists() {
        let flags = ["1,2".to_owned(), " 3 ".to_owned(), String::new()];
        assert_eq!(versions(&flags), ["1", "2", "3"]);
    }
}
