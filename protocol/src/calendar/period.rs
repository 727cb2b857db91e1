//! Posting dates and the periods they fall into. A date is never shifted silently: a closed period is an answer.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Months;
use crate::malformed::Malformed;

/// The date of a posting: a plant-local calendar date, `2026-11-23`. Never derived from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PostingDate(Date);

impl PostingDate {
    /// Of a date.
    pub fn new(date: Date) -> Self {
        Self(date)
    }

    /// Takes `2026-11-23`.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        text.parse().map(Self).map_err(|_| Malformed::new("posting date", text, "send a date such as 2026-11-23"))
    }

    /// The date.
    pub fn date(&self) -> Date {
        self.0
    }

    fn month(self) -> (i16, i8) {
        (self.0.year(), self.0.month())
    }
}

impl fmt::Display for PostingDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Whether a month may be posted into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodState {
    /// Yes.
    Open,
    /// No more.
    Closed,
    /// Not just now: queue, and drain in order when it opens.
    Frozen,
}

/// The months an ERP has said something about; the others are open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeriodBook {
    months: Months,
}

/// Where a posting date falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Into an open period.
    Open,
    /// Into one that is closed; the first day that is open after it.
    Closed {
        /// What could be proposed.
        next_open: PostingDate,
    },
    /// Into one that is frozen.
    Frozen,
}

impl PeriodBook {
    /// Sets the state of a month (year, month from 1).
    pub fn set(&mut self, year: i16, month: i8, state: PeriodState) {
        self.months.insert((year, month), state);
    }

    /// Where a date falls.
    pub fn place(&self, date: PostingDate) -> Placement {
        match self.state(date.month()) {
            PeriodState::Open => Placement::Open,
            PeriodState::Frozen => Placement::Frozen,
            PeriodState::Closed => Placement::Closed { next_open: self.next_open(date) },
        }
    }

    fn state(&self, month: (i16, i8)) -> PeriodState {
        self.months.get(&month).copied().unwrap_or(PeriodState::Open)
    }

    fn next_open(&self, date: PostingDate) -> PostingDate {
        let mut first = date.0.first_of_month();
        while self.state((first.year(), first.month())) != PeriodState::Open {
            match first.last_of_month().tomorrow() {
                Ok(next) => first = next,
                Err(_) => break,
            }
        }
        PostingDate(first)
    }
}
