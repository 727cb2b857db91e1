//! Which postings come of which reports: one order, told what a test says by the kernel itself, with time passing as the test
//! says. Apart from the mesh because a rule is tried before anything runs. Nothing is sent; whether the plant can
//! run the order is looked up in the folder, as it is before a real one.

use takt_protocol::answer::Answer;
use takt_protocol::book::Book;
use takt_protocol::envelope::{Envelope, Key, Mark};
use takt_protocol::fact::Fact;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::intent::{Intent, IntentId, Parcel, Wake};
use takt_protocol::kernel::{ALL_REACHED, Context, Own, Reply, State, step};
use takt_protocol::name::{SiteId, Source};
use takt_protocol::native::{NativeId, NativeKind};
use takt_protocol::order::{self, Header, OwnerFact, Report};
use takt_protocol::posting::{Ledger, Line, Posting, Series, accounts};
use takt_protocol::qty::Qty;
use takt_protocol::site::{self, Resolution};
use takt_protocol::words::{LotNo, MaterialId, OpNo, Sscc};

use super::finding;
use crate::finding::Finding;
use crate::load::Mesh;
use crate::text::{PostingText, QuantityText, RuleCaseText, RuleTestsText};

/// The number of the order in tests.
const NUMBER: &str = "1000042";

/// When the order of a test starts, if it does not say.
const START: &str = "2026-11-23T08:00:00+01:00";

/// What came of the reports of a case.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The postings, in order.
    pub postings: Vec<Posting>,
    /// What was reported and stands in no posting, by series.
    pub left: Vec<(Series, Qty)>,
}

/// The tests of rules that fail.
pub(super) fn failed(file: &str, tests: &RuleTestsText, mesh: &Mesh) -> Vec<Finding> {
    let failed = tests.cases.iter().filter_map(|case| {
        let why = play(tests, &case.value, &mesh.book).and_then(|outcome| wanted(&case.value, &outcome)).err()?;
        Some(finding(file, case.referenced, &case.value.name, why, "mend the rule, or what the test wants of it"))
    });
    failed.collect()
}

/// What comes of the reports of a case.
pub fn play(tests: &RuleTestsText, case: &RuleCaseText, book: &Book) -> Result<Outcome, String> {
    let mut floor = Floor::release(tests, book)?;
    for happens in &case.given {
        for _ in 0..happens.times {
            floor.wait(happens.after_minutes)?;
            if let Some(report) = &happens.report {
                floor.report(report.clone())?;
            }
        }
    }
    let Own::Order(order) = &floor.state.own else { return Err("the order is none".to_owned()) };
    Ok(outcome(&order.ledger))
}

fn outcome(ledger: &Ledger) -> Outcome {
    let postings: Vec<Posting> = ledger.postings().map(|entry| entry.posting.clone()).collect();
    let left = accounts(ledger).into_iter().filter_map(|account| {
        let lines = postings.iter().flat_map(|posting| &posting.lines).filter(|line| line.series == account.series);
        let posted = lines.map(|line| line.qty).try_fold(account.skipped, |sum, qty| sum.plus(qty)).ok()?;
        Some((account.series, account.reported.minus(posted).ok()?)).filter(|(_, left)| !left.is_zero())
    });
    Outcome { left: left.collect(), postings }
}

/// One order, the alarms it has set, and what it asks of its plant.
struct Floor<'a> {
    book: &'a Book,
    plant: SiteId,
    now: Instant,
    state: State,
    wakes: Vec<(IntentId, Instant, Wake)>,
    asked: Vec<(EntityId, Body)>,
    told: u64,
}

