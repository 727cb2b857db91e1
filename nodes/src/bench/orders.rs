//! The load of the measurement: orders that are released and then reported on, one after the other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use takt_actors::region::Region;
use takt_cluster::seam::Clock;
use takt_protocol::answer::Answer;
use takt_protocol::book::{Book, Policy, Site, SiteKind};
use takt_protocol::calendar::{Calendar, PeriodBook};
use takt_protocol::effect::JobOperation;
use takt_protocol::envelope::{Envelope, Key, KeyText, Mark};
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::kernel::Reply;
use takt_protocol::name::{Region as RegionName, SiteId};
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::order::{self, Amount, Confirmation, Counting, Header, OwnerFact, Report};
use takt_protocol::posting::{DatePolicy, LatePolicy, Match, Method, Movement, OverPolicy, Rule, RuleBook, Trigger, Use};
use takt_protocol::qty::{Qty, Rounding};
use takt_protocol::site::{Resolution, Resolved};
use takt_protocol::words::{MaterialId, OpNo, OutputKind, Version};
use tokio::runtime::Handle;

use super::api::Way;

/// Reports of an order after its release.
const REPORTS: u64 = 11;

/// An ERP, a plant, and a rule that posts every ten reports.
pub(super) fn book() -> anyhow::Result<Book> {
    let site = |kind, erp| {
        anyhow::Ok(Site {
            kind,
            region: RegionName::parse("eu")?,
            calendar: Calendar::plain("Europe/Berlin")?,
            erp,
            warehouse: None,
            quality: None,
            around: takt_protocol::book::Around::default(),
            classes: BTreeMap::new(),
            periods: PeriodBook::default(),
        })
    };
    let rule = Rule {
        id: "bench/yield".to_owned(),
        version: 1,
        matches: Match { purpose: Some(Use::Yield), ..Match::default() },
        trigger: vec![Trigger::Count(10), Trigger::Completion],
        group_by: Vec::new(),
        movement: Movement::Confirmation,
        code: String::new(),
        method: Method::Explicit,
        scale: 3,
        rounding: Rounding::HalfUp,
        date: DatePolicy::Occurred,
        late: LatePolicy::Park,
        over: OverPolicy::Post,
    };
    let erp = SiteId::parse("erp")?;
    Ok(Book {
        hash: "bench".to_owned(),
        generation: 1,
        sites: BTreeMap::from([(erp, site(SiteKind::Erp, None)?), (SiteId::parse("nord")?, site(SiteKind::Plant, Some(erp))?)]),
        materials: BTreeMap::new(),
        recipes: BTreeMap::new(),
        equipment: BTreeMap::new(),
        data: takt_protocol::data::Data::default(),
        rules: RuleBook::new(vec![rule]).map_err(|found| anyhow::anyhow!("{found:?}"))?,
        policy: Policy::default(),
        ..Book::default()
    })
}

/// One order after the other until it is over; how long each command took. Its ERP and its plant are heard inside the node, its reports
/// come by `way`.
pub(super) async fn client(
    (region, node): (&Region, &Handle),
    way: &Way,
    clock: &dyn Clock,
    over: &AtomicBool,
    client: usize,
) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::new();
    for number in 0.. {
        let name = Ref::new(SiteId::parse("erp")?, NativeKind::Order, NativeId::parse(&format!("{client}-{number}"))?);
        let to = Address::Native { kind: Kind::Order, names: vec![name.clone()] };
        let order = region.entity(&to).ok_or_else(|| anyhow::anyhow!("the order has no home"))?;
        for n in 0..=REPORTS + 1 {
            if over.load(Ordering::Relaxed) {
                return Ok(times);
            }
            let sent = clock.elapsed();
            match n {
                0 => on(node, region, release(&name, clock.now())?).await?,
                1 => on(node, region, found(order, clock.now())?).await?,
                n => way.report(region, order, n, clock.now()).await?,
            }
            times.push(clock.elapsed().saturating_sub(sent));
        }
    }
    Ok(times)
}

