//! Every seed of a range runs without a violation, and each bug that is put in is found.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests: what goes wrong is to fail them"
)]

use sim::{Plant, SEEDS, STEPS, run};

/// Every other seed: two tests, for two cores.
fn nothing_is_violated(first: u64) {
    let (mut mounts, mut upgrades) = (0, 0);
    for seed in (first..SEEDS).step_by(2) {
        match run(seed, STEPS, Plant::Nothing) {
            Ok(report) => {
                mounts += report.mounts;
                upgrades += report.upgrades;
            }
            Err(failure) => panic!("{failure}"),
        }
    }
    // What is rare happens as well.
    assert!(mounts > 3 && upgrades > 20, "{mounts}, {upgrades}");
}

#[test]
fn no_even_seed_violates_anything() {
    nothing_is_violated(0);
}

#[test]
fn no_odd_seed_violates_anything() {
    nothing_is_violated(1);
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

/// Finds a bug that was put in, by the invariant that is to find it.
fn is_found(plant: Plant, by: &str) {
    for seed in 0..SEEDS {
        let Err(failure) = run(seed, STEPS, plant) else {
            continue;
        };
        let mut violations = failure.violations.iter();
        if violations.any(|violation| violation.starts_with(by)) {
            println!("{plant:?}: SEED={seed} STEPS={STEPS}");
            return;
        }
    }
    panic!("{plant:?} was not found by {by} in {SEEDS} seeds");
}

#[test]
fn each_planted_bug_is_found() {
    for (plant, by) in [
        (Plant::LocalSent, "local_never_leaves_cluster"),
        (Plant::FilterUnseen, "filtered_never_leaves_primary"),
        (Plant::DigestStale, "digest_equal_at_equal_index"),
        (Plant::CommitLost, "acked_write_survives"),
        (Plant::CommitTorn, "batch_is_atomic"),
        (Plant::RevokedServed, "revoked_secondary_gets_nothing"),
        (Plant::DiskOld, "applied_monotonic"),
    ] {
        is_found(plant, by);
    }
}
