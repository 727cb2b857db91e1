//! A count that was wrong, also after the final confirmation: both stand, and the difference is posted as a new dated
//! document. And samples, which the quality system is told of.

use super::{Books, Turn};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::input::Body;
use crate::kernel::refuse;
use crate::lot;
use crate::native::NativeId;
use crate::order::{Early, Execution, Fact, Report};
use crate::posting::{Actual, Due, Use};
use crate::qty::Qty;
use crate::refusal::Code;
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
            let case = NewCase::new(CaseKind::Discrepancy, "it", what).stake(difference).offers(offers);
            return Answer::Discrepant { case: self.draft.open_case(case) };
        }
        let difference = match self.in_base(purpose, difference) {
            Ok(difference) => difference,
            Err(_) if difference.is_zero() => return Answer::Accepted,
            Err(no) if self.is_by_a_person() => {
                let remedy = "give the difference in the unit that is counted there (takt order show)";
                return refuse(Code::Schema, format!("{difference} cannot be counted at operation {op}: {}", no.why), remedy, "difference");
            }
            Err(no) => {
                let report = Report::CountCorrected { op: op.clone(), purpose, difference, reason: reason.clone() };
                return self.unbookable(&no, purpose, difference, report);
            }
        };
        let counted = self.tally(op, purpose, difference);
        if let Some(no) = self.not_by_a_person(op, counted) {
            return no;
        }
        let Some(actual) = self.work_actual(op, purpose, difference) else { return Answer::Accepted };
        let surprise = self.unrouted_work(op);
        if counted.is_some_and(|counted| counted.is_negative()) {
            return self.too_early(op, actual, reason);
        }
        let mut books = Books::open(self.order);
        self.book_correction(&mut books, op, actual, reason.clone());
        let counted = self.catch_up_early(&mut books, op, purpose, counted);
        let reached = purpose == Use::Yield && self.reaches_declared(op, counted);
        if reached {
            self.note(Fact::Execution { op: op.clone(), to: Execution::Completed });
        }
        if reached || self.execution(op) == Execution::Completed {
            books.flush(self, &Due::Operation(op));
        }
        self.flush_when_over(&mut books);
        books.close(self);
        surprise
    }

    fn is_by_a_person(&self) -> bool {
        !self.context.book.sites.contains_key(&self.envelope.key.source) && self.late.is_none()
    }

    /// What a plant says is taken whatever it is, for it may be ahead of what it corrects. A person sees the order, and is told at once.
    fn not_by_a_person(&self, op: &OpNo, counted: Option<Qty>) -> Option<Answer> {
        if !self.is_by_a_person() {
            return None;
        }
        if self.unrouted(op).is_some() {
            let text = format!("the order has no operation {op}");
            let known = self.order.resolved.iter().flat_map(|resolved| &resolved.operations).map(|operation| operation.op.to_string());
            let remedy = format!("name one of its operations: {}", known.collect::<Vec<_>>().join(", "));
            return Some(refuse(Code::Unknown, text, &remedy, "operation"));
        }
        let left = counted.filter(Qty::is_negative)?;
        let text = format!("that would leave {left} at operation {op}");
        Some(refuse(Code::Schema, text, "look at what was counted there (takt order show), and correct by no more than that", "difference"))
    }

    /// Whether that many good are all that its final confirmation declared.
    fn reaches_declared(&self, op: &OpNo, good: Option<Qty>) -> bool {
        let declared = self.order.ops.get(op).and_then(|operation| operation.declared);
        let enough = |declared: Qty| good.and_then(|good| good.compare(&declared)).is_some_and(std::cmp::Ordering::is_ge);
        declared.is_some_and(enough)
    }

    fn book_correction(&mut self, books: &mut Books<'_>, op: &OpNo, mut actual: Actual, reason: Reason) {
        self.note(Fact::Worked { op: op.clone(), purpose: actual.purpose, qty: actual.qty, reason: Some(reason) });
        actual.corrects = Some(self.order.ledger.actuals());
        books.record(self, actual);
    }

    /// It would leave less than nothing, so the count it corrects is still on its way: it waits for that, and is shown.
    fn too_early(&mut self, op: &OpNo, actual: Actual, reason: &Reason) -> Answer {
        let what = format!(
            "the correction by {} at operation {op} would leave less than nothing; it is booked when the count it corrects has come",
            actual.qty
        );
        let case = self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "it", what).stake(actual.qty));
        self.note(Fact::Early(Box::new(Early { actual, reason: reason.clone(), case })));
        Answer::Discrepant { case }
    }

    /// Books the corrections that waited for as much as is counted now; what they change.
    pub(super) fn catch_up_early(&mut self, books: &mut Books<'_>, op: &OpNo, purpose: Use, counted: Option<Qty>) -> Option<Qty> {
        let mut counted = counted?;
        let waiting = |early: &&Early| early.actual.op.as_ref() == Some(op) && early.actual.purpose == purpose;
        for early in self.order.early.iter().filter(waiting) {
            let Some(left) = counted.plus(early.actual.qty).ok().filter(|left| !left.is_negative()) else { continue };
            counted = left;
            self.book_correction(books, op, early.actual.clone(), early.reason.clone());
            self.note(Fact::EarlyBooked { case: early.case });
            if self.common.cases.contains_key(&early.case) {
                self.draft.close_case(early.case, "the count it corrects has come");
            }
        }
        Some(counted)
    }

    /// What is counted at an operation once that is added; nothing for what is not counted there.
    pub(super) fn tally(&self, op: &OpNo, purpose: Use, more: Qty) -> Option<Qty> {
        let operation = self.order.ops.get(op);
        let counted = match purpose {
            Use::Yield => operation.map(|operation| operation.good),
            Use::Scrap => operation.map(|operation| operation.scrap),
            Use::Rework => operation.map(|operation| operation.rework),
            Use::Consumed | Use::Produced | Use::Labour | Use::Machine => return None,
        };
        counted.map_or(Some(more), |counted| counted.plus(more).ok())
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
