//! Transition 20: a document of ours is taken back on a person's word. What was reported stays reported, so the quantity
//! waits as a posting of its own, parked, until somebody posts it again or gives it up. Never before the reversal stands.

use super::reversible::Reversible;
use super::{Ledger, Line, Posting, PostingFact, Standing, Stuck};
use crate::calendar::{PeriodBook, Placement, PostingDate};
use crate::words::DocNo;

/// Takes a posted document back, whole, as far as it still stands, on `date`, which must be open.
pub fn take_back(ledger: &Ledger, number: u32, by: &str, date: PostingDate, periods: &PeriodBook) -> Result<PostingFact, Stuck> {
    let entry = ledger.posting(number).ok_or(Stuck::NotPosted(number))?;
    let document = match &entry.standing {
        Standing::Posted { document } | Standing::Adopted { document } => document.clone(),
        Standing::Prepared | Standing::InFlight | Standing::InDoubt | Standing::Parked { .. } | Standing::WrittenOff => {
            return Err(Stuck::NotPosted(number));
        }
    };
    match periods.place(date) {
        Placement::Open => {}
        Placement::Frozen => return Err(Stuck::Frozen(date)),
        Placement::Closed { next_open } => return Err(Stuck::Closed { date, next_open: Some(next_open) }),
    }
    let lines: Vec<Line> = entry.posting.lines.iter().filter_map(|line| standing(ledger, line, &document)).collect();
    if lines.is_empty() {
        return Err(Stuck::NothingStands(document));
    }
    let reversal = ledger.last_posting + 1;
    let why = format!("document {document} was taken back by {by}: post it again, or give it up");
    let again =
        Posting { number: reversal + 1, lines: lines.clone(), reverses: Vec::new(), after: Some(reversal), ..entry.posting.clone() };
    let back = Posting {
        number: reversal,
        date,
        original_date: None,
        lines: lines.into_iter().map(|line| Line { qty: line.qty.negated(), ..line }).collect(),
        last: false,
        reverses: vec![document],
        ..entry.posting.clone()
    };
    Ok(PostingFact::TakenBack { back: Box::new(back), again: Box::new(again), why })
}

/// What of a line still stands under its document; `None` for what took back itself, or is taken back already.
fn standing(ledger: &Ledger, line: &Line, document: &DocNo) -> Option<Line> {
    let left = Reversible::of(ledger, &line.series).under(document)?;
    let qty = if left.compare(&line.qty).is_some_and(std::cmp::Ordering::is_lt) { left } else { line.qty };
    (line.qty.is_positive() && qty.is_positive()).then(|| Line { qty, ..line.clone() })
}
