//! How a posting ends: what became of its intent, or what a person decided about it.

use super::{Ledger, PostingFact, Standing};
use crate::outbox::{OutboxFact, Outcome};
use crate::words::DocNo;

/// What a step in the life of a posting's intent means for the posting.
pub fn settle(ledger: &Ledger, posting: u32, step: &OutboxFact) -> Vec<PostingFact> {
    let stands = |standing| vec![PostingFact::Stands { posting, standing }];
    match step {
        OutboxFact::Released { .. } | OutboxFact::Requeued | OutboxFact::NotDone { .. } => stands(Standing::Prepared),
        OutboxFact::InFlight { .. } => stands(Standing::InFlight),
        OutboxFact::InDoubt { .. } => stands(Standing::InDoubt),
        OutboxFact::Parked { why } => stands(Standing::Parked { why: why.clone(), proposed: None }),
        OutboxFact::Settled(Outcome::Accepted(receipt)) => accepted(ledger, posting, receipt),
        OutboxFact::Settled(Outcome::Rejected { code, text }) => {
            stands(Standing::Parked { why: format!("the ERP refused it: {code} {text}"), proposed: None })
        }
        OutboxFact::Settled(Outcome::Adopted { document }) => stands(Standing::Adopted { document: document.clone() }),
        OutboxFact::Settled(Outcome::WrittenOff) => stands(Standing::WrittenOff),
        OutboxFact::Settled(Outcome::Superseded) => stands(Standing::Parked { why: "overtaken".to_owned(), proposed: None }),
    }
}

fn accepted(ledger: &Ledger, posting: u32, receipt: &crate::outbox::Receipt) -> Vec<PostingFact> {
    let Some(document) = receipt.document.clone() else {
        let why = "the ERP said yes and gave no document: look for our reference there".to_owned();
        return vec![PostingFact::Stands { posting, standing: Standing::Parked { why, proposed: None } }];
    };
    let mut facts = Vec::new();
    if !receipt.failed_lines.is_empty() {
        let lines = receipt.failed_lines.iter().map(|(line, _)| *line).collect();
        let why = receipt.failed_lines.iter().map(|(line, text)| format!("line {line}: {text}")).collect::<Vec<_>>().join("; ");
        facts.push(PostingFact::Split { posting, lines, into: ledger.last_posting + 1, why });
    }
    facts.push(PostingFact::Stands { posting, standing: Standing::Posted { document } });
    facts
}

/// A parked posting is to be sent again. `None` when it is not parked.
pub fn retry(ledger: &Ledger, posting: u32) -> Option<PostingFact> {
    parked(ledger, posting).then_some(PostingFact::Stands { posting, standing: Standing::Prepared })
}

/// A document that was made by hand stands for a posting that is parked or in doubt. `None` in any other state.
pub fn adopt(ledger: &Ledger, posting: u32, document: DocNo) -> Option<PostingFact> {
    let doubtful = ledger.posting(posting).is_some_and(|entry| entry.standing == Standing::InDoubt);
    (doubtful || parked(ledger, posting)).then_some(PostingFact::Stands { posting, standing: Standing::Adopted { document } })
}

/// A parked posting is given up. `None` when it is not parked.
pub fn write_off(ledger: &Ledger, posting: u32) -> Option<PostingFact> {
    parked(ledger, posting).then_some(PostingFact::Stands { posting, standing: Standing::WrittenOff })
}

fn parked(ledger: &Ledger, posting: u32) -> bool {
    ledger.posting(posting).is_some_and(|entry| matches!(entry.standing, Standing::Parked { .. }))
}
