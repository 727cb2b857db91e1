//! What a person may get wrong about the edge of a site.

use super::*;

const MESH: &str = "regions: [eu, gate, far]
clients:
  - {name: planner, token: t, role: planning}
";

const REGIONS: &str = "eu:
  jetstream:
    servers: [\"nats://10.0.0.1:4222\"]
    durability: relaxed
    user: eu
    password: ${EU_PASSWORD}
gate:
  embedded:
    spool: {most: 1000}
";

const ROADS: &str = "- {from: gate, to: eu}
";

const SITE: &str = "kind: quality
region: eu
edge: gate
calendar: {zone: Europe/Berlin}
link:
  http:
    base: http://127.0.0.1:9
    inbound:
      token: t
      topics: {result: mappings/q.jq}
";

fn told(site: &str) -> Vec<String> {
    let mapping = "def inputs: empty;\n";
    let dir = folder(&[
        ("mesh.yaml", MESH),
        ("regions.yaml", REGIONS),
        ("roads.yaml", ROADS),
        ("sites/lims.yaml", site),
        ("mappings/q.jq", mapping),
    ]);
    let variables = BTreeMap::from([("EU_PASSWORD".to_owned(), "s".to_owned())]);
    load(dir.path(), &variables).map_or_else(
        |found| found.iter().map(ToString::to_string).collect(),
        |mesh| {
            let edge = mesh.links.values().next().and_then(|link| link.edge);
            edge.map(|edge| format!("kept at {edge}")).into_iter().collect()
        },
    )
}

#[test]
fn a_site_says_which_region_keeps_what_it_tells() {
    assert_eq!(told(SITE), ["kept at gate"]);
}

#[test]
fn what_is_wrong_with_an_edge_is_told_with_its_line_and_remedy() {
    let (link, _) = SITE.split_at(SITE.find("link:").unwrap());
    for (site, wanted) in [
        (SITE.replace("edge: gate", "edge: gatt"), "there is no region gatt. add it to `regions` in mesh.yaml"),
        (SITE.replace("edge: gate", "edge: eu"), "eu is where it is at home. leave `edge` out"),
        (SITE.replace("edge: gate", "edge: far"), "no road leads from the edge far to eu"),
        (SITE.replace("region: eu", "region: far").replace("edge: gate", "edge: eu"), "region eu is on servers, and keeps nothing"),
        (link.to_owned(), "it tells nothing over HTTP that an edge could keep"),
    ] {
        let found = told(&site);
        assert!(found.iter().any(|said| said.starts_with("sites/lims.yaml:3:") && said.contains(wanted)), "{wanted}: {found:?}");
    }
}
