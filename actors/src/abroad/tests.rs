//! Two regions that know each other only by a line: one dials, and both are asked and get their mail over it.

use std::num::NonZeroU32;
use std::sync::Arc;

use bytes::Bytes;
use takt_cluster::seam::{Message, QueueName, Seams};
use takt_cluster::views::Views;
use takt_protocol::book::Book;
use takt_protocol::envelope::{Envelope, Key, Mark};
use takt_protocol::id::Kind;
use takt_protocol::input::Body;
use takt_protocol::instant::Instant;
use takt_protocol::kernel::Own;
use takt_protocol::lot::{self, Placement};
use takt_protocol::name::SiteId;
use takt_protocol::words::{HoldNo, LotKey, LotNo, MaterialId, Reason};

use super::*;
use crate::courier::Line;
use crate::node::Settings;
use crate::region::{Plan, Region as Running};
use crate::restored::{Restored, Word, compared};
use crate::tape::tests::seams;

fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

fn lot(home: &str) -> EntityId {
    EntityId::from_parts(Kind::Lot, region(home), 1, 7)
}

/// A hold on a lot at home there, under a number.
fn hold(home: &str, number: u64) -> Input {
    let placement = Placement {
        hold: HoldNo::parse(&format!("NC-{number}")).unwrap(),
        lot: LotKey { material: MaterialId::parse("FG-100").unwrap(), lot: LotNo::parse("N7").unwrap() },
        site: SiteId::parse("nord").unwrap(),
        units: Vec::new(),
        reason: Reason::parse("weld").unwrap(),
        severity: String::new(),
    };
    let key = Key { source: SiteId::parse("qms").unwrap(), epoch: 0, mark: Mark::Number(number) };
    let body = Body::Lot(lot::Input::OwnerFact(lot::OwnerFact::Nonconformance(placement)));
    Input { to: Address::Entity(lot(home)), envelope: Envelope::of(key, Instant::EPOCH), body }
}

async fn start(name: &str, seams: &Seams, far: Far) -> Running {
    start_as(name, seams, far, None).await
}

async fn start_as(name: &str, seams: &Seams, far: Far, restored: Option<Restored>) -> Running {
    start_with(name, seams, far, Settings { restored, ..Settings::default() }).await
}

async fn start_with(name: &str, seams: &Seams, far: Far, settings: Settings) -> Running {
    let plan = Plan {
        region: region(name),
        seams: seams.clone(),
        book: Arc::new(Book::default()),
        settings: Settings { ask_patience_ms: 2_000, deliveries_max: 2, ..settings },
        sites: Vec::new(),
        roads: vec![far],
        views: Views::in_memory(),
        projections: crate::region::Projections::All,
    };
    Running::start(plan).await.unwrap()
}

