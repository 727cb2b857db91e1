//! Views are whole up to their cursors, or they are gone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use proptest::prelude::*;

use super::{Applied, Opened, Reason, Row, Span, Stamp, Step, Table, Views};

const ORDERS: Table = Table(1);
const LOTS: Table = Table(2);
const STAMP: Stamp = Stamp { schema: 1, incarnation: 7 };

fn row(table: Table, key: &str, value: &str) -> Row {
    Row { table, key: key.into(), value: Some(Bytes::copy_from_slice(value.as_bytes())) }
}

fn step(after: u64, upto: u64, rows: Vec<Row>) -> Step {
    Step { shard: 0, after, upto, rows }
}

fn get(views: &Views, table: Table, key: &str) -> Option<String> {
    views.get(table, key.as_bytes()).unwrap().map(|value| String::from_utf8(value.to_vec()).unwrap())
}

/// Both homes, each under every case.
fn both(case: impl Fn(&Views)) {
    let dir = tempfile::tempdir().unwrap();
    case(&Views::open(dir.path(), STAMP).unwrap().0);
    case(&Views::in_memory());
}

/// A hundred steps: step `n` writes row `n` and rewrites the one row that says how far we are.
fn filled(dir: &Path) {
    let (views, opened) = Views::open(dir, STAMP).unwrap();
    assert_eq!(opened, Opened::Fresh(Reason::Missing));
    for n in 1..=100 {
        let rows = vec![row(ORDERS, &format!("{n:03}"), "released"), row(LOTS, "far", &n.to_string())];
        assert_eq!(views.apply(step(n - 1, n, rows)).unwrap(), Applied::Done);
    }
}

/// Are the rows those of the cursor?
fn whole(views: &Views) -> bool {
    let cursor = views.cursor(0).unwrap();
    let orders = views.scan(ORDERS, Span { prefix: b"", after: None, most: 1_000 }).unwrap();
    let far = get(views, LOTS, "far").unwrap_or_else(|| "0".to_owned());
    orders.len() as u64 == cursor && far == cursor.to_string()
}

fn reopened(dir: &Path) -> Opened {
    let (views, opened) = Views::open(dir, STAMP).unwrap();
    assert!(whole(&views), "opened as {opened:?}, and not whole");
    if opened != Opened::Kept {
        assert_eq!(views.cursor(0).unwrap(), 0);
        assert_eq!(views.apply(step(0, 1, vec![row(ORDERS, "a", "b")])).unwrap(), Applied::Done);
    }
    opened
}

#[test]
fn rows_are_found_again_with_their_cursor_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    for _ in 0..20 {
        assert_eq!(reopened(dir.path()), Opened::Kept);
    }
    assert_eq!(Views::open(dir.path(), STAMP).unwrap().0.cursor(0).unwrap(), 100);
}

#[test]
fn rows_of_another_schema_or_another_log_are_thrown_away() {
    for other in [Stamp { schema: 2, ..STAMP }, Stamp { incarnation: 8, ..STAMP }] {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path());
        let (views, opened) = Views::open(dir.path(), other).unwrap();
        assert_eq!(opened, Opened::Fresh(Reason::OtherStamp));
        assert_eq!((views.cursor(0).unwrap(), get(&views, ORDERS, "001")), (0, None));
    }
}

#[test]
fn rows_that_lost_a_change_or_their_cursor_are_thrown_away() {
    let tampered: [fn(&sled::Db); 4] = [
        |db| drop(db.remove([&[3, 1], b"050".as_slice()].concat()).unwrap()),
        |db| drop(db.insert([&[3, 2], b"far".as_slice()].concat(), b"99").unwrap()),
        |db| drop(db.insert([2, 0, 0], 99_u64.to_be_bytes().as_slice()).unwrap()),
        |db| drop(db.remove([0]).unwrap()),
    ];
    for tamper in tampered {
        let dir = tempfile::tempdir().unwrap();
        filled(dir.path());
        tamper(&super::disk::store(&dir.path().join("rows")).unwrap());
        assert_eq!(reopened(dir.path()), Opened::Fresh(Reason::Torn));
    }
}

#[test]
fn files_that_are_something_else_are_thrown_away() {
    for place in ["rows", "rows/conf", "rows/db"] {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join(place);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, "minutes of a meeting; long enough to be looked at as if it were rows").unwrap();
        let opened = reopened(dir.path());
        assert!(matches!(opened, Opened::Fresh(Reason::Unreadable(_) | Reason::Torn)), "{opened:?}");
    }
}

#[test]
fn views_another_process_has_open_are_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let (first, _) = Views::open(dir.path(), STAMP).unwrap();
    let refused = Views::open(dir.path(), STAMP).err().unwrap().to_string();
    assert!(refused.contains("another process"), "{refused}");
    assert!(whole(&first));
    drop(first);
    assert_eq!(reopened(dir.path()), Opened::Kept);
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_file());
    found.sort();
    found
}

