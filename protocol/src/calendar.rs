//! A site's calendar: its zone, production day, shifts and closed days; and the posting periods of an ERP. Zone data is
//! the bundled one, never the machine's: two nodes must agree on when a shift ended.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

pub use jiff::civil::Date;
use jiff::civil::Time;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use crate::instant::Instant;
use crate::malformed::Malformed;

mod period;

pub use period::{PeriodBook, PeriodState, Placement, PostingDate};

/// When a site works.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Pattern", into = "Pattern")]
pub struct Calendar {
    pattern: Arc<Pattern>,
    zone: TimeZone,
}

/// A calendar as an operator writes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// The IANA zone, such as `Europe/Berlin`.
    pub zone: String,
    /// The shifts, by local start time. The first one starts the production day, so a night shift that starts late
    /// belongs to the day it started on.
    #[serde(default = "one_shift")]
    pub shifts: Vec<Shift>,
    /// Days on which nothing may be planned to start.
    #[serde(default)]
    pub closed: BTreeSet<Date>,
}

/// A shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// Its name, such as `A`.
    pub name: String,
    /// When it starts, by the clock on the wall.
    pub starts: Time,
}

fn one_shift() -> Vec<Shift> {
    vec![Shift { name: "day".to_owned(), starts: Time::midnight() }]
}

/// A production day of a site and a shift of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlantDay {
    /// The production day: the date on which its first shift started.
    pub date: Date,
    /// The shift.
    pub shift: String,
}

impl Calendar {
    /// A calendar of its pattern; refuses an unknown zone, no shift, and shifts out of order.
    pub fn new(pattern: Pattern) -> Result<Self, Malformed> {
        let zone = bundled().get(&pattern.zone).map_err(|_| {
            Malformed::new("time zone", &pattern.zone, "use an IANA name such as Europe/Berlin, America/Chicago or Asia/Shanghai")
        })?;
        let ordered = pattern.shifts.windows(2).all(|pair| matches!(pair, [a, b] if a.starts < b.starts));
        if pattern.shifts.is_empty() || !ordered {
            return Err(Malformed::new("shift pattern", &pattern.zone, "list at least one shift, in the order of their start times"));
        }
        Ok(Self { pattern: Arc::new(pattern), zone })
    }

    /// A calendar of one shift a day.
    pub fn plain(zone: &str) -> Result<Self, Malformed> {
        Self::new(Pattern { zone: zone.to_owned(), shifts: one_shift(), closed: BTreeSet::new() })
    }

    /// The IANA zone.
    pub fn zone(&self) -> &str {
        &self.pattern.zone
    }

    /// The production day and shift an instant falls into.
    pub fn plant_day(&self, at: Instant) -> PlantDay {
        let (date, shift) = self.shift_at(at);
        PlantDay { date, shift: self.pattern.shifts.get(shift).map(|shift| shift.name.clone()).unwrap_or_default() }
    }

    /// When the shift that an instant falls into ends: the start of the next one, on a day of 23, 24 or 25 hours.
    pub fn shift_end(&self, at: Instant) -> Instant {
        let (date, shift) = self.shift_at(at);
        let (day, next) = match self.pattern.shifts.get(shift + 1) {
            Some(next) => (date, next.starts),
            None => (date.tomorrow().unwrap_or(date), self.first_start()),
        };
        // Where the clock is put back over the boundary the first of two is already behind us: the second one is meant.
        let end = self.local(day, next);
        if end > at { end } else { self.local_later(day, next) }
    }

    /// When the shift that an instant falls into started.
    pub fn shift_start(&self, at: Instant) -> Instant {
        let (date, shift) = self.shift_at(at);
        self.local(date, self.pattern.shifts.get(shift).map_or(Time::midnight(), |shift| shift.starts))
    }

    /// The plant-local calendar date: what a posting is dated, whatever the shift.
    pub fn posting_date(&self, at: Instant) -> PostingDate {
        PostingDate::new(self.zoned(at).date())
    }

