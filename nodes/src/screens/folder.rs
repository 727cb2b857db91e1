//! What is found in a configuration folder, for a person.

use serde_json::{Value, json};
use takt_config::Finding;
use takt_config::explain::{Explained, Said};
use takt_config::trial::Checked;
use takt_config::trial::rule::{self, Outcome};

use super::{eprintln_line, print};

/// JSON for reading.
pub(crate) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// What cannot be done.
pub(crate) fn wrong(why: &str) {
    eprintln_line(why);
}

/// What is wrong with a folder.
pub(crate) fn findings(found: &[Finding], as_json: bool) {
    if as_json {
        return print(&pretty(&Value::Array(found.iter().map(finding).collect())));
    }
    for finding in found {
        eprintln_line(&finding.to_string());
    }
}

fn finding(finding: &Finding) -> Value {
    json!({ "file": finding.file, "line": finding.line, "column": finding.column, "what": finding.what, "remedy": finding.remedy })
}

/// What a check of a folder found.
pub(crate) fn checked(checked: &Checked, as_json: bool) {
    if as_json {
        return print(&pretty(&json!({
            "right": checked.findings.is_empty(), "hash": checked.hash, "files": checked.files, "mapping_tests": checked.mapping_cases,
            "rule_tests": checked.rule_cases, "unset": checked.unset, "findings": checked.findings.iter().map(finding).collect::<Vec<_>>(),
            "notes": checked.notes.iter().map(finding).collect::<Vec<_>>(),
        })));
    }
    for finding in &checked.findings {
        print(&finding.to_string());
    }
    for note in &checked.notes {
        print(&format!("note  {note}"));
    }
    let ran = format!("{} files, {} tests of mappings, {} of rules", checked.files, checked.mapping_cases, checked.rule_cases);
    match checked.findings.len() {
        0 => print(&format!("RIGHT  {ran}  configuration {}", checked.hash.get(..8).unwrap_or_default())),
        wrong => print(&format!("WRONG  {wrong} in {ran}")),
    }
    if !checked.unset.is_empty() {
        print(&format!("wanted from the environment where it runs: {}", checked.unset.join(", ")));
    }
}

/// Who set what is in force.
pub(crate) fn explained(found: &[Explained], as_json: bool) {
    if as_json {
        let rows = found.iter().map(
            |one| json!({ "key": one.key, "in_force": said(&one.in_force), "overrode": one.overrode.iter().map(said).collect::<Vec<_>>() }),
        );
        return print(&pretty(&Value::Array(rows.collect())));
    }
    for one in found {
        print(&format!("{} = {}", one.key, one.in_force.value));
        print(&format!("    set by         {}", one.in_force));
        for before in &one.overrode {
            print(&format!("    in place of    {}  from {before}", before.value));
        }
    }
}

fn said(said: &Said) -> Value {
    let file = Some(&said.file).filter(|file| !file.is_empty());
    json!({ "value": said.value, "layer": said.layer.word(), "file": file, "line": said.line })
}

/// What a mapping made of what it was given.
pub(crate) fn tried(name: &str, call: &str, outputs: &[Value], left: &[String]) -> String {
    let mut lines = vec![format!("{name}  {call} gives {}", many(outputs.len(), "output"))];
    lines.extend(outputs.iter().map(pretty));
    if !left.is_empty() {
        lines.push(format!("not looked at: {}", left.join(", ")));
    }
    lines.join("\n")
}

/// Which postings came of the reports of a case.
pub(crate) fn posted(name: &str, outcome: &Outcome) -> String {
    let mut lines = vec![name.to_owned()];
    lines.extend(outcome.postings.iter().map(|posting| format!("  {}", rule::told(posting))));
    if outcome.postings.is_empty() {
        lines.push("  no posting".to_owned());
    }
    lines.extend(outcome.left.iter().map(|(series, qty)| format!("  left: {}", rule::left(series, *qty))));
    lines.join("\n")
}

fn many(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
