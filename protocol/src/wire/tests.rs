//! Frozen bytes: what a log holds today is read for ever, means the same for ever, and is written the same until somebody
//! decides otherwise and freezes a new form beside the old one.
//!
//! `fixtures/wire/v1` was written once, by `TAKT_FREEZE=1 cargo test -p takt-protocol frozen`, which writes what is missing
//! and never what is there. Until the first release it is what that release will write: no log is older.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use serde::Serialize;

use super::*;
use crate::answer::Answer;
use crate::commit::Step;
use crate::desk::{Action, Wish};
use crate::floor::{Floor, person};
use crate::id::{EntityId, Kind};
use crate::input::Address;
use crate::kernel::tests::fixture::{Day, at, qty, site, work};
use crate::kernel::{State, replay};
use crate::native::{NativeId, NativeKind, Ref};
use crate::order::{self, Amount, Counting, OwnerFact, Report, Request};
use crate::outbox::{Claim, ClaimAnswer, Receipt};
use crate::posting::Use;
use crate::words::{EquipmentClass, EquipmentId, HoldNo, LotNo, MaterialId, OpNo, OutputKind, Place, Reason, Sscc, Version};
use crate::{lot, record, shipment, unit};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/wire/v1")
}

fn frozen(name: &str) -> Vec<u8> {
    read(&folder().join(name))
}

