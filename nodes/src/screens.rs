//! What people see: answers of the API as text, quantity before state, plant-local time with its offset, the next safe action
//! and the forbidden one. Apart from asking because the same text is for the console. Computes nothing but layout.

use std::collections::BTreeMap;
use std::io::Write as _;

use serde_json::Value;
use takt_protocol::calendar::Calendar;
use takt_protocol::instant::Instant;

mod delivery;
mod desk;
mod doctor;
mod evidence;
mod folder;
mod ledger;
mod node;
mod order;
mod reconcile;
mod record;
mod site;
mod stock;

pub(crate) use delivery::deliveries;
pub(crate) use desk::{exception, exception_group, exceptions, group_outcome, group_preview, preview, revived, runbook};
pub(crate) use doctor::doctor;
pub(crate) use evidence::{genealogy, postings, raws};
pub(crate) use folder::{checked, explained, findings, posted, pretty, tried, wrong};
pub(crate) use ledger::ledger;
pub(crate) use node::{links, nodes, shards};
pub(crate) use order::{order, orders, step, timeline};
pub(crate) use reconcile::{reconciliation, reconciliations, reconciliations_whole};
pub(crate) use record::{drift, record, records};
pub(crate) use site::site;
pub(crate) use stock::{lot, lots, reach, shipment, shipments, trace, unit};

/// The zone of each site, for the times people read; and that of all of them, where it is one.
pub(crate) struct Zones {
    sites: BTreeMap<String, Calendar>,
    common: Option<Calendar>,
}

impl Zones {
    /// From the list of sites.
    pub(crate) fn of(sites: &Value) -> Self {
        let named = rows(sites).iter().filter_map(|site| Some((text(site, "name").to_owned(), Calendar::plain(text(site, "zone")).ok()?)));
        let mut zones = rows(sites).iter().map(|site| text(site, "zone"));
        let common = zones.next().filter(|first| zones.all(|zone| zone == *first)).and_then(|zone| Calendar::plain(zone).ok());
        Self { sites: named.collect(), common }
    }

    /// A point in time as a clock at the site shows it, with its offset. Of no site, or one that is not known: by the clock of all of
    /// them, or UTC where they have several.
    pub(crate) fn at(&self, site: &str, instant: &str) -> String {
        let Ok(parsed) = Instant::parse(instant) else { return instant.to_owned() };
        let calendar = self.sites.get(site).or(self.common.as_ref());
        let local = calendar.map_or(parsed, |calendar| calendar.local_time(parsed)).to_string();
        let offset = local.get(local.len().saturating_sub(6)..).filter(|end| end.starts_with(['+', '-'])).unwrap_or("Z");
        format!("{} {}{offset}", local.get(..10).unwrap_or_default(), local.get(11..19).unwrap_or_default())
    }

    /// The same for a list, by the clock of the site that all its rows have under `field`.
    pub(crate) fn of_list(&self, rows: &[Value], field: &str, instant: &str) -> String {
        let first = rows.first().map(|row| text(row, field)).unwrap_or_default();
        self.at(if rows.iter().all(|row| text(row, field) == first) { first } else { "" }, instant)
    }

    /// A text with every point in time in it as a clock at the site shows it.
    pub(crate) fn in_words(&self, site: &str, words: &str) -> String {
        let word = |word: &str| {
            let bare = word.trim_matches(|mark: char| mark.is_whitespace() || ",;()".contains(mark));
            let is_time = bare.len() >= 20 && Instant::parse(bare).is_ok();
            if is_time { word.replace(bare, &self.at(site, bare)) } else { word.to_owned() }
        };
        words.split_inclusive(' ').map(word).collect()
    }

    /// The same to the minute and without the year and the offset, for rows whose head says the clock: `11-24 03:12`.
    pub(crate) fn minute(&self, site: &str, instant: &str) -> String {
        self.second(site, instant).get(..11).map(ToOwned::to_owned).unwrap_or_default()
    }

    /// The same to the second.
    pub(crate) fn second(&self, site: &str, instant: &str) -> String {
        if Instant::parse(instant).is_err() {
            return String::new();
        }
        self.at(site, instant).get(5..19).map(ToOwned::to_owned).unwrap_or_default()
    }
}

