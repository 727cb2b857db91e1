use super::{Cursor, Progress, unmatched};
use crate::answer::Answer;
use crate::envelope::{Envelope, Key, Mark};
use crate::id::{EntityId, Kind};
use crate::input::{Address, Body, Input};
use crate::kernel::tests::fixture::{at, book, site};
use crate::kernel::{Context, Reply, State, step};
use crate::native::{NativeId, NativeKind, Ref};
use crate::order::{self, Report};
use crate::seen::ContentHash;

mod demand;
mod maintenance;

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
        let context = Context { now: at(30), book: &book, incarnation: 1, unreached: &crate::kernel::ALL_REACHED };
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

#[test]
fn a_cursor_never_goes_back_and_forgets_what_cannot_be_shown_again() {
    let hash = |text: &str| ContentHash::of(text.as_bytes());
    let mut cursor = Cursor::default();
    let progress = |read: &[(&str, u64)], until: Option<u64>| Progress {
        topic: "orders".into(),
        read: read.iter().map(|(text, minute)| (hash(text), at(*minute))).collect(),
        until: until.map(at),
        keep_from: until.map(|minute| at(minute - 10)),
    };
    cursor.advance(&progress(&[("A/1", 5), ("B/1", 29)], None));
    assert_eq!(cursor.until, None, "a round that is not whole moves nothing");
    assert!(cursor.knows(&hash("A/1")) && cursor.knows(&hash("B/1")));
    cursor.advance(&progress(&[("C/1", 30)], Some(30)));
    assert_eq!(cursor.until, Some(at(30)));
    assert!(!cursor.knows(&hash("A/1")), "what was changed before the overlap is not shown again");
    assert!(cursor.knows(&hash("B/1")) && !cursor.knows(&hash("B/2")));
    cursor.advance(&progress(&[], Some(20)));
    assert_eq!(cursor.until, Some(at(30)));
}

#[test]
fn what_reads_on_for_ever_is_not_kept_word_by_word() {
    let book = book();
    let keeper = book.site_entity(site("nord")).unwrap();
    let mut state = State::unknown(keeper);
    let mut tell = |word: String, mail: super::Mail| {
        let context = Context { now: at(30), book: &book, incarnation: 1, unreached: &crate::kernel::ALL_REACHED };
        let input =
            Input { to: Address::Entity(keeper), envelope: Envelope::ours(word, at(30)), body: Body::Site(super::Input::Mail(mail)) };
        let stepped = step(std::mem::replace(&mut state, State::unknown(keeper)), &input, &context);
        state = stepped.state;
        assert_eq!(stepped.reply, Reply::Answer(Answer::Accepted));
        (stepped.step.is_some(), state.common.seen.len(), state.is_born())
    };
    let read = |minute| super::Mail::Read(Progress { topic: "orders".into(), until: Some(at(minute)), ..Progress::default() });
    assert_eq!(tell("cursor/0".into(), read(0)), (true, 1, true), "the first word of all is its birth");
    for minute in 1..50 {
        assert_eq!(tell(format!("cursor/{minute}"), read(minute)), (true, 1, true));
        assert_eq!(tell(format!("records/0/{minute}"), super::Mail::RecordsStated { shard: 0, upto: minute }), (false, 1, true));
    }
}
