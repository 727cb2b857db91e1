//! The laws of the model, each read off the logs and the books of a week.

use super::*;

/// Each state as it was before each of its steps.
pub(super) fn steps(mesh: &Mesh, kind: Kind) -> impl Iterator<Item = (EntityId, State, &crate::commit::Step)> {
    mesh.logs().filter(move |(entity, _)| entity.kind() == kind).flat_map(|(entity, log)| {
        let states = log.iter().scan(State::unknown(entity), |state, step| {
            let before = state.clone();
            *state = replay(before.clone(), step);
            Some(before)
        });
        states.zip(log).map(move |(before, step)| (entity, before, step))
    })
}

/// (2) A truck may leave only when each of its lots had said yes to this very attempt, and no lot says yes to a pallet that is
/// held. Whatever left otherwise is an escape, and shown.
pub(super) fn nothing_held_is_allowed_to_leave(mesh: &Mesh) -> usize {
    let mut cleared: BTreeSet<(EntityId, EntityId, u32)> = BTreeSet::new();
    for (lot, before, step) in steps(mesh, Kind::Lot) {
        let Own::Lot(state) = &before.own else { panic!("no lot") };
        for fact in &step.facts {
            let Fact::Lot(fact) = fact else { continue };
            if let lot::Fact::Cleared { shipment, attempt, .. } = fact.as_ref() {
                let wanted = state.shipments.get(shipment).into_iter().flat_map(BTreeMap::keys);
                let against: Vec<String> = wanted.flat_map(|unit| state.blocks(unit)).collect();
                assert!(against.is_empty(), "T5 broken: {lot} said yes although {against:?}");
                cleared.insert((*shipment, lot, *attempt));
            }
        }
    }
    let mut granted = 0;
    for (truck, before, step) in steps(mesh, Kind::Shipment) {
        let after = replay(before, step);
        let Own::Shipment(shipment) = &after.own else { panic!("no shipment") };
        for fact in &step.facts {
            let Fact::Shipment(fact) = fact else { continue };
            match fact.as_ref() {
                shipment::Fact::Told { attempt, granted: true } => {
                    granted += 1;
                    let lots = &shipment.departure.as_ref().unwrap().lots;
                    assert!(!lots.is_empty(), "T5 broken: {truck} may leave with nothing");
                    assert!(lots.keys().all(|lot| cleared.contains(&(truck, *lot, *attempt))), "T5 broken: {truck} was not cleared");
                    assert!(shipment.holds.is_empty() && shipment.gates.is_empty(), "T5 broken: {truck} is blocked");
                }
                shipment::Fact::Stage(shipment::Stage::Departed) => {
                    let free = shipment.holds.is_empty() && shipment.gates.is_empty();
                    let allowed = free && shipment.departure.as_ref().is_some_and(|departure| departure.told == Some(true));
                    let escape = after.common.cases.values().any(|case| case.kind == CaseKind::Escape);
                    assert!(allowed || escape, "T5 broken: {truck} left without clearance, and nobody is told");
                }
                _ => {}
            }
        }
    }
    granted
}

/// (3) Every lot on a unit that left, also on one that stood on it, was asked, or a person is told. How many stood on another.
pub(super) fn everything_that_left_was_asked_for(mesh: &Mesh) -> usize {
    let units =
        || mesh.logs().filter_map(|(entity, _)| if let Own::Unit(unit) = &mesh.state(entity).own { Some(unit.as_ref()) } else { None });
    let mut stacked = 0;
    for (truck, _) in mesh.logs().filter(|(entity, _)| entity.kind() == Kind::Shipment) {
        let state = mesh.state(truck);
        let Own::Shipment(shipment) = &state.own else { panic!("no shipment") };
        if shipment.stage != shipment::Stage::Departed {
            continue;
        }
        let picked: Vec<&Sscc> = shipment
            .units
            .iter()
            .filter(|(_, known)| known.as_ref().is_none_or(|known| known.via.is_none()))
            .map(|(sscc, _)| sscc)
            .collect();
        let on_it = |unit: &&unit::Unit| {
            let (sscc, within) = (unit.sscc.as_ref(), unit.within.as_ref());
            let is = |name: Option<&Sscc>| name.is_some_and(|name| picked.iter().any(|picked| picked.is(name)));
            (is(sscc) || is(within), is(within) && !is(sscc))
        };
        let lots = shipment.departure.iter().flat_map(|departure| departure.lots.keys());
        let asked: BTreeSet<EntityId> = lots.copied().collect();
        let escape = state.common.cases.values().any(|case| case.kind == CaseKind::Escape);
        for unit in units().filter(|unit| on_it(unit).0) {
            stacked += usize::from(on_it(&unit).1);
            for content in &unit.contents {
                let lot = content.lot_entity;
                assert!(escape || asked.contains(&lot), "T5 broken: {lot} left on {truck} and was not asked");
                let Own::Lot(lot) = &mesh.state(lot).own else { panic!("no lot") };
                assert!(lot.has_left(unit.sscc.as_ref().unwrap()), "T4 broken: what left on {truck} is in stock");
            }
        }
    }
    stacked
}

/// (4) Who owns no track moves none: there is a case, and nothing else.
pub(super) fn only_owners_move_tracks(mesh: &Mesh) {
    let mut refused = 0;
    for (entity, _, step) in steps(mesh, Kind::Order).chain(steps(mesh, Kind::Lot)) {
        if step.key.source == site(STRANGER) {
            refused += 1;
            let harmless = |fact: &Fact| matches!(fact, Fact::CaseOpened(case) if case.kind == CaseKind::NotOwner);
            assert!(step.facts.iter().all(harmless), "{entity}: {:?}", step.facts);
        }
    }
    assert_eq!(refused, 4, "a word of no weight was not even recorded");
}

