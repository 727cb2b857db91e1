//! Lots and shipments on the screen.

use serde_json::Value;

use super::{Zones, list, more, number, or_dash, rows, strings, table, text};

/// One lot: pallets with what each system says of them, holds and who confirmed them, what left, genealogy.
pub(crate) fn lot(answer: &Value, zones: &Zones) -> String {
    let plant = text(answer, "plant");
    let inspection = if answer.get("in_inspection").and_then(Value::as_bool) == Some(true) { "   IN INSPECTION" } else { "" };
    let stock: Vec<&str> = strings(answer, "erp_stock").collect();
    let left = match text(answer, "left") {
        "" => String::new(),
        left => format!(" · left {left}, whose goods issue is the ERP's own"),
    };
    let name = format!("{}@{plant}", text(answer, "lot"));
    let mut lines = vec![
        format!(
            "LOT {}   {plant}   {} in {} pallets   blocked {}{inspection}",
            text(answer, "lot"),
            or_dash(text(answer, "total")),
            list(answer, "units").len(),
            or_dash(text(answer, "blocked"))
        ),
        format!(
            "{} {plant} · in the ERP by what was posted: {}{left}",
            zones.at(plant, text(answer, "as_of")),
            if stock.is_empty() { "unknown".to_owned() } else { stock.join(", ") }
        ),
    ];
    lines.extend(strings(answer, "erp_asked").map(|asked| format!("     NOT YET in the ERP, which was asked to move {asked}")));
    lines.push(pallets(answer, plant, zones));
    for hold in list(answer, "holds") {
        lines.extend(held(hold, plant, zones));
    }
    lines.extend(list(answer, "provisional_holds").iter().map(|hold| provisional(hold, plant, zones)));
    if !text(answer, "refused").is_empty() {
        lines.push(format!("BLOCKED  what is on no pallet, and pallets to come: to be {}", text(answer, "refused")));
    }
    lines.extend(samples(list(answer, "samples"), plant, zones));
    lines.push(leaving(answer, plant, zones));
    let released: Vec<&str> = strings(answer, "released_holds").collect();
    if !released.is_empty() {
        lines.push(format!("holds that are over {}", released.join(", ")));
    }
    lines.extend(list(answer, "expected").iter().map(|one| expected(one, plant, zones)));
    lines.push(format!("from  {}", edges(answer, "from")));
    lines.extend(list(answer, "siblings").iter().map(|one| format!("      of {} was also made: {}", text(one, "of"), edges(one, "lots"))));
    lines.push(format!("into  {}", edges(answer, "into")));
    lines.extend(list(answer, "exceptions").iter().map(|case| format!("{}  {}", text(case, "id"), text(case, "what"))));
    lines.push(format!("what a hold on it would reach: takt lot reach {name}"));
    lines.join("\n")
}

/// Lots, those that are held first.
pub(crate) fn lots(answer: &Value, zones: &Zones) -> String {
    let as_of = zones.of_list(rows(answer), "plant", text(answer, "as_of"));
    if rows(answer).is_empty() {
        return format!("LOTS  none of these, as of {as_of}");
    }
    let mut screen = table(&["lot", "plant", "made", "blocked", "left", "pallets", "held by", ""]);
    for row in rows(answer) {
        let name = if text(row, "lot").is_empty() { text(row, "id") } else { text(row, "lot") };
        let holds: Vec<&str> = strings(row, "holds").collect();
        let inspected = row.get("in_inspection").and_then(Value::as_bool) == Some(true);
        let provisional = strings(row, "provisional").next().map(|hold| format!("▲{hold} released provisionally"));
        let badges = [inspected.then(|| "▲in inspection".to_owned()), provisional, open_cases(row)];
        screen.add_row([
            name,
            or_dash(text(row, "plant")),
            or_dash(text(row, "total")),
            or_dash(text(row, "blocked")),
            or_dash(text(row, "left")),
            &number(row, "units").to_string(),
            or_dash(&holds.join(", ")),
            &badges.into_iter().flatten().collect::<Vec<_>>().join(" "),
        ]);
    }
    format!("LOTS  {}, held ones first, then those in inspection, as of {as_of}\n{screen}{}", rows(answer).len(), more(answer))
}

