//! A week of two orders, two trucks and everything that may be said of them: reports under any lot number, holds and
//! decisions, wishes, words from systems that have no say, all of it shuffled and told twice. The laws that must hold
//! whatever came of it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::fixture::{Chance, Day, amount, at, book, cases, envelope, qty, site, work};
use super::mesh::Mesh;
use crate::case::CaseKind;
use crate::envelope::{Mark, Origin, RawRef};
use crate::fact::Fact;
use crate::floor::person;
use crate::id::{EntityId, Kind};
use crate::input::{Address, Body, Input};
use crate::kernel::{Own, State, replay};
use crate::native::{NativeId, NativeKind, Ref};
use crate::order::{self, OwnerFact, Report, Request};
use crate::posting::PostingFact;
use crate::qty::Qty;
use crate::words::{HoldNo, LotKey, LotNo, MaterialId, OpNo, OutputKind, Reason, Sscc};
use crate::{event, lot, shipment, unit};

mod laws;

use laws::*;

const ORDERS: [&str; 2] = ["1000042", "1000043"];
const TRUCKS: [&str; 2] = ["SHP-1", "SHP-2"];
const LOTS: [Option<&str>; 3] = [None, Some("N7-1"), Some("N7-2")];

/// Draws the inputs of a week.
struct Week {
    chance: Chance,
    told: u64,
    inputs: Vec<Input>,
}

impl Week {
    fn drawn(seed: u64) -> (Vec<Input>, Vec<Input>) {
        let mut week = Self { chance: Chance::new(seed), told: 0, inputs: Vec::new() };
        for (at, order) in ORDERS.into_iter().enumerate() {
            week.floor(order, at);
        }
        week.trucks();
        week.quality();
        week.wishes();
        week.words_of_no_weight();
        let again: Vec<Input> = week.inputs.iter().filter(|_| week.chance.one_in(4)).cloned().collect();
        week.inputs.extend(again);
        let mut inputs = std::mem::take(&mut week.inputs);
        week.chance.shuffle(&mut inputs);
        let second = Input { to: order_named(ORDERS[1]), ..Day::release() };
        let second = renamed(second, ORDERS[1]);
        inputs.insert(0, Day::release());
        inputs.insert(1, second);
        week.end();
        (inputs, week.inputs)
    }

    /// A mesh after such a week: all of it at once, and the end when that has come to rest.
    fn lived(seed: u64) -> Mesh {
        let mut mesh = Mesh::new(seed, true);
        let (inputs, end) = Self::drawn(seed);
        for part in [inputs, end] {
            for input in part {
                mesh.send(input);
            }
            mesh.run();
        }
        mesh
    }

    /// In the end finance takes documents back, and the trucks want to leave once more.
    fn end(&mut self) {
        for order in ORDERS {
            let posting = 1 + u32::try_from(self.chance.below(6)).unwrap();
            let wish = Body::Order(order::Input::Request(Request::ReversePosting { posting }));
            self.say(order_named(order), "desk", wish);
            self.inputs.last_mut().unwrap().envelope.who = Some(person("finance"));
        }
        for truck in TRUCKS {
            let ask = shipment::Input::Request(shipment::Request::ClearDeparture { attempt: 5 });
            self.say(truck_named(truck), "wms-na", Body::Shipment(ask));
        }
    }

    fn say(&mut self, to: Address, source: &str, body: Body) {
        self.told += 1;
        let mut envelope = envelope(source, "", 60 + self.told % 300);
        envelope.key.mark = Mark::Number(self.told);
        envelope.origin = Some(Origin { raw: RawRef::of(&self.told.to_be_bytes()), mapping: "week".into() });
        self.inputs.push(Input { to, envelope, body });
    }

    fn report(&mut self, order: &str, report: Report) {
        self.say(order_named(order), "nord", Body::Order(order::Input::Report(report)));
    }

    fn floor(&mut self, order: &str, generation: usize) {
        for _ in 0..3 + self.chance.below(8) {
            let pieces = format!("{} H87", 1 + self.chance.below(40));
            self.report(order, Report::Confirmed(Box::new(work("10", &pieces))));
        }
        for _ in 0..=self.chance.below(3) {
            let heat = format!("H-{}", 1 + self.chance.below(3));
            let much = format!("{}.{:03} KGM", self.chance.below(9), 1 + self.chance.below(999));
            self.report(order, used("STEEL-3", &heat, &much));
        }
        // The second order is made of what the first one made: never the other way round.
        if generation > 0 {
            let lot = LOTS[usize::try_from(self.chance.below(3)).unwrap()].unwrap_or(ORDERS[0]);
            self.report(order, used("FG-100", lot, "3 H87"));
        }
        for pallet in 0..=self.chance.below(2) {
            let lot = if generation == 0 { LOTS[usize::try_from(self.chance.below(3)).unwrap()] } else { None };
            let made = Report::Produced {
                output: OutputKind::Main,
                material: None,
                lot: lot.map(|lot| LotNo::parse(lot).unwrap()),
                amount: amount(&format!("{} H87", 1 + self.chance.below(480))),
                // Some of it goes onto a pallet of the other order.
                unit: Some(pallet_of(if self.chance.one_in(4) { ORDERS[0] } else { order }, pallet)),
                serials: Vec::new(),
            };
            self.report(order, made);
        }
        if self.chance.one_in(2) {
            self.report(order, Report::Completed);
        }
    }

