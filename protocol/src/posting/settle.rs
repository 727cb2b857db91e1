//! How a posting ends: what became of its intent, or what a person decided about it.

use super::place::{Stock, Stuck, dated};
use super::{Entry, LatePolicy, Ledger, Posting, PostingFact, Standing};
use crate::calendar::{PeriodBook, Placement, PostingDate};
use crate::outbox::{OutboxFact, Outcome, Receipt};
use crate::words::DocNo;

/// What a step in the life of a posting's intent means for the posting. Nothing, once the posting is over.
pub fn settle(ledger: &Ledger, posting: u32, step: &OutboxFact) -> Vec<PostingFact> {
    let Some(entry) = ledger.posting(posting).filter(|entry| !entry.standing.is_over()) else { return Vec::new() };
    let stands = |standing| vec![PostingFact::Stands { posting, standing }];
    match step {
        OutboxFact::Released { .. } | OutboxFact::Requeued | OutboxFact::NotDone { .. } => stands(Standing::Prepared),
        OutboxFact::InFlight { .. } => stands(Standing::InFlight),
        OutboxFact::InDoubt { .. } => stands(Standing::InDoubt),
        OutboxFact::Parked { why } => stands(Standing::Parked { why: why.clone(), proposed: None }),
        OutboxFact::Settled(Outcome::Accepted(receipt)) => accepted(ledger, &entry.posting, receipt),
        OutboxFact::Settled(Outcome::Rejected { code, text }) => {
            stands(Standing::Parked { why: format!("the ERP refused it: {code} {text}"), proposed: None })
        }
        OutboxFact::Settled(Outcome::Adopted { document }) => stands(Standing::Adopted { document: document.clone() }),
        OutboxFact::Settled(Outcome::WrittenOff) => stands(Standing::WrittenOff),
        OutboxFact::Settled(Outcome::Superseded) => stands(Standing::Parked { why: "overtaken".to_owned(), proposed: None }),
    }
}

fn accepted(ledger: &Ledger, posting: &Posting, receipt: &Receipt) -> Vec<PostingFact> {
    let number = posting.number;
    let Some(document) = receipt.document.clone() else {
        let why = "the ERP said yes and gave no document: look for our reference there".to_owned();
        return vec![PostingFact::Stands { posting: number, standing: Standing::Parked { why, proposed: None } }];
    };
    if let Some(other) = ledger.postings().find(|entry| entry.posting.number != number && entry.standing.document() == Some(&document)) {
        let why = twice(&document, number, other.posting.number);
        return vec![PostingFact::Stands { posting: number, standing: Standing::Parked { why, proposed: None } }];
    }
    let failed: Vec<&(u16, String)> = receipt.failed_lines.iter().filter(|(line, _)| usize::from(*line) < posting.lines.len()).collect();
    let behind: Vec<&Entry> = ledger.postings().filter(|entry| entry.posting.after == Some(number)).collect();
    let mut facts = Vec::new();
    if !failed.is_empty() {
        let lines: Vec<u16> = failed.iter().map(|(line, _)| *line).collect();
        let why = failed.iter().map(|(line, text)| format!("line {line}: {text}")).collect::<Vec<_>>().join("; ");
        if !behind.is_empty() && posting.lines.iter().enumerate().all(|(at, _)| lines.iter().any(|line| usize::from(*line) == at)) {
            // Nothing was taken back: it waits whole, and what waits for it waits on.
            let why = format!("document {document} took none of its lines: {why}");
            return vec![PostingFact::Stands { posting: number, standing: Standing::Parked { why, proposed: None } }];
        }
        let into = ledger.last_posting + 1;
        facts.push(PostingFact::Split { posting: number, lines: lines.clone(), into, why, after: None });
        facts.extend(behind.iter().zip(into + 1..).filter_map(|(entry, part)| split_along(entry, &lines, part, into)));
    }
    facts.push(PostingFact::Stands { posting: number, standing: Standing::Posted { document } });
    facts
}

