//! Report files: rows are collected, and laid down as a file when there are enough of them, or nothing more is to come.
//!
//! Apart because the numbers of rows and files go on over all orders. Never forgets a row.

use serde_json::json;

use super::super::habits::Habit;
use super::super::system::Desk;
use super::latin;

/// What every report file begins with.
const HEADER: &str = "LFD;ZEIT;ART;AUFTRAG;AG;MASCHINE;PERSON;TEIL;CHARGE;MENGE;ME;PALETTE;GRUND";

/// Rows that wait for their file, and how far the numbers are.
#[derive(Clone, Debug, Default)]
pub(super) struct Reports {
    waiting: Vec<String>,
    rows: u64,
    files: u64,
}

/// One row, in the words of a report.
#[derive(Clone, Debug, Default)]
pub(super) struct Report<'a> {
    pub(super) time: String,
    pub(super) kind: &'a str,
    pub(super) order: &'a str,
    pub(super) operation: &'a str,
    pub(super) machine: &'a str,
    pub(super) person: String,
    pub(super) part: &'a str,
    pub(super) lot: &'a str,
    pub(super) amount: String,
    pub(super) unit: &'a str,
    pub(super) pallet: String,
    pub(super) reason: &'a str,
}

impl Reports {
    /// Notes a row.
    pub(super) fn note(&mut self, report: &Report<'_>) {
        self.rows += 1;
        let Report { time, kind, order, operation, machine, person, part, lot, amount, unit, pallet, reason } = report;
        let number = self.rows;
        let cells = format!("{number};{time};{kind};{order};{operation};{machine};{person};{part};{lot};{amount};{unit};{pallet};{reason}");
        self.waiting.push(cells);
    }

    /// Lays the rows down when there are as many as a file takes, or when nothing more is to come.
    pub(super) fn lay_down(&mut self, desk: &mut Desk, rows_per_file: usize, no_more: bool) {
        if self.waiting.is_empty() || (self.waiting.len() < rows_per_file && !no_more) {
            return;
        }
        let rows: Vec<String> = self.waiting.drain(..).collect();
        let file = format!("{HEADER}\r\n{}\r\n", rows.join("\r\n"));
        self.lay_one_down(desk, &file);
        if desk.habits.takes(Habit::FileAgain, "RUECK").is_some() {
            self.lay_one_down(desk, &file);
        }
        if desk.habits.takes(Habit::LfdRestart, "RUECK").is_some() {
            self.rows = 0;
        }
    }

    fn lay_one_down(&mut self, desk: &mut Desk, file: &str) {
        self.files += 1;
        desk.tell("reports", &format!("RUECK_{:06}.csv", self.files), &json!(latin::encoded(file)));
    }
}
