//! One site on the screen: its systems, what its own system has, what is down, this shift's orders.

use serde_json::Value;

use super::node::lasts;
use super::{Zones, age, heard, list, number, or_dash, span, strings, table, text, unsaid, until};

/// A site, whole.
pub(crate) fn site(answer: &Value, zones: &Zones) -> String {
    let (name, now) = (text(answer, "name"), text(answer, "as_of"));
    let empty = Value::Null;
    let shift = answer.get("shift").unwrap_or(&empty);
    let mut lines = vec![format!(
        "{} {name} · {} · {} · shift {} of {} to {} · region {}",
        text(answer, "kind").to_uppercase(),
        zones.at(name, now),
        text(answer, "zone"),
        text(shift, "name"),
        text(shift, "day"),
        zones.minute(name, text(shift, "ends_at")),
        text(answer, "region")
    )];
    if answer.get("reached").and_then(Value::as_bool) != Some(true) {
        lines.push("its region does not answer here: most of this is unknown".to_owned());
    }
    lines.push(systems(answer, name, zones));
    lines.extend(list(answer, "systems").iter().filter_map(backlog));
    if number(answer, "quarantine") > 0 {
        lines.push(format!("quarantine   {} messages match nothing yet: takt exceptions list", number(answer, "quarantine")));
    }
    lines.extend(list(answer, "books").iter().map(|row| super::reconcile::in_short(row, zones)));
    lines.extend(autonomy(answer, name, zones));
    lines.extend(samples(answer, name, zones));
    lines.extend(recipes(answer));
    lines.extend(equipment(answer, name, zones));
    lines.extend(orders(answer, name, zones));
    lines.extend(demands(answer));
    lines.extend(
        list(answer, "exceptions").iter().map(|case| format!("{}  {}  ({})", text(case, "id"), text(case, "what"), text(case, "owner"))),
    );
    let since = match text(answer, "configured_at") {
        "" => String::new(),
        at => format!(" since {}", zones.at(name, at)),
    };
    lines.push(format!("configuration {}{since}", text(answer, "configuration").get(..8).unwrap_or_else(|| text(answer, "configuration"))));
    let orders = if text(answer, "kind") == "plant" { format!("   takt order list --plant {name}") } else { String::new() };
    lines.push(format!("takt sites deliveries {name}   takt sites timeline {name}{orders}"));
    lines.join("\n")
}

fn systems(answer: &Value, name: &str, zones: &Zones) -> String {
    let now = text(answer, "as_of");
    let mut screen = table(&["system", "role", "heard", "in/min", "out/min", "waiting", "in doubt", "state"]);
    for system in list(answer, "systems") {
        let waiting: Vec<String> = list(system, "waiting").iter().map(ToString::to_string).collect();
        let (all, here) = (number(system, "in_doubt"), number(system, "in_doubt_here"));
        // Of a system itself none of them is: they are of the plants that it serves.
        let doubt = if all > here && text(answer, "kind") == "plant" { format!("{all} ({name} {here})") } else { all.to_string() };
        screen.add_row(vec![
            text(system, "system").to_owned(),
            text(system, "role").to_owned(),
            age(now, text(system, "heard_at")),
            number(system, "in_per_minute").to_string(),
            number(system, "out_per_minute").to_string(),
            waiting.join("/"),
            doubt,
            state(system, name, now, zones),
        ]);
    }
    format!("{screen}\nwaiting: plant-critical/business/analytical")
}

fn state(system: &Value, name: &str, now: &str, zones: &Zones) -> String {
    let mut words = vec![match text(system, "link") {
        "ok" => format!("ok{}", unsaid(system)),
        "unheard" => "not heard yet, as far as anybody knows".to_owned(),
        "no_link" => "NO LINK from here".to_owned(),
        _silent => heard(system, name, now, zones),
    }];
    words.extend(system.get("clock_ahead_ms").and_then(Value::as_i64).map(|ahead| match ahead {
        0 => "clock agrees to the second".to_owned(),
        _ => format!("CLOCK {}{}.{} s", if ahead < 0 { "-" } else { "+" }, ahead.abs() / 1_000, ahead.abs() / 100 % 10),
    }));
    if let Some(limit) = system.get("per_minute_max").and_then(Value::as_u64) {
        words.push(format!("limit {limit}/min"));
    }
    words.join(", ")
}

