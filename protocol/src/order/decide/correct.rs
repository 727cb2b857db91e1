//! A count that was wrong, also after the final confirmation: both stand, and the difference is posted as a new dated
//! document. And samples, which the quality system is told of.

use super::{Books, Turn};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::input::Body;
use crate::lot;
use crate::native::NativeId;
use crate::order::{Execution, Fact};
use crate::posting::{Due, Use};
use crate::qty::Qty;
use crate::words::{LotKey, LotNo, OpNo, Reason};

impl Turn<'_, '_> {
    /// The difference that makes a count right.
    pub(super) fn count_corrected(&mut self, op: &OpNo, purpose: Use, difference: Qty, reason: &Reason) -> Answer {
        if matches!(purpose, Use::Consumed | Use::Produced) {
            let what = format!(
                "a correction by {difference} of what was {} names no lot and no handling unit; it is kept, and not booked",
                if purpose == Use::Consumed { "consumed" } else { "produced" }
            );
            let offers = vec![
                Proposal::Do(
                    "report the difference, with its sign, as goods that went in or out: with material, lot and handling unit".into(),
                ),
                Proposal::Acknowledge,
            ];
            let case = NewCase::new(CaseKind::Discrepancy, "plant-it", what).stake(difference).offers(offers);
            return Answer::Discrepant { case: self.draft.open_case(case) };
        }
        let difference = match self.in_base(purpose, difference) {
            Ok(difference) => difference,
            Err(what) => return self.unbookable(&what),
        };
        if self.below_zero(op, purpose, difference) {
            let what =
                format!("the correction by {difference} at operation {op} would leave less than nothing; it is kept, and not booked");
            return Answer::Discrepant {
                case: self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "plant-it", what).stake(difference)),
            };
        }
        self.note(Fact::Worked { op: op.clone(), purpose, qty: difference, reason: Some(reason.clone()) });
        let Some(mut actual) = self.work_actual(op, purpose, difference) else { return Answer::Accepted };
        actual.corrects = Some(self.order.ledger.actuals());
        let mut books = Books::open(self.order);
        books.record(self, actual);
        if self.execution(op) == Execution::Completed {
            books.flush(self, &Due::Operation(op));
        }
        books.close(self);
        Answer::Accepted
    }

    fn below_zero(&self, op: &OpNo, purpose: Use, difference: Qty) -> bool {
        let Some(operation) = self.order.ops.get(op) else { return difference.is_negative() };
        let counted = match purpose {
            Use::Yield => operation.good,
            Use::Scrap => operation.scrap,
            Use::Rework => operation.rework,
            Use::Consumed | Use::Produced | Use::Labour | Use::Machine => return false,
        };
        counted.plus(difference).is_ok_and(|sum| sum.is_negative())
    }

    /// A sample was taken: its lot opens an inspection.
    pub(super) fn sample_taken(&mut self, sample: &NativeId, lot: Option<&LotNo>, qty: Option<Qty>) -> Answer {
        let Some(header) = self.order.header.clone() else { return Answer::Accepted };
        let Some(lot) = lot.cloned().or_else(|| self.order.lot()) else { return Answer::Accepted };
        let key = LotKey { material: header.material.clone(), lot };
        if let Some(entity) = self.context.book.lot_entity(header.plant, &key) {
            let order = self.draft.me();
            let taken_at = self.trusted_time();
            let mail = lot::Mail::SampleTaken { order, lot: key, site: header.plant, sample: sample.clone(), qty, taken_at };
            self.draft.tell(entity, Body::Lot(lot::Input::Mail(mail)));
        }
        Answer::Accepted
    }
}
