//! What was reported of an order and cannot be booked yet, and its place in the account.

use serde::{Deserialize, Serialize};

use super::{Order, Report};
use crate::envelope::Envelope;
use crate::posting::{self, Account, Actual, Series, Use};
use crate::qty::Qty;
use crate::words::StockStatus;

/// A report of a quantity whose material nobody knows, or whose unit nobody can convert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unbooked {
    /// The case that shows it.
    pub case: u32,
    /// What for.
    #[serde(rename = "use")]
    pub purpose: Use,
    /// How much, as it was reported.
    pub qty: Qty,
    /// What was said, and nothing else of the same message.
    pub report: Report,
    /// Around it: its source, its time, its raw message. Who said it stands where it was said.
    pub envelope: Envelope,
    /// The row of looks that it began.
    pub row: u32,
    /// Nothing that comes by itself makes it fit: only a person asks for it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stuck: bool,
    /// Two persons gave it up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub given_up: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
pub(super) fn is_none(row: &u32) -> bool {
    *row == 0
}

impl Order {
    /// Whether something that was reported waits for its master data.
    pub fn has_unbooked(&self) -> bool {
        self.unbooked.iter().any(|known| !known.given_up)
    }

    /// Every reported quantity and where it is: what its ledger knows, what could not be booked yet, and corrections that wait
    /// for their count. Promise T4 is about these.
    pub fn accounts(&self) -> Vec<Account> {
        let mut all = posting::accounts(&self.ledger);
        for known in &self.unbooked {
            if let Some(series) = self.series(known) {
                put(&mut all, series, known.qty, known.given_up);
            }
        }
        for early in &self.early {
            put(&mut all, of_work(&early.actual), early.actual.qty, false);
        }
        all
    }

    /// What it would be booked under, in the unit it came in.
    fn series(&self, known: &Unbooked) -> Option<Series> {
        let header = self.header.as_ref()?;
        let mut series = Series {
            purpose: known.purpose,
            op: None,
            item: None,
            output: None,
            material: header.material.clone(),
            lot: None,
            status: StockStatus::Unrestricted,
            uom: known.qty.uom(),
        };
        match &known.report {
            Report::Consumed { item, material, lot, .. } => {
                series.item.clone_from(item);
                series.material = material.clone();
                series.lot.clone_from(lot);
            }
            Report::Produced { output, material, lot, .. } => {
                series.output = Some(*output);
                series.lot = lot.clone().or_else(|| self.lot());
                series.material = material.clone().unwrap_or(series.material);
            }
            Report::Confirmed(work) => series.op = Some(work.op.clone()),
            Report::CountCorrected { op, .. } => series.op = Some(op.clone()),
            Report::JobAccepted { .. }
            | Report::JobRejected { .. }
            | Report::WishRefused { .. }
            | Report::OperationStarted { .. }
            | Report::OperationHeld { .. }
            | Report::OperationResumed { .. }
            | Report::OperationAborted { .. }
            | Report::SampleTaken { .. }
            | Report::Completed
            | Report::Staged { .. } => return None,
        }
        Some(series)
    }
}

/// The series of a correction of work.
fn of_work(actual: &Actual) -> Series {
    Series {
        purpose: actual.purpose,
        op: actual.op.clone(),
        item: None,
        output: None,
        material: actual.material.clone(),
        lot: None,
        status: actual.status,
        uom: actual.qty.uom(),
    }
}

/// It was reported, and waits for a person, or was given up.
fn put(all: &mut Vec<Account>, series: Series, qty: Qty, given_up: bool) {
    let at = all.iter().position(|account| account.series == series).unwrap_or(all.len());
    if at == all.len() {
        all.push(Account::empty(series));
    }
    if let Some(account) = all.get_mut(at) {
        let place = if given_up { &mut account.written_off } else { &mut account.parked };
        place.add(qty);
        account.reported.add(qty);
    }
}
