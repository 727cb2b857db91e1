use std::sync::Arc;
use std::time::Duration;

use takt_cluster::seam::Seams;
use takt_cluster::views::Views;
use takt_protocol::answer::Answer;
use takt_protocol::book::{Book, Policy};
use takt_protocol::case::{Case, CaseKind};
use takt_protocol::commit::{Commit, Step};
use takt_protocol::envelope::{Envelope, Key, Mark};
use takt_protocol::fact::Fact;
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::instant::Instant;
use takt_protocol::name::{Region, SiteId};
use takt_protocol::native::{NativeId, NativeKind, Ref};
use takt_protocol::order::Dispatch;
use takt_protocol::outbox::{OutboxFact, Outcome};
use takt_protocol::posting::RuleBook;
use takt_protocol::seen::ContentHash;
use takt_protocol::words::{Carrier, MaterialId, Place, Role, Sscc};
use takt_protocol::{lot, order as orders, shipment, site, unit};

use super::{Due, Evidence, Handover, Index, Lane, Progress, Since, typed};
use crate::node::{Node, Settings};
use crate::tape::tests::{commit, order, seams, write};

fn name(system: &str, number: &str) -> Ref {
    Ref::new(SiteId::parse(system).unwrap(), NativeKind::Order, NativeId::parse(number).unwrap())
}

fn case(number: u32, owner: &str) -> Fact {
    Fact::CaseOpened(Box::new(Case {
        number,
        kind: CaseKind::Discrepancy,
        what: "it does not add up".to_owned(),
        stake: String::new(),
        impact_at: None,
        owner: Role::parse(owner).unwrap(),
        proposals: Vec::new(),
        intent: None,
        posting: None,
        opened_at: Instant::EPOCH,
        site: None,
        impact_by: None,
        about: "the same".to_owned(),
        origin: None,
        snoozed_until: None,
        asked_by: std::collections::BTreeSet::new(),
    }))
}

pub(crate) fn saying(entity: EntityId, number: u64, facts: Vec<Fact>) -> Commit {
    let envelope = Envelope::of(Key { source: SiteId::parse("erp").unwrap(), epoch: 0, mark: Mark::Number(number) }, Instant::EPOCH);
    let step = Step::of(&envelope, ContentHash::of(b"x"), Answer::Accepted, facts);
    Commit { steps: vec![step], ..commit(entity, number) }
}

pub(crate) fn node(seams: &Seams) -> Arc<Node> {
    let book = Book {
        hash: String::new(),
        generation: 1,
        sites: std::collections::BTreeMap::new(),
        materials: std::collections::BTreeMap::new(),
        recipes: std::collections::BTreeMap::new(),
        equipment: std::collections::BTreeMap::new(),
        data: takt_protocol::data::Data::default(),
        rules: RuleBook::new(Vec::new()).unwrap(),
        policy: Policy::default(),
        ..Book::default()
    };
    Arc::new(Node::new(Region::parse("eu").unwrap(), seams.clone(), Arc::new(book), Settings::default()))
}

/// An index that has read everything up to `last`.
async fn read(seams: &Seams, views: &Views, last: u64) -> Index {
    let (node, index) = (node(seams), Index::new(Region::parse("eu").unwrap(), views.clone()));
    let running = tokio::spawn(super::run(node, index.clone(), 0));
    let reading = async {
        while views.cursor(0).unwrap() < last {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), reading).await.unwrap();
    running.abort();
    index
}

