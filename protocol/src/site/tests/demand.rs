//! What a planning system wants, what its ERP makes of that, and what planning hears.

use crate::answer::Answer;
use crate::case::CaseKind;
use crate::demand::{DemandAnswer, DemandNotice, DemandRef, Firmness, Signal, SupplyState, Verdict};
use crate::effect::Effect;
use crate::floor::Floor;
use crate::id::{EntityId, Kind};
use crate::input::Body;
use crate::kernel::Own;
use crate::kernel::tests::fixture::{Day, qty, site, work};
use crate::native::{NativeId, NativeKind};
use crate::order::{self, OwnerFact, Report as Work};
use crate::outbox::Receipt;
use crate::site::{Input, Report, Site};
use crate::words::{DocNo, MaterialId};

fn number() -> NativeId {
    NativeId::parse("S-000001").unwrap()
}

fn signal(version: u32, total: &str, firmness: Firmness) -> Signal {
    let (plant, material) = (site("nord"), MaterialId::parse("FG-100").unwrap());
    Signal { number: number(), version, plant, material, total: qty(total), due: "2026-12-01".parse().unwrap(), firmness }
}

fn said(signal: &Signal) -> Body {
    Body::Site(Input::Report(Report::Demand(Box::new(signal.clone()))))
}

fn planned() -> Receipt {
    Receipt { document: Some(DocNo::parse("PIR-1").unwrap()), ..Receipt::default() }
}

/// A planning system whose demand the ERP of nord plans for.
struct Desk {
    floor: Floor,
    planning: EntityId,
}

impl Desk {
    fn new() -> Self {
        let mut floor = Floor::new();
        let aps = crate::book::Site { kind: crate::book::SiteKind::Planning, ..floor.book.sites[&site("erp-eu")].clone() };
        floor.book.sites.insert(site("aps"), aps);
        floor.book.sites.get_mut(&site("erp-eu")).unwrap().around.planning = Some(site("aps"));
        let planning = floor.book.site_entity(site("aps")).unwrap();
        Self { floor, planning }
    }

    fn wants(&mut self, signal: &Signal) -> Answer {
        self.says("aps", signal)
    }

    fn says(&mut self, source: &str, signal: &Signal) -> Answer {
        let answer = self.floor.tell(self.planning, source, said(signal));
        self.floor.deliver();
        answer
    }

    fn site(&self) -> &Site {
        let Own::Site(site) = &self.floor.state(self.planning).own else { panic!("no site") };
        site
    }

    fn placed(&self) -> Vec<&DemandNotice> {
        let all = self.floor.asked("place_demand").into_iter();
        all.filter_map(|effect| if let Effect::PlaceDemand(notice) = effect { Some(notice.as_ref()) } else { None }).collect()
    }

    /// The newest answer, which planning takes.
    fn hears(&mut self) -> DemandAnswer {
        let all = self.floor.asked("answer_demand");
        let Some(Effect::AnswerDemand(answer)) = all.last() else { panic!("planning was told nothing") };
        let answer = answer.as_ref().clone();
        self.floor.does("answer_demand", &Receipt::default());
        answer
    }

    /// The ERP makes an order of it, as it tells by itself.
    fn ordered(&mut self) -> EntityId {
        let mut release = Day::release();
        let Body::Order(order::Input::OwnerFact(OwnerFact::Released(header))) = &mut release.body else { panic!("no release") };
        header.demand = Some(DemandRef { system: site("aps"), number: number() });
        let order = self.floor.book.born_at(site("erp-eu"), Kind::Order, NativeKind::Order, "1000042").unwrap();
        self.floor.take(order, &release);
        self.floor.deliver();
        order
    }

    fn cases(&self, kind: &CaseKind) -> usize {
        self.floor.open(self.planning, kind)
    }
}

