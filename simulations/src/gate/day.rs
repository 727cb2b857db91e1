//! The day of the gate: what each system says, when, and how it reacts to what it is asked. Said at least once, often twice,
//! rarely in order.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use takt_actors::region::Region;
use takt_protocol::effect::Effect;
use takt_protocol::envelope::{Envelope, Key, KeyText, Mark, Origin};
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::name::{SiteId, Source};
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::order::{Amount, Confirmation, Counting, Header, OwnerFact, Report};
use takt_protocol::qty::Qty;
use takt_protocol::words::{HoldNo, LotKey, LotNo, MaterialId, OpNo, OutputKind, Place, Reason, Sscc};
use takt_protocol::{lot, order, shipment, unit};

use super::floor::Floor;
use super::lock;
use super::yard::Present;

/// Good pieces the plant makes, pallets it fills, and what it uses.
pub(super) const PIECES: u64 = 20;
pub(super) const PALLETS: u64 = 2;
const USES: u64 = 6;

/// Who says what.
pub(super) struct Script {
    start: Instant,
    order: Option<EntityId>,
}

impl Script {
    pub(super) fn new(start: Instant) -> Self {
        Self { start, order: None }
    }

    pub(super) fn job_taken(&mut self, order: EntityId) {
        self.order = Some(order);
    }

    fn envelope(&self, source: &str, mark: Mark) -> anyhow::Result<Envelope> {
        let at = self.start.plus_ms(60_000);
        let key = Key { source: Source::parse(source)?, epoch: 0, mark };
        Ok(Envelope::of(key, at))
    }

    fn input(&self, source: &str, key: &str, to: Address, body: Body) -> anyhow::Result<Input> {
        Ok(Input { to, envelope: self.envelope(source, Mark::Text(KeyText::parse(key)?))?, body })
    }

    /// The ERP releases the order.
    pub(super) fn release(&self) -> anyhow::Result<Input> {
        let number = NativeId::parse("1000042")?;
        let header = Header {
            erp: SiteId::parse("erp")?,
            number: number.clone(),
            plant: SiteId::parse("nord")?,
            material: MaterialId::parse("FG-100")?,
            total: Qty::parse("20 H87")?,
            planned_scrap: None,
            over_percent: None,
            recipe: None,
            lot: None,
            start: self.start.plus_ms(600_000),
            end: self.start.plus_ms(6_000_000),
            demand: None,
        };
        let to = Address::Native { kind: Kind::Order, names: vec![Ref::new(SiteId::parse("erp")?, NativeKind::Order, number)] };
        self.input("erp", "released/1000042", to, Body::Order(order::Input::OwnerFact(OwnerFact::Released(Box::new(header)))))
    }

    fn report(&self, number: u64, report: Report) -> anyhow::Result<Input> {
        let order = self.order.ok_or_else(|| anyhow::anyhow!("the plant has no job yet"))?;
        let body = Body::Order(order::Input::Report(report));
        Ok(Input { to: Address::Entity(order), envelope: self.envelope("nord", Mark::Number(number))?, body })
    }

    fn quality(&self, key: &str, fact: lot::OwnerFact) -> anyhow::Result<Input> {
        let name = Ref::new(SiteId::parse("nord")?, NativeKind::Lot, NativeId::parse(&lot_key()?.to_string())?);
        let to = Address::Native { kind: Kind::Lot, names: vec![name] };
        self.input("qms", key, to, Body::Lot(lot::Input::OwnerFact(fact)))
    }

    fn pallet(&self, sscc: &str, report: unit::Report, key: &str) -> anyhow::Result<Input> {
        let name = Ref::new(SiteId::parse("wms")?, NativeKind::Unit, NativeId::parse(sscc)?);
        let to = Address::Native { kind: Kind::Unit, names: vec![name] };
        self.input("wms", &format!("{key}/{sscc}"), to, Body::Unit(unit::Input::Report(report)))
    }

    fn delivery(&self, key: &str, input: shipment::Input) -> anyhow::Result<Input> {
        let name = Ref::new(SiteId::parse("wms")?, NativeKind::Shipment, NativeId::parse("SHP-7781")?);
        let to = Address::Native { kind: Kind::Shipment, names: vec![name] };
        self.input("wms", key, to, Body::Shipment(input))
    }
}

fn lot_key() -> anyhow::Result<LotKey> {
    Ok(LotKey { material: MaterialId::parse("FG-100")?, lot: LotNo::parse("1000042")? })
}

fn amount(text: &str) -> anyhow::Result<Amount> {
    Ok(Amount { qty: Qty::parse(text)?, counting: Counting::Delta, native: None })
}