#[tokio::test]
async fn names_entities_and_cases_are_what_the_log_says_and_again_when_the_rows_were_lost() {
    let (seams, views) = (seams(), Views::in_memory());
    write(&seams, &mut saying(order(1), 1, vec![Fact::Named(name("erp", "0004711")), case(1, "planning"), case(2, "planning")])).await;
    let handed = Fact::CaseHandedOver { case: 2, to: Role::parse("finance").unwrap() };
    write(&seams, &mut saying(order(2), 1, vec![Fact::Named(name("erp", "4712")), Fact::Named(name("mes", "4711"))])).await;
    let last = write(&seams, &mut saying(order(1), 2, vec![Fact::CaseClosed { case: 1, how: "done".to_owned() }, handed])).await;
    for rows in [&views, &views, &Views::in_memory()] {
        let index = read(&seams, rows, last).await;
        assert_eq!(index.find(&name("erp", "4711")), Some(order(1)));
        assert_eq!(index.find(&name("erp", "4713")), None);
        let found = index.search(&NativeId::parse("004711").unwrap());
        assert_eq!(found, [(name("erp", "4711"), order(1)), (name("mes", "4711"), order(2))]);
        assert_eq!(index.entities(Kind::Order, None, 9), [order(1), order(2)]);
        assert!(index.entities(Kind::Lot, None, 9).is_empty());
        let open: Vec<(EntityId, u32, String)> =
            index.cases().into_iter().map(|open| (open.entity, open.case.number, open.case.owner.to_string())).collect();
        assert_eq!(open, [(order(1), 2, "finance".to_owned())]);
        let cases = index.cases();
        let told: Vec<&str> = cases.iter().flat_map(|open| &open.notes).map(|note| note.what.as_str()).collect();
        assert_eq!(told, ["handed to finance"]);
        let cause = cases[0].case.cause(order(1));
        assert_eq!(index.caused(cause.as_str()), [(order(1), 1), (order(1), 2)], "closed ones, too");
    }
}

#[tokio::test]
async fn a_page_goes_on_behind_an_id_of_any_region() {
    let (seams, views) = (seams(), Views::in_memory());
    let mut last = 0;
    for number in 1..=5 {
        last = write(&seams, &mut saying(order(number), 1, Vec::new())).await;
    }
    let index = read(&seams, &views, last).await;
    assert_eq!(index.entities(Kind::Order, None, 2), [order(1), order(2)]);
    assert_eq!(index.entities(Kind::Order, Some(order(2)), 2), [order(3), order(4)]);
    let far = |region: &str| EntityId::from_parts(Kind::Order, Region::parse(region).unwrap(), 1, 3);
    assert_eq!(index.entities(Kind::Order, Some(far("ap")), 9).len(), 5);
    assert!(index.entities(Kind::Order, Some(far("na")), 9).is_empty());
}

#[tokio::test]
async fn a_lot_is_found_by_its_number_alone_and_a_lost_reply_until_it_is_settled() {
    let (seams, views) = (seams(), Views::in_memory());
    let lot = |number: u128| EntityId::from_parts(Kind::Lot, Region::parse("eu").unwrap(), 1, number);
    let named = |name: &str| Ref::new(SiteId::parse("nord").unwrap(), NativeKind::Lot, NativeId::parse(name).unwrap());
    write(&seams, &mut saying(lot(1), 1, vec![Fact::Named(named("FG-100/0007"))])).await;
    write(&seams, &mut saying(lot(2), 1, vec![Fact::Named(named("FG-200/0007"))])).await;
    let doubt = |number| Fact::Outbox { number, step: OutboxFact::InDoubt { attempt: 1, why: "no answer".to_owned() } };
    let over = Fact::Outbox { number: 1, step: OutboxFact::Settled(Outcome::Superseded) };
    let last = write(&seams, &mut saying(order(1), 1, vec![doubt(1), doubt(2), over])).await;
    let index = read(&seams, &views, last).await;
    let found = |number: &str| index.search(&NativeId::parse(number).unwrap());
    assert_eq!(found("7"), [(named("FG-100/0007"), lot(1)), (named("FG-200/0007"), lot(2))]);
    assert_eq!(found("FG-200/0007"), [(named("FG-200/0007"), lot(2))]);
    assert_eq!(index.doubts(), [(order(1), 2)]);
}

