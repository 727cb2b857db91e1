//! The desk as people see it: exceptions by time to impact, those of one cause on one line; one of them with what may and what
//! must not be done; and what an action would do before it is done. Computes nothing but layout.

use serde_json::Value;

use super::{Zones, age, list, or_dash, plain, rows, strings, table, text, until};

/// The desk, by cause or one by one, as the node ranks it.
pub(crate) fn exceptions(answer: &Value, zones: &Zones) -> String {
    let found = rows(answer);
    let (dead, awaited) = (dead_letters(answer), awaited(answer, zones));
    let now = text(answer, "as_of");
    let away = match answer.get("put_away").and_then(Value::as_u64) {
        None | Some(0) => String::new(),
        Some(many) => format!("\n{many} more put away for a while: takt exceptions list --snoozed"),
    };
    if found.is_empty() {
        let none = if away.is_empty() { "none open" } else { "none at hand" };
        return format!("EXCEPTIONS  {none}, as of {}{away}{awaited}{dead}", zones.at("", now));
    }
    let open: u64 = found.iter().map(count).sum();
    let causes = if open == found.len() as u64 { String::new() } else { format!(" of {} causes", found.len()) };
    let head = format!("EXCEPTIONS  {open} open{causes} · by time to impact · as of {}", zones.of_list(found, "site", now));
    let first = found.first().map(|first| called(first).to_owned()).unwrap_or_default();
    let kind = found.first().map(|first| text(first, "kind").replace('_', "-")).unwrap_or_default();
    let next = format!("takt exceptions show {first}   then: preview ACTION {first} · takt exceptions runbook {kind}");
    format!("{head}\n{}\n{next}{away}{awaited}{dead}", desk(found, now, zones))
}

/// What is in doubt and is asked again by itself; nothing where nothing is.
fn awaited(answer: &Value, zones: &Zones) -> String {
    let line = |row: &Value| {
        let system = text(row, "system");
        let silent = match (text(row, "silent_since"), text(row, "next_try_at")) {
            ("", _) => "asked again".to_owned(),
            (since, "") => format!("SILENT since {}", zones.at(system, since)),
            (since, next) => format!("SILENT since {}, tried again {}", zones.at(system, since), zones.at(system, next)),
        };
        let look: Vec<String> =
            strings(row, "look_at").map(|id| format!("\n   takt {} show {id}", id.split('.').next().unwrap_or_default())).collect();
        let (sites, stake): (Vec<&str>, &str) = (strings(row, "sites").collect(), or_dash(text(row, "stake")));
        let (many, forbidden) = (plain(row, "in_doubt"), text(row, "forbidden"));
        if let Some(waiting) = row.get("waiting").and_then(Value::as_u64) {
            return format!("\n {system}  {waiting} or more wait for it  {silent}: {}  {forbidden}", text(row, "trouble"));
        }
        format!("\n {system}  {many} in doubt ({})  at stake {stake}  {silent}  {forbidden}{}", sites.join(", "), look.concat())
    };
    let lines: String = list(answer, "awaited").iter().map(line).collect();
    if lines.is_empty() { lines } else { format!("\n\nBY ITSELF  asked again until it is known; nobody has to do anything yet{lines}") }
}

fn desk(found: &[Value], now: &str, zones: &Zones) -> comfy_table::Table {
    let mut screen = table(&["id", "impact in", "site", "what", "at stake", "owner", "age"]);
    for row in found {
        let owners: Vec<&str> = strings(row, "owners").collect();
        let owner = if owners.is_empty() { text(row, "owner").to_owned() } else { owners.join(", ") };
        let what = match count(row) {
            0 | 1 => text(row, "what").to_owned(),
            many => format!("{}: {many} {}", text(row, "what"), text(row, "kind").replace('_', " ")),
        };
        let what = match row.get("waits_for_second") {
            None | Some(Value::Bool(false)) => what,
            Some(Value::Number(many)) if many.as_u64() == Some(0) => what,
            Some(_) => format!("{what} · WAITS FOR A SECOND PERSON"),
        };
        screen.add_row(vec![
            called(row).to_owned(),
            impact(row, now, zones),
            sites(row),
            zones.in_words(text(row, "site"), &what),
            or_dash(text(row, "stake")).to_owned(),
            owner,
            age(now, text(row, "opened_at")),
        ]);
    }
    screen
}

/// How a row is asked for: one by its own number, many by that of their cause.
fn called(row: &Value) -> &str {
    if count(row) == 1 && row.get("first").is_some() { text(row, "first") } else { text(row, "id") }
}

