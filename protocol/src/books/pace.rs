//! How often a system's books are read, and how gently. Configuration, so nothing of it is in a log.

use jiff::civil::Time;
use serde::Deserialize;

use crate::calendar::Calendar;
use crate::instant::Instant;

/// When and how fast a system's books are read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pace {
    /// By its own clock, such as 06:00 and 22:00; each of them is the cut-off of its run. Empty for none.
    pub at: Vec<Time>,
    /// So often, in ms: at whole multiples of it since 1970, so that every node means the same moments. Absent for never.
    pub every_ms: Option<u64>,
    /// How long after a difference was read it is read again, in ms: longer than what was just done takes to be seen there.
    pub settle_ms: u64,
    /// How many things are read at once.
    pub at_once: usize,
    /// How long a run waits for what does not answer, in ms.
    pub patience_ms: u64,
    /// How far what the system books by itself (`method: backflush`) may be from what was reported, in percent of that.
    pub by_itself_within_percent: u32,
}

impl Default for Pace {
    /// Only when somebody asks for it, 8 at once.
    fn default() -> Self {
        Self { at: Vec::new(), every_ms: None, settle_ms: 60_000, at_once: 8, patience_ms: 3_600_000, by_itself_within_percent: 0 }
    }
}

impl Pace {
    /// When the next run is due, after `now`; never when nothing is scheduled.
    pub fn next(&self, calendar: &Calendar, now: Instant) -> Option<Instant> {
        let by_clock = self.at.iter().filter_map(|time| calendar.next_at(now, *time)).min();
        let by_stretch = self.every_ms.and_then(|every| i64::try_from(every).ok()).filter(|every| *every > 0);
        let by_stretch = by_stretch.map(|every| Instant::from_utc_ms((now.utc_ms().div_euclid(every) + 1).saturating_mul(every)));
        by_clock.into_iter().chain(by_stretch).min()
    }
}
