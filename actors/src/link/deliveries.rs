//! What went to a site and what came from it lately, a row a try: the first thing that plant IT asks for when two systems
//! disagree about what was sent. Kept in memory and bounded, because nothing depends on it: what was taken stands in the
//! logs, with its raw payload. What was refused at the door has a few rows of its own, so that a stranger who knocks all
//! day pushes nothing out; and of the rest the oldest row of that kind makes room of which there are most, so that a line which counts
//! its pieces pushes out neither a job that was sent nor what went wrong.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use takt_protocol::instant::Instant;

use super::{Probed, Sent};

/// Rows kept of a site.
const ROWS_MAX: usize = 1_000;

/// Rows kept of what was refused at its door.
const REFUSED_MAX: usize = 100;

/// Errands of which it is known when they are tried again.
const WAITING_MAX: usize = 10_000;

/// How long a stretch is that tries are counted by, in ms.
const STRETCH_MS: i64 = 5_000;

/// The stretches that make a minute.
const STRETCHES: usize = 12;

/// The longest text of a row, in characters.
const TEXT_MAX: usize = 300;

/// Which way something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From the site to us.
    In,
    /// From us to the site.
    Out,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// In: it became inputs, and is durable.
    Taken,
    /// In: it cannot be understood, and is a case of the site.
    SetAside,
    /// In: it could not be stored just now; the sender keeps it.
    NotTaken,
    /// In: it was refused at the door.
    Refused,
    /// Out: the site did it.
    Accepted,
    /// Out: the site refused it.
    Rejected,
    /// Out: it was certainly not done.
    NotDone,
    /// Out: nobody knows.
    Lost,
    /// Out: the link cannot be used as it is configured.
    Misconfigured,
    /// Out: the site was asked, and has it.
    Found,
    /// Out: the site was asked, and has it not.
    Absent,
    /// Out: the site was asked, and said nothing.
    NoAnswer,
}

impl Outcome {
    /// Whether what was tried did not become what it was tried for.
    pub fn is_failure(self) -> bool {
        match self {
            Self::Taken | Self::Accepted | Self::Found => false,
            Self::SetAside
            | Self::NotTaken
            | Self::Refused
            | Self::Rejected
            | Self::NotDone
            | Self::Lost
            | Self::Misconfigured
            | Self::Absent
            | Self::NoAnswer => true,
        }
    }

    /// As it is shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::SetAside => "set_aside",
            Self::NotTaken => "not_taken",
            Self::Refused => "refused",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::NotDone => "not_done",
            Self::Lost => "lost",
            Self::Misconfigured => "misconfigured",
            Self::Found => "found",
            Self::Absent => "absent",
            Self::NoAnswer => "no_answer",
        }
    }
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// When it began.
    pub at: Instant,
    /// Which way.
    pub way: Way,
    /// The topic of what came in, the verb of what went out.
    pub what: String,
    /// The hash of the raw payload that came in; our reference of what went out; empty where nothing was kept.
    pub reference: String,
    /// Which attempt, of what went out.
    pub attempt: u32,
    /// What became of it.
    pub outcome: Outcome,
    /// What was said or seen, where there is more to say.
    pub detail: String,
    /// How long it took, in ms.
    pub took_ms: u64,
}

/// What went to a site and came from it lately.
#[derive(Debug, Default)]
pub struct Deliveries(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    known: VecDeque<Delivered>,
    /// How many of these there are of each kind.
    kinds: BTreeMap<Kind, usize>,
    refused: VecDeque<Delivered>,
    /// How many came in and went out, by stretch: the rows themselves may be fewer than a minute's.
    traffic: VecDeque<(i64, Traffic)>,
    /// When each errand is tried again, by our reference.
    waiting: BTreeMap<String, Instant>,
}

/// What of a row makes room together: its way, what it is, and whether it went wrong.
type Kind = (Way, String, bool);

fn kind(row: &Delivered) -> Kind {
    (row.way, row.what.clone(), row.outcome.is_failure())
}

/// How much went over a link in a minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// What came in.
    pub came: u64,
    /// What went out, questions after lost replies included.
    pub went: u64,
}

/// What was asked of a site after a lost reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// How often, as far as it is remembered.
    pub probes: u64,
    /// What came of the last question.
    pub last: Option<Outcome>,
    /// When the errand is tried again.
    pub next: Option<Instant>,
}