impl<'a> Floor<'a> {
    fn release(tests: &RuleTestsText, book: &'a Book) -> Result<Self, String> {
        let plant = tests.plant.value;
        let erp = book.sites.get(&plant).and_then(|site| site.erp).ok_or_else(|| format!("there is no plant {plant} with an ERP"))?;
        let number = NativeId::parse(NUMBER).map_err(|error| error.to_string())?;
        let start = match tests.start {
            Some(start) => start,
            None => Instant::parse(START).map_err(|error| error.to_string())?,
        };
        let id = book.born_at(erp, Kind::Order, NativeKind::Order, NUMBER).ok_or("the ERP is no site")?;
        let header = Header {
            erp,
            number,
            plant,
            material: tests.material.value.clone(),
            total: tests.total,
            planned_scrap: None,
            over_percent: None,
            recipe: None,
            lot: None,
            start,
            end: start.plus_ms(8 * 3_600_000),
            demand: None,
        };
        let mut floor = Self { book, plant, now: start, state: State::unknown(id), wakes: Vec::new(), asked: Vec::new(), told: 0 };
        floor.tell(erp, Body::Order(order::Input::OwnerFact(OwnerFact::Released(Box::new(header)))))?;
        floor.send()?;
        Ok(floor)
    }

    /// The plant looks whether it can run the order, and gets it.
    fn send(&mut self) -> Result<(), String> {
        for (plant, body) in std::mem::take(&mut self.asked) {
            let input = Input { to: Address::Entity(plant), envelope: Envelope::ours("resolve", self.now), body };
            let context = Context { now: self.now, book: self.book, incarnation: 1, unreached: &ALL_REACHED };
            let stepped = step(State::unknown(plant), &input, &context);
            for (to, answer) in stepped.step.iter().flat_map(|step| &step.facts).filter_map(mail) {
                if let Body::Order(order::Input::Mail(order::Mail::Resolution { found: Resolution::Missing(missing), .. })) = answer {
                    let missing: Vec<&str> = missing.iter().map(|(_, what)| what.as_str()).collect();
                    return Err(format!("{} cannot run the order: {}", self.plant, missing.join("; ")));
                }
                if to == self.state.id {
                    self.tell(Source::default(), answer.clone())?;
                }
            }
        }
        Ok(())
    }

    /// Time passes; every alarm that was set until then rings, in its turn.
    fn wait(&mut self, minutes: u32) -> Result<(), String> {
        let until = self.now.plus_ms(u64::from(minutes) * 60_000);
        while let Some(at) = (0..self.wakes.len()).min_by_key(|at| self.wakes.get(*at).map(|(_, at, _)| *at)) {
            if self.wakes.get(at).is_none_or(|(_, at, _)| *at > until) {
                break;
            }
            let (intent, at, wake) = self.wakes.swap_remove(at);
            self.now = self.now.max(at);
            self.tell(Source::default(), Body::Woken { intent, wake, at: Some(at) })?;
        }
        self.now = until;
        Ok(())
    }

    fn report(&mut self, report: Report) -> Result<(), String> {
        let said = serde_json::to_string(&report).unwrap_or_default();
        match self.tell(self.plant, Body::Order(order::Input::Report(report)))? {
            Answer::Accepted => Ok(()),
            Answer::Discrepant { case } | Answer::Quarantined { case } => {
                let what = self.state.common.cases.get(&case).map(|case| case.what.clone()).unwrap_or_default();
                Err(format!("{said} became a case: {what}"))
            }
            Answer::Refused(refusal) => Err(format!("{said} was refused: {}", refusal.text)),
        }
    }

    fn tell(&mut self, source: Source, body: Body) -> Result<Answer, String> {
        self.told += 1;
        let envelope = Envelope::of(Key { source, epoch: 0, mark: Mark::Number(self.told) }, self.now);
        let input = Input { to: Address::Entity(self.state.id), envelope, body };
        let context = Context { now: self.now, book: self.book, incarnation: 1, unreached: &ALL_REACHED };
        let entity = self.state.id;
        let stepped = step(std::mem::replace(&mut self.state, State::unknown(entity)), &input, &context);
        self.state = stepped.state;
        for fact in stepped.step.iter().flat_map(|step| &step.facts) {
            self.set_alarm(entity, fact);
        }
        match stepped.reply {
            Reply::Answer(answer) | Reply::Known(answer) => Ok(answer),
            Reply::Claim(_) | Reply::Unborn => Err("the order does not take it".to_owned()),
        }
    }

