//! Orders of this MES, and what the rows of a file do to them.
//!
//! Apart from the line because people write these rows. Whoever calls throws everything away when one row is wrong.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::moment::Moment;
use super::MesCsv;
use super::rows::{Fault, Row, number, rows};
use super::run::Task;

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Waiting,
    Running,
    Stopped,
    Ended,
    GivenBack,
}

/// A lot of material for an operation.
#[derive(Clone, Debug)]
pub(super) struct Material {
    pub(super) operation: String,
    pub(super) part: String,
    /// For all of the order.
    pub(super) amount: Decimal,
    pub(super) unit: String,
    pub(super) lot: String,
    pub(super) used: Decimal,
}

/// One operation of an order.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) number: String,
    pub(super) machine: String,
    pub(super) begun: u64,
    pub(super) good: u64,
    pub(super) scrap: u64,
}

/// One order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) number: String,
    pub(super) part: String,
    pub(super) total: u64,
    pub(super) lot: String,
    due: String,
    pub(super) stage: Stage,
    pub(super) operations: Vec<Operation>,
    pub(super) materials: Vec<Material>,
    /// Good pieces that stand on no pallet yet.
    pub(super) loose: u64,
    /// Grows whenever the line is stopped, so that what was planned before counts no more.
    pub(super) shift: u32,
}

impl Order {
    pub(super) fn view(&self) -> Value {
        let stage = match self.stage {
            Stage::Waiting => "waiting",
            Stage::Running => "running",
            Stage::Stopped => "stopped",
            Stage::Ended => "ended",
            Stage::GivenBack => "given_back",
        };
        let operation = |one: &Operation| json!({ "operation": one.number, "machine": one.machine, "good": one.good, "scrap": one.scrap });
        let material =
            |one: &Material| json!({ "part": one.part, "lot": one.lot, "used": one.used.normalize().to_string(), "unit": one.unit });
        json!({
            "order": self.number, "part": self.part, "total": self.total, "lot": self.lot, "due": self.due, "stage": stage,
            "operations": self.operations.iter().map(operation).collect::<Vec<_>>(),
            "materials": self.materials.iter().map(material).collect::<Vec<_>>(),
        })
    }

    fn begun(&self) -> u64 {
        self.operations.first().map_or(0, |operation| operation.begun)
    }
}

impl MesCsv {
    /// Takes every row; how many.
    pub(super) fn take_rows(&mut self, now: Moment, letters: &str) -> Result<usize, Fault> {
        let rows = rows(letters);
        if rows.is_empty() {
            return Err(Fault { line: 0, code: "FORMAT", text: "die Datei ist leer".to_owned() });
        }
        let mut fresh = Vec::new();
        for row in &rows {
            match row.kind() {
                "A" => fresh.push(self.take_order(row)?),
                "G" => self.take_operation(row, &fresh)?,
                "M" => self.take_material(row, &fresh)?,
                "S" => self.give_back(row)?,
                "H" | "W" => self.stop_or_go(now, row)?,
                "X" => self.change(row)?,
                other => return Err(row.fault("FORMAT", format!("Satzart unbekannt: {other}"))),
            }
        }
        for number in fresh {
            let complete = self.orders.get(&number).is_some_and(|order| !order.operations.is_empty());
            if !complete {
                return Err(Fault { line: 0, code: "FORMAT", text: format!("{number} hat keinen Arbeitsgang") });
            }
            self.agenda.note(now.plus_ms(self.pace.start_after_ms.into()), Task::Start(number));
        }
        Ok(rows.len())
    }

    fn take_order(&mut self, row: &Row<'_>) -> Result<String, Fault> {
        let (number, part, version) = (row.needed(1, "Auftrag")?, row.needed(2, "Teil")?, row.needed(3, "Rezept")?);
        if self.orders.contains_key(&number) {
            return Err(row.fault("DOPPELT", format!("Auftrag {number} ist schon vorhanden")));
        }
        let recipe = self.recipes.get(&part).filter(|recipe| recipe.version == version);
        if recipe.is_none() {
            return Err(row.fault("REZEPT", format!("kein gültiges Rezept {version} für {part}")));
        }
        let (total, lot, due) = (pieces(row, 4)?, row.text(5), row.day(6)?);
        let (operations, materials) = (Vec::new(), Vec::new());
        let order =
            Order { number: number.clone(), part, total, lot, due, stage: Stage::Waiting, operations, materials, loose: 0, shift: 0 };
        self.orders.insert(number.clone(), order);
        Ok(number)
    }

