//! What a maintenance system says, and who hears of it.

use crate::answer::Answer;
use crate::case::CaseKind;
use crate::effect::Effect;
use crate::floor::Floor;
use crate::id::{EntityId, Kind};
use crate::input::Body;
use crate::kernel::Own;
use crate::kernel::tests::fixture::{Day, at, site};
use crate::native::{NativeId, NativeKind, Ref};
use crate::order::{self, Dispatch};
use crate::outbox::Receipt;
use crate::site::{Input, Report, Site, WindowState};
use crate::words::EquipmentId;

fn press() -> EquipmentId {
    EquipmentId::parse("PRESS-4").unwrap()
}

fn state(available: bool, state: &str) -> Body {
    Body::Site(Input::Report(Report::EquipmentState { equipment: press(), available, state: state.into() }))
}

fn window(from: u64, to: u64, state: WindowState) -> Body {
    let window = NativeId::parse("MW-1").unwrap();
    Body::Site(Input::Report(Report::MaintenanceWindow { window, equipment: press(), from: at(from), to: at(to), state }))
}

/// A plant with a maintenance system, and an order that it has accepted.
struct Shop {
    floor: Floor,
    plant: EntityId,
    order: EntityId,
}

impl Shop {
    fn new() -> Self {
        let mut shop = Self::empty();
        shop.released();
        let job = Ref::new(site("nord"), NativeKind::Job, NativeId::parse("J-7").unwrap());
        shop.floor.does("dispatch_job", &Receipt { alias: Some(job), ..Receipt::default() });
        shop.floor.deliver();
        shop
    }

    fn empty() -> Self {
        let mut floor = Floor::new();
        let cmms = crate::book::Site { kind: crate::book::SiteKind::Maintenance, ..floor.book.sites[&site("qms")].clone() };
        floor.book.sites.insert(site("cmms"), cmms);
        floor.book.sites.get_mut(&site("nord")).unwrap().around.maintenance = Some(site("cmms"));
        let plant = floor.book.site_entity(site("nord")).unwrap();
        let order = floor.book.born_at(site("erp-eu"), Kind::Order, NativeKind::Order, "1000042").unwrap();
        Self { floor, plant, order }
    }

    fn released(&mut self) {
        self.floor.take(self.order, &Day::release());
        self.floor.deliver();
    }

    fn says(&mut self, source: &str, body: Body) -> Answer {
        let answer = self.floor.tell(self.plant, source, body);
        self.floor.deliver();
        answer
    }

    fn site(&self) -> &Site {
        let Own::Site(site) = &self.floor.state(self.plant).own else { panic!("no site") };
        site
    }

    fn cases(&self) -> usize {
        self.floor.open(self.order, &CaseKind::EquipmentDown)
    }
}

#[test]
fn an_order_hears_that_its_machine_is_down_and_that_it_runs_again() {
    let mut shop = Shop::new();
    assert_eq!(shop.says("cmms", state(false, "HYD no pressure")), Answer::Accepted);
    let cases = shop.floor.cases(shop.order);
    let case = cases.iter().find(|case| case.kind == CaseKind::EquipmentDown).unwrap();
    assert!(case.what.contains("PRESS-4: HYD no pressure"), "{}", case.what);
    assert_eq!(
        case.impact_at,
        Some(shop.floor.order(shop.order).header().unwrap().start),
        "it has not begun: it hurts at the planned start"
    );
    assert_eq!(shop.site().affected(shop.floor.now), [shop.order]);
    shop.says("cmms", state(true, "OPERATIONAL"));
    assert_eq!((shop.cases(), shop.site().affected(shop.floor.now)), (0, Vec::new()));
}

#[test]
fn an_order_that_has_run_is_not_told_any_more() {
    let mut shop = Shop::new();
    shop.floor.tell(shop.order, "nord", Body::Order(order::Input::Report(order::Report::Completed)));
    shop.floor.deliver();
    assert!(shop.site().plans.is_empty());
    shop.says("cmms", state(false, "HYD"));
    assert_eq!(shop.cases(), 0);
}