#[test]
fn a_demand_goes_to_the_erp_of_its_plant_once_for_each_version_and_planning_hears_what_it_makes_of_it() {
    let mut desk = Desk::new();
    let first = signal(1, "5000 H87", Firmness::Open);
    assert_eq!(desk.wants(&first), Answer::Accepted);
    assert_eq!(desk.wants(&first), Answer::Accepted, "told again, under another key");
    let placed = desk.placed();
    assert_eq!(placed.len(), 1);
    assert_eq!((placed[0].demand.system, &placed[0].signal), (site("aps"), &first));
    assert_eq!(desk.floor.asked.first().map(|asked| asked.site.as_str()), Some("erp-eu"));
    desk.floor.does("place_demand", &planned());
    let answer = desk.hears();
    assert_eq!((answer.version, answer.verdict, answer.requirement), (1, Some(Verdict::Planned), planned().document));
    desk.wants(&signal(2, "4000 H87", Firmness::Open));
    assert_eq!(desk.placed().len(), 1, "a revision is placed too");
    assert_eq!(desk.site().demands[&number()].verdict, None, "what was said of the first version says nothing of the second");
    desk.floor.does("place_demand", &planned());
    assert_eq!(desk.hears().version, 2);
}

#[test]
fn older_word_changes_nothing_and_a_withdrawn_demand_is_over() {
    let mut desk = Desk::new();
    desk.wants(&signal(2, "4000 H87", Firmness::Firm));
    desk.wants(&signal(2, "4000 H87", Firmness::Open));
    desk.wants(&signal(1, "5000 H87", Firmness::Open));
    assert_eq!((desk.placed().len(), desk.site().demands[&number()].signal.firmness), (1, Firmness::Firm));
    desk.floor.does("place_demand", &planned());
    desk.hears();
    desk.wants(&signal(2, "4000 H87", Firmness::Withdrawn));
    desk.floor.does("place_demand", &Receipt::default());
    assert_eq!(desk.hears().verdict, Some(Verdict::Dropped));
    desk.wants(&signal(3, "1 H87", Firmness::Open));
    assert!(desk.placed().is_empty(), "a withdrawn one does not come back");
}

#[test]
fn a_version_that_says_two_things_is_shown_and_the_first_stands() {
    let mut desk = Desk::new();
    desk.wants(&signal(1, "5000 H87", Firmness::Open));
    assert!(matches!(desk.wants(&signal(1, "4900 H87", Firmness::Open)), Answer::Discrepant { .. }));
    assert!(matches!(desk.wants(&signal(1, "4900 H87", Firmness::Open)), Answer::Discrepant { .. }));
    assert_eq!((desk.cases(&CaseKind::Discrepancy), desk.placed().len()), (1, 1));
    assert_eq!(desk.site().demands[&number()].signal.total, qty("5000 H87"));
}

#[test]
fn only_planning_says_what_is_wanted_and_only_an_erp_that_plans_for_it_is_asked() {
    let mut desk = Desk::new();
    let wanted = signal(1, "5000 H87", Firmness::Open);
    assert!(matches!(desk.says("erp-eu", &wanted), Answer::Discrepant { .. }), "an ERP wants nothing");
    assert_eq!((desk.cases(&CaseKind::NotOwner), desk.site().demands.len()), (1, 0));
    let plant = desk.floor.book.site_entity(site("nord")).unwrap();
    assert!(matches!(desk.floor.tell(plant, "nord", said(&wanted)), Answer::Discrepant { .. }), "a plant is no planning system");
    desk.floor.book.sites.get_mut(&site("erp-eu")).unwrap().around.planning = None;
    desk.wants(&wanted);
    assert!(desk.placed().is_empty());
    let answer = desk.hears();
    assert_eq!((answer.verdict, answer.why.as_str()), (Some(Verdict::Refused), "the ERP of nord does not plan for aps"));
}

