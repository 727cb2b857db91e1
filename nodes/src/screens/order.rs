//! Orders on the screen: the list, one whole, its steps.

use std::time::Duration;

use serde_json::Value;
use takt_protocol::instant::Instant;

use super::evidence::errand;
use super::{Zones, bare, heard, list, number, or_dash, rows, span, strings, table, text};

/// From when on it is said that a thing was decided later than it happened.
const DECIDED_LATE: Duration = Duration::from_secs(5);

/// The six questions everybody asks.
const SIX: [(&str, &str); 6] = [
    ("released", "released"),
    ("accepted", "accepted"),
    ("started", "started"),
    ("completed", "completed"),
    ("quality_cleared", "qual.clear"),
    ("handed_over", "handed over"),
];

/// All orders, those that matter first.
pub(crate) fn orders(answer: &Value, zones: &Zones) -> String {
    if rows(answer).is_empty() {
        return format!("ORDERS  none of these, as of {}", zones.at("", text(answer, "as_of")));
    }
    let mut screen = table(&["order", "erp", "plant", "material", "target", "processed", "status", "ERP says", "start", "end", ""]);
    for row in rows(answer) {
        let badges: Vec<String> = strings(row, "badges").map(|badge| format!("▲{badge}")).collect();
        let number = if text(row, "number").is_empty() { text(row, "id") } else { text(row, "number") };
        let plant = text(row, "plant");
        screen.add_row([
            number,
            text(row, "erp"),
            plant,
            text(row, "material"),
            text(row, "target"),
            or_dash(text(row, "processed")),
            text(row, "status"),
            text(row, "business"),
            &zones.minute(plant, text(row, "start")),
            &zones.minute(plant, text(row, "end")),
            &badges.join(" "),
        ]);
    }
    format!(
        "ORDERS  {}, those that matter first, as of {}; times by each plant's clock\n{screen}",
        rows(answer).len(),
        zones.of_list(rows(answer), "plant", text(answer, "as_of"))
    )
}

/// What becomes of it just now: held, being changed, split.
fn on_its_way(answer: &Value) -> Vec<String> {
    let told = |field: &str, words: &str| Some(format!("{words} {}", text(answer, field))).filter(|_| !text(answer, field).is_empty());
    let now = [told("on_hold", "ON HOLD:"), told("change", "somebody"), told("split_from", "split off from")];
    now.into_iter().flatten().chain(strings(answer, "split_into").map(|child| format!("split into {child}"))).collect()
}

/// One order: how fresh the systems are, quantities, the forecast, the six answers, operations, what is in doubt, what to do next.
pub(crate) fn order(answer: &Value, zones: &Zones) -> String {
    let empty = Value::Null;
    let row = answer.get("row").unwrap_or(&empty);
    let plant = text(row, "plant");
    let badges: Vec<String> = strings(row, "badges").map(|badge| format!("▲{badge}")).collect();
    let mut lines = vec![format!(
        "ORDER {} @{}  {} {}  {plant}  {}  {}",
        or_dash(text(row, "number")),
        text(row, "erp"),
        text(row, "material"),
        text(answer, "description"),
        text(row, "status").to_uppercase().replace('_', " "),
        badges.join(" ")
    )];
    lines.push(fresh(answer, plant, zones));
    lines.push(format!(
        "ERP says {}   job {}   recipe {}   planned {} to {}",
        text(row, "business"),
        or_dash(text(answer, "job")),
        or_dash(text(answer, "recipe")),
        zones.minute(plant, text(row, "start")),
        zones.minute(plant, text(row, "end"))
    ));
    lines.extend(quantities(answer));
    lines.push(forecast(answer, row, zones));
    lines.extend(on_its_way(answer));
    lines.extend(six(answer, plant, zones));
    lines.extend(list(answer, "operations").iter().map(operation));
    let open = list(answer, "errands").iter().filter(|errand| !matches!(text(errand, "standing"), "waiting" | "released"));
    lines.extend(open.flat_map(|one| errand(one, plant, zones)));
    lines.extend(list(answer, "holds").iter().map(|hold| held(hold, plant, zones)));
    lines.extend(list(answer, "by_hand").iter().map(|document| by_hand(document, plant, zones)));
    for lot in list(answer, "stock") {
        let inspection = if lot.get("in_inspection").and_then(Value::as_bool) == Some(true) { "   IN INSPECTION" } else { "" };
        let stale = match lot.get("unreached").and_then(Value::as_bool) {
            Some(true) => "   AS LAST TOLD: its home is not reached",
            Some(false) | None => "",
        };
        lines.push(format!(
            "lot {}   free or gone {}   blocked {}{inspection}{stale}",
            text(lot, "lot"),
            text(lot, "free"),
            text(lot, "blocked")
        ));
    }
    lines.extend(pallets(answer));
    lines.extend(exceptions(list(answer, "exceptions")));
    lines.extend(strings(answer, "next").map(|next| format!("▸ {next}")));
    lines.extend(strings(answer, "forbidden").map(|forbidden| format!("✘ {forbidden}")));
    let name = format!("{}@{}", text(row, "number"), text(row, "erp"));
    lines.push(format!("also {}", strings(answer, "names").collect::<Vec<_>>().join(", ")));
    lines.push(format!("takt order timeline|postings|genealogy|raw {name}   takt ledger {name}"));
    lines.join("\n")
}