fn count(row: &Value) -> u64 {
    row.get("count").and_then(Value::as_u64).unwrap_or(1)
}

/// Where: the site, or how many there are.
fn sites(row: &Value) -> String {
    let all: Vec<&str> = strings(row, "sites").collect();
    match all.as_slice() {
        [] => or_dash(text(row, "site")).to_owned(),
        [one] => (*one).to_owned(),
        many => format!("{} sites", many.len()),
    }
}

/// How long until it hurts, by what, and when on the clock of where it is: `0:48:00 shift 04:00`.
fn impact(row: &Value, now: &str, zones: &Zones) -> String {
    let at = text(row, "impact_at");
    if at.is_empty() {
        return "-".to_owned();
    }
    let (site, left) = (text(row, "site"), until(now, at));
    let (there, here) = (zones.at(site, at), zones.at(site, now));
    let clock = if there.get(..10) == here.get(..10) { there.get(11..16) } else { there.get(5..16) };
    match text(row, "impact_by") {
        "now" => "now".to_owned(),
        by => format!("{left} {by} {}", clock.unwrap_or_default()),
    }
}

/// What could not be handed to anybody; nothing when there is none.
fn dead_letters(answer: &Value) -> String {
    let letters = list(answer, "dead_letters");
    if letters.is_empty() {
        return String::new();
    }
    let mut screen = table(&["id", "region", "message", "why it lies here"]);
    for letter in letters {
        screen.add_row([text(letter, "id"), text(letter, "region"), text(letter, "message"), text(letter, "reason")]);
    }
    format!("\n\nDEAD LETTERS  kept, and in no order: mend the reason, then takt exceptions retry-dead-letter ID\n{screen}")
}

/// That a dead letter is on its way again.
pub(crate) fn revived(answer: &Value) -> String {
    format!("{} is queued anew: {}", text(answer, "id"), text(answer, "message"))
}

/// One exception, with what may and what must not be done.
pub(crate) fn exception(case: &Value, zones: &Zones) -> String {
    let site = text(case, "site");
    let hurts = match (text(case, "impact_at"), text(case, "impact_by")) {
        ("", _) => "-".to_owned(),
        (at, by) => format!("{} ({by})", zones.at(site, at)),
    };
    let mut lines = vec![
        format!("{}  {}  {}  owner {}", text(case, "id"), text(case, "kind"), or_dash(site), text(case, "owner")),
        format!("  {}", zones.in_words(site, text(case, "what"))),
        format!("  at stake {}   hurts {hurts}   since {}", or_dash(text(case, "stake")), zones.at(site, text(case, "opened_at"))),
        match text(case, "about") {
            "" => format!("  about {}", text(case, "entity")),
            name => format!("  about {name} ({})", text(case, "entity")),
        },
    ];
    if let Some(many @ 2..) = case.get("same_cause").and_then(Value::as_u64) {
        lines.push(format!("  {many} are open of this cause: takt exceptions show {}", text(case, "group")));
    }
    if !text(case, "snoozed_until").is_empty() {
        lines.push(format!("  put away until {}", zones.at(site, text(case, "snoozed_until"))));
    }
    if case.get("waits_for_second").and_then(Value::as_bool) == Some(true) {
        lines.push("  to be written off: waits for a second person of finance, who asks for the same".to_owned());
    }
    for note in list(case, "notes") {
        let (who, why) = (or_dash(text(note, "who")), or_dash(text(note, "why")));
        lines.push(format!("  {} {} by {who}: {why}", zones.at(site, text(note, "at")), text(note, "what")));
    }
    if !text(case, "raw").is_empty() {
        lines.push(format!("  raw message {}", text(case, "raw")));
    }
    if let Some(input) = case.get("input") {
        lines.push(format!("  it says {}", spoken(input.get("body").unwrap_or(input))));
    }
    for likely in list(case, "candidates") {
        let because: Vec<&str> = strings(likely, "because").collect();
        let (name, id) = (text(likely, "name"), text(likely, "entity"));
        let named = if name.is_empty() { id.to_owned() } else { format!("{name} ({id})") };
        lines.push(format!("  likely {named}: {}", because.join("; ")));
    }
    if let Some(closed) = case.get("closed") {
        let by = match (text(closed, "who"), text(closed, "why")) {
            ("", _) => "by itself".to_owned(),
            (who, why) => format!("by {who}: {}", or_dash(why)),
        };
        lines.push(format!("  CLOSED {} {by}: {}", zones.at(site, text(closed, "at")), text(closed, "how")));
        return lines.join("\n");
    }
    lines.extend(strings(case, "advice").map(|advice| format!("  ▸ {advice}")));
    lines.extend(strings(case, "forbidden").map(|forbidden| format!("  ✘ do not {forbidden}")));
    let id = text(case, "id");
    let as_read = case.get("input").is_some();
    lines.extend(strings(case, "actions").map(|action| format!("  {}", command(action, id, as_read))));
    lines.push(format!("  takt exceptions runbook {}", text(case, "kind").replace('_', "-")));
    lines.join("\n")
}

