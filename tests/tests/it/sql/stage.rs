//! An ERP and a MES that are databases and nothing else, under load while they are killed: every order that stands in the ERP is made
//! once and posted once.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use takt_actors::node::Settings as NodeSettings;
use takt_actors::region::{Plan, Region, SiteLink};
use takt_cluster::clock::SystemClock;
use takt_cluster::embedded::{Embedded, Settings};
use takt_cluster::seam::Clock;
use takt_cluster::views::Views;
use takt_config::demo;
use takt_config::links::ways;
use takt_config::load::{Mesh, load};
use takt_protocol::name::Region as RegionName;

use crate::databases::{Cutter, Database, Make, NEEDS, missing};
use crate::skipped::skipped;

pub(crate) const PATIENCE: Duration = Duration::from_mins(4);

/// Behind every so-manieth commit the line to the ERP breaks.
const CUT_EVERY: usize = 9;

const FILES: [(&str, &str); 9] = [
    ("mesh.yaml", "regions: [eu]\nclients: [{name: planner, token: p, role: planning}]\n"),
    ("materials/all.yaml", "FG: {description: bracket, base: H87}\nSTEEL: {description: steel, base: KGM}\n"),
    (
        "recipes/fg.yaml",
        "plant: nord\nmaterial: FG\nversion: '7'\nsource: PLM\nbase_quantity: 1 H87\noperations: [{op: '0010', class: PRESS, milestone: true}]\n\
         components: [{item: '1', op: '0010', material: STEEL, qty: 0.4 KGM}]\noutputs: [{kind: main, material: FG}]\n",
    ),
    ("equipment/nord.yaml", "plant: nord\nequipment: [{id: P1, class: PRESS, capabilities: []}]\n"),
    (
        "rules/all.yaml",
        "- {id: receipt, version: 1, match: {use: produced}, trigger: [each_report], movement: goods_receipt}\n\
         - {id: work, version: 1, match: {use: yield}, trigger: [completion], movement: confirmation}\n\
         - {id: used, version: 1, match: {use: consumed}, trigger: [completion], movement: goods_issue}\n",
    ),
    ("mappings/orders.jq", include_str!("mappings/orders.jq")),
    ("mappings/post.jq", include_str!("mappings/post.jq")),
    ("mappings/dispatch_job.jq", include_str!("../../../../config/mappings/mes-sql/dispatch_job.jq")),
    ("mappings/reports.jq", include_str!("../../../../config/mappings/mes-sql/reports.jq")),
];

pub(crate) const LIMITS: &str = "limits: {at_once: 4, window_ms: 5000, failures: 3, rest_ms: 200, rest_max_ms: 400}\n";

/// The text that connects an ERP, whose file is given, with the MES.
pub(crate) fn connected(dir: &Path, erp: &str, mes: &str, more: &[(&str, &str)]) -> Mesh {
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    for (name, text) in FILES.iter().chain(more) {
        write(name, text);
    }
    let (_, workflows) = demo::FILES.iter().find(|(name, _)| *name == "workflows/all.yaml").unwrap();
    // Nobody asks this MES for its recipes, and nobody tells of its machines.
    assert!(workflows.contains("sla: plant_critical\n  reconciliation: presence\n  without: []"));
    let unchecked = workflows.replacen("without: []", "without: [equipment, calibration, plant_recipe]", 1);
    write("workflows/all.yaml", &unchecked);
    write("sites/erp.yaml", erp);
    write(
        "sites/nord.yaml",
        &format!(
            "kind: plant\nregion: eu\nerp: erp\ncalendar: {{zone: Europe/Berlin}}\nclasses: {{dispatch_job: dedup_by_key}}\n{LIMITS}\
             link:\n  sql:\n    url: {mes}\n    password: t@k/t?\n    send: {{dispatch_job: mappings/dispatch_job.jq}}\n    \
             polls: {{reports: {{every_ms: 100, marked: true, mapping: mappings/reports.jq}}}}\n"
        ),
    );
    load(dir, &BTreeMap::new()).unwrap_or_else(|found| panic!("{found:#?}"))
}