/// What waits for a person; what has one cause on one line, because it is decided at once.
fn exceptions(all: &[Value]) -> Vec<String> {
    let mut causes: Vec<(&str, Vec<&Value>)> = Vec::new();
    for case in all {
        match causes.iter_mut().find(|(group, _)| *group == text(case, "group")) {
            Some((_, cases)) => cases.push(case),
            None => causes.push((text(case, "group"), vec![case])),
        }
    }
    let line = |(group, cases): (&str, Vec<&Value>)| {
        let case = cases.first()?;
        let id = text(case, "id");
        let called = if cases.len() > 1 { format!("{group}  {} like {id}", cases.len()) } else { id.to_owned() };
        Some(format!("{called}  {}  ({})", text(case, "what"), text(case, "owner")))
    };
    causes.into_iter().filter_map(line).collect()
}

/// When this was so, and how fresh each system is.
fn fresh(answer: &Value, plant: &str, zones: &Zones) -> String {
    let now = text(answer, "as_of");
    let systems: Vec<String> = list(answer, "systems").iter().map(|system| heard(system, plant, now, zones)).collect();
    let locked = match text(answer, "open_in_erp_since") {
        "" => String::new(),
        since => format!(" · OPEN IN THE ERP since {}", zones.at(plant, since)),
    };
    format!("{} {plant} · {}{locked}", zones.at(plant, now), systems.join(" · "))
}

/// The quantities; what nobody said is a question mark, never zero.
fn quantities(answer: &Value) -> Vec<String> {
    let empty = Value::Null;
    let figures = answer.get("figures").unwrap_or(&empty);
    let unit = text(figures, "target").split_whitespace().nth(1).unwrap_or_default();
    let told = |fields: &[(&str, &str)]| -> String {
        let one = |(field, name): &(&str, &str)| {
            let known = bare(text(figures, field));
            format!("{name} {}", if known.is_empty() { "?" } else { known })
        };
        fields.iter().map(one).collect::<Vec<_>>().join("   ")
    };
    let pallets = match figures.get("in_doubt_units").and_then(Value::as_u64) {
        Some(count) if count > 0 => format!(" ({count} pallets)"),
        Some(_) | None => String::new(),
    };
    let counted = match text(figures, "counted_as") {
        "" => String::new(),
        as_what => format!("   counted by {as_what}"),
    };
    let money = [("target", "target"), ("reported", "reported"), ("posted", "posted"), ("pending", "pending"), ("in_doubt", "in doubt")];
    let stock = [
        ("free", "free"),
        ("in_inspection", "QI"),
        ("blocked", "blocked"),
        ("received", "received"),
        ("put_away", "put away"),
        ("shipped", "shipped"),
    ];
    // Of what no warehouse takes nobody will ever say that it came.
    let taken = answer.pointer("/answers/handed_over/answer").and_then(Value::as_str) != Some("not_required");
    let stock = if taken { &stock[..] } else { stock.split_at(3).0 };
    let not_posted = match bare(text(figures, "free_not_posted")) {
        "" => String::new(),
        // What is in doubt there nobody knows not to be there.
        more if matches!(bare(text(figures, "in_doubt")), "" | "0") => format!("   (of what is free {more} is not in the ERP)"),
        more => format!("   (of what is free {more} is not in the ERP, or in doubt there)"),
    };
    let parked = Some(bare(text(figures, "parked"))).filter(|parked| !matches!(*parked, "" | "0"));
    let silent = |fields: &[(&str, &str)]| fields.iter().all(|(field, _)| text(figures, field).is_empty());
    let money = match money.split_first() {
        // Nobody counted anything yet, so there is nothing of it that could stand anywhere.
        Some((target, rest)) if silent(rest) => format!("{}   reported nothing yet", told(&[*target])),
        Some(_) | None => told(&money),
    };
    let unreached: Vec<&str> = strings(answer, "unreached").collect();
    let stock = match (silent(stock), unreached.is_empty()) {
        (true, true) => "nothing heard of yet".to_owned(),
        (true, false) => format!("UNKNOWN: its lots are at home in {}, not reached from here", unreached.join(", ")),
        (false, true) => told(stock),
        (false, false) => format!("{}   WITHOUT its lots in {}, not reached from here", told(stock), unreached.join(", ")),
    };
    vec![
        format!("{unit}   {money}{pallets}{}{counted}", parked.map(|parked| format!("   PARKED {parked}")).unwrap_or_default()),
        format!("  stock   {stock}{not_posted}"),
    ]
}

