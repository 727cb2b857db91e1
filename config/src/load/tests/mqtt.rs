//! Links over MQTT: brokers, filters, promises, and the one way by which telemetry leaves the plant.

use super::*;
use crate::links::ways;

const MAPPING: &str = "def inputs: empty; def request: empty; def outcome: empty;";
const COUNTS: &str = "def inputs: { body: { order: { report: { confirmed: {} } } } };";
const TESTS: &str = "site: nord\ncases: [{name: it says no input, given: {}, fails: 'no input'}]\n";

const LINK: &str = "classes: {dispatch_job: dedup_by_key}
link:
  mqtt:
    broker: mqtts://broker.example
    root_certificates: /etc/takt/ca.pem
    client: takt-nord
    user: takt
    password: secret
    send: {dispatch_job: mappings/all.jq}
    topics: {'plant/+/orders/#': {mapping: mappings/all.jq}}
    sparkplug:
      host: takt-nord
      groups: [nord]
      rules:
        good:
          source: nord/line-1/press-1
          metric: Count/Good
          order: Order/Number
          counts: {rolls_over_at: 65536, per_hour_max: 3600}
          mapping: mappings/counts.jq
          tests:
            - {name: it is full, given: [{value: 65530, order: A}, {value: 4}], then: [{order: A, count: 10}]}
        state:
          source: nord/line-1
          metric: State
          states: {settle_ms: 1000}
          mapping: mappings/states.jq
          tests:
            - {name: it stops, given: [{value: up}, {value: down, after_s: 5}, {value: down}], then: [{state: up}, {state: down}]}
";

fn told(link: &str) -> Vec<String> {
    let plant = format!("{PLANT}{link}");
    let found = findings(&[
        ("sites/nord.yaml", &plant),
        ("mappings/all.jq", MAPPING),
        ("mappings/counts.jq", COUNTS),
        ("mappings/counts.test.yaml", TESTS),
        ("mappings/states.jq", MAPPING),
        ("mappings/states.test.yaml", TESTS),
    ]);
    found.iter().map(|one| one.split_once(": ").map_or(one.as_str(), |(_, words)| words).to_owned()).collect()
}

/// What is told when this stands in the place of that.
#[track_caller]
fn instead(before: &str, after: &str, wanted: &str) {
    assert!(LINK.contains(before), "{before}");
    let found = told(&LINK.replacen(before, after, 1));
    assert!(found.iter().any(|one| one.contains(wanted)), "{after}: {found:#?}");
}

#[test]
fn a_link_over_mqtt_is_right_and_becomes_a_way() {
    assert!(told(LINK).is_empty(), "{:#?}", told(LINK));
    let dir = folder(&[
        ("sites/nord.yaml", &format!("{PLANT}{LINK}")),
        ("mappings/all.jq", MAPPING),
        ("mappings/counts.jq", COUNTS),
        ("mappings/counts.test.yaml", TESTS),
        ("mappings/states.jq", MAPPING),
        ("mappings/states.test.yaml", TESTS),
    ]);
    let ways = ways(&load(dir.path(), &BTreeMap::new()).unwrap()).unwrap();
    assert_eq!((ways.len(), ways[0].site.as_str(), ways[0].shows.is_none()), (1, "nord", true));
    for (address, wanted) in [
        ("mqtt://b", Some(("b".to_owned(), 1_883, false))),
        ("mqtts://b.example:99/", Some(("b.example".to_owned(), 99, true))),
        ("mqtts://10.0.0.1", Some(("10.0.0.1".to_owned(), 8_883, true))),
        ("http://b", None),
        ("b:1883", None),
        ("mqtt://b/path", None),
    ] {
        assert_eq!(crate::links::broker(address), wanted, "{address}");
    }
}

#[test]
fn brokers_filters_and_promises_are_told_with_what_to_do() {
    instead("mqtts://broker.example", "https://broker.example", "is no broker. write mqtt://host");
    instead("mqtts://broker.example", "mqtts://me:secret@broker.example", "an address has credentials in it");
    instead("mqtts://", "mqtt://", "is not spoken to over TLS. write mqtts://");
    instead("/etc/takt/ca.pem", "ca.pem", "is not the whole path of a file");
    instead("root_certificates", "client_certificate", "and one is missing");
    instead("client: takt-nord", "client: ''", "the client has no name");
    instead("    user: takt\n", "", "a password is given, and no user");
    instead("    user: takt\n", "    user: takt\n    payload_bytes_max: 3000000\n", "mappings take 2097152 at most");
    instead("    user: takt\n", "    user: takt\n    version: 'newest'\n", "use one of 3.1.1, 5");
    instead("dedup_by_key", "{probe_with_settle: {settle_ms: 5}}", "nobody can ask what became of dispatch_job");
    instead("mapping: mappings/all.jq", "qos: 0, mapping: mappings/all.jq", "may be lost on the way: that is telemetry");
    instead("mapping: mappings/all.jq", "qos: 2, mapping: mappings/all.jq", "no other quality than 1");
    instead("plant/+/orders/#", "plant/#/orders", "a # stands at the end");
    instead("topics: {", "topics: {'plant/nord/#': {mapping: mappings/all.jq}, ", "would mean two things");
    let idle = told("link:\n  mqtt: {broker: 'mqtt://b', client: c}\n");
    assert!(idle.iter().any(|one| one.contains("neither sends nor listens")), "{idle:?}");
}

#[test]
fn telemetry_has_one_way_out_of_the_plant() {
    for around in ["#", "+/nord/#", "spBv1.0/nord/DDATA/line-1/press-1", "spBv1.0/#"] {
        instead("plant/+/orders/#", around, "takes telemetry in Sparkplug B, which would go around the rules");
    }
    instead("plant/+/orders/#", "$rule/good", "is what rules over telemetry tell under");
    instead("          order: Order/Number\n", "", "does not know which order runs");
    instead("states: {settle_ms: 1000}", "states: {}\n          counts: {per_hour_max: 1}", "neither counts nor states, or both");
    instead("mappings/states.jq", "mappings/counts.jq", "reports `confirmed` of the states of the rule state, and a state is no count");
    instead("nord/line-1/press-1", "nord", "is no source of metrics. write group/node");
    instead("nord/line-1/press-1", "sued/line-1/press-1", "nobody listens to the group sued");
    instead("groups: [nord]", "groups: [nord/line-1]", "is no Sparkplug group");
    instead("host: takt-nord", "host: takt/nord", "cannot be the id of a Sparkplug host");
    instead("count: 10", "count: 11", "the test `it is full` of the rule good fails: it gives 10 of A and not 11 of A");
    instead("rolls_over_at: 65536", "rolls_over_at: 60000", "fails: it gives 4 of A and not 10 of A");
    let untried = LINK.split("          tests:\n").collect::<Vec<_>>();
    let found = told(&format!("{}        state:{}", untried[0], LINK.split("        state:").nth(1).unwrap()));
    assert!(found.iter().any(|one| one.contains("nobody tried the rule good")), "{found:#?}");
    let plant = format!("{ERP}{}", LINK.replace("dispatch_job", "post"));
    let files = [("mappings/all.jq", MAPPING), ("mappings/counts.jq", COUNTS), ("mappings/states.jq", MAPPING)];
    let found = findings(&[&[("sites/erp.yaml", plant.as_str())][..], &files[..]].concat());
    assert!(
        found.iter().any(|one| one.contains("a site of kind erp listens to machines: telemetry stays where the machines are")),
        "{found:#?}"
    );
    assert!(found.iter().any(|one| one.contains("nobody tried the mapping of the rule good")), "{found:#?}");
}
