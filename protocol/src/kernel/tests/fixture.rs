//! A small mesh's book, and a day of one order on it, drawn from a seed.

use std::collections::BTreeMap;

use crate::book::{Book, Equipment, LotMode, Material, Policy, Recipe, RecipeComponent, RecipeOperation, RecipeOutput, Site, SiteKind};
use crate::calendar::{Calendar, PeriodBook};
use crate::conversion::Conversions;
use crate::envelope::{Envelope, Key, KeyText, Mark};
use crate::id::{EntityId, Kind};
use crate::input::{Address, Body, Input};
use crate::instant::Instant;
use crate::lot;
use crate::name::{Region, SiteId, Source};
use crate::native::{NativeId, NativeKind, Ref};
use crate::order::{self, Amount, Confirmation, Counting, Header, OwnerFact, Report};
use crate::outbox::Class;
use crate::posting::{DatePolicy, LatePolicy, Match, Method, Movement, OverPolicy, Rule, RuleBook, Trigger, Use};
use crate::qty::{Qty, Rounding};
use crate::uom::Uom;
use crate::words::{EquipmentClass, EquipmentId, HoldNo, ItemNo, LotKey, LotNo, MaterialId, OpNo, OutputKind, Reason, Sscc, Version};

/// A small generator of our own: the same numbers on every machine.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit.max(1)
    }

    pub(crate) fn one_in(&mut self, limit: u64) -> bool {
        self.below(limit) == 0
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            let other = usize::try_from(self.below(at as u64 + 1)).unwrap();
            items.swap(at, other);
        }
    }
}

pub(crate) fn site(name: &str) -> SiteId {
    SiteId::parse(name).unwrap()
}

pub(crate) fn qty(text: &str) -> Qty {
    Qty::parse(text).unwrap()
}

pub(crate) fn at(minute: u64) -> Instant {
    Instant::parse("2026-11-23T08:00:00+01:00").unwrap().plus_ms(minute * 60_000)
}

fn rule(id: &str, purpose: Use, movement: Movement, trigger: Vec<Trigger>) -> Rule {
    Rule {
        id: id.into(),
        version: 1,
        matches: Match { purpose: Some(purpose), ..Match::default() },
        trigger,
        group_by: Vec::new(),
        movement,
        code: String::new(),
        method: Method::Explicit,
        scale: 3,
        rounding: Rounding::HalfUp,
        date: DatePolicy::Occurred,
        late: LatePolicy::Park,
        over: OverPolicy::Post,
    }
}

fn rules() -> Vec<Rule> {
    vec![
        rule("yield", Use::Yield, Movement::Confirmation, vec![Trigger::Count(500), Trigger::Completion]),
        rule("scrap", Use::Scrap, Movement::Confirmation, vec![Trigger::Completion]),
        rule("labour", Use::Labour, Movement::Confirmation, vec![Trigger::Completion]),
        rule("issue", Use::Consumed, Movement::GoodsIssue, vec![Trigger::Count(7), Trigger::ShiftEnd]),
        rule("receipt", Use::Produced, Movement::GoodsReceipt, vec![Trigger::EachReport]),
    ]
}

