//! What a person may get wrong about how regions reach each other.

use super::*;

const REGIONS: &str = "eu:
  jetstream:
    servers: [\"nats://10.0.0.1:4222\"]
    durability: relaxed
    user: eu
    password: ${EU_PASSWORD}
";

const RIGHT: &str = "- from: na
  to: eu
  servers: [\"nats://eu.example:4222\"]
  user: na
  password: ${NA_PASSWORD}
";

const MESH: &str = "regions: [eu, na]
clients:
  - {name: planner, token: t, role: planning}
";

fn variables() -> BTreeMap<String, String> {
    ["EU_PASSWORD", "NA_PASSWORD"].map(|name| (name.to_owned(), "s3cret".to_owned())).into()
}

fn told(roads: &str, more: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<(&str, &str)> =
        [("mesh.yaml", MESH), ("regions.yaml", REGIONS), ("roads.yaml", roads)].into_iter().chain(more.iter().copied()).collect();
    let dir = folder(&files);
    load(dir.path(), &variables()).map_or_else(|found| found.iter().map(ToString::to_string).collect(), |_| Vec::new())
}

#[test]
fn a_road_is_read_whole_and_its_secret_comes_from_outside() {
    let dir = folder(&[("mesh.yaml", MESH), ("regions.yaml", REGIONS), ("roads.yaml", RIGHT)]);
    let mesh = load(dir.path(), &variables()).unwrap_or_else(|found| panic!("{found:?}"));
    let [road] = mesh.roads.as_slice() else { panic!() };
    assert_eq!((road.from.value.as_str(), road.to.value.as_str()), ("na", "eu"));
    assert_eq!(road.password.as_ref().unwrap().value, "s3cret");
    assert!(load(folder(&[]).path(), &BTreeMap::new()).unwrap().roads.is_empty());
}

#[test]
fn a_process_needs_the_secrets_of_its_own_regions_and_roads_only() {
    let dir = folder(&[("mesh.yaml", MESH), ("regions.yaml", REGIONS), ("roads.yaml", RIGHT)]);
    let of = |name: &str, here: &str| {
        let variables = BTreeMap::from([(name.to_owned(), "s".to_owned())]);
        load_for(dir.path(), &variables, Some(&[Region::parse(here).unwrap()])).map(drop)
    };
    assert_eq!((of("EU_PASSWORD", "eu"), of("NA_PASSWORD", "na")), (Ok(()), Ok(())));
    let missing = of("EU_PASSWORD", "na").unwrap_err();
    assert!(missing.len() == 1 && missing[0].to_string().contains("the variable NA_PASSWORD is not set"), "{missing:?}");
}

#[test]
fn events_that_are_told_over_a_road_are_known_and_of_its_own_sites() {
    let site = |region: &str| format!("kind: quality\nregion: {region}\ncalendar: {{zone: Europe/Berlin}}\n");
    let (lims, other) = (site("na"), site("eu"));
    let sites = [("sites/lims.yaml", lims.as_str()), ("sites/other.yaml", other.as_str())];
    let with = |events: &str| format!("{RIGHT}  events: [{events}]\n");
    let right = with("{types: [lot.held, \"order.*\"], sites: [lims]}, {types: [\"exception.*\"]}");
    assert_eq!(told(&right, &sites), Vec::<String>::new());
    let dir = folder(&[("mesh.yaml", MESH), ("regions.yaml", REGIONS), ("roads.yaml", &right), sites[0]]);
    let mesh = load(dir.path(), &variables()).unwrap_or_else(|found| panic!("{found:?}"));
    let all: std::collections::BTreeSet<_> = mesh.book.sites.keys().copied().collect();
    let exports = mesh.roads[0].exports(&all);
    let named: Vec<_> = exports.iter().map(|export| (export.family.as_str(), export.name.as_deref(), export.sites.len())).collect();
    assert_eq!(named, [("lot", Some("held"), 1), ("order", None, 1), ("exception", None, all.len())]);
    assert!(all.len() > 1, "{all:?}");
    for (events, wanted) in [
        ("{types: [lot.hold]}", "there are no events lot.hold. did you mean lot.held?"),
        ("{types: [everything]}", "there are no events everything"),
        ("{types: []}", "`events` names no types"),
        ("{types: [lot.held], sites: [other]}", "other is not at home in na, whose events these are"),
        ("{types: [lot.held], sites: [nobody]}", "nobody is not at home in na"),
    ] {
        let found = told(&with(events), &sites);
        assert!(found.len() == 1 && found[0].starts_with("roads.yaml:") && found[0].contains(wanted), "{events}: {found:#?}");
    }
}

#[test]
fn what_is_wrong_with_a_road_is_told_with_its_line_and_remedy() {
    for (before, after, wanted) in [
        ("to: eu", "to: uk", "roads.yaml:2:7: there is no region uk. add it to `regions` in mesh.yaml"),
        ("to: eu", "to: na", "roads.yaml:1:3: a road from na to itself"),
        ("from: na\n  to: eu", "from: eu\n  to: na", "na has no servers that eu could dial. let na dial: write `from: na` and `to: eu`"),
        ("${NA_PASSWORD}", "s3cret", "the password stands in the text. write `password: ${NAME}`"),
        ("${NA_PASSWORD}", "${OTHER}", "the variable OTHER is not set"),
        ("  user: na\n", "", "a password without a user"),
        ("nats://eu.example:4222", "eu.example", "`eu.example` is no address of a nats-server"),
        ("servers:", "server:", "there is no key `server` here"),
        ("servers: [\"nats://eu.example:4222\"]", "leaf: true", "it is not said where the leaf node from na to eu stands"),
    ] {
        assert!(RIGHT.contains(before), "{before}");
        let found = told(&RIGHT.replacen(before, after, 1), &[]);
        assert!(found.len() == 1 && found[0].contains(wanted), "{after}: {found:#?}");
        assert!(!found[0].contains("s3cret"), "a secret is shown: {found:?}");
    }
    assert_eq!(told(RIGHT, &[]), Vec::<String>::new());
    let both = format!("{RIGHT}- {{from: eu, to: na}}\n");
    assert!(told(&both, &[]).iter().any(|found| found.contains("eu and na both dial. delete one of them")), "{:?}", told(&both, &[]));
    let twice = format!("{RIGHT}- {{from: na, to: eu}}\n");
    assert!(told(&twice, &[]).iter().any(|found| found.contains("the road from na to eu stands twice")));
}

#[test]
fn a_site_that_works_with_one_of_a_region_to_which_no_road_leads_is_told() {
    let mesh = MESH.replace("[eu, na]", "[eu, na, asia]");
    let nord = PLANT.replace("region: eu", "region: asia");
    let found = told(RIGHT, &[("mesh.yaml", &mesh), ("sites/nord.yaml", &nord)]);
    let wanted = "sites/nord.yaml:4:6: no road leads from asia to eu, where erp is. write `- {from: asia, to: eu}` in roads.yaml";
    assert!(found.len() == 1 && found[0].contains(wanted), "{found:#?}");
    let roads = format!("{RIGHT}- {{from: asia, to: eu}}\n");
    assert_eq!(told(&roads, &[("mesh.yaml", &mesh), ("sites/nord.yaml", &nord)]), Vec::<String>::new());
}

#[test]
fn a_road_may_say_how_much_mail_goes_over_it_in_a_second() {
    let dir = folder(&[("mesh.yaml", MESH), ("regions.yaml", REGIONS), ("roads.yaml", &format!("{RIGHT}  mail_per_second: 500\n"))]);
    let mesh = load(dir.path(), &variables()).unwrap_or_else(|found| panic!("{found:?}"));
    assert_eq!(mesh.roads[0].mail_per_second.map(std::num::NonZero::get), Some(500));
    let found = told(&format!("{RIGHT}  mail_per_second: 0\n"), &[]);
    assert!(found.len() == 1 && found[0].starts_with("roads.yaml:"), "{found:?}");
}
