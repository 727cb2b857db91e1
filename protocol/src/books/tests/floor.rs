//! Reconciliation from the run at the system's site to the case at the order or the handling unit, in the language of finance.

use super::*;
use crate::answer::Answer;
use crate::case::CaseKind;
use crate::desk::{Action, Wish};
use crate::effect::Effect;
use crate::envelope::Who;
use crate::floor::{Floor, person, refused};
use crate::id::{EntityId, Kind};
use crate::input::Body;
use crate::intent::Wake;
use crate::kernel::Own;
use crate::kernel::tests::fixture::{Day, amount, site};
use crate::native::NativeKind;
use crate::order::{self, Report};
use crate::outbox::{Claim, Receipt, Standing};
use crate::posting;
use crate::refusal::Code;
use crate::words::OutputKind;
use crate::{site as sites, unit};

mod again;

const PALLET: &str = "340123450000000018";

/// An order at its plant, and systems whose books are compared.
fn begun() -> Floor {
    let mut floor = Floor::new();
    let pace = Pace { settle_ms: 1_000, at_once: 1, ..Pace::default() };
    floor.book.reconcile = [(site("erp-eu"), pace.clone()), (site("wms-na"), pace)].into();
    let id = me(&floor);
    floor.take(id, &Day::release());
    floor.deliver();
    floor.does("dispatch_job", &Receipt::default());
    floor.deliver();
    floor
}

fn me(floor: &Floor) -> EntityId {
    floor.book.born_at(site("erp-eu"), Kind::Order, NativeKind::Order, "1000042").unwrap()
}

fn pallet(floor: &Floor) -> EntityId {
    floor.book.unit_entity(site("nord"), &Sscc::parse(PALLET).unwrap()).unwrap()
}

fn makes(floor: &mut Floor, pieces: &str) {
    let report = Report::Produced {
        output: OutputKind::Main,
        material: None,
        lot: None,
        amount: amount(pieces),
        unit: Sscc::parse(PALLET).ok(),
        serials: Vec::new(),
    };
    let id = me(floor);
    floor.tell(id, "nord", Body::Order(order::Input::Report(report)));
    floor.deliver();
}

fn posts(floor: &mut Floor, document: &str) {
    floor.does("post", &Receipt { document: DocNo::parse(document).ok(), ..Receipt::default() });
    floor.deliver();
}

/// 480 pieces, posted as D1.
fn posted() -> Floor {
    let mut floor = begun();
    makes(&mut floor, "480 H87");
    posts(&mut floor, "D1");
    floor
}

fn reconcile(floor: &mut Floor, system: &str) -> Answer {
    wishes(floor, system, None)
}

fn wishes(floor: &mut Floor, system: &str, cut_off: Option<Instant>) -> Answer {
    let entity = floor.book.site_entity(site(system)).unwrap();
    let answer =
        floor.wish(entity, person("finance"), Body::Site(sites::Input::Request(sites::Request::Reconcile { cut_off, every: false })));
    floor.deliver();
    answer
}

fn says(floor: &mut Floor, entries: &[Stated]) {
    floor.answers("read_books", |attempt| Claim::Read { attempt, reading: Box::new(Reading { entries: entries.to_vec() }) });
    floor.deliver();
}

fn run(floor: &Floor, system: &str) -> Run {
    let Own::Site(site) = &floor.state(floor.book.site_entity(site(system)).unwrap()).own else { panic!("no site") };
    site.books.as_ref().unwrap().last.as_deref().unwrap().clone()
}

fn verdicts(floor: &Floor, system: &str) -> (u32, u32, u32, u32, bool) {
    let run = run(floor, system);
    let with = |verdict| run.with(verdict);
    (with(Verdict::Equal), with(Verdict::Once), with(Verdict::Twice), with(Verdict::Unread), run.is_under_way())
}

fn lot() -> String {
    Day::lot().lot.to_string()
}

fn open(floor: &Floor, kind: &CaseKind) -> usize {
    floor.open(me(floor), kind)
}

fn act(floor: &mut Floor, role: &str, action: Action) -> Answer {
    act_as(floor, person(role), action)
}

fn act_as(floor: &mut Floor, who: Who, action: Action) -> Answer {
    let id = me(floor);
    let case = floor.cases(id).iter().find(|case| case.kind == CaseKind::BooksDiffer).unwrap().number;
    let answer = floor.wish(id, who, Body::Desk(Wish { case, action }));
    floor.deliver();
    answer
}