    /// A time as a clock at the site shows it, such as `2026-11-24T06:00:00`; one that has an offset is taken as it is. One
    /// that does not exist is moved forward, of two the earlier is meant.
    pub fn clock_time(&self, text: &str) -> Result<Instant, Malformed> {
        if let Ok(instant) = Instant::parse(text) {
            return Ok(instant);
        }
        let wrong = || Malformed::new("time", text, "send it as 2026-11-24T06:00:00, with or without an offset");
        let local: jiff::civil::DateTime = text.parse().map_err(|_| wrong())?;
        Ok(self.local(local.date(), local.time()))
    }

    /// The next local midnight.
    pub fn next_midnight(&self, at: Instant) -> Instant {
        let date = self.zoned(at).date();
        self.local(date.tomorrow().unwrap_or(date), Time::midnight())
    }

    /// When the clock on the wall next shows this time, after an instant.
    pub fn next_at(&self, after: Instant, time: Time) -> Option<Instant> {
        let today = self.zoned(after).date();
        [Some(today), today.tomorrow().ok()].into_iter().flatten().map(|day| self.local(day, time)).find(|at| *at > after)
    }

    /// The date on the wall.
    pub fn date(&self, at: Instant) -> Date {
        self.zoned(at).date()
    }

    /// May something be planned to start then?
    pub fn is_open(&self, at: Instant) -> bool {
        !self.pattern.closed.contains(&self.date(at))
    }

    /// The same point with this site's own offset, for people.
    #[must_use]
    pub fn local_time(&self, at: Instant) -> Instant {
        Instant::from_zoned(&self.zoned(at))
    }

    fn zoned(&self, at: Instant) -> jiff::Zoned {
        at.timestamp().to_zoned(self.zone.clone())
    }

    fn first_start(&self) -> Time {
        self.pattern.shifts.first().map_or(Time::midnight(), |shift| shift.starts)
    }

    /// The production day, and which of its shifts.
    fn shift_at(&self, at: Instant) -> (Date, usize) {
        let zoned = self.zoned(at);
        let (date, time) = (zoned.date(), zoned.time());
        match self.pattern.shifts.iter().rposition(|shift| shift.starts <= time) {
            Some(shift) => (date, shift),
            None => (date.yesterday().unwrap_or(date), self.pattern.shifts.len().saturating_sub(1)),
        }
    }

    fn local_later(&self, date: Date, time: Time) -> Instant {
        match self.zone.to_ambiguous_zoned(date.to_datetime(time)).later() {
            Ok(zoned) => Instant::from_zoned(&zoned),
            Err(_) => Instant::EPOCH,
        }
    }

    /// A local time as a point: one that does not exist is moved forward, of two the earlier is meant.
    fn local(&self, date: Date, time: Time) -> Instant {
        match date.to_datetime(time).to_zoned(self.zone.clone()) {
            Ok(zoned) => Instant::from_zoned(&zoned),
            Err(_) => Instant::EPOCH,
        }
    }
}

/// The zone data in the binary.
fn bundled() -> &'static TimeZoneDatabase {
    static BUNDLED: OnceLock<TimeZoneDatabase> = OnceLock::new();
    BUNDLED.get_or_init(TimeZoneDatabase::bundled)
}

impl Default for Calendar {
    fn default() -> Self {
        let pattern = Pattern { zone: "UTC".to_owned(), shifts: one_shift(), closed: BTreeSet::new() };
        Self { pattern: Arc::new(pattern), zone: TimeZone::UTC }
    }
}

impl PartialEq for Calendar {
    fn eq(&self, other: &Self) -> bool {
        self.pattern.zone == other.pattern.zone
            && self.pattern.shifts == other.pattern.shifts
            && self.pattern.closed == other.pattern.closed
    }
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pattern.fmt(f)
    }
}

impl TryFrom<Pattern> for Calendar {
    type Error = Malformed;
    fn try_from(pattern: Pattern) -> Result<Self, Malformed> {
        Self::new(pattern)
    }
}

impl From<Calendar> for Pattern {
    fn from(calendar: Calendar) -> Self {
        calendar.pattern.as_ref().clone()
    }
}

/// Closing states by month, as the ERP's book-keepers set them.
pub(crate) type Months = BTreeMap<(i16, i8), PeriodState>;

#[cfg(test)]
mod tests;
