//! Links over SQL against a real PostgreSQL and a real MariaDB: what columns and errors become, and two systems that are nothing but
//! databases, an ERP and a MES, connected by the text in `sql/` alone. They are killed under load, one line breaks behind commits, and
//! nothing is lost and nothing doubled.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use takt_actors::link::asks::{Asks as _, Unanswered};
use takt_actors::link::mapping::Mapping;
use takt_actors::link::sql::{SqlLink, SqlSpec};
use takt_actors::link::{Errand, Link as _, Probed, Sent};
use takt_protocol::name::SiteId;

use crate::databases::{Cutter, Database, Make, NEEDS, missing};
use crate::skipped::skipped;

pub(crate) mod stage;

fn site(name: &str) -> SiteId {
    SiteId::parse(name).unwrap()
}

/// A link that carries out one verb.
fn link(database: &Database, port: u16, window_ms: u32, mapping: &str) -> SqlLink {
    let password = database.password().map(str::to_owned);
    let spec = SqlSpec { url: database.url(port), password, window_ms, tables: json!({}) };
    let verbs = BTreeMap::from([("block_shipment".to_owned(), Mapping::compile("m.jq", mapping).unwrap())]);
    SqlLink::new(site("wms"), spec, verbs)
}

fn errand(reference: &str) -> Errand {
    let effect = json!({ "block_shipment": { "shipment": "wms/S-1", "reasons": ["quality"] } });
    let effect = Box::new(serde_json::from_value(effect).unwrap());
    Errand { reference: serde_json::from_value(json!(reference)).unwrap(), attempt: 1, effect }
}

async fn asked(database: &Database, sql: &str, args: Value) -> Result<Value, Unanswered> {
    link(database, database.port(), 20_000, "def inputs: empty;").ask(json!({ "sql": sql, "args": args })).await
}

/// The first row of an answer.
async fn row(database: &Database, sql: &str, args: Value) -> Value {
    asked(database, sql, args).await.unwrap()["rows"][0].clone()
}

async fn columns_of_postgres(database: &Database) {
    database.say("create type shade as enum ('red', 'green'); create domain number as numeric(20,6)");
    let sql = "select true as b, 7::int2 as i, -70000 as j, 9007199254740993::int8 as k, 1.1::float4 as f, 0.1::float8 as g, \
               12345678901234567890.123400::numeric as n, -0.05::numeric as small, 10000::numeric as round, 1.5::number as domain, \
               'Maß '::text as t, 'K-1'::char(8) as c, 'red'::shade as e, '2026-11-24 06:00:00.5'::timestamp as at, \
               '2026-11-24 06:00:00+01'::timestamptz as point, '2026-02-28'::date as day, '06:30'::time as clock, \
               '{\"a\": [1]}'::jsonb as j1, '[2]'::json as j2, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid as u, '\\x00ff'::bytea as bin, \
               null::text as nothing";
    let wanted = json!({ "b": true, "i": 7, "j": -70000, "k": 9_007_199_254_740_993_i64, "f": 1.1, "g": 0.1,
        "n": "12345678901234567890.123400", "small": "-0.05", "round": "10000", "domain": "1.500000", "t": "Maß ", "c": "K-1", "e": "red",
        "at": "2026-11-24T06:00:00.500000", "point": "2026-11-24T05:00:00Z", "day": "2026-02-28", "clock": "06:30:00",
        "j1": { "a": [1] }, "j2": [2], "u": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "bin": "00ff", "nothing": null });
    assert_eq!(row(database, sql, json!([])).await, wanted);
    let given = row(
        database,
        "select $1::numeric as n, $2::int8 as i, $3::text as t, $4::bool as b, $5::text as nothing, $6::jsonb as j",
        json!(["0.10", 5, "it's", true, null, { "x": 1 }]),
    );
    assert_eq!(given.await, json!({ "n": "0.10", "i": 5, "t": "it's", "b": true, "nothing": null, "j": { "x": 1 } }));
    let odd = asked(database, "select point(1, 2) as p", json!([])).await;
    assert!(matches!(&odd, Err(Unanswered::Wrong(why)) if why.contains("write `p::text`")), "{odd:?}");
    let twice = asked(database, "select 1 as a, 2 as a", json!([])).await;
    assert!(matches!(&twice, Err(Unanswered::Wrong(why)) if why.contains("called a")), "{twice:?}");
    let many = asked(database, "select generate_series(1, 10001) as n", json!([])).await;
    assert!(matches!(&many, Err(Unanswered::Wrong(why)) if why.contains("write a `limit`")), "{many:?}");
}