async fn until(what: &str, is: impl AsyncFn() -> bool) {
    for _ in 0..1_000 {
        if is().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it is not so that {what}");
}

/// How many holds a lot has, as a region shows it.
fn holds(of: &State) -> usize {
    let Own::Lot(lot) = &of.own else { panic!("no lot") };
    lot.holds.len()
}

#[tokio::test]
async fn over_the_line_of_whoever_dials_both_are_asked_and_get_their_mail() {
    let (at_eu, at_na) = (seams(), seams());
    let line = Line { queue: Arc::clone(&at_eu.queue), bus: Arc::clone(&at_eu.bus), exports: Arc::new([]), per_second: None };
    let eu = start("eu", &at_eu, Far { region: region("na"), shards: 1, way: Way::Answers }).await;
    let na = start("na", &at_na, Far { region: region("eu"), shards: 1, way: Way::Dials(line) }).await;
    for (here, far) in [(&eu, "na"), (&na, "eu")] {
        let abroad = here.abroad(region(far)).unwrap();
        until("the other end is heard", async || here.link_standings().await.unwrap().iter().all(|link| link.is_up)).await;
        let answered = abroad.ask(lot(far), hold(far, 1)).await.unwrap();
        assert!(matches!(answered, Reply::Answer(_)), "{answered:?}");
        assert!(matches!(abroad.ask(lot(far), hold(far, 1)).await.unwrap(), Reply::Known(_)), "asked twice, done once");
        let (state, log) = (abroad.show(lot(far)).await.unwrap(), abroad.log(lot(far)).await.unwrap());
        assert_eq!((holds(&state), log.len()), (1, 1));
        let kept = abroad.keep(Bytes::from_static(b"payload")).await.unwrap();
        assert_eq!(kept, RawRef::of(b"payload"));
        here.take(hold(far, 2), format!("mail-to-{far}")).await.unwrap();
        until("mail is decided there", async || holds(&abroad.show(lot(far)).await.unwrap()) == 2).await;
    }
    // Both ends know what was brought, and that nothing waits.
    for here in [&eu, &na] {
        let brought = async || {
            let links = here.link_standings().await.unwrap();
            let [link] = links.as_slice() else { panic!("{links:?}") };
            link.out.carried.count == 1
                && link.back.carried.count == 1
                && link.out.waiting.as_ref().is_some_and(|waits| (waits.urgent, waits.other) == (0, 0))
        };
        until("what was brought is told", brought).await;
    }
    na.stop().await;
    until("silence is noticed", async || eu.abroad(region("na")).unwrap().down().is_some()).await;
    let silent = eu.abroad(region("na")).unwrap().ask(lot("na"), hold("na", 3)).await;
    assert!(matches!(&silent, Err(AskError::Unreachable { region: far, heard: Some(_), .. }) if *far == region("na")), "{silent:?}");
    let elsewhere = eu.abroad(region("na")).unwrap().show(lot("na")).await;
    assert!(matches!(elsewhere, Err(AskError::Unreachable { .. })), "{elsewhere:?}");
    eu.stop().await;
}

#[tokio::test]
async fn mail_that_cannot_be_read_is_set_aside_or_waits_for_who_can_and_the_rest_goes_on() {
    let (at_eu, at_na) = (seams(), seams());
    let line = Line { queue: Arc::clone(&at_eu.queue), bus: Arc::clone(&at_eu.bus), exports: Arc::new([]), per_second: None };
    let queue = QueueName::Fwd { region: region("na"), urgent: true };
    let spoilt = Message { queue, id: "spoilt".to_owned(), bytes: Bytes::from_static(b"?") };
    // A newer binary at the far end writes what this one will read when it is updated, too.
    let bytes = takt_protocol::wire::encode("input", &serde_json::json!({ "v": "9", "is": "later" })).unwrap();
    let newer = Message { queue, id: "newer".to_owned(), bytes: Bytes::from(bytes) };
    at_eu.queue.publish(vec![spoilt, newer]).await.unwrap();
    let eu = start("eu", &at_eu, Far { region: region("na"), shards: 1, way: Way::Answers }).await;
    let na = start("na", &at_na, Far { region: region("eu"), shards: 1, way: Way::Dials(line) }).await;
    eu.take(hold("na", 1), "good".to_owned()).await.unwrap();
    until("the good one is decided", async || holds(&na.show(lot("na")).await.unwrap()) == 1).await;
    until("the spoilt one is set aside", async || !at_eu.queue.buried(queue, 10).await.unwrap().is_empty()).await;
    let buried = at_eu.queue.buried(queue, 10).await.unwrap();
    assert!(buried.len() == 1 && buried[0].1.contains("cannot be read"), "{buried:?}");
    assert_eq!(at_eu.queue.depth(queue).await.unwrap(), 1, "what a newer binary wrote waits");
    let told = async || na.link_standings().await.unwrap()[0].back.carried.error.as_ref().is_some_and(|(_, why)| why.contains("update it"));
    until("it is told why", told).await;
    na.stop().await;
    eu.stop().await;
}

/// What a laboratory found about a lot at home there: no hold, and so ordinary mail.
fn result(home: &str, number: u64) -> Input {
    let Input { to, envelope, .. } = hold(home, number);
    let sample = NativeId::parse(&format!("S-{number}")).unwrap();
    let body = Body::Lot(lot::Input::Report(lot::Report::TestResult {
        sample,
        characteristic: "weld".to_owned(),
        value: "4".to_owned(),
        passed: true,
    }));
    Input { to, envelope, body }
}

#[tokio::test]
async fn a_restored_region_that_is_dialled_lets_holds_go_and_keeps_the_rest_until_it_was_compared() {
    let (at_eu, at_na) = (seams(), seams());
    let line = Line { queue: Arc::clone(&at_eu.queue), bus: Arc::clone(&at_eu.bus), exports: Arc::new([]), per_second: None };
    let far = Far { region: region("na"), shards: 1, way: Way::Answers };
    let eu = start_as("eu", &at_eu, far, Some(Restored::Reconciling)).await;
    let na = start("na", &at_na, Far { region: region("eu"), shards: 1, way: Way::Dials(line) }).await;
    eu.take(result("na", 1), "ordinary".to_owned()).await.unwrap();
    eu.take(hold("na", 2), "urgent".to_owned()).await.unwrap();
    until("the hold is there", async || holds(&na.show(lot("na")).await.unwrap()) == 1).await;
    // By then it would be there, too: the road looks for it all the time.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let ordinary = QueueName::Fwd { region: region("na"), urgent: false };
    assert_eq!(at_eu.queue.depth(ordinary).await.unwrap(), 1, "ordinary mail went out of a region that is reconciling");
    assert_eq!(na.abroad(region("eu")).unwrap().link().standing().back.carried.count, 1);
    let told = async || na.link_standings().await.unwrap()[0].back.carried.error.as_ref().is_some_and(|(_, why)| why.contains("compared"));
    until("it is told why", told).await;
    let word = Word { by: "ada".to_owned(), reason: "the books were read".to_owned(), at: Instant::EPOCH };
    compared(&at_eu, &word).await.unwrap();
    until("it goes out when the region was compared", async || at_eu.queue.depth(ordinary).await.unwrap() == 0).await;
    until("it is brought", async || na.abroad(region("eu")).unwrap().link().standing().back.carried.count == 2).await;
    na.stop().await;
    eu.stop().await;
}

#[tokio::test]
async fn while_the_line_is_down_the_room_for_mail_is_bounded_gives_alarms_and_keeps_a_reserve_for_holds() {
    let (at_eu, at_na) = (seams(), seams());
    let line = Line { queue: Arc::clone(&at_eu.queue), bus: Arc::clone(&at_eu.bus), exports: Arc::new([]), per_second: None };
    let settings = Settings { waiting_max: 10, waiting_reserve: 2, ..Settings::default() };
    // Nobody of that region runs yet.
    let na = start_with("na", &at_na, Far { region: region("eu"), shards: 1, way: Way::Dials(line) }, settings).await;
    let fill = async || na.link_standings().await.unwrap()[0].out.waiting.as_ref().map(|waits| (waits.other, waits.fill()));
    for (number, wanted) in [(4, Fill::Room), (5, Fill::Half), (8, Fill::Most), (10, Fill::Full)] {
        let waits = fill().await.map_or(0, |(waits, _)| waits);
        for number in waits..number {
            na.take(result("eu", number), format!("ordinary-{number}")).await.unwrap();
        }
        until("the alarm is as it should be", async || fill().await == Some((number, wanted))).await;
    }
    let refused = na.take(result("eu", 99), "ordinary-99".to_owned()).await;
    assert!(matches!(&refused, Err(AskError::Store(takt_cluster::Error::Full { .. }))), "{refused:?}");
    for number in 200..212 {
        na.take(hold("eu", number), format!("hold-{number}")).await.unwrap_or_else(|error| panic!("hold {number}: {error:?}"));
    }
    let refused = na.take(hold("eu", 299), "hold-299".to_owned()).await;
    assert!(matches!(&refused, Err(AskError::Store(takt_cluster::Error::Full { .. }))), "the reserve has an end, too: {refused:?}");
    // All that was acknowledged is brought when the other end is there.
    let eu = start("eu", &at_eu, Far { region: region("na"), shards: 1, way: Way::Answers }).await;
    until("all of it is brought", async || eu.link_standings().await.unwrap()[0].back.carried.count == 22).await;
    until("there is room again", async || fill().await == Some((0, Fill::Room))).await;
    assert_eq!(holds(&eu.show(lot("eu")).await.unwrap()), 12);
    na.stop().await;
    eu.stop().await;
}

#[tokio::test]
async fn ordinary_mail_comes_no_faster_than_the_line_is_to_take_and_holds_do_not_wait_for_it() {
    const ORDINARY: u64 = 5;
    let (at_eu, at_na) = (seams(), seams());
    let per_second = NonZeroU32::new(1);
    let line = Line { queue: Arc::clone(&at_eu.queue), bus: Arc::clone(&at_eu.bus), exports: Arc::new([]), per_second };
    let na = start("na", &at_na, Far { region: region("eu"), shards: 1, way: Way::Dials(line) }).await;
    for number in 0..ORDINARY {
        na.take(result("eu", number), format!("ordinary-{number}")).await.unwrap();
    }
    for number in 200..220 {
        na.take(hold("eu", number), format!("hold-{number}")).await.unwrap();
    }
    let began = at_eu.clock.elapsed();
    let eu = start("eu", &at_eu, Far { region: region("na"), shards: 1, way: Way::Answers }).await;
    let brought = async || na.link_standings().await.unwrap()[0].out.carried.count;
    until("the holds bind", async || holds(&eu.show(lot("eu")).await.unwrap()) == 20).await;
    assert!(brought().await < 20 + ORDINARY, "holds waited for what is ordinary");
    until("all of it is brought", async || brought().await == 20 + ORDINARY).await;
    let took = at_eu.clock.elapsed().saturating_sub(began);
    assert!(took >= Duration::from_secs(ORDINARY - 1), "all was there after {took:?}");
    na.stop().await;
    eu.stop().await;
}
