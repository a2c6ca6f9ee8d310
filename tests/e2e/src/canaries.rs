//! Texts that nobody else writes, to look for where they must not be.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// Memory is read in pieces, which overlap by more than any canary is long.
const PIECE_BYTES: usize = 1 << 20;
const OVERLAP_BYTES: usize = 512;

/// Texts that nobody else writes, and where each was given to the server.
#[derive(Default)]
pub struct Canaries(Vec<(String, String)>);

impl Canaries {
    /// A new one. Made at run time, so that no program holds it.
    pub fn hatch(&mut self, place: &str) -> String {
        let number: u128 = rand_number();
        let text = format!("canary-{number:032x}");
        self.watch(place, &text);
        text
    }

    /// Watches what the server made.
    ///
    /// # Panics
    /// When it is too short.
    pub fn watch(&mut self, place: &str, text: &str) {
        assert!(text.len() >= 11, "{place}: too short to be told apart");
        self.0.push((place.to_owned(), text.to_owned()));
    }

    /// Watches these as well.
    pub fn watch_all(&mut self, others: &Self) {
        self.0.extend_from_slice(&others.0);
    }

    /// The places of those that are in `bytes`.
    pub fn in_bytes(&self, bytes: &[u8]) -> Vec<&str> {
        self.places(|text| memchr::memmem::find(bytes, text.as_bytes()).is_some())
    }

    /// The places of those that are not in `bytes`.
    pub fn not_in_bytes(&self, bytes: &[u8]) -> Vec<&str> {
        self.places(|text| memchr::memmem::find(bytes, text.as_bytes()).is_none())
    }

    fn places(&self, is_so: impl Fn(&str) -> bool) -> Vec<&str> {
        let found = self.0.iter().filter(|(_, text)| is_so(text));
        found.map(|(place, _)| place.as_str()).collect()
    }
}

fn rand_number() -> u128 {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")
        .unwrap()
        .read_exact(&mut bytes)
        .unwrap();
    u128::from_be_bytes(bytes)
}

/// Reads what a process may write, as its core dump would hold it.
///
/// # Panics
/// When the process is not there.
pub fn in_memory(process: u32, canaries: &Canaries) -> Vec<String> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let mut found = Vec::new();
    let mut piece = vec![0; PIECE_BYTES];
    for map in maps.lines().filter(|map| map.contains(" rw")) {
        let (range, _) = map.split_once(' ').unwrap();
        let (from, to) = range.split_once('-').unwrap();
        let address = |text| u64::from_str_radix(text, 16).unwrap();
        let (mut at, to) = (address(from), address(to));
        while at < to {
            let wanted = usize::try_from(to - at).unwrap().min(PIECE_BYTES);
            // A map that has gone meanwhile has nothing to show.
            let Ok(read) = memory.read_at(&mut piece[..wanted], at) else {
                break;
            };
            let places = canaries.in_bytes(&piece[..read]);
            found.extend(places.iter().map(|place| format!("{place}: {map}")));
            if at + u64::try_from(read).unwrap() >= to || read <= OVERLAP_BYTES {
                break;
            }
            at += u64::try_from(read - OVERLAP_BYTES).unwrap();
        }
    }
    found
}

/// Reads every file of a folder, and of those in it.
///
/// # Panics
/// When one cannot be read.
pub fn in_files(folder: &Path, canaries: &Canaries) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry of the folder").path();
        if path.is_dir() {
            found.extend(in_files(&path, canaries));
            continue;
        }
        // What was there a moment ago may be gone where a server still runs.
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            read => read.expect("a file of the folder"),
        };
        let places = canaries.in_bytes(&bytes);
        found.extend(
            places
                .iter()
                .map(|place| format!("{place}: {}", path.display())),
        );
    }
    found
}
