//! Components in, products out: booked by rule, and told to the lots and handling units they concern (transition 14).
//! Pallets leave hours before the order is complete.

use super::counter::Dial;
use super::{Books, Turn};
use crate::answer::Answer;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::effect::UnitContent;
use crate::input::Body;
use crate::order::{Amount, Counted, Fact, Report};
use crate::posting::{Due, Use};
use crate::qty::Qty;
use crate::refusal::Code;
use crate::unit;
use crate::words::{ItemNo, LotKey, LotNo, MaterialId, OpNo, OutputKind, SerialNo, Sscc, StockStatus};

/// A component that went in, or came back.
pub(super) struct Consumption<'a> {
    pub(super) op: &'a OpNo,
    pub(super) item: Option<&'a ItemNo>,
    pub(super) material: &'a MaterialId,
    pub(super) lot: Option<&'a LotNo>,
    pub(super) amount: &'a Amount,
}

/// An output that came out.
pub(super) struct Output<'a> {
    pub(super) kind: OutputKind,
    pub(super) material: Option<&'a MaterialId>,
    pub(super) lot: Option<&'a LotNo>,
    pub(super) amount: &'a Amount,
    pub(super) unit: Option<&'a Sscc>,
    pub(super) serials: &'a [SerialNo],
}

impl Consumption<'_> {
    /// What was said.
    fn report(&self) -> Report {
        Report::Consumed {
            op: self.op.clone(),
            item: self.item.cloned(),
            material: self.material.clone(),
            lot: self.lot.cloned(),
            amount: self.amount.clone(),
        }
    }
}

impl Output<'_> {
    /// What was said.
    fn report(&self) -> Report {
        Report::Produced {
            output: self.kind,
            material: self.material.cloned(),
            lot: self.lot.cloned(),
            amount: self.amount.clone(),
            unit: self.unit.cloned(),
            serials: self.serials.to_vec(),
        }
    }
}

impl Turn<'_, '_> {
    /// A component went in.
    pub(super) fn consumed(&mut self, used: &Consumption<'_>) -> Answer {
        self.imply_acceptance();
        let mut answer = self.unexpected_work(used.op);
        if self.is_unheard_of(used.material) {
            self.heard_of(used, Qty::zero(used.amount.qty.uom()));
            return self.unknown_material("used", used.report(), (Use::Consumed, used.amount.qty));
        }
        let item = used.item.cloned().or_else(|| self.component_line(used.material));
        let goods = Counted { item: item.clone(), ..Counted::of(used.material.clone(), used.lot.cloned()) };
        let dial = Dial { op: used.op, purpose: Use::Consumed, goods: Some(goods) };
        let qty = match self.material_base(used.material, used.amount.qty).and_then(|qty| self.counted(&dial, used.amount, qty)) {
            Ok(qty) if qty.is_zero() => return answer,
            Ok(qty) => qty,
            Err(_) if used.amount.qty.is_zero() => return answer,
            Err(no) => {
                self.heard_of(used, Qty::zero(used.amount.qty.uom()));
                return self.unbookable(&no, Use::Consumed, used.amount.qty, used.report());
            }
        };
        if self.lacks_lot(used.material, used.lot) {
            answer = self.missing_lot(used.material, qty);
        }
        let Some(mut actual) = self.work_actual(used.op, Use::Consumed, qty) else { return answer };
        actual.item = item;
        actual.material = used.material.clone();
        actual.lot = used.lot.cloned();
        actual.native.clone_from(&used.amount.native);
        let mut books = Books::open(self.order);
        books.record(self, actual);
        self.flush_when_over(&mut books);
        books.close(self);
        self.heard_of(used, qty);
        answer
    }

    /// A hold on the lot must find what was made of it, whatever its material is called and its unit is.
    fn heard_of(&mut self, used: &Consumption<'_>, qty: Qty) {
        if let Some(lot) = used.lot {
            self.tell_component(used.op, &LotKey { material: used.material.clone(), lot: lot.clone() }, qty);
        }
    }

