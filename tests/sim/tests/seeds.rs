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
    let (mut mounts, mut local, mut unmounts, mut upgrades) = (0, 0, 0, 0);
    for seed in (first..SEEDS).step_by(2) {
        match run(seed, STEPS, Plant::Nothing) {
            Ok(report) => {
                mounts += report.mounts;
                local += report.local_mounts;
                unmounts += report.unmounts;
                upgrades += report.upgrades;
            }
            Err(failure) => panic!("{failure}"),
        }
    }
    // What is rare happens as well.
    println!("{mounts} mounts, {local} of them local, {unmounts} unmounts, {upgrades} upgrades");
    assert!(mounts - local > 10 && local > 20 && unmounts > 20 && upgrades > 20);
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

/// Finds a bug that was put in, by each of the checks that are to find it.
fn is_found(plant: Plant, by: &[&str]) {
    let mut left = by.to_vec();
    for seed in 0..SEEDS {
        let Err(failure) = run(seed, STEPS, plant) else {
            continue;
        };
        let is_new = |text: &&str| failure.violations.iter().any(|what| what.contains(*text));
        if left.iter().any(is_new) {
            println!("{plant:?}: SEED={seed} STEPS={STEPS}");
        }
        left.retain(|text| !is_new(text));
        if left.is_empty() {
            return;
        }
    }
    panic!("{plant:?} was not found by {left:?} in {SEEDS} seeds");
}

/// Each check of each invariant finds some bug: else nobody knows whether it looks.
#[test]
fn each_planted_bug_is_found() {
    let all: [(Plant, &[&str]); 12] = [
        (
            Plant::LocalSent,
            &["a canary is on the wire", "a local value is on the wire"],
        ),
        (Plant::LocalAdded, &["local_never_leaves_cluster: local/"]),
        (Plant::UpgradeLost, &["to a version that has no such place"]),
        (
            Plant::FilterUnseen,
            &[
                "filtered_never_leaves_primary: replicated/",
                "the root of a filtered namespace is sent",
                " too much",
            ],
        ),
        (
            Plant::DigestStale,
            &["are equally far and differ", "are not those of its entries"],
        ),
        (
            Plant::CommitLost,
            &[
                "acked_write_survives: ",
                " lacks ",
                "index_is_kept: with what was told of it",
            ],
        ),
        (Plant::CommitTorn, &["batch_is_atomic"]),
        (
            Plant::RevokedServed,
            &[
                "is sent entry",
                "is sent keys",
                "is sent upto",
                ", forward)",
            ],
        ),
        (Plant::DiskOld, &["was of generation", " for ever"]),
        (Plant::PositionOld, &["had everything up to entry"]),
        (Plant::FrameCut, &["a frame that is no message"]),
        (Plant::NeverHeals, &["liveness: "]),
    ];
    assert_eq!(all.len(), Plant::ALL.len());
    for (plant, by) in all {
        is_found(plant, by);
    }
}
