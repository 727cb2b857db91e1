//! Orders on the screen: the list, one whole, its ledger, its steps.

use serde_json::Value;

use super::{Zones, list, or_dash, rows, strings, table, text};

/// The six questions everybody asks.
const SIX: [(&str, &str); 6] = [
    ("released", "released"),
    ("accepted", "accepted"),
    ("started", "started"),
    ("completed", "completed"),
    ("quality_cleared", "qual.clear"),
    ("handed_over", "handed over"),
];

/// All orders.
pub(crate) fn orders(answer: &Value, _: &Zones) -> String {
    let mut screen = table(&["order", "erp", "plant", "material", "target", "processed", "business", "dispatch", ""]);
    for row in rows(answer) {
        let badges: Vec<String> = strings(row, "badges").map(|badge| format!("▲{badge}")).collect();
        let number = if text(row, "number").is_empty() { text(row, "id") } else { text(row, "number") };
        screen.add_row([
            number,
            text(row, "erp"),
            text(row, "plant"),
            text(row, "material"),
            text(row, "target"),
            text(row, "processed"),
            text(row, "business"),
            text(row, "dispatch"),
            &badges.join(" "),
        ]);
    }
    format!("ORDERS  as of {}\n{screen}", text(answer, "as_of"))
}

/// What becomes of it just now: held, being changed, split.
fn on_its_way(answer: &Value) -> Vec<String> {
    let told = |field: &str, words: &str| Some(format!("{words} {}", text(answer, field))).filter(|_| !text(answer, field).is_empty());
    let now = [told("on_hold", "ON HOLD:"), told("change", "somebody"), told("split_from", "split off from")];
    now.into_iter().flatten().chain(strings(answer, "split_into").map(|child| format!("split into {child}"))).collect()
}

/// One order: quantities, the six answers, operations, stock, pallets, what to do next.
pub(crate) fn order(answer: &Value, zones: &Zones) -> String {
    let empty = Value::Null;
    let row = answer.get("row").unwrap_or(&empty);
    let plant = text(row, "plant");
    let badges: Vec<String> = strings(row, "badges").map(|badge| format!("▲{badge}")).collect();
    let mut lines = vec![
        format!(
            "ORDER {} @{}  {}  {}  {}  {}",
            or_dash(text(row, "number")),
            text(row, "erp"),
            text(row, "material"),
            plant,
            text(row, "business").to_uppercase(),
            badges.join(" ")
        ),
        format!("{} {}   also {}", zones.at(plant, text(answer, "as_of")), plant, strings(answer, "names").collect::<Vec<_>>().join(", ")),
        format!(
            "job {}   recipe {}   planned {} to {}",
            or_dash(text(answer, "job")),
            or_dash(text(answer, "recipe")),
            zones.at(plant, text(answer, "start")),
            zones.at(plant, text(answer, "end"))
        ),
        format!("target {}   processed {}", text(row, "target"), or_dash(text(row, "processed"))),
    ];
    lines.extend(on_its_way(answer));
    for lot in list(answer, "stock") {
        let holds: Vec<&str> = strings(lot, "holds").collect();
        let inspection = if lot.get("in_inspection").and_then(Value::as_bool) == Some(true) { "   IN INSPECTION" } else { "" };
        let held = if holds.is_empty() { String::new() } else { format!("   HELD {}", holds.join(", ")) };
        lines.push(format!("  lot {}   free {}   blocked {}{inspection}{held}", text(lot, "lot"), text(lot, "free"), text(lot, "blocked")));
    }
    for (field, name) in SIX {
        let word = answer.pointer(&format!("/answers/{field}")).unwrap_or(&empty);
        lines.push(format!("{name:<12} {:<13} {}", text(word, "answer").to_uppercase().replace('_', " "), text(word, "evidence")));
    }
    for op in list(answer, "operations") {
        lines.push(format!(
            "op {:<4} {:<12} {} good   {} scrap   {} rework   posted {}",
            text(op, "operation"),
            text(op, "state"),
            text(op, "good"),
            text(op, "scrap"),
            text(op, "rework"),
            text(op, "posted")
        ));
    }
    lines.extend(
        list(answer, "units")
            .iter()
            .map(|unit| format!("pallet {}  {:<10} {}", text(unit, "sscc"), text(unit, "quantity"), text(unit, "stage"))),
    );
    lines.extend(
        list(answer, "exceptions").iter().map(|case| format!("{}  {}  ({})", text(case, "id"), text(case, "what"), text(case, "owner"))),
    );
    lines.extend(strings(answer, "next").map(|next| format!("▸ {next}")));
    lines.extend(strings(answer, "forbidden").map(|forbidden| format!("✘ {forbidden}")));
    lines.join("\n")
}

/// A posting of a ledger, on a line.
fn posted(posting: &Value) -> String {
    let what: Vec<&str> = strings(posting, "lines").collect();
    format!(
        "{:>4}  {:<13} {:<9} {:<18} {}  {}  by rule {}",
        posting.get("number").unwrap_or(&Value::Null).to_string(),
        text(posting, "movement"),
        text(posting, "standing"),
        or_dash(text(posting, "document")),
        text(posting, "date"),
        what.join("; "),
        text(posting, "rule")
    )
}

/// The ledger of an order.
pub(crate) fn ledger(answer: &Value, _: &Zones) -> String {
    let mut screen = table(&[
        "",
        "op",
        "material",
        "lot",
        "reported",
        "posted",
        "adopted",
        "pending",
        "in flight",
        "in doubt",
        "parked",
        "written off",
        "carried",
        "",
    ]);
    for line in list(answer, "lines") {
        let mark = if line.get("balances").and_then(Value::as_bool) == Some(true) { "✔" } else { "✘" };
        let quantity = |field: &str| text(line, field).split(' ').next().unwrap_or_default().to_owned();
        screen.add_row(vec![
            text(line, "purpose").to_owned(),
            text(line, "operation").to_owned(),
            text(line, "material").to_owned(),
            text(line, "lot").to_owned(),
            text(line, "reported").to_owned(),
            quantity("posted"),
            quantity("adopted"),
            quantity("pending"),
            quantity("in_flight"),
            quantity("in_doubt"),
            quantity("parked"),
            quantity("written_off"),
            quantity("residual"),
            mark.to_owned(),
        ]);
    }
    let mut lines = vec![
        format!(
            "LEDGER {}   cut-off {}   chain verified to commit {}",
            text(answer, "id"),
            text(answer, "cut_off"),
            answer.get("chain_verified_to").unwrap_or(&Value::Null)
        ),
        "reported = posted + adopted + pending + in flight + in doubt + parked + written off + carried".to_owned(),
        screen.to_string(),
    ];
    lines.extend(list(answer, "postings").iter().map(posted));
    lines.join("\n")
}

/// One step of an order's way.
pub(crate) fn step(step: &Value, plant: &str, zones: &Zones) -> String {
    let what: Vec<&str> = strings(step, "what").collect();
    let who = if text(step, "who").is_empty() { text(step, "source") } else { text(step, "who") };
    format!(
        "{:>6}  {}  {:<20} {}",
        step.get("commit").unwrap_or(&Value::Null).to_string(),
        zones.at(plant, text(step, "at")),
        who,
        what.join(", ")
    )
}