fn configured(dir: &Path, erp: &str, mes: &str) -> Mesh {
    let erp = format!(
        "kind: erp\nregion: eu\ncalendar: {{zone: Europe/Berlin}}\nclasses: {{post: {{probe_with_settle: {{settle_ms: 500}}}}}}\n{LIMITS}\
         link:\n  sql:\n    url: {erp}\n    send: {{post: mappings/post.jq}}\n    \
         polls: {{orders: {{every_ms: 100, marked: true, mapping: mappings/orders.jq}}}}\n"
    );
    connected(dir, &erp, mes, &[])
}

/// A region at work, and what it does regularly.
pub(crate) struct Running {
    pub(crate) region: Region,
    /// The ways to its sites.
    pub(crate) sites: Vec<SiteLink>,
    pub(crate) chores: Vec<tokio::task::JoinHandle<()>>,
}

pub(crate) async fn begin(mesh: &Mesh, engine: &Embedded) -> Running {
    let all = ways(mesh).unwrap();
    let plan = Plan {
        region: RegionName::parse("eu").unwrap(),
        seams: engine.seams(),
        book: Arc::clone(&mesh.book),
        settings: NodeSettings::default(),
        sites: all.iter().map(|way| way.out.clone()).collect(),
        roads: Vec::new(),
        views: Views::in_memory(),
        projections: takt_actors::region::Projections::All,
    };
    let region = Region::start(plan).await.unwrap();
    let chores = all.iter().flat_map(|way| way.chores(&region)).map(tokio::spawn).collect();
    Running { region, sites: all.into_iter().map(|way| way.out).collect(), chores }
}

impl Running {
    /// It dies where it stands.
    pub(crate) fn kill(self) {
        self.chores.iter().for_each(tokio::task::JoinHandle::abort);
        self.region.kill();
    }

