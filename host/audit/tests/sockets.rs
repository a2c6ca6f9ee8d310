//! Devices that write to sockets: what arrives, and who waits for whom.

#![expect(clippy::unwrap_used, reason = "a test")]

use audit::{AuditError, Device, Kind, Options};
use base::Timestamp;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::time::{Duration, Instant};

const NOW: Timestamp = Timestamp::from_millis(1_767_323_045_678);

fn options(kind: Kind, options: &[(&str, &str)]) -> Result<Options, AuditError> {
    let options: BTreeMap<String, String> = options
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Options::parse(kind, &options)
}

fn socket(kind: &str, address: &str) -> Box<dyn Device> {
    let given = [
        ("socket_type", kind),
        ("address", address),
        ("write_timeout", "500ms"),
    ];
    options(Kind::Socket, &given)
        .unwrap()
        .target
        .open()
        .unwrap()
}

/// Where the other end may come a moment later.
fn write_until_taken(device: &dyn Device, line: &[u8]) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while device.write(line, NOW).is_err() {
        assert!(Instant::now() < deadline, "it was never taken");
        std::thread::yield_now();
    }
}

#[test]
fn options_that_are_refused() {
    let check = |kind, given: &[(&str, &str)], expected: &str| {
        let error = options(kind, given).unwrap_err().to_string();
        assert_eq!(error, expected);
    };
    let address = ("address", "127.0.0.1:1");
    let (socket, syslog) = (Kind::Socket, Kind::Syslog);
    check(socket, &[], "address is required");
    check(
        socket,
        &[("address", "a")],
        "address must be a host and a port",
    );
    check(
        socket,
        &[("address", "a:x")],
        "address must be a host and a port",
    );
    let kinds = "socket_type must be tcp, udp, unix or unixgram";
    check(socket, &[address, ("socket_type", "zz")], kinds);
    let unix = ("socket_type", "unix");
    check(
        socket,
        &[unix, ("address", "/a/../b")],
        "address must not hold ..",
    );
    let long = "write_timeout must be longer than 0s and at most 30s";
    check(socket, &[address, ("write_timeout", "31s")], long);
    check(socket, &[address, ("write_timeout", "0")], long);
    let none = "write_timeout must be a duration such as 2s";
    check(socket, &[address, ("write_timeout", "zz")], none);
    check(
        socket,
        &[address, ("file_path", "/a")],
        "file_path is not known",
    );
    check(
        syslog,
        &[("facility", "zz")],
        "facility is no facility of syslog",
    );
    check(
        syslog,
        &[("facility", "")],
        "facility is no facility of syslog",
    );
    check(
        syslog,
        &[("tag", "a b")],
        "tag must be at most 32 printable letters",
    );
    assert!(options(syslog, &[]).is_ok());
}

#[test]
fn lines_arrive_over_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let device = socket("tcp", &listener.local_addr().unwrap().to_string());
    device.write(b"one\n", NOW).unwrap();
    device.write(b"two\n", NOW).unwrap();
    let mut lines = BufReader::new(listener.accept().unwrap().0).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "one");
    assert_eq!(lines.next().unwrap().unwrap(), "two");
}

#[test]
fn datagrams_arrive_over_udp() {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let device = socket("udp", &receiver.local_addr().unwrap().to_string());
    device.write(b"one\n", NOW).unwrap();
    let mut buffer = [0; 100];
    let length = receiver.recv(&mut buffer).unwrap();
    assert_eq!(buffer.get(..length).unwrap(), b"one\n");
    // Longer than any datagram: refused, and the next one goes out.
    assert!(device.write(&[b'x'; 100_000], NOW).is_err());
    device.write(b"two\n", NOW).unwrap();
    let length = receiver.recv(&mut buffer).unwrap();
    assert_eq!(buffer.get(..length).unwrap(), b"two\n");
}