#[tokio::test]
async fn an_order_in_brief_is_what_its_facts_say() {
    let (seams, views) = (seams(), Views::in_memory());
    let (start, end) = (Instant::from_utc_ms(1_000), Instant::from_utc_ms(2_000));
    let told = |fact: takt_protocol::order::Fact| Fact::Order(Box::new(fact));
    let moved = |dispatch: Dispatch| told(takt_protocol::order::Fact::Dispatch(dispatch));
    let rescheduled = told(takt_protocol::order::Fact::Rescheduled { start, end });
    write(&seams, &mut saying(order(1), 1, vec![rescheduled, moved(Dispatch::TimedOut { attempt: 1 })])).await;
    let last = write(&seams, &mut saying(order(1), 2, vec![moved(Dispatch::Accepted { attempt: 2, implied: false })])).await;
    let index = read(&seams, &views, last).await;
    let brief = index.brief(order(1)).unwrap();
    assert_eq!((brief.handover, brief.start, brief.end), (Handover::Taken, Some(start), Some(end)));
    let late = |at: i64| brief.is_late(Instant::from_utc_ms(at));
    assert_eq!([late(999), late(1_001), late(2_001)], [false, true, true], "not begun when it should have");
}

#[tokio::test]
async fn an_order_stands_in_one_place_of_its_list_and_moves_with_its_facts() {
    let (seams, views) = (seams(), Views::in_memory());
    let told = |fact: takt_protocol::order::Fact| Fact::Order(Box::new(fact));
    let rescheduled = |start: i64| {
        let (start, end) = (Instant::from_utc_ms(start), Instant::from_utc_ms(start + 1_000));
        told(takt_protocol::order::Fact::Rescheduled { start, end })
    };
    // Nobody ever said when the first should start.
    write(&seams, &mut saying(order(1), 1, Vec::new())).await;
    write(&seams, &mut saying(order(2), 1, vec![rescheduled(5_000)])).await;
    write(&seams, &mut saying(order(3), 1, vec![rescheduled(1_000)])).await;
    let last = write(&seams, &mut saying(order(2), 2, vec![rescheduled(500)])).await;
    let coming = Lane { progress: Progress::Coming, taken: false, look: false };
    let orders = |found: Vec<Due>| found.iter().map(|due| due.order).collect::<Vec<_>>();
    let index = read(&seams, &views, last).await;
    let all = index.placed(None, coming, Since::Start, 9);
    assert_eq!(orders(all.clone()), [order(2), order(3), order(1)]);
    assert_eq!((all[0].at_ns, all[2].at_ns), (500_000_000, i64::MAX));
    assert_eq!(index.placed(None, coming, Since::Behind(all[0]), 1), all[1..2]);
    assert_eq!(index.placed(None, coming, Since::Due(500_000_001), 9), all[1..]);
    assert_eq!(index.placed(None, coming, Since::Due(500_000_000), 9), all);
    let accepted = told(takt_protocol::order::Fact::Dispatch(Dispatch::Accepted { attempt: 1, implied: false }));
    let last =
        write(&seams, &mut saying(order(3), 2, vec![accepted, told(takt_protocol::order::Fact::Completed), case(1, "planner")])).await;
    let index = read(&seams, &views, last).await;
    assert_eq!(orders(index.placed(None, coming, Since::Start, 9)), [order(2), order(1)]);
    let done = |look| Lane { progress: Progress::Completed, taken: true, look };
    assert_eq!(orders(index.placed(None, done(true), Since::Start, 9)), [order(3)], "it has a case");
    assert_eq!(orders(index.placed(None, done(false), Since::Start, 9)), []);
    // A second reason to look at it stays when the first is over.
    let doubt = Fact::Outbox { number: 7, step: OutboxFact::InDoubt { attempt: 1, why: "no answer".to_owned() } };
    let closed = Fact::CaseClosed { case: 1, how: "done".to_owned() };
    let last = write(&seams, &mut saying(order(3), 3, vec![doubt, closed])).await;
    let index = read(&seams, &views, last).await;
    assert_eq!(orders(index.placed(None, done(true), Since::Start, 9)), [order(3)]);
    let settled = Fact::Outbox { number: 7, step: OutboxFact::Settled(Outcome::Superseded) };
    let last = write(&seams, &mut saying(order(3), 4, vec![settled, case(2, "planner")])).await;
    let index = read(&seams, &views, last).await;
    assert_eq!(orders(index.placed(None, done(true), Since::Start, 9)), [order(3)]);
    let cancelled = told(takt_protocol::order::Fact::Business(takt_protocol::order::Business::Cancelled));
    let last = write(&seams, &mut saying(order(3), 5, vec![cancelled])).await;
    let index = read(&seams, &views, last).await;
    assert_eq!(orders(index.placed(None, done(true), Since::Start, 9)), [], "what is over stands with what is over");
    let over = Lane { progress: Progress::Over, taken: true, look: false };
    assert_eq!(orders(index.placed(None, over, Since::Start, 9)), [order(3)]);
}

