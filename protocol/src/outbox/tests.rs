//! What waits for what: a shipment's block and its end, in every order and after every trouble.

use super::{Claim, ClaimAnswer, Standing, claim};
use super::{Outbox, OutboxFact, Outcome, Receipt};
use crate::effect::Effect;
use crate::instant::Instant;
use crate::intent::{Intent, Tier};
use crate::name::SiteId;
use crate::native::NativeId;
use crate::outbox::Class;
use crate::qty::Qty;
use crate::words::{LotKey, LotNo, MaterialId, StockStatus};

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
    let overtakes = matches!(effect, Effect::BlockShipment { .. } | Effect::ChangeStockStatus { to: StockStatus::Blocked, .. });
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
    outbox.evolve(number, &OutboxFact::InFlight { attempt: 1, not_after: Instant::EPOCH, class: Class::DedupByKey, asker: 0 });
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
fn what_a_person_sends_again_waits_for_the_newer_one_that_is_out_meanwhile() {
    let mut outbox = told(&[answer()]);
    sent(&mut outbox, 1);
    park(&mut outbox, 1);
    tell(&mut outbox, &answer());
    sent(&mut outbox, 2);
    outbox.evolve(1, &OutboxFact::Requeued);
    assert_eq!(release(&mut outbox), [0; 0], "the lane is the newer one's until that is settled");
    done(&mut outbox, 2);
    assert_eq!(release(&mut outbox), [1]);
}

#[test]
fn what_is_about_another_shipment_waits_for_nothing() {
    let mut outbox = told(&[unblock()]);
    lost(&mut outbox, 1);
    tell(&mut outbox, &Effect::BlockShipment { shipment: NativeId::parse("SHP-2").unwrap(), reasons: Vec::new() });
    assert!(outbox.get(2).unwrap().is_out());
}

fn stock(from: StockStatus, to: StockStatus) -> Effect {
    let lot = LotKey { material: MaterialId::parse("FG-100").unwrap(), lot: LotNo::parse("N7").unwrap() };
    Effect::ChangeStockStatus { lot, plant: SiteId::parse("nord").unwrap(), qty: Qty::parse("480 H87").unwrap(), from, to, hold: None }
}

#[test]
fn stock_is_not_blocked_again_before_it_came_back() {
    let mut outbox = told(&[stock(StockStatus::Blocked, StockStatus::Unrestricted)]);
    lost(&mut outbox, 1);
    tell(&mut outbox, &stock(StockStatus::Unrestricted, StockStatus::Blocked));
    assert_eq!(release(&mut outbox), [0; 0], "the ERP may have nothing free yet, and would refuse");
    tell(&mut outbox, &stock(StockStatus::QualityInspection, StockStatus::Blocked));
    assert!(outbox.get(3).unwrap().is_out(), "what is elsewhere is blocked at once");
    done(&mut outbox, 1);
    assert_eq!(release(&mut outbox), [2]);
    let mut parked = told(&[stock(StockStatus::Blocked, StockStatus::Unrestricted)]);
    park(&mut parked, 1);
    tell(&mut parked, &stock(StockStatus::Unrestricted, StockStatus::Blocked));
    assert!(parked.get(1).is_some() && parked.get(2).unwrap().is_out(), "a person still has the first one to decide about");
}

/// What a worker says, as it is recorded.
fn said(outbox: &mut Outbox, what: &Claim) -> ClaimAnswer {
    let (fact, answer) = claim(outbox, 1, what, Class::DedupByKey, Instant::EPOCH);
    if let Some(fact) = fact {
        outbox.evolve(1, &fact);
    }
    answer
}

#[test]
fn the_no_of_a_later_attempt_does_not_say_that_an_earlier_one_was_not_done() {
    let lost_once = || {
        let mut outbox = told(&[answer()]);
        lost(&mut outbox, 1);
        assert!(matches!(said(&mut outbox, &Claim::May { window_ms: 1_000, asker: 0 }), ClaimAnswer::Send { attempt: 2, .. }));
        outbox
    };
    let mut put_off = lost_once();
    said(&mut put_off, &Claim::NotDone { attempt: 2, why: "429".to_owned() });
    assert!(matches!(put_off.get(1).unwrap().standing, Standing::InDoubt { .. }), "the first one may have been done");
    let mut refused = lost_once();
    said(&mut refused, &Claim::Rejected { attempt: 2, code: "M7".to_owned(), text: "period closed".to_owned() });
    assert_eq!(refused.get(1).unwrap().standing, Standing::Parked, "a person looks for the first one");
    let mut once = told(&[answer()]);
    lost(&mut once, 1);
    said(&mut once, &Claim::Rejected { attempt: 1, code: "M7".to_owned(), text: "late".to_owned() });
    assert!(once.get(1).is_none(), "the late answer of the only attempt still counts");
}

#[test]
fn who_asks_again_because_the_answer_got_lost_is_told_the_same_and_nobody_else_is() {
    let may = |asker| Claim::May { window_ms: 1_000, asker };
    let mut outbox = told(&[answer()]);
    for _ in 0..2 {
        assert!(matches!(said(&mut outbox, &may(7)), ClaimAnswer::Send { attempt: 1, .. }));
    }
    for other in [8, 0] {
        assert!(matches!(said(&mut outbox, &may(other)), ClaimAnswer::Wait { .. }));
    }
    said(&mut outbox, &Claim::NotDone { attempt: 1, why: "503".to_owned() });
    assert!(matches!(said(&mut outbox, &may(9)), ClaimAnswer::Send { attempt: 2, .. }));
    assert!(matches!(said(&mut outbox, &may(7)), ClaimAnswer::Wait { .. }), "its own attempt is over");
}

#[test]
fn what_was_never_recorded_is_not_over() {
    let outbox = told(&[answer()]);
    let asked = Claim::May { window_ms: 1_000, asker: 7 };
    let (fact, answer) = claim(&outbox, 2, &asked, Class::DedupByKey, Instant::EPOCH);
    assert!(fact.is_none() && matches!(answer, ClaimAnswer::Wait { .. }), "whoever asks knows more than this state");
}
