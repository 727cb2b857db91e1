//! What we would have posted for a site that is only observed, beside what its old interface posted: sums by order, movement, material,
//! lot and unit. Knows the file that an observed link writes, and rows of any system with the names that are told here.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;
use takt_actors::link::format::{Csv, Format};

/// A sum of one kind of posting of one order, on both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The ERP's number of the order.
    pub order: String,
    /// What kind of posting, in our word; or in theirs, where no posting of ours has that code.
    pub movement: String,
    /// The material.
    pub material: String,
    /// The lot; empty where there is none.
    pub lot: String,
    /// The unit.
    pub unit: String,
    /// What we would have posted.
    pub ours: Decimal,
    /// What was posted.
    pub theirs: Decimal,
}

type Key = (String, String, String, String, String);

/// The sums of both, those that differ first.
pub fn compared(ours: &[u8], theirs: &[u8]) -> Result<Vec<Row>, String> {
    let mut sums: BTreeMap<Key, (Decimal, Decimal)> = BTreeMap::new();
    let mut codes = BTreeMap::new();
    for line in ours.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        // What a crash cut off is no line.
        let Ok(read) = serde_json::from_slice::<Value>(line) else { continue };
        let Some(document) = read.pointer("/effect/post") else { continue };
        posting(document, &mut sums, &mut codes)?;
    }
    for (at, row) in rows(theirs)?.iter().enumerate() {
        let field = |name: &str| row.get(name).map(text).unwrap_or_default();
        let qty = field("qty");
        let amount: Decimal =
            qty.parse().map_err(|_| format!("row {} of what was posted: `qty` is `{qty}`, and no number such as 12.5", at + 1))?;
        if field("order").is_empty() || field("movement").is_empty() {
            return Err(format!("row {} of what was posted has no `order` or no `movement`: name its columns so", at + 1));
        }
        let movement = codes.get(&field("movement")).cloned().unwrap_or_else(|| field("movement"));
        let key = (field("order"), movement, field("material"), field("lot"), field("unit"));
        sums.entry(key).or_default().1 += amount;
    }
    let mut all: Vec<Row> = sums
        .into_iter()
        .map(|((order, movement, material, lot, unit), (ours, theirs))| Row {
            order,
            movement,
            material,
            lot,
            unit,
            ours: ours.normalize(),
            theirs: theirs.normalize(),
        })
        .collect();
    all.sort_by_key(|row| row.ours == row.theirs);
    Ok(all)
}

/// Adds the lines of one posting of ours.
fn posting(document: &Value, sums: &mut BTreeMap<Key, (Decimal, Decimal)>, codes: &mut BTreeMap<String, String>) -> Result<(), String> {
    let word = |value: &Value, pointer: &str| value.pointer(pointer).map(text).unwrap_or_default();
    let (order, movement, code) = (word(document, "/erp_order"), word(document, "/posting/movement"), word(document, "/posting/code"));
    if !code.is_empty() {
        codes.insert(code, movement.clone());
    }
    for line in document.pointer("/posting/lines").and_then(Value::as_array).into_iter().flatten() {
        let qty = word(line, "/qty");
        let (amount, unit) = qty.split_once(' ').ok_or_else(|| format!("a line of ours has the quantity `{qty}`"))?;
        let amount: Decimal = amount.parse().map_err(|_| format!("a line of ours has the quantity `{qty}`"))?;
        let key = (order.clone(), movement.clone(), word(line, "/series/material"), word(line, "/series/lot"), unit.to_owned());
        sums.entry(key).or_default().0 += amount;
    }
    Ok(())
}

/// Rows of a file: a list as JSON, or CSV whose first line names the columns.
fn rows(bytes: &[u8]) -> Result<Vec<Value>, String> {
    let is_json = bytes.trim_ascii_start().starts_with(b"[");
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = if first.contains(&b';') { b';' } else { b',' };
    let format = if is_json { Format::Json } else { Format::Csv(Csv { delimiter, ..Csv::default() }) };
    let json = format.read(bytes)?;
    serde_json::from_slice(&json).map_err(|error| format!("what was posted is no list of rows: {error}"))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(reference: &str, code: &str, qty: &str) -> String {
        json!({ "reference": reference, "verb": "post", "effect": { "post": { "erp_order": "1000042", "posting": {
            "movement": "goods_receipt", "code": code, "lines": [{ "series": { "material": "FG-100", "lot": "L-1" }, "qty": qty }] } } } })
        .to_string()
    }

    #[test]
    fn sums_are_compared_and_what_differs_stands_first() {
        let ours = format!(
            "{}\n{}\n{{\"verb\":\"dispatch_job\",\"effect\":{{}}}}\n{{\"ref",
            line("A", "101", "40 H87"),
            line("B", "101", "-0.5 H87")
        );
        let theirs = "order;movement;material;lot;qty;unit\n1000042;101;FG-100;L-1;39.50;H87\n1000043;goods_issue;STEEL-3;;5;KGM\n";
        let all = compared(ours.as_bytes(), theirs.as_bytes()).unwrap();
        let told: Vec<String> = all.iter().map(|row| format!("{} {} {} {}", row.order, row.movement, row.ours, row.theirs)).collect();
        assert_eq!(told, ["1000043 goods_issue 0 5", "1000042 goods_receipt 39.5 39.5"]);
        let wrong = compared(ours.as_bytes(), b"order;movement;qty\n1;101;4,5\n").unwrap_err();
        assert!(wrong.contains("row 1") && wrong.contains("`4,5`"), "{wrong}");
    }
}
