//! What a person may get wrong about a link: promises that a transport cannot keep, folders that mean two things, polls that
//! ask for nothing, signatures that anybody could make.

use super::*;
use crate::links::ways;

const MAPPING: &str = "def inputs: empty; def file: { body: {} }; def request: empty; def outcome: empty;";
const LIST: &str = "def ask: empty; def items: empty; def inputs: empty;";
const MARKED: &str = "def ask: empty; def items: empty; def mark: empty; def inputs: empty;";

/// The plant with this link, and the mappings that there are.
fn told(link: &str) -> Vec<String> {
    let plant = format!("{PLANT}{link}");
    findings(&[("sites/nord.yaml", &plant), ("mappings/all.jq", MAPPING), ("mappings/list.jq", LIST), ("mappings/marked.jq", MARKED)])
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
    for right in [
        "path: /x, mapping: mappings/all.jq",
        "cursor: {overlap_ms: 60000}, mapping: mappings/list.jq",
        "marked: true, mapping: mappings/marked.jq",
    ] {
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
        ("marked: true, mapping: mappings/list.jq", "mappings/list.jq has no `mark`, which a poll of what is not marked needs"),
        ("marked: true, path: /x, mapping: mappings/marked.jq", "a poll with marks has a path, which nobody would ask for"),
        ("marked: true, cursor: {overlap_ms: 1}, mapping: mappings/marked.jq", "a poll has a cursor and marks, and needs only one of them"),
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

const SQL: &str = "link:
  sql:
    url: postgres://takt@mes.example/mes
    password: secret
    send: {dispatch_job: mappings/all.jq}
    polls: {reports: {every_ms: 1000, marked: true, mapping: mappings/marked.jq}}
";

#[test]
fn a_link_over_sql_is_right_and_becomes_a_way_that_nobody_can_post_to() {
    assert!(told(SQL).is_empty(), "{:#?}", told(SQL));
    assert!(told(&SQL.replace("postgres://takt@mes.example/mes", "mysql://takt@mes.example:3307/mes")).is_empty());
    let dir = folder(&[("sites/nord.yaml", &format!("{PLANT}{SQL}")), ("mappings/all.jq", MAPPING), ("mappings/marked.jq", MARKED)]);
    let ways = ways(&load(dir.path(), &BTreeMap::new()).unwrap()).unwrap();
    assert_eq!((ways.len(), ways[0].site.as_str(), ways[0].shows.is_none()), (1, "nord", true));
}

#[test]
fn an_address_of_a_database_is_read_before_anybody_connects_and_its_password_is_not_told() {
    for (before, after, wanted) in [
        (
            "postgres://",
            "oracle://",
            "the address of the database begins with neither postgres:// nor mysql://. write `url: postgres://user@host/database`",
        ),
        ("mes.example/mes", "mes.example:port/mes", "the address of the database cannot be read"),
        ("takt@", "takt:secret@", "an address has a password in it, and addresses stand in logs. write `password: ${NAME}` beside `url`"),
        ("example/mes", "example/mes?password=secret", "an address has a password in it, and addresses stand in logs"),
        ("password: secret", "password: ''", "the password under `link.sql` is empty. write `password: ${NAME}`"),
        ("reports:", "'':", "a poll has no name"),
        ("marked: true, mapping", "path: ' ', mapping", "the poll reports has an empty statement as its `path`"),
        (
            "dispatch_job: mappings/all.jq",
            "dispatch_job: mappings/list.jq",
            "mappings/list.jq has no `request` and no `outcome`, which what is sent needs",
        ),
        ("dispatch_job:", "dispatch:", "there is no verb dispatch"),
        ("marked: true, mapping: mappings/marked.jq", "marked: true, mapping: mappings/list.jq", "mappings/list.jq has no `mark`"),
        ("mapping: mappings/marked.jq", "mapping: mappings/none.jq", "there is no mapping file mappings/none.jq"),
        ("    url: ", "    address: ", "there is no key `address` here"),
    ] {
        assert!(SQL.contains(before), "{before}");
        let found = words(&SQL.replacen(before, after, 1));
        assert!(found.iter().any(|one| one.starts_with(wanted)), "{after}: {found:#?}");
        assert!(!found.iter().any(|one| one.contains("secret")), "{found:?}");
    }
    let probe = words(&format!("classes: {{dispatch_job: {{probe_with_settle: {{settle_ms: 500}}}}}}\n{SQL}"));
    assert!(probe.len() == 1 && probe[0].starts_with("mappings/all.jq has no `probe` and no `probed`"), "{probe:?}");
    let idle = words("link:\n  sql:\n    url: postgres://mes.example/mes\n");
    assert!(idle.len() == 1 && idle[0].starts_with("the link over SQL neither sends nor asks"), "{idle:?}");
}

#[test]
fn an_acknowledgement_is_of_an_interchange_and_lies_where_nobody_takes_it_for_one() {
    let edi = FILES.replace("format: {csv: {}}", "format: x12").replace("format: xml", "format: edifact");
    let with = |folder: &str, files: &str| files.replace("every_ms: 1000", &format!("acknowledge: {folder}, every_ms: 1000"));
    assert!(told(&with("/drop/in", &edi)).is_empty(), "{:#?}", told(&with("/drop/in", &edi)));
    for (link, wanted) in [
        (with("drop/in", &edi), "`drop/in` is not the whole path of a folder"),
        (with("/drop/out/", &edi), "acknowledgements in /drop/out would be taken for what the system sent"),
        (with("/drop/in", FILES), "nothing that comes here is acknowledged: no topic is of `x12` or `edifact`"),
    ] {
        let found = words(&link);
        assert!(found.len() == 1 && found[0].starts_with(wanted), "{link}: {found:#?}");
    }
}

#[test]
fn lines_of_a_fixed_width_are_told_apart_and_their_columns_have_names() {
    let right = "{fixed: {records: [{starts: K, columns: [{name: order, width: 12}, {name: qty, width: 9, align: right}]}, {starts: P, columns: [{name: op, width: 4}]}]}}";
    let with = |format: &str| FILES.replace("format: {csv: {}}", &format!("format: {format}"));
    assert!(told(&with(right)).is_empty(), "{:#?}", told(&with(right)));
    for (before, after, wanted) in [
        ("starts: P", "starts: K", "two sorts of lines start with `K`"),
        ("name: qty", "name: order", "the column order stands twice"),
        ("name: op", "name: record", "the column record stands twice, or is called as what a line starts with"),
        ("width: 12", "width: 0", "integer `0` cannot stand here"),
        ("width: 12", "width: 70000", "the column order has 70000 letters, and no line is so long. write a `width` of 10000 at most"),
        ("columns: [{name: op, width: 4}]", "columns: []", "a line has no columns"),
        ("{records:", "{charset: windows-9999, records:", "there is no charset windows-9999. write a label such as"),
        ("align: right", "align: middle", "`middle` is no word for this"),
    ] {
        assert!(right.contains(before), "{before}");
        let found = words(&with(&right.replacen(before, after, 1)));
        assert!(found.iter().any(|one| one.starts_with(wanted)), "{after}: {found:#?}");
    }
    let none = words(&with("{fixed: {records: []}}"));
    assert!(none.len() == 1 && none[0].starts_with("a format of fixed width has no sort of line"), "{none:?}");
}
