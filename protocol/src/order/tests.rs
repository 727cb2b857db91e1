//! Orders, in the language of planners and support: what changes when, who must have agreed, what goes back.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test names what it is about, and fails on the rest")]

mod changes;
mod contradicted;
mod early;
mod ends;
mod floor;
mod goods;
mod late;
mod measure;
mod owners;
mod pauses;
mod reversals;
mod splits;
mod unbooked;
mod variants;
mod wishes;

use super::*;
use crate::answer::Answer;
use crate::case::CaseKind;
use crate::effect::Effect;
use crate::envelope::Who;
use crate::floor::{Floor, person, refused};
use crate::id::Kind;
use crate::input::Body;
use crate::kernel::tests::fixture::{Day, at, qty, site, work};
use crate::native::{NativeKind, Ref};
use crate::outbox::Receipt;
use crate::refusal::Code;

fn order_of(floor: &Floor, reference: &str) -> EntityId {
    floor.book.born_at(site("erp-eu"), Kind::Order, NativeKind::Order, reference).unwrap()
}

fn me(floor: &Floor) -> EntityId {
    order_of(floor, "1000042")
}

/// The ERP released 5000 pieces; nobody has heard of it yet.
fn released() -> Floor {
    let mut floor = Floor::new();
    let id = me(&floor);
    floor.take(id, &Day::release());
    floor
}

/// Somebody wished for an order by the number of its plan; its ERP has not answered.
fn wished(reference: &str) -> (Floor, EntityId) {
    let mut floor = Floor::new();
    let id = order_of(&floor, reference);
    let header = match Day::release().body {
        Body::Order(Input::OwnerFact(OwnerFact::Released(header))) => *header,
        other => panic!("not a release: {other:?}"),
    };
    let (planned_order, lot, recipe) = (NativeId::parse(reference).unwrap(), None, None);
    let Header { erp, plant, material, total, start, end, .. } = header;
    let release = Release { erp, planned_order, plant, material, total, recipe, lot, start, end };
    floor.wish(id, person("planner"), Body::Order(Input::Request(Request::Release(release))));
    (floor, id)
}

/// The plant took the job.
fn accepted() -> Floor {
    let mut floor = released();
    floor.deliver();
    floor.does("dispatch_job", &named(site("nord"), NativeKind::Job, "J-7"));
    floor.deliver();
    floor
}

fn named(system: SiteId, kind: NativeKind, id: &str) -> Receipt {
    Receipt { alias: Some(Ref::new(system, kind, NativeId::parse(id).unwrap())), ..Receipt::default() }
}

fn done() -> Receipt {
    Receipt::default()
}

fn posted(document: &str) -> Receipt {
    Receipt { document: Some(DocNo::parse(document).unwrap()), ..Receipt::default() }
}

fn wish(floor: &mut Floor, request: Request) -> Answer {
    wish_as(floor, person("planner"), request)
}

fn wish_as(floor: &mut Floor, who: Who, request: Request) -> Answer {
    let id = me(floor);
    floor.wish(id, who, Body::Order(Input::Request(request)))
}

fn says(floor: &mut Floor, source: &str, fact: OwnerFact) -> Answer {
    let id = me(floor);
    floor.tell(id, source, Body::Order(Input::OwnerFact(fact)))
}

fn reports(floor: &mut Floor, report: Report) -> Answer {
    let id = me(floor);
    floor.tell(id, "nord", Body::Order(Input::Report(report)))
}

fn makes(floor: &mut Floor, pieces: &str) {
    reports(floor, Report::Confirmed(Box::new(work("10", pieces))));
}

fn total(floor: &Floor) -> String {
    floor.order(me(floor)).header().unwrap().total.to_string()
}

fn order(floor: &Floor) -> &Order {
    floor.order(me(floor))
}

/// What the ERP is asked to change, and has not answered.
fn asked_of_erp(floor: &Floor) -> Vec<Change> {
    let change = |effect: &&Effect| match effect {
        Effect::ChangeOrder(change) => change.change.clone(),
        other => panic!("not a change: {other:?}"),
    };
    floor.asked("change_order").iter().map(change).collect()
}
