//! The file device and what its options may say.

#![expect(clippy::unwrap_used, reason = "a test")]

use audit::{AuditError, Device as _, FileDevice, Kind, Options, Target};
use base::Timestamp;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::thread;

fn parse(options: &[(&str, &str)]) -> Result<Options, AuditError> {
    let options: BTreeMap<String, String> = options
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Options::parse(Kind::File, &options)
}

const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_678);

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn options_that_are_taken() {
    let options = parse(&[
        ("file_path", "/var/log/audit.log"),
        ("mode", "0640"),
        ("format", "json"),
        ("prefix", "audit: "),
        ("log_raw", "true"),
        ("hmac_accessor", "false"),
        ("elide_list_responses", "true"),
    ])
    .unwrap();
    assert_eq!(
        options.target,
        Target::File {
            path: "/var/log/audit.log".into(),
            mode: Some(0o640)
        }
    );
    assert!(options.format.log_raw && !options.format.hmac_accessor);
    assert_eq!(options.format.prefix, "audit: ");
    assert_eq!(
        parse(&[("file_path", "stdout")]).unwrap().target,
        Target::Stdout
    );
    assert_eq!(
        parse(&[("file_path", "discard")]).unwrap().target,
        Target::Discard
    );
    let kept = parse(&[("file_path", "a"), ("mode", "0000")])
        .unwrap()
        .target;
    assert_eq!(
        kept,
        Target::File {
            path: "a".into(),
            mode: None
        }
    );
}

/// The class of CVE-2025-54997: who may set up an audit device must not thereby run a program.
#[test]
fn options_that_could_make_a_program_of_the_log_are_refused() {
    let check = |options: &[(&str, &str)], expected: &str| {
        let error = parse(options).unwrap_err().to_string();
        assert_eq!(error, expected);
    };
    check(&[], "file_path is required");
    check(
        &[("file_path", "/a"), ("mode", "0700")],
        "mode must not permit to execute",
    );
    check(
        &[("file_path", "/a"), ("mode", "4600")],
        "mode must not permit to execute",
    );
    check(
        &[("file_path", "/a"), ("mode", "rw")],
        "mode must be an octal number such as 0600",
    );
    check(&[("file_path", "/a/../b")], "file_path must not hold ..");
    check(
        &[("file_path", "/a\0b")],
        "file_path must not hold control characters",
    );
    check(&[("file_path", "/a/")], "file_path must name a file");
    check(
        &[("file_path", "/a"), ("prefix", "x\ny")],
        "prefix must not hold control characters",
    );
    check(
        &[("file_path", "/a"), ("prefix", "#!/bin/sh ")],
        "prefix must not begin with #!",
    );
    check(
        &[("file_path", "/a"), ("format", "jsonx")],
        "format must be json",
    );
    check(
        &[("file_path", "/a"), ("log_raw", "maybe")],
        "log_raw must be true or false",
    );
    check(
        &[("file_path", "/a"), ("file_pth", "/b")],
        "file_pth is not known",
    );
}

#[test]
fn makes_the_file_with_its_mode_but_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let device = FileDevice::open(&path, Some(0o640)).unwrap();
    device.write(b"one\n", NOW).unwrap();
    assert_eq!(mode_of(&path), 0o640);
    FileDevice::open(&path, Some(0o600))
        .unwrap()
        .write(b"two\n", NOW)
        .unwrap();
    assert_eq!(mode_of(&path), 0o600);
    FileDevice::open(&path, None).unwrap();
    assert_eq!(mode_of(&path), 0o600);
    assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\n");
    assert!(FileDevice::open(&folder.path().join("none/audit.log"), None).is_err());
    assert!(FileDevice::open(folder.path(), None).is_err());
}

#[test]
fn a_file_that_may_be_executed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    fs::write(&path, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(FileDevice::open(&path, Some(0o600)).is_err());
    assert_eq!(mode_of(&path), 0o755);
    assert_eq!(fs::read(&path).unwrap(), b"#!/bin/sh\n");
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert!(FileDevice::open(&socket, None).is_err());
}

#[test]
fn reopening_follows_a_rotation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let rotated = folder.path().join("audit.log.1");
    let device = FileDevice::open(&path, Some(0o600)).unwrap();
    device.write(b"one\n", NOW).unwrap();
    fs::rename(&path, &rotated).unwrap();
    device.write(b"two\n", NOW).unwrap();
    device.reopen().unwrap();
    device.write(b"three\n", NOW).unwrap();
    assert_eq!(fs::read(&rotated).unwrap(), b"one\ntwo\n");
    assert_eq!(fs::read(&path).unwrap(), b"three\n");
    assert_eq!(mode_of(&path), 0o600);
}

#[test]
fn lines_of_many_writers_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    // Two devices on one file stand for two processes: only the system keeps them apart.
    let devices = [(); 2].map(|()| Arc::new(FileDevice::open(&path, None).unwrap()));
    let writers: Vec<_> = (0..8_usize)
        .map(|writer| {
            let device = Arc::clone(devices.get(writer % 2).unwrap());
            thread::spawn(move || {
                let line = format!("{}\n", writer.to_string().repeat(6000));
                (0..50).for_each(|_| device.write(line.as_bytes(), NOW).unwrap());
            })
        })
        .collect();
    writers
        .into_iter()
        .for_each(|writer| writer.join().unwrap());
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 400);
    for line in text.lines() {
        let first = line.get(..1).unwrap();
        assert_eq!(line, first.repeat(6000));
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let device = FileDevice::open(Path::new("/dev/full"), None).unwrap();
    assert!(device.write(b"line\n", NOW).is_err());
}
