//! Transitions 7 and 10: work confirmed, in part or for the last time. Yield, scrap, rework and times are booked by rule;
//! a final confirmation that declares more than was reported waits for the rest, and says so when it does not come.

use super::counter::Dial;
use super::{Books, Turn};
use crate::answer::Answer;
use crate::book::LotMode;
use crate::case::CaseKind;
use crate::conversion::{ConversionError, Conversions};
use crate::draft::NewCase;
use crate::intent::Wake;
use crate::order::{Amount, Confirmation, Execution, Fact, Report};
use crate::posting::{Actual, Due, Use};
use crate::qty::Qty;
use crate::uom::Uom;
use crate::words::{MaterialId, OpNo, StockStatus};
use crate::workflow::Step;

/// What booking a material needs.
pub(super) struct KnownMaterial<'a> {
    pub(super) base: Uom,
    pub(super) conversions: &'a Conversions,
    pub(super) lot_mode: LotMode,
    pub(super) inspected: bool,
}

/// Why a quantity cannot be booked.
pub(super) struct NoWay {
    pub(super) why: String,
    /// Master data may say more of it tomorrow.
    pub(super) may_come: bool,
}

impl NoWay {
    /// One that nothing but another report mends.
    pub(super) fn for_good(why: impl std::fmt::Display) -> Self {
        Self { why: why.to_string(), may_come: false }
    }
}

impl From<ConversionError> for NoWay {
    fn from(error: ConversionError) -> Self {
        Self { may_come: true, why: error.to_string() }
    }
}

impl Turn<'_, '_> {
    /// Work on an operation.
    pub(super) fn confirmed(&mut self, work: &Confirmation) -> Answer {
        self.imply_acceptance();
        let surprise = self.unexpected_work(&work.op);
        let was = self.execution(&work.op);
        if was == Execution::NotStarted {
            self.note(Fact::Execution { op: work.op.clone(), to: Execution::Running });
        }
        let mut books = Books::open(self.order);
        let mut answer = surprise;
        let mut good = self.order.ops.get(&work.op).map(|operation| operation.good);
        let mut scrap = self.order.ops.get(&work.op).map(|operation| operation.scrap);
        let early = !self.order.early.is_empty();
        let parts = [
            (Use::Yield, &work.good),
            (Use::Scrap, &work.scrap),
            (Use::Rework, &work.rework),
            (Use::Labour, &work.labour),
            (Use::Machine, &work.machine),
        ];
        for (purpose, amount) in parts {
            let Some(amount) = amount else { continue };
            let dial = Dial { op: &work.op, purpose, goods: None };
            match self.in_base(purpose, amount.qty).and_then(|qty| self.counted(&dial, amount, qty)) {
                Ok(qty) => {
                    self.work_done(&mut books, work, purpose, qty, amount);
                    let mut counted = self.tally(&work.op, purpose, qty);
                    if early {
                        counted = self.catch_up_early(&mut books, &work.op, purpose, counted);
                    }
                    if purpose == Use::Yield {
                        good = counted;
                    } else if purpose == Use::Scrap {
                        scrap = counted;
                    }
                }
                Err(_) if amount.qty.is_zero() => {}
                Err(no) => answer = self.unbookable(&no, purpose, amount.qty, only(work, purpose)),
            }
        }
        self.maybe_complete(&mut books, work, &was, good);
        self.flush_when_over(&mut books);
        books.close(self);
        let more = work.good.is_some() || work.scrap.is_some();
        match if more { self.too_much(&work.op, good, scrap) } else { Answer::Accepted } {
            Answer::Accepted => answer,
            told @ (Answer::Discrepant { .. } | Answer::Refused(_) | Answer::Quarantined { .. }) => told,
        }
    }

    /// An operation that counts more than may be made, or than anybody can have made: it stands, and is shown.
    fn too_much(&mut self, op: &OpNo, good: Option<Qty>, scrap: Option<Qty>) -> Answer {
        let Some(header) = self.order.header.as_ref() else { return Answer::Accepted };
        let Some(limit) = header.over_limit().or_else(|| header.absurd_above()) else { return Answer::Accepted };
        let of = format!("operation {op} of {}", header.number);
        let processed = match (good, scrap) {
            (Some(good), Some(scrap)) => good.plus(scrap).ok(),
            (one, other) => one.or(other),
        };
        match processed.filter(|processed| processed.compare(&limit).is_some_and(std::cmp::Ordering::is_gt)) {
            Some(processed) => self.above_limit(processed, limit, &of),
            None => Answer::Accepted,
        }
    }

    fn work_done(&mut self, books: &mut Books<'_>, work: &Confirmation, purpose: Use, qty: Qty, amount: &Amount) {
        if qty.is_zero() {
            return;
        }
        let reason = work.scrap_reason.clone().filter(|_| purpose == Use::Scrap);
        self.note(Fact::Worked { op: work.op.clone(), purpose, qty, reason });
        if let Some(mut actual) = self.work_actual(&work.op, purpose, qty) {
            actual.native.clone_from(&amount.native);
            books.record(self, actual);
        }
    }