#[test]
fn books_that_agree_are_counted_and_nothing_is_asked_again_until_something_moves() {
    let mut floor = posted();
    assert_eq!(reconcile(&mut floor, "erp-eu"), Answer::Accepted);
    says(&mut floor, &[goods("D1", &lot(), "480 H87")]);
    assert_eq!(verdicts(&floor, "erp-eu"), (1, 0, 0, 0, false));
    assert!(open(&floor, &CaseKind::BooksDiffer) == 0 && floor.wakes.iter().all(|(_, _, wake)| !matches!(wake, Wake::Books { .. })));
    reconcile(&mut floor, "erp-eu");
    assert_eq!((run(&floor, "erp-eu").of, floor.asked("read_books").len()), (0, 0));
    makes(&mut floor, "240 H87");
    posts(&mut floor, "D2");
    reconcile(&mut floor, "erp-eu");
    assert_eq!(run(&floor, "erp-eu").of, 1);
}

#[test]
fn a_document_that_was_taken_back_is_a_case_after_two_readings_and_not_after_one_and_closes_by_itself() {
    let mut floor = posted();
    reconcile(&mut floor, "erp-eu");
    let undone = [goods("D1", &lot(), "480 H87"), goods("D9", &lot(), "-480 H87")];
    says(&mut floor, &undone);
    assert_eq!((verdicts(&floor, "erp-eu"), open(&floor, &CaseKind::BooksDiffer)), ((0, 1, 0, 0, true), 0));
    floor.wait_ms(999);
    assert!(floor.asked("read_books").is_empty(), "read again too soon");
    floor.wait_ms(1);
    says(&mut floor, &undone);
    assert_eq!((verdicts(&floor, "erp-eu"), open(&floor, &CaseKind::BooksDiffer)), ((0, 0, 1, 0, false), 1));
    assert_eq!(run(&floor, "erp-eu").found.values().next().unwrap().unexplained, vec![qty("-480 H87")]);
    // The next run finds the same, and says nothing new.
    reconcile(&mut floor, "erp-eu");
    says(&mut floor, &undone);
    assert_eq!((verdicts(&floor, "erp-eu").2, open(&floor, &CaseKind::BooksDiffer)), (1, 1));
    // It was posted again there; whoever looks has it read at once.
    assert_eq!(act(&mut floor, "finance", Action::Retry), Answer::Accepted);
    let again = [goods("D1", &lot(), "480 H87"), goods("D9", &lot(), "-480 H87"), goods("D10", &lot(), "480 H87")];
    says(&mut floor, &again);
    assert_eq!((verdicts(&floor, "erp-eu").0, open(&floor, &CaseKind::BooksDiffer)), (1, 0));
}

#[test]
fn a_difference_that_is_another_one_in_the_second_reading_is_read_again() {
    let mut floor = posted();
    reconcile(&mut floor, "erp-eu");
    says(&mut floor, &[]);
    floor.wait_ms(1_000);
    says(&mut floor, &[goods("D1", &lot(), "400 H87")]);
    assert_eq!((verdicts(&floor, "erp-eu").1, open(&floor, &CaseKind::BooksDiffer)), (1, 0));
    floor.wait_ms(1_000);
    says(&mut floor, &[goods("D1", &lot(), "480 H87")]);
    assert_eq!((verdicts(&floor, "erp-eu"), open(&floor, &CaseKind::BooksDiffer)), ((1, 0, 0, 0, false), 0));
}

#[test]
fn a_document_by_hand_that_nobody_told_of_is_offered_for_adoption_and_is_then_known() {
    let mut floor = posted();
    reconcile(&mut floor, "erp-eu");
    let by_hand = [goods("D1", &lot(), "480 H87"), goods("D9", &lot(), "25 H87")];
    says(&mut floor, &by_hand);
    assert_eq!(open(&floor, &CaseKind::ForeignPosting), 0);
    floor.wait_ms(1_000);
    says(&mut floor, &by_hand);
    assert_eq!((open(&floor, &CaseKind::ForeignPosting), open(&floor, &CaseKind::BooksDiffer)), (1, 0));
    reconcile(&mut floor, "erp-eu");
    says(&mut floor, &by_hand);
    let run = run(&floor, "erp-eu");
    assert_eq!((run.with(Verdict::Equal), run.found[&me(&floor)].netted.clone()), (1, vec![(Place::ByHand, qty("25 H87"))]));
}

