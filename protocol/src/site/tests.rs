use super::unmatched;
use crate::answer::Answer;
use crate::envelope::{Envelope, Key, Mark};
use crate::id::{EntityId, Kind};
use crate::input::{Address, Body, Input};
use crate::kernel::tests::fixture::{at, book, site};
use crate::kernel::{Context, Reply, State, step};
use crate::native::{NativeId, NativeKind, Ref};
use crate::order::{self, Report};

/// A report for an order that nobody knows, under the message number `7` of its sender.
fn report(order: &str, minute: u64) -> Input {
    let name = Ref::new(site("nord"), NativeKind::Order, NativeId::parse(order).unwrap());
    let key = Key { source: site("nord"), epoch: 0, mark: Mark::Number(7) };
    let body = Body::Order(order::Input::Report(Report::Completed));
    Input { to: Address::Native { kind: Kind::Order, names: vec![name] }, envelope: Envelope::of(key, at(minute)), body }
}

#[test]
fn what_two_orders_are_told_under_one_key_waits_twice_and_each_delivery_of_it_once() {
    let book = book();
    let keeper = book.site_entity(site("nord")).unwrap();
    let mut state = State::unknown(keeper);
    let mut keep = |input: Input| {
        let context = Context { now: at(30), book: &book, incarnation: 1 };
        let stepped = step(std::mem::replace(&mut state, State::unknown(keeper)), &unmatched(keeper, input), &context);
        state = stepped.state;
        stepped.reply
    };
    assert_eq!(keep(report("4711", 1)), Reply::Answer(Answer::Quarantined { case: 1 }));
    assert_eq!(keep(report("4712", 1)), Reply::Answer(Answer::Quarantined { case: 2 }), "another order's, although its key is the same");
    assert_eq!(keep(report("4711", 2)), Reply::Known(Answer::Quarantined { case: 1 }), "the same again, taken in a minute later");
}

#[test]
fn a_lot_is_the_same_lot_in_every_generation_and_an_order_is_born_in_the_newest() {
    let (old, mut new) = (book(), book());
    new.generation = 2;
    let born = |book: &crate::book::Book, kind, native| -> EntityId { book.born_at(site("nord"), kind, native, "4711").unwrap() };
    for (kind, native) in [(Kind::Lot, NativeKind::Lot), (Kind::Unit, NativeKind::Unit)] {
        assert_eq!(born(&old, kind, native), born(&new, kind, native));
    }
    assert_eq!(born(&new, Kind::Order, NativeKind::Order).generation(), 2);
}