#[test]
fn what_is_down_is_not_sent_an_order_and_gets_it_when_it_is_up() {
    let mut shop = Shop::empty();
    shop.says("cmms", state(false, "HYD"));
    shop.released();
    assert!(matches!(&shop.floor.order(shop.order).dispatch, Dispatch::Invalid { missing } if missing[0].1.contains("PRESS-4: HYD")));
    shop.says("cmms", state(true, "OPERATIONAL"));
    assert_eq!(shop.floor.asked("dispatch_job").len(), 1);
}

#[test]
fn the_plant_reports_a_breakdown_to_its_maintenance_system_which_alone_says_that_it_is_down() {
    let mut shop = Shop::new();
    assert_eq!(shop.says("nord", state(false, "down")), Answer::Accepted);
    assert!(shop.site().down.is_empty(), "the maintenance system has not said so");
    let asked = shop.floor.asked("report_breakdown");
    assert!(matches!(asked[..], [Effect::ReportBreakdown(breakdown)] if breakdown.equipment == press() && breakdown.plant == site("nord")));
    assert!(matches!(shop.says("erp-eu", state(false, "down")), Answer::Discrepant { .. }), "an ERP knows nothing of machines");
    assert!(shop.site().down.is_empty());
}

#[test]
fn what_was_read_before_a_breakdown_does_not_end_it() {
    let mut shop = Shop::new();
    let read = shop.floor.now;
    shop.floor.wait_ms(1_000);
    shop.says("cmms", state(false, "HYD"));
    let now = std::mem::replace(&mut shop.floor.now, read);
    shop.says("cmms", state(true, "OPERATIONAL"));
    shop.floor.now = now;
    assert!(shop.site().down.contains_key(&press()), "the answer was older than the breakdown");
    assert_eq!(shop.cases(), 1);
}

#[test]
fn the_latest_word_counts_in_whatever_order_the_words_come() {
    let down = |minute: u64| (minute, state(false, "HYD"));
    let up = |minute: u64| (minute, state(true, "OPERATIONAL"));
    let tested = |minute: u64, until: u64| (minute, Body::Site(Input::Report(Report::Calibrated { equipment: press(), until: at(until) })));
    let stop = |minute: u64, state| (minute, window(600, 700, state));
    let (planned, over) = (WindowState::Planned, WindowState::Over);
    let days = [
        vec![down(0), down(10), up(5)],
        vec![down(0), up(5), down(10)],
        vec![down(10), up(5), down(0)],
        vec![tested(0, 50), tested(10, 9), tested(5, 90)],
        vec![tested(10, 9), tested(0, 50)],
        vec![stop(0, planned), stop(10, over), stop(5, planned)],
        vec![stop(10, over), stop(5, planned)],
    ];
    for day in days {
        let mut shop = Shop::new();
        let begin = shop.floor.now;
        for (minute, word) in day.clone() {
            shop.floor.now = begin.plus_ms(minute * 60_000);
            shop.says("cmms", word);
        }
        let is_about =
            |wanted: fn(&Report) -> bool| day.iter().any(|(_, body)| matches!(body, Body::Site(Input::Report(report)) if wanted(report)));
        let is_down = is_about(|report| matches!(report, Report::EquipmentState { .. }));
        assert_eq!((shop.site().down.contains_key(&press()), shop.cases()), (is_down, usize::from(is_down)), "{day:?}");
        let until = is_about(|report| matches!(report, Report::Calibrated { .. })).then(|| at(9));
        assert_eq!(shop.site().calibrated.get(&press()).copied(), until, "{day:?}");
        assert!(shop.site().windows.is_empty(), "{day:?}");
    }
}

