//! Master data on the screen: what is in force, every version, and where a plant has something else.

use serde_json::Value;

use super::{Zones, list, or_dash, plain, rows, strings, table, text};

/// Records of a kind.
pub(crate) fn records(answer: &Value, zones: &Zones) -> String {
    if rows(answer).is_empty() {
        return format!("MASTER DATA  none was stated through a link, as of {}", zones.at("", text(answer, "as_of")));
    }
    let mut screen = table(&["kind", "name", "of", "in force", "versions", "said by", "as of"]);
    for row in rows(answer) {
        let of = text(row, "of");
        screen.add_row(vec![
            text(row, "kind").to_owned(),
            text(row, "name").to_owned(),
            of.to_owned(),
            or_dash(text(row, "in_force")).to_owned(),
            plain(row, "versions"),
            text(row, "source").to_owned(),
            zones.at(of, text(row, "as_of")),
        ]);
    }
    let more = answer.get("next").and_then(Value::as_str).map(|next| format!("\nmore: --after {next}")).unwrap_or_default();
    let as_of = zones.of_list(rows(answer), "of", text(answer, "as_of"));
    format!("MASTER DATA  {} of them, as of {as_of}\n{screen}{more}", rows(answer).len())
}

/// One record.
pub(crate) fn record(answer: &Value, zones: &Zones) -> String {
    let empty = Value::Null;
    let row = answer.get("row").unwrap_or(&empty);
    let of = text(row, "of");
    let mut lines = vec![format!(
        "{} {} of {of}   in force today: {}",
        text(row, "kind").to_uppercase(),
        text(row, "name"),
        or_dash(text(row, "in_force"))
    )];
    for version in list(answer, "versions") {
        let from = if text(version, "from").is_empty() { "the beginning" } else { text(version, "from") };
        let until = if text(version, "until").is_empty() { "further notice" } else { text(version, "until") };
        lines.push(format!(
            "  version {}  {}  from {from} until {until}   said by {}, as of {}",
            text(version, "version"),
            text(version, "standing").to_uppercase(),
            text(version, "source"),
            zones.at(of, text(version, "as_of"))
        ));
        let content = version.get("content").unwrap_or(&empty);
        let shown = serde_json::to_string_pretty(content).unwrap_or_default();
        lines.extend(shown.lines().map(|line| format!("    {line}")));
    }
    lines.join("\n")
}

/// Where a plant's own system has other recipes.
pub(crate) fn drift(answer: &Value, zones: &Zones) -> String {
    let plant = text(answer, "plant");
    let head = format!(
        "DRIFT  {plant}   {} of {} materials the same, as of {}",
        plain(answer, "same"),
        plain(answer, "compared"),
        zones.at(plant, text(answer, "as_of"))
    );
    if rows(answer).is_empty() {
        return head;
    }
    let mut screen = table(&["material", "expected", "the plant has", "", "coming", "orders waiting", "source"]);
    for row in rows(answer) {
        let has: Vec<&str> = strings(row, "has").collect();
        screen.add_row(vec![
            text(row, "material").to_owned(),
            or_dash(text(row, "expected")).to_owned(),
            or_dash(&has.join(", ")).to_owned(),
            text(row, "state").to_uppercase(),
            or_dash(text(row, "coming")).to_owned(),
            list(row, "orders").len().to_string(),
            text(row, "source").to_owned(),
        ]);
    }
    format!("{head}\n{screen}")
}