fn forecast(answer: &Value, row: &Value, zones: &Zones) -> String {
    let empty = Value::Null;
    let forecast = answer.get("forecast").unwrap_or(&empty);
    let plant = text(row, "plant");
    let ends = zones.minute(plant, text(forecast, "ends_at"));
    let late = match forecast.get("late_ms").and_then(Value::as_u64) {
        Some(ms) => format!("{} LATE", span(ms)),
        None => "on time".to_owned(),
    };
    let truck = |truck: &Value| {
        let leaves = if text(truck, "leaves_at").is_empty() { "?".to_owned() } else { zones.minute(plant, text(truck, "leaves_at")) };
        let blocked = if truck.get("blocked").and_then(Value::as_bool) == Some(true) { " BLOCKED" } else { "" };
        match text(truck, "stage") {
            "departed" => format!("; truck {} has left", text(truck, "delivery")),
            stage => format!("; truck {} {stage}{blocked}, leaves {leaves}", text(truck, "delivery")),
        }
    };
    let trucks: String = list(forecast, "trucks").iter().map(truck).collect();
    let (plan, evidence) = (zones.minute(plant, text(row, "end")), text(forecast, "evidence"));
    match text(forecast, "answer") {
        "done" => format!("done {ends}, plan {plan}: {late}{trucks}"),
        "unknown" => format!("forecast UNKNOWN: {evidence}; plan {plan}{trucks}"),
        _known => format!("forecast {ends} at {}/h ({evidence}), plan {plan}: {late}{trucks}", text(forecast, "rate_per_hour")),
    }
}

fn six(answer: &Value, plant: &str, zones: &Zones) -> Vec<String> {
    let empty = Value::Null;
    let line = |(field, name): &(&str, &str)| {
        let word = answer.pointer(&format!("/answers/{field}")).unwrap_or(&empty);
        let when = zones.second(plant, text(word, "at"));
        let said = text(word, "answer").to_uppercase().replace('_', " ");
        format!("{name:<12} {said:<13} {when:<20} {}  {}", text(word, "evidence"), text(word, "by"))
    };
    SIX.iter().map(line).map(|line| line.trim_end().to_owned()).collect()
}

fn operation(op: &Value) -> String {
    let rule = text(op, "rule");
    let rule = if rule.is_empty() { "NO RULE posts it".to_owned() } else { format!("by rule {rule}") };
    let equipment: Vec<&str> = strings(op, "equipment").collect();
    format!(
        "op {:<4} {:<12} {} good   {} scrap   {} rework   posted {}   {rule}   {}",
        text(op, "operation"),
        text(op, "state"),
        bare(text(op, "good")),
        bare(text(op, "scrap")),
        bare(text(op, "rework")),
        bare(text(op, "posted")),
        equipment.join("/")
    )
    .trim_end()
    .to_owned()
}