/// The command of an action, with what it needs in capitals; a payload that nothing could read is mended as it came; with `preview` before the action it only says what it would do.
fn command(action: &str, id: &str, as_read: bool) -> String {
    let more = match action {
        "edit" if !as_read => " --payload FILE --reason WHY",
        "adopt" => " --doc DOCUMENT --reason WHY",
        "match" => " --to ENTITY --reason WHY",
        "edit" => " --input FILE --reason WHY",
        "hand_to" => " --to ROLE --reason WHY",
        "snooze" => " --until TIME --reason WHY",
        "retry" => "",
        _ => " --reason WHY",
    };
    format!("takt exceptions {} {id}{more}", spelled(action))
}

/// An action as the command line spells it.
fn spelled(action: &str) -> String {
    action.replace('_', "-").replace("acknowledge", "ack")
}

/// The actions of a row as the command line spells them.
fn actions(row: &Value) -> String {
    strings(row, "actions").map(spelled).collect::<Vec<_>>().join("|")
}

/// A cause with its exceptions.
pub(crate) fn exception_group(group: &Value, zones: &Zones) -> String {
    let id = text(group, "id");
    let head = format!("{id}  {}  {} open  {}", text(group, "kind"), plain(group, "count"), text(group, "what"));
    let stake = format!("  at stake {}   sites {}", or_dash(text(group, "stake")), strings(group, "sites").collect::<Vec<_>>().join(", "));
    let screen = desk(list(group, "exceptions"), text(group, "as_of"), zones);
    format!("{head}\n{stake}\n{screen}\n  takt exceptions [preview] {} --group {id} --reason …", actions(group))
}

/// What came of an action on many.
pub(crate) fn group_outcome(answer: &Value) -> String {
    let (done, refused) = (plain(answer, "done"), plain(answer, "refused"));
    let mut lines = vec![format!("{}  {done} done, {refused} not", text(answer, "group"))];
    for one in list(answer, "outcomes") {
        let again = if one.get("replayed").and_then(Value::as_bool).unwrap_or_default() { " (before)" } else { "" };
        let why = match text(one, "message") {
            "" => String::new(),
            message => format!(": {message}; {}", text(one, "remedy")),
        };
        lines.push(format!("  {}  {}{again}{why}", text(one, "exception"), text(one, "answer")));
    }
    if let Some(left) = answer.get("left").and_then(Value::as_u64).filter(|left| *left > 0) {
        lines.push(format!("  ▲ {left} MORE ARE OPEN: one request is about so many; say it again for the next"));
    }
    lines.push(format!("  sent again with --key {}, what is done stays done", text(answer, "key")));
    lines.join("\n")
}

/// What a message says, as words on a line: what it is, then each thing that it names.
fn spoken(body: &Value) -> String {
    let (mut what, mut inner) = (Vec::new(), body);
    while let Some((key, value)) = inner.as_object().filter(|fields| fields.len() == 1).and_then(|fields| fields.iter().next()) {
        what.push(key.replace('_', " "));
        inner = value;
    }
    let mut fields = Vec::new();
    named(None, inner, &mut fields);
    format!("{}: {}", what.join(" "), fields.join(", "))
}

fn named(key: Option<&str>, value: &Value, into: &mut Vec<String>) {
    let under = |value: &dyn std::fmt::Display| match key {
        Some(key) => format!("{} {value}", key.replace('_', " ")),
        None => value.to_string(),
    };
    match value {
        Value::Null => {}
        Value::Object(fields) => fields.iter().for_each(|(field, value)| named(Some(field), value, into)),
        Value::Array(all) => all.iter().for_each(|value| named(key, value, into)),
        Value::String(text) => into.push(under(text)),
        Value::Bool(_) | Value::Number(_) => into.push(under(value)),
    }
}

/// What a request would do.
pub(crate) fn preview(answer: &Value, _: &Zones) -> String {
    let mut lines = vec![format!("PREVIEW  would be {}; nothing was done", text(answer, "answer"))];
    lines.extend(told(answer));
    lines.join("\n")
}

