//! Lots and shipments on the screen.

use serde_json::Value;

use super::{Zones, list, or_dash, strings, table, text};

/// One lot: pallets, holds and who confirmed them, genealogy.
pub(crate) fn lot(answer: &Value, zones: &Zones) -> String {
    let plant = text(answer, "plant");
    let inspection = if answer.get("in_inspection").and_then(Value::as_bool) == Some(true) { "   IN INSPECTION" } else { "" };
    let mut lines = vec![format!(
        "LOT {}   {plant}   {} in {} pallets   blocked {}{inspection}",
        text(answer, "lot"),
        or_dash(text(answer, "total")),
        list(answer, "units").len(),
        or_dash(text(answer, "blocked"))
    )];
    let mut screen = table(&["pallet", "quantity", "blocked by", "left with"]);
    for unit in list(answer, "units") {
        let blocked: Vec<&str> = strings(unit, "blocked_by").collect();
        screen.add_row([text(unit, "sscc"), text(unit, "quantity"), or_dash(&blocked.join(", ")), or_dash(text(unit, "left_with"))]);
    }
    lines.push(screen.to_string());
    for hold in list(answer, "holds") {
        lines.push(format!("HOLD {} {}   binding {}", text(hold, "hold"), text(hold, "reason"), zones.at(plant, text(hold, "bound_at"))));
        for told in list(hold, "containment") {
            lines.push(format!(
                "  {:<10} {:<10} {}  {}",
                text(told, "site"),
                text(told, "state"),
                zones.at(plant, text(told, "at")),
                text(told, "why")
            ));
        }
    }
    let released: Vec<&str> = strings(answer, "released_holds").collect();
    let clearances: Vec<&str> = strings(answer, "clearances").collect();
    lines.push(format!("holds that are over {}   clearances given {}", or_dash(&released.join(", ")), or_dash(&clearances.join(", "))));
    lines.push(format!("from  {}", edges(answer, "from")));
    lines.push(format!("into  {}", edges(answer, "into")));
    lines.extend(list(answer, "exceptions").iter().map(|case| format!("{}  {}", text(case, "id"), text(case, "what"))));
    lines.join("\n")
}

fn edges(answer: &Value, field: &str) -> String {
    let all: Vec<&str> = list(answer, field).iter().map(|edge| text(edge, "lot")).collect();
    if all.is_empty() { "nothing known".to_owned() } else { all.join(", ") }
}

/// Where a lot came from and went to, however far.
pub(crate) fn trace(answer: &Value, _: &Zones) -> String {
    let shipments: Vec<&str> = strings(answer, "shipments").collect();
    let cut = if answer.get("cut").and_then(Value::as_bool) == Some(true) { "\nthere is more than is shown" } else { "" };
    format!(
        "TRACE {}\n  made from  {}\n  made into  {}\n  shipments  {}{cut}",
        text(answer, "id"),
        edges(answer, "ancestors"),
        edges(answer, "descendants"),
        or_dash(&shipments.join(", "))
    )
}

/// One shipment: whether it may leave, what blocks it, what is on it.
pub(crate) fn shipment(answer: &Value, _: &Zones) -> String {
    let empty = Value::Null;
    let cleared = answer.get("cleared").unwrap_or(&empty);
    let mut lines = vec![
        format!("SHIPMENT {} @{}   {}", or_dash(text(answer, "delivery")), text(answer, "warehouse"), text(answer, "stage").to_uppercase()),
        format!("cleared  {}  {}", text(cleared, "answer").to_uppercase(), text(cleared, "evidence")),
    ];
    lines.extend(strings(answer, "blocked_by").map(|why| format!("BLOCKED  {why}")));
    let mut screen = table(&["pallet", "lot", "quantity"]);
    for unit in list(answer, "units") {
        for content in list(unit, "contents") {
            screen.add_row([text(unit, "sscc"), text(content, "lot"), text(content, "quantity")]);
        }
    }
    lines.push(screen.to_string());
    lines.extend(list(answer, "exceptions").iter().map(|case| format!("{}  {}", text(case, "id"), text(case, "what"))));
    lines.join("\n")
}
