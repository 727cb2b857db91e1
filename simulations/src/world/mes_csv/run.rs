//! The line: an order goes through its operations one after the other, in bundles of pieces.
//!
//! Apart from what people write because nobody has to ask for this.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::super::front::{Refusal, refusal};
use super::super::moment::Moment;
use super::super::system::Desk;
use super::MesCsv;
use super::orders::{Operation, Order, Stage};
use super::reports::Report;
use super::rows::{clock, number};

/// How the line works.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Pace {
    pieces_per_second: u32,
    pub(super) start_after_ms: u32,
    /// Pieces that are reported together.
    bundle: u64,
    /// Of so many pieces one is scrapped at the first operation; 0 is none.
    scrap_every: u64,
    pallet: u64,
    rows_per_file: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { pieces_per_second: 200, start_after_ms: 500, bundle: 10, scrap_every: 50, pallet: 480, rows_per_file: 20 }
    }
}

impl Pace {
    /// Refuses a line that would stand still.
    pub(super) fn sane(self) -> Result<Self, Refusal> {
        let works = self.pieces_per_second > 0 && self.bundle > 0 && self.pallet > 0 && self.rows_per_file > 0;
        if works { Ok(self) } else { Err(refusal(400, "malformed", "a line makes something, in bundles, onto pallets, into files")) }
    }
}

/// What the line means to do later.
#[derive(Clone, Debug)]
pub(super) enum Task {
    Start(String),
    /// The next bundle of the operation at this place, if the line was not stopped since.
    Bundle(String, usize, u32),
    Stopped(String, String),
    Resumed(String),
}

/// A word of the line about an operation.
struct Word<'a> {
    kind: &'a str,
    part: &'a str,
    lot: &'a str,
    amount: Decimal,
    unit: &'a str,
    pallet: String,
    reason: &'a str,
}

const NOTHING: Word<'_> = Word { kind: "", part: "", lot: "", amount: Decimal::ZERO, unit: "", pallet: String::new(), reason: "" };

impl MesCsv {
    /// Does one task.
    pub(super) fn work(&mut self, desk: &mut Desk, task: &Task, at: Moment) {
        match task {
            Task::Start(number) => {
                if let Some(order) = self.orders.get_mut(number).filter(|order| order.stage == Stage::Waiting) {
                    order.stage = Stage::Running;
                    self.begin(desk, number, 0, at);
                }
            }
            Task::Bundle(number, place, shift) => {
                let runs = |order: &Order| order.stage == Stage::Running && order.shift == *shift;
                if self.orders.get(number).is_some_and(runs) {
                    self.bundle(desk, number, *place, at);
                }
            }
            Task::Stopped(number, reason) => {
                let place = self.place_of(number).unwrap_or(0);
                self.say(desk, number, place, at, Word { kind: "HALT", reason, ..NOTHING });
            }
            Task::Resumed(number) => {
                let place = self.place_of(number);
                self.say(desk, number, place.unwrap_or(0), at, Word { kind: "WEITER", ..NOTHING });
                match place {
                    Some(place) if self.is_fresh(number, place) => self.begin(desk, number, place, at),
                    Some(place) => self.plan(number, place, at),
                    None => self.end(desk, number, at),
                }
            }
        }
        self.reports.lay_down(desk, self.pace.rows_per_file, self.is_idle());
    }

    /// Whether no order runs: then nothing more is to come.
    fn is_idle(&self) -> bool {
        !self.orders.values().any(|order| order.stage == Stage::Running)
    }

    /// The operation that is not done yet.
    fn place_of(&self, number: &str) -> Option<usize> {
        let order = self.orders.get(number)?;
        order.operations.iter().enumerate().position(|(place, one)| one.begun < order.input_of(place))
    }

    fn is_fresh(&self, number: &str, place: usize) -> bool {
        self.orders.get(number).and_then(|order| order.operations.get(place)).is_some_and(|one| one.begun == 0)
    }

    fn begin(&mut self, desk: &mut Desk, number: &str, place: usize, at: Moment) {
        self.say(desk, number, place, at, Word { kind: "START", ..NOTHING });
        self.plan(number, place, at);
    }

    /// The next bundle.
    fn plan(&mut self, number: &str, place: usize, at: Moment) {
        let Some(order) = self.orders.get(number) else { return };
        let each_ms = i64::try_from(self.pace.bundle).unwrap_or(i64::MAX).saturating_mul(1_000) / i64::from(self.pace.pieces_per_second);
        self.agenda.note(at.plus_ms(each_ms.max(1)), Task::Bundle(number.to_owned(), place, order.shift));
    }

