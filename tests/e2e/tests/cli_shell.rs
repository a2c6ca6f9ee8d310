//! What the command line prints for shells, and what it goes on printing.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use e2e::{Server, binary};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

#[test]
fn bash_reads_its_completion_and_completes_with_it() {
    let ran = Command::new(binary("casemate"))
        .args(["completion", "bash"])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("casemate.bash");
    std::fs::write(&script, &ran.stdout).unwrap();
    let read = Command::new("bash")
        .arg("-n")
        .arg(&script)
        .output()
        .unwrap();
    assert!(read.status.success(), "{read:?}");
    // As bash does it for `casemate pol<tab>`.
    let ask = format!(
        "source {script:?}\nCOMP_WORDS=(casemate pol)\nCOMP_CWORD=1\n\
         $(complete -p casemate | sed -e 's/.*-F \\([^ ]*\\).*/\\1/') casemate pol casemate\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let asked = Command::new("bash").arg("-c").arg(ask).output().unwrap();
    let offered = String::from_utf8_lossy(&asked.stdout);
    let mut offered = offered.lines().filter(|line| !line.is_empty()).peekable();
    assert!(offered.peek().is_some(), "{asked:?}");
    assert!(offered.all(|word| word.starts_with("pol")), "{asked:?}");
}

#[test]
fn monitor_prints_lines_of_the_log_as_they_come() {
    let server = Server::start_casemate();
    let mut monitor = Command::new(binary("casemate"))
        .env_clear()
        .env("HOME", server.folder())
        .env("VAULT_ADDR", format!("http://{}", server.address()))
        .env("VAULT_TOKEN", "root")
        .arg("monitor")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(monitor.stdout.take().unwrap()).lines();
    let (sender, came) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    // The server tells the log that it is monitored.
    let line = came.recv_timeout(Duration::from_secs(30));
    monitor.kill().unwrap();
    monitor.wait().unwrap();
    let line = line.unwrap();
    assert!(line.contains("the log is monitored"), "{line}");
}