#[tokio::test]
async fn what_is_no_thing_of_its_own_leads_to_what_it_is_about_and_what_moved_on_is_not_found_where_it_was() {
    let (seams, views) = (seams(), Views::in_memory());
    let of = |kind, number: u128| EntityId::from_parts(kind, Region::parse("eu").unwrap(), 1, number);
    let (lot, unit, shipment, planning) = (of(Kind::Lot, 1), of(Kind::Unit, 2), of(Kind::Shipment, 3), of(Kind::Site, 4));
    let expected = takt_protocol::lot::Expected {
        notice: NativeId::parse("ASN-0881").unwrap(),
        purchase: NativeId::parse("45-1").ok(),
        supplier: NativeId::parse("SUP-1").unwrap(),
        qty: takt_protocol::qty::Qty::parse("5 H87").unwrap(),
        arrived: None,
    };
    let announced = lot::Fact::Announced { unit: Sscc::parse("pallet-1").unwrap(), expected: Box::new(expected) };
    write(&seams, &mut saying(lot, 1, vec![Fact::Lot(Box::new(announced))])).await;
    let stands = |bin: &str| Fact::Unit(Box::new(unit::Fact::Moved { stage: orders::Stage::PutAway, place: Place::parse(bin).ok() }));
    write(&seams, &mut saying(unit, 1, vec![stands("A-12-3"), stands("B-7")])).await;
    write(&seams, &mut saying(unit, 2, vec![stands("C-9")])).await;
    let drives = |who: &str| shipment::Fact::Booked { carrier: Carrier::parse(who).unwrap(), appointment: Instant::EPOCH };
    let facts = ["Slow Freight", "Fast Lines"].map(|who| Fact::Shipment(Box::new(drives(who)))).to_vec();
    write(&seams, &mut saying(shipment, 1, facts)).await;
    let wanted = takt_protocol::demand::Signal {
        number: NativeId::parse("S-000001").unwrap(),
        version: 1,
        plant: SiteId::parse("nord").unwrap(),
        material: MaterialId::parse("FG-100").unwrap(),
        total: takt_protocol::qty::Qty::parse("5 H87").unwrap(),
        due: "2026-12-01".parse().unwrap(),
        firmness: takt_protocol::demand::Firmness::Open,
    };
    let said = Fact::Site(Box::new(site::Fact::Demand(Box::new(site::DemandFact::Said(Box::new(wanted))))));
    let last = write(&seams, &mut saying(planning, 1, vec![said])).await;
    let index = read(&seams, &views, last).await;
    let loosely = |text: &str| {
        let found = typed(text).into_iter().map(|form| index.loosely(&form)).find(|found| !found.is_empty()).unwrap_or_default();
        found.into_iter().map(|(_, entity)| entity).collect::<Vec<_>>()
    };
    let exactly = |number: &str| index.evidence(&NativeId::parse(number).unwrap());
    assert_eq!(exactly("ASN-0881"), [(Evidence::Notice, lot)]);
    assert_eq!(exactly("45-1"), [(Evidence::Purchase, lot)]);
    assert_eq!(exactly("C-9"), [(Evidence::Bin, unit)]);
    assert_eq!(exactly("Fast Lines"), [(Evidence::Carrier, shipment)]);
    assert_eq!(exactly("S-000001"), [(Evidence::Demand, planning)]);
    for gone in ["A-12-3", "B-7", "Slow Freight"] {
        assert!(exactly(gone).is_empty() && loosely(gone).is_empty(), "{gone}");
    }
    for (text, entity) in [("asn 881", lot), ("881", lot), ("c9", unit), ("FAST-LINES", shipment), ("s1", planning)] {
        assert_eq!(loosely(text), [entity], "{text}");
    }
}

