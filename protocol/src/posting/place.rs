//! Which date a posting gets, and whether it may go out: periods that are closed or frozen, and reversals of what does not
//! stand. Apart, because a first flush and a person's retry are placed alike. Never shifts a date silently.

use std::collections::BTreeMap;

use super::reversible::Reversible;
use super::{LatePolicy, Ledger, Line, Series};
use crate::calendar::{PeriodBook, Placement, PostingDate};
use crate::words::DocNo;

/// Why a posting may not go out just now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stuck {
    /// It is not one that waits for a person.
    #[error("posting {0} is not parked")]
    NotParked(u32),
    /// It is not one that stands in the ERP.
    #[error("posting {0} has no document in the ERP")]
    NotPosted(u32),
    /// All of it is taken back already.
    #[error("nothing of document {0} stands any more")]
    NothingStands(DocNo),
    /// It posts again what a reversal takes back, and that one is not through.
    #[error("posting {0} takes the first document back and is not through yet")]
    After(u32),
    /// Its period is closed.
    #[error("the period of {date} is closed")]
    Closed {
        /// Its date.
        date: PostingDate,
        /// The first date that would be possible, when there is one.
        next_open: Option<PostingDate>,
    },
    /// Its period is frozen.
    #[error("the period of {0} is frozen")]
    Frozen(PostingDate),
    /// A reversal would exceed its original.
    #[error("it takes back more than stands in the ERP")]
    Uncovered,
}

impl Stuck {
    /// As a parked posting carries it: the reason, and a date that would be possible.
    pub(super) fn parked(&self) -> (String, Option<PostingDate>) {
        let proposed = match self {
            Self::Closed { next_open, .. } => *next_open,
            Self::NotParked(_) | Self::NotPosted(_) | Self::NothingStands(_) | Self::After(_) | Self::Frozen(_) | Self::Uncovered => None,
        };
        (self.to_string(), proposed)
    }
}

/// The date a posting gets: the one it is meant for, or the first open one where the policy says so.
pub(super) fn dated(meant: PostingDate, late: LatePolicy, periods: &PeriodBook) -> Result<PostingDate, Stuck> {
    match (periods.place(meant), late) {
        (Placement::Open, _) => Ok(meant),
        (Placement::Frozen, _) => Err(Stuck::Frozen(meant)),
        (Placement::Closed { next_open }, LatePolicy::Park) => Err(Stuck::Closed { date: meant, next_open: open(next_open, periods) }),
        (Placement::Closed { next_open }, LatePolicy::NextOpenDate) => match frozen_before(next_open, meant, periods) {
            Some(frozen) => Err(Stuck::Frozen(frozen)),
            None => open(next_open, periods).ok_or(Stuck::Closed { date: meant, next_open: None }),
        },
    }
}

/// The date, when it is open.
fn open(date: PostingDate, periods: &PeriodBook) -> Option<PostingDate> {
    (periods.place(date) == Placement::Open).then_some(date)
}

/// A frozen month on the way to the next open date: what is late waits for it to thaw instead of passing over it.
fn frozen_before(next_open: PostingDate, meant: PostingDate, periods: &PeriodBook) -> Option<PostingDate> {
    let months = std::iter::successors(Some(meant.date()), |day| day.last_of_month().tomorrow().ok()).skip(1);
    months.map(PostingDate::new).take_while(|day| *day < next_open).find(|day| periods.place(*day) == Placement::Frozen)
}

/// What stands of each series while postings are made.
pub(super) struct Stock<'a> {
    ledger: &'a Ledger,
    stands: BTreeMap<Series, Reversible>,
}

impl<'a> Stock<'a> {
    pub(super) fn of(ledger: &'a Ledger) -> Self {
        Self { ledger, stands: BTreeMap::new() }
    }

    /// The documents that `lines` take back, the preferred ones before the newest, each once; `Uncovered` when so much does not stand.
    pub(super) fn reverses(&mut self, lines: &[Line], preferred: &[DocNo]) -> Result<Vec<DocNo>, Stuck> {
        let mut trial: BTreeMap<&Series, Reversible> = BTreeMap::new();
        let mut reverses: Vec<DocNo> = Vec::new();
        for line in lines.iter().filter(|line| line.qty.is_negative()) {
            let stands = trial.entry(&line.series).or_insert_with(|| self.of_series(&line.series).clone());
            for document in stands.take_back(line.qty, preferred).ok_or(Stuck::Uncovered)? {
                if !reverses.contains(&document) {
                    reverses.push(document);
                }
            }
        }
        Ok(reverses)
    }

    /// These lines are on their way.
    pub(super) fn sent(&mut self, lines: &[Line]) {
        for line in lines {
            let stands = self.of_series(&line.series);
            if line.qty.is_positive() {
                stands.add(None, line.qty);
            } else if line.qty.is_negative() {
                stands.take_back(line.qty, &[]);
            }
        }
    }

    fn of_series(&mut self, series: &Series) -> &mut Reversible {
        self.stands.entry(series.clone()).or_insert_with(|| Reversible::of(self.ledger, series))
    }
}
