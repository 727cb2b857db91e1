//! The books of systems beside ours on the screen: the run in a line each for what agrees, what is netted out and what differs,
//! and below it every thing that is more than equal, with its documents.

use serde_json::Value;

use super::{Zones, list, number, or_dash, rows, strings, table, text};

/// Every system whose books are compared, in short.
pub(crate) fn reconciliations(answer: &Value, zones: &Zones) -> String {
    if rows(answer).is_empty() {
        return "no system's books are compared: add `reconcile:` to the file of an ERP or a warehouse".to_owned();
    }
    let mut screen =
        table(&["site", "cut-off", "state", "of", "equal", "netted", "once", "twice", "unread", "unexplained", "to read", "next"]);
    for row in rows(answer) {
        let (site, empty) = (text(row, "site"), Value::Null);
        let run = row.get("run").unwrap_or(&empty);
        let count = |field: &str| if run.is_null() { "-".to_owned() } else { number(run, field).to_string() };
        screen.add_row(vec![
            site.to_owned(),
            or_dash(&zones.second(site, text(run, "cut_off"))).to_owned(),
            state(row).to_owned(),
            count("of"),
            count("equal"),
            count("netted"),
            count("differs_once"),
            count("differs_twice"),
            count("unread"),
            unexplained(run),
            number(row, "moved").to_string(),
            or_dash(&zones.minute(site, text(row, "next_at"))).to_owned(),
        ]);
    }
    format!("RECONCILIATION   the last run of each system; one whole: takt reconcile show SITE\n{screen}")
}

/// Several systems, each whole.
pub(crate) fn reconciliations_whole(answer: &Value, zones: &Zones) -> String {
    let all: Vec<String> = rows(answer).iter().map(|row| reconciliation(row, zones)).collect();
    all.join("\n\n")
}

/// One system, whole.
pub(crate) fn reconciliation(answer: &Value, zones: &Zones) -> String {
    let site = text(answer, "site");
    let Some(run) = answer.get("run") else {
        return format!(
            "RECONCILIATION {site}   never compared; {} things wait for it: takt reconcile --site {site}",
            number(answer, "moved")
        );
    };
    let mut lines = vec![
        format!(
            "RECONCILIATION {site} run {}   cut-off {}   {}   by {}",
            number(run, "number"),
            zones.at(site, text(run, "cut_off")),
            match text(run, "ended_at") {
                "" => format!("UNDER WAY since {}", zones.second(site, text(run, "began_at"))),
                at => format!("ended {}", zones.second(site, at)),
            },
            text(run, "by")
        ),
        format!(
            "compared {} · equal {} (of these {} with something netted out) · given up {} · differs once {} · DIFFERS TWICE {} · not read {}",
            number(run, "of").saturating_sub(number(run, "waiting") + number(run, "asked")),
            number(run, "equal"),
            number(run, "netted"),
            number(run, "accepted"),
            number(run, "differs_once"),
            number(run, "differs_twice"),
            number(run, "unread")
        ),
        format!("netted out   {}", netted(run, "netted_out")),
        format!("unexplained  {}", unexplained(run)),
    ];
    if compared_nothing(run) {
        lines.truncate(1);
        let (why, more) = match run.get("every").and_then(Value::as_bool) {
            Some(true) => ("nothing of ours that is still remembered was ever put there", None),
            Some(false) | None => ("nothing of ours has moved there since they were read last", Some(site)),
        };
        lines.push(format!("NOTHING WAS COMPARED in the books of {site}: {why}, so this says nothing about them"));
        lines.extend(more.map(|site| format!("to have all of them read again: takt reconcile --site {site} --every")));
    }
    lines.extend(list(answer, "rows").iter().map(|row| thing(row, site, zones)));
    let next = text(answer, "next_at");
    let next = if next.is_empty() { "only when asked for".to_owned() } else { zones.at(site, next) };
    lines.push(format!("next run {next}, over {} that moved or do not agree", number(answer, "moved")));
    lines.join("\n")
}