pub(crate) fn book() -> Book {
    let (eu, na) = (Region::parse("eu").unwrap(), Region::parse("na").unwrap());
    let plain = |kind, region| Site {
        kind,
        region,
        calendar: Calendar::plain("Europe/Berlin").unwrap(),
        erp: None,
        warehouse: None,
        quality: None,
        around: crate::book::Around::default(),
        classes: BTreeMap::from([("post".into(), Class::ProbeWithSettle { settle_ms: 5_000 })]),
        periods: PeriodBook::default(),
    };
    let plant =
        Site { erp: Some(site("erp-eu")), warehouse: Some(site("wms-na")), quality: Some(site("qms")), ..plain(SiteKind::Plant, eu) };
    let (fg, steel) = (MaterialId::parse("FG-100").unwrap(), MaterialId::parse("STEEL-3").unwrap());
    let material = |base, inspected| Material {
        description: "x".into(),
        base: Uom::parse(base).unwrap(),
        conversions: Conversions::default(),
        lot_mode: LotMode::Lot,
        inspected,
    };
    let operation = |op| RecipeOperation { op: OpNo::parse(op).unwrap(), class: EquipmentClass::parse("PRESS").unwrap(), milestone: true };
    let recipe = Recipe {
        version: Version::parse("7").unwrap(),
        source: "PLM, 12 Nov".into(),
        base_quantity: qty("1 H87"),
        operations: vec![operation("10"), operation("20")],
        components: vec![RecipeComponent {
            item: ItemNo::parse("1").unwrap(),
            op: OpNo::parse("10").unwrap(),
            material: steel.clone(),
            qty: qty("0.4 KGM"),
        }],
        outputs: vec![RecipeOutput { kind: OutputKind::Main, material: fg.clone() }],
    };
    let press =
        Equipment { id: EquipmentId::parse("PRESS-4").unwrap(), class: EquipmentClass::parse("PRESS").unwrap(), capabilities: Vec::new() };
    Book {
        hash: "test".into(),
        generation: 1,
        sites: BTreeMap::from([
            (site("erp-eu"), plain(SiteKind::Erp, eu)),
            (site("nord"), plant),
            (site("wms-na"), plain(SiteKind::Warehouse, na)),
            (site("qms"), plain(SiteKind::Quality, eu)),
        ]),
        materials: BTreeMap::from([(fg.clone(), material("H87", true)), (steel, material("KGM", false))]),
        recipes: BTreeMap::from([((site("nord"), fg), vec![recipe])]),
        equipment: BTreeMap::from([(site("nord"), vec![press])]),
        data: crate::data::Data::default(),
        rules: RuleBook::new(rules()).unwrap(),
        policy: Policy::default(),
        ..Book::default()
    }
}

/// A day of one order: what its systems say.
pub(crate) struct Day {
    pub(crate) units: u64,
    seed: u64,
}

impl Day {
    pub(crate) fn drawn(seed: u64) -> Self {
        Self { units: 5 + Chance::new(seed).below(30), seed }
    }

    pub(crate) fn order_ref() -> Ref {
        Ref::new(site("erp-eu"), NativeKind::Order, NativeId::parse("1000042").unwrap())
    }

    pub(crate) fn lot() -> LotKey {
        LotKey { material: MaterialId::parse("FG-100").unwrap(), lot: LotNo::parse("1000042").unwrap() }
    }

    pub(crate) fn lot_entity() -> EntityId {
        book().lot_entity(site("nord"), &Self::lot()).unwrap()
    }

    pub(crate) fn release() -> Input {
        let header = Header {
            erp: site("erp-eu"),
            number: Self::order_ref().id,
            plant: site("nord"),
            material: MaterialId::parse("FG-100").unwrap(),
            total: qty("5000 H87"),
            planned_scrap: None,
            over_percent: None,
            recipe: None,
            lot: None,
            start: at(60),
            end: at(600),
            demand: None,
        };
        Self::order_input("erp-eu", "release", 0, order::Input::OwnerFact(OwnerFact::Released(Box::new(header))))
    }

    pub(crate) fn completed() -> Input {
        Self::order_input("nord", "completed", 500, order::Input::Report(Report::Completed))
    }

    /// One report a unit, counted by the source.
    pub(crate) fn unit_reports(&self) -> Vec<Input> {
        (1..=self.units).map(|n| Self::numbered(n, Report::Confirmed(Box::new(work("10", "1 H87"))))).collect()
    }

    /// Everything from the floor but the completion: in any order, some of it told twice.
    pub(crate) fn reports(&self, chance: &mut Chance) -> Vec<Input> {
        let mut drawn = Chance::new(self.seed);
        let mut reports = self.unit_reports();
        for n in 0..3 + drawn.below(20) {
            let kilograms = format!("{}.{:04} KGM", drawn.below(3), 1 + drawn.below(9999));
            reports.push(Self::numbered(100_000 + n, consumed(&kilograms)));
        }
        // The last ones go onto a pallet that something stands on.
        for pallet in 0..=drawn.below(5) {
            reports.push(Self::numbered(200_000 + pallet, produced(pallet % 3, &format!("{} H87", 1 + drawn.below(480)))));
        }
        let scrap = Confirmation { good: None, scrap: Some(amount("2 H87")), labour: Some(amount("1.5 HUR")), ..work("10", "1 H87") };
        reports.push(Self::numbered(300_000, Report::Confirmed(Box::new(scrap))));
        // Shuffled, one that takes back may come before what it takes back.
        for (number, difference) in [(300_001, "3 H87"), (300_002, "-2 H87")] {
            let correction = Report::CountCorrected {
                op: OpNo::parse("10").unwrap(),
                purpose: Use::Yield,
                difference: qty(difference),
                reason: Reason::parse("miscount").unwrap(),
            };
            reports.push(Self::numbered(number, correction));
        }
        let again: Vec<Input> = reports.iter().filter(|_| chance.one_in(3)).cloned().collect();
        reports.extend(again);
        chance.shuffle(&mut reports);
        reports
    }

