//! Servers as processes of their own, killed when the test lets go of them.

use crate::Client;
use core::ops::Range;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// How long a server may take to answer its first request.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// How often a start is tried again on another port.
const START_ATTEMPTS: u32 = 3;

/// The token of every dev server that a test starts.
const ROOT_TOKEN: &str = "root";

/// A running server.
pub struct Server {
    child: Child,
    address: String,
    folder: tempfile::TempDir,
}

impl Server {
    /// `casemate server -dev`, in memory, unsealed, with a known root token.
    pub fn start_casemate() -> Self {
        Self::start_casemate_with(&[])
    }

    /// As `start_casemate`, with further arguments.
    pub fn start_casemate_with(arguments: &[&str]) -> Self {
        Self::start_dev(&binary("casemate"), arguments)
    }

    /// `bao server -dev`: the real thing, to compare with.
    pub fn start_bao() -> Self {
        Self::start_dev(&binary("bao"), &["-dev-no-store-token"])
    }

    /// Starts any program that understands Vault's `server -dev` arguments and waits until it answers.
    ///
    /// # Panics
    /// When it does not answer in time, with what it printed.
    pub fn start_dev(program: &Path, arguments: &[&str]) -> Self {
        let mut last = String::new();
        for _ in 0..START_ATTEMPTS {
            match Self::try_start(program, arguments) {
                Ok(server) => return server,
                Err(log) => last = log,
            }
        }
        panic!("{} did not start:\n{last}", program.display());
    }

    fn try_start(program: &Path, arguments: &[&str]) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = format!("127.0.0.1:{}", free_port());
        let log = File::create(folder.path().join("log")).expect("a log file");
        let child = Command::new(program)
            .args(["server", "-dev"])
            .arg(format!("-dev-root-token-id={ROOT_TOKEN}"))
            .arg(format!("-dev-listen-address={address}"))
            .args(arguments)
            .env("HOME", folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log file once more"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {}: {error}", program.display()));
        let mut server = Self {
            child,
            address,
            folder,
        };
        if server.becomes_ready() {
            Ok(server)
        } else {
            Err(server.log())
        }
    }

    fn becomes_ready(&mut self) -> bool {
        let client = self.client();
        let deadline = Instant::now() + READY_WITHIN;
        while Instant::now() < deadline {
            let answer = client.try_send("GET", "sys/health", &[], None);
            if answer.is_ok_and(|response| response.status == 200) {
                return true;
            }
            if self.child.try_wait().expect("the child's state").is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// Where it listens: `127.0.0.1:8200`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A client with the root token.
    pub fn client(&self) -> Client {
        Client::new(&format!("http://{}", self.address), ROOT_TOKEN)
    }

    /// The folder that is the server's home and is deleted with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Everything it printed so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ports for servers: below those that the system gives to connections, which could take one between
/// its choice and its use.
const PORTS: Range<u16> = 10_000..30_000;

/// Pairs of ports that were handed out by this process.
static HANDED_OUT: AtomicU32 = AtomicU32::new(0);

/// A port on loopback that was free a moment ago, and is handed out once in this process. So is the one
/// behind it, where a development server of OpenBao's listens for its cluster.
pub fn free_port() -> u16 {
    let pairs = u32::from(PORTS.end - PORTS.start) / 2;
    for _ in 0..pairs {
        // Test programs that run side by side begin in different places.
        let pair = HANDED_OUT
            .fetch_add(1, Ordering::Relaxed)
            .wrapping_add(std::process::id().wrapping_mul(97));
        let offset = u16::try_from(pair % pairs).expect("fewer pairs than ports");
        let port = PORTS.start + offset * 2;
        let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if is_free(port) && is_free(port + 1) {
            return port;
        }
    }
    panic!("no free port");
}

/// Finds a program that `cargo xtask test` provides and names: in `CASEMATE_TEST_BAO`, in
/// `CASEMATE_TEST_CASEMATE`; else beside the test's own build.
///
/// # Panics
/// When it is not there.
pub fn binary(name: &str) -> PathBuf {
    let variable = format!("CASEMATE_TEST_{}", name.to_uppercase());
    if let Some(path) = std::env::var_os(&variable) {
        return path.into();
    }
    let test = std::env::current_exe().expect("the test's own path");
    // target/debug/deps/compare-0123 -> target/debug
    let profile = test.ancestors().nth(2).expect("a test lies in deps/");
    let beside = profile.join(name);
    assert!(
        beside.is_file(),
        "no `{name}` in {}; `cargo xtask test` provides it, or set {variable}",
        profile.display()
    );
    beside
}
