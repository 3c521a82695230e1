//! How busy the machine was with other things: a ratio taken meanwhile says
//! little, even in turn, because the two sides suffer differently.

use std::fs;
use std::time::Instant;

/// Linux counts processor time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

/// Begun before a measurement, asked after it.
pub(crate) struct Others {
    began: Instant,
    ticks: f64,
}

impl Others {
    pub(crate) fn watch() -> Self {
        Self { began: Instant::now(), ticks: all() - ours() }
    }

    /// The part of all processor time that went to others since.
    pub(crate) fn share(&self) -> f64 {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        let possible = self.began.elapsed().as_secs_f64() * TICKS_PER_SECOND * cores as f64;
        ((all() - ours() - self.ticks) / possible).clamp(0.0, 1.0)
    }
}

/// Busy ticks of the whole machine: all but idling and waiting for the disk.
fn all() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap();
    let ticks = stat.lines().next().unwrap().split_whitespace().skip(1);
    let ticks: Vec<f64> = ticks.map(|tick| tick.parse().unwrap()).collect();
    [0, 1, 2, 5, 6].map(|place| ticks[place]).iter().sum()
}

/// Ticks of this process and of those it started, ended ones included.
fn ours() -> f64 {
    let this = std::process::id();
    let running = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let stat = fs::read_to_string(entry.ok()?.path().join("stat")).ok()?;
        // The name, in brackets, may hold anything.
        let (head, rest) = (stat.split(' ').next()?, stat.rsplit_once(") ")?.1);
        let fields: Vec<&str> = rest.split(' ').collect();
        let ticks = |place: usize| fields[place].parse::<f64>().unwrap();
        let own = ticks(11) + ticks(12);
        match (head.parse() == Ok(this), fields[1].parse() == Ok(this)) {
            (true, _) => Some(own + ticks(13) + ticks(14)),
            (_, true) => Some(own),
            _ => None,
        }
    });
    running.sum()
}