    /// The order of a row, which must be one of this file.
    fn of_this_file(&mut self, row: &Row<'_>, fresh: &[String]) -> Result<&mut Order, Fault> {
        let number = row.needed(1, "Auftrag")?;
        let unknown = row.fault("UNBEKANNT", format!("Auftrag {number} steht nicht in dieser Datei"));
        self.orders.get_mut(&number).filter(|_| fresh.contains(&number)).ok_or(unknown)
    }

    fn take_operation(&mut self, row: &Row<'_>, fresh: &[String]) -> Result<(), Fault> {
        let (operation, machine) = (row.needed(2, "Arbeitsgang")?, row.needed(3, "Maschine")?);
        if !self.machines.contains(&machine) {
            return Err(row.fault("MASCHINE", format!("Maschine {machine} gibt es nicht")));
        }
        let part = self.of_this_file(row, fresh)?.part.clone();
        if !self.recipes.get(&part).is_some_and(|recipe| recipe.operations.contains(&operation)) {
            return Err(row.fault("REZEPT", format!("{part} hat keinen Arbeitsgang {operation}")));
        }
        self.of_this_file(row, fresh)?.operations.push(Operation { number: operation, machine, begun: 0, good: 0, scrap: 0 });
        Ok(())
    }

    fn take_material(&mut self, row: &Row<'_>, fresh: &[String]) -> Result<(), Fault> {
        let material = Material {
            operation: row.needed(3, "Arbeitsgang")?,
            part: row.needed(4, "Teil")?,
            amount: row.quantity(5, "Menge")?,
            unit: row.needed(6, "Mengeneinheit")?,
            lot: row.text(7),
            used: Decimal::ZERO,
        };
        self.of_this_file(row, fresh)?.materials.push(material);
        Ok(())
    }

    fn known(&mut self, row: &Row<'_>) -> Result<&mut Order, Fault> {
        let number = row.needed(1, "Auftrag")?;
        let unknown = row.fault("UNBEKANNT", format!("Auftrag {number} gibt es nicht"));
        self.orders.get_mut(&number).ok_or(unknown)
    }

    fn give_back(&mut self, row: &Row<'_>) -> Result<(), Fault> {
        let order = self.known(row)?;
        match order.stage {
            Stage::Waiting => order.stage = Stage::GivenBack,
            Stage::GivenBack => {}
            Stage::Running | Stage::Stopped | Stage::Ended => {
                return Err(row.fault("STATUS", format!("Auftrag {} läuft bereits", order.number)));
            }
        }
        Ok(())
    }

    fn stop_or_go(&mut self, now: Moment, row: &Row<'_>) -> Result<(), Fault> {
        let stops = row.kind() == "H";
        let order = self.known(row)?;
        let number = order.number.clone();
        let (task, after_ms) = match (order.stage, stops) {
            (Stage::Ended | Stage::GivenBack, _) => {
                return Err(row.fault("STATUS", format!("Auftrag {number} ist schon zu Ende")));
            }
            (Stage::Running | Stage::Waiting, true) => {
                order.stage = Stage::Stopped;
                order.shift += 1;
                (Task::Stopped(number, row.text(2)), 0)
            }
            (Stage::Stopped, false) => {
                order.stage = Stage::Running;
                (Task::Resumed(number), 0)
            }
            (Stage::Stopped, true) | (Stage::Running | Stage::Waiting, false) => return Ok(()),
        };
        self.agenda.note(now.plus_ms(after_ms), task);
        Ok(())
    }

    fn change(&mut self, row: &Row<'_>) -> Result<(), Fault> {
        let (total, due) = (pieces(row, 2)?, row.day(3)?);
        let order = self.known(row)?;
        if matches!(order.stage, Stage::Ended | Stage::GivenBack) {
            return Err(row.fault("STATUS", format!("Auftrag {} ist schon zu Ende", order.number)));
        }
        if total < order.begun() {
            return Err(row.fault("MENGE", format!("{} Stück sind schon begonnen", order.begun())));
        }
        let share = Decimal::from(total) / Decimal::from(order.total);
        order.materials.iter_mut().for_each(|material| material.amount = (material.amount * share).round_dp(3));
        order.total = total;
        order.due = if due.is_empty() { order.due.clone() } else { due };
        Ok(())
    }
}

/// Whole pieces.
fn pieces(row: &Row<'_>, at: usize) -> Result<u64, Fault> {
    let quantity = row.quantity(at, "Menge")?;
    let whole = quantity.normalize();
    let read = if whole.scale() == 0 { u64::try_from(whole).ok() } else { None };
    read.filter(|pieces| *pieces <= 1_000_000).ok_or_else(|| row.fault("MENGE", format!("keine ganze Stückzahl: {}", number(quantity))))
}
