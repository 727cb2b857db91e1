use std::collections::BTreeMap;
use std::sync::Arc;

use takt_cluster::Error;
use takt_cluster::seam::QueueName;
use takt_cluster::views::Views;
use takt_protocol::book::{Book, Policy};
use takt_protocol::envelope::{Envelope, Key, Mark};
use takt_protocol::id::{EntityId, Kind};
use takt_protocol::input::{Address, Body, Input};
use takt_protocol::instant::Instant;
use takt_protocol::lot::{self, Placement};
use takt_protocol::name::{Region as RegionName, SiteId};
use takt_protocol::order::{self, Report};
use takt_protocol::posting::RuleBook;
use takt_protocol::words::{HoldNo, LotKey, LotNo, MaterialId, Reason};

use super::{AskError, Plan, Region};
use crate::node::Settings;
use crate::tape::tests::seams;

fn input(kind: Kind, region: &str, number: u64, body: Body) -> Input {
    let to = Address::Entity(EntityId::from_parts(kind, RegionName::parse(region).unwrap(), 1, u128::from(number)));
    let key = Key { source: SiteId::parse("nord").unwrap(), epoch: 0, mark: Mark::Number(number) };
    Input { to, envelope: Envelope::of(key, Instant::EPOCH), body }
}

/// A lot is bad.
pub(crate) fn hold() -> Body {
    let placement = Placement {
        hold: HoldNo::parse("NC-1").unwrap(),
        lot: LotKey { material: MaterialId::parse("FG-100").unwrap(), lot: LotNo::parse("N7").unwrap() },
        site: SiteId::parse("nord").unwrap(),
        units: Vec::new(),
        reason: Reason::parse("weld").unwrap(),
        severity: String::new(),
    };
    Body::Lot(lot::Input::OwnerFact(lot::OwnerFact::Nonconformance(placement)))
}

#[tokio::test]
async fn where_too_much_waits_nothing_more_is_taken_but_what_holds_goods() {
    let seams = seams();
    let book = Book {
        hash: String::new(),
        generation: 1,
        sites: BTreeMap::new(),
        materials: BTreeMap::new(),
        recipes: BTreeMap::new(),
        equipment: BTreeMap::new(),
        data: takt_protocol::data::Data::default(),
        rules: RuleBook::new(Vec::new()).unwrap(),
        policy: Policy::default(),
        ..Book::default()
    };
    let plan = Plan {
        region: RegionName::parse("eu").unwrap(),
        seams: seams.clone(),
        book: Arc::new(book),
        settings: Settings { waiting_max: 2, waiting_reserve: 1, ..Settings::default() },
        sites: Vec::new(),
        roads: Vec::new(),
        views: Views::in_memory(),
        projections: crate::region::Projections::All,
    };
    let region = Region::start(plan).await.unwrap();
    // For another region, to which no road leads: it waits.
    let report = |number| input(Kind::Order, "na", number, Body::Order(order::Input::Report(Report::Completed)));
    let all = |upto: u64| (1..=upto).map(|number| (report(number), format!("r{number}"))).collect::<Vec<_>>();
    let waiting = |urgent| QueueName::Fwd { region: RegionName::parse("na").unwrap(), urgent };
    let together = region.take_all(all(3)).await;
    assert!(matches!(together, Err(AskError::Store(Error::Full { .. }))), "{together:?}");
    assert_eq!(seams.queue.depth(waiting(false)).await.unwrap(), 0, "of one message all is taken or nothing");
    region.take_all(all(2)).await.unwrap();
    let refused = region.take(report(3), "r3".to_owned()).await;
    assert!(matches!(refused, Err(AskError::Store(Error::Full { .. }))), "{refused:?}");
    for number in 4..=6 {
        region.take(input(Kind::Lot, "na", number, hold()), format!("h{number}")).await.unwrap();
    }
    let beyond = region.take(input(Kind::Lot, "na", 7, hold()), "h7".to_owned()).await;
    assert!(matches!(beyond, Err(AskError::Store(Error::Full { .. }))), "{beyond:?}");
    assert_eq!((seams.queue.depth(waiting(false)).await.unwrap(), seams.queue.depth(waiting(true)).await.unwrap()), (2, 3));
    region.stop().await;
}

#[tokio::test]
async fn a_log_with_a_fork_stands_still_and_is_a_case_of_its_plant() {
    let yard = crate::link::fixture::Yard::start().await;
    let placed = input(Kind::Lot, "eu", 1, hold());
    let Address::Entity(lot) = placed.to else { panic!("it is addressed by its id") };
    yard.region.take(placed, "h1".to_owned()).await.unwrap();
    assert!(yard.cases().await.is_empty());
    let journal = Arc::clone(&yard.region.node().seams.journal);
    let written = journal.read(lot, 0).await.unwrap();
    let last = written.last().unwrap();
    // Its last commit once more: somebody wrote past the fence.
    let twice = takt_cluster::seam::Append { entity: lot, after: last.sequence, bytes: last.bytes.clone() };
    let done = journal.append(vec![twice]).await;
    assert!(matches!(done[..], [takt_cluster::seam::Appended::Committed { .. }]), "{done:?}");
    let yard = yard.crash().await;
    for _ in 0..2 {
        assert!(yard.region.show(lot).await.is_err(), "better no answer than a wrong one");
        let cases = yard.cases().await;
        assert!(
            matches!(&cases[..], [case] if case.contains(&lot.to_string()) && case.contains("hole or a fork, at commit 2")),
            "{cases:?}"
        );
    }
    yard.region.stop().await;
}

#[tokio::test]
async fn a_book_that_says_when_books_are_read_is_heard_by_the_site_it_says_it_of() {
    let yard = crate::link::fixture::Yard::start().await;
    let (erp, mut book) = (SiteId::parse("erp-eu").unwrap(), yard.region.node().book().as_ref().clone());
    let plant = book.sites[&crate::link::fixture::nord()].clone();
    book.sites.insert(erp, takt_protocol::book::Site { kind: takt_protocol::book::SiteKind::Erp, ..plant });
    let hourly = takt_protocol::books::Pace { every_ms: Some(3_600_000), ..takt_protocol::books::Pace::default() };
    for (hash, pace) in [("hourly", Some(hourly)), ("never", None)] {
        book.hash = hash.to_owned();
        book.reconcile = pace.clone().map(|pace| (erp, pace)).into_iter().collect();
        yard.region.activate(Arc::new(book.clone())).await.unwrap();
        let planned = || async {
            let state = yard.region.show(book.site_entity(erp).unwrap()).await.unwrap();
            let takt_protocol::kernel::Own::Site(site) = state.own else { return false };
            site.books.as_ref().is_some_and(|books| books.next.is_some())
        };
        for _ in 0..500 {
            if planned().await == pace.is_some() {
                break;
            }
            yard.region.node().seams.clock.sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(planned().await, pace.is_some(), "{hash}");
    }
    yard.region.stop().await;
}