#[test]
fn lines_arrive_at_sockets_in_the_file_system() {
    let folder = tempfile::tempdir().unwrap();
    let [stream, datagram] = ["stream", "datagram"].map(|name| folder.path().join(name));
    let listener = UnixListener::bind(&stream).unwrap();
    let device = socket("unix", stream.to_str().unwrap());
    device.write(b"one\n", NOW).unwrap();
    let mut line = String::new();
    let mut reader = BufReader::new(listener.accept().unwrap().0);
    reader.read_line(&mut line).unwrap();
    assert_eq!(line, "one\n");

    let receiver = UnixDatagram::bind(&datagram).unwrap();
    let device = socket("unixgram", datagram.to_str().unwrap());
    device.write(b"two\n", NOW).unwrap();
    assert_eq!(received(&receiver), "two\n");
}

fn received(receiver: &UnixDatagram) -> String {
    let mut buffer = [0; 1000];
    let length = receiver.recv(&mut buffer).unwrap();
    String::from_utf8(buffer.get(..length).unwrap().to_vec()).unwrap()
}

fn syslog(path: &Path, more: &[(&str, &str)]) -> Box<dyn Device> {
    let mut given = vec![("socket_path", path.to_str().unwrap())];
    given.extend_from_slice(more);
    options(Kind::Syslog, &given)
        .unwrap()
        .target
        .open()
        .unwrap()
}

/// As a line of OpenBao's looks at `/dev/log`.
#[test]
fn the_systems_log_gets_facility_time_tag_and_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let receiver = UnixDatagram::bind(&path).unwrap();
    let id = std::process::id();
    syslog(&path, &[]).write(b"{}\n", NOW).unwrap();
    let expected = format!("<38>Jan  2 03:04:05 vault[{id}]: {{}}\n");
    assert_eq!(received(&receiver), expected);
    let more = [("facility", "local7"), ("tag", "casemate")];
    syslog(&path, &more).write(b"{}\n", NOW).unwrap();
    let expected = format!("<190>Jan  2 03:04:05 casemate[{id}]: {{}}\n");
    assert_eq!(received(&receiver), expected);
}

#[test]
fn the_systems_log_may_be_a_stream() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let listener = UnixListener::bind(&path).unwrap();
    syslog(&path, &[]).write(b"{}\n", NOW).unwrap();
    let mut line = String::new();
    listener
        .accept()
        .unwrap()
        .0
        .read_to_string(&mut line)
        .unwrap();
    assert!(line.starts_with("<38>") && line.ends_with("{}\n"), "{line}");
}

#[test]
fn nobody_there_is_an_error_and_who_comes_later_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let device = socket("unixgram", path.to_str().unwrap());
    assert!(device.write(b"one\n", NOW).is_err());
    let receiver = UnixDatagram::bind(&path).unwrap();
    write_until_taken(device.as_ref(), b"two\n");
    assert_eq!(received(&receiver), "two\n");
}

#[test]
fn a_receiver_that_begins_anew_loses_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let receiver = UnixDatagram::bind(&path).unwrap();
    let device = socket("unixgram", path.to_str().unwrap());
    device.write(b"one\n", NOW).unwrap();
    assert_eq!(received(&receiver), "one\n");
    drop(receiver);
    std::fs::remove_file(&path).unwrap();
    let receiver = UnixDatagram::bind(&path).unwrap();
    device.write(b"two\n", NOW).unwrap();
    assert_eq!(received(&receiver), "two\n");
}

#[test]
fn a_receiver_that_does_not_read_costs_one_wait() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let listener = UnixListener::bind(&path).unwrap();
    let device = socket("unix", path.to_str().unwrap());
    device.write(b"one\n", NOW).unwrap();
    let _accepted = listener.accept().unwrap();
    // Nobody listens for a second connection either.
    std::fs::remove_file(&path).unwrap();
    let begun = Instant::now();
    assert!(device.write(&vec![b'x'; 8 << 20], NOW).is_err());
    let waited = begun.elapsed();
    assert!(waited >= Duration::from_millis(400), "{waited:?}");
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    let begun = Instant::now();
    for _ in 0..100 {
        assert!(device.write(b"two\n", NOW).is_err());
    }
    assert!(begun.elapsed() < Duration::from_millis(400));
}