/// What waits for a system, and how long that takes.
fn backlog(system: &Value) -> Option<String> {
    let waiting: u64 = list(system, "waiting").iter().filter_map(Value::as_u64).sum();
    let drains =
        system.get("drains_ms").and_then(Value::as_u64).map(|ms| format!("; these drain in {} at its limit, once it answers", span(ms)));
    (waiting > 0).then(|| {
        format!(
            "backlog {waiting} next in line for {}, one of each order or lot, with more behind it; {} tries a minute now{}",
            text(system, "system"),
            number(system, "out_per_minute"),
            drains.unwrap_or_default()
        )
    })
}

/// How much room is left for what waits, and for how long that is enough.
fn spool(row: &Value) -> String {
    let Some(percent) = row.get("full_percent").and_then(Value::as_u64) else { return String::new() };
    let lasts = match row.get("lasts_s").and_then(Value::as_u64) {
        Some(seconds) => format!(", enough for {} at the last day's pace", lasts(seconds)),
        None => ", and it does not fill".to_owned(),
    };
    let alarm = if text(row, "alarm").is_empty() { "" } else { "▲" };
    format!("; {alarm}room {percent} % full{lasts}")
}

/// What it can do without the other regions, and how the roads there stand.
fn autonomy(answer: &Value, name: &str, zones: &Zones) -> Vec<String> {
    let Some(alone) = answer.get("autonomy") else { return Vec::new() };
    let elsewhere: Vec<&str> = strings(alone, "elsewhere").collect();
    if elsewhere.is_empty() {
        return Vec::new();
    }
    let now = text(answer, "as_of");
    let mut lines = vec![format!("AUTONOMY     at home elsewhere: {}", elsewhere.join(", "))];
    lines.push(format!("  without it   works: {}   waits: {}", text(alone, "works"), or_dash(text(alone, "stops"))));
    let road = |row: &Value| {
        let state = if row.get("up").and_then(Value::as_bool) == Some(true) { "up" } else { "DOWN" };
        let since = match text(row, "since") {
            "" => String::new(),
            at => format!(" since {} ({})", zones.minute(name, at), age(now, at)),
        };
        let waits = match (row.get("urgent").and_then(Value::as_u64), row.get("other").and_then(Value::as_u64)) {
            (None, None) => "what waits is not known here".to_owned(),
            (urgent, other) => format!("{} holds and {} other mail wait", urgent.unwrap_or_default(), other.unwrap_or_default()),
        };
        let oldest = match text(row, "oldest") {
            "" => String::new(),
            at => format!(", the oldest for {}", age(now, at)),
        };
        format!("  {} → {} {state}{since}: {waits}{oldest}{}", text(row, "from"), text(row, "to"), spool(row))
    };
    let roads = list(alone, "roads");
    if roads.is_empty() {
        lines.push("  all these regions run in this process: no road to them can be cut".to_owned());
    }
    lines.extend(roads.iter().map(road));
    lines
}

/// Samples that nobody judged yet.
fn samples(answer: &Value, name: &str, zones: &Zones) -> Vec<String> {
    let Some(samples) = answer.get("samples").filter(|samples| number(samples, "lots") > 0) else { return Vec::new() };
    let now = text(answer, "as_of");
    let mut lines =
        vec![format!("inspection   {} lots wait for a sample or for its verdict: takt lot list --in-inspection", number(samples, "lots"))];
    lines.extend(list(samples, "open").iter().take(5).map(|row| {
        let (taken, due) = (text(row, "taken_at"), text(row, "due_at"));
        let due = match due {
            "" => "its laboratory has not said by when".to_owned(),
            due if until(now, due) == "now" => format!("LATE, was due {}", zones.minute(name, due)),
            due => format!("due {}", zones.minute(name, due)),
        };
        format!(
            "  sample {} of {}: {due}; taken {}, {} without a verdict",
            text(row, "sample"),
            text(row, "lot"),
            zones.minute(name, taken),
            age(now, taken)
        )
    }));
    let untaken: Vec<&str> = strings(samples, "untaken").take(5).collect();
    if !untaken.is_empty() {
        lines.push(format!("  no sample taken yet of {}", untaken.join(", ")));
    }
    lines
}

fn recipes(answer: &Value) -> Vec<String> {
    let line = |row: &Value| {
        let has: Vec<&str> = strings(row, "has").collect();
        let has = if has.is_empty() { "none".to_owned() } else { has.join(", ") };
        let blocks: Vec<&str> = strings(row, "blocks").collect();
        let blocks = if blocks.is_empty() { String::new() } else { format!("  BLOCKS {}", blocks.join(", ")) };
        let (material, expected) = (text(row, "material"), text(row, "expected"));
        match text(row, "same") {
            "yes" => format!("{material} recipe {expected} = {expected}{blocks}"),
            "no" => format!("{material} recipe {expected} ≠ {has}{blocks}"),
            _unknown => format!("{material} recipe {expected}, the plant has not said which it has{blocks}"),
        }
    };
    let rows: Vec<String> = list(answer, "recipes").iter().map(line).collect();
    if rows.is_empty() { Vec::new() } else { vec![format!("master data  {}", rows.join(" · "))] }
}

