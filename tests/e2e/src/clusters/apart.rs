//! Two hosts with a network of their own each, where the system lets a user make such: packets
//! between them can be swallowed, so that neither end is told anything.
//!
//! ```text
//!  host A  10.91.1.1 ── API ────── 10.91.1.2  host B
//!          10.91.2.1 ── clusters ─ 10.91.2.2
//! ```
//!
//! The test itself runs on host A: [`run_apart`] starts it once more, in namespaces of its own.

use super::until;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Says to the test that it runs on host A.
const INSIDE: &str = "CASEMATE_TEST_APART";

/// The addresses of both hosts: of the API, and of the cluster port.
pub const HOSTS: [[&str; 2]; 2] = [["10.91.1.1", "10.91.2.1"], ["10.91.1.2", "10.91.2.2"]];

/// Of nobody.
const NOWHERE: &str = "02:00:00:00:00:99";

/// Where a test runs.
pub enum Place {
    /// On host A: go on.
    Inside,
    /// It ran to its end on host A, and is done.
    Done,
    /// There are no such hosts here, and why.
    Refused(String),
}

/// Starts a test of this name once more on host A, unless this is there already.
///
/// # Panics
/// When it fails there.
pub fn run_apart(test: &str) -> Place {
    if std::env::var_os(INSIDE).is_some() {
        return Place::Inside;
    }
    let tried = command(&["unshare", "-Urn", "ip", "link", "set", "lo", "up"]).output();
    match tried {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Place::Refused(said);
        }
        Err(error) => return Place::Refused(error.to_string()),
    }
    let itself = std::env::current_exe().expect("the test's own program");
    let mut again = command(&["unshare", "-Urn"]);
    again.arg(itself).args(["--exact", test, "--nocapture"]);
    let done = again.env(INSIDE, "1").status().expect("the test once more");
    assert!(done.success(), "{test} on a host of its own: {done}");
    Place::Done
}

/// Host B. It ends with this value.
pub struct HostB {
    /// Holds its namespace.
    holder: Child,
}

impl HostB {
    /// Makes it, and both ways to it.
    ///
    /// # Panics
    /// When the system does not let it, although it let the test make host A.
    pub fn make() -> Self {
        ip(&["link", "set", "lo", "up"]);
        let holder = command(&["unshare", "-n", "cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn();
        let host = Self {
            holder: holder.expect("a process that holds the namespace"),
        };
        let network = |id: &str| fs::read_link(format!("/proc/{id}/ns/net")).ok();
        until("the other namespace", || {
            let other = network(&host.id())?;
            (Some(other) != network("self")).then_some(())
        });
        host.ip(&["link", "set", "lo", "up"]);
        for (name, way) in ["api", "clusters"].into_iter().zip(0..) {
            let (near, far) = (format!("{name}-a"), format!("{name}-b"));
            ip(&["link", "add", &near, "type", "veth", "peer", "name", &far]);
            ip(&["link", "set", &far, "netns", &host.id()]);
            let [a, b] = HOSTS.map(|addresses| format!("{}/24", addresses[way]));
            ip(&["addr", "add", &a, "dev", &near]);
            ip(&["link", "set", &near, "up"]);
            host.ip(&["addr", "add", &b, "dev", &far]);
            host.ip(&["link", "set", &far, "up"]);
        }
        host
    }

    /// A program that runs this one on host B.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn program(&self, folder: &Path, program: &Path) -> PathBuf {
        let path = folder.join("on-host-b");
        let text = format!(
            "#!/bin/sh\nexec nsenter -t {} -n {} \"$@\"\n",
            self.id(),
            program.display()
        );
        fs::write(&path, text).expect("the program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its permissions");
        path
    }

    /// No packet between the clusters arrives any more, and nobody is told.
    pub fn swallow(&self) {
        let [[_, a], [_, b]] = HOSTS;
        let way = |to, device| ["neigh", "replace", to, "lladdr", NOWHERE, "dev", device];
        ip(&[&way(b, "clusters-a")[..], &["nud", "permanent"]].concat());
        self.ip(&[&way(a, "clusters-b")[..], &["nud", "permanent"]].concat());
    }

    /// They arrive again.
    pub fn carry(&self) {
        let [[_, a], [_, b]] = HOSTS;
        ip(&["neigh", "del", b, "dev", "clusters-a"]);
        self.ip(&["neigh", "del", a, "dev", "clusters-b"]);
    }

    fn id(&self) -> String {
        self.holder.id().to_string()
    }

    fn ip(&self, words: &[&str]) {
        let id = self.id();
        let on_host = ["nsenter", "-t", &id, "-n", "ip"];
        run(&[&on_host[..], words].concat());
    }
}

impl Drop for HostB {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

fn ip(words: &[&str]) {
    run(&[&["ip"], words].concat());
}

fn run(words: &[&str]) {
    let output = command(words).output().expect("a command of the system");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {said}");
}

/// A command, also where those of the administrator are not in the path.
fn command(words: &[&str]) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .env("PATH", format!("{path}:/usr/sbin:/sbin"));
    command
}
