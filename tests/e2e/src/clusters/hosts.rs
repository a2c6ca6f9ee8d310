//! Hosts for the clusters of a test: each with a network of its own, where the system lets a user make
//! such; else all are this machine.
//!
//! ```text
//!  host A  10.91.1.1 ══ API ═══════ 10.91.1.2  host B, 10.91.1.3  host C
//!          10.91.2.1 ══ clusters ══ 10.91.2.2          10.91.2.3
//! ```
//!
//! The test itself and the relays are on host A: [`hosts!`](crate::hosts) starts the test once more, in
//! namespaces of its own. All that is in them ends with the test, however that ends.

use super::{Relay, until};
use crate::binary;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Says to a test that it is on host A.
const ON_HOST_A: &str = "CASEMATE_TEST_ON_HOST_A";

/// Makes the namespaces of host A: of users, of the network and of processes. With the first of its
/// processes, which is the test, the system ends all of them.
const HOST_A: [&str; 4] = ["unshare", "-Urnpf", "--mount-proc", "--kill-child"];

/// Everything that hosts are made of.
const TRIED: &str = "ip link add near type veth peer name far && unshare -n nsenter -t 1 -n true";

/// Of the API, and of the cluster port.
const ADDRESSES: [[&str; 2]; 3] = [
    ["10.91.1.1", "10.91.2.1"],
    ["10.91.1.2", "10.91.2.2"],
    ["10.91.1.3", "10.91.2.3"],
];

/// Of nobody.
const NOWHERE: &str = "02:00:00:00:00:99";

/// Where the clusters of a test are.
pub struct Hosts {
    /// That of the test itself, and of the first cluster.
    pub a: Host,
    /// That of the second one.
    pub b: Host,
    /// That of a third one.
    pub c: Host,
}