/// How fresh a system is.
fn heard(system: &Value, site: &str, now: &str, zones: &Zones) -> String {
    let name = text(system, "system");
    let stands = match text(system, "link") {
        "ok" => format!("{name} heard {}", evidence::ago(now, text(system, "heard_at"))),
        "no_link" => format!("{name} has no link from here"),
        "unheard" => format!("{name} not heard yet, as far as anybody knows"),
        "unknown" => format!("{name} UNKNOWN"),
        link => {
            let breaker = if link == "resting" {
                format!(", BREAKER OPEN, next try {}", zones.second(site, text(system, "next_try_at")))
            } else {
                String::new()
            };
            format!("{name} NO ANSWER since {} ({}){breaker}", zones.second(site, text(system, "silent_since")), text(system, "trouble"))
        }
    };
    format!("{stands}{}", unsaid(system))
}

/// Who may have heard a system later and did not say so; nothing where all of them did.
fn unsaid(system: &Value) -> String {
    let missing: Vec<&str> = strings(system, "missing").collect();
    if missing.is_empty() { String::new() } else { format!(" ({} may have heard it, and DID NOT SAY)", missing.join(", ")) }
}

/// How to go on, when a part was asked for and there is more.
fn more(answer: &Value) -> String {
    match text(answer, "next") {
        "" => String::new(),
        next => format!("\nmore follows: --after {next}; --all for all of it"),
    }
}

/// Prints one screen; ends quietly when nobody reads any more.
pub(crate) fn print(screen: &str) {
    if writeln!(std::io::stdout(), "{}", screen.trim_end()).is_err() {
        std::process::exit(0);
    }
}

/// Says what went wrong, and what to do.
pub(crate) fn complain(told: &Value, json: bool) {
    if json {
        return print(&serde_json::to_string_pretty(told).unwrap_or_default());
    }
    let field = text(told, "field");
    let at = if field.is_empty() { String::new() } else { format!(" ({field})") };
    eprintln_line(&format!("{}{at}: {}\n{}", text(told, "code"), text(told, "message"), text(told, "remedy")));
    for choice in list(told, "choices").iter().filter_map(Value::as_str) {
        eprintln_line(&format!("  {choice}"));
    }
}

/// Says that nobody answered.
pub(crate) fn unreached(url: &str, why: &str) {
    eprintln_line(&format!("no node answers at {url}: {why}\nstart one with `takt demo`, or name it with --url or TAKT_URL"));
}

