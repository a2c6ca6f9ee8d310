//! Runs one seed, or several, and says what went wrong.
#![allow(
    clippy::print_stdout,
    clippy::exit,
    reason = "a program for people: it says what it found"
)]

use sim::{Plant, run};

const USAGE: &str = "sim --seed N [--seeds HOW-MANY] [--steps M] [--plant BUG]";

/// The number after an option.
fn number(arguments: &[String], option: &str, otherwise: u64) -> Result<u64, String> {
    let at = arguments.iter().position(|argument| argument == option);
    let Some(at) = at else { return Ok(otherwise) };
    let given = arguments.get(at + 1).map(|text| text.parse());
    match given {
        Some(Ok(number)) => Ok(number),
        _ => Err(format!("{option} needs a number\n{USAGE}")),
    }
}

fn plant(arguments: &[String]) -> Result<Plant, String> {
    let at = arguments.iter().position(|argument| argument == "--plant");
    let Some(at) = at else {
        return Ok(Plant::Nothing);
    };
    let named = arguments.get(at + 1).and_then(|name| Plant::named(name));
    let names = Plant::ALL.map(|(name, _)| name).join(", ");
    named.ok_or_else(|| format!("--plant needs one of {names}\n{USAGE}"))
}

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seed = number(&arguments, "--seed", 1)?;
    let seeds = number(&arguments, "--seeds", 1)?;
    let steps = number(&arguments, "--steps", sim::STEPS)?;
    let plant = plant(&arguments)?;
    for seed in seed..seed.saturating_add(seeds) {
        match run(seed, steps, plant) {
            Ok(report) => println!("SEED={seed} STEPS={steps} {report:?}"),
            Err(failure) => {
                println!("{failure}");
                std::process::exit(1);
            }
        }
    }
    Ok(())
}
