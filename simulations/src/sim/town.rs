//! The simulated systems of a configuration, on the virtual clock, with books in memory that outlive every crash of ours. What is
//! asked of them and what they tell goes over the bus ([`super::bus`], [`super::teller`]); what their own people do, they do here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use takt_cluster::seam::Clock as _;
use takt_config::text::TransportText;
use takt_protocol::book::SiteKind;
use takt_protocol::instant::Instant;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::outbox::Class;
use tokio::sync::Notify;

use super::Trial;
use super::draw::{Board, Sign};
use super::scenario::Odds;
use super::schedule::{Kind as Fault, Schedule};
use super::text::Loaded;
use super::trace::Trace;
use crate::clock::VirtualClock;
use crate::gate::Luck;
use crate::played::played_by;
use crate::world::habits::Habit;
use crate::world::system::Kind;
use crate::world::{Answer, Moment, Request, System, Zone, system};

/// A system.
pub(super) struct House {
    pub(super) site: SiteId,
    pub(super) kind: Kind,
    pub(super) of: SiteKind,
    pub(super) region: Region,
    /// The token it shows at our door.
    pub(super) token: Option<String>,
    /// How late a request may still be heard after it was given up, in ms: as long as its link says that it waits for.
    pub(super) settle_ms: u64,
    /// What becomes of requests to it, and of what it tells.
    pub(super) asked: Mutex<Luck>,
    pub(super) tells: Mutex<Luck>,
    /// It was asked something, and may have something to tell.
    pub(super) stirred: Notify,
    system: Mutex<Box<dyn System>>,
}

/// Who is out of reach.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// Regions that are cut off from the others.
    pub(super) cut: BTreeSet<Region>,
    /// Systems that are down.
    pub(super) down: BTreeSet<SiteId>,
    /// Systems that do not take our credential any more.
    pub(super) locked_out: BTreeSet<SiteId>,
}

/// All of them.
pub(super) struct Town {
    pub(super) clock: Arc<VirtualClock>,
    houses: BTreeMap<SiteId, Arc<House>>,
    odds: Odds,
    calm: AtomicBool,
    schedule: Schedule,
    reach: Mutex<Reach>,
    trace: Trace,
    board: Board,
    account: Mutex<BTreeMap<String, u64>>,
    /// Regions that were restored: since when they forgot, and until when.
    forgot: Mutex<BTreeMap<Region, (Duration, Duration)>>,
    /// Promises that were seen to break while it ran.
    broken: Mutex<Vec<String>>,
}

pub(super) fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

impl House {
    /// What it answers now.
    fn answer(&self, now: Moment, request: &Request) -> Answer {
        let answer = lock(&self.system).answer(now, request);
        self.stirred.notify_one();
        answer
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut dyn System) -> T) -> T {
        act(lock(&self.system).as_mut())
    }
}

impl Town {
    pub(super) fn new(trial: &Trial, text: &Loaded, clock: Arc<VirtualClock>, trace: Trace) -> anyhow::Result<Self> {
        let mut houses = BTreeMap::new();
        for (site, link) in &text.mesh.links {
            let (Some(kind), Some(known)) = (played_by(&text.mesh, *site), text.mesh.book.sites.get(site)) else { continue };
            let token = match &link.transport {
                TransportText::Http(http) => http.inbound.as_ref().and_then(|inbound| inbound.token.clone()),
                TransportText::Files(_) | TransportText::Sql(_) | TransportText::Mqtt(_) => None,
            };
            let settles = known.classes.values().filter_map(|class| match class {
                Class::ProbeWithSettle { settle_ms } => Some(u64::from(*settle_ms)),
                Class::DedupByKey | Class::AtMostOnce => None,
            });
            let seed = trial.seed.wrapping_add(link.simulated.as_ref().map_or(0, |simulated| simulated.seed));
            let system = system(kind, site.as_str(), Zone::named(known.calendar.zone())?, seed);
            let house = House {
                site: *site,
                kind,
                of: known.kind,
                region: known.region,
                token,
                settle_ms: settles.min().unwrap_or(2_000),
                asked: Mutex::new(Luck::of(trial.seed, &format!("asked {site}"))),
                tells: Mutex::new(Luck::of(trial.seed, &format!("tells {site}"))),
                stirred: Notify::new(),
                system: Mutex::new(system),
            };
            houses.insert(*site, Arc::new(house));
        }
        let (calm, reach, account) = (AtomicBool::new(false), Mutex::default(), Mutex::default());
        let schedule = trial.only.clone().unwrap_or_else(|| Schedule::of(trial.scenario));
        let board = Board::new(trial.draw);
        let (forgot, broken) = Default::default();
        Ok(Self { clock, houses, odds: trial.scenario.odds, calm, schedule, reach, trace, board, account, forgot, broken })
    }