#[tokio::test]
async fn master_data_counts_from_the_start_although_its_rows_are_lost_and_does_not_go_back_while_they_are_made_again() {
    use takt_protocol::record;
    let (seams, nord) = (seams(), SiteId::parse("nord").unwrap());
    let of = Ref::new(nord, NativeKind::Recipe, NativeId::parse("closed").unwrap());
    let stated = |standing| {
        let content = record::Content::ClosedDays(std::collections::BTreeSet::new());
        let edition = Box::new(record::Edition { standing, from: None, until: None, content, source: nord, as_of: Instant::EPOCH });
        let version = takt_protocol::words::Version::parse("8").unwrap();
        Fact::Record(Box::new(record::Fact::Stated { of: of.clone(), version, edition }))
    };
    let entity = EntityId::from_parts(Kind::Record, Region::parse("eu").unwrap(), 1, 7);
    write(&seams, &mut saying(entity, 1, vec![stated(record::Standing::Approved)])).await;
    let early = node(&seams).tape.all_after(0, 0).await.unwrap();
    let last = write(&seams, &mut saying(entity, 2, vec![stated(record::Standing::Withdrawn)])).await;
    let (node, views) = (node(&seams), Views::in_memory());
    let index = Index::new(Region::parse("eu").unwrap(), views.clone());
    index.teach(&node).await.unwrap();
    let standing = || {
        let book = node.book();
        let record = book.data.get(nord, NativeKind::Recipe, "closed").unwrap();
        record.versions.values().next().unwrap().standing
    };
    assert_eq!(standing(), record::Standing::Withdrawn, "nothing is decided by what was withdrawn");
    // The rows are made again from the beginning.
    let rows = super::rows::of(&views, 0, &early).unwrap();
    super::masterdata::learn(&node, 0, &early, &rows, last).await.unwrap();
    assert_eq!(standing(), record::Standing::Withdrawn);
    super::masterdata::learn(&node, 0, &early, &rows, 0).await.unwrap();
    assert_eq!(standing(), record::Standing::Approved, "the rows of that part say otherwise");
}

#[tokio::test]
async fn a_site_was_heard_when_it_said_something_and_not_when_something_was_sent_to_it() {
    let (seams, views) = (seams(), Views::in_memory());
    let at = |ms: u64| Instant::EPOCH.plus_ms(ms);
    let site = |name: &str| SiteId::parse(name).unwrap();
    let says = |number: u64, source: &str, (ms, remembered): (u64, bool), fact: Vec<Fact>| {
        let mut commit = saying(order(1), number, fact);
        let step = &mut commit.steps[0];
        (step.key.source, step.received_at, step.remembered) = (site(source), at(ms), remembered);
        commit
    };
    let step = |step| Fact::Outbox { number: 1, step };
    let sent = step(OutboxFact::InFlight { attempt: 1, not_after: at(99), asker: 0, class: takt_protocol::outbox::Class::AtMostOnce });
    let done = step(OutboxFact::Settled(Outcome::Accepted(takt_protocol::outbox::Receipt::default())));
    write(&seams, &mut says(1, "mes", (20, true), Vec::new())).await;
    // What was written down before and is decided later does not make it older.
    write(&seams, &mut says(2, "mes", (10, true), Vec::new())).await;
    let last = write(&seams, &mut says(3, "erp", (30, false), vec![sent])).await;
    let index = read(&seams, &views, last).await;
    assert_eq!((index.heard(site("mes")), index.heard(site("erp")), index.heard(site("me"))), (Some(at(20)), None, None));
    let last = write(&seams, &mut says(4, "erp", (40, false), vec![done])).await;
    for rows in [&views, &Views::in_memory()] {
        assert_eq!(read(&seams, rows, last).await.heard(site("erp")), Some(at(40)));
    }
}