#[test]
fn what_is_under_way_keeps_the_reading_waiting_and_what_comes_after_passes_it() {
    let mut floor = posted();
    makes(&mut floor, "240 H87");
    floor.claims("post", |_| Claim::May { window_ms: 100, asker: 0 });
    reconcile(&mut floor, "erp-eu");
    let standing = |floor: &Floor| {
        let outbox = &floor.state(me(floor)).common.outbox;
        outbox
            .iter()
            .find(|(_, open)| matches!(&open.intent, crate::intent::Intent::Site { effect, .. } if effect.only_reads()))
            .map(|(_, open)| open.standing.clone())
    };
    assert_eq!(standing(&floor), Some(Standing::Waiting));
    // Another posting would wait behind it: the reading makes room, and is asked for again when that is done.
    makes(&mut floor, "60 H87");
    assert_eq!(standing(&floor), None);
    floor.asked.retain(|asked| asked.effect.verb() != "read_books");
    let first = floor.asked.remove(floor.asked.iter().position(|asked| asked.effect.verb() == "post").unwrap());
    let receipt = Receipt { document: DocNo::parse("D2").ok(), ..Receipt::default() };
    floor.hear(me(&floor), "takt", Body::Claim { intent: first.intent, claim: Claim::Accepted { attempt: 1, receipt } });
    posts(&mut floor, "D3");
    assert_eq!(standing(&floor), Some(Standing::Released));
    let newest = floor.asked.iter().rposition(|asked| asked.effect.verb() == "read_books").unwrap();
    let newest = floor.asked.remove(newest);
    floor.asked = vec![newest];
    says(&mut floor, &[goods("D1", &lot(), "480 H87"), goods("D2", &lot(), "240 H87"), goods("D3", &lot(), "60 H87")]);
    assert_eq!((verdicts(&floor, "erp-eu"), open(&floor, &CaseKind::BooksDiffer)), ((1, 0, 0, 0, false), 0));
}

#[test]
fn what_is_parked_here_is_netted_out_and_named() {
    let mut floor = posted();
    makes(&mut floor, "240 H87");
    floor.refuses("post");
    floor.deliver();
    reconcile(&mut floor, "erp-eu");
    says(&mut floor, &[goods("D1", &lot(), "480 H87")]);
    let run = run(&floor, "erp-eu");
    assert_eq!((run.with(Verdict::Equal), run.found[&me(&floor)].netted.clone()), (1, vec![(Place::Parked, qty("240 H87"))]));
}

#[test]
fn a_difference_is_given_up_by_finance_and_a_second_person_and_is_none_while_it_stays_the_same() {
    let mut floor = posted();
    reconcile(&mut floor, "erp-eu");
    says(&mut floor, &[]);
    floor.wait_ms(1_000);
    says(&mut floor, &[]);
    assert_eq!(refused(&act(&mut floor, "planner", Action::WriteOff)), Code::NotOwner);
    assert_eq!(refused(&act(&mut floor, "finance", Action::Acknowledge)), Code::State);
    assert_eq!(act(&mut floor, "finance", Action::WriteOff), Answer::Accepted);
    assert_eq!(open(&floor, &CaseKind::BooksDiffer), 1, "it waits for a second person");
    assert_eq!(act_as(&mut floor, crate::floor::another("finance"), Action::WriteOff), Answer::Accepted);
    assert_eq!(open(&floor, &CaseKind::BooksDiffer), 0);
    reconcile(&mut floor, "erp-eu");
    says(&mut floor, &[]);
    assert_eq!((run(&floor, "erp-eu").with(Verdict::Accepted), open(&floor, &CaseKind::BooksDiffer)), (1, 0));
}

#[test]
fn a_system_that_does_not_say_is_asked_three_times_and_its_lane_is_free() {
    let mut floor = posted();
    reconcile(&mut floor, "erp-eu");
    for again in 0..READS_MAX {
        floor.answers("read_books", |attempt| match again {
            0 => Claim::Lost { attempt, why: "no answer".into() },
            1 => Claim::NotDone { attempt, why: "429".into() },
            _ => Claim::Park { attempt, why: "no mapping".into() },
        });
        floor.deliver();
        floor.wait_ms(1_000);
    }
    assert_eq!(verdicts(&floor, "erp-eu"), (0, 0, 0, 1, false));
    assert!(floor.state(me(&floor)).common.outbox.iter().next().is_none() && floor.cases(me(&floor)).is_empty());
    assert!(run(&floor, "erp-eu").found[&me(&floor)].why.contains("no mapping"));
}