/// Why a posting waits whose answer names the document of another one: it may not be booked at all, and what would have said so
/// stands for something else.
fn twice(document: &DocNo, posting: u32, other: u32) -> String {
    format!(
        "the ERP answered with document {document}, which is that of posting {other} already: look at the lines of {document} there; \
         adopt it when it books both, send posting {posting} again when it books posting {other} alone"
    )
}

/// What posts again the lines that were not taken back must wait on for those: it has the same lines, in the same order.
fn split_along(entry: &Entry, lines: &[u16], into: u32, after: u32) -> Option<PostingFact> {
    let Standing::Parked { why, .. } = &entry.standing else { return None };
    Some(PostingFact::Split { posting: entry.posting.number, lines: lines.to_vec(), into, why: why.clone(), after: Some(after) })
}

/// A parked posting is to be sent again: with its own date where that is open (again), else with the first open one, as
/// the person who retries it was shown; and with the numbers that the documents it takes back have by now.
pub fn retry(ledger: &Ledger, posting: u32, periods: &PeriodBook) -> Result<PostingFact, Stuck> {
    let entry = ledger.posting(posting).filter(|_| parked(ledger, posting)).ok_or(Stuck::NotParked(posting))?;
    if let Some(first) = entry.posting.after.filter(|first| !stands(ledger, *first)) {
        return Err(Stuck::After(first));
    }
    let mut posting = entry.posting.clone();
    if let Some(own) = moved_from(&posting).filter(|own| periods.place(*own) == Placement::Open) {
        // Its period is open again: it was never meant for another one.
        posting.original_date = None;
        posting.date = own;
    }
    let date = dated(posting.date, LatePolicy::NextOpenDate, periods)?;
    if date != posting.date {
        posting.original_date.get_or_insert(posting.date);
        posting.date = date;
    }
    posting.reverses = Stock::of(ledger).reverses(&posting.lines, &posting.reverses)?;
    Ok(PostingFact::Reissued { posting: Box::new(posting) })
}

/// The day that a posting was moved away from because its period was closed: it was moved to the first day of a later one. Days of one
/// period that were summed up are not told apart by it, and stay where they are.
fn moved_from(posting: &Posting) -> Option<PostingDate> {
    let first = posting.date.date();
    posting.original_date.filter(|own| first == first.first_of_month() && own.date().first_of_month() < first)
}

/// A document that was made by hand stands for a posting that is parked or in doubt. `None` in any other state.
pub fn adopt(ledger: &Ledger, posting: u32, document: DocNo) -> Option<PostingFact> {
    let doubtful = ledger.posting(posting).is_some_and(|entry| entry.standing == Standing::InDoubt);
    let waits = ledger.posting(posting).and_then(|entry| entry.posting.after).is_some_and(|first| !stands(ledger, first));
    (!waits && (doubtful || parked(ledger, posting))).then_some(PostingFact::Stands { posting, standing: Standing::Adopted { document } })
}

/// A parked posting is given up. A reversal takes with it what waits for it, for the first document stands after all. Empty
/// when it is not parked, or when the reversal before it is not through.
pub fn write_off(ledger: &Ledger, posting: u32) -> Vec<PostingFact> {
    let waits = ledger.posting(posting).and_then(|entry| entry.posting.after).is_some_and(|first| !stands(ledger, first));
    if waits || !parked(ledger, posting) {
        return Vec::new();
    }
    let behind = ledger.postings().filter(|entry| entry.posting.after == Some(posting)).map(|entry| entry.posting.number);
    std::iter::once(posting).chain(behind).map(|posting| PostingFact::Stands { posting, standing: Standing::WrittenOff }).collect()
}

fn stands(ledger: &Ledger, posting: u32) -> bool {
    ledger.posting(posting).is_some_and(|entry| entry.standing.document().is_some())
}

fn parked(ledger: &Ledger, posting: u32) -> bool {
    ledger.posting(posting).is_some_and(|entry| matches!(entry.standing, Standing::Parked { .. }))
}
