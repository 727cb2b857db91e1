//! What waits for what: a shipment's block and its end, in every order and after every trouble.

use super::{Outbox, OutboxFact, Outcome, Receipt};
use crate::effect::Effect;
use crate::instant::Instant;
use crate::intent::{Intent, Tier};
use crate::name::SiteId;
use crate::native::NativeId;
use crate::outbox::Class;

fn shipment() -> NativeId {
    NativeId::parse("SHP-1").unwrap()
}

fn block() -> Effect {
    Effect::BlockShipment { shipment: shipment(), reasons: Vec::new() }
}

fn unblock() -> Effect {
    Effect::UnblockShipment { shipment: shipment() }
}

fn answer() -> Effect {
    Effect::AnswerDeparture { shipment: shipment(), attempt: 1, granted: false, until: None, reasons: Vec::new() }
}

/// An outbox whose intents were recorded in this order, each released as soon as it may be.
fn told(effects: &[Effect]) -> Outbox {
    let mut outbox = Outbox::default();
    for effect in effects {
        tell(&mut outbox, effect);
    }
    outbox
}

fn tell(outbox: &mut Outbox, effect: &Effect) {
    let overtakes = matches!(effect, Effect::BlockShipment { .. });
    let site = SiteId::parse("wms").unwrap();
    let intent = Intent::Site { site, tier: Tier::PlantCritical, overtakes, effect: Box::new(effect.clone()) };
    outbox.recorded(outbox.next_number(), intent);
    release(outbox);
}

/// Which went out.
fn release(outbox: &mut Outbox) -> Vec<u32> {
    for number in outbox.overtaken() {
        outbox.evolve(number, &OutboxFact::Settled(Outcome::Superseded));
    }
    let released = outbox.releasable();
    for (number, fact) in &released {
        outbox.evolve(*number, fact);
    }
    assert!(outbox.lanes_hold());
    released.into_iter().map(|(number, _)| number).collect()
}

fn sent(outbox: &mut Outbox, number: u32) {
    outbox.evolve(number, &OutboxFact::InFlight { attempt: 1, not_after: Instant::EPOCH, class: Class::DedupByKey });
}

fn lost(outbox: &mut Outbox, number: u32) {
    sent(outbox, number);
    outbox.evolve(number, &OutboxFact::InDoubt { attempt: 1, why: "no answer".to_owned() });
}

fn done(outbox: &mut Outbox, number: u32) {
    outbox.evolve(number, &OutboxFact::Settled(Outcome::Accepted(Receipt::default())));
}

fn park(outbox: &mut Outbox, number: u32) {
    outbox.evolve(number, &OutboxFact::Parked { why: "no credential".to_owned() });
}

#[test]
fn the_end_of_a_block_waits_until_the_block_itself_is_certain() {
    let mut outbox = told(&[block()]);
    lost(&mut outbox, 1);
    tell(&mut outbox, &unblock());
    assert_eq!(release(&mut outbox), [0; 0], "the block may still be sent again, and would be the last word");
    done(&mut outbox, 1);
    assert_eq!(release(&mut outbox), [2]);
}

#[test]
fn a_block_passes_what_waits_but_not_its_own_end_that_may_have_arrived() {
    let mut outbox = told(&[answer(), block()]);
    assert!(outbox.get(2).unwrap().is_out(), "it passes the answer");
    done(&mut outbox, 1);
    done(&mut outbox, 2);
    tell(&mut outbox, &unblock());
    lost(&mut outbox, 3);
    tell(&mut outbox, &block());
    assert_eq!(release(&mut outbox), [0; 0]);
    done(&mut outbox, 3);
    assert_eq!(release(&mut outbox), [4]);
}

#[test]
fn what_was_never_sent_or_waits_for_a_person_is_over_once_something_newer_says_the_opposite() {
    let mut waits = told(&[answer(), unblock()]);
    tell(&mut waits, &block());
    assert!(waits.get(2).is_none() && waits.get(3).unwrap().is_out(), "the block goes now, and nothing takes it off behind it");

    let mut parked = told(&[unblock()]);
    park(&mut parked, 1);
    tell(&mut parked, &block());
    assert!(parked.get(1).is_none() && parked.get(2).unwrap().is_out(), "nobody can send the old end of it again");

    let mut late = told(&[block(), unblock()]);
    sent(&mut late, 1);
    park(&mut late, 1);
    assert_eq!(release(&mut late), [2]);
    assert!(late.get(1).is_none());
}

#[test]
fn what_is_about_another_shipment_waits_for_nothing() {
    let mut outbox = told(&[unblock()]);
    lost(&mut outbox, 1);
    tell(&mut outbox, &Effect::BlockShipment { shipment: NativeId::parse("SHP-2").unwrap(), reasons: Vec::new() });
    assert!(outbox.get(2).unwrap().is_out());
}
