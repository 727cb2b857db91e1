//! What a plant's variant of a workflow changes, and what it cannot.

use super::*;
use crate::fact::Fact as Noted;
use crate::intent::{Intent, Tier};
use crate::workflow::{Criticality, Flow, LatencyClass, Reconciliation, Step, Workflow};

/// The ERP released an order at a plant that does without these.
fn at_a_plant_without(steps: &[Step], change: impl FnOnce(&mut Floor)) -> Floor {
    let mut floor = Floor::new();
    floor.book.workflows.without.insert(site("nord"), steps.iter().copied().collect());
    change(&mut floor);
    let id = me(&floor);
    floor.take(id, &Day::release());
    floor.deliver();
    floor
}

fn declared(sla: Tier) -> Workflow {
    Workflow {
        criticality: Criticality::StopsPlant,
        latency: LatencyClass::NearTime,
        within_ms: 60_000,
        sla,
        reconciliation: Reconciliation::Presence,
    }
}

/// The tier each errand with this verb went out in.
fn tiers(floor: &Floor, verb: &str) -> Vec<Tier> {
    let facts = floor.log.iter().flat_map(|(_, step)| &step.facts);
    let intents = facts.filter_map(|fact| match fact {
        Noted::Intended { intent, .. } => Some(intent.as_ref()),
        _ => None,
    });
    let of_verb = intents.filter_map(|intent| match intent {
        Intent::Site { tier, effect, .. } if effect.verb() == verb => Some(*tier),
        _ => None,
    });
    of_verb.collect()
}

#[test]
fn a_plant_without_the_equipment_check_gets_its_orders_whatever_stands_still() {
    let nothing_works = |floor: &mut Floor| floor.book.equipment.clear();
    let checked = at_a_plant_without(&[Step::Calibration], nothing_works);
    assert!(matches!(order(&checked).dispatch, Dispatch::Invalid { .. }), "{:?}", order(&checked).dispatch);
    let unchecked = at_a_plant_without(&[Step::Equipment], nothing_works);
    assert_eq!(order(&unchecked).dispatch, Dispatch::Sent { attempt: 1 });
}

#[test]
fn the_variant_of_one_plant_is_nobody_else_s() {
    let elsewhere = at_a_plant_without(&[], |floor| {
        floor.book.equipment.clear();
        floor.book.workflows.without.insert(site("wms-na"), [Step::Equipment].into());
    });
    assert!(matches!(order(&elsewhere).dispatch, Dispatch::Invalid { .. }));
}

#[test]
fn an_errand_goes_out_in_the_tier_that_its_workflow_was_declared_with() {
    let usual = at_a_plant_without(&[], |_| {});
    assert_eq!(tiers(&usual, "dispatch_job"), [Tier::PlantCritical]);
    let declared = at_a_plant_without(&[], |floor| {
        floor.book.workflows.declared.insert(Flow::Release, declared(Tier::Business));
    });
    assert_eq!(tiers(&declared, "dispatch_job"), [Tier::Business]);
}
