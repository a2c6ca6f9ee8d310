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

pub(crate) fn print(runtime: &Runtime) {
    let mut server = Durable::started();
    restart(&mut server, "without leases");
    let body = json!({ "ttl": "24h", "no_parent": true, "policies": ["default"] });
    let create = Load::new(
        &server,
        |_| ("POST", "auth/token/create".into()),
        body.to_string(),
    );
    let made = runtime.block_on(create.run(CONNECTIONS, LEASES));
    println!("{LEASES} tokens with a lease, {:.0}/s", made.per_second);
    restart(&mut server, "with all of them");
}

/// Stops it with no warning, and times it from there to the first answered read.
fn restart(server: &mut Durable, name: &str) {
    server.kill();
    let started = Instant::now();
    server.start();
    let sealed = started.elapsed();
    server.unseal();
    let read = server.client().read("auth/token/lookup-self");
    assert_eq!(read.status, 200, "{}", read.body);
    println!(
        "{name:<20} storage open {:>7.3} s, first read {:>7.3} s, resident {:>6.1} MiB",
        sealed.as_secs_f64(),
        started.elapsed().as_secs_f64(),
        resident_mib(server.id())
    );
}