    /// It ends in order.
    pub(crate) async fn stop(self) {
        self.region.stop().await;
        self.chores.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

type Shared = Arc<Mutex<Database>>;

/// People who release orders all the time, each in transactions of another length, so that numbers do not follow the order of commits.
fn people(erp: &Shared, over: &Arc<AtomicBool>) -> Vec<std::thread::JoinHandle<()>> {
    let person = |who: usize, pause: &'static str| {
        let (erp, over) = (Arc::clone(erp), Arc::clone(over));
        std::thread::spawn(move || {
            let mut round = 0;
            while !over.load(Ordering::Relaxed) {
                round += 1;
                let release = |at: usize| {
                    format!(
                        "begin; insert into orders (number, material, quantity) values ('P{who}-{round}-{at}', 'FG', 10); \
                         select pg_sleep({pause}); commit;"
                    )
                };
                let script = (0..4).map(release).collect::<String>() + "select pg_sleep(0.1)";
                let mut client = erp.lock().unwrap().client("plant");
                // Whose connection breaks begins the next round: what stands in the table is what counts.
                client.arg(script).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
            }
        })
    };
    vec![person(1, "0.02"), person(2, "0.31")]
}

pub(crate) fn number(said: &str) -> usize {
    said.trim().parse().unwrap_or_else(|_| panic!("no number: {said}"))
}

fn orders(erp: &Shared) -> usize {
    number(&erp.lock().unwrap().say("select count(*) from orders"))
}

/// The orders of which everything was posted, and nothing twice.
fn finished(erp: &Shared) -> usize {
    let posted = |movement: &str| {
        format!(
            "(select sum((line->>'qty')::numeric) from postings p, jsonb_array_elements(p.lines) line \
             where p.number = o.number and p.movement = '{movement}')"
        )
    };
    let sql = format!(
        "select count(*) from orders o where {} = quantity and {} = quantity and {} = quantity * 0.4",
        posted("goods_receipt"),
        posted("confirmation"),
        posted("goods_issue")
    );
    number(&erp.lock().unwrap().say(&sql))
}

pub(crate) async fn until(clock: &dyn Clock, what: &str, mut look: impl FnMut() -> bool) {
    let since = clock.elapsed();
    while !look() {
        assert!(clock.elapsed().saturating_sub(since) < PATIENCE, "not within {PATIENCE:?}: {what}");
        clock.sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until some more orders are finished, while others are not; then kills what is given.
async fn in_the_middle(clock: &dyn Clock, erp: &Shared, killed: &[&Shared]) {
    let before = finished(erp);
    until(clock, "orders get finished", || finished(erp) > before + 2).await;
    assert!(orders(erp) > finished(erp), "there is no load");
    for database in killed {
        database.lock().unwrap().kill();
    }
    clock.sleep(Duration::from_millis(500)).await;
    for database in killed {
        database.lock().unwrap().restart();
    }
}

/// An order whose transaction is open while a later one is taken is taken when it is committed.
async fn an_early_number_that_is_committed_late(clock: &dyn Clock, erp: &Shared) {
    let mut slow = erp.lock().unwrap().session();
    let mut words = slow.stdin.take().unwrap();
    words.write_all(b"begin; insert into orders (number, material, quantity) values ('EARLY', 'FG', 10);\n").unwrap();
    let open = "select count(*) from pg_stat_activity where state = 'idle in transaction' and query like '%EARLY%'";
    until(clock, "the first transaction is open", || erp.lock().unwrap().say(open) == "1").await;
    erp.lock().unwrap().say("insert into orders (number, material, quantity) values ('LATE', 'FG', 10)");
    let taken = |name: &str| erp.lock().unwrap().say(&format!("select id from orders where number = '{name}' and taken_at is not null"));
    until(clock, "the later one is taken", || !taken("LATE").is_empty()).await;
    words.write_all(b"commit;\n").unwrap();
    until(clock, "the earlier one is taken", || !taken("EARLY").is_empty()).await;
    assert!(number(&taken("EARLY")) < number(&taken("LATE")), "their numbers follow their commits");
    drop(words);
    assert!(slow.wait().unwrap().success());
}

/// Every order was made and posted once, and the databases had really been killed.
fn account(erp: &Database, mes: &Database, all: usize) {
    assert_eq!(erp.say("select count(*) - count(distinct reference) from postings"), "0", "something was posted twice");
    let jobs = (number(&mes.say("select count(*) from jobs")), number(&mes.say("select count(*) from reports where taken_at is null")));
    assert_eq!(jobs, (all, 0));
    assert_eq!((erp.recoveries(), mes.recoveries()), (2, 2), "the kills were none");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_databases_that_are_killed_under_load_make_and_post_every_order_once() {
    if let Some(why) = missing() {
        return skipped("two_databases_that_are_killed_under_load_make_and_post_every_order_once", NEEDS, &why);
    }
    drop(rustls::crypto::ring::default_provider().install_default());
    let dir = tempfile::tempdir().unwrap();
    let (erp, mes) = (Database::start(Make::Postgres), Database::start(Make::MariaDb));
    erp.say(include_str!("erp.sql"));
    mes.say(include_str!("mes.sql"));
    let line = Cutter::before(erp.port(), CUT_EVERY).await;
    let mesh = configured(&dir.path().join("config"), &erp.url(line.port()), &mes.url(mes.port()));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let engine = Embedded::open(&dir.path().join("store"), Settings::of(RegionName::parse("eu").unwrap()), Arc::clone(&clock)).unwrap();
    let (erp, mes): (Shared, Shared) = (Arc::new(Mutex::new(erp)), Arc::new(Mutex::new(mes)));
    let running = begin(&mesh, &engine).await;
    an_early_number_that_is_committed_late(clock.as_ref(), &erp).await;

    let over = Arc::new(AtomicBool::new(false));
    let people = people(&erp, &over);
    in_the_middle(clock.as_ref(), &erp, &[&erp]).await;
    in_the_middle(clock.as_ref(), &erp, &[&mes]).await;
    // We die, too.
    running.kill();
    let running = begin(&mesh, &engine).await;
    in_the_middle(clock.as_ref(), &erp, &[&mes, &erp]).await;
    over.store(true, Ordering::Relaxed);
    for person in people {
        person.join().unwrap();
    }

    let all = orders(&erp);
    until(clock.as_ref(), "every order is made and posted", || finished(&erp) == all).await;
    // What comes too late would come now.
    clock.sleep(Duration::from_secs(2)).await;
    assert_eq!((finished(&erp), all > 20), (all, true), "{all} orders");
    account(&erp.lock().unwrap(), &mes.lock().unwrap(), all);
    assert!(line.cuts() > 0, "the line never broke behind a commit");
    running.stop().await;
}