/// Shipments, those that something keeps first.
pub(crate) fn shipments(answer: &Value, zones: &Zones) -> String {
    let as_of = zones.of_list(rows(answer), "warehouse", text(answer, "as_of"));
    if rows(answer).is_empty() {
        return format!("SHIPMENTS  none of these, as of {as_of}");
    }
    let mut screen = table(&["shipment", "warehouse", "leaves", "stage", "cleared", "pallets", "carrier", "blocked by", ""]);
    for row in rows(answer) {
        let name = if text(row, "delivery").is_empty() { text(row, "id") } else { text(row, "delivery") };
        let (warehouse, blocked): (&str, Vec<&str>) = (text(row, "warehouse"), strings(row, "blocked_by").collect());
        screen.add_row([
            name,
            or_dash(warehouse),
            or_dash(&zones.minute(warehouse, text(row, "leaves_at"))),
            text(row, "stage"),
            row.pointer("/cleared/answer").and_then(Value::as_str).unwrap_or_default(),
            &number(row, "units").to_string(),
            or_dash(text(row, "carrier")),
            or_dash(&blocked.join("; ")),
            &open_cases(row).unwrap_or_default(),
        ]);
    }
    let title = "blocked ones first, then by when they leave, those that left last";
    format!("SHIPMENTS  {}, {title}, as of {as_of}\n{screen}{}", rows(answer).len(), more(answer))
}

fn open_cases(row: &Value) -> Option<String> {
    match number(row, "exceptions") {
        0 => None,
        1 => Some("▲1 exception".to_owned()),
        many => Some(format!("▲{many} exceptions")),
    }
}

/// Samples that passed only by their number, the others each.
fn samples(all: &[Value], plant: &str, zones: &Zones) -> Vec<String> {
    let passed = |one: &&Value| one.get("passed").and_then(Value::as_bool) == Some(true);
    let fine = all.iter().filter(passed).count();
    let others = all.iter().filter(|one| !passed(one)).map(|one| sample(one, plant, zones));
    (fine > 0).then(|| format!("samples that passed {fine}")).into_iter().chain(others).collect()
}

/// A sample, by when its verdict is promised, and what it was.
fn sample(one: &Value, plant: &str, zones: &Zones) -> String {
    let verdict = match (one.get("passed").and_then(Value::as_bool), text(one, "due_at")) {
        (Some(true), _) => "passed".to_owned(),
        (Some(false), _) => "FAILED".to_owned(),
        (None, "") => "no verdict yet, and its laboratory has not said by when".to_owned(),
        (None, due) => format!("no verdict yet, due {}", zones.minute(plant, due)),
    };
    format!("sample {} taken {}: {verdict}", text(one, "sample"), or_dash(&zones.minute(plant, text(one, "taken_at"))))
}

/// What a supplier said is on its way, or came.
fn expected(one: &Value, plant: &str, zones: &Zones) -> String {
    let came = text(one, "arrived_at");
    let came = if came.is_empty() { "on its way".to_owned() } else { format!("came {}", zones.at(plant, came)) };
    let notice =
        [text(one, "notice"), text(one, "purchase")].into_iter().filter(|number| !number.is_empty()).collect::<Vec<_>>().join(" for ");
    format!("supplier {} sends {} on {} ({notice}): {came}", text(one, "supplier"), text(one, "quantity"), text(one, "unit"))
}

/// What may leave, has left, and left although it may not.
fn leaving(answer: &Value, plant: &str, zones: &Zones) -> String {
    let given = list(answer, "clearances");
    let clearances: Vec<String> = given.iter().map(|one| cleared(one, plant, zones)).collect();
    let shipped: Vec<&str> = strings(answer, "shipped").collect();
    let escapes: Vec<String> = list(answer, "escapes").iter().map(|case| format!("{} {}", text(case, "id"), text(case, "what"))).collect();
    let some = |all: String| if all.is_empty() { "none".to_owned() } else { all };
    format!(
        "clearances given {} · SHIPPED ALREADY {} · ESCAPES {}",
        if given.is_empty() { "none".to_owned() } else { format!("{}: {}", given.len(), clearances.join(", ")) },
        some(shipped.join(", ")),
        some(escapes.join(", "))
    )
}

fn pallets(answer: &Value, plant: &str, zones: &Zones) -> String {
    let mut screen = table(&["pallet", "quantity", "reported", "ERP stock", "warehouse", "shipment", "hold", "left with"]);
    for unit in list(answer, "units") {
        let holds: Vec<&str> = strings(unit, "holds").collect();
        let adopted = if unit.get("adopted").and_then(Value::as_bool) == Some(true) { " (adopted)" } else { "" };
        let erp = match text(unit, "erp") {
            "" => "? (not by pallet)".to_owned(),
            "blocked" => "BLOCKED".to_owned(),
            word => word.replace('_', " "),
        };
        let empty = Value::Null;
        let way = unit.get("warehouse").unwrap_or(&empty);
        let place = [text(way, "site"), text(way, "stage"), text(way, "place")].join(" ").trim().replace('_', " ");
        let stage = if text(unit, "shipment_stage") == "blocked" { "BLOCKED" } else { text(unit, "shipment_stage") };
        let shipment = [text(unit, "shipment"), stage].join(" ");
        screen.add_row([
            text(unit, "sscc"),
            text(unit, "quantity"),
            or_dash(&zones.minute(plant, text(unit, "reported_at"))),
            &format!("{erp}{adopted}"),
            if place.is_empty() { "?" } else { &place },
            or_dash(shipment.trim()),
            or_dash(&holds.join(", ")),
            or_dash(text(unit, "left_with")),
        ]);
    }
    screen.to_string()
}