async fn columns_of_mariadb(database: &Database) {
    database.say(
        "create table k (b boolean, i smallint, u bigint unsigned, f float, g double, n decimal(30,6), t varchar(20), c char(8), \
         e enum('red','green'), at datetime(6), point timestamp, day date, clock time, bin varbinary(4), y year, nothing text) charset utf8mb4; \
         set time_zone = '+01:00'; insert into k values (true, -7, 18446744073709551615, 1.1, 0.1, 12345678901234567890.1234, 'Maß', 'K-1', 'red', \
         '2026-11-24 06:00:00.5', '2026-11-24 06:00:00', '2026-02-28', '-26:03:04', x'00ff', 2026, null)",
    );
    let wanted = json!({ "b": 1, "i": -7, "u": u64::MAX, "f": 1.1, "g": 0.1, "n": "12345678901234567890.123400", "t": "Maß", "c": "K-1",
        "e": "red", "at": "2026-11-24T06:00:00.500000", "point": "2026-11-24T05:00:00Z", "day": "2026-02-28", "clock": "-26:03:04",
        "bin": "00ff", "y": 2026, "nothing": null });
    assert_eq!(row(database, "select * from k", json!([])).await, wanted);
    let given = row(database, "select cast(? as decimal(10,2)) as n, ? as i, ? as t, ? as nothing", json!(["0.10", 5, "it's", null]));
    assert_eq!(given.await, json!({ "n": "0.10", "i": 5, "t": "it's", "nothing": null }));
}

/// What a send of this statement comes to; the table is empty afterwards unless it was accepted.
async fn sent(database: &Database, sql: &str) -> Sent {
    let mapping = format!(
        "def request: {{ sql: {} }}; def outcome: if .error then empty else {{ accepted: {{ document: \"1\" }} }} end;",
        json!(sql)
    );
    link(database, database.port(), 8_000, &mapping).send(&errand("REFERENCE0000001")).await
}

async fn errors(make: Make, database: &Database) {
    database.say("create table t (n int primary key, m varchar(3) not null check (m <> 'x'))");
    let fails = |text: &str| match make {
        Make::Postgres => format!("do $$ begin raise exception '{text}'; end $$"),
        Make::MariaDb => format!("signal sqlstate '45000' set message_text = '{text}'"),
    };
    assert!(matches!(sent(database, "insert into t values (1, 'a')").await, Sent::Accepted(_)));
    for (sql, code) in [
        ("insert into t values (1, 'b')".to_owned(), "23"),
        ("insert into t values (2, null)".to_owned(), "23"),
        ("insert into t values (2, 'x')".to_owned(), "23"),
        ("insert into t values (2, 'long')".to_owned(), "22"),
        (fails("the lot is blocked"), if make == Make::Postgres { "P0" } else { "45" }),
    ] {
        let told = sent(database, &sql).await;
        assert!(matches!(&told, Sent::Rejected { code: said, .. } if said.starts_with(code)), "{sql}: {told:?}");
    }
    for sql in ["insert into nowhere values (1)", "insert in t"] {
        let told = sent(database, sql).await;
        assert!(matches!(&told, Sent::Misconfigured { why } if why.contains("check the statement")), "{sql}: {told:?}");
    }
    let poll = asked(database, "insert into t values (9, 'a')", json!([])).await;
    assert!(matches!(&poll, Err(Unanswered::Refused(why)) if why.contains("25006")), "a question writes: {poll:?}");
    assert_eq!(database.say("select n from t"), "1", "only what was accepted stands there");
}

