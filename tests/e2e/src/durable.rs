//! A server with a folder of its own: it is initialised, unsealed, killed and started again.

use crate::{Client, binary, free_port};
use core::time::Duration;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

/// How long a server may take to answer its first request.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A folder, and the server that runs on it.
pub struct Durable {
    program: Vec<OsString>,
    folder: tempfile::TempDir,
    address: String,
    cluster_address: String,
    child: Option<Child>,
    shares: Vec<String>,
    token: String,
}

impl Durable {
    /// A new folder, no server yet. `more` is added to the configuration.
    pub fn new(more: &str) -> Self {
        Self::of(&binary("casemate"), more)
    }

    /// As `new`, for any program that reads Vault's configuration.
    pub fn of(program: &Path, more: &str) -> Self {
        Self::at(vec![program.into()], ["127.0.0.1"; 2], more)
    }

    /// As `of`, at other addresses: of the API, and of the cluster port. `program` are the words that
    /// run it.
    pub fn at(program: Vec<OsString>, hosts: [&str; 2], more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = format!("{}:{}", hosts[0], free_port());
        let data = folder.path().join("data");
        fs::create_dir(&data).expect("the data folder");
        let cluster_address = format!("{}:{}", hosts[1], free_port());
        let text = format!(
            "storage \"raft\" {{\n  path = {data:?}\n  node_id = \"a\"\n}}\n\
             listener \"tcp\" {{\n  address = {address:?}\n  cluster_address = {cluster_address:?}\n  tls_disable = true\n}}\n\
             api_addr = \"http://{address}\"\ncluster_addr = \"https://{cluster_address}\"\n{more}\n"
        );
        fs::write(folder.path().join("config.hcl"), text).expect("the configuration");
        Self {
            program,
            folder,
            address,
            cluster_address,
            child: None,
            shares: Vec::new(),
            token: String::new(),
        }
    }

    /// A new server, initialised and unsealed.
    pub fn started() -> Self {
        Self::started_of(&binary("casemate"))
    }

    /// As `started`, for any program that reads Vault's configuration.
    pub fn started_of(program: &Path) -> Self {
        let mut server = Self::of(program, "");
        server.start();
        server.initialize(1, 1);
        server.unseal();
        server
    }

    /// Starts the server and waits until it answers.
    ///
    /// # Panics
    /// When it does not answer in time, with what it printed.
    pub fn start(&mut self) {
        if let Err(status) = self.try_start() {
            panic!("the server ended with {status}:\n{}", self.log());
        }
    }

    /// As `start`, for a server that may refuse to run.
    ///
    /// # Errors
    /// When it ended by itself.
    ///
    /// # Panics
    /// When it neither answers in time nor ends.
    pub fn try_start(&mut self) -> Result<(), ExitStatus> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_path());
        let log = log.expect("a log file");
        let child = Command::new(&self.program[0])
            .args(&self.program[1..])
            .arg("server")
            .arg(format!(
                "-config={}",
                self.folder.path().join("config.hcl").display()
            ))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log file once more"))
            .stderr(log)
            .spawn()
            .expect("the server's process");
        self.child = Some(child);
        let deadline = Instant::now() + READY_WITHIN;
        while Instant::now() < deadline {
            let answer = self.client().try_send("GET", "sys/seal-status", &[], None);
            if answer.is_ok_and(|response| response.status == 200) {
                return Ok(());
            }
            let child = self.child.as_mut().expect("it was just started");
            if let Some(status) = child.try_wait().expect("the child's state") {
                self.child = None;
                return Err(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the server did not answer:\n{}", self.log());
    }

    /// Initialises it; keeps shares and root token.
    ///
    /// # Panics
    /// When it is refused.
    pub fn initialize(&mut self, shares: u8, threshold: u8) {
        let body = json!({ "secret_shares": shares, "secret_threshold": threshold });
        let made = self.client().write("sys/init", &body);
        assert_eq!(made.status, 200, "{}", made.body);
        let made = made.json();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        self.shares = made["keys_base64"]
            .as_array()
            .expect("keys")
            .iter()
            .map(text)
            .collect();
        self.token = text(&made["root_token"]);
    }

    /// Submits its shares until it is unsealed.
    ///
    /// # Panics
    /// When a share is refused, or all of them are not enough.
    pub fn unseal(&self) {
        self.unseal_with(&self.shares);
    }

    /// As `unseal`, with the shares of another server.
    ///
    /// # Panics
    /// When a share is refused, or all of them are not enough.
    pub fn unseal_with(&self, shares: &[String]) {
        for share in shares {
            let status = self.client().write("sys/unseal", &json!({ "key": share }));
            assert_eq!(status.status, 200, "{}\n{}", status.body, self.log());
            if status.json()["sealed"] == false {
                return self.wait_until_active();
            }
        }
        panic!("still sealed after {} shares", shares.len());
    }

    fn wait_until_active(&self) {
        let deadline = Instant::now() + READY_WITHIN;
        while self.client().send("GET", "sys/health", &[], None).status != 200 {
            assert!(Instant::now() < deadline, "not active:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Kills it as a power failure of the process would: with no warning.
    ///
    /// # Panics
    /// When there is no server.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("a running server");
        child.kill().expect("kill -9");
        child.wait().expect("its end");
    }

    /// Sends a signal by name.
    ///
    /// # Panics
    /// When there is no server.
    pub fn signal(&self, name: &str) {
        let id = self
            .child
            .as_ref()
            .expect("a running server")
            .id()
            .to_string();
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(id)
            .status();
        assert!(sent.expect("kill").success());
    }

    /// Waits for its end; true when it ended with 0.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn ended_well(&mut self) -> bool {
        let child = self.child.as_mut().expect("a running server");
        let deadline = Instant::now() + READY_WITHIN;
        while Instant::now() < deadline {
            if let Some(status) = child.try_wait().expect("the child's state") {
                self.child = None;
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the server did not end:\n{}", self.log());
    }

    /// A client with the root token.
    pub fn client(&self) -> Client {
        Client::new(&self.url(), &self.token)
    }

    /// Where it listens: `127.0.0.1:8200`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where other clusters are to connect to.
    pub fn cluster_address(&self) -> &str {
        &self.cluster_address
    }

    /// Its process id.
    ///
    /// # Panics
    /// When there is no server.
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("a running server").id()
    }

    /// `http://127.0.0.1:…`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The root token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The shares, in Base64.
    pub fn shares(&self) -> &[String] {
        &self.shares
    }

    /// The folder with configuration, data and log.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Everything it printed so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for Durable {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // Already gone is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
