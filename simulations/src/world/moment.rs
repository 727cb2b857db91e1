//! What time it is for a foreign system: an instant, and the zone its people live in.
//!
//! Apart because the world must not borrow the mesh's idea of time. Never reads a clock: every instant is an argument.

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01 in UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(i64);

impl Moment {
    /// The instant so many milliseconds after 1970-01-01 in UTC.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01 in UTC.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// So many milliseconds later (earlier when negative).
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// A time zone of the bundled database, so that two machines never disagree about the rules.
#[derive(Clone, Debug)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

/// A zone name that the bundled database does not have.
#[derive(Debug, thiserror::Error)]
#[error("there is no time zone `{name}`")]
pub struct UnknownZone {
    name: String,
}

impl Zone {
    /// The zone of that IANA name, such as `Europe/Berlin`.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        let rules = TimeZoneDatabase::bundled().get(name);
        let rules = rules.map_err(|_| UnknownZone { name: name.to_owned() })?;
        Ok(Self { name: name.to_owned(), rules })
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The calendar day that people in this zone write on a paper.
    pub fn day(&self, moment: Moment) -> Date {
        self.local(moment).date()
    }

    /// ISO 8601 with milliseconds and the local offset: `2026-11-24T03:12:11.123+01:00`.
    pub fn iso(&self, moment: Moment) -> String {
        self.local(moment).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
    }

    /// The instant on this zone's wall; one outside the calendar is shown as the end of it.
    pub fn local(&self, moment: Moment) -> Zoned {
        let instant = Timestamp::from_millisecond(moment.0).unwrap_or(Timestamp::MAX);
        instant.to_zoned(self.rules.clone())
    }
}
