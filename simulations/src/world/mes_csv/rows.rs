//! Rows of this MES: semicolons, decimal commas, local times that do not say where.
//!
//! Apart because orders and reports are written alike. Never knows what a row means.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::super::moment::{Moment, Zone};

/// What is wrong with a file: the line, a code, and words for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) code: &'static str,
    pub(super) text: String,
}

/// One row of an order file.
#[derive(Clone, Debug)]
pub(super) struct Row<'a> {
    /// Its line, from 1.
    pub(super) line: usize,
    cells: Vec<&'a str>,
}

/// The rows of a file; empty lines are none.
pub(super) fn rows(letters: &str) -> Vec<Row<'_>> {
    let lines = letters.lines().enumerate().filter(|(_, text)| !text.trim().is_empty());
    lines.map(|(at, text)| Row { line: at + 1, cells: text.split(';').map(str::trim).collect() }).collect()
}

impl Row<'_> {
    /// What sort of row it is.
    pub(super) fn kind(&self) -> &str {
        self.cells.first().copied().unwrap_or_default()
    }

    pub(super) fn fault(&self, code: &'static str, text: impl Into<String>) -> Fault {
        Fault { line: self.line, code, text: text.into() }
    }

    /// A cell; empty where the row is shorter.
    pub(super) fn text(&self, at: usize) -> String {
        self.cells.get(at).copied().unwrap_or_default().to_owned()
    }

    /// A cell that must not be empty.
    pub(super) fn needed(&self, at: usize, name: &str) -> Result<String, Fault> {
        let text = self.text(at);
        if text.is_empty() { Err(self.fault("FORMAT", format!("{name} fehlt"))) } else { Ok(text) }
    }

    /// A quantity above nothing, with a decimal comma; a point is what separates thousands.
    pub(super) fn quantity(&self, at: usize, name: &str) -> Result<Decimal, Fault> {
        let text = self.needed(at, name)?;
        let read = text.replace('.', "").replace(',', ".").parse::<Decimal>().ok();
        let sane = |quantity: &Decimal| *quantity > Decimal::ZERO && *quantity < Decimal::from(1_000_000_000) && quantity.scale() <= 3;
        read.filter(sane).ok_or_else(|| self.fault("MENGE", format!("{name} ungültig: {text}")))
    }

    /// A day as `24.11.2026`; empty for none.
    pub(super) fn day(&self, at: usize) -> Result<String, Fault> {
        let text = self.text(at);
        let good = text.is_empty() || Date::strptime("%d.%m.%Y", text.get(..10).unwrap_or(&text)).is_ok();
        if good { Ok(text) } else { Err(self.fault("FORMAT", format!("Datum ungültig: {text}"))) }
    }
}

/// A number as it is written here: no point for thousands, a comma, and no zeros behind it.
pub(super) fn number(quantity: Decimal) -> String {
    quantity.normalize().to_string().replace('.', ",")
}

/// The wall clock, and nobody says of where.
pub(super) fn clock(zone: &Zone, at: Moment) -> String {
    zone.local(at).strftime("%d.%m.%Y %H:%M:%S").to_string()
}
