//! What a primary said to a secondary that came new and then followed it, from the activation token
//! to the stream: recorded once for each version of the protocol, and played to the secondary of
//! today.
//!
//! ```text
//!  record   a primary of today ─ says ─▶ a scripted secondary ─▶ replication/vN/recording.json
//!  test     replication/vN/recording.json ─▶ Player ─ says ─▶ a secondary of today
//! ```

mod player;
mod record;

pub use player::Player;
pub use record::record;

use seal::sealed_box;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// What keys are sealed for on their way, in every version so far.
const KEYS_PURPOSE: &[u8] = b"casemate replication keys 1";
/// What activation bundles are sealed for.
const BUNDLE_PURPOSE: &[u8] = b"casemate activation bundle 1";
/// What an activation token begins with that is sealed to a key.
const TOKEN_PREFIX: &str = "casemate-activation-1.";

/// A recorded primary. Frames are hexadecimal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recording {
    /// What an activation token of it holds.
    pub bundle: Value,
    /// A batch token of it that every cluster of the set takes.
    pub token: String,
    /// The share that unseals every cluster of the set.
    pub share: Frame,
    /// Opens the keys that it sent; whoever plays it seals them anew.
    pub private_key: Frame,
    /// Its answer to whoever says what it speaks.
    pub greets: Frame,
    /// Its answer to whoever fetches the keys.
    pub bootstrap: Frame,
    /// What it says first to whoever has nothing yet.
    pub begins: Frame,
    /// What it answers to the questions of a comparison.
    pub compare: Vec<Answered>,
    /// What it says to whoever follows from the end of that comparison.
    pub follow: Vec<Frame>,
    /// The sum over everything that a secondary has at the end.
    pub merkle_root: String,
}

/// A question, and the frames that answer it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answered {
    /// The question; of the first one only that it is the first.
    pub question: Frame,
    /// The answer.
    pub told: Vec<Frame>,
}

/// Bytes, hexadecimal where they are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Frame(pub Vec<u8>);

impl Serialize for Frame {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Frame {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes());
        bytes.map(Self).map_err(serde::de::Error::custom)
    }
}

impl Recording {
    /// The one that was kept of a version.
    pub fn of(version: &str) -> Self {
        let text = fs::read(folder(version).join("recording.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// Keeps it.
    pub fn keep(&self, version: &str) -> PathBuf {
        let path = folder(version).join("recording.json");
        let text = serde_json::to_string_pretty(self).unwrap();
        fs::create_dir_all(folder(version)).unwrap();
        fs::write(&path, text + "\n").unwrap();
        path
    }

    /// The key that opens what it sealed.
    fn keys(&self) -> sealed_box::KeyPair {
        sealed_box::KeyPair::from_private(&self.private_key.0).unwrap()
    }
}

/// The versions of which something was kept.
pub fn versions() -> Vec<String> {
    let entries = fs::read_dir(folder("")).unwrap();
    let folders = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir());
    let names = folders.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Where what was kept of a version is.
pub fn folder(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("replication")
        .join(version)
}
