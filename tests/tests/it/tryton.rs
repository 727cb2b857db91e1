//! An ERP that was not written here, and that nobody prepared for: Tryton, with its JSON-RPC over HTTP, on PostgreSQL. It is connected by
//! the text of its template alone; people work in it by its own API meanwhile, it is killed under load, and so are we. Judged by
//! its own tables: every order that was released is made and posted once.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use takt_cluster::clock::SystemClock;
use takt_cluster::embedded::{Embedded, Settings};
use takt_cluster::seam::Clock;
use takt_config::demo;
use takt_protocol::name::Region as RegionName;

use crate::databases::{Database, Make, NEEDS, missing};
use crate::skipped::skipped;
use crate::sql::stage::{LIMITS, begin, connected, number, until};
use stage::{PASSWORD, Tryton};

mod stage;

const NAME: &str = "an_erp_that_was_not_written_here_is_connected_by_text_and_nothing_is_lost_or_doubled";

/// The people who work in it.
struct People(Child);

impl People {
    fn begin(tryton: &Tryton) -> Self {
        Self(tryton.script("people.py").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap())
    }

    /// They go home, and say what they did.
    fn end(mut self) -> Value {
        drop(self.0.stdin.take());
        let lines: Vec<String> = BufReader::new(self.0.stdout.take().unwrap()).lines().map_while(Result::ok).collect();
        assert!(self.0.wait().unwrap().success() && lines.len() == 1, "{lines:?}");
        serde_json::from_str(&lines[0]).unwrap()
    }
}

impl Drop for People {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A number that its database says.
fn count(database: &Database, sql: &str) -> usize {
    let (well, said) = database.try_say("tryton", sql);
    assert!(well, "{said}");
    number(&said)
}

const RELEASED: &str = "select count(*) from production where number is not null";

/// What went in or out of an order of a product, as Tryton has it.
fn moved(way: &str, product: &str) -> String {
    format!(
        "(select coalesce(sum(m.quantity), 0)::numeric(13, 3) from stock_move m join product_product pp on pp.id = m.product \
         where m.production_{way} = p.id and m.state = 'done' and pp.code = '{product}')"
    )
}

fn finished(database: &Database) -> usize {
    let (made, used) = (moved("output", "FG"), moved("input", "STEEL"));
    count(
        database,
        &format!(
            "select count(*) from production p where state = 'done' and {made} = quantity and {used} = (quantity * 0.4)::numeric(13, 3)"
        ),
    )
}

/// Waits until some more orders are finished while others are not, and kills Tryton then.
async fn killed_in_the_middle(clock: &dyn Clock, database: &Database, tryton: &mut Tryton) {
    let before = finished(database);
    until(clock, "orders get finished", || finished(database) > before + 1).await;
    assert!(count(database, RELEASED) > finished(database), "there is no load");
    tryton.kill();
    clock.sleep(Duration::from_millis(500)).await;
    tryton.restart().await;
}

/// Tryton's site: the text of the template, faster than people need it.
fn site(tryton: &Tryton) -> String {
    format!(
        "kind: erp\nregion: eu\ncalendar: {{zone: Europe/Berlin}}\nclasses: {{post: {{probe_with_settle: {{settle_ms: 500}}}}}}\n{LIMITS}\
         link:\n  http:\n    base: {}\n    \
         credential: {{login: {{mapping: mappings/erp-tryton/login.jq, secrets: {{user: takt, password: takt-{PASSWORD}}}}}}}\n    \
         send: {{post: mappings/erp-tryton/post.jq}}\n    \
         polls: {{orders: {{every_ms: 300, cursor: {{overlap_ms: 10000}}, mapping: mappings/erp-tryton/orders.jq}}}}\n    \
         tables: {{plant: {{nord: WH}}, unit: {{H87: u, KGM: kg}}, stock: {{unrestricted: STO}}, us: {{login: takt}}}}\n",
        tryton.url()
    )
}

/// Nothing stands there twice, and nothing half.
fn account(database: &Database, all: usize) {
    let doubled =
        "select count(*) - count(distinct word) from (select unnest(string_to_array(reference, ' ')) as word from production) words";
    assert_eq!(count(database, doubled), 0, "something was posted twice");
    assert_eq!(count(database, "select count(*) from ir_note where message like '%, last'"), all, "the end of an order was told twice");
    // Somebody whose server died between two clicks left an order that is none yet.
    let open = "select count(*) from stock_move m join production p on p.id in (m.production_input, m.production_output) \
                where m.state <> 'done' and p.number is not null";
    assert_eq!(count(database, open), 0, "a movement stands there that does not count");
    let total = format!("select count(*) from production p where {} <> quantity", moved("output", "FG"));
    assert_eq!(count(database, &total), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_erp_that_was_not_written_here_is_connected_by_text_and_nothing_is_lost_or_doubled() {
    if let Some(why) = missing() {
        return skipped(NAME, NEEDS, &why);
    }
    if let Err(why) = stage::fetched() {
        return skipped(NAME, "Tryton is fetched by Python's pip", &why);
    }
    drop(rustls::crypto::ring::default_provider().install_default());
    let dir = tempfile::tempdir().unwrap();
    let (database, mes) = (Database::start(Make::Postgres), Database::start(Make::MariaDb));
    mes.say(include_str!("sql/mes.sql"));
    let mut tryton = Tryton::start(&database).await;
    let mappings: Vec<(&str, &str)> = demo::FILES.iter().filter(|(name, _)| name.starts_with("mappings/erp-tryton/")).copied().collect();
    assert!(mappings.len() >= 3);
    let mesh = connected(&dir.path().join("config"), &site(&tryton), &mes.url(mes.port()), &mappings);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let engine = Embedded::open(&dir.path().join("store"), Settings::of(RegionName::parse("eu").unwrap()), Arc::clone(&clock)).unwrap();
    let running = begin(&mesh, &engine).await;
    let people = People::begin(&tryton);

    killed_in_the_middle(clock.as_ref(), &database, &mut tryton).await;
    // We die, too.
    running.kill();
    let running = begin(&mesh, &engine).await;
    killed_in_the_middle(clock.as_ref(), &database, &mut tryton).await;
    let did = people.end();
    assert!(did["written"].as_u64() > Some(5) && did["unheard"].as_u64() > Some(1), "nobody else worked there: {did}");

    let all = count(&database, RELEASED);
    until(clock.as_ref(), "every order is made and posted", || finished(&database) == all).await;
    // What comes too late would come now.
    clock.sleep(Duration::from_secs(2)).await;
    assert_eq!((finished(&database), all > 5), (all, true), "{all} orders, {did}");
    account(&database, all);
    running.stop().await;
}
