//! The movement types this ERP knows, as a table: where stock is taken from, where it goes, and what undoes it.
//!
//! Apart because it is data. Never looks at stock.

use super::stock::StockType;

/// An end of a movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Outside the books: a supplier, a customer, the production floor, the bin.
    Outside,
    /// In this stock type.
    In(StockType),
    /// In the stock type that the item names (unrestricted when it names none).
    Asked,
}

/// One movement type.
#[derive(Clone, Copy, Debug)]
pub(super) struct Movement {
    pub(super) code: &'static str,
    /// The movement type that undoes it.
    pub(super) undone_by: &'static str,
    pub(super) from: End,
    pub(super) to: End,
    /// Whether it must name a production order.
    pub(super) for_order: bool,
}

const FREE: End = End::In(StockType::Free);
const INSPECTION: End = End::In(StockType::Inspection);
const BLOCKED: End = End::In(StockType::Blocked);

const fn row(code: &'static str, undone_by: &'static str, from: End, to: End, for_order: bool) -> Movement {
    Movement { code, undone_by, from, to, for_order }
}

/// Receipts and issues for orders, transfers between stock types, scrapping, deliveries, differences, opening balances.
const TABLE: [Movement; 26] = [
    row("101", "102", End::Outside, End::Asked, true),
    row("102", "101", End::Asked, End::Outside, true),
    row("261", "262", FREE, End::Outside, true),
    row("262", "261", End::Outside, FREE, true),
    row("531", "532", End::Outside, End::Asked, true),
    row("532", "531", End::Asked, End::Outside, true),
    row("321", "322", INSPECTION, FREE, false),
    row("322", "321", FREE, INSPECTION, false),
    row("343", "344", BLOCKED, FREE, false),
    row("344", "343", FREE, BLOCKED, false),
    row("349", "350", BLOCKED, INSPECTION, false),
    row("350", "349", INSPECTION, BLOCKED, false),
    row("551", "552", FREE, End::Outside, false),
    row("552", "551", End::Outside, FREE, false),
    row("553", "554", INSPECTION, End::Outside, false),
    row("554", "553", End::Outside, INSPECTION, false),
    row("555", "556", BLOCKED, End::Outside, false),
    row("556", "555", End::Outside, BLOCKED, false),
    row("561", "562", End::Outside, End::Asked, false),
    row("562", "561", End::Asked, End::Outside, false),
    row("601", "602", FREE, End::Outside, false),
    row("602", "601", End::Outside, FREE, false),
    row("701", "702", End::Outside, FREE, false),
    row("702", "701", FREE, End::Outside, false),
    row("201", "202", FREE, End::Outside, false),
    row("202", "201", End::Outside, FREE, false),
];

/// The movement type of this code.
pub(super) fn movement(code: &str) -> Option<Movement> {
    TABLE.into_iter().find(|row| row.code == code)
}