    /// The final confirmation completes its operation, at once or when what it declared has been reported; and an
    /// operation that is complete flushes whatever still comes.
    fn maybe_complete(&mut self, books: &mut Books<'_>, work: &Confirmation, was: &Execution, good: Option<Qty>) {
        let declared = work.declared.or_else(|| self.order.ops.get(&work.op).and_then(|operation| operation.declared));
        let short = |declared: Qty| good.is_none_or(|good| good.compare(&declared).is_some_and(std::cmp::Ordering::is_lt));
        let waits = declared.is_some_and(short);
        let asked = work.last || self.order.ops.get(&work.op).is_some_and(|operation| operation.declared.is_some());
        match (was, asked, waits) {
            (Execution::Completed, _, _) => books.flush(self, &Due::Operation(&work.op)),
            (_, true, false) => {
                self.note(Fact::Execution { op: work.op.clone(), to: Execution::Completed });
                books.flush(self, &Due::Operation(&work.op));
            }
            (_, true, true) => {
                if let Some(good) = declared {
                    self.note(Fact::Declared { op: work.op.clone(), good });
                    let patience = self.context.book.policy.final_gap_ms;
                    self.draft.wake(self.context.now.plus_ms(patience), Wake::FinalGap { op: work.op.clone() });
                }
            }
            (_, false, _) => {}
        }
    }

    /// The declared total was not reached in time: the operation is completed with what was reported, and that is shown.
    pub(super) fn gap_stays(&mut self, op: &OpNo) {
        let Some((declared, good)) = self.order.ops.get(op).and_then(|operation| Some((operation.declared?, operation.good))) else {
            return;
        };
        let waits = self.waits_at(op);
        let what = format!("operation {op} declared {declared} at its end and only {good} were reported{waits}");
        let gap = declared.minus(good).unwrap_or(declared);
        self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "it", what).stake(gap));
        self.note(Fact::Execution { op: op.clone(), to: Execution::Completed });
        let mut books = Books::open(self.order);
        books.flush(self, &Due::Operation(op));
        books.close(self);
    }

    /// The quantity in the unit it is booked in: pieces in the material's base unit, times in minutes.
    pub(super) fn in_base(&self, purpose: Use, qty: Qty) -> Result<Qty, NoWay> {
        match purpose {
            Use::Labour | Use::Machine => {
                let minutes = Uom::parse("MIN").map_err(NoWay::for_good)?;
                let found = Conversions::default().to_base_rounded(qty, minutes, Qty::SCALE_MAX, crate::qty::Rounding::HalfEven);
                found.map_err(NoWay::for_good)
            }
            Use::Yield | Use::Scrap | Use::Rework | Use::Consumed | Use::Produced => {
                let material = self.order.header.as_ref().map(|header| header.material.clone());
                self.material_base(&material.ok_or_else(|| NoWay::for_good("the order is not known"))?, qty)
            }
        }
    }

    /// The quantity in a material's base unit: by what was in force when the order was found to be able to run; where that says
    /// nothing of its unit, or does not come out even, by what is in force now.
    pub(super) fn material_base(&self, material: &MaterialId, qty: Qty) -> Result<Qty, NoWay> {
        let Some(known) = self.known_material(material) else { return Ok(qty) };
        match known.conversions.to_base(qty, known.base) {
            Err(no) => match self.material_in_force(material).filter(|now| now.base == known.base) {
                Some(now) => Ok(now.conversions.to_base(qty, now.base)?),
                None => Err(no.into()),
            },
            found => Ok(found?),
        }
    }

    /// What booking a material needs: as it was when the order was found to be able to run; before that, and for what its
    /// recipe does not name, as the master data in force has it.
    pub(super) fn known_material(&self, material: &MaterialId) -> Option<KnownMaterial<'_>> {
        let frozen = self.order.material(material).map(|known| KnownMaterial {
            base: known.base,
            conversions: &known.conversions,
            lot_mode: known.lot_mode,
            inspected: known.inspected,
        });
        frozen.or_else(|| self.material_in_force(material))
    }

    fn material_in_force(&self, material: &MaterialId) -> Option<KnownMaterial<'_>> {
        let plant = self.order.plant()?;
        let known = self.context.book.material(plant, material, self.context.now)?;
        let inspected = known.inspected && self.context.book.workflows.has(plant, Step::Inspection);
        Some(KnownMaterial { base: known.base, conversions: &known.conversions, lot_mode: known.lot_mode, inspected })
    }

    /// A quantity of work as the ledger takes it.
    pub(super) fn work_actual(&self, op: &OpNo, purpose: Use, qty: Qty) -> Option<Actual> {
        let header = self.order.header.as_ref()?;
        let calendar = self.calendar();
        let at = self.trusted_time();
        Some(Actual {
            purpose,
            op: Some(op.clone()),
            item: None,
            output: None,
            material: header.material.clone(),
            lot: None,
            status: StockStatus::Unrestricted,
            unit: None,
            serials: Vec::new(),
            qty,
            native: None,
            day: calendar.plant_day(at),
            date: calendar.posting_date(at),
            corrects: None,
        })
    }

    /// The plant's calendar.
    pub(super) fn calendar(&self) -> crate::calendar::Calendar {
        self.order.plant().map(|plant| self.context.book.calendar(plant)).unwrap_or_default()
    }

    /// When it happened, as far as a source's clock may say: never in the future. What it says of the past stands, since plants
    /// report days later when a line was down; a date in a period that is closed is parked for a person and never moved.
    pub(super) fn trusted_time(&self) -> crate::instant::Instant {
        let received = self.envelope.received_at;
        if self.envelope.occurred_at > received { received } else { self.envelope.occurred_at }
    }
}

/// One part of a confirmation alone: it completes nothing.
fn only(work: &Confirmation, purpose: Use) -> Report {
    let part = |of: Use, amount: &Option<Amount>| amount.clone().filter(|_| of == purpose);
    Report::Confirmed(Box::new(Confirmation {
        op: work.op.clone(),
        good: part(Use::Yield, &work.good),
        scrap: part(Use::Scrap, &work.scrap),
        scrap_reason: work.scrap_reason.clone().filter(|_| purpose == Use::Scrap),
        rework: part(Use::Rework, &work.rework),
        labour: part(Use::Labour, &work.labour),
        machine: part(Use::Machine, &work.machine),
        last: false,
        declared: None,
    }))
}