fn confirmation(op: &str, good: Option<Amount>, scrap: Option<Amount>, last: bool) -> anyhow::Result<Report> {
    let declared = if last { Some(Qty::parse(&format!("{PIECES} H87"))?) } else { None };
    Ok(Report::Confirmed(Box::new(Confirmation {
        op: OpNo::parse(op)?,
        good,
        scrap,
        scrap_reason: None,
        rework: None,
        labour: None,
        machine: None,
        last,
        declared,
    })))
}

/// The plant has the job: everything it will report, and the laboratory's trouble with it.
pub(super) fn work(floor: &mut Floor) -> anyhow::Result<()> {
    let op = OpNo::parse("10")?;
    let mut said = vec![floor.script.report(1, Report::OperationStarted { op: op.clone(), equipment: None })?];
    for piece in 0..PIECES {
        said.push(floor.script.report(10 + piece, confirmation("10", Some(amount("1 H87")?), None, false)?)?);
    }
    for bar in 0..USES {
        let used = Report::Consumed {
            op: op.clone(),
            item: None,
            material: MaterialId::parse("STEEL-3")?,
            lot: Some(LotNo::parse("H-5501")?),
            amount: amount("1.3334 KGM")?,
        };
        said.push(floor.script.report(100 + bar, used)?);
    }
    for pallet in 0..PALLETS {
        let made = Report::Produced {
            output: OutputKind::Main,
            material: None,
            lot: None,
            amount: amount(&format!("{} H87", PIECES / PALLETS))?,
            unit: Some(Sscc::parse(&format!("pallet-{pallet}"))?),
            serials: Vec::new(),
        };
        said.push(floor.script.report(200 + pallet, made)?);
    }
    said.push(floor.script.report(300, confirmation("10", None, Some(amount("2 H87")?), false)?)?);
    said.push(floor.script.report(301, Report::SampleTaken { sample: NativeId::parse("S-1")?, lot: None, qty: None })?);
    said.push(floor.script.report(302, confirmation("10", None, None, true)?)?);
    said.push(floor.script.report(303, Report::Completed)?);
    for input in said {
        let delay = floor.luck.below(4_000);
        floor.say(input, delay);
    }
    // On every other day the laboratory finds something just when the truck wants to leave: see `ship`.
    if !floor.found_at_the_gate {
        let trouble = 500 + floor.luck.below(9_000);
        find_trouble(floor, trouble)?;
    }
    Ok(())
}

/// The laboratory finds a bad weld.
fn find_trouble(floor: &mut Floor, in_ms: u64) -> anyhow::Result<()> {
    let placement = lot::Placement {
        hold: HoldNo::parse("NC-881")?,
        lot: lot_key()?,
        site: SiteId::parse("nord")?,
        units: vec![Sscc::parse("pallet-1")?],
        reason: Reason::parse("weld")?,
        severity: String::new(),
    };
    let raised = floor.script.quality("nc", lot::OwnerFact::Nonconformance(placement))?;
    floor.say(raised, in_ms);
    Ok(())
}

/// What a system says when it was asked something for the first time.
pub(super) fn react(floor: &mut Floor, effect: &Effect) -> anyhow::Result<()> {
    match effect {
        Effect::OpenInspection { sample, lot, .. } => {
            let closed =
                lot::OwnerFact::InspectionClosed { sample: sample.clone(), passed: true, lot: lot.clone(), findings: String::new() };
            let input = floor.script.quality(&format!("sample/{sample}"), closed)?;
            floor.say(input, 500);
        }
        Effect::TellHold(block) => {
            let decisions = vec![lot::Decision { verdict: lot::Verdict::Accept, qty: None, unit: None }];
            let disposition = lot::Disposition { lot: block.lot.clone(), hold: block.hold.clone(), decisions, last: true };
            let input = floor.script.quality("decided", lot::OwnerFact::Decided(disposition))?;
            let delay = 1_500 + floor.luck.below(2_000);
            floor.say(input, delay);
        }
        Effect::AnnounceUnit(notice) => {
            let sscc = notice.sscc.as_str();
            let qty = Qty::parse(&format!("{} H87", PIECES / PALLETS))?;
            let received = floor.script.pallet(sscc, unit::Report::Received { qty, place: None }, "received")?;
            let stored = floor.script.pallet(sscc, unit::Report::PutAway { place: Place::parse("A-12-3")? }, "stored")?;
            floor.say(received, 100);
            floor.say(stored, 200);
            floor.announced.insert(sscc.to_owned());
            if floor.announced.len() as u64 == PALLETS {
                ship(floor)?;
            }
        }
        Effect::AnswerDeparture { attempt, granted, .. } => answered(floor, *attempt, *granted)?,
        Effect::BlockShipment { .. } => floor.delivery.blocked = true,
        Effect::UnblockShipment { .. } => floor.delivery.blocked = false,
        Effect::ConvertPlannedOrder(_)
        | Effect::DispatchJob(_)
        | Effect::RevokeJob(_)
        | Effect::ChangeOrder(_)
        | Effect::ChangeJob { .. }
        | Effect::HoldJob { .. }
        | Effect::ResumeJob(_)
        | Effect::Post(_)
        | Effect::ChangeStockStatus { .. }
        | Effect::BlockStock(_)
        | Effect::UnblockStock(_)
        | Effect::ReportBreakdown(_)
        | Effect::TenderLoad(_)
        | Effect::PlaceDemand(_)
        | Effect::AnswerDemand(_)
        | Effect::TellEvents(_)
        | Effect::ReadBooks(_) => {}
    }
    Ok(())
}