fn equipment(answer: &Value, name: &str, zones: &Zones) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for row in list(answer, "down") {
        let since = if text(row, "since").is_empty() { String::new() } else { format!(" since {}", zones.at(name, text(row, "since"))) };
        let orders = |field: &str, words: &str| {
            let all: Vec<&str> = strings(row, field).collect();
            if all.is_empty() { String::new() } else { format!("; {words} {}", all.join(", ")) }
        };
        lines.push(format!(
            "equipment    {} DOWN{since} ({}){}{}",
            text(row, "equipment"),
            text(row, "state"),
            orders("stops", "STOPS"),
            orders("touches", "others may run")
        ));
    }
    let late: Vec<&str> = strings(answer, "uncalibrated").collect();
    if !late.is_empty() {
        lines.push(format!("equipment    calibration is over: {}", late.join(", ")));
    }
    lines
}

fn orders(answer: &Value, name: &str, zones: &Zones) -> Vec<String> {
    let empty = Value::Null;
    let orders = answer.get("orders").unwrap_or(&empty);
    if text(answer, "kind") != "plant" {
        return Vec::new();
    }
    let count = |field: &str| number(orders, field);
    let mut lines = vec![format!(
        "this shift   {} orders to do: {} on time, {} late, {} blocked",
        count("all"),
        count("on_time"),
        count("late"),
        count("blocked")
    )];
    let silent: Vec<&str> = strings(orders, "missing").collect();
    if !silent.is_empty() {
        lines.push(format!("  MISSING   what is at home in {}, which DID NOT SAY", silent.join(", ")));
    }
    lines.extend(orders.get("done").map(|done| shift_done(done, name, zones)));
    lines.extend(list(orders, "rows").iter().take(20).map(|row| {
        let badges: Vec<String> = strings(row, "badges").map(|badge| format!("▲{badge}")).collect();
        format!(
            "  {:<10} {:<10} {:<10} {} of {}   to {}   {}",
            or_dash(text(row, "number")),
            text(row, "material"),
            text(row, "status"),
            or_dash(text(row, "processed")),
            text(row, "target"),
            zones.minute(name, text(row, "end")),
            badges.join(" ")
        )
    }));
    lines
}

/// What was made in the shift until now, and what became of it.
fn shift_done(done: &Value, name: &str, zones: &Zones) -> String {
    let made = |row: &Value| {
        let part = |field: &str, word: &str| match text(row, field) {
            "" => None,
            qty => Some(format!("{qty} {word}")),
        };
        let parts = [part("good", "good"), part("scrap", "scrap"), part("put_out", "put out")];
        format!("{} {}", text(row, "material"), parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    };
    let rows: Vec<String> = list(done, "rows").iter().map(made).collect();
    let made = if rows.is_empty() { "nothing reported".to_owned() } else { rows.join(" · ") };
    let since = zones.minute(name, text(done, "since"));
    let (completed, posted) = (number(done, "completed"), number(done, "posted"));
    format!("  done since {since}: {made}; {completed} orders completed, {posted} documents posted")
}

/// What a planning system wants, a line each, with the orders that were made of it below.
fn demands(answer: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for row in list(answer, "demands") {
        let verdict = match (text(row, "verdict"), text(row, "why")) {
            ("", _) => "the ERP has not answered".to_owned(),
            (verdict, "") => format!("{verdict} {}", text(row, "requirement")),
            (verdict, why) => format!("{} {why}", verdict.to_uppercase()),
        };
        lines.push(format!(
            "demand       {} v{} {}  {} of {} at {} by {}   {}",
            text(row, "number"),
            number(row, "version"),
            text(row, "firmness"),
            text(row, "quantity"),
            text(row, "material"),
            text(row, "plant"),
            text(row, "due"),
            verdict.trim_end()
        ));
        lines.extend(list(row, "orders").iter().map(|order| {
            let confirmed = text(order, "confirmed");
            let confirmed = if confirmed.is_empty() { String::new() } else { format!(", {confirmed} confirmed") };
            let (called, plant) = (text(order, "order"), text(order, "plant"));
            format!("  {called} at {plant}  {}  {}{confirmed}", text(order, "quantity"), text(order, "state"))
        }));
    }
    lines
}