    fn set_alarm(&mut self, entity: EntityId, fact: &Fact) {
        let resolve = |body: &Body| matches!(body, Body::Site(site::Input::Mail(site::Mail::Resolve { .. })));
        self.asked.extend(mail(fact).filter(|(_, body)| resolve(body)).map(|(to, body)| (to, body.clone())));
        let Fact::Intended { number, intent } = fact else { return };
        if let Intent::Wake { at, wake } = intent.as_ref() {
            self.wakes.push((IntentId { entity, incarnation: 1, number: *number }, *at, wake.clone()));
        }
    }
}

/// What a fact tells another entity.
fn mail(fact: &Fact) -> Option<(EntityId, &Body)> {
    let Fact::Intended { intent, .. } = fact else { return None };
    let Intent::Mail { to, parcel: Parcel::Body(body), .. } = intent.as_ref() else { return None };
    Some((*to, body))
}

fn wanted(case: &RuleCaseText, outcome: &Outcome) -> Result<(), String> {
    let fits = outcome.postings.len() == case.postings.len()
        && outcome.postings.iter().zip(&case.postings).all(|(posting, wanted)| is(posting, wanted));
    if !fits {
        let made: Vec<String> = outcome.postings.iter().map(told).collect();
        let made = if made.is_empty() { "no posting".to_owned() } else { made.join("; ") };
        return Err(format!("{} postings were wanted, and there came {made}", case.postings.len()));
    }
    let left_fits = outcome.left.len() == case.left.len()
        && case.left.iter().all(|wanted| outcome.left.iter().any(|(series, qty)| matches(wanted, series, None, *qty)));
    if left_fits {
        return Ok(());
    }
    let left: Vec<String> = outcome.left.iter().map(|(series, qty)| left(series, *qty)).collect();
    let left = if left.is_empty() { "nothing".to_owned() } else { left.join("; ") };
    Err(format!("what was left is {left}"))
}

fn is(posting: &Posting, wanted: &PostingText) -> bool {
    let about = |line: &Line, wanted: &QuantityText| matches(wanted, &line.series, line.unit.as_ref().map(Sscc::as_str), line.qty);
    posting.movement == wanted.movement
        && wanted.rule.as_ref().is_none_or(|rule| *rule == posting.rule.0)
        && wanted.last.is_none_or(|last| last == posting.last)
        && posting.lines.len() == wanted.lines.len()
        && wanted.lines.iter().all(|wanted| posting.lines.iter().any(|line| about(line, wanted)))
}

fn matches(wanted: &QuantityText, series: &Series, unit: Option<&str>, qty: Qty) -> bool {
    let same = |wanted: Option<&str>, found: Option<&str>| wanted.is_none() || wanted == found;
    wanted.purpose == series.purpose
        && wanted.qty == qty
        && same(wanted.material.as_ref().map(MaterialId::as_str), Some(series.material.as_str()))
        && same(wanted.op.as_ref().map(OpNo::as_str), series.op.as_ref().map(OpNo::as_str))
        && same(wanted.lot.as_ref().map(LotNo::as_str), series.lot.as_ref().map(LotNo::as_str))
        && same(wanted.unit.as_ref().map(Sscc::as_str), unit)
}

/// A posting in a line, for a person.
pub fn told(posting: &Posting) -> String {
    let lines: Vec<String> = posting.lines.iter().map(|line| left(&line.series, line.qty)).collect();
    let last = if posting.last { ", the last" } else { "" };
    format!("{:?} by rule {} v{} on {}{last}: {}", posting.movement, posting.rule.0, posting.rule.1, posting.date, lines.join(", "))
}

/// A quantity and what it is, for a person.
pub fn left(series: &Series, qty: Qty) -> String {
    let op = series.op.as_ref().map(|op| format!(" op {op}")).unwrap_or_default();
    let lot = series.lot.as_ref().map(|lot| format!(" lot {lot}")).unwrap_or_default();
    format!("{qty} {:?}{op} of {}{lot}", series.purpose, series.material)
}
