//! Which document of a flush says that its operation or order is complete: the last one and only that, and one of zero
//! where everything had been posted before. Apart, because an ERP that never hears "final" keeps capacity and stock
//! reserved for good, and one that hears it too early refuses the rest.

use std::collections::BTreeSet;

use super::flush::{Draft, Due};
use super::{Entry, LatePolicy, Ledger, Line, Movement, Posting, Standing};
use crate::calendar::PostingDate;
use crate::qty::Qty;
use crate::words::OpNo;

/// Marks the last documents of a flush that completes something, and adds the ones of zero.
pub(super) fn mark(ledger: &Ledger, due: &Due<'_>, today: PostingDate, drafts: &mut Vec<Draft>) {
    match due {
        Due::Operation(op) => mark_op(ledger, op, today, drafts),
        Due::Everything => {
            for movement in [Movement::GoodsReceipt, Movement::GoodsIssue] {
                let newest = drafts.iter_mut().rev().map(|draft| &mut draft.posting).find(|posting| posting.movement == movement);
                if let Some(posting) = newest.filter(|posting| !takes_back(posting)) {
                    posting.last = true;
                }
            }
            for op in confirmed_ops(ledger, drafts) {
                mark_op(ledger, &op, today, drafts);
            }
        }
        Due::Groups(_) | Due::Time(_) | Due::Unit(_) => {}
    }
}

fn mark_op(ledger: &Ledger, op: &OpNo, today: PostingDate, drafts: &mut Vec<Draft>) {
    let newest = drafts.iter_mut().rev().map(|draft| &mut draft.posting).find(|posting| confirms(posting, op));
    let more = match newest {
        Some(posting) if !takes_back(posting) => {
            posting.last = true;
            None
        }
        // A confirmation that is taken back opens its operation again in the ERP.
        Some(posting) => zero(posting, op, today),
        None => {
            let told = |entry: &&Entry| confirms(&entry.posting, op) && entry.standing != Standing::WrittenOff;
            let before = ledger.postings.values().rev().find(told).filter(|entry| !entry.posting.last);
            before.and_then(|entry| zero(&entry.posting, op, today))
        }
    };
    drafts.extend(more);
}

/// A confirmation of nothing more, in the words of the one before.
fn zero(like: &Posting, op: &OpNo, today: PostingDate) -> Option<Draft> {
    let series = like.lines.iter().map(|line| &line.series).filter(|series| series.op.as_ref() == Some(op)).min()?.clone();
    let qty = Qty::zero(series.uom);
    let posting = Posting {
        number: 0,
        date: today,
        original_date: None,
        lines: vec![Line { series, unit: None, qty, serials: Vec::new(), actuals: Vec::new() }],
        last: true,
        reverses: Vec::new(),
        ..like.clone()
    };
    Some(Draft { groups: Vec::new(), posting, late: LatePolicy::Park })
}

fn confirmed_ops(ledger: &Ledger, drafts: &[Draft]) -> BTreeSet<OpNo> {
    let postings = ledger.postings.values().map(|entry| &entry.posting).chain(drafts.iter().map(|draft| &draft.posting));
    let confirmations = postings.filter(|posting| posting.movement == Movement::Confirmation);
    confirmations.flat_map(|posting| posting.lines.iter().filter_map(|line| line.series.op.clone())).collect()
}

fn confirms(posting: &Posting, op: &OpNo) -> bool {
    posting.movement == Movement::Confirmation && posting.lines.iter().any(|line| line.series.op.as_ref() == Some(op))
}

fn takes_back(posting: &Posting) -> bool {
    posting.lines.iter().any(|line| line.qty.is_negative())
}