/// Has it decided on the threads of the node: an entity runs where it is asked first, and the client's are no place for it.
async fn on(node: &Handle, region: &Region, input: Input) -> anyhow::Result<()> {
    let region = region.clone();
    node.spawn(async move { inside(&region, input).await }).await?
}

/// Has it decided without a door, and wants it to be accepted.
pub(super) async fn inside(region: &Region, input: Input) -> anyhow::Result<()> {
    let reply = region.ask(input).await?;
    anyhow::ensure!(reply == Reply::Answer(Answer::Accepted), "a command was answered {reply:?}");
    Ok(())
}

fn envelope(source: &str, mark: Mark, now: Instant) -> anyhow::Result<Envelope> {
    let key = Key { source: SiteId::parse(source)?, epoch: 0, mark };
    Ok(Envelope::of(key, now))
}

fn release(name: &Ref, now: Instant) -> anyhow::Result<Input> {
    let fact = OwnerFact::Released(Box::new(header(name, now)?));
    told(name, "released", now, fact)
}

/// Its ERP made it, and has not released it.
pub(super) fn created(name: &Ref, now: Instant) -> anyhow::Result<Input> {
    let fact = OwnerFact::Created(Box::new(header(name, now)?));
    told(name, "created", now, fact)
}

fn told(name: &Ref, key: &str, now: Instant, fact: OwnerFact) -> anyhow::Result<Input> {
    let to = Address::Native { kind: Kind::Order, names: vec![name.clone()] };
    let body = Body::Order(order::Input::OwnerFact(fact));
    Ok(Input { to, envelope: envelope("erp", Mark::Text(KeyText::parse(key)?), now)?, body })
}

fn header(name: &Ref, now: Instant) -> anyhow::Result<Header> {
    Ok(Header {
        erp: name.system,
        number: name.id.clone(),
        plant: SiteId::parse("nord")?,
        material: MaterialId::parse("FG-100")?,
        total: Qty::parse("5000 H87")?,
        planned_scrap: None,
        over_percent: None,
        recipe: None,
        lot: None,
        start: now.plus_ms(3_600_000),
        end: now.plus_ms(7_200_000),
        demand: None,
    })
}

/// The plant can run it: what its site would say.
fn found(order: EntityId, now: Instant) -> anyhow::Result<Input> {
    let op = OpNo::parse("10")?;
    let resolved = Resolved {
        description: "bracket".to_owned(),
        recipe: Version::parse("1")?,
        recipe_source: "bench".to_owned(),
        operations: vec![JobOperation { op, equipment: Vec::new() }],
        milestones: Vec::new(),
        classes: Vec::new(),
        components: Vec::new(),
        outputs: vec![(OutputKind::Main, MaterialId::parse("FG-100")?)],
        materials: Vec::new(),
        warehouse: None,
        quality: None,
    };
    let mail = order::Mail::Resolution { attempt: 1, found: Resolution::Resolved(Box::new(resolved)) };
    let envelope = envelope("nord", Mark::Text(KeyText::parse("found")?), now)?;
    Ok(Input { to: Address::Entity(order), envelope, body: Body::Order(order::Input::Mail(mail)) })
}

/// What its plant reports.
pub(super) fn report(order: EntityId, n: u64, now: Instant) -> anyhow::Result<Input> {
    let work = Confirmation {
        op: OpNo::parse("10")?,
        good: Some(Amount { qty: Qty::parse("1 H87")?, counting: Counting::Delta, native: None }),
        scrap: None,
        scrap_reason: None,
        rework: None,
        labour: None,
        machine: None,
        last: false,
        declared: None,
    };
    let body = Body::Order(order::Input::Report(Report::Confirmed(Box::new(work))));
    Ok(Input { to: Address::Entity(order), envelope: envelope("nord", Mark::Number(n), now)?, body })
}
