//! What went to a system and came from it lately on the screen, and who knows it.

use serde_json::Value;

use super::{Zones, list, plain, rows, table, text};

/// What went to a site and came from it lately, and whose knowledge that is.
pub(crate) fn deliveries(answer: &Value, site: &str, zones: &Zones) -> String {
    let told = |node: &Value| match text(node, "since") {
        "" => format!("\n  {} is MISSING: {}", text(node, "who"), zones.in_words(site, text(node, "missing"))),
        since => {
            let kept = match text(node, "kept_since") {
                "" => String::new(),
                first => format!("; and what it kept of before, from {}", zones.at(site, first)),
            };
            format!("\n  {} knows what was since it started, {}{kept}", text(node, "who"), zones.at(site, since))
        }
    };
    let known: String = list(answer, "nodes").iter().map(told).collect();
    if rows(answer).is_empty() {
        return format!("DELIVERIES  nothing is known of {site}{known}");
    }
    let mut screen = table(&["at", "way", "what", "outcome", "ms", "reference", ""]);
    for row in rows(answer) {
        let attempt = row.get("attempt").and_then(Value::as_u64).map(|attempt| format!("attempt {attempt}"));
        let detail = Some(text(row, "detail").to_owned()).filter(|detail| !detail.is_empty());
        screen.add_row(vec![
            zones.at(site, text(row, "at")),
            text(row, "way").to_owned(),
            text(row, "what").to_owned(),
            text(row, "outcome").to_owned(),
            plain(row, "took_ms"),
            text(row, "reference").chars().take(16).collect(),
            attempt.into_iter().chain(detail).collect::<Vec<_>>().join(": "),
        ]);
    }
    let more = match text(answer, "next") {
        "" => String::new(),
        next => format!("\nmore follows: --after {next}"),
    };
    format!("DELIVERIES  {site}, the newest first; raw payloads by their whole reference: --json\n{screen}{more}{known}")
}