/// Where one cluster is.
pub struct Host {
    addresses: [&'static str; 2],
    relays: &'static str,
    /// Is in its network, where that is not the test's.
    network: Option<Child>,
}

/// Does the system let hosts be made? Says once where it does not.
fn can_be_apart() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(|| {
        let tried = command(&HOST_A).args(["sh", "-c", TRIED]).output();
        let why = match tried {
            Ok(output) if output.status.success() => return true,
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        // Not as a test prints, which is shown where one fails.
        let line = format!("NO HOSTS OF THEIR OWN HERE ({why}): all clusters are on this one\n");
        let _ = std::io::stderr().write_all(line.as_bytes());
        false
    })
}

/// The hosts of the test that this stands in. None where it has run to its end on them by now:
/// `let Some(hosts) = e2e::hosts!() else { return };`.
#[macro_export]
macro_rules! hosts {
    () => {
        $crate::clusters::Hosts::of(|| {})
    };
}

/// Starts a test once more on host A.
fn run_on_host_a(test: &str) {
    let itself = std::env::current_exe().expect("the test's own program");
    let mut again = command(&HOST_A);
    again.arg(itself).args(["--exact", test, "--nocapture"]);
    let done = again.env(ON_HOST_A, "").output().expect("the test again");
    let said = String::from_utf8_lossy(&done.stdout);
    println!("{said}{}", String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{test} on host A: {}", done.status);
    assert!(said.contains(" 1 passed"), "{test} is no test");
}

impl Hosts {
    /// Those of the test that `within` was made in; see [`hosts!`](crate::hosts).
    ///
    /// # Panics
    /// When the test fails on them.
    pub fn of<T: Fn()>(_within: T) -> Option<Self> {
        if std::env::var_os(ON_HOST_A).is_some() {
            return Some(Self::apart());
        }
        if !can_be_apart() {
            return Some(Self::together());
        }
        // replication::pair::a_pair::{{closure}} is made in pair::a_pair.
        let name = core::any::type_name::<T>();
        let (_, name) = name.split_once("::").expect("a crate and more");
        run_on_host_a(name.trim_end_matches("::{{closure}}"));
        None
    }

    /// From within host A.
    fn apart() -> Self {
        ip(None, &["link set lo up"]);
        let [a, b, c] = ADDRESSES;
        Self {
            a: Host::at(a, None),
            b: Host::joined("b", b),
            c: Host::joined("c", c),
        }
    }

    /// All of them are this machine.
    pub fn together() -> Self {
        let [a, b, c] = core::array::from_fn(|_| Host::this());
        Self { a, b, c }
    }

    /// No packet between the cluster on host B and this relay, on host A, arrives any more, and nobody
    /// is told.
    pub fn swallow(&self, relay: &Relay) {
        if self.b.network.is_none() {
            return relay.fall_silent();
        }
        self.change_way(|to, device| {
            format!("neigh replace {to} lladdr {NOWHERE} dev {device} nud permanent")
        });
    }

    /// They arrive again.
    pub fn carry(&self, relay: &Relay) {
        if self.b.network.is_none() {
            return relay.mend();
        }
        self.change_way(|to, device| format!("neigh del {to} dev {device}"));
    }

    /// Between the clusters on A and B, from both ends.
    fn change_way(&self, line: impl Fn(&str, &str) -> String) {
        let [[_, a], [_, b], _] = ADDRESSES;
        ip(None, &[&line(b, "clusters-b")]);
        ip(self.b.network.as_ref(), &[&line(a, "clusters")]);
    }
}

impl Host {
    /// This machine, as every program has it.
    pub const fn this() -> Self {
        Self {
            addresses: ["127.0.0.1"; 2],
            relays: "127.0.0.1",
            network: None,
        }
    }

    const fn at(addresses: [&'static str; 2], network: Option<Child>) -> Self {
        let [[_, relays], ..] = ADDRESSES;
        Self {
            addresses,
            relays,
            network,
        }
    }

    /// Another one, with two ways to host A.
    fn joined(name: &str, addresses: [&'static str; 2]) -> Self {
        let network = new_network();
        let id = network.id();
        let mut near = Vec::new();
        let mut far = vec![String::from("link set lo up")];
        let ways = ["api", "clusters"].into_iter().zip(ADDRESSES[0]);
        for ((way, here), there) in ways.zip(addresses) {
            let device = format!("{way}-{name}");
            near.push(format!(
                "link add {device} type veth peer name {way} netns {id}"
            ));
            for (lines, device, own, other) in [
                (&mut near, device.as_str(), here, there),
                (&mut far, way, there, here),
            ] {
                lines.push(format!("addr add {own} peer {other} dev {device}"));
                lines.push(format!("link set {device} up"));
            }
        }
        ip(None, &near);
        ip(Some(&network), &far);
        Self::at(addresses, Some(network))
    }

    /// What runs the server on it.
    pub(super) fn casemate(&self) -> Vec<OsString> {
        let casemate = binary("casemate").into_os_string();
        let mut words = enter(self.network.as_ref());
        words.push(casemate);
        words
    }

    /// Of the API, and of the cluster port.
    pub const fn addresses(&self) -> [&'static str; 2] {
        self.addresses
    }

    /// Where those relays listen that lead to it.
    pub(super) const fn relays(&self) -> &'static str {
        self.relays
    }
}

/// A network with nobody in it but this process.
fn new_network() -> Child {
    let holder = command(&["unshare", "-n", "sleep", "infinity"]).spawn();
    let holder = holder.expect("a process that holds the network");
    let network = |id: &str| fs::read_link(format!("/proc/{id}/ns/net")).ok();
    until("another network", || {
        let other = network(&holder.id().to_string())?;
        (Some(other) != network("self")).then_some(())
    });
    holder
}

/// The words before a command of this network.
fn enter(network: Option<&Child>) -> Vec<OsString> {
    let Some(holder) = network else {
        return Vec::new();
    };
    let id = holder.id().to_string();
    ["nsenter", "-t", &id, "-n"].map(OsString::from).to_vec()
}

/// Has `ip` change a network.
fn ip(network: Option<&Child>, lines: &[impl AsRef<str>]) {
    let mut words = enter(network);
    words.extend(["ip", "-batch", "-"].map(OsString::from));
    let mut ip = command(&words);
    let ip = ip.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut ip = ip.expect("ip");
    let mut input = ip.stdin.take().expect("its input");
    for line in lines {
        writeln!(input, "{}", line.as_ref()).expect("a line for it");
    }
    drop(input);
    let done = ip.wait_with_output().expect("its end");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "ip: {said}");
}

/// A command, also where those of the administrator are not in the path.
fn command(words: &[impl AsRef<OsStr>]) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(&words[0]);
    command
        .args(&words[1..])
        .env("PATH", format!("{path}:/usr/sbin:/sbin"));
    command
}