/// The warehouse plans, picks and packs the delivery, and asks whether it may leave.
fn ship(floor: &mut Floor) -> anyhow::Result<()> {
    let line = shipment::Line { material: MaterialId::parse("FG-100")?, qty: Qty::parse("20 H87")? };
    let announced = shipment::Report::Announced {
        warehouse: SiteId::parse("wms")?,
        delivery: NativeId::parse("SHP-7781")?,
        lines: vec![line],
        planned: None,
    };
    let units = floor.announced.iter().map(|sscc| Sscc::parse(sscc)).collect::<Result<_, _>>()?;
    let said =
        [("announced", announced, 100), ("picked", shipment::Report::Picked { units }, 200), ("packed", shipment::Report::Packed, 300)];
    for (key, report, delay) in said {
        let input = floor.script.delivery(key, shipment::Input::Report(report))?;
        floor.say(input, delay);
    }
    if floor.found_at_the_gate {
        let trouble = 100 + floor.luck.below(600);
        find_trouble(floor, trouble)?;
    }
    ask(floor, 400)
}

fn ask(floor: &mut Floor, in_ms: u64) -> anyhow::Result<()> {
    floor.delivery.attempt += 1;
    floor.delivery.asked = true;
    let attempt = floor.delivery.attempt;
    let request = shipment::Input::Request(shipment::Request::ClearDeparture { attempt });
    let input = floor.script.delivery(&format!("clear/{attempt}"), request)?;
    floor.say(input, in_ms);
    Ok(())
}

fn answered(floor: &mut Floor, attempt: u32, granted: bool) -> anyhow::Result<()> {
    if granted {
        floor.delivery.granted.insert(attempt);
    }
    if attempt != floor.delivery.attempt || floor.delivery.left_with.is_some() {
        return Ok(());
    }
    if granted && !floor.delivery.blocked {
        floor.delivery.left_with = Some(attempt);
        let input = floor.script.delivery("departed", shipment::Input::Report(shipment::Report::Departed))?;
        floor.say(input, 50);
        return Ok(());
    }
    ask(floor, 300)
}

/// Says what is due, to whatever node of the system's region is there, until each message was acknowledged.
pub(super) async fn drive(floor: Arc<Mutex<Floor>>, present: Rc<RefCell<Present>>) {
    loop {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let due: Vec<(usize, String, Input)> = {
            let floor = lock(&floor);
            let now = floor.began.elapsed();
            let waiting = floor.outgoing.iter().enumerate().filter(|(_, message)| !message.acknowledged && message.not_before <= now);
            waiting.map(|(at, message)| (at, message.id.clone(), message.input.clone())).collect()
        };
        for (at, id, input) in due {
            let home = super::book::home(input.envelope.key.source).ok();
            let region = home.and_then(|home| present.borrow().get(&home).cloned());
            let Some(region) = region else { continue };
            let patience = Duration::from_millis(200);
            let taken = matches!(tokio::time::timeout(patience, hand_over(&region, input, &id)).await, Ok(true));
            let mut floor = lock(&floor);
            if let Some(message) = floor.outgoing.get_mut(at).filter(|_| taken) {
                // Some systems do not hear the acknowledgement, and say it once more.
                message.acknowledged = !message.again;
                let again = std::mem::take(&mut message.again);
                if again {
                    floor.count("said twice");
                }
            }
        }
    }
}

/// The raw payload is kept first, then the input is stored: only then is the sender told.
async fn hand_over(region: &Region, mut input: Input, id: &str) -> bool {
    let raw = Bytes::copy_from_slice(id.as_bytes());
    let Ok(kept) = region.node().seams.blobs.keep(vec![raw]).await else { return false };
    let Some(raw) = kept.first().copied() else { return false };
    input.envelope.origin = Some(Origin { raw, mapping: "gate@1".to_owned() });
    region.take(input, id.to_owned()).await.is_ok()
}
