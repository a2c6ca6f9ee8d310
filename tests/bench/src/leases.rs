//! Do leases cost anything while nothing happens to them? A server with many is started again, beside
//! one with none.

use crate::CONNECTIONS;
use crate::load::Load;
use crate::process::resident_mib;
use e2e::Durable;
use serde_json::json;
use std::time::Instant;
use tokio::runtime::Runtime;

const LEASES: usize = 1_000_000;
/// Writes that fill the journal of a server: 64 MiB of about 1.5 KiB each, and some.
const WRITES_OVER: usize = 60_000;

/// How a server ends.
#[derive(Clone, Copy)]
enum End {
    /// With no warning.
    Kill,
    /// As an operator stops it.
    Stop,
}

pub(crate) fn print(runtime: &Runtime) {
    let mut server = Durable::started();
    write_over(runtime, &server);
    let none = [End::Kill, End::Stop].map(|end| restart(&mut server, end, "none"));
    let body = json!({ "ttl": "24h", "no_parent": true, "policies": ["default"] });
    let create = Load::new(
        &server,
        |_| ("POST", "auth/token/create".into()),
        body.to_string(),
    );
    let made = runtime.block_on(create.run(CONNECTIONS, LEASES));
    println!("{LEASES} tokens with a lease, {:.0}/s", made.per_second);
    let all = [End::Kill, End::Stop].map(|end| restart(&mut server, end, "all"));
    for (name, none, all) in [
        ("after a kill", &none[0], &all[0]),
        ("after a stop", &none[1], &all[1]),
    ] {
        println!(
            "{name}: {:+.3} s to the first read, {:+.1} MiB, for {LEASES} leases",
            all.first_read - none.first_read,
            all.resident_mib - none.resident_mib
        );
    }
}

/// Writes one secret again and again: the journal, which is read after a kill, becomes as long as it
/// ever is, and nothing else does.
fn write_over(runtime: &Runtime, server: &Durable) {
    let mounted = server
        .client()
        .write("sys/mounts/kv", &json!({ "type": "kv" }));
    assert!(mounted.status < 300, "{}", mounted.body);
    let body = json!({ "v": "x".repeat(460) }).to_string();
    let write = Load::new(server, |_| ("POST", "kv/one".into()), body);
    runtime.block_on(write.run(CONNECTIONS, WRITES_OVER));
}

/// What a start came to.
struct Started {
    first_read: f64,
    resident_mib: f64,
}

/// Ends it, and times it from there to the first answered read.
fn restart(server: &mut Durable, end: End, leases: &str) -> Started {
    let how = match end {
        End::Kill => {
            server.kill();
            "killed"
        }
        End::Stop => {
            server.signal("TERM");
            assert!(server.ended_well(), "{}", server.log());
            "stopped"
        }
    };
    let begun = Instant::now();
    server.start();
    let open = begun.elapsed();
    server.unseal();
    let read = server.client().read("auth/token/lookup-self");
    assert_eq!(read.status, 200, "{}", read.body);
    let started = Started {
        first_read: begun.elapsed().as_secs_f64(),
        resident_mib: resident_mib(server.id()),
    };
    println!(
        "leases: {leases:<34} {how:<8} storage open {:>7.3} s, first read {:>7.3} s, resident {:>6.1} MiB",
        open.as_secs_f64(),
        started.first_read,
        started.resident_mib
    );
    started
}
