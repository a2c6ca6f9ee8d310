//! Prints what one call of a small component costs: `cargo run -p conformance --example call_cost`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement, not a service"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    dead_code,
    reason = "shares the tests' world, and measures real time"
)]

#[path = "../tests/hostile/world.rs"]
mod world;

use std::time::{Duration, Instant};
use world::{HOSTILE, RUNTIME, World};

const ROUNDS: usize = 9;
const CALLS: u32 = 2_000;

/// Time on a processor, of this thread: a machine that does other things does not spoil it.
fn on_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e6
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let bytes = &*HOSTILE;
    let digest = plugin::digest_of(bytes);
    let compiling = Instant::now();
    let component = RUNTIME.compile(bytes, &digest).unwrap();
    println!(
        "inspect and compile {} bytes: {:?}",
        bytes.len(),
        compiling.elapsed()
    );
    let artifact = component.artifact().unwrap();
    let size = artifact.len();
    let artifact = plugin::TrustedArtifact::danger_from_barrier(artifact);
    let times = (0..ROUNDS).map(|_| {
        let loading = Instant::now();
        drop(RUNTIME.load_artifact(&artifact, &digest).unwrap());
        loading.elapsed()
    });
    println!(
        "load artifact of {size} bytes: {:.0} us",
        median(times.collect())
    );

    let world = World::of(component);
    world.run("write").await.unwrap();
    for path in ["empty", "read"] {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let start = on_cpu();
            for _ in 0..CALLS {
                world
                    .component
                    .handle(world.call(), world.matched(path))
                    .await
                    .unwrap();
            }
            rounds.push((on_cpu() - start) / CALLS);
        }
        println!("handle {path}: {:.1} us", median(rounds));
    }
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let start = on_cpu();
        for _ in 0..CALLS {
            std::hint::black_box((world.call(), world.matched("read")));
        }
        rounds.push((on_cpu() - start) / CALLS);
    }
    println!(
        "of it, the call's own preparation by this program: {:.1} us",
        median(rounds)
    );
}
