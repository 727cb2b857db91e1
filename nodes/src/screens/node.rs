//! The nodes of a mesh and the shards of its regions, on the screen.

use serde_json::Value;

use super::{Zones, age, list, or_dash, plain, rows, table, text};

/// The nodes.
pub(crate) fn nodes(answer: &Value, _: &Zones) -> String {
    let mut screen = table(&["node", "up", "regions", "shards", "sites", "loaded", "behind", ""]);
    for node in rows(answer) {
        let joined = |field| list(node, field).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
        let answers = node.get("answers").and_then(Value::as_bool).unwrap_or(false);
        let said = |field| if answers { plain(node, field) } else { "-".to_owned() };
        screen.add_row(vec![
            text(node, "name").to_owned(),
            age(text(answer, "as_of"), text(node, "since")),
            joined("regions"),
            said("shards"),
            joined("sites"),
            said("load"),
            said("behind"),
            if answers {
                String::new()
            } else {
                "NO ANSWER: it is stopped, cut off or dead; its work moves when its leases have passed".to_owned()
            },
        ]);
    }
    format!("NODES   loaded: orders, lots, units, shipments, sites and records; behind: its lists, in numbers of the log\n{screen}")
}

/// The shards.
pub(crate) fn shards(answer: &Value, _: &Zones) -> String {
    let mut screen = table(&["region", "shard", "owner", "epoch", "for", "waiting", ""]);
    for shard in rows(answer) {
        let owner = text(shard, "owner");
        screen.add_row(vec![
            text(shard, "region").to_owned(),
            plain(shard, "shard"),
            or_dash(owner).to_owned(),
            plain(shard, "epoch"),
            age(text(answer, "as_of"), text(shard, "since")),
            plain(shard, "waiting"),
            if owner.is_empty() { "NOBODY runs it just now: requests wait".to_owned() } else { String::new() },
        ]);
    }
    format!("SHARDS   for: since its owner runs it; waiting: inputs to be decided\n{screen}")
}

/// The roads to other regions.
pub(crate) fn links(answer: &Value, _: &Zones) -> String {
    let mut screen = table(&["from", "to", "dials", "", "for", "heard", "round trip", "urgent", "other", "oldest", "dead", "last", ""]);
    let now = text(answer, "as_of");
    for link in rows(answer) {
        let is_up = link.get("up").and_then(Value::as_bool).unwrap_or(false);
        let ago = |field| age(now, text(link, field));
        let known = |field| if link.get(field).is_some() { plain(link, field) } else { "-".to_owned() };
        let micros = link.get("round_trip_us").and_then(Value::as_u64);
        let round_trip =
            micros.filter(|_| is_up).map_or_else(|| "-".to_owned(), |micros| format!("{}.{} ms", micros / 1_000, micros / 100 % 10));
        let trouble = [text(link, "trouble"), text(link, "error")].into_iter().find(|said| !said.is_empty()).unwrap_or_default();
        screen.add_row(vec![
            text(link, "from").to_owned(),
            text(link, "to").to_owned(),
            text(link, "dialled_by").to_owned(),
            if is_up { "up" } else { "DOWN" }.to_owned(),
            ago("since"),
            if is_up { String::new() } else { or_dash(&ago("heard")).to_owned() },
            round_trip,
            known("urgent"),
            known("other"),
            ago("oldest"),
            known("dead"),
            plain(link, "sequence"),
            trouble.to_owned(),
        ]);
    }
    if rows(answer).is_empty() {
        return "LINKS   none: every region runs in this process, or roads.yaml leads nowhere from here\n".to_owned();
    }
    format!("LINKS   between regions   urgent, other: mail that waits; oldest: for how long; last: number that was brought last\n{screen}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_silent_node_and_a_shard_that_nobody_runs_are_said_aloud() {
        let zones = Zones::of(&json!({}));
        let row = |name, answers| json!({"name": name, "regions": ["eu"], "shards": 8, "sites": ["nord"], "load": 3, "behind": 0, "answers": answers});
        let screen = nodes(&json!({"as_of": "2026-11-24T06:00:00Z", "rows": [row("a", true), row("b", false)]}), &zones);
        let of =
            |screen: &str, begins: &str| screen.lines().find(|line| line.trim_start().starts_with(begins)).unwrap_or_default().to_owned();
        assert!(of(&screen, "a").contains('8') && !of(&screen, "a").contains("NO ANSWER"), "{screen}");
        assert!(of(&screen, "b").contains("NO ANSWER") && !of(&screen, "b").contains('8'), "{screen}");
        let row = |shard, owner: &str| json!({"region": "eu", "shard": shard, "owner": owner, "epoch": 5, "waiting": 2});
        let screen = shards(&json!({"rows": [row(0, "a"), row(1, "")]}), &zones);
        assert!(screen.matches("NOBODY").count() == 1 && screen.contains("eu"), "{screen}");
    }
}