    /// An output came out.
    pub(super) fn produced(&mut self, made: &Output<'_>) -> Answer {
        self.imply_acceptance();
        let Some(header) = self.order.header.clone() else { return Answer::Accepted };
        let material = made.material.cloned().unwrap_or_else(|| header.material.clone());
        if material != header.material && self.is_unheard_of(&material) {
            if let Some(lot) = made.lot {
                self.tell_uncounted(made, &LotKey { material, lot: lot.clone() }, false);
            }
            return self.unknown_material("made", made.report(), (Use::Produced, made.amount.qty));
        }
        let lot = made.lot.cloned().or_else(|| self.order.lot());
        let Ok(op) = OpNo::parse("0") else { return Answer::Accepted };
        let goods = Counted { output: Some(made.kind), unit: made.unit.cloned(), ..Counted::of(material.clone(), lot.clone()) };
        let inspected = self.known_material(&material).is_some_and(|known| known.inspected);
        let dial = Dial { op: &op, purpose: Use::Produced, goods: Some(goods) };
        let qty = match self.material_base(&material, made.amount.qty).and_then(|qty| self.counted(&dial, made.amount, qty)) {
            Ok(qty) if qty.is_zero() => return Answer::Accepted,
            Ok(qty) => qty,
            Err(_) if made.amount.qty.is_zero() => return Answer::Accepted,
            Err(no) => {
                if let Some(lot) = lot {
                    self.tell_uncounted(made, &LotKey { material, lot }, inspected);
                }
                return self.unbookable(&no, Use::Produced, made.amount.qty, made.report());
            }
        };
        let surprise = self.unsent_work();
        let Some(mut actual) = self.work_actual(&op, Use::Produced, qty) else { return surprise };
        actual.op = None;
        actual.output = Some(made.kind);
        actual.material = material.clone();
        actual.lot.clone_from(&lot);
        actual.status = if inspected { StockStatus::QualityInspection } else { StockStatus::Unrestricted };
        actual.unit = made.unit.cloned();
        actual.serials = made.serials.to_vec();
        actual.native.clone_from(&made.amount.native);
        let mut books = Books::open(self.order);
        books.record(self, actual);
        if let Some(unit) = made.unit {
            books.flush(self, &Due::Unit(unit));
        }
        self.flush_when_over(&mut books);
        books.close(self);
        if let Some(lot) = lot {
            self.tell_product(made, &LotKey { material, lot }, qty, inspected);
        }
        match self.over_delivery(&header) {
            Answer::Accepted => surprise,
            told @ (Answer::Discrepant { .. } | Answer::Refused(_) | Answer::Quarantined { .. }) => told,
        }
    }

    pub(super) fn fill(&mut self, sscc: &Sscc, content: UnitContent) {
        let Some(plant) = self.order.plant() else { return };
        let Some(unit) = self.context.book.unit_entity(plant, sscc) else { return };
        self.note(Fact::Filled { sscc: sscc.clone(), unit, qty: content.qty });
        // Goods of an order that could not run go where the goods of their plant go.
        let resolved = self.order.resolved.as_ref().and_then(|resolved| resolved.warehouse);
        let to = resolved.or_else(|| self.context.book.sites.get(&plant)?.warehouse);
        let mail = unit::Mail::Filled { sscc: sscc.clone(), contents: vec![content], from: plant, to };
        self.draft.tell(unit, Body::Unit(unit::Input::Mail(mail)));
    }

    pub(super) fn component_line(&self, material: &MaterialId) -> Option<ItemNo> {
        let components = &self.order.resolved.as_ref()?.components;
        components.iter().find(|component| component.material == *material).map(|component| component.item.clone())
    }

    /// Whether no master data in force knows a material, nor what the order was resolved with.
    pub(super) fn is_unheard_of(&self, material: &MaterialId) -> bool {
        self.known_material(material).is_none()
    }

    fn lacks_lot(&self, material: &MaterialId, lot: Option<&LotNo>) -> bool {
        let managed = self.known_material(material).is_some_and(|known| known.lot_mode != crate::book::LotMode::None);
        managed && lot.is_none()
    }

    fn missing_lot(&mut self, material: &MaterialId, qty: Qty) -> Answer {
        let what = format!("{qty} of {material} were reported without a lot, and the material is managed in lots");
        let offers = vec![
            Proposal::Do("correct the report at the plant: take it back without a lot, report it again with one".into()),
            Proposal::Acknowledge,
        ];
        let about = self.order.plant().map_or_else(String::new, |plant| format!("{plant} reports {material} without a lot"));
        let case = NewCase::new(CaseKind::Rejected(Code::MissingLot), "it", what).stake(qty).because_of(about).offers(offers);
        Answer::Discrepant { case: self.draft.open_case(case) }
    }

    /// More than the tolerance allows: the fact stays, a person decides what becomes of the surplus.
    fn over_delivery(&mut self, header: &crate::order::Header) -> Answer {
        let Some(limit) = header.over_limit() else { return Answer::Accepted };
        let Some(processed) = self.order.processed() else { return Answer::Accepted };
        if !processed.compare(&limit).is_some_and(std::cmp::Ordering::is_gt) {
            return Answer::Accepted;
        }
        self.above_limit(processed, limit, header.number.as_str())
    }

    /// One case for the order, however often it is exceeded.
    pub(super) fn above_limit(&mut self, processed: Qty, limit: Qty, of: &str) -> Answer {
        if let Some(told) = self.common.cases.values().find(|case| case.kind == CaseKind::Tolerance) {
            return Answer::Discrepant { case: told.number };
        }
        let what = format!("{processed} were made of {of}, the limit is {limit}");
        let offers = vec![
            Proposal::Do("correct the count at the plant, or raise the quantity of the order in its ERP".into()),
            Proposal::Acknowledge,
        ];
        let case = NewCase::new(CaseKind::Tolerance, "planning", what).stake(processed).offers(offers);
        Answer::Discrepant { case: self.draft.open_case(case) }
    }
}
