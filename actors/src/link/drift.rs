//! How far the clock of a system is ahead of ours, by the `Date` of its answers, which is a whole second: what lies within that is no
//! difference. Never used to correct anything: people look at it when times do not agree.

use takt_protocol::instant::Instant;

/// How exact the date of an answer is, in ms: it is cut to the second, and servers write it once a second.
const EXACT_MS: i64 = 2_000;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// By how much a system's clock is ahead at least, in ms; below zero where it is behind, zero where they may agree. Nothing where the
/// date cannot be read.
pub(super) fn ahead_ms(date: &str, asked: Instant, answered: Instant) -> Option<i64> {
    let said = read(date)?.utc_ms();
    let (earliest, latest) = (said.saturating_sub(answered.utc_ms()), said.saturating_add(EXACT_MS).saturating_sub(asked.utc_ms()));
    Some(if earliest > 0 { earliest } else { latest.min(0) })
}

/// A date as HTTP writes it: `Sun, 29 Nov 2026 00:43:18 GMT`.
fn read(date: &str) -> Option<Instant> {
    let parts: Vec<&str> = date.split(' ').collect();
    let [_, day, month, year, time, "GMT"] = parts.as_slice() else { return None };
    let month = MONTHS.iter().position(|name| name == month)? + 1;
    Instant::parse(&format!("{year}-{month:02}-{day}T{time}+00:00")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_ahead_or_behind_by_what_no_rounding_explains() {
        let date = "Sun, 29 Nov 2026 00:43:18 GMT";
        let then = |ms: i64| Instant::from_utc_ms(Instant::parse("2026-11-29T00:43:18+00:00").unwrap().utc_ms() + ms);
        let ahead = |asked, answered| ahead_ms(date, then(asked), then(answered));
        assert_eq!(ahead(0, 40), Some(0));
        assert_eq!(ahead(900, 1_500), Some(0), "a second is what a date leaves open");
        assert_eq!(ahead(-42_100, -42_000), Some(42_000));
        assert_eq!(ahead(62_000, 62_100), Some(-60_000));
        assert_eq!(ahead_ms("yesterday", then(0), then(0)), None);
    }
}