fn eprintln_line(line: &str) {
    // Whoever read it may be gone.
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// What came of an action.
pub(crate) fn outcome(answer: &Value) -> String {
    format!("{}  {}", text(answer, "answer"), text(answer, "entity"))
}

/// For the past: that it is the past, and the step that made it so. Nothing for now.
pub(crate) fn then(answer: &Value, zones: &Zones) -> String {
    let Some(step) = answer.get("because") else { return String::new() };
    let plant = answer.pointer("/row/plant").or_else(|| answer.get("plant")).or_else(|| answer.get("warehouse"));
    let plant = plant.and_then(Value::as_str).unwrap_or_default();
    let what: Vec<&str> = strings(step, "what").collect();
    let who = if text(step, "who").is_empty() { text(step, "source") } else { text(step, "who") };
    format!(
        "AS IT WAS at {}   last: {} by {} ({}): {}\n",
        zones.at(plant, text(answer, "as_of")),
        zones.at(plant, text(step, "recorded_at")),
        or_dash(who),
        text(step, "key"),
        zones.in_words(plant, &what.join(", "))
    )
}

/// Sites, and what waits for them.
pub(crate) fn sites(answer: &Value, _: &Zones) -> String {
    let mut screen =
        table(&["site", "kind", "region", "zone", "heard", "link", "waiting", "quarantine", "orders waiting", "exceptions", ""]);
    for site in rows(answer) {
        let waiting: Vec<String> = list(site, "waiting").iter().map(ToString::to_string).collect();
        let down: Vec<&str> = list(site, "down").iter().filter_map(Value::as_str).collect();
        let reached = site.get("reached").and_then(Value::as_bool).unwrap_or(false);
        // What its region does not say is not none.
        let known = |figure: String| if reached { figure } else { "?".to_owned() };
        let mut notes = Vec::new();
        if !reached {
            notes.push("NOT REACHED".to_owned());
        }
        notes.extend(Some(unsaid(site)).filter(|unsaid| !unsaid.is_empty()).map(|unsaid| unsaid.trim().to_owned()));
        if site.get("reconciling").and_then(Value::as_bool) == Some(true) {
            notes.push("RECONCILING: restored, and sends nothing until takt reconciled".to_owned());
        }
        if !down.is_empty() {
            notes.push(format!("DOWN {}", down.join(", ")));
        }
        notes.extend(site.get("trouble").and_then(Value::as_str).map(|trouble| format!("NO ANSWER: {trouble}")));
        if let Some(wait) = site.get("next_try_ms").and_then(Value::as_u64) {
            notes.push(format!("next try in {} s", wait.div_ceil(1_000)));
        }
        screen.add_row(vec![
            text(site, "name").to_owned(),
            text(site, "kind").to_owned(),
            text(site, "region").to_owned(),
            text(site, "zone").to_owned(),
            age(text(answer, "as_of"), text(site, "heard_at")),
            text(site, "link").to_owned(),
            known(waiting.join("/")),
            known(plain(site, "quarantine")),
            known(plain(site, "orders_waiting")),
            known(plain(site, "exceptions")),
            notes.join("; "),
        ]);
    }
    format!("SITES   waiting: plant-critical/business/analytical\n{screen}")
}

/// A public event, on a line.
pub(crate) fn event(event: &Value, zones: &Zones) -> String {
    let site = text(event, "source").rsplit('/').next().unwrap_or_default();
    let kind = text(event, "type").trim_start_matches("takt.");
    let data = event.get("data").and_then(Value::as_object).into_iter().flatten();
    let said: Vec<String> =
        data.map(|(name, value)| format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))).collect();
    format!("{} {site:<8} {kind:<30} {}  {}", zones.at(site, text(event, "time")), said.join(" "), text(event, "subject"))
}

/// Where a reader of events stands now, beside what it reads: `--after` goes on from there.
pub(crate) fn place(place: &str) {
    eprintln_line(&format!("to go on behind these: takt events --after {place}"));
}

/// That a file was written, and the hash that says whether anybody changed it.
pub(crate) fn exported(file: &std::path::Path, hash: &str, json: bool) {
    if json {
        return print(&serde_json::json!({ "file": file.display().to_string(), "sha256": hash }).to_string());
    }
    print(&format!("{}  written\nsha256 {hash}", file.display()));
}

/// The contracts of public events.
pub(crate) fn contracts(answer: &Value, _: &Zones) -> String {
    let mut screen = table(&["contract", "told when", "data"]);
    for contract in rows(answer) {
        let field = |field: &Value| {
            let may_be_missing = field.get("always").and_then(Value::as_bool) == Some(false);
            format!("{}{}", text(field, "name"), if may_be_missing { "?" } else { "" })
        };
        let fields: Vec<String> = list(contract, "fields").iter().map(field).collect();
        screen.add_row([text(contract, "id"), text(contract, "about"), &fields.join(", ")]);
    }
    format!("CONTRACTS   of public events; one whole: takt contracts order.released.v1\n{screen}")
}

/// The command that shows what was found.
fn shown_by(kind: &str, name: &str, id: &str) -> String {
    match (kind, id.split('.').next().unwrap_or_default()) {
        ("exception" | "exception group", _) => format!("takt exceptions show {name}"),
        ("document" | "posting", "order") => format!("takt order postings {id}"),
        ("person", thing @ ("order" | "lot" | "unit" | "shipment")) => format!("takt {thing} timeline {id}"),
        ("demand", "site") => format!("takt sites show {}", name.rsplit_once('@').map_or(name, |(_, site)| site)),
        ("material" | "recipe" | "equipment" | "calendar", "record") => format!("takt data show {kind} {name}"),
        ("material", _) => "in materials/ of the configuration folder".to_owned(),
        ("recipe", _) => format!("in recipes/ of the configuration folder, plant {id}"),
        ("equipment", _) => format!("in equipment/ of the configuration folder, plant {id}"),
        ("site", _) => format!("takt sites show {}", name.rsplit_once('@').map_or(name, |(site, _)| site)),
        (_, thing @ ("order" | "lot" | "unit" | "shipment")) => format!("takt {thing} show {id}"),
        (_, _) => "-".to_owned(),
    }
}

