//! Evidence on the screen: errands in doubt, postings with what they stand on, raw messages, genealogy.

use serde_json::Value;

use super::{Zones, age, list, number, or_dash, strings, text};
use crate::answers::facts::spaced;

/// Something that a system was asked to do, and what must not be done meanwhile.
pub(super) fn errand(errand: &Value, plant: &str, zones: &Zones) -> Vec<String> {
    let asked = match (number(errand, "probes"), text(errand, "last_probe")) {
        (0, _) => String::new(),
        // Nobody counts them down: it is asked until it answers.
        (count, last) => format!(", probe {count} {}, asked until it answers", last.replace('_', " ")),
    };
    let counts = match text(errand, "absent_counts_from") {
        "" => String::new(),
        at => format!(", \"not there\" counts from {}", zones.second(plant, at)),
    };
    let next = match text(errand, "next_try_at") {
        "" => String::new(),
        at => format!(", next {}", zones.second(plant, at)),
    };
    let mut lines = vec![format!(
        "{}  {} → {}   {}{asked}{counts}{next}",
        zones.second(plant, text(errand, "since")),
        text(errand, "what"),
        text(errand, "system"),
        text(errand, "standing").to_uppercase().replace('_', " ")
    )];
    let advice: Vec<&str> = [text(errand, "forbidden"), text(errand, "remedy")].into_iter().filter(|words| !words.is_empty()).collect();
    if !advice.is_empty() {
        lines.push(format!("         {}", advice.join("; ")));
    }
    lines
}

/// Postings, each with the reports and the raw messages behind it.
pub(crate) fn postings(answer: &Value, zones: &Zones) -> String {
    let plant = text(answer, "plant");
    let mut lines = vec![format!(
        "POSTINGS {}   as of {}; a message whole: takt raw HASH",
        strings(answer, "names").next().unwrap_or_else(|| text(answer, "id")),
        zones.at(plant, text(answer, "as_of"))
    )];
    for posting in list(answer, "postings") {
        lines.push(posted(posting));
        let sources = list(posting, "sources");
        lines.extend(sources.iter().take(SOURCES_SHOWN).map(|source| reported(source, plant, zones)));
        let more = sources.len().saturating_sub(SOURCES_SHOWN) as u64 + number(posting, "more");
        if more > 0 {
            lines.push(format!("        … and {more} reports more: --json"));
        }
    }
    let open = list(answer, "open");
    if !open.is_empty() {
        lines.push(format!("in no posting yet: {} reports", open.len()));
        lines.extend(open.iter().take(SOURCES_SHOWN).map(|source| reported(source, plant, zones)));
    }
    if list(answer, "postings").is_empty() && open.is_empty() {
        lines.push("nothing was reported yet".to_owned());
    }
    lines.join("\n")
}

/// Reports of one posting that fit a screen.
const SOURCES_SHOWN: usize = 10;

/// A posting of a ledger, on a line.
pub(super) fn posted(posting: &Value) -> String {
    let what: Vec<&str> = strings(posting, "lines").collect();
    let why = if text(posting, "why").is_empty() { String::new() } else { format!("  ({})", text(posting, "why")) };
    let word = match text(posting, "adopted_by") {
        "" => String::new(),
        by => format!("  (adopted on the word of {by}, not read in the ERP then; takt reconcile compares it)"),
    };
    format!(
        "{:>4}  {:<13} {:<9} {:<18} {}  {}  by rule {}{why}{word}",
        number(posting, "number"),
        spaced(text(posting, "movement")),
        spaced(text(posting, "standing")),
        or_dash(text(posting, "document")),
        text(posting, "date"),
        what.join("; "),
        text(posting, "rule")
    )
}

fn reported(source: &Value, plant: &str, zones: &Zones) -> String {
    let raw = if text(source, "raw").is_empty() { "no raw message".to_owned() } else { format!("raw {}", text(source, "raw")) };
    format!(
        "        ← {} {}  {}  {} {}",
        zones.second(plant, text(source, "at")),
        text(source, "source"),
        text(source, "what"),
        raw,
        text(source, "mapping")
    )
}

/// The raw messages of an order.
pub(crate) fn raws(answer: &Value, plant: &str, zones: &Zones) -> String {
    let steps = list(answer, "steps").iter().filter(|step| !text(step, "raw").is_empty());
    let line = |step: &Value| {
        format!(
            "{}  {:<10} {:<28} {}  {}",
            zones.second(plant, text(step, "at")),
            text(step, "source"),
            text(step, "key"),
            text(step, "raw"),
            text(step, "mapping")
        )
    };
    let lines: Vec<String> = steps.map(line).collect();
    if lines.is_empty() {
        return match super::more(answer) {
            more if more.is_empty() => "no raw message is behind this order".to_owned(),
            more => format!("no raw message is behind these steps{more}"),
        };
    }
    format!(
        "RAW MESSAGES {}   one whole: takt raw HASH; what it led to: takt order postings ORDER --raw HASH\n{}{}",
        text(answer, "id"),
        lines.join("\n"),
        super::more(answer)
    )
}

/// What went into an order and what came out.
pub(crate) fn genealogy(answer: &Value, zones: &Zones) -> String {
    let names = |of: &Value, field: &str| {
        let mut all: Vec<&str> = list(of, field).iter().map(|edge| text(edge, "lot")).collect();
        all.sort_unstable();
        if all.is_empty() { "nothing known".to_owned() } else { all.join(", ") }
    };
    let order = if text(answer, "order").is_empty() { text(answer, "id") } else { text(answer, "order") };
    let mut lines = vec![
        format!("GENEALOGY {order}   as of {}", zones.at(text(answer, "plant"), text(answer, "as_of"))),
        format!("  went in    {}", names(answer, "consumed")),
    ];
    for made in list(answer, "made") {
        lines.push(format!("  came out   {}", or_dash(text(made, "lot"))));
        lines.push(format!("    made from  {}", names(made, "ancestors")));
        lines.push(format!("    made into  {}", names(made, "descendants")));
        lines.push(format!("    shipments  {}", or_dash(&super::stock::carried(made))));
    }
    if list(answer, "made").is_empty() {
        lines.push("  came out   nothing yet".to_owned());
    }
    lines.join("\n")
}

/// How long ago, for a line.
pub(super) fn ago(now: &str, then: &str) -> String {
    format!("{} ago", age(now, then))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_posting_in_doubt_says_how_often_its_system_was_asked_and_that_it_is_asked_on() {
        let zones = Zones::of(&json!({ "rows": [{ "name": "nord", "zone": "Europe/Berlin" }] }));
        let row = |probes: u64| {
            json!({ "since": "2026-11-24T02:05:10Z", "system": "erp-eu", "what": "goods receipt: produced 480 H87 FG-100", "standing": "in_doubt",
                "probes": probes, "last_probe": "no_answer", "next_try_at": "2026-11-24T02:14:00Z", "absent_counts_from": "2026-11-24T02:05:22Z", "forbidden": "DO NOT POST BY HAND until probed" })
        };
        let head = "11-24 03:05:10  goods receipt: produced 480 H87 FG-100 → erp-eu   IN DOUBT";
        let counts = ", \"not there\" counts from 11-24 03:05:22, next 11-24 03:14:00";
        let asked = format!("{head}, probe 2 no answer, asked until it answers{counts}");
        assert_eq!(errand(&row(2), "nord", &zones), [asked.as_str(), "         DO NOT POST BY HAND until probed"]);
        assert_eq!(errand(&row(0), "nord", &zones)[0], format!("{head}{counts}"));
    }
}