#[test]
fn what_cannot_be_supplied_is_told_with_the_reason_and_is_a_case_until_planning_says_otherwise() {
    let mut desk = Desk::new();
    for (wrong, why) in [
        (Signal { material: MaterialId::parse("FG-999").unwrap(), ..signal(1, "5 H87", Firmness::Open) }, "FG-999 is not known"),
        (Signal { plant: site("wms-na"), ..signal(2, "5 H87", Firmness::Open) }, "there is no plant wms-na"),
        (signal(3, "5 MTR", Firmness::Open), "nobody said how many MTR"),
        (signal(4, "0 H87", Firmness::Open), "nothing is wanted"),
    ] {
        desk.wants(&wrong);
        let answer = desk.hears();
        assert!(answer.verdict == Some(Verdict::Refused) && answer.why.contains(why), "{answer:?}");
        assert!(desk.placed().is_empty());
        assert_eq!(desk.floor.cases(desk.planning).len(), 1, "{why}");
    }
    desk.wants(&signal(5, "5 H87", Firmness::Open));
    assert!(desk.floor.cases(desk.planning).is_empty());
    desk.floor.refuses("place_demand");
    assert_eq!((desk.hears().why.as_str(), desk.floor.cases(desk.planning).len()), ("E42 not with me", 1));
}

#[test]
fn planning_hears_of_the_order_that_was_made_of_its_demand_until_it_is_completed() {
    let mut desk = Desk::new();
    desk.wants(&signal(1, "5000 H87", Firmness::Firm));
    desk.floor.does("place_demand", &planned());
    desk.hears();
    let order = desk.ordered();
    let answer = desk.hears();
    let [supply] = answer.orders.as_slice() else { panic!("{answer:?}") };
    assert_eq!((supply.order.as_str(), supply.state, supply.confirmed), ("1000042", SupplyState::Released, None));
    let tell = |desk: &mut Desk, report| {
        desk.floor.tell(order, "nord", Body::Order(order::Input::Report(report)));
        desk.floor.deliver();
    };
    tell(&mut desk, Work::Confirmed(Box::new(work("20", "4990 H87"))));
    assert!(desk.floor.asked("answer_demand").is_empty(), "nobody wants to hear of every piece");
    tell(&mut desk, Work::Completed);
    let supply = desk.hears().orders.remove(0);
    assert_eq!((supply.state, supply.confirmed), (SupplyState::Completed, Some(qty("4990 H87"))));
    tell(&mut desk, Work::Confirmed(Box::new(work("20", "5 H87"))));
    assert_eq!(desk.hears().orders[0].confirmed, Some(qty("4995 H87")), "what comes late is told, too");
}

#[test]
fn planning_hears_that_its_order_was_cancelled_and_late_word_does_not_bring_it_back() {
    let mut desk = Desk::new();
    desk.wants(&signal(1, "5000 H87", Firmness::Firm));
    let order = desk.ordered();
    desk.floor.tell(order, "erp-eu", Body::Order(order::Input::OwnerFact(OwnerFact::Cancelled)));
    desk.floor.deliver_backwards();
    let supply = desk.site().demands[&number()].orders[&order].clone();
    assert_eq!(supply.state, SupplyState::Cancelled);
    let older = crate::demand::Supply { word: supply.word - 1, state: SupplyState::Released, ..supply };
    let mail = crate::site::Mail::Supplies { order, demand: number(), supply: Box::new(older) };
    desk.floor.tell(desk.planning, "takt", Body::Site(Input::Mail(mail)));
    assert_eq!(desk.site().demands[&number()].orders[&order].state, SupplyState::Cancelled);
}

#[test]
fn an_order_of_a_demand_that_nobody_raised_is_shown() {
    let mut desk = Desk::new();
    desk.ordered();
    assert_eq!(desk.cases(&CaseKind::Discrepancy), 1);
}

#[test]
fn what_was_due_long_ago_is_forgotten() {
    let mut desk = Desk::new();
    desk.wants(&signal(1, "5 H87", Firmness::Firm));
    desk.floor.now = desk.floor.now.plus_ms(120 * 86_400_000);
    let later =
        Signal { number: NativeId::parse("S-2").unwrap(), due: "2027-04-01".parse().unwrap(), ..signal(1, "5 H87", Firmness::Firm) };
    desk.wants(&later);
    assert_eq!(desk.site().demands.keys().map(NativeId::as_str).collect::<Vec<_>>(), ["S-2"]);
}
