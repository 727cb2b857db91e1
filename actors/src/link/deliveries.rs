//! What went to a site and what came from it lately, a row a try: the first thing that plant IT asks for when two systems
//! disagree about what was sent. Kept in memory and bounded, because nothing depends on it: what was taken stands in the
//! logs, with its raw payload. What was refused at the door has a few rows of its own, so that a stranger who knocks all
//! day pushes nothing out.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use takt_protocol::instant::Instant;

use super::{Probed, Sent};

/// Rows kept of a site.
const ROWS_MAX: usize = 1_000;

/// Rows kept of what was refused at its door.
const REFUSED_MAX: usize = 100;

/// The longest text of a row, in characters.
const TEXT_MAX: usize = 300;

/// Which way something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    refused: VecDeque<Delivered>,
}

impl Deliveries {
    /// Writes a row; the oldest makes room.
    pub fn note(&self, row: Delivered) {
        let row = Delivered { what: cut(&row.what), detail: cut(&row.detail), ..row };
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (ring, most) = match row.outcome {
            Outcome::Refused => (&mut rows.refused, REFUSED_MAX),
            Outcome::Taken
            | Outcome::SetAside
            | Outcome::NotTaken
            | Outcome::Accepted
            | Outcome::Rejected
            | Outcome::NotDone
            | Outcome::Lost
            | Outcome::Misconfigured
            | Outcome::Found
            | Outcome::Absent
            | Outcome::NoAnswer => (&mut rows.known, ROWS_MAX),
        };
        if ring.len() >= most {
            ring.pop_front();
        }
        ring.push_back(row);
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
}