/// A line on the screen of a site that a system serves.
pub(super) fn in_short(row: &Value, zones: &Zones) -> String {
    let site = text(row, "site");
    let Some(run) = row.get("run") else { return format!("books        {site} never compared with ours") };
    if compared_nothing(run) {
        let at = zones.minute(site, text(run, "cut_off"));
        return format!("books        {site} at {at}: nothing compared, because nothing had moved (takt reconcile --site {site} --every)");
    }
    format!(
        "books        {site} at {}: {} equal, {} differ twice, {} not read; unexplained {}{}",
        zones.minute(site, text(run, "cut_off")),
        number(run, "equal"),
        number(run, "differs_twice"),
        number(run, "unread"),
        unexplained(run),
        if state(row) == "under way" { " (under way)" } else { "" }
    )
}

/// Both sides of a thing, as its ledger shows them.
pub(super) fn beside(books: &Value, zones: &Zones) -> String {
    let site = text(books, "site");
    let since = text(books, "differs_since");
    let since = if since.is_empty() { String::new() } else { format!(", differs since {}", zones.second(site, since)) };
    format!(
        "{site} as read {}, cut-off {}{since}\n{}",
        zones.second(site, text(books, "read_at")),
        zones.second(site, text(books, "cut_off")),
        items(list(books, "items"))
    )
}

fn thing(row: &Value, site: &str, zones: &Zones) -> String {
    let mut lines = vec![format!(
        "{:<14} {} {}   {}",
        text(row, "verdict").replace('_', " ").to_uppercase(),
        text(row, "kind"),
        text(row, "name"),
        text(row, "why")
    )];
    if let Some(books) = row.get("books") {
        let raw = text(books, "raw").get(..16).unwrap_or_default();
        lines.push(format!("  read {}  raw {}", zones.second(site, text(books, "read_at")), or_dash(raw)));
        lines.push(items(list(books, "items")));
    }
    let exceptions: Vec<&str> = strings(row, "exceptions").collect();
    if !exceptions.is_empty() {
        lines.push(format!("  exceptions   {}", exceptions.join(", ")));
    }
    lines.join("\n")
}

fn items(all: &[Value]) -> String {
    let mut screen = table(&["", "op", "material", "lot", "ours", "theirs", "netted out", "unexplained", "documents"]);
    for item in all {
        let named = |field: &str, words: &str| {
            let documents: Vec<&str> = strings(item, field).collect();
            if documents.is_empty() { String::new() } else { format!("{words} {} ", documents.join(", ")) }
        };
        let apart = text(item, "unexplained");
        let nothing = apart.starts_with("0 ");
        screen.add_row(vec![
            text(item, "use").to_owned(),
            text(item, "operation").to_owned(),
            text(item, "material").to_owned(),
            text(item, "lot").to_owned(),
            text(item, "ours").to_owned(),
            text(item, "theirs").to_owned(),
            netted(item, "netted"),
            if nothing { "0".to_owned() } else { format!("{apart} ✘") },
            format!("{}{}", named("missing", "not as posted:"), named("strange", "not ours:")),
        ]);
    }
    screen.to_string()
}

fn netted(value: &Value, field: &str) -> String {
    let all: Vec<String> =
        list(value, field).iter().map(|row| format!("{} {}", text(row, "place").replace('_', " "), text(row, "quantity"))).collect();
    if all.is_empty() { "-".to_owned() } else { all.join(" · ") }
}

fn unexplained(run: &Value) -> String {
    let all: Vec<&str> = strings(run, "unexplained").collect();
    match all.as_slice() {
        [] if compared_nothing(run) => "nothing compared".to_owned(),
        [] => "nothing".to_owned(),
        some => some.join(" + "),
    }
}

/// A run that found nothing to read says nothing about the books.
fn compared_nothing(run: &Value) -> bool {
    run.is_object() && run.get("ended_at").is_some() && number(run, "of") == 0
}

fn state(row: &Value) -> &'static str {
    match (row.get("reached").and_then(Value::as_bool), row.get("run")) {
        (Some(true), None) => "never",
        (Some(true), Some(run)) if run.get("ended_at").is_none() => "under way",
        (Some(true), Some(_)) => "over",
        (Some(false) | None, _) => "NOT REACHED",
    }
}