/// What a search says that finds nothing.
const NOTHING_FOUND: &str =
    "nothing is known by that number here; of people those are found who acted and said why, or who posted by hand in an ERP";

/// Everything that a number means.
pub(crate) fn hits(answer: &Value, _: &Zones) -> String {
    let mut screen = table(&["kind", "name", "id", "look at it"]);
    for hit in rows(answer) {
        let (kind, name, id) = (text(hit, "kind"), text(hit, "name"), text(hit, "id"));
        screen.add_row([kind, name, id, &shown_by(kind, name, id)]);
    }
    if rows(answer).is_empty() { NOTHING_FOUND.to_owned() } else { screen.to_string() }
}

/// How long ago something was, as `h:mm:ss`, at the time of the screen; a dash when nobody knows.
fn age(now: &str, then: &str) -> String {
    match (Instant::parse(now), Instant::parse(then)) {
        (Ok(now), Ok(then)) => span(u64::try_from(now.since(then).as_millis()).unwrap_or(u64::MAX)),
        (Ok(_) | Err(_), _) => "-".to_owned(),
    }
}

/// How fresh the part of each region is in a list that is gathered from several, and which are missing; nothing for any other answer.
pub(crate) fn parts(answer: &Value, zones: &Zones) -> String {
    let line = |part: &Value| match (text(part, "region"), text(part, "as_of"), text(part, "heard")) {
        (region, "", "") => format!("\n  region {region} is MISSING: {}", text(part, "missing")),
        (region, "", heard) => format!("\n  region {region} is MISSING: not reached, heard last at {}", zones.at("", heard)),
        (region, as_of, _) => format!("\n  region {region} as of {}", zones.at("", as_of)),
    };
    list(answer, "regions").iter().filter(|part| part.is_object()).map(line).collect()
}

/// The regions whose part is missing, each with why.
pub(crate) fn missing(answer: &Value) -> Vec<String> {
    let part = |part: &Value| Some(format!("{}: {}", text(part, "region"), part.get("missing")?.as_str()?));
    list(answer, "regions").iter().filter_map(part).collect()
}

/// Says beside what is read whose part of it is missing, or that it is whole again.
pub(crate) fn complain_of(missing: &[String]) {
    if missing.is_empty() {
        return eprintln_line("every region tells its part again");
    }
    eprintln_line(&format!("MISSING is the part of region {}; it is told when that is reached again", missing.join("; ")));
}

/// A stretch of time as `h:mm:ss`.
fn span(ms: u64) -> String {
    let seconds = ms / 1_000;
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The number of a quantity, for where the unit stands in the head.
fn bare(quantity: &str) -> &str {
    quantity.split(' ').next().unwrap_or_default()
}

fn number(value: &Value, field: &str) -> u64 {
    value.get(field).and_then(Value::as_u64).unwrap_or_default()
}

/// How long until something, as [`age`]; `now` when it is past.
fn until(now: &str, then: &str) -> String {
    match (Instant::parse(now), Instant::parse(then)) {
        (Ok(at), Ok(past)) if past <= at => "now".to_owned(),
        (Ok(_), Ok(_)) => age(then, now),
        (Ok(_) | Err(_), _) => "-".to_owned(),
    }
}

fn table(head: &[&str]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(comfy_table::ContentArrangement::Dynamic).set_header(head);
    table
}

pub(crate) fn rows(answer: &Value) -> &[Value] {
    list(answer, "rows")
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[][..], Vec::as_slice)
}

fn strings<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a str> {
    list(value, field).iter().filter_map(Value::as_str)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn plain(value: &Value, field: &str) -> String {
    value.get(field).map(ToString::to_string).unwrap_or_default()
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

#[cfg(test)]
mod tests;