#[test]
fn a_run_waits_no_longer_than_its_patience_and_is_asked_for_by_who_knows_the_time() {
    let mut floor = posted();
    let (now, later) = (floor.now, floor.now.plus_ms(1));
    assert_eq!(refused(&wishes(&mut floor, "erp-eu", Some(later))), Code::Schema);
    assert_eq!(refused(&wishes(&mut floor, "erp-eu", Some(Instant::EPOCH))), Code::Schema);
    assert_eq!(refused(&wishes(&mut floor, "qms", None)), Code::State);
    assert_eq!(wishes(&mut floor, "erp-eu", Some(now)), Answer::Accepted);
    assert_eq!(refused(&reconcile(&mut floor, "erp-eu")), Code::State, "one run at a time");
    floor.wait_ms(3_600_000);
    assert_eq!(verdicts(&floor, "erp-eu"), (0, 0, 0, 1, false));
}

#[test]
fn the_schedule_of_a_site_begins_runs_and_another_schedule_takes_its_place() {
    let mut floor = posted();
    let entity = floor.book.site_entity(site("erp-eu")).unwrap();
    let activated = |hash: &str| Body::Site(sites::Input::Mail(sites::Mail::BookActivated { hash: hash.to_owned() }));
    floor.book.reconcile.get_mut(&site("erp-eu")).unwrap().every_ms = Some(600_000);
    floor.tell(entity, "takt", activated("one"));
    floor.book.reconcile.get_mut(&site("erp-eu")).unwrap().every_ms = Some(60_000);
    floor.tell(entity, "takt", activated("two"));
    floor.wait_ms(60_000);
    floor.deliver();
    let run = run(&floor, "erp-eu");
    assert_eq!((run.number, run.by.as_str(), floor.asked("read_books").len()), (1, "schedule", 1));
    let Own::Site(site) = &floor.state(entity).own else { panic!("no site") };
    assert!(site.books.as_ref().unwrap().next.unwrap() > floor.now);
}

/// A pallet that its warehouse has taken in.
fn stored() -> Floor {
    let mut floor = begun();
    makes(&mut floor, "480 H87");
    floor.does("announce_unit", &Receipt::default());
    floor.deliver();
    floor
}

fn on_pallet(pieces: &str) -> Stated {
    Stated { document: None, by: None, ..goods("", &lot(), pieces) }
}

#[test]
fn a_pallet_is_compared_with_what_its_warehouse_has_and_says_so_at_the_pallet() {
    let mut floor = stored();
    reconcile(&mut floor, "wms-na");
    assert!(matches!(floor.asked("read_books")[..], [Effect::ReadBooks(Question { about: About::Unit(_), .. })]));
    for _ in 0..2 {
        says(&mut floor, &[on_pallet("470 H87")]);
        floor.wait_ms(1_000);
    }
    assert_eq!((verdicts(&floor, "wms-na").2, floor.open(pallet(&floor), &CaseKind::BooksDiffer)), (1, 1));
    let case = floor.cases(pallet(&floor))[0].clone();
    assert!(case.what.contains("wms-na has 470 H87") && case.stake == "10 H87", "{case:?}");
    let wish = Wish { case: case.number, action: Action::Retry };
    let unit = pallet(&floor);
    assert_eq!(floor.wish(unit, person("it"), Body::Desk(wish)), Answer::Accepted);
    says(&mut floor, &[on_pallet("480 H87")]);
    assert_eq!((verdicts(&floor, "wms-na").0, floor.open(unit, &CaseKind::BooksDiffer)), (1, 0));
}

#[test]
fn a_count_that_the_warehouse_told_us_of_is_no_difference() {
    let mut floor = stored();
    let unit = pallet(&floor);
    floor.tell(unit, "wms-na", Body::Unit(unit::Input::Report(unit::Report::Counted { qty: qty("479 H87") })));
    floor.deliver();
    reconcile(&mut floor, "wms-na");
    says(&mut floor, &[on_pallet("479 H87")]);
    let run = run(&floor, "wms-na");
    assert_eq!((run.with(Verdict::Equal), run.found[&unit].netted.clone()), (1, vec![(Place::Counted, qty("-1 H87"))]));
}

#[test]
fn a_plant_whose_workflow_has_nothing_to_compare_moves_nothing() {
    let mut floor = begun();
    let none = crate::workflow::Workflow {
        criticality: crate::workflow::Criticality::Informs,
        latency: crate::workflow::LatencyClass::Batch,
        within_ms: 1,
        sla: crate::intent::Tier::Business,
        reconciliation: Reconciliation::None,
    };
    floor.book.workflows.declared.insert(crate::workflow::Flow::BatchCompletion, none);
    makes(&mut floor, "480 H87");
    posts(&mut floor, "D1");
    assert!(posting::accounts(&floor.order(me(&floor)).ledger).iter().any(|account| !account.posted.is_zero()));
    reconcile(&mut floor, "erp-eu");
    assert_eq!(run(&floor, "erp-eu").of, 0);
}