fn held(hold: &Value, plant: &str, zones: &Zones) -> Vec<String> {
    let verdicts: Vec<&str> = strings(hold, "verdicts").collect();
    let decided = if verdicts.is_empty() { String::new() } else { format!(" · decided so far: {}", verdicts.join(", ")) };
    let mut lines = vec![format!(
        "HOLD {} {} binding {} by {} · decision due {}{decided}",
        text(hold, "hold"),
        text(hold, "reason"),
        zones.at(plant, text(hold, "bound_at")),
        or_dash(text(hold, "by")),
        zones.minute(plant, text(hold, "due_at"))
    )];
    let told = |told: &Value| {
        let mark = match text(told, "state") {
            "confirmed" => "✔",
            "failed" => "✘",
            _requested => "…",
        };
        let after = number(told, "after_ms");
        let why = if text(told, "why").is_empty() { String::new() } else { format!(" ({})", text(told, "why")) };
        format!("{} {mark} +{}.{} s{why}", text(told, "site"), after / 1_000, after / 100 % 10)
    };
    let all: Vec<String> = list(hold, "containment").iter().map(told).collect();
    if !all.is_empty() {
        lines.push(format!("     {}", all.join(" · ")));
    }
    lines.extend(hold.get("promising").and_then(promising));
    lines
}

/// A hold that is over only if quality countersigns.
fn provisional(hold: &Value, plant: &str, zones: &Zones) -> String {
    let so = hold.get("provisional").unwrap_or(&Value::Null);
    format!(
        "PROVISIONAL  HOLD {} {} was released {} by {} while {} was not reached: quality has to countersign",
        text(hold, "hold"),
        text(hold, "reason"),
        zones.at(plant, text(so, "at")),
        text(so, "role"),
        text(so, "quality")
    )
}

/// How long goods that are held could be promised.
fn promising(row: &Value) -> Option<String> {
    let (erp, ms) = (text(row, "erp"), number(row, "exposed_ms"));
    let span = format!("{}.{} s", ms / 1_000, ms / 100 % 10);
    match text(row, "state") {
        "out" => Some(format!("     promising   blocked in {erp}; exposed for {span} until then")),
        "exposed" => Some(format!("     promising   STILL EXPOSED in {erp} for {span}: it has not confirmed the block")),
        _nothing => None,
    }
}

fn cleared(one: &Value, plant: &str, zones: &Zones) -> String {
    let shipment = if text(one, "delivery").is_empty() { text(one, "shipment") } else { text(one, "delivery") };
    let became = match text(one, "state") {
        "open" => format!("open until {}", zones.minute(plant, text(one, "until"))),
        word => word.replace('_', " "),
    };
    format!("{shipment} (attempt {}, {became})", number(one, "attempt"))
}

/// A handling unit: what is on it, where it stands, what left of it.
pub(crate) fn unit(answer: &Value, zones: &Zones) -> String {
    let plant = text(answer, "from");
    let stands = match (text(answer, "place"), text(answer, "within")) {
        ("", "") => "-".to_owned(),
        (place, "") => place.to_owned(),
        ("", within) => format!("on {within}"),
        (place, within) => format!("{place}, on {within}"),
    };
    let mut lines = vec![
        format!("UNIT {}   {}   from {} to {}", text(answer, "sscc"), text(answer, "stage"), or_dash(plant), or_dash(text(answer, "to"))),
        format!("{} {plant} · stands {stands} · counted {}", zones.at(plant, text(answer, "as_of")), or_dash(text(answer, "received"))),
    ];
    let row =
        |what: &str, one: &Value| format!("{what}  {}  {}  of {}", text(one, "lot"), text(one, "quantity"), or_dash(text(one, "order_id")));
    lines.extend(list(answer, "contents").iter().map(|one| row("put on", one)));
    lines.extend(list(answer, "left").iter().map(|one| row("left  ", one)));
    lines.extend(list(answer, "exceptions").iter().map(|case| format!("{}  {}", text(case, "id"), text(case, "what"))));
    lines.join("\n")
}

