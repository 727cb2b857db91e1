//! What is written for servers, and what is said where their text leaves something open. The servers themselves judge it in the
//! integration tests.

use std::collections::BTreeMap;
use std::path::Path;

use takt_config::start;

use super::*;

const REGIONS: &str = "main: {jetstream: {servers: ['nats://10.0.0.1:4222', 'nats://10.0.0.2:4222', 'nats://10.0.0.3:4222'], \
     monitors: ['10.0.0.1:8222', '10.0.0.2:8222', '10.0.0.3:8222'], user: main, password: '${MAIN_PASSWORD}'}}\n";

const ROADS: &str = "- {from: edge, to: main, user: edge, password: '${EDGE_PASSWORD}'}\n";

fn planned(regions: &str, roads: &str) -> Plan {
    let dir = tempfile::tempdir().unwrap();
    start::write_to(dir.path()).unwrap();
    let mesh = std::fs::read_to_string(dir.path().join("mesh.yaml")).unwrap();
    std::fs::write(dir.path().join("mesh.yaml"), mesh.replace("regions: [main]", "regions: [main, edge]")).unwrap();
    std::fs::write(dir.path().join("regions.yaml"), regions).unwrap();
    std::fs::write(dir.path().join("roads.yaml"), roads).unwrap();
    let secrets = [("MAIN_PASSWORD", "main's secret"), ("EDGE_PASSWORD", "$2a$11$hash"), ("OTHER_PASSWORD", "edge's secret")];
    let variables: BTreeMap<String, String> = secrets.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let text = doctor::read(dir.path(), &variables, &["regions.yaml", "roads.yaml"]).unwrap();
    let wanted = Nats { dir: "out".into(), config: dir.path().into(), store: "/store".to_owned(), certificates: "/tls".to_owned() };
    nats::plan(&text, &wanted)
}

#[test]
fn a_file_a_server_is_planned_and_no_secret_is_shown() {
    let plan = planned(REGIONS, &ROADS.replace("EDGE_PASSWORD", "OTHER_PASSWORD"));
    assert_eq!(plan.wrong, Vec::<String>::new());
    let names: Vec<&str> = plan.files.iter().map(|file| file.path.to_str().unwrap()).collect();
    assert_eq!(names, ["main/main-1.conf", "main/main-2.conf", "main/main-3.conf"]);
    for file in &plan.files {
        for needed in ["main's secret", "edge's secret", "sync_interval: always", "\"/store/main-", "fwd_edge_urgent", "nats-route://"] {
            assert!(file.text.contains(needed), "{needed} is not in\n{}", file.text);
        }
    }
    assert!(plan.warnings.len() == 1 && plan.warnings[0].contains("root_certificates"), "{:?}", plan.warnings);
    let shown = [lines(Path::new("out"), &plan).join("\n"), told(Path::new("out"), &plan).to_string()].concat();
    assert!(shown.contains("out/main/main-1.conf") && !shown.contains("secret"), "{shown}");
}

#[test]
fn what_the_text_leaves_open_is_named_with_what_to_write() {
    let two = format!(
        "{}{}",
        REGIONS.replace(", '10.0.0.3:8222'", ""),
        REGIONS.replace("main:", "edge:").replace(", 'nats://10.0.0.3:4222'", "")
    );
    for (regions, roads, words) in [
        (REGIONS.to_owned(), "- {from: edge, to: main}\n".to_owned(), "the road from edge to main has no user of its own: write `user`"),
        (REGIONS.to_owned(), ROADS.to_owned(), "begins like a hash"),
        (REGIONS.to_owned(), ROADS.replace("user: edge", "user: main").replace("EDGE_", "OTHER_"), "have the same user `main`"),
        (
            REGIONS.replace("user: main, password: '${MAIN_PASSWORD}'", "token: '${MAIN_PASSWORD}'"),
            "[]".to_owned(),
            "region main has no user",
        ),
        (two.clone(), "[]".to_owned(), "share some servers and not all"),
        (two, "[]".to_owned(), "region edge has 2 servers and 3 monitoring addresses"),
        ("{}".to_owned(), "[]".to_owned(), "no region is on JetStream"),
    ] {
        let plan = planned(&regions, &roads);
        assert!(plan.wrong.iter().any(|why| why.contains(words)), "{words} is not in {:?}", plan.wrong);
        assert!(!plan.wrong.iter().any(|why| why.contains("secret")), "{:?}", plan.wrong);
    }
}

#[test]
fn a_file_is_its_owners_alone_also_where_a_readable_one_stood() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let file = File { path: "a/b.conf".into(), text: "password".to_owned(), is: String::new() };
    let path = dir.path().join("a/b.conf");
    std::fs::create_dir(dir.path().join("a")).unwrap();
    for stale in [&path, &path.with_extension("new")] {
        std::fs::write(stale, "old").unwrap();
        std::fs::set_permissions(stale, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    written(dir.path(), &file).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "password");
}
