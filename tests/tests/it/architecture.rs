//! The architecture, held by tests: arrows between crates, one home for each shaping dependency, the size of files and
//! functions, a module doc in every file, and calls that only one place may make.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Left to right: a crate may use only what stands before it.
const ARROW: [&str; 7] = ["protocol", "cluster", "actors", "config", "simulations", "nodes", "tests"];

/// The dependencies that shape the design, and who may name them (tests listen to the bus and must-fail controls use sled).
const HOMES: [(&str, &[&str]); 16] = [
    ("async-nats", &["cluster", "tests"]),
    ("redb", &["cluster"]),
    ("sled", &["cluster", "tests"]),
    ("dashmap", &["cluster"]),
    ("ractor", &["actors"]),
    ("sqlx", &["actors"]),
    ("mqtt4", &["actors"]),
    ("mqtt5", &["actors"]),
    ("rmp-serde", &["protocol"]),
    ("sha2", &["protocol"]),
    ("hmac", &["protocol"]),
    ("jaq-core", &["actors"]),
    ("serde-saphyr", &["config"]),
    ("tonic", &["nodes"]),
    ("clap", &["nodes"]),
    ("anyhow", &["nodes", "simulations"]),
];

/// What may stand at the top of the tree, besides dot files.
const TOP: [&str; 11] =
    ["Cargo.toml", "Cargo.lock", "README.md", "LICENSE", "nodes", "actors", "protocol", "cluster", "config", "simulations", "tests"];

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 60;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        let mut entries: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() && path.file_name().unwrap() != "target" {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    for name in ARROW {
        walk(&root().join(name), &mut found);
    }
    assert!(found.len() > 50, "the walk found almost nothing: it proves nothing");
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn manifest(name: &str) -> String {
    fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap()
}

fn uses(manifest: &str, dependency: &str) -> bool {
    manifest.lines().any(|line| line.split(['.', ' ', '=']).next() == Some(dependency))
}

fn complain(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn the_arrow_between_crates_points_one_way() {
    let mut broken = Vec::new();
    for (at, name) in ARROW.iter().enumerate() {
        for later in ARROW.iter().skip(at) {
            if uses(&manifest(name), &format!("takt-{later}")) {
                broken.push(format!("{name} uses {later}, which stands after it"));
            }
        }
    }
    complain(&broken);
}

#[test]
fn every_shaping_dependency_has_one_home() {
    let mut broken = Vec::new();
    for (dependency, homes) in HOMES {
        for name in ARROW.iter().filter(|name| !homes.contains(name)) {
            if uses(&manifest(name), dependency) {
                broken.push(format!("{name} uses {dependency}, whose home is {}", homes.join(" or ")));
            }
        }
    }
    complain(&broken);
}

#[test]
fn a_dependency_is_declared_once_in_the_workspace() {
    let mut broken = Vec::new();
    for name in ARROW {
        let text = manifest(name);
        for line in text.lines().skip_while(|line| !line.contains("dependencies]")).filter(|line| line.contains("version =")) {
            broken.push(format!("{name}: `{line}` belongs into the workspace's table"));
        }
    }
    complain(&broken);
}

#[test]
fn the_top_level_holds_what_the_readme_says_and_nothing_else() {
    let mut broken = Vec::new();
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        if !(name.starts_with('.') || name == "target" || name == "deploy" || TOP.contains(&name.as_str())) {
            broken.push(format!("{name} does not belong at the top"));
        }
    }
    complain(&broken);
}

#[test]
fn every_file_says_in_its_first_lines_why_it_is_apart() {
    let silent = sources().into_iter().filter(|(path, text)| !text.starts_with("//!") && !path.ends_with("tests.rs"));
    complain(&silent.map(|(path, _)| format!("{} has no module doc", path.display())).collect::<Vec<_>>());
}

#[test]
fn a_file_fits_a_sitting() {
    let long = sources().into_iter().map(|(path, text)| (path, text.lines().count())).filter(|(_, lines)| *lines > FILE_LINES_MAX);
    complain(&long.map(|(path, lines)| format!("{} has {lines} lines: there are two things in it", path.display())).collect::<Vec<_>>());
}

#[test]
fn a_function_fits_a_screen() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        for (name, lines) in functions(&text).into_iter().filter(|(_, lines)| *lines > FUNCTION_LINES_MAX) {
            broken.push(format!("{}: {name} has {lines} lines", path.display()));
        }
    }
    complain(&broken);
}

/// Functions by their length: from a line that opens one to the line that closes at the same indentation.
fn functions(text: &str) -> Vec<(String, usize)> {
    let mut open: Vec<(usize, String, usize)> = Vec::new();
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let words = line.trim_start();
        let heads = words.strip_prefix("pub ").or_else(|| words.split_once(") ").map(|(_, rest)| rest)).unwrap_or(words);
        if heads.trim_start_matches("async ").trim_start_matches("const ").starts_with("fn ") && !words.ends_with(';') {
            open.push((indent, words.chars().take(60).collect(), at));
        }
        if words.starts_with('}') && open.last().is_some_and(|(depth, ..)| *depth == indent) {
            let (_, name, start) = open.pop().unwrap();
            found.push((name, at - start + 1));
        }
    }
    found
}

#[test]
fn what_the_simulator_must_own_is_asked_for_through_one_door() {
    // Calls, and the files that may make them.
    let doors: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("SystemTime::now", &["cluster/src/clock.rs"][..]),
        ("Instant::now()", &["cluster/src/clock.rs", "simulations/src/clock.rs", "simulations/src/gate/floor.rs"][..]),
        ("thread_rng", &[][..]),
        ("HashMap", &[][..]),
        ("HashSet", &[][..]),
    ]);
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let place = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let deterministic = ["protocol/", "cluster/src/memory", "actors/"].iter().any(|prefix| place.starts_with(prefix));
        for (call, files) in &doors {
            let hashed = call.starts_with("Hash");
            if text.contains(call) && !files.contains(&place.as_str()) && (deterministic || !hashed) && !place.starts_with("tests/") {
                broken.push(format!("{place} uses {call}"));
            }
        }
        if deterministic && text.contains("select!") && !text.contains("biased;") {
            broken.push(format!("{place} has a select! that is not biased"));
        }
        // A mapping that does not end is left alone on a thread of its own; under virtual time it is run in place.
        if deterministic && text.contains("spawn_blocking") && place != "actors/src/link/mapping.rs" {
            broken.push(format!("{place} uses spawn_blocking, which stops virtual time"));
        }
    }
    complain(&broken);
}

#[test]
fn no_test_is_ignored_and_none_sleeps_to_wait() {
    let ignored = ["#[", "ignore"].concat();
    let sleeping = ["thread::", "sleep"].concat();
    let mut broken = Vec::new();
    for (path, text) in sources() {
        if text.contains(&ignored) || text.contains(&sleeping) {
            broken.push(format!("{} ignores a test, or sleeps", path.display()));
        }
    }
    complain(&broken);
}
