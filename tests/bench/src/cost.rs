//! What secondaries cost their primary. The primary has one processor to itself; the other one is for
//! who writes, and for secondaries that are elsewhere: what the primary can do less with them is its
//! own work for them. The machine is not the same from one second to the next: all primaries are there
//! from the beginning, and take turns.

use crate::CONNECTIONS;
use crate::elsewhere::Elsewhere;
use crate::load::{Load, Pace, Paced};
use crate::process::{keep_on, processor_seconds, resident_mib};
use crate::relation::{entry, primary};
use e2e::Durable;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How many secondaries the primaries have. The others are compared with the first.
const COUNTS: [usize; 3] = [0, 1, 8];
/// Turns of each primary; what is printed is their median.
const TURNS: usize = 9;
/// Writes of a turn under full load.
const WRITES: usize = 10_000;
/// How long a turn takes at a pace that leaves time, and that pace.
const TURN: Duration = Duration::from_secs(4);
const PACE: Pace = Pace {
    per_second: 1_000,
    at_once: 8,
};
/// The processors of the primaries, and of everybody else.
const OF_PRIMARIES: &str = "0";
const OF_OTHERS: &str = "1";

pub(crate) fn print(runtime: &Runtime) {
    keep_on(std::process::id(), OF_OTHERS);
    let leads = COUNTS.map(|count| Lead::with(runtime, count));
    in_turns("under full load", &leads, |lead| lead.busy(runtime));
    let name = format!("at {} writes/s, {} at once", PACE.per_second, PACE.at_once);
    in_turns(&name, &leads, |lead| lead.steady(runtime));
    for (count, lead) in COUNTS.iter().zip(&leads) {
        let resident = resident_mib(lead.primary.id());
        println!("primary of {count} secondaries, resident {resident:>6.1} MiB");
    }
}

/// A primary and its secondaries.
struct Lead {
    /// They go before it.
    _secondaries: Vec<Elsewhere>,
    primary: Durable,
    load: Arc<Load>,
}

/// What a turn came to.
#[derive(Clone, Copy)]
struct Spent {
    per_second: f64,
    /// Microseconds of a processor that the primary took for each write.
    micros: f64,
    /// Which part of the time it had a processor.
    share: f64,
}

impl Spent {
    fn of(seconds: f64, writes: f64, per_second: f64) -> Self {
        let each = seconds / writes;
        Self {
            per_second,
            micros: each * 1e6,
            share: each * per_second,
        }
    }
}

impl Lead {
    fn with(runtime: &Runtime, count: usize) -> Self {
        let (primary, _) = primary();
        keep_on(primary.id(), OF_PRIMARIES);
        let joined = |number| Elsewhere::follow(runtime, &primary, &format!("s{number}"));
        let secondaries = (0..count).map(joined).collect();
        let request = |n: usize| ("POST", format!("kv/app/{}", n % 1000));
        let load = Load::to(primary.address(), primary.token(), request, entry());
        Self {
            _secondaries: secondaries,
            primary,
            load,
        }
    }

    /// As many writes as it can.
    fn busy(&self, runtime: &Runtime) -> Spent {
        let before = processor_seconds(self.primary.id());
        let measured = runtime.block_on(self.load.run(CONNECTIONS, WRITES));
        let seconds = processor_seconds(self.primary.id()) - before;
        Spent::of(seconds, WRITES as f64, measured.per_second)
    }

    /// Writes at a pace.
    fn steady(&self, runtime: &Runtime) -> Spent {
        let pacing = Paced::new(runtime, &self.load, PACE);
        let (sent, before) = (pacing.sent(), processor_seconds(self.primary.id()));
        std::thread::sleep(TURN);
        let seconds = processor_seconds(self.primary.id()) - before;
        let writes = (pacing.sent() - sent) as f64;
        pacing.end(runtime);
        Spent::of(seconds, writes, writes / TURN.as_secs_f64())
    }
}

/// Measures all of them, one after the other, several times.
fn in_turns(name: &str, leads: &[Lead; 3], measure: impl Fn(&Lead) -> Spent) {
    // What is made once is made by now.
    let _warm = leads.each_ref().map(&measure);
    let turns: Vec<[Spent; 3]> = (0..TURNS).map(|_| leads.each_ref().map(&measure)).collect();
    let of =
        |at: usize, figure: fn(&Spent) -> f64| median(turns.iter().map(|turn| figure(&turn[at])));
    println!("{name}");
    for (at, count) in COUNTS.iter().enumerate() {
        let beside_none = |figure| (of(at, figure), of(at, figure) / of(0, figure));
        let per_second = beside_none(|spent| spent.per_second);
        let micros = beside_none(|spent| spent.micros);
        println!(
            "  {count} secondaries {:>8.0}/s {:>5.2}x, on the primary {:>6.1} us of a processor each {:>5.2}x, busy {:>4.0} %",
            per_second.0,
            per_second.1,
            micros.0,
            micros.1,
            of(at, |spent| spent.share) * 100.0
        );
    }
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}