fn read(path: &std::path::Path) -> Vec<u8> {
    let name = path.display();
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn freeze(name: &str, bytes: &[u8]) {
    let path = folder().join(name);
    if std::env::var_os("TAKT_FREEZE").is_none() || path.exists() {
        return;
    }
    let mut digits = String::new();
    for byte in bytes {
        write!(digits, "{byte:02x}").unwrap();
    }
    let lines: Vec<&str> = digits.as_bytes().chunks(120).map(|line| std::str::from_utf8(line).unwrap()).collect();
    std::fs::write(path, lines.join("\n") + "\n").unwrap();
}

fn order_id(floor: &Floor) -> EntityId {
    floor.book.born_at(site("erp-eu"), Kind::Order, NativeKind::Order, "1000042").unwrap()
}

fn amount(text: &str) -> Amount {
    Amount { qty: qty(text), counting: Counting::Delta, native: None }
}

/// What happens to an order, its lots, a pallet, a shipment and the sites: a little of everything.
pub(crate) fn a_life() -> Floor {
    let mut floor = Floor::new();
    let (order, op) = (order_id(&floor), OpNo::parse("10").unwrap());
    floor.take(order, &Day::release());
    floor.deliver();
    let job = Ref::new(site("nord"), NativeKind::Job, NativeId::parse("J-7").unwrap());
    floor.does("dispatch_job", &Receipt { alias: Some(job), ..Receipt::default() });
    floor.deliver();
    let reason = || Reason::parse("miscount").unwrap();
    let pallet = Sscc::parse("340123450000000018").unwrap();
    let reports = [
        Report::OperationStarted { op: op.clone(), equipment: None },
        Report::Consumed {
            op: op.clone(),
            item: None,
            material: MaterialId::parse("STEEL-3").unwrap(),
            lot: LotNo::parse("H-5501").ok(),
            amount: amount("12.5 KGM"),
        },
        Report::Confirmed(Box::new(work("10", "300 H87"))),
        Report::CountCorrected { op: op.clone(), purpose: Use::Yield, difference: qty("-6 H87"), reason: reason() },
        Report::Produced {
            output: OutputKind::Main,
            material: None,
            lot: None,
            amount: amount("294 H87"),
            unit: Some(pallet.clone()),
            serials: Vec::new(),
        },
        Report::SampleTaken { sample: NativeId::parse("S-1").unwrap(), lot: None, qty: None },
        Report::OperationHeld { op, reason: reason() },
        Report::Completed,
    ];
    for report in reports {
        floor.tell(order, "nord", Body::Order(order::Input::Report(report)));
    }
    floor.deliver();
    floor.answers("post", |attempt| Claim::Lost { attempt, why: "no reply".into() });
    for wish in [Request::ChangeQuantity { total: qty("4000 H87") }, Request::Hold { reason: reason() }, Request::Resume] {
        floor.wish(order, person("planner"), Body::Order(order::Input::Request(wish)));
    }
    floor.does("change_job", &Receipt::default());
    floor.refuses("change_order");
    for fact in [OwnerFact::Locked(true), OwnerFact::Availability { short: vec!["STEEL-3".into()] }] {
        floor.tell(order, "erp-eu", Body::Order(order::Input::OwnerFact(fact)));
    }
    let owner = floor.cases(order).into_iter().find(|case| case.number == 1).map_or("planning".into(), |case| case.owner.to_string());
    floor.wish(order, person(&owner), Body::Desk(Wish { case: 1, action: Action::Acknowledge }));
    quality(&mut floor, &pallet);
    departure(&mut floor, &pallet);
    master_data(&mut floor);
    floor
}

fn quality(floor: &mut Floor, pallet: &Sscc) {
    let lot = Day::lot_entity();
    let hold = HoldNo::parse("NC-1").unwrap();
    let placement = lot::Placement {
        hold: hold.clone(),
        lot: Day::lot(),
        site: site("nord"),
        units: vec![pallet.clone()],
        reason: Reason::parse("weld").unwrap(),
        severity: String::new(),
    };
    floor.tell(lot, "qms", Body::Lot(lot::Input::OwnerFact(lot::OwnerFact::Nonconformance(placement))));
    floor.refuses("block_stock");
    let decisions = vec![lot::Decision { verdict: lot::Verdict::AcceptRestricted, qty: None, unit: None }];
    let disposition = lot::Disposition { lot: Day::lot(), hold, decisions, last: true };
    floor.tell(lot, "qms", Body::Lot(lot::Input::OwnerFact(lot::OwnerFact::Decided(disposition))));
    floor.deliver();
}

fn departure(floor: &mut Floor, pallet: &Sscc) {
    let unit = floor.book.unit_entity(site("nord"), pallet).unwrap();
    let (count, place) = (qty("294 H87"), Place::parse("DOCK-2").unwrap());
    floor.tell(unit, "wms-na", Body::Unit(unit::Input::Report(unit::Report::Received { qty: count, place: Some(place.clone()) })));
    floor.tell(unit, "wms-na", Body::Unit(unit::Input::Report(unit::Report::PutAway { place })));
    let (warehouse, delivery) = (site("wms-na"), NativeId::parse("SHP-1").unwrap());
    let shipment = floor.book.born_at(warehouse, Kind::Shipment, NativeKind::Shipment, "SHP-1").unwrap();
    let reports = [
        shipment::Report::Announced { warehouse, delivery, lines: Vec::new(), planned: Some(at(600)) },
        shipment::Report::Picked { units: vec![pallet.clone()] },
        shipment::Report::Packed,
    ];
    for report in reports {
        floor.tell(shipment, "wms-na", Body::Shipment(shipment::Input::Report(report)));
    }
    floor.deliver();
    let ask = shipment::Input::Request(shipment::Request::ClearDeparture { attempt: 1 });
    floor.tell(shipment, "wms-na", Body::Shipment(ask));
    floor.deliver();
}

fn master_data(floor: &mut Floor) {
    let of = Ref::new(site("nord"), NativeKind::Equipment, NativeId::parse("PRESS-9").unwrap());
    let id = floor.book.record_entity(&of).unwrap();
    let piece = crate::book::Equipment {
        id: EquipmentId::parse("PRESS-9").unwrap(),
        class: EquipmentClass::parse("PRESS").unwrap(),
        capabilities: vec!["400 t".to_owned()],
    };
    let statement = record::Statement {
        of,
        version: Version::parse("1").unwrap(),
        standing: record::Standing::Approved,
        from: Some(jiff::civil::date(2026, 11, 1)),
        until: None,
        content: record::Content::Equipment(Box::new(piece)),
    };
    floor.tell(id, "erp-eu", Body::Record(record::Input::Report(record::Report::Stated(statement))));
}

/// Steps of an entity as one commit.
pub(crate) fn commit_of(entity: EntityId, steps: Vec<Step>, state: &State) -> Commit {
    Commit {
        entity,
        number: 1,
        previous: RawRef::from_bytes(crate::commit::GENESIS),
        site: state.site(),
        incarnation: 1,
        config: "frozen".into(),
        schema: SCHEMA,
        at: at(0),
        steps,
        who: vec![(0, person("planner"))],
        raw: Vec::new(),
    }
}

/// One commit of each kind of entity, with everything that happened to the busiest one of that kind.
pub(crate) fn commits(floor: &Floor) -> BTreeMap<Kind, Commit> {
    let mut commits = BTreeMap::new();
    for kind in Kind::ALL {
        let steps_of = |entity: &EntityId| floor.log.iter().filter(|(of, _)| of == entity).count();
        let all = floor.log.iter().map(|(entity, _)| *entity).filter(|entity| entity.kind() == kind);
        let Some(entity) = all.max_by_key(steps_of) else { continue };
        let steps = floor.log.iter().filter(|(of, _)| *of == entity).map(|(_, step)| step.clone()).collect();
        let commit = commit_of(entity, steps, floor.state(entity));
        commits.insert(kind, commit);
    }
    commits
}

#[test]
fn frozen_commits_are_read_mean_the_same_and_are_written_the_same() {
    let floor = a_life();
    for (kind, mut commit) in commits(&floor) {
        freeze(&format!("commit-{}.hex", kind.word()), &seal(&mut commit).unwrap().bytes);
        freeze(&format!("state-{}.hex", kind.word()), &encode("state", floor.state(commit.entity)).unwrap());
    }
    for kind in Kind::ALL {
        let bytes = frozen(&format!("commit-{}.hex", kind.word()));
        let (mut commit, hash) = open(&bytes).unwrap();
        assert_eq!(commit.entity.kind(), kind);
        assert_eq!(commit.who.len(), 1);
        let state: State = decode("state", &frozen(&format!("state-{}.hex", kind.word()))).unwrap();
        let replayed = commit.steps.iter().fold(State::unknown(commit.entity), replay);
        assert_eq!(replayed, state, "the facts of {} mean something else than when they were frozen", kind.word());
        let again = seal(&mut commit).unwrap();
        assert!((again.bytes, again.hash) == (bytes, hash), "{} is written otherwise: freeze the new form beside this one", kind.word());
    }
}

#[test]
fn what_was_sent_stands_beside_the_chain_and_comes_back_with_the_hash_that_its_step_names() {
    let floor = a_life();
    let mut commit = commits(&floor).remove(&Kind::Order).unwrap();
    let bare = seal(&mut commit).unwrap();
    let raw = RawRef::of(b"{}");
    commit.steps[1].origin = Some(crate::envelope::Origin { raw, mapping: "api".into() });
    let named = seal(&mut commit).unwrap();
    commit.raw = vec![(1, Payload::new(b"{}".to_vec()))];
    let kept = seal(&mut commit).unwrap();
    assert!(kept.hash == named.hash && kept.hash != bare.hash && kept.bytes != named.bytes);
    let (read, hash) = open(&kept.bytes).unwrap();
    assert_eq!((&read, hash), (&commit, kept.hash));
    assert_eq!(read.raw().collect::<Vec<_>>(), [(&raw, &Payload::new(b"{}".to_vec()))]);
}

#[test]
fn frozen_inputs_are_read_and_written_the_same() {
    for (name, input) in [("input-release.hex", Day::release()), ("input-completed.hex", Day::completed())] {
        freeze(name, &pack(input.clone()).unwrap());
        let bytes = frozen(name);
        assert_eq!(unpack(&bytes).unwrap(), input, "{name}");
        assert_eq!(pack(input).unwrap(), bytes, "{name}");
    }
    let claim = Input { to: Address::Entity(Day::lot_entity()), ..Day::completed() };
    assert_eq!(unpack(&pack(claim.clone()).unwrap()).unwrap(), claim);
}

#[test]
fn frozen_answers_between_nodes_are_read_and_written_the_same() {
    let wait = ClaimAnswer::Wait { until: at(5) };
    let relayed = [
        ("relayed-known.hex", Relayed::Reply(Reply::Known(Answer::Discrepant { case: 3 }))),
        ("relayed-claim.hex", Relayed::Reply(Reply::Claim(wait))),
        ("relayed-unborn.hex", Relayed::Reply(Reply::Unborn)),
        ("relayed-elsewhere.hex", Relayed::Elsewhere),
        ("relayed-lost.hex", Relayed::Lost),
    ];
    for (name, answer) in relayed {
        freeze(name, &pack_relayed(answer.clone()).unwrap());
        let bytes = frozen(name);
        assert_eq!(unpack_relayed(&bytes).unwrap(), answer, "{name}");
        assert_eq!(pack_relayed(answer).unwrap(), bytes, "{name}");
    }
    assert!(matches!(unpack_relayed(b"\x00garbage"), Err(WireError::Decode { .. })));
    assert!(matches!(unpack_relayed(&vec![0; MAIL_BYTES_MAX + 1]), Err(WireError::TooLong { .. })));
}

#[test]
fn what_a_newer_binary_wrote_is_refused_by_its_version() {
    #[derive(Serialize)]
    struct Newer {
        v: &'static str,
        body: Vec<u32>,
    }
    let bytes = encode("commit", &Newer { v: "2", body: vec![1] }).unwrap();
    let told = [open(&bytes).unwrap_err().to_string(), unpack(&bytes).unwrap_err().to_string()];
    assert_eq!(told, ["commit is of version 2, this binary reads 1: update it", "input is of version 2, this binary reads 1: update it"]);
    assert!(matches!(open(b"\x00garbage"), Err(WireError::Decode { .. })));
}

/// Before ids and hashes were bytes they were text, and whether an order is open in its ERP was a plain yes or no.
#[test]
fn the_forms_that_older_binaries_wrote_are_read() {
    let id = Day::lot_entity();
    let text = encode("id", &id.to_string()).unwrap();
    assert_eq!(decode::<EntityId>("id", &text).unwrap(), id);
    let raw = RawRef::of(b"payload");
    assert_eq!(decode::<RawRef>("raw", &encode("raw", &raw.to_string()).unwrap()).unwrap(), raw);
    for (old, open) in [(true, true), (false, false)] {
        let bytes = encode("fact", &BTreeMap::from([("locked", old)])).unwrap();
        let order::Fact::Locked { since } = decode("fact", &bytes).unwrap() else { panic!("another fact") };
        assert_eq!(since.is_some(), open);
    }
}
