//! What a person may get wrong about where a region keeps its log.

use super::*;
use crate::text::{DurabilityText, EngineText};
use crate::{demo, trial};

const RIGHT: &str = "eu:
  jetstream:
    servers: [\"nats://10.0.0.1:4222\", \"tls://nats-2.example:4222\"]
    monitors: [\"10.0.0.1:8222\", \"nats-2.example:8222\"]
    user: eu
    password: ${EU_PASSWORD}
    root_certificates: /etc/takt/ca.pem
    shards: 8
";

fn variables() -> BTreeMap<String, String> {
    BTreeMap::from([("EU_PASSWORD".to_owned(), "s3cret".to_owned())])
}

fn told(regions: &str) -> Vec<String> {
    let dir = folder(&[("regions.yaml", regions)]);
    load(dir.path(), &variables()).map_or_else(|found| found.iter().map(ToString::to_string).collect(), |_| Vec::new())
}

#[test]
fn a_region_on_jetstream_is_read_whole_and_its_secret_comes_from_outside() {
    let dir = folder(&[("regions.yaml", RIGHT)]);
    let mesh = load(dir.path(), &variables()).unwrap_or_else(|found| panic!("{found:?}"));
    let eu = Region::parse("eu").unwrap();
    let EngineText::Jetstream(text) = &mesh.engines[&eu] else { panic!() };
    assert_eq!(text.servers.iter().map(|server| server.value.as_str()).collect::<Vec<_>>()[1], "tls://nats-2.example:4222");
    assert_eq!(text.password.as_ref().unwrap().value, "s3cret");
    assert_eq!((text.durability, text.shards.unwrap().get()), (DurabilityText::Durable, 8));
    assert!(load(folder(&[]).path(), &BTreeMap::new()).unwrap().engines.is_empty(), "left out, a region is on the embedded engine");
    let mut notes = Vec::new();
    assert!(load_noted(&Folder::read(dir.path()).unwrap(), &variables(), None, &mut notes).is_ok());
    let wanted = "eu names 2 of its servers to be looked at, and what is durable is on most of three";
    assert!(notes.iter().any(|note| note.line == 2 && note.what == wanted), "{notes:#?}");
}

#[test]
fn what_is_wrong_with_a_region_on_jetstream_is_told_with_its_line_and_remedy() {
    for (before, after, wanted) in [
        ("eu:\n", "uk:\n", "regions.yaml:2:3: there is no region uk. add it to `regions` in mesh.yaml"),
        (
            "nats://10.0.0.1:4222",
            "10.0.0.1:4222",
            "regions.yaml:3:15: `10.0.0.1:4222` is no address of a nats-server. write `nats://host:port`",
        ),
        ("nats://10.0.0.1:4222", "nats://10.0.0.1", "is no address of a nats-server"),
        ("nats://10.0.0.1:4222", "nats://a:b@10.0.0.1:4222", "the address of 10.0.0.1:4222 has credentials in it. write them as `user`"),
        ("\"10.0.0.1:8222\"", "\"10.0.0.1\"", "regions.yaml:4:16: `10.0.0.1` is no monitoring address. write host and port"),
        ("nats-2.example:8222", "10.0.0.1:8222", "the monitoring address 10.0.0.1:8222 stands twice"),
        ("    monitors: [\"10.0.0.1:8222\", \"nats-2.example:8222\"]\n", "", "nobody could see whether the servers of eu keep what they"),
        ("${EU_PASSWORD}", "s3cret", "the password stands in the text. write `password: ${NAME}` and set NAME in the environment"),
        ("${EU_PASSWORD}", "${EU_SECRET}", "the variable EU_SECRET is not set"),
        ("    user: eu\n", "", "a password without a user. write `user:` beside it"),
        ("    password: ${EU_PASSWORD}\n", "", "a user has a password. write `password: ${NAME}`"),
        ("password: ${EU_PASSWORD}", "token: ${EU_PASSWORD}", "a user and a token. leave one of them out"),
        ("/etc/takt", "etc/takt", "`etc/takt/ca.pem` is not the whole path of a file"),
        ("shards: 8", "shards: 0", "regions.yaml:8:5: integer `0` cannot stand here"),
        ("shards: 8", "shard: 8", "there is no key `shard` here"),
        ("jetstream:", "jetsream:", "`jetsream` is no word for this"),
        ("\"nats://10.0.0.1:4222\", \"tls://nats-2.example:4222\"", "", "the region eu has no server"),
    ] {
        assert!(RIGHT.contains(before), "{before}");
        let found = told(&RIGHT.replacen(before, after, 1));
        assert!(found.len() == 1 && found[0].contains(wanted), "{after}: {found:#?}");
        assert!(!found[0].contains("s3cret"), "a secret is shown: {found:?}");
    }
    let relaxed =
        RIGHT.replace("shards: 8", "durability: relaxed").replace("    monitors: [\"10.0.0.1:8222\", \"nats-2.example:8222\"]\n", "");
    assert_eq!(told(&relaxed), Vec::<String>::new());
}

#[test]
fn the_demo_s_regions_on_jetstream_are_right_and_checked_without_their_ports() {
    let dir = tempfile::tempdir().unwrap();
    demo::write_to(dir.path()).unwrap();
    let (name, text) = demo::ON_NATS;
    std::fs::write(dir.path().join(name), text).unwrap();
    let checked = trial::check(dir.path(), &BTreeMap::new());
    assert!(checked.findings.is_empty(), "{:#?}", checked.findings);
    let nats: Vec<&str> = checked.unset.iter().map(String::as_str).filter(|name| name.starts_with("NATS_")).collect();
    assert_eq!(nats.len(), 9, "{nats:?}");
}

#[test]
fn the_spool_of_a_region_on_a_disk_is_read_and_one_without_room_is_told() {
    let text = |spool: &str| format!("eu:\n  embedded:\n    spool: {spool}\n");
    let dir = folder(&[("regions.yaml", &text("{most: 200000, reserve: 5000}"))]);
    let mesh = load(dir.path(), &variables()).unwrap_or_else(|found| panic!("{found:?}"));
    let EngineText::Embedded(eu) = &mesh.engines[&Region::parse("eu").unwrap()] else { panic!() };
    let spool = eu.spool.as_ref().unwrap();
    assert_eq!((spool.most.get(), spool.reserve), (200_000, Some(5_000)));
    for (wrong, wanted) in
        [("{most: 0}", "integer `0` cannot stand here"), ("{reserve: 5}", "most"), ("{most: 5, least: 1}", "no key `least`")]
    {
        let found = told(&text(wrong));
        assert!(found.len() == 1 && found[0].contains(wanted), "{wrong}: {found:#?}");
    }
}
