//! How fast the room for mail to another region fills, and for how long it lasts at that pace: by what waited once a minute, for a day at
//! most. Where it empties, it begins anew.

use std::collections::VecDeque;
use std::time::Duration;

use super::words::Waiting;

/// Between two counts that are kept, and how many of them are: a day.
const EVERY: Duration = Duration::from_mins(1);
const KEPT: usize = 24 * 60;

/// Nothing is said about a pace that was seen for less.
const SEEN_MIN: Duration = Duration::from_secs(5);

/// What waited, by when; oldest first.
#[derive(Default)]
pub(super) struct Filling {
    counts: VecDeque<(Duration, u64)>,
    /// What waited when it was looked at last.
    last: u64,
}

impl Filling {
    /// Takes a count in; for how long there is room yet, in seconds. Nothing where it does not fill, or for how much there is room is
    /// not known.
    pub(super) fn lasts(&mut self, now: Duration, waiting: &Waiting) -> Option<u64> {
        let waits = waiting.other;
        if waits < self.last {
            self.counts.clear();
        }
        self.last = waits;
        if self.counts.back().is_none_or(|(at, _)| now >= *at + EVERY) {
            self.counts.push_back((now, waits));
        }
        if self.counts.len() > KEPT {
            self.counts.pop_front();
        }
        let (since, began) = self.counts.front()?;
        let (seen, more, left) = (now.saturating_sub(*since), waits.saturating_sub(*began), waiting.most?.saturating_sub(waits));
        if seen < SEEN_MIN || more == 0 {
            return None;
        }
        let lasts = u128::from(left) * seen.as_millis() / u128::from(more) / 1_000;
        Some(u64::try_from(lasts).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(other: u64) -> Waiting {
        Waiting { other, most: Some(1_000), ..Waiting::default() }
    }

    #[test]
    fn it_says_for_how_long_there_is_room_at_the_pace_of_the_last_day() {
        let mut filling = Filling::default();
        let mut at = |second, other| filling.lasts(Duration::from_secs(second), &waits(other));
        assert_eq!((at(0, 100), at(1, 101)), (None, None), "that is no pace yet");
        // A hundred in ten seconds: eight hundred more have room, for eighty.
        assert_eq!(at(10, 200), Some(80));
        assert_eq!(at(20, 200), Some(160), "nothing came since");
        assert_eq!(at(30, 50), None, "some of it was brought: it begins anew");
        assert_eq!(at(40, 150), Some(85));
        assert_eq!(at(50, 1_000), Some(0));
    }

    #[test]
    fn what_was_longer_ago_than_a_day_does_not_count() {
        let mut filling = Filling::default();
        let mut lasts = None;
        // Ten a minute for a day, then one a minute for another.
        for minute in 0..2 * 1_440 {
            let other = if minute < 1_440 { minute * 10 } else { 14_400 + minute - 1_440 };
            let most = Some(20_000);
            lasts = filling.lasts(Duration::from_secs(minute * 60), &Waiting { other, most, ..Waiting::default() });
        }
        // About 4,160 have room, at one a minute.
        assert!(lasts.is_some_and(|lasts| (240_000..=255_000).contains(&lasts)), "{lasts:?}");
    }

    #[test]
    fn there_is_an_alarm_from_a_half_and_from_four_fifths_on() {
        use super::super::words::Fill;
        let fill = |other| waits(other).fill();
        assert_eq!([fill(499), fill(500), fill(799), fill(800)], [Fill::Room, Fill::Half, Fill::Half, Fill::Most]);
        assert_eq!([fill(999), fill(1_000), fill(1_500)], [Fill::Most, Fill::Full, Fill::Full]);
        assert_eq!(Waiting { other: 5, ..Waiting::default() }.fill(), Fill::Room, "how much room there is was not said");
    }
}
