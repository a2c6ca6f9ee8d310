//! Runs the same command lines with two clients and reports where they differ.
//!
//! ```text
//!  Script ──┬──▶ client A ──▶ server 1 ──▶ Vec<Outcome> ──┐
//!           └──▶ client B ──▶ server 2 ──▶ Vec<Outcome> ──┴──▶ compare
//! ```
//!
//! The two servers are of one kind and get the same commands in the same order, so that commands
//! which change something can be compared as well as those which only look. What is bound to differ
//! (ids, times, the program's name) is first made equal by [`level`]; what we mean to differ stands,
//! with its reason, in [`differences`].

pub mod differences;
mod level;
mod line;
pub mod lines;
mod run;

pub use differences::Difference;
pub use line::{Line, Script, keep, line};
pub use run::{Kind, Outcome, Program, outcomes};

use level::Level;

/// One line for each run in which the clients differ though they should not, or agree though they
/// should not.
///
/// # Panics
/// When a client cannot be run.
pub fn compare(script: &Script, kind: Kind) -> Vec<String> {
    let (theirs, ours) = std::thread::scope(|scope| {
        let theirs = scope.spawn(|| outcomes(script, Program::Bao, kind));
        let ours = scope.spawn(|| outcomes(script, Program::Casemate, kind));
        (
            theirs.join().expect("bao's runs"),
            ours.join().expect("our runs"),
        )
    });
    assert_eq!(theirs.len(), ours.len(), "{}", script.name);
    let pairs = theirs.iter().zip(&ours);
    let mut complaints: Vec<String> = pairs
        .filter_map(|(theirs, ours)| judge(script, theirs, ours))
        .collect();
    complaints.extend(vanished(script, &theirs, &ours));
    complaints
}

fn judge(script: &Script, theirs: &Outcome, ours: &Outcome) -> Option<String> {
    let line = &script.lines[theirs.line];
    if line.differs.is_some() {
        return None;
    }
    let (reference, answer) = (Level::of(theirs), Level::of(ours));
    let agree = match line.messages_compared {
        true => reference == answer,
        false => reference.same_result(&answer),
    };
    let Outcome { form, shown, .. } = theirs;
    let difference = || reference.difference(&answer);
    (!agree).then(|| format!("{} [{form}]: {shown}\n{}", script.name, difference()))
}

/// The meant differences that no run of their line shows any longer.
fn vanished(script: &Script, theirs: &[Outcome], ours: &[Outcome]) -> Vec<String> {
    let listed = script.lines.iter().enumerate();
    let vanished = listed.filter_map(|(at, line)| {
        let difference = line.differs?;
        let mut runs = theirs.iter().zip(ours).filter(|(one, _)| one.line == at);
        let shown = runs.any(|(one, other)| Level::of(one) != Level::of(other));
        let name = difference.name;
        (!shown).then(|| {
            format!(
                "{}: {}\n  no longer shows `{name}`",
                script.name, line.words
            )
        })
    });
    vanished.collect()
}