    fn trucks(&mut self) {
        for truck in TRUCKS {
            let delivery = NativeId::parse(truck).unwrap();
            let reports = [
                shipment::Report::Announced { warehouse: site("wms-na"), delivery, lines: Vec::new(), planned: Some(at(900)) },
                shipment::Report::Picked { units: vec![pallet_of(ORDERS[usize::try_from(self.chance.below(2)).unwrap()], 0)] },
                shipment::Report::Packed,
            ];
            let asks = (1..=4).map(|attempt| shipment::Input::Request(shipment::Request::ClearDeparture { attempt }));
            for word in reports.into_iter().map(shipment::Input::Report).chain(asks).collect::<Vec<_>>() {
                self.say(truck_named(truck), "wms-na", Body::Shipment(word));
            }
            if self.chance.one_in(3) {
                self.say(truck_named(truck), "wms-na", Body::Shipment(shipment::Input::Report(shipment::Report::Departed)));
            }
            if self.chance.one_in(3) {
                let order = ORDERS[usize::try_from(self.chance.below(2)).unwrap()];
                let name = Ref::new(site("wms-na"), NativeKind::Unit, NativeId::parse(pallet_of(order, 1).as_str()).unwrap());
                let within = Some(pallet_of(ORDERS[usize::try_from(self.chance.below(2)).unwrap()], 0));
                let packed = Body::Unit(unit::Input::Report(unit::Report::Nested { within }));
                self.say(Address::Native { kind: Kind::Unit, names: vec![name] }, "wms-na", packed);
            }
            if self.chance.one_in(3) {
                let stop = shipment::Request::Block { gate: shipment::Gate::Manual, reason: Reason::parse("papers").unwrap() };
                let go = shipment::Request::Release { gate: shipment::Gate::Manual };
                for wish in [stop, go] {
                    self.say(truck_named(truck), "desk", Body::Shipment(shipment::Input::Request(wish)));
                }
            }
        }
    }

    fn quality(&mut self) {
        for number in 0..self.chance.below(4) {
            let (lot, hold) = (self.lot(), HoldNo::parse(&format!("NC-{number}")).unwrap());
            let entity = book().lot_entity(site("nord"), &lot).unwrap();
            let units = if self.chance.one_in(2) { vec![pallet_of(ORDERS[0], 0)] } else { Vec::new() };
            let reason = Reason::parse("weld").unwrap();
            let placed =
                lot::Placement { hold: hold.clone(), lot: lot.clone(), site: site("nord"), units, reason, severity: String::new() };
            self.about(entity, "qms", lot::OwnerFact::Nonconformance(placed));
            if self.chance.one_in(2) {
                let decisions = vec![lot::Decision { verdict: lot::Verdict::Accept, qty: None, unit: None }];
                self.about(entity, "qms", lot::OwnerFact::Decided(lot::Disposition { lot, hold, decisions, last: true }));
            }
        }
        // What is made of FG-100 waits for its inspection; most samples pass.
        for lot in LOTS.map(|lot| lot_key("FG-100", lot.unwrap_or(ORDERS[0]))).into_iter().chain([lot_key("FG-100", ORDERS[1])]) {
            let entity = book().lot_entity(site("nord"), &lot).unwrap();
            let sample = NativeId::parse(&format!("S-{}", lot.lot)).unwrap();
            let taken = Report::SampleTaken { sample: sample.clone(), lot: Some(lot.lot.clone()), qty: None };
            self.report(if lot.lot.as_str() == ORDERS[1] { ORDERS[1] } else { ORDERS[0] }, taken);
            let passed = !self.chance.one_in(4);
            let findings = "tensile".to_owned();
            self.about(entity, "qms", lot::OwnerFact::InspectionClosed { sample, passed, lot, findings });
        }
    }

    fn lot(&mut self) -> LotKey {
        match self.chance.below(6) {
            0 => lot_key("FG-100", "N7-1"),
            1 => lot_key("FG-100", ORDERS[0]),
            2 => lot_key("FG-100", ORDERS[1]),
            heat => lot_key("STEEL-3", &format!("H-{}", heat - 2)),
        }
    }

    fn about(&mut self, lot: EntityId, source: &str, fact: lot::OwnerFact) {
        self.say(Address::Entity(lot), source, Body::Lot(lot::Input::OwnerFact(fact)));
    }