    /// The whole day, quality and corrections after the completion included.
    pub(crate) fn inputs(&self, chance: &mut Chance) -> Vec<Input> {
        let mut inputs = self.reports(chance);
        let place = usize::try_from(chance.below(inputs.len() as u64)).unwrap();
        inputs.insert(place, Self::completed());
        inputs.extend(Self::quality());
        chance.shuffle(&mut inputs);
        inputs.insert(0, Self::release());
        inputs
    }

    fn quality() -> Vec<Input> {
        let hold = HoldNo::parse("NC-881").unwrap();
        let placement = lot::Placement {
            hold: hold.clone(),
            lot: Self::lot(),
            site: site("nord"),
            units: vec![Sscc::parse("pallet-0").unwrap()],
            reason: Reason::parse("weld").unwrap(),
            severity: String::new(),
        };
        let decisions = vec![lot::Decision { verdict: lot::Verdict::Accept, qty: None, unit: None }];
        let disposition = lot::Disposition { lot: Self::lot(), hold, decisions, last: true };
        vec![
            Self::lot_input("nc", lot::OwnerFact::Nonconformance(placement)),
            Self::lot_input("decided", lot::OwnerFact::Decided(disposition)),
        ]
    }

    fn numbered(n: u64, report: Report) -> Input {
        let mut input = Self::order_input("nord", "", 60 + n % 400, order::Input::Report(report));
        input.envelope.key.mark = Mark::Number(n);
        input
    }

    fn order_input(source: &str, key: &str, minute: u64, body: order::Input) -> Input {
        let to = Address::Native { kind: Kind::Order, names: vec![Self::order_ref()] };
        Input { to, envelope: envelope(source, key, minute), body: Body::Order(body) }
    }

    fn lot_input(key: &str, fact: lot::OwnerFact) -> Input {
        let body = Body::Lot(lot::Input::OwnerFact(fact));
        Input { to: Address::Entity(Self::lot_entity()), envelope: envelope("qms", key, 200), body }
    }
}

pub(crate) fn envelope(source: &str, key: &str, minute: u64) -> Envelope {
    let key = Key { source: Source::parse(source).unwrap(), epoch: 0, mark: Mark::Text(KeyText::ours(key)) };
    Envelope::of(key, at(minute))
}

pub(crate) fn amount(text: &str) -> Amount {
    Amount { qty: qty(text), counting: Counting::Delta, native: None }
}

pub(crate) fn work(op: &str, good: &str) -> Confirmation {
    Confirmation {
        op: OpNo::parse(op).unwrap(),
        good: Some(amount(good)),
        scrap: None,
        scrap_reason: None,
        rework: None,
        labour: None,
        machine: None,
        last: false,
        declared: None,
    }
}

fn consumed(kilograms: &str) -> Report {
    Report::Consumed {
        op: OpNo::parse("10").unwrap(),
        item: None,
        material: MaterialId::parse("STEEL-3").unwrap(),
        lot: Some(LotNo::parse("H-5501").unwrap()),
        amount: amount(kilograms),
    }
}

fn produced(pallet: u64, pieces: &str) -> Report {
    Report::Produced {
        output: OutputKind::Main,
        material: None,
        lot: None,
        amount: amount(pieces),
        unit: Some(Sscc::parse(&format!("pallet-{pallet}")).unwrap()),
        serials: Vec::new(),
    }
}

/// As many as asked for by `PROPTEST_CASES`, where a person looks for trouble; else what a run of the tests has time for.
pub(crate) fn cases(usually: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|asked| asked.parse().ok()).unwrap_or(usually)
}