fn held(hold: &Value, plant: &str, zones: &Zones) -> String {
    let units: Vec<&str> = strings(hold, "units").collect();
    let on = if units.is_empty() { "whole lot".to_owned() } else { format!("pallets {}", units.join(", ")) };
    format!(
        "{}  HOLD {} {}, {} {on}, by {}; decision due {}",
        zones.second(plant, text(hold, "bound_at")),
        text(hold, "hold"),
        text(hold, "reason"),
        text(hold, "lot"),
        or_dash(text(hold, "by")),
        zones.minute(plant, text(hold, "due_at"))
    )
}

fn by_hand(document: &Value, plant: &str, zones: &Zones) -> String {
    let adopted = match document.get("posting") {
        Some(posting) => format!("ADOPTED for posting {posting}"),
        None => "BY HAND, in no posting of ours".to_owned(),
    };
    let by = if text(document, "by").is_empty() { String::new() } else { format!(" (posted by {})", text(document, "by")) };
    format!(
        "{}  {adopted}: document {}{by}: {}",
        zones.second(plant, text(document, "at")),
        text(document, "document"),
        text(document, "what")
    )
}

/// Handling units by how far they are; each of them only while they are few.
fn pallets(answer: &Value) -> Vec<String> {
    let all = list(answer, "units");
    if all.len() <= 12 {
        return all
            .iter()
            .map(|unit| format!("pallet {}  {:<10} {}", text(unit, "sscc"), text(unit, "quantity"), text(unit, "stage")))
            .collect();
    }
    let count = |stage: &str| all.iter().filter(|unit| text(unit, "stage") == stage).count();
    let stages = ["filled", "announced", "received", "put_away", "picked", "shipped"];
    let told: Vec<String> = stages
        .iter()
        .map(|stage| (stage, count(stage)))
        .filter(|(_, count)| *count > 0)
        .map(|(stage, count)| format!("{count} {}", stage.replace('_', " ")))
        .collect();
    vec![format!("{} pallets: {}", all.len(), told.join(", "))]
}

/// What happened to a thing, a line a step.
pub(crate) fn timeline(answer: &Value, plant: &str, zones: &Zones) -> String {
    let steps: Vec<String> = list(answer, "steps").iter().map(|one| step(one, plant, zones)).collect();
    let (verified, commits) = (number(answer, "chain_verified_to"), number(answer, "commits"));
    let chain = if verified == commits {
        format!("chain verified to commit {verified}")
    } else {
        format!("CHAIN BROKEN behind commit {verified} of {commits}")
    };
    format!(
        "TIMELINE {}   as of {}   {chain}, head {}\n{}{}",
        text(answer, "id"),
        zones.at(plant, text(answer, "as_of")),
        text(answer, "chain_head").get(..16).unwrap_or_default(),
        steps.join("\n"),
        super::more(answer)
    )
}

/// One step of an order's way.
pub(crate) fn step(step: &Value, plant: &str, zones: &Zones) -> String {
    let what: Vec<&str> = strings(step, "what").collect();
    // An answer that changes nothing is an answer all the same.
    let what =
        if what.is_empty() { format!("{}, which changed nothing ({})", text(step, "answer"), text(step, "key")) } else { what.join(", ") };
    let who = if text(step, "who").is_empty() { text(step, "source") } else { text(step, "who") };
    let matched = match text(step, "matched_by") {
        "" => String::new(),
        by => format!("; matched by hand by {by}: {}", text(step, "matched_because")),
    };
    format!(
        "{:>6}  {}  {:<20} {}{matched}{}",
        step.get("commit").unwrap_or(&Value::Null).to_string(),
        zones.at(plant, text(step, "at")),
        who,
        zones.in_words(plant, &what),
        decided(step, plant, zones)
    )
}

/// When it was decided, where that was noticeably later than it happened: steps stand in the order in which they were decided.
fn decided(step: &Value, plant: &str, zones: &Zones) -> String {
    let (at, recorded) = (text(step, "at"), text(step, "recorded_at"));
    let (Ok(happened), Ok(then)) = (Instant::parse(at), Instant::parse(recorded)) else { return String::new() };
    if then.since(happened) < DECIDED_LATE {
        return String::new();
    }
    let (day, clock) = (zones.second(plant, recorded), zones.second(plant, at));
    // Of the same day the clock is enough.
    let when = if day.get(..5) == clock.get(..5) { day.get(6..).unwrap_or_default().to_owned() } else { day };
    format!("   (decided {when})")
}