/// (5) What went into a lot and what it went into are told the same by both, nothing is made of itself, and a component is
/// used up by its lot as it is by its orders.
pub(super) fn genealogy_is_whole(mesh: &Mesh) {
    let lots: BTreeMap<EntityId, &lot::Lot> = mesh
        .logs()
        .filter_map(|(entity, _)| match &mesh.state(entity).own {
            Own::Lot(lot) => Some((entity, lot.as_ref())),
            _ => None,
        })
        .collect();
    let parents = |entity: &EntityId| lots.get(entity).into_iter().flat_map(|lot| &lot.parents).map(|(_, parent)| *parent);
    for (entity, lot) in &lots {
        for (_, parent) in &lot.parents {
            assert!(lots[parent].children.iter().any(|(_, child)| child == entity), "{entity} is made of {parent}, which does not know");
        }
        for (_, child) in lot.children.iter().filter(|(_, child)| lots.get(child).is_some_and(|lot| !lot.produced.is_empty())) {
            assert!(lots[child].parents.iter().any(|(_, parent)| parent == entity), "{entity} went into {child}, which does not know");
        }
        let (mut seen, mut waiting) = (BTreeSet::new(), parents(entity).collect::<Vec<_>>());
        while let Some(next) = waiting.pop() {
            assert_ne!(next, *entity, "{entity} is made of itself");
            if seen.insert(next) {
                waiting.extend(parents(&next));
            }
        }
        // A hold reaches everything that was made of it.
        for (_, child) in &lot.children {
            let held = |number: &HoldNo| lots.get(child).is_some_and(|lot| lot.holds.values().any(|hold| hold.called == *number));
            for (number, hold) in &lot.holds {
                let there = lots
                    .get(child)
                    .is_some_and(|lot| lot.holds.values().any(|hold| hold.parents.iter().any(|ground| ground.hold == *number)));
                let decided =
                    lots.get(child).is_some_and(|lot| lot.released.iter().any(|known| known.as_str().starts_with(hold.called.as_str())));
                assert!(there || decided || held(&hold.called), "hold {number} of {entity} did not reach {child}");
            }
        }
    }
}

/// (6) Nobody agrees to less than was made.
pub(super) fn nothing_made_is_planned_away(mesh: &Mesh) {
    for (entity, before, step) in steps(mesh, Kind::Order) {
        let Own::Order(order) = &before.own else { panic!("no order") };
        for fact in &step.facts {
            let Fact::Order(fact) = fact else { continue };
            if let (order::Fact::TotalChanged { total }, Some(made)) = (fact.as_ref(), order.processed()) {
                let enough = total.compare(&made).is_some_and(std::cmp::Ordering::is_ge);
                assert!(enough || step.facts.iter().any(|fact| fact.opens().is_some()), "{entity} is {total} now, and {made} were made");
            }
        }
    }
}

/// (8) Every line of a posting leads to reports, every report to a raw message, and every report is in a group.
pub(super) fn every_posting_has_its_evidence(mesh: &Mesh) {
    for (entity, log) in mesh.logs().filter(|(entity, _)| entity.kind() == Kind::Order) {
        let mut recorded: BTreeSet<u32> = BTreeSet::new();
        for step in log {
            for fact in &step.facts {
                let Fact::Order(fact) = fact else { continue };
                match fact.as_ref() {
                    order::Fact::Posting(PostingFact::Recorded { number, .. }) => {
                        assert!(step.origin.is_some(), "{entity}: quantity {number} came from nowhere");
                        assert!(recorded.insert(*number), "{entity}: quantity {number} was recorded twice");
                    }
                    order::Fact::Posting(PostingFact::Flushed { posting: Some(posting), .. }) => {
                        let behind = posting.lines.iter().flat_map(|line| &line.actuals).flat_map(|(from, to)| *from..=*to);
                        let missing: Vec<u32> = behind.filter(|number| !recorded.contains(number)).collect();
                        assert!(missing.is_empty(), "{entity}: posting {} rests on {missing:?}, which nobody reported", posting.number);
                    }
                    _ => {}
                }
            }
        }
    }
}

/// (9) A lot stands once: what its ERP has of it is what its orders posted, in one status each.
pub(super) fn stock_stands_in_one_place(mesh: &Mesh) {
    for (entity, _) in mesh.logs().filter(|(entity, _)| entity.kind() == Kind::Lot) {
        let Own::Lot(lot) = &mesh.state(entity).own else { continue };
        let Some(key) = &lot.key else { continue };
        let sum = |all: &mut dyn Iterator<Item = Qty>| all.reduce(|a, b| a.plus(b).unwrap());
        let stands = sum(&mut lot.stock.stands.values().copied());
        let parts = lot.taken.values().flat_map(|by| by.values().copied());
        let departed: Vec<Qty> = lot.departed.keys().filter_map(|unit| lot.still_on(unit)).chain(parts).collect();
        let posted = mesh.received(key);
        let (Some(stands), Some(posted)) = (stands, posted) else { continue };
        let left = departed.iter().fold(posted, |sum, qty| sum.minus(*qty).unwrap());
        assert_eq!(stands, left, "{entity} stands otherwise than it was posted");
    }
}
