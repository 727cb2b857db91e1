//! The streams of a region: what each must be, and how one that is there differs from it. Made at the first start, looked at
//! at every start, never changed: a stream that differs is named with each difference and what to do about it.

use serde_json::{Map, Value, json};
use takt_protocol::name::Region;
use takt_protocol::subject::class;

use super::settings::Settings;

/// What the keys of a stream's metadata begin with that are ours.
const SHARDS: &str = "takt.shards";
const FORMAT: &str = "takt.format";
const INCARNATION: &str = "takt.incarnation";
/// The layout of the streams that this binary reads.
pub(super) const FORMAT_NOW: &str = "1";
const NANOS: u64 = 1_000_000_000;

/// The streams' names.
#[derive(Clone, Debug)]
pub(super) struct Names {
    /// The truth.
    pub(super) log: String,
    /// Queues and their dead-letter boxes.
    pub(super) work: String,
    /// Timers, and those that came due.
    pub(super) timer: String,
    /// Raw payloads.
    pub(super) raw: String,
    /// Snapshots and cursors.
    pub(super) shelf: String,
    /// Leases.
    pub(super) lease: String,
    /// Public events.
    pub(super) events: String,
}

impl Names {
    pub(super) fn of(region: Region) -> Self {
        let name = |class: &str| format!("takt-{region}-{class}");
        Self {
            log: name("log"),
            work: name("work"),
            timer: name("timer"),
            raw: name("raw"),
            shelf: name("shelf"),
            lease: name("lease"),
            events: name("evt"),
        }
    }
}

/// A stream as it must be.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) name: String,
    /// Whether what it holds is truth: missing beside a log that is not empty, it was lost.
    pub(super) truth: bool,
    config: Map<String, Value>,
}

/// The streams of a region, the log first.
pub(super) fn streams(settings: &Settings, names: &Names) -> Vec<Wanted> {
    let region = settings.region;
    let of = |classes: &[&str]| json!(classes.iter().map(|name| class(region, name)).collect::<Vec<_>>());
    let age = |kept: Option<std::time::Duration>| json!(kept.map_or(0, |kept| kept.as_secs() * NANOS));
    let one = |name: &str, truth, changes: Value| {
        let mut config = plain(settings);
        if let Value::Object(changes) = changes {
            config.extend(changes);
        }
        config.insert("name".to_owned(), json!(name));
        Wanted { name: name.to_owned(), truth, config }
    };
    vec![
        // No schedules here, which force roll-ups on, and no purge: one `Nats-Rollup: all` would erase it.
        one(
            &names.log,
            true,
            json!({
                "subjects": of(&["log"]), "deny_delete": true, "deny_purge": true, "allow_direct": true, "allow_atomic": true,
                "metadata": {SHARDS: settings.shards.to_string(), FORMAT: FORMAT_NOW},
            }),
        ),
        one(&names.work, true, json!({"subjects": of(&["in", "out", "fwd", "dead"]), "retention": "workqueue", "allow_atomic": true})),
        // The servers keep a schedule and what came of it in one stream, and such a stream cannot refuse: it has no limits.
        one(
            &names.timer,
            true,
            json!({
                "subjects": of(&["timer", "due"]), "retention": "workqueue", "discard": "old",
                "allow_atomic": true, "allow_msg_schedules": true, "allow_rollup_hdrs": true,
            }),
        ),
        one(&names.raw, true, json!({"subjects": of(&["raw"]), "max_age": age(settings.raw_kept), "allow_direct": true})),
        one(&names.shelf, false, json!({"subjects": of(&["shelf"]), "discard": "old", "max_msgs_per_subject": 1})),
        one(&names.lease, false, json!({"subjects": of(&["lease"]), "discard": "old", "max_msgs_per_subject": 1, "allow_msg_ttl": true})),
        one(
            &names.events,
            false,
            json!({"subjects": of(&["evt"]), "discard": "old", "allow_atomic": true, "max_age": age(Some(settings.events_kept))}),
        ),
    ]
}

/// What all streams have alike; every setting that could lose or change what is written is named.
fn plain(settings: &Settings) -> Map<String, Value> {
    let config = json!({
        "retention": "limits", "storage": "file", "num_replicas": settings.copies(), "discard": "new",
        "max_age": 0, "max_msgs": -1, "max_msg_size": -1, "max_msgs_per_subject": -1, "max_consumers": -1,
        "discard_new_per_subject": false, "no_ack": false, "sealed": false, "deny_delete": false, "deny_purge": false,
        "allow_rollup_hdrs": false, "allow_direct": false, "mirror_direct": false, "allow_msg_ttl": false,
        "allow_atomic": false, "allow_msg_schedules": false, "allow_msg_counter": false,
        "mirror": null, "sources": null, "subject_transform": null, "first_seq": 0,
    });
    if let Value::Object(config) = config { config } else { Map::new() }
}

