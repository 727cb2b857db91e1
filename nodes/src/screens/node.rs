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
    let mut screen =
        table(&["from", "to", "dials", "", "for", "heard", "round trip", "urgent", "other", "full", "lasts", "oldest", "dead", "last", ""]);
    let now = text(answer, "as_of");
    for link in rows(answer) {
        let is_up = link.get("up").and_then(Value::as_bool).unwrap_or(false);
        let ago = |field| age(now, text(link, field));
        let known = |field| if link.get(field).is_some() { plain(link, field) } else { "-".to_owned() };
        let micros = link.get("round_trip_us").and_then(Value::as_u64);
        let round_trip =
            micros.filter(|_| is_up).map_or_else(|| "-".to_owned(), |micros| format!("{}.{} ms", micros / 1_000, micros / 100 % 10));
        let trouble = [short(text(link, "alarm")), text(link, "trouble"), text(link, "error")]
            .into_iter()
            .find(|said| !said.is_empty())
            .unwrap_or_default();
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
            full(link),
            link.get("lasts_s").and_then(Value::as_u64).map_or_else(|| "-".to_owned(), lasts),
            ago("oldest"),
            known("dead"),
            plain(link, "sequence"),
            trouble.to_owned(),
        ]);
    }
    if rows(answer).is_empty() {
        return "LINKS   none: every region runs in this process, or roads.yaml leads nowhere from here\n".to_owned();
    }
    format!(
        "LINKS   between regions   urgent, other: mail that waits; full: its room; lasts: at the last day's pace; oldest: for how long; last: number that was brought last\n{screen}"
    )
}

/// How full the room for mail is.
fn full(link: &Value) -> String {
    link.get("full_percent").and_then(Value::as_u64).map_or_else(|| "-".to_owned(), |percent| format!("{percent} %"))
}

/// A stretch of time, as a person needs it.
pub(super) fn lasts(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        172_800.. => format!("{} d", seconds / 86_400),
    }
}

/// What is said where the room for mail gets short.
fn short(alarm: &str) -> &'static str {
    match alarm {
        "half" => "HALF FULL: see to the line",
        "most" => "NEARLY FULL: see to the line now",
        "full" => "FULL: senders are not acknowledged, but for holds",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_room_for_mail_that_gets_short_is_said_aloud_with_how_long_it_lasts() {
        let zones = Zones::of(&json!({}));
        let row = |alarm, percent, lasts_s| json!({"from": "nord", "to": "eu", "up": false, "other": 9, "full_percent": percent, "lasts_s": lasts_s, "alarm": alarm});
        let screen = links(&json!({"rows": [row("most", 85, 10_000), row("full", 100, 0)]}), &zones);
        for wanted in ["85 %", "2 h", "NEARLY FULL", "100 %", "0 s", "FULL: senders are not acknowledged"] {
            assert!(screen.contains(wanted), "{wanted}: {screen}");
        }
        let calm = links(&json!({"rows": [{"from": "nord", "to": "eu", "up": true, "other": 9, "full_percent": 1}]}), &zones);
        assert!(calm.contains("1 %") && !calm.contains("FULL"), "{calm}");
        assert_eq!([lasts(59), lasts(60), lasts(7_200), lasts(172_800)], ["59 s", "1 min", "2 h", "2 d"]);
    }

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