/// What a request would do to the first of many.
pub(crate) fn group_preview(answer: &Value, _: &Zones) -> String {
    let found = list(answer, "previews");
    let mut lines = vec![format!("PREVIEW  {} of {} in {}; nothing was done", found.len(), plain(answer, "count"), text(answer, "group"))];
    let (all, at_once) = (answer.get("count").and_then(Value::as_u64), answer.get("at_once").and_then(Value::as_u64));
    if all > at_once {
        lines.push(format!("  ▲ {} at once: said again, it is done to the next", at_once.unwrap_or_default()));
    }
    for one in found {
        let preview = one.get("preview").unwrap_or(&Value::Null);
        lines.push(format!("{}  would be {}", text(one, "exception"), text(preview, "answer")));
        lines.extend(told(preview));
    }
    lines.join("\n")
}

fn told(preview: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(no) = preview.get("complaint") {
        lines.push(format!("  {}: {}\n  ▸ {}", text(no, "code"), text(no, "message"), text(no, "remedy")));
    }
    // What is shown below with all that a hold would be on is not shown here, too.
    let below: Vec<&str> =
        preview.pointer("/reach/shipments").and_then(Value::as_array).into_iter().flatten().map(|row| text(row, "id")).collect();
    for touched in list(preview, "touches").iter().filter(|touched| !below.contains(&text(touched, "id"))) {
        let what: Vec<&str> = strings(touched, "what").collect();
        lines.push(format!("  {} {}: {}", text(touched, "kind"), text(touched, "name"), what.join("; ")));
    }
    for sending in list(preview, "sends") {
        let waits = text(sending, "waits_for");
        let waits = if waits.is_empty() { String::new() } else { format!("; waits for {waits}") };
        let cannot = text(sending, "cannot");
        let cannot = if cannot.is_empty() { String::new() } else { format!("; CANNOT BE ASKED: {cannot}") };
        lines.push(format!("  → {}: {}{waits}{cannot}", text(sending, "site"), text(sending, "what")));
    }
    if let Some(reach) = preview.get("reach") {
        lines.extend(reached(reach, list(preview, "touches")));
    }
    let closes: Vec<&str> = strings(preview, "closes").collect();
    if !closes.is_empty() {
        lines.push(format!("  closes {}: {}", closes.len(), closes.join(", ")));
    }
    lines.extend(strings(preview, "opens").map(|opens| format!("  opens: {opens}")));
    if preview.get("cut").and_then(Value::as_bool).unwrap_or_default() {
        lines.push("  there is more: the preview ended at its limit, or at what is at home elsewhere".to_owned());
    }
    lines
}

/// All that a hold would be on.
fn reached(reach: &Value, touches: &[Value]) -> Vec<String> {
    let (lots, trucks) = (list(reach, "lots"), list(reach, "shipments"));
    let blocked = or_dash(text(reach, "blocked"));
    let mut lines = vec![format!(
        "  HOLD  {} lots, {blocked}, {} handling units blocked, {} left already, {} shipments",
        lots.len(),
        plain(reach, "blocked_units"),
        plain(reach, "left_units"),
        trucks.len()
    )];
    for lot in lots {
        let (units, left): (Vec<&str>, Vec<&str>) = (strings(lot, "units").collect(), strings(lot, "left").collect());
        let total = or_dash(text(lot, "total"));
        lines.push(format!("    {} at {}: {} of {total}", text(lot, "lot"), text(lot, "plant"), or_dash(text(lot, "blocked"))));
        if !units.is_empty() {
            lines.push(format!("      on {}", units.join(", ")));
        }
        lines.extend(left.iter().map(|left| format!("      LEFT {left}")));
    }
    lines.extend(trucks.iter().map(|truck| {
        let planned = or_dash(text(truck, "planned"));
        let touched = touches.iter().find(|touched| text(touched, "id") == text(truck, "id"));
        let what: Vec<&str> = touched.map(|touched| strings(touched, "what").collect()).unwrap_or_default();
        let what = if what.is_empty() { String::new() } else { format!(": {}", what.join("; ")) };
        format!("    shipment {} {} (leaves {planned}){what}", text(truck, "delivery"), text(truck, "stage"))
    }));
    lines
}

/// What to do about a kind of exception.
pub(crate) fn runbook(book: &Value, _: &Zones) -> String {
    let mut lines = vec![format!("{}  {}", text(book, "kind"), text(book, "means"))];
    lines.extend(strings(book, "steps").enumerate().map(|(at, step)| format!("  {}. {step}", at + 1)));
    if !text(book, "never").is_empty() {
        lines.push(format!("  ✘ {}", text(book, "never")));
    }
    lines.join("\n")
}