/// Somebody else has the row; in the end nothing was done, and that is certain.
async fn locks(database: &Database) {
    let hold = "begin; update t set m = 'b' where n = 1; select pg_sleep(6); rollback";
    let mut holder = database.client("plant").arg(hold).stdout(std::process::Stdio::null()).spawn().unwrap();
    while database.say("select count(*) from pg_stat_activity where query like 'begin; update t%' and state = 'active'") != "1" {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let mapping = "def request: { sql: \"update t set m = 'c' where n = 1\" }; def outcome: { accepted: {} };";
    let told = link(database, database.port(), 1_500, mapping).send(&errand("REFERENCE0000001")).await;
    assert!(matches!(&told, Sent::NotDone { .. }), "{told:?}");
    assert!(holder.wait().unwrap().success());
    assert_eq!(database.say("select m from t"), "a");
}

/// The commit was carried out and its answer got lost: nobody knows, until it is asked for.
async fn lost(make: Make, database: &Database) {
    database.say("create table sent (reference varchar(20) not null)");
    let arg = if make == Make::Postgres { "$1" } else { "?" };
    let mapping = format!(
        "def request: {{ sql: \"insert into sent values ({arg})\", args: [.reference] }}; def outcome: {{ accepted: {{}} }}; \
         def probe: {{ sql: \"select reference from sent where reference = {arg}\", args: [.reference] }}; \
         def probed: if .rows[0] then {{ found: {{ document: .rows[0].reference }} }} else \"absent\" end;"
    );
    let line = Cutter::before(database.port(), 2).await;
    let link = link(database, line.port(), 8_000, &mapping);
    assert!(matches!(link.send(&errand("R-1")).await, Sent::Accepted(_)));
    let told = link.send(&errand("R-2")).await;
    assert!(matches!(&told, Sent::Lost { why } if why.contains("the commit was not answered")), "{told:?}");
    assert_eq!((line.commits(), line.cuts()), (2, 1), "the line did not break behind the commit");
    assert!(matches!(link.probe(&errand("R-2")).await, Probed::Found(receipt) if receipt.document.is_some()));
    assert_eq!(link.probe(&errand("R-3")).await, Probed::Absent);
    assert_eq!(database.say("select count(*) from sent"), "2");
}

/// A server that dies is away, and is found again when it is back, without anybody doing anything.
async fn away(database: &mut Database) {
    let mapping = "def request: { sql: \"insert into sent values ('R-9')\" }; def outcome: { accepted: {} };";
    let link = link(database, database.port(), 8_000, mapping);
    assert!(matches!(link.send(&errand("R-9")).await, Sent::Accepted(_)));
    database.kill();
    assert!(matches!(link.send(&errand("R-9")).await, Sent::NotDone { .. }));
    database.restart();
    assert_eq!(database.recoveries(), 1, "{}", database.logged());
    assert!(matches!(link.send(&errand("R-9")).await, Sent::Accepted(_)));
    assert_eq!(database.say("select count(*) from sent where reference = 'R-9'"), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_read_exactly_and_says_who_has_to_move() {
    if let Some(why) = missing() {
        return skipped("postgresql_is_read_exactly_and_says_who_has_to_move", NEEDS, &why);
    }
    let mut database = Database::start(Make::Postgres);
    columns_of_postgres(&database).await;
    errors(Make::Postgres, &database).await;
    locks(&database).await;
    lost(Make::Postgres, &database).await;
    away(&mut database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_is_read_exactly_and_says_who_has_to_move() {
    if let Some(why) = missing() {
        return skipped("mariadb_is_read_exactly_and_says_who_has_to_move", NEEDS, &why);
    }
    let mut database = Database::start(Make::MariaDb);
    columns_of_mariadb(&database).await;
    errors(Make::MariaDb, &database).await;
    lost(Make::MariaDb, &database).await;
    away(&mut database).await;
}
