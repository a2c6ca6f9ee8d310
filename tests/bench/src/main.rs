//! Measures Casemate beside `bao server`, both durable, in one run on one machine, and prints
//! ratios. Run by `cargo xtask bench`; nothing here is a test.
//!
//! `cargo xtask bench PART...` measures some parts only: `beside`, `bare`, `stages`, `leases`,
//! `replication`, `cost`.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measuring program: it reads clocks, prints, and stops at the first surprise"
)]

mod bare;
mod beside;
mod cost;
mod elsewhere;
mod leases;
mod load;
mod process;
mod relation;
mod replication;
mod stages;

/// Connections that are kept busy.
const CONNECTIONS: usize = 64;

type Part = (&'static str, fn(&tokio::runtime::Runtime));

const PARTS: &[Part] = &[
    ("beside", beside::print),
    ("bare", bare::print),
    ("stages", stages::print),
    ("leases", leases::print),
    ("replication", replication::print),
    ("cost", cost::print),
];

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let unknown = wanted
        .iter()
        .find(|name| !PARTS.iter().any(|(part, _)| part == name));
    if let Some(name) = unknown {
        panic!("there is no part {name:?}");
    }
    for (name, print) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|part| part == name) {
            print(&runtime);
        }
    }
}