impl Rows {
    /// Keeps a row. Where there are too many, the oldest goes of a kind of which there are most.
    fn keep(&mut self, row: Delivered) {
        if self.known.len() >= ROWS_MAX {
            let most = self.kinds.values().max().copied().unwrap_or_default();
            let spare = self.known.iter().position(|row| self.kinds.get(&kind(row)) == Some(&most));
            if let Some(gone) = self.known.remove(spare.unwrap_or_default()).map(|row| kind(&row)) {
                match self.kinds.get_mut(&gone).filter(|left| **left > 1) {
                    Some(left) => *left -= 1,
                    None => drop(self.kinds.remove(&gone)),
                }
            }
        }
        *self.kinds.entry(kind(&row)).or_default() += 1;
        self.known.push_back(row);
    }

    fn count(&mut self, row: &Delivered) {
        let stretch = row.at.utc_ms().div_euclid(STRETCH_MS);
        if self.traffic.back().is_none_or(|(newest, _)| *newest < stretch) {
            self.traffic.push_back((stretch, Traffic::default()));
        }
        if self.traffic.len() > STRETCHES + 1 {
            self.traffic.pop_front();
        }
        if let Some((_, traffic)) = self.traffic.back_mut() {
            match row.way {
                Way::In => traffic.came += 1,
                Way::Out => traffic.went += 1,
            }
        }
    }
}

impl Deliveries {
    /// Writes a row; the oldest makes room.
    pub fn note(&self, row: Delivered) {
        let row = Delivered { what: cut(&row.what), detail: cut(&row.detail), ..row };
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if row.outcome != Outcome::Refused {
            rows.count(&row);
            return rows.keep(row);
        }
        if rows.refused.len() >= REFUSED_MAX {
            rows.refused.pop_front();
        }
        rows.refused.push_back(row);
    }

    /// How much went over the link in the minute before `now`.
    pub fn last_minute(&self, now: Instant) -> Traffic {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = now.utc_ms().saturating_sub(60_000).div_euclid(STRETCH_MS);
        let recent = rows.traffic.iter().filter(|(stretch, _)| *stretch > since);
        recent.fold(Traffic::default(), |sum, (_, one)| Traffic { came: sum.came + one.came, went: sum.went + one.went })
    }

    /// What the site was asked about an errand whose reply was lost, and when that is tried again.
    pub fn asked(&self, reference: &str) -> Asked {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_answer =
            |row: &&Delivered| row.reference == reference && matches!(row.outcome, Outcome::Found | Outcome::Absent | Outcome::NoAnswer);
        let mut asked = Asked { next: rows.waiting.get(reference).copied(), ..Asked::default() };
        for row in rows.known.iter().filter(is_answer) {
            asked.probes += 1;
            asked.last = Some(row.outcome);
        }
        asked
    }

    /// An errand is tried again then, and not before.
    pub(crate) fn waits(&self, reference: &str, until: Instant) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.waiting.len() < WAITING_MAX || rows.waiting.contains_key(reference) {
            rows.waiting.insert(reference.to_owned(), until);
        }
    }

    /// An errand waits no more: it is over, or under way.
    pub(crate) fn waits_no_more(&self, reference: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).waiting.remove(reference);
    }

    /// The newest rows first, `most` of them.
    pub fn latest(&self, most: usize) -> Vec<Delivered> {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Delivered> = rows.known.iter().chain(&rows.refused).rev().cloned().collect();
        drop(rows);
        all.sort_by_key(|row| std::cmp::Reverse(row.at));
        all.truncate(most);
        all
    }
}

/// How a send went, in a word and in its own words.
pub(crate) fn of_sent(sent: &Sent) -> (Outcome, String) {
    match sent {
        Sent::Accepted(receipt) => (Outcome::Accepted, receipt.document.as_ref().map(ToString::to_string).unwrap_or_default()),
        Sent::Rejected { code, text } => (Outcome::Rejected, format!("{code}: {text}")),
        Sent::NotDone { why } => (Outcome::NotDone, why.clone()),
        Sent::Lost { why } => (Outcome::Lost, why.clone()),
        Sent::Misconfigured { why } => (Outcome::Misconfigured, why.clone()),
        Sent::Read { .. } => (Outcome::Accepted, String::new()),
    }
}