    pub(super) fn houses(&self) -> impl Iterator<Item = &Arc<House>> {
        self.houses.values()
    }

    pub(super) fn house(&self, site: SiteId) -> Option<&Arc<House>> {
        self.houses.get(&site)
    }

    pub(super) fn trace(&self) -> &Trace {
        &self.trace
    }

    /// What is drawn in the end.
    pub(super) fn board(&self) -> &Board {
        &self.board
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    pub(super) fn now(&self) -> Instant {
        self.clock.now()
    }

    pub(super) fn moment(&self) -> Moment {
        Moment::from_millis(self.now().utc_ms())
    }

    /// The time of the run, as a person reads it.
    pub(super) fn clock(&self) -> String {
        let minutes = self.elapsed().as_secs() / 60;
        format!("{}:{:02}", minutes / 60, minutes % 60)
    }

    /// What is a little wrong just now.
    pub(super) fn odds(&self) -> Odds {
        if self.calm.load(Ordering::Relaxed) { Odds::default() } else { self.odds }
    }

    /// Whether a fault that was drawn may take effect now.
    pub(super) fn lets(&self, fault: Fault) -> bool {
        self.schedule.lets(fault, self.elapsed())
    }

    /// Whether that blow of the scenario is struck.
    pub(super) fn strikes(&self, blow: usize) -> bool {
        self.schedule.strikes(blow)
    }

    /// Something took effect.
    pub(super) fn count(&self, what: &str) {
        *lock(&self.account).entry(what.to_owned()).or_default() += 1;
    }

    /// The same, on the way to a system or from it.
    pub(super) fn goes_wrong(&self, house: &House, what: &str) {
        self.count(what);
        self.board.mark(self.elapsed(), house.site.as_str(), Sign::Fault, || format!("{} {what}", self.clock()));
    }

    /// So much of something.
    pub(super) fn add(&self, what: &str, count: u64) {
        *lock(&self.account).entry(what.to_owned()).or_default() += count;
    }

    pub(super) fn account(&self) -> BTreeMap<String, u64> {
        lock(&self.account).clone()
    }

    /// A region lost what it had heard since.
    pub(super) fn forgets(&self, region: Region, since: Duration) {
        lock(&self.forgot).insert(region, (since, self.elapsed()));
    }

    /// Whether a region ever lost something.
    pub(super) fn has_forgotten(&self, region: Region) -> bool {
        lock(&self.forgot).contains_key(&region)
    }

    /// Whether what a region acknowledged then may be gone.
    pub(super) fn may_have_forgotten(&self, region: Region, at: Duration) -> bool {
        lock(&self.forgot).get(&region).is_some_and(|(since, until)| (*since..=*until).contains(&at))
    }

    /// Whether what any region acknowledged then may be gone: it may have been on its way to one that lost everything.
    pub(super) fn anybody_forgot(&self, at: Duration) -> bool {
        lock(&self.forgot).values().any(|(_, until)| at <= *until)
    }

    /// A promise broke.
    pub(super) fn breaks(&self, sentence: String) {
        lock(&self.broken).push(sentence);
    }

    pub(super) fn broken(&self) -> Vec<String> {
        lock(&self.broken).clone()
    }

    pub(super) fn with_reach(&self, act: impl FnOnce(&mut Reach)) {
        act(&mut lock(&self.reach));
    }

    /// Whether nothing goes from a region to another one.
    pub(super) fn apart(&self, one: Region, other: Region) -> bool {
        let reach = lock(&self.reach);
        one != other && (reach.cut.contains(&one) || reach.cut.contains(&other))
    }

    /// Whether a system is down: then it says nothing.
    pub(super) fn is_down(&self, house: &House) -> bool {
        lock(&self.reach).down.contains(&house.site)
    }

    /// Whether a system lets nobody of ours in.
    pub(super) fn is_locked_out(&self, house: &House) -> bool {
        lock(&self.reach).locked_out.contains(&house.site)
    }

    /// Whether nothing goes between a region and a system.
    pub(super) fn out_of_reach(&self, region: Region, house: &House) -> bool {
        lock(&self.reach).down.contains(&house.site) || self.apart(region, house.region)
    }

    /// What a system answers to a request that came to it, as the trace has it.
    pub(super) fn hear(&self, from: Region, house: &House, request: &Request) -> Answer {
        let answer = house.answer(self.moment(), request);
        let line = format!("{} {from} > {} {}", self.elapsed().as_millis(), house.site, request.place());
        self.trace.add(&line, format!("{request:?} {answer:?}").as_bytes());
        let what = || format!("{} {from} > {}: {} {}", self.clock(), house.site, request.place(), request.body);
        self.board.mark(self.elapsed(), house.site.as_str(), Sign::Asked, what);
        answer
    }

    /// Something that the people of a system do at its own desk.
    pub(super) fn do_there(&self, house: &House, request: &Request) -> anyhow::Result<Value> {
        let answer = house.answer(self.moment(), request);
        let line = format!("{} {} {}", self.elapsed().as_millis(), house.site, request.place());
        self.trace.add(&line, request.body.as_bytes());
        let response = answer.reply.response();
        match response {
            Some(response) if response.is_success() => Ok(response.value()),
            Some(response) => anyhow::bail!("{} {}: {} {}", house.site, request.place(), response.status, response.body),
            None => anyhow::bail!("{} {} was not answered", house.site, request.place()),
        }
    }

    /// Gives a system these habits, and no others.
    pub(super) fn set_habits(&self, house: &House, habits: &[(Habit, u32)]) {
        let doses: serde_json::Map<String, Value> = habits
            .iter()
            .map(|(habit, per_mille)| (habit.name().to_owned(), json!({ "per_mille": per_mille, "amount": amount(*habit) })))
            .collect();
        if let Err(error) = self.do_there(house, &Request::put("/_sim/habits", &Value::Object(doses))) {
            tracing::warn!(%error, "a system has not the habits that a scenario wants of it");
        }
    }

    /// The habits it has when nothing else is said.
    pub(super) fn usual_habits(&self, house: &House) {
        let some = if self.lets(Fault::Habits) { self.odds().habits_per_mille } else { 0 };
        self.set_habits(house, &[(Habit::LateMessage, some), (Habit::DuplicateMessage, some), (Habit::Slow, some)]);
    }

    /// Nothing goes wrong any more.
    pub(super) fn calm(&self) {
        self.calm.store(true, Ordering::Relaxed);
        self.with_reach(|reach| *reach = Reach::default());
        for house in self.houses() {
            self.set_habits(house, &[]);
        }
    }

    /// What somebody has to tell still, if anybody has.
    pub(super) fn untold(&self) -> Option<String> {
        self.houses().find_map(|house| {
            let untold = house.with(|system| system.untold());
            (untold > 0).then(|| format!("{} has {untold} messages that nobody took", house.site))
        })
    }
}

/// How strongly a habit shows.
fn amount(habit: Habit) -> Option<i64> {
    let known = [(Habit::Slow, 3_000), (Habit::LateMessage, 60_000)];
    known.into_iter().find(|(of, _)| *of == habit).map(|(_, ms)| ms)
}
