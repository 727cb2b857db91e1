//! The ledger of an order on the screen: what was reported and where it is, what was corrected, and what proves it.

use serde_json::Value;

use super::evidence::posted;
use super::{Zones, bare, list, number, or_dash, strings, table, text};

/// The columns of places, with their names.
const PLACES: [(&str, &str); 9] = [
    ("posted", "posted"),
    ("adopted", "adopted"),
    ("pending", "pending"),
    ("in_flight", "in flight"),
    ("in_doubt", "in doubt"),
    ("parked", "parked"),
    ("written_off", "written off"),
    ("skipped", "by ERP"),
    ("residual", "carried"),
];

/// The ledger of an order.
pub(crate) fn ledger(answer: &Value, zones: &Zones) -> String {
    let plant = text(answer, "plant");
    let name = if text(answer, "order").is_empty() { text(answer, "id") } else { text(answer, "order") };
    let rules: Vec<&str> = strings(answer, "rules").collect();
    let mut lines = vec![
        format!(
            "LEDGER {name}   cut-off {}   chain verified to commit {}   by {}",
            zones.at(plant, text(answer, "cut_off")),
            number(answer, "chain_verified_to"),
            or_dash(&rules.join(", "))
        ),
        "reported = posted + adopted + pending + in flight + in doubt + parked + written off + by ERP + carried".to_owned(),
        lines_of(list(answer, "totals"), "goods and times"),
    ];
    let work: Vec<Value> =
        list(answer, "lines").iter().filter(|line| matches!(text(line, "purpose"), "yield" | "scrap" | "rework")).cloned().collect();
    if !work.is_empty() {
        lines.push(lines_of(&work, "by operation"));
    }
    lines.extend(beside(answer, plant, zones));
    lines.extend(list(answer, "postings").iter().map(posted));
    let foreign: Vec<&str> = strings(answer, "foreign").collect();
    if !foreign.is_empty() {
        lines.push(format!("documents made by hand: {}", foreign.join(", ")));
    }
    lines.extend(list(answer, "books").iter().map(|books| super::reconcile::beside(books, zones)));
    lines.push(format!("drill down: takt order postings {name}   export: takt ledger {name} --csv FILE"));
    lines.join("\n")
}

fn lines_of(lines: &[Value], title: &str) -> String {
    let mut head = vec![title, "op", "material", "lot", "unit", "reported"];
    head.extend(PLACES.map(|(_, name)| name));
    head.push("");
    let mut screen = table(&head);
    for line in lines {
        let mark = if line.get("balances").and_then(Value::as_bool) == Some(true) { "✔" } else { "✘" };
        let unit = text(line, "reported").split_whitespace().nth(1).unwrap_or_default();
        let mut row = vec![
            text(line, "purpose"),
            text(line, "operation"),
            text(line, "material"),
            text(line, "lot"),
            unit,
            bare(text(line, "reported")),
        ];
        row.extend(PLACES.map(|(field, _)| bare(text(line, field))));
        row.push(mark);
        screen.add_row(row);
    }
    screen.to_string()
}

/// What was told twice, corrected, is flushed next, and how far the goods are.
fn beside(answer: &Value, plant: &str, zones: &Zones) -> Vec<String> {
    let corrections = list(answer, "corrections");
    let repeats = match answer.get("repeats").and_then(Value::as_u64) {
        Some(count) => format!("repeats without effect {count} since its nodes started · "),
        None => String::new(),
    };
    let mut lines = vec![format!("{repeats}corrections {}", corrections.len())];
    lines.extend(corrections.iter().map(|one| {
        format!(
            "  {} op {} {}: {} → {}, {}, \"{}\"",
            zones.second(plant, text(one, "at")),
            text(one, "operation"),
            text(one, "purpose"),
            text(one, "before"),
            text(one, "after"),
            or_dash(text(one, "by")),
            text(one, "reason")
        )
    }));
    let then: Vec<String> = list(answer, "lines")
        .iter()
        .filter(|line| !text(line, "residual_then").is_empty())
        .map(|line| format!("{} of {}", text(line, "residual_then"), text(line, "material")))
        .collect();
    let carried = if then.is_empty() { String::new() } else { format!("; then carried: {}", then.join(", ")) };
    match text(answer, "next_flush_at") {
        "" if carried.is_empty() => {}
        "" => lines.push(format!("what is pending waits for an event{carried}")),
        at => lines.push(format!("pending is flushed by {}{carried}", zones.minute(plant, at))),
    }
    if let Some(goods) = answer.get("goods") {
        let at = |field: &str| text(goods, field).to_owned();
        lines.push(format!(
            "on pallets {} · announced {} · received {} · put away {} · shipped {}",
            at("filled"),
            at("announced"),
            at("received"),
            at("put_away"),
            at("shipped")
        ));
    }
    lines
}