/// The same of a question.
pub(crate) fn of_probed(probed: &Probed) -> (Outcome, String) {
    match probed {
        Probed::Found(receipt) => (Outcome::Found, receipt.document.as_ref().map(ToString::to_string).unwrap_or_default()),
        Probed::Absent => (Outcome::Absent, String::new()),
        Probed::NoAnswer { why } => (Outcome::NoAnswer, why.clone()),
    }
}

/// Whole milliseconds.
pub(crate) fn ms(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: i64, outcome: Outcome) -> Delivered {
        Delivered {
            at: Instant::from_utc_ms(number),
            way: Way::In,
            what: "x".repeat(1_000),
            reference: String::new(),
            attempt: 0,
            outcome,
            detail: String::new(),
            took_ms: 1,
        }
    }

    #[test]
    fn who_knocks_all_day_pushes_nothing_out_and_the_rows_stay_bounded() {
        let deliveries = Deliveries::default();
        deliveries.note(row(1, Outcome::Taken));
        (2..5_000).for_each(|number| deliveries.note(row(number, Outcome::Refused)));
        let rows = deliveries.latest(10_000);
        assert_eq!(rows.len(), 1 + REFUSED_MAX);
        assert_eq!((rows[0].at.utc_ms(), rows[REFUSED_MAX].outcome), (4_999, Outcome::Taken));
        (5_000..9_000).for_each(|number| deliveries.note(row(number, Outcome::Accepted)));
        let rows = deliveries.latest(10_000);
        assert_eq!((rows.len(), rows[0].what.len()), (ROWS_MAX + REFUSED_MAX, TEXT_MAX));
        assert_eq!(deliveries.latest(3).len(), 3);
    }

    #[test]
    fn a_line_that_counts_its_pieces_pushes_out_neither_a_job_nor_what_went_wrong() {
        let deliveries = Deliveries::default();
        let named = |what: &str, row: Delivered| Delivered { what: what.to_owned(), ..row };
        deliveries.note(named("dispatch_job", Delivered { way: Way::Out, ..row(1, Outcome::Accepted) }));
        deliveries.note(named("station.changed", row(2, Outcome::Taken)));
        deliveries.note(named("piece.counted", row(3, Outcome::SetAside)));
        (4..5_000).for_each(|number| deliveries.note(named("piece.counted", row(number, Outcome::Taken))));
        let rows = deliveries.latest(10_000);
        assert_eq!(rows.len(), ROWS_MAX);
        let oldest: Vec<&str> = rows.iter().rev().take(3).map(|row| row.what.as_str()).collect();
        assert_eq!(oldest, ["dispatch_job", "station.changed", "piece.counted"]);
        // Files have a name each: of these the oldest go.
        let files = Deliveries::default();
        (0..2_000).for_each(|number| files.note(named(&format!("LOG_{number}.txt"), row(number, Outcome::Taken))));
        let kept = files.latest(10_000);
        assert_eq!((kept.len(), kept[ROWS_MAX - 1].what.as_str()), (ROWS_MAX, "LOG_1000.txt"));
    }

    #[test]
    fn a_minute_is_counted_also_when_the_rows_are_not_kept_that_long() {
        let deliveries = Deliveries::default();
        (0..3_000).for_each(|number| deliveries.note(row(1_000 * number / 50, Outcome::Taken)));
        assert_eq!(deliveries.last_minute(Instant::from_utc_ms(59_999)), Traffic { came: 3_000, went: 0 });
        assert_eq!(deliveries.last_minute(Instant::from_utc_ms(200_000)), Traffic::default());
    }

    #[test]
    fn what_is_asked_after_a_lost_reply_is_known_with_its_next_try() {
        let deliveries = Deliveries::default();
        let probe = |outcome| Delivered { reference: "REF".to_owned(), way: Way::Out, ..row(7, outcome) };
        deliveries.note(probe(Outcome::Lost));
        deliveries.note(probe(Outcome::NoAnswer));
        deliveries.note(probe(Outcome::Absent));
        deliveries.waits("REF", Instant::from_utc_ms(99));
        let asked = Asked { probes: 2, last: Some(Outcome::Absent), next: Some(Instant::from_utc_ms(99)) };
        assert_eq!((deliveries.asked("REF"), deliveries.asked("OTHER")), (asked, Asked::default()));
        deliveries.waits_no_more("REF");
        assert_eq!(deliveries.asked("REF").next, None);
    }
}