#[test]
fn a_word_of_a_clock_that_is_ahead_is_a_word_of_now() {
    let mut shop = Shop::new();
    let begin = shop.floor.now;
    let said = |shop: &mut Shop, ahead_ms: u64, body: Body| {
        let mut envelope = shop.floor.envelope("cmms");
        envelope.occurred_at = shop.floor.now.plus_ms(ahead_ms);
        shop.floor.take(shop.plant, &crate::input::Input { to: crate::input::Address::Entity(shop.plant), envelope, body });
        shop.floor.deliver();
    };
    said(&mut shop, 7 * 24 * 3_600_000, state(true, "OPERATIONAL"));
    shop.floor.now = begin.plus_ms(60_000);
    said(&mut shop, 0, state(false, "HYD"));
    assert!(shop.site().down.contains_key(&press()));
}

#[test]
fn a_planned_stop_that_is_over_is_forgotten_in_the_end() {
    let mut shop = Shop::empty();
    let stop = |number: &str, state| {
        let window = NativeId::parse(number).unwrap();
        Body::Site(Input::Report(Report::MaintenanceWindow { window, equipment: press(), from: at(600), to: at(700), state }))
    };
    let kept = |shop: &Shop| serde_json::to_value(shop.site()).unwrap()["told_of"].as_object().unwrap().len();
    shop.says("cmms", stop("MW-1", WindowState::Over));
    shop.says("cmms", stop("MW-2", WindowState::Planned));
    shop.floor.wait_ms(31 * 24 * 3_600_000);
    shop.says("cmms", stop("MW-3", WindowState::Over));
    assert_eq!(kept(&shop), 2, "what is planned, and what is new");
}

#[test]
fn a_planned_stop_is_told_to_the_orders_that_fall_into_it() {
    let mut shop = Shop::new();
    let (start, end) = {
        let header = shop.floor.order(shop.order).header().unwrap();
        (header.start, header.end)
    };
    let minute = |of: crate::instant::Instant| (of.utc_ns() - at(0).utc_ns()) / 60_000_000_000;
    let (from, to) = (u64::try_from(minute(start)).unwrap() + 1, u64::try_from(minute(end)).unwrap() + 60);
    shop.says("cmms", window(from, to, WindowState::Planned));
    let cases = shop.floor.cases(shop.order);
    assert_eq!(cases.iter().find(|case| case.kind == CaseKind::EquipmentDown).unwrap().impact_at, Some(at(from)));
    shop.says("cmms", window(to, to + 60, WindowState::Planned));
    assert_eq!(shop.cases(), 0, "it was moved to after the order");
    shop.says("cmms", window(from, to, WindowState::Planned));
    assert_eq!(shop.cases(), 1);
    shop.says("cmms", window(from, to, WindowState::Over));
    assert_eq!((shop.cases(), shop.site().windows.len()), (0, 0));
}

#[test]
fn an_order_that_is_moved_out_of_a_planned_stop_is_free_of_it() {
    let mut shop = Shop::new();
    let header = shop.floor.order(shop.order).header().unwrap().clone();
    let minute = |of: crate::instant::Instant| u64::try_from((of.utc_ns() - at(0).utc_ns()) / 60_000_000_000).unwrap();
    let (from, to) = (minute(header.start) + 1, minute(header.end) + 60);
    shop.says("cmms", window(from, to, WindowState::Planned));
    assert_eq!(shop.cases(), 1);
    let day = 24 * 60;
    let moved = order::OwnerFact::DatesChanged { start: at(to + day), end: at(to + 2 * day) };
    shop.floor.tell(shop.order, "erp-eu", Body::Order(order::Input::OwnerFact(moved)));
    shop.floor.deliver();
    assert_eq!((shop.cases(), shop.site().plans[&shop.order].start), (0, at(to + day)));
}

#[test]
fn an_order_that_would_start_in_a_planned_stop_waits_until_it_is_cancelled() {
    let mut shop = Shop::empty();
    shop.says("cmms", window(0, 1_000_000, WindowState::Planned));
    shop.released();
    assert!(matches!(shop.floor.order(shop.order).dispatch, Dispatch::Invalid { .. }));
    shop.says("cmms", window(0, 1_000_000, WindowState::Over));
    assert_eq!(shop.floor.asked("dispatch_job").len(), 1);
}
