//! What a person may get wrong about a link: promises that a transport cannot keep, folders that mean two things, polls that
//! ask for nothing, signatures that anybody could make.

use super::*;
use crate::links::ways;

const MAPPING: &str = "def inputs: empty; def file: { body: {} }; def request: empty; def outcome: empty;";
const LIST: &str = "def ask: empty; def items: empty; def inputs: empty;";

/// The plant with this link, and the mappings that there are.
fn told(link: &str) -> Vec<String> {
    let plant = format!("{PLANT}{link}");
    findings(&[("sites/nord.yaml", &plant), ("mappings/all.jq", MAPPING), ("mappings/list.jq", LIST)])
}

/// What is told, without its file and place.
fn words(link: &str) -> Vec<String> {
    told(link).iter().map(|one| one.split_once(": ").map_or(one.as_str(), |(_, words)| words).to_owned()).collect()
}

const FILES: &str = "link:
  files:
    inbound: {folder: /drop/out, every_ms: 1000, topics: {rows: {names: '*.csv', format: {csv: {}}, mapping: mappings/all.jq}}}
    outbound: {folder: /drop/in, archive: [/drop/in/done], errors: [/drop/in/error], format: xml, send: {dispatch_job: mappings/all.jq}}
";

#[test]
fn a_link_over_folders_is_right_and_becomes_a_way() {
    let link = format!("classes: {{dispatch_job: {{probe_with_settle: {{settle_ms: 60000}}}}}}\n{FILES}");
    assert!(told(&link).is_empty(), "{:#?}", told(&link));
    let dir = folder(&[("sites/nord.yaml", &format!("{PLANT}{link}")), ("mappings/all.jq", MAPPING)]);
    let ways = ways(&load(dir.path(), &BTreeMap::new()).unwrap()).unwrap();
    assert_eq!((ways.len(), ways[0].site.as_str(), ways[0].shows.is_none()), (1, "nord", true));
}

#[test]
fn a_folder_promises_no_more_than_it_can_keep() {
    let dedup = words(&format!("classes: {{dispatch_job: dedup_by_key}}\n{FILES}"));
    assert_eq!(dedup.len(), 1, "{dedup:?}");
    assert!(dedup[0].starts_with("a folder does not know our key, so dispatch_job might be laid down twice"), "{dedup:?}");
    let gone = FILES.replace("archive: [/drop/in/done], ", "");
    let probe = words(&format!("classes: {{dispatch_job: {{probe_with_settle: {{settle_ms: 1}}}}}}\n{gone}"));
    assert_eq!(probe.len(), 1, "{probe:?}");
    assert!(probe[0].contains("looks like one that never came. name the folder") && probe[0].contains("as `archive`"), "{probe:?}");
    assert!(told(&gone).is_empty(), "at most once needs no archive");
}

#[test]
fn folders_names_and_mappings_of_files_are_told_apart() {
    for (before, after, wanted) in [
        ("/drop/in, archive", "/drop/out, archive", "the folder /drop/out stands twice, so what lies there means two things"),
        ("errors: [/drop/in/error]", "errors: [/drop/out/error/]", "the folder /drop/out/error stands twice"),
        ("folder: /drop/out", "folder: drop/out", "`drop/out` is not the whole path of a folder. begin it with a slash"),
        ("'*.csv'", "''", "no file is called nothing. write `names`"),
        ("dispatch_job: mappings", "dispatch: mappings", "there is no verb dispatch"),
        (
            "{dispatch_job: mappings/all.jq}",
            "{dispatch_job: mappings/list.jq}",
            "mappings/list.jq has no `file`, which what is laid down needs",
        ),
        ("mapping: mappings/all.jq", "mapping: mappings/none.jq", "there is no mapping file mappings/none.jq"),
        ("csv: {}", "csv: {delimiter: §}", "`§` cannot stand between fields"),
        ("csv: {}", "csv: {delimiter: ';;'}", "one letter is wanted here. write a single letter or sign in quotes"),
        ("csv: {}", "csv: {charset: windows-9999}", "there is no charset windows-9999. write a label such as windows-1252"),
        ("topics: {rows: {names: '*.csv', format: {csv: {}}, mapping: mappings/all.jq}}", "topics: {}", "no file of this system is taken"),
        ("names: '*.csv'", "name: '*.csv'", "there is no key `name` here"),
    ] {
        assert!(FILES.contains(before), "{before}");
        let found = words(&FILES.replacen(before, after, 1));
        assert!(found.iter().any(|one| one.starts_with(wanted)), "{after}: {found:#?}");
    }
    let twice = FILES.replace("topics: {", "topics: {more: {names: '*.csv', mapping: mappings/all.jq}, ");
    let found = words(&twice);
    assert!(found.len() == 1 && found[0].starts_with("two topics take the files *.csv"), "{found:?}");
    for (names, other, same) in [
        ("A*.csv", "*B.csv", true),
        ("*.csv", "R_*.csv", false),
        ("*", "*.csv", false),
        ("A*", "B*", false),
        ("A*B", "A*C", false),
        ("A*B*", "*A*B", true),
        ("AB", "A*B", true),
        ("ABC", "A*B", false),
        ("**A", "*A", true),
    ] {
        let two = FILES.replace("'*.csv'", &format!("'{names}'"));
        let two = two.replace("topics: {", &format!("topics: {{more: {{names: '{other}', mapping: mappings/all.jq}}, "));
        let found = words(&two);
        let wanted =
            format!("a file may be one of rows ({names}) and of more ({other}), and neither says more. write more letters in one of them");
        assert!(found.len() == usize::from(same) && found.iter().all(|one| one.starts_with(&wanted)), "{names} {other}: {found:#?}");
    }
}