    fn wishes(&mut self) {
        for _ in 0..self.chance.below(5) {
            let order = ORDERS[usize::try_from(self.chance.below(2)).unwrap()];
            let wish = match self.chance.below(5) {
                0 => Request::ReversePosting { posting: 1 + u32::try_from(self.chance.below(6)).unwrap() },
                1 => Request::Hold { reason: Reason::parse("wait").unwrap() },
                2 => Request::Resume,
                _ => Request::ChangeQuantity { total: qty(&format!("{} H87", 1 + self.chance.below(600))) },
            };
            self.say(order_named(order), "desk", Body::Order(order::Input::Request(wish)));
        }
    }

    /// Another ERP speaks of the order, the plant decides about quality.
    fn words_of_no_weight(&mut self) {
        for fact in [OwnerFact::Cancelled, OwnerFact::Closed, OwnerFact::QuantityChanged { total: qty("1 H87") }] {
            self.say(order_named(ORDERS[0]), STRANGER, Body::Order(order::Input::OwnerFact(fact)));
        }
        let (lot, hold) = (Day::lot(), HoldNo::parse("NC-0").unwrap());
        let decisions = vec![lot::Decision { verdict: lot::Verdict::Accept, qty: None, unit: None }];
        let decided = lot::OwnerFact::Decided(lot::Disposition { lot, hold, decisions, last: true });
        self.about(Day::lot_entity(), STRANGER, decided);
    }
}

/// A system that owns nothing here.
const STRANGER: &str = "wms-na";

fn used(material: &str, lot: &str, much: &str) -> Report {
    Report::Consumed {
        op: OpNo::parse("10").unwrap(),
        item: None,
        material: MaterialId::parse(material).unwrap(),
        lot: Some(LotNo::parse(lot).unwrap()),
        amount: amount(much),
    }
}

fn lot_key(material: &str, lot: &str) -> LotKey {
    LotKey { material: MaterialId::parse(material).unwrap(), lot: LotNo::parse(lot).unwrap() }
}

fn pallet_of(order: &str, pallet: u64) -> Sscc {
    Sscc::parse(&format!("{order}-{pallet}")).unwrap()
}

fn order_named(number: &str) -> Address {
    let name = Ref::new(site("erp-eu"), NativeKind::Order, NativeId::parse(number).unwrap());
    Address::Native { kind: Kind::Order, names: vec![name] }
}

fn truck_named(number: &str) -> Address {
    let name = Ref::new(site("wms-na"), NativeKind::Shipment, NativeId::parse(number).unwrap());
    Address::Native { kind: Kind::Shipment, names: vec![name] }
}

/// The same release, of another order.
fn renamed(mut input: Input, number: &str) -> Input {
    if let Body::Order(order::Input::OwnerFact(OwnerFact::Released(header))) = &mut input.body {
        header.number = NativeId::parse(number).unwrap();
    }
    input
}

fn the_laws_hold(seed: u64) {
    let mesh = Week::lived(seed);
    mesh.check_replay();
    nothing_held_is_allowed_to_leave(&mesh);
    everything_that_left_was_asked_for(&mesh);
    only_owners_move_tracks(&mesh);
    genealogy_is_whole(&mesh);
    nothing_made_is_planned_away(&mesh);
    every_posting_has_its_evidence(&mesh);
    stock_stands_in_one_place(&mesh);
    mesh.check_reversals();
    for (entity, log) in mesh.logs() {
        let steps: Vec<_> = log.to_vec();
        let commit = crate::wire::tests::commit_of(entity, steps, mesh.state(entity));
        for event in event::of(&commit) {
            assert_eq!(event.contract.breaches(&event.data), Vec::<String>::new());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(256), ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_said_in_a_week_the_laws_hold(seed in any::<u64>()) {
        the_laws_hold(seed);
    }
}

#[test]
fn a_week_is_not_all_quiet() {
    let (mut granted, mut holds, mut changed, mut reversed, mut stacked) = (0, 0, 0, 0, 0);
    for seed in 0..60 {
        let mesh = Week::lived(seed);
        granted += nothing_held_is_allowed_to_leave(&mesh);
        stacked += everything_that_left_was_asked_for(&mesh);
        holds += steps(&mesh, Kind::Lot)
            .flat_map(|(_, _, step)| &step.facts)
            .filter(|fact| matches!(fact, Fact::Lot(fact) if matches!(**fact, lot::Fact::Held { .. })))
            .count();
        let orders = || steps(&mesh, Kind::Order).flat_map(|(_, _, step)| &step.facts);
        changed += orders().filter(|fact| matches!(fact, Fact::Order(fact) if matches!(**fact, order::Fact::TotalChanged { .. }))).count();
        reversed += mesh.check_reversals();
    }
    assert!(
        granted > 0 && holds > 0 && changed > 0 && reversed > 0 && stacked > 0,
        "granted {granted}, holds {holds}, changed {changed}, reversed {reversed}, stacked {stacked}"
    );
}
