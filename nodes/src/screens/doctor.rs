//! How the servers of the regions are, for a person: what is not as it must be first, each line with what mends it.

use serde_json::Value;

use super::{list, pretty, print, text};

/// What a visit found.
pub(crate) fn doctor(found: &Value, as_json: bool) {
    if as_json {
        return print(&pretty(found));
    }
    for region in list(found, "regions") {
        print(&region_lines(region).join("\n"));
    }
}

fn region_lines(region: &Value) -> Vec<String> {
    let checks = list(region, "checks");
    let name = text(region, "region");
    if text(region, "engine") == "embedded" {
        return vec![format!("REGION {name}  on the embedded engine: it has no servers to look at")];
    }
    let count = |verdict: &str| checks.iter().filter(|check| text(check, "verdict") == verdict).count();
    let stands = match (count("unsafe"), count("warning")) {
        (0, 0) => "as it must be".to_owned(),
        (0, more) => format!("a node starts; {more} to look at"),
        (bad, more) => format!("NO NODE STARTS: {bad} unsafe, {more} more to look at"),
    };
    let head = format!("REGION {name}  on JetStream  {stands}");
    let of = |verdict: &'static str| checks.iter().filter(move |check| text(check, "verdict") == verdict).map(line);
    std::iter::once(head).chain(of("unsafe")).chain(of("warning")).chain(of("good")).collect()
}

fn line(check: &Value) -> String {
    let mark = match text(check, "verdict") {
        "good" => "good",
        "warning" => "LOOK",
        _ => "BAD ",
    };
    format!("  {mark}  {:<16} {}", text(check, "what"), text(check, "says"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::region_lines;

    #[test]
    fn what_is_bad_stands_first_with_what_mends_it() {
        let region = json!({ "region": "eu", "engine": "jetstream", "checks": [
            { "what": "version", "verdict": "good", "says": "server `n1` is version 2.15.1" },
            { "what": "copies", "verdict": "warning", "says": "the copy on n3 is behind: start that server" },
            { "what": "sync", "verdict": "unsafe", "says": "server `n2` acknowledges before: add `sync_interval: always`" } ] });
        let lines = region_lines(&region);
        let begins: Vec<&str> = lines.iter().map(|line| line.get(..8).unwrap().trim()).collect();
        assert_eq!(begins, ["REGION e", "BAD", "LOOK", "good"], "{lines:#?}");
        assert!(lines[0].contains("NO NODE STARTS: 1 unsafe, 1 more") && lines[1].contains("add `sync_interval: always`"), "{lines:#?}");
        assert!(region_lines(&json!({ "region": "na", "engine": "embedded" }))[0].contains("no servers to look at"));
    }
}