/// Cuts the file short, or changes a byte of it, somewhere within what was written.
fn damage(bytes: &mut Vec<u8>, round: u64) {
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(1, |last| last as u64 + 1);
    let at = usize::try_from(round.wrapping_mul(0x9E37_79B9_7F4A_7C15) % written).unwrap();
    if round.is_multiple_of(2) {
        bytes.truncate(at);
    } else {
        bytes[at] ^= 0x55;
    }
}

/// Wherever a file is cut short or a byte of it is changed, the rows are whole or gone.
#[test]
fn damaged_files_never_give_half_of_the_rows() {
    let kept = tempfile::tempdir().unwrap();
    filled(kept.path());
    let mut outcomes = [0, 0];
    for round in 0..60_u64 {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("rows")).unwrap();
        let files = files(&kept.path().join("rows"));
        for (number, file) in files.iter().enumerate() {
            let mut bytes = std::fs::read(file).unwrap();
            if number == usize::try_from(round).unwrap() / 2 % files.len() {
                damage(&mut bytes, round);
            }
            std::fs::write(dir.path().join("rows").join(file.file_name().unwrap()), bytes).unwrap();
        }
        outcomes[usize::from(reopened(dir.path()) == Opened::Kept)] += 1;
    }
    let [gone, whole] = outcomes;

    assert!(gone > 0, "no damage was noticed in {whole} rounds: the test damages nothing");
}

#[test]
fn a_step_computed_from_another_cursor_changes_nothing() {
    both(|views| {
        views.apply(step(0, 5, vec![row(ORDERS, "4711", "released")])).unwrap();
        let late = step(0, 3, vec![row(ORDERS, "4711", "created")]);
        assert_eq!(views.apply(late).unwrap(), Applied::Stale { at: 5 });
        assert_eq!((views.cursor(0).unwrap(), get(views, ORDERS, "4711")), (5, Some("released".to_owned())));
        assert_eq!(views.cursor(1).unwrap(), 0);
    });
}

#[test]
fn a_scan_shows_a_prefix_in_order_page_by_page_and_no_other_table() {
    both(|views| {
        let rows = ["nord/3", "nord/1", "nord", "nord/2", "ost/1", "noon"].map(|key| row(ORDERS, key, key));
        let mut rows = rows.to_vec();
        rows.push(row(LOTS, "nord/9", "a lot"));
        views.apply(step(0, 1, rows)).unwrap();
        let keys = |after: Option<&str>, most| {
            let span = Span { prefix: b"nord/", after: after.map(str::as_bytes), most };
            let found = views.scan(ORDERS, span).unwrap();
            found.into_iter().map(|(key, _)| String::from_utf8(key).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(keys(None, 10), ["nord/1", "nord/2", "nord/3"]);
        assert_eq!(keys(None, 2), ["nord/1", "nord/2"]);
        assert_eq!(keys(Some("nord/2"), 2), ["nord/3"]);
        assert_eq!(keys(Some("aachen"), 1), ["nord/1"]);
        assert!(keys(Some("ost/1"), 10).is_empty());
        assert_eq!(views.scan(ORDERS, Span { prefix: b"", after: None, most: 100 }).unwrap().len(), 6);
    });
}

type Model = BTreeMap<(u8, Vec<u8>), Bytes>;

fn changes() -> impl Strategy<Value = Vec<Row>> {
    let key = proptest::collection::vec(prop_oneof![Just(0_u8), Just(7), Just(255)], 0..4);
    let value = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..3).prop_map(Bytes::from));
    let row = (0..3_u8, key, value).prop_map(|(table, key, value)| Row { table: Table(table), key, value });
    proptest::collection::vec(row, 0..8)
}

fn model_scan(model: &Model, table: u8, prefix: &[u8]) -> Vec<super::Found> {
    let of_table = model.iter().filter(|((of, key), _)| *of == table && key.starts_with(prefix));
    of_table.map(|((_, key), value)| (key.clone(), value.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn both_homes_show_what_a_plain_map_would_also_after_a_restart(
        steps in proptest::collection::vec(changes(), 1..12), prefix in proptest::collection::vec(any::<u8>(), 0..2),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (mut on_disk, in_memory) = (Views::open(dir.path(), STAMP).unwrap().0, Views::in_memory());
        let mut model = Model::new();
        for (at, rows) in steps.into_iter().enumerate() {
            for row in rows.clone() {
                match row.value {
                    Some(value) => model.insert((row.table.0, row.key), value),
                    None => model.remove(&(row.table.0, row.key)),
                };
            }
            let step = step(at as u64, at as u64 + 1, rows);
            on_disk.apply(step.clone()).unwrap();
            in_memory.apply(step).unwrap();
            if at % 3 == 2 {
                drop(on_disk);
                let (again, opened) = Views::open(dir.path(), STAMP).unwrap();
                prop_assert_eq!(opened, Opened::Kept);
                on_disk = again;
            }
            for views in [&on_disk, &in_memory] {
                for table in 0..3 {
                    let found = views.scan(Table(table), Span { prefix: &prefix, after: None, most: 1_000 }).unwrap();
                    prop_assert_eq!(found, model_scan(&model, table, &prefix));
                }
            }
        }
    }
}
