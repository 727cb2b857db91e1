//! Instants: a point on the UTC line, with the offset its source wrote. Ordered by the line alone. SAP dates have no
//! offset, EPCIS requires one: a link adds the site's before an instant is made.

use std::cmp::Ordering;
use std::fmt;
use std::time::Duration;

use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::malformed::Malformed;

/// UTC nanoseconds and an offset in minutes. `Copy`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Instant {
    utc_ns: i64,
    offset_min: i16,
}

impl Instant {
    /// The start of 1970 in UTC.
    pub const EPOCH: Self = Self { utc_ns: 0, offset_min: 0 };

    const OFFSET_MAX_MIN: u16 = 18 * 60;

    /// From nanoseconds since 1970 in UTC and an offset in minutes (at most ±18 hours; beyond that it is taken as UTC).
    pub fn new(utc_ns: i64, offset_min: i16) -> Self {
        let offset_min = if offset_min.unsigned_abs() <= Self::OFFSET_MAX_MIN { offset_min } else { 0 };
        Self { utc_ns, offset_min }
    }

    /// From milliseconds since 1970 in UTC.
    pub fn from_utc_ms(ms: i64) -> Self {
        Self::new(ms.saturating_mul(1_000_000), 0)
    }

    /// Takes RFC 3339 with its offset: `2026-11-23T02:30:00+01:00`, from 1677-09-22 to 2262-04-11. A time without an offset is
    /// refused, not guessed.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let wrong = || Malformed::new("instant", text, "send RFC 3339 with an offset, such as 2026-11-23T02:30:00+01:00");
        let timestamp: jiff::Timestamp = text.parse().map_err(|_| wrong())?;
        let beyond =
            || Malformed::new("instant", text, "send one from 1677-09-22 to 2262-04-11: time is kept in nanoseconds, and ends there");
        let utc_ns = i64::try_from(timestamp.as_nanosecond()).map_err(|_| beyond())?;
        let offset_min = offset_of(text).filter(|minutes| minutes.unsigned_abs() <= Self::OFFSET_MAX_MIN).ok_or_else(wrong)?;
        Ok(Self { utc_ns, offset_min })
    }

    /// Nanoseconds since 1970 in UTC.
    pub fn utc_ns(&self) -> i64 {
        self.utc_ns
    }

    /// Milliseconds since 1970 in UTC, rounded down.
    pub fn utc_ms(&self) -> i64 {
        self.utc_ns.div_euclid(1_000_000)
    }

    /// The offset its source wrote, in minutes.
    pub fn offset_min(&self) -> i16 {
        self.offset_min
    }

    /// Later by `duration`; stops at the end of representable time (the year 2262).
    #[must_use]
    pub fn plus(&self, duration: Duration) -> Self {
        let ns = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        Self { utc_ns: self.utc_ns.saturating_add(ns), ..*self }
    }

    /// Earlier by `duration`; stops at the start of representable time.
    #[must_use]
    pub fn minus(&self, duration: Duration) -> Self {
        let ns = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        Self { utc_ns: self.utc_ns.saturating_sub(ns), ..*self }
    }

    /// Later by so many milliseconds.
    #[must_use]
    pub fn plus_ms(&self, ms: u64) -> Self {
        self.plus(Duration::from_millis(ms))
    }

    /// How long after `earlier`; zero when it is not after it.
    pub fn since(&self, earlier: Self) -> Duration {
        let ns = i128::from(self.utc_ns) - i128::from(earlier.utc_ns);
        Duration::from_nanos(u64::try_from(ns.max(0)).unwrap_or(u64::MAX))
    }

    /// The same point, for zone arithmetic.
    pub(crate) fn timestamp(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_nanosecond(i128::from(self.utc_ns)).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// From zone arithmetic.
    pub(crate) fn from_zoned(zoned: &jiff::Zoned) -> Self {
        let utc_ns = i64::try_from(zoned.timestamp().as_nanosecond()).unwrap_or(i64::MAX);
        let offset_min = i16::try_from(zoned.offset().seconds() / 60).unwrap_or_default();
        Self { utc_ns, offset_min }
    }
}

/// The offset that stands at the end of an RFC 3339 text, in minutes.
fn offset_of(text: &str) -> Option<i16> {
    if text.ends_with(['Z', 'z']) {
        return Some(0);
    }
    let (sign, digits) = match text.rfind(['+', '-']) {
        Some(at) if at > 10 => (if text.as_bytes().get(at) == Some(&b'-') { -1 } else { 1 }, text.get(at + 1..)?),
        Some(_) | None => return None,
    };
    let (hours, minutes) = digits.split_once(':').or_else(|| Some((digits.get(..2)?, digits.get(2..)?)))?;
    let minutes: i16 = if minutes.is_empty() { 0 } else { minutes.get(..2)?.parse().ok()? };
    Some(sign * (hours.parse::<i16>().ok()? * 60 + minutes))
}

impl PartialOrd for Instant {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Instant {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.utc_ns, self.offset_min).cmp(&(other.utc_ns, other.offset_min))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = Offset::from_seconds(i32::from(self.offset_min) * 60).unwrap_or(Offset::UTC);
        if self.offset_min == 0 {
            return write!(f, "{}", self.timestamp());
        }
        write!(f, "{}", self.timestamp().display_with_offset(offset))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_str(self);
        }
        (self.utc_ns, self.offset_min).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
            return Self::parse(&text).map_err(de::Error::custom);
        }
        let (utc_ns, offset_min) = Deserialize::deserialize(deserializer)?;
        Ok(Self::new(utc_ns, offset_min))
    }
}

#[cfg(test)]
mod tests;