impl Wanted {
    /// What to ask a server for; a log gets the incarnation it keeps.
    pub(super) fn request(&self, incarnation: u64) -> Value {
        let mut config = self.config.clone();
        config.retain(|_, value| !value.is_null());
        if let Some(Value::Object(metadata)) = config.get_mut("metadata") {
            metadata.insert(INCARNATION.to_owned(), json!(incarnation.to_string()));
        }
        // No message of ours has an id that the servers look at; by default they would keep a window of two minutes.
        config.insert("duplicate_window".to_owned(), json!(NANOS));
        Value::Object(config)
    }

    /// What to ask a server for to get another stream that is set like this one.
    pub(super) fn copy(&self, name: &str, subjects: &str) -> Value {
        let mut copy = self.clone();
        copy.config.insert("name".to_owned(), json!(name));
        copy.config.insert("subjects".to_owned(), json!([subjects]));
        copy.request(1)
    }

    /// How the stream that is there differs, as phrases; empty when it is as it must be.
    pub(super) fn differences(&self, found: &Value) -> Vec<String> {
        let mut differences = Vec::new();
        for (key, wanted) in &self.config {
            let there = found.get(key).unwrap_or(&Value::Null);
            if key == "metadata" {
                differences.extend(metadata(wanted, there));
            } else if !alike(wanted, there) {
                differences.push(format!("`{key}` is {there} and must be {wanted}"));
            }
        }
        // A limit on bytes is the operator's where a full stream refuses; where it would drop the oldest, it would lose work.
        let drops = self.config.get("discard") == Some(&json!("old")) && self.truth;
        if drops && found.get("max_bytes").and_then(Value::as_i64).is_some_and(|most| most > 0) {
            differences.push("`max_bytes` is set, and the stream would drop what waits when it is full: set it to -1".to_owned());
        }
        differences
    }
}

fn metadata(wanted: &Value, there: &Value) -> Vec<String> {
    let Value::Object(wanted) = wanted else { return Vec::new() };
    let differs = |(key, wanted): (&String, &Value)| {
        let found = there.get(key).and_then(Value::as_str).unwrap_or("nothing");
        let wanted = wanted.as_str().unwrap_or_default();
        (found != wanted).then(|| match key.as_str() {
            SHARDS => format!("it was made with {found} shards and is asked for {wanted}: set the number it was made with"),
            _ => format!("`{key}` in its metadata is {found}, and this binary reads {wanted}"),
        })
    };
    wanted.iter().filter_map(differs).collect()
}

/// Whether two settings mean the same: the servers leave out what is off.
fn alike(wanted: &Value, there: &Value) -> bool {
    let off = |value: &Value| value.is_null() || value == &json!(false) || value == &json!(0);
    wanted == there || (off(wanted) && off(there))
}

/// The incarnation that a log was made with.
pub(super) fn incarnation(config: &Value) -> Option<u64> {
    config.get("metadata")?.get(INCARNATION)?.as_str()?.parse().ok().filter(|number| *number != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> Wanted {
        let region = Region::parse("eu").unwrap();
        streams(&Settings::of(region, Vec::new()), &Names::of(region)).remove(0)
    }

    /// As a server answers: what is off is left out.
    fn answered(wanted: &Wanted) -> Value {
        let Value::Object(mut config) = wanted.request(7) else { panic!() };
        config.retain(|_, value| value != &json!(false) && value != &json!(0));
        Value::Object(config)
    }

    #[test]
    fn a_stream_as_it_was_asked_for_does_not_differ_and_keeps_its_incarnation() {
        let found = answered(&log());
        assert_eq!((log().differences(&found), incarnation(&found)), (Vec::new(), Some(7)));
    }

    #[test]
    fn each_setting_that_could_lose_something_is_named_with_what_it_must_be() {
        let changes = [
            ("deny_purge", json!(false)),
            ("allow_rollup_hdrs", json!(true)),
            ("num_replicas", json!(1)),
            ("max_age", json!(5)),
            ("discard", json!("old")),
            ("storage", json!("memory")),
            ("mirror", json!({"name": "x"})),
            ("max_msgs_per_subject", json!(1)),
        ];
        for (key, value) in changes {
            let mut found = answered(&log());
            found[key] = value;
            let differences = log().differences(&found);
            assert!(differences.len() == 1 && differences[0].contains(key), "{key}: {differences:?}");
        }
    }

    #[test]
    fn another_number_of_shards_is_said_in_words() {
        let mut found = answered(&log());
        found["metadata"][SHARDS] = json!("3");
        assert_eq!(log().differences(&found), ["it was made with 3 shards and is asked for 16: set the number it was made with"]);
    }

    #[test]
    fn a_limit_is_the_operators_where_a_full_stream_refuses_and_a_loss_where_it_drops() {
        let region = Region::parse("eu").unwrap();
        for wanted in streams(&Settings::of(region, Vec::new()), &Names::of(region)) {
            let mut found = answered(&wanted);
            found["max_bytes"] = json!(1 << 30);
            assert_eq!(wanted.differences(&found).len(), usize::from(wanted.name == "takt-eu-timer"), "{}", wanted.name);
        }
    }
}