fn http(rest: &str) -> String {
    format!("link:\n  http:\n    base: http://mes.example\n{rest}")
}

#[test]
fn a_poll_asks_for_a_path_or_from_a_place_on() {
    let unnamed = words(&http("    polls: {'': {every_ms: 1000, path: /x, mapping: mappings/all.jq}}\n"));
    assert!(unnamed.len() == 1 && unnamed[0].starts_with("a poll has no name"), "{unnamed:?}");
    let poll = |words: &str| http(&format!("    polls: {{list: {{every_ms: 1000, {words}}}}}\n"));
    for right in ["path: /x, mapping: mappings/all.jq", "cursor: {overlap_ms: 60000}, mapping: mappings/list.jq"] {
        assert!(told(&poll(right)).is_empty(), "{:?}", told(&poll(right)));
    }
    for (wrong, wanted) in [
        ("mapping: mappings/all.jq", "a poll asks for nothing. write a `path`, or a `cursor`"),
        ("path: /x, cursor: {overlap_ms: 1}, mapping: mappings/list.jq", "a poll with a cursor has a path, which nobody would ask for"),
        (
            "cursor: {overlap_ms: 1}, mapping: mappings/all.jq",
            "mappings/all.jq has no `ask` and no `items`, which a poll with a cursor needs",
        ),
        ("path: x, mapping: mappings/all.jq", "`x` stands behind the address without a slash, and would change whom is asked. begin it"),
        ("cursor: {overlap_ms: 0}, mapping: mappings/list.jq", "integer `0` cannot stand here. write a number from 1 on"),
    ] {
        let found = words(&poll(wrong));
        assert!(found.len() == 1 && found[0].starts_with(wanted), "{wrong}: {found:#?}");
    }
}

#[test]
fn who_speaks_for_a_system_shows_a_token_or_signs() {
    let inbound = |words: &str| http(&format!("    inbound: {{{words}topics: {{'*': mappings/all.jq}}}}\n"));
    let signed = "signature: {header: X-Signature, secret: s, algorithm: sha256, stamp: {header: X-Time}}, ";
    assert!(told(&inbound(signed)).is_empty(), "{:?}", told(&inbound(signed)));
    for (wrong, wanted) in [
        ("", "anybody could speak for this system"),
        ("signature: {header: 'X Signature', secret: s}, ", "`X Signature` is no header"),
        (
            "token: '', ",
            "the token under `link.http.inbound` is empty, so that anybody could speak for this system. write `token: ${NAME}`",
        ),
        ("signature: {header: X, secret: ''}, ", "a signature has no secret"),
        ("signature: {header: X, secret: s, algorithm: md5}, ", "`md5` is no word for this"),
    ] {
        let found = words(&inbound(wrong));
        assert!(found.len() == 1 && found[0].starts_with(wanted), "{wrong}: {found:#?}");
    }
    let dir = folder(&[("sites/nord.yaml", &format!("{PLANT}{}", inbound(signed))), ("mappings/all.jq", MAPPING)]);
    drop(rustls::crypto::ring::default_provider().install_default());
    let ways = ways(&load(dir.path(), &BTreeMap::new()).unwrap()).unwrap();
    let shows = ways[0].shows.clone().unwrap();
    assert_eq!((shows.token, shows.signature.unwrap().stamp.unwrap().1.as_secs()), (None, 300));
}