/// How far a hold on a lot would reach.
pub(crate) fn reach(answer: &Value, zones: &Zones) -> String {
    let lots = list(answer, "lots");
    let quantities: Vec<&str> = strings(answer, "quantities").collect();
    let cut = if answer.get("cut").and_then(Value::as_bool) == Some(true) { "\nthere is more than is shown" } else { "" };
    let mut lines = vec![format!(
        "REACH of a hold on {}   as of {}\n  {} lots, {}, {} pallets; {} trucks, of which {} departed",
        text(answer, "lot"),
        zones.of_list(lots, "plant", text(answer, "as_of")),
        lots.len(),
        or_dash(&quantities.join(" + ")),
        number(answer, "units"),
        list(answer, "trucks").len(),
        number(answer, "departed")
    )];
    lines.extend(lots.iter().map(|lot| {
        let holds: Vec<&str> = strings(lot, "holds").collect();
        let held = if holds.is_empty() { String::new() } else { format!("   HELD already by {}", holds.join(", ")) };
        if lot.get("unmade").and_then(Value::as_bool) == Some(true) {
            return format!("  lot   {}   nothing made of it yet{held}", text(lot, "lot"));
        }
        format!("  lot   {}@{}   {}{held}", text(lot, "lot"), text(lot, "plant"), or_dash(text(lot, "quantity")))
    }));
    lines.extend(list(answer, "trucks").iter().map(|truck| {
        let number = if text(truck, "delivery").is_empty() { text(truck, "id") } else { text(truck, "delivery") };
        let leaves = if text(truck, "leaves_at").is_empty() {
            String::new()
        } else {
            format!(", leaves {}", zones.at("", text(truck, "leaves_at")))
        };
        let stage = if truck.get("departed").and_then(Value::as_bool) == Some(true) { "DEPARTED" } else { or_dash(text(truck, "stage")) };
        format!("  truck {number}   {stage}{leaves}")
    }));
    lines.push(format!("  nothing is held by asking this{cut}"));
    lines.join("\n")
}

fn edges(answer: &Value, field: &str) -> String {
    let mut all: Vec<&str> = list(answer, field).iter().map(|edge| text(edge, "lot")).collect();
    all.sort_unstable();
    if all.is_empty() { "nothing known".to_owned() } else { all.join(", ") }
}

/// Where a lot came from and went to, however far.
pub(crate) fn trace(answer: &Value, zones: &Zones) -> String {
    let cut = if answer.get("cut").and_then(Value::as_bool) == Some(true) { "\nthere is more than is shown" } else { "" };
    format!(
        "TRACE {}   as of {}\n  made from  {}\n  made into  {}\n  shipments  {}{cut}{}",
        if text(answer, "lot").is_empty() { text(answer, "id") } else { text(answer, "lot") },
        zones.at(text(answer, "plant"), text(answer, "as_of")),
        edges(answer, "ancestors"),
        edges(answer, "descendants"),
        or_dash(&carried(answer)),
        more(answer)
    )
}

/// The shipments of a trace, by the numbers that their warehouses give them.
pub(super) fn carried(answer: &Value) -> String {
    let one = |shipment: &Value| {
        let number = match (text(shipment, "delivery"), text(shipment, "warehouse")) {
            ("", _) => text(shipment, "id").to_owned(),
            (number, "") => number.to_owned(),
            (number, warehouse) => format!("{number}@{warehouse}"),
        };
        format!("{number} {}", text(shipment, "stage")).trim_end().to_owned()
    };
    list(answer, "shipments").iter().map(one).collect::<Vec<_>>().join(", ")
}

/// One shipment: whether it may leave, what blocks it, what is on it.
pub(crate) fn shipment(answer: &Value, zones: &Zones) -> String {
    let empty = Value::Null;
    let cleared = answer.get("cleared").unwrap_or(&empty);
    let warehouse = text(answer, "warehouse");
    let until = match text(answer, "cleared_until") {
        "" => String::new(),
        at => format!(", good until {}", zones.at(warehouse, at)),
    };
    let mut lines = vec![
        format!("SHIPMENT {} @{}   {}", or_dash(text(answer, "delivery")), text(answer, "warehouse"), text(answer, "stage").to_uppercase()),
        format!("cleared  {}  {}{until}", text(cleared, "answer").to_uppercase(), text(cleared, "evidence")),
    ];
    lines.push(format!("as of    {}", zones.at(warehouse, text(answer, "as_of"))));
    if !text(answer, "planned").is_empty() {
        lines.push(format!("leaves   {}", zones.at(warehouse, text(answer, "planned"))));
    }
    lines.extend(answer.get("truck").map(|truck| {
        let appointment = match text(truck, "appointment") {
            "" => "no appointment yet".to_owned(),
            at => format!("comes {}", zones.at(warehouse, at)),
        };
        let (load, carrier, dock) = (or_dash(text(truck, "load")), or_dash(text(truck, "carrier")), or_dash(text(truck, "dock")));
        format!(
            "truck    load {load}@{}  carrier {carrier}  {appointment}  dock {dock}  {}",
            text(truck, "transport"),
            text(truck, "state")
        )
    }));
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