    fn bundle(&mut self, desk: &mut Desk, number: &str, place: usize, at: Moment) {
        let (size, scrap_every) = (self.pace.bundle, self.pace.scrap_every);
        let Some(order) = self.orders.get_mut(number) else { return };
        let input = order.input_of(place);
        let (part, lot) = (order.part.clone(), order.lot.clone());
        let Some(operation) = order.operations.get_mut(place) else { return };
        let pieces = size.min(input.saturating_sub(operation.begun));
        let scrap = match scrap_every {
            every if place == 0 && every > 0 => (operation.begun + pieces) / every - operation.begun / every,
            _ => 0,
        };
        let good = pieces - scrap;
        (operation.begun, operation.good, operation.scrap) = (operation.begun + pieces, operation.good + good, operation.scrap + scrap);
        let ends = operation.begun >= input;
        let counted = [("GUT", good, ""), ("AUS", scrap, "Maß überschritten")];
        for (kind, amount, reason) in counted.into_iter().filter(|(_, amount, _)| *amount > 0) {
            self.say(desk, number, place, at, Word { kind, part: &part, lot: &lot, amount: amount.into(), unit: "ST", reason, ..NOTHING });
        }
        self.use_material(desk, number, place, at);
        self.stack(desk, number, place, good, ends, at);
        if ends { self.next(desk, number, place, at) } else { self.plan(number, place, at) }
    }

    /// What was used by now of each lot, and was not said yet; lots of one part are used in their order.
    fn use_material(&mut self, desk: &mut Desk, number: &str, place: usize, at: Moment) {
        let Some(order) = self.orders.get_mut(number) else { return };
        let Some(Operation { number: operation, begun, .. }) = order.operations.get(place).cloned() else { return };
        let total = Decimal::from(order.total.max(1));
        let mut used = Vec::new();
        for material in order.materials.iter_mut().filter(|material| material.operation == operation) {
            let by_now = (material.amount * Decimal::from(begun) / total).round_dp(3).min(material.amount);
            let more = by_now - material.used;
            if more > Decimal::ZERO {
                material.used = by_now;
                used.push((material.part.clone(), material.lot.clone(), more, material.unit.clone()));
            }
        }
        for (part, lot, amount, unit) in &used {
            self.say(desk, number, place, at, Word { kind: "MAT", part, lot, amount: *amount, unit, ..NOTHING });
        }
    }

    /// Good pieces of the last operation go onto pallets.
    fn stack(&mut self, desk: &mut Desk, number: &str, place: usize, good: u64, ends: bool, at: Moment) {
        let full = self.pace.pallet;
        let Some(order) = self.orders.get_mut(number).filter(|order| place + 1 == order.operations.len()) else { return };
        let (part, lot) = (order.part.clone(), order.lot.clone());
        order.loose += good;
        let mut closed = Vec::new();
        while order.loose >= full || (ends && order.loose > 0) {
            let pieces = order.loose.min(full);
            order.loose -= pieces;
            closed.push(pieces);
        }
        for pieces in closed {
            self.pallets += 1;
            let pallet = format!("34088888{:09}0", self.pallets);
            self.say(
                desk,
                number,
                place,
                at,
                Word { kind: "PAL", part: &part, lot: &lot, amount: pieces.into(), unit: "ST", pallet, ..NOTHING },
            );
        }
    }

    /// The operation has ended; the next one begins, or the order ends.
    fn next(&mut self, desk: &mut Desk, number: &str, place: usize, at: Moment) {
        let Some(order) = self.orders.get(number) else { return };
        let (good, begun) = order.operations.get(place).map_or((0, 0), |one| (one.good, one.begun));
        let more = place + 1 < order.operations.len();
        // A minute a hundred pieces, in tenths.
        let minutes = (Decimal::from(begun) / Decimal::ONE_HUNDRED).round_dp(1);
        self.say(desk, number, place, at, Word { kind: "ZEIT", amount: minutes, unit: "MIN", ..NOTHING });
        self.say(desk, number, place, at, Word { kind: "FERTIG", amount: good.into(), unit: "ST", ..NOTHING });
        if more { self.begin(desk, number, place + 1, at) } else { self.end(desk, number, at) }
    }

    fn end(&mut self, desk: &mut Desk, number: &str, at: Moment) {
        if let Some(order) = self.orders.get_mut(number) {
            order.stage = Stage::Ended;
        }
        let time = clock(&desk.zone.clone(), desk.stamp(at));
        self.reports.note(&Report { time, kind: "ENDE", order: number, ..Report::default() });
    }

    fn say(&mut self, desk: &mut Desk, order: &str, place: usize, at: Moment, word: Word<'_>) {
        let Some(operation) = self.orders.get(order).and_then(|order| order.operations.get(place)) else { return };
        let time = clock(&desk.zone.clone(), desk.stamp(at));
        let report = Report {
            time,
            kind: word.kind,
            order,
            operation: &operation.number,
            machine: &operation.machine,
            person: format!("P-{}", 117 + place),
            part: word.part,
            lot: word.lot,
            amount: if word.unit.is_empty() { String::new() } else { number(word.amount) },
            unit: word.unit,
            pallet: word.pallet,
            reason: word.reason,
        };
        self.reports.note(&report);
    }
}

impl Order {
    /// The pieces that an operation gets: all of the order, or the good ones of the operation before.
    fn input_of(&self, place: usize) -> u64 {
        match place.checked_sub(1).and_then(|before| self.operations.get(before)) {
            Some(before) => before.good,
            None => self.total,
        }
    }
}
