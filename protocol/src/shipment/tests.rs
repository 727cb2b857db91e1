//! Who may open which gate of a shipment.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test names what it is about, and fails on the rest")]

use super::*;
use crate::answer::Answer;
use crate::book::Book;
use crate::envelope::{Envelope, Who};
use crate::id::Kind;
use crate::input::{Address, Body};
use crate::kernel::{self, Context, Own, Reply, State};
use crate::native::{NativeKind, Ref};
use crate::refusal::Code;

mod behind;
mod gone;
mod part;
mod told;
mod truck;

/// A shipment with one gate shut, and what comes of somebody in a role wanting it open.
fn opened(gate: Gate, role: &str) -> (Answer, bool) {
    let name = Ref::new(SiteId::parse("wms").unwrap(), NativeKind::Shipment, NativeId::parse("SHP-1").unwrap());
    let id = EntityId::born(Kind::Shipment, crate::name::Region::parse("eu").unwrap(), 1, &name);
    let book = Book::default();
    let context = Context { now: Instant::EPOCH, book: &book, incarnation: 1, unreached: &crate::kernel::ALL_REACHED };
    let announced = Report::Announced { warehouse: name.system, delivery: name.id.clone(), lines: Vec::new(), planned: None };
    let said = [
        Input::Report(announced),
        Input::Request(Request::Block { gate, reason: Reason::parse("stop").unwrap() }),
        Input::Request(Request::Release { gate }),
    ];
    let mut state = State::unknown(id);
    let mut answer = Answer::Accepted;
    for (number, input) in said.into_iter().enumerate() {
        let who = Some(Who { user: "somebody".into(), role: role.into(), ..Who::default() });
        let envelope = Envelope { who, ..Envelope::ours(number, Instant::EPOCH) };
        let input = crate::input::Input { to: Address::Entity(id), envelope, body: Body::Shipment(input) };
        let stepped = kernel::step(state, &input, &context);
        state = stepped.state;
        if let Reply::Answer(told) = stepped.reply {
            answer = told;
        }
    }
    let Own::Shipment(shipment) = state.own else { panic!("no shipment") };
    (answer, shipment.gates.is_empty())
}

#[test]
fn quality_and_credit_are_opened_only_by_those_who_answer_for_them() {
    for (gate, owner) in [(Gate::Quality, "quality"), (Gate::Credit, "finance")] {
        let (answer, open) = opened(gate, "planning");
        assert!(matches!(&answer, Answer::Refused(refusal) if refusal.code == Code::NotOwner), "{answer:?}");
        assert!(!open, "{gate:?} was opened by a planner");
        assert_eq!(opened(gate, owner), (Answer::Accepted, true));
    }
    assert_eq!(opened(Gate::Manual, "planning"), (Answer::Accepted, true));
}

/// A truck at its warehouse, with one pallet on it whose lot said yes.
struct Yard {
    transport: Option<SiteId>,
    state: State,
    now: Instant,
    told: u32,
    last: Vec<crate::fact::Fact>,
}

fn wms() -> SiteId {
    SiteId::parse("wms").unwrap()
}

fn sscc(number: u32) -> Sscc {
    Sscc::parse(&format!("pallet-{number}")).unwrap()
}

fn lot(number: u64) -> EntityId {
    EntityId::from_parts(Kind::Lot, crate::name::Region::parse("eu").unwrap(), 1, u128::from(number))
}

fn content(of: u64) -> UnitContent {
    let lot_key = LotKey { material: MaterialId::parse("FG-100").unwrap(), lot: crate::words::LotNo::parse("N7").unwrap() };
    let order = EntityId::from_parts(Kind::Order, crate::name::Region::parse("eu").unwrap(), 1, 1);
    UnitContent {
        lot: lot_key,
        lot_entity: lot(of),
        order: Some(order),
        output: crate::words::OutputKind::Main,
        qty: Qty::parse("480 H87").unwrap(),
    }
}

fn unit(number: u32) -> EntityId {
    EntityId::from_parts(Kind::Unit, crate::name::Region::parse("eu").unwrap(), 1, u128::from(number))
}

/// What its site tells of a unit, where more lots are later word.
fn located(number: u32, lots: &[u64]) -> Input {
    let contents: Vec<UnitContent> = lots.iter().map(|lot| content(*lot)).collect();
    told(sscc(number), Located { unit: Some(unit(number)), word: u32::try_from(lots.len()).unwrap(), contents, via: None })
}

fn told(sscc: Sscc, located: Located) -> Input {
    Input::Mail(Mail::Located { sscc, located: Box::new(located) })
}

fn picked(number: u32) -> Input {
    Input::Report(Report::Picked { units: vec![sscc(number)] })
}

impl Yard {
    fn cleared() -> Self {
        let mut yard = Self::picked(None);
        yard.says(Input::Request(Request::ClearDeparture { attempt: 1 }));
        yard.says(Input::Mail(Mail::ClearanceAnswered { attempt: 1, lot: lot(1), refused: Vec::new() }));
        assert_eq!(yard.granted(), Some(true));
        yard
    }

    /// Before anybody wants to leave, at a warehouse with that transport system.
    fn packed(transport: Option<SiteId>) -> Self {
        let mut yard = Self::picked(transport);
        yard.says(Input::Report(Report::Packed));
        yard
    }

    fn picked(transport: Option<SiteId>) -> Self {
        let name = Ref::new(wms(), NativeKind::Shipment, NativeId::parse("SHP-1").unwrap());
        let id = EntityId::born(Kind::Shipment, crate::name::Region::parse("eu").unwrap(), 1, &name);
        let mut yard = Self { transport, state: State::unknown(id), now: Instant::EPOCH, told: 0, last: Vec::new() };
        let announced = Report::Announced { warehouse: wms(), delivery: name.id, lines: Vec::new(), planned: None };
        for said in [Input::Report(announced), picked(1), located(1, &[1])] {
            yard.says(said);
        }
        yard
    }

    fn says(&mut self, input: Input) -> Answer {
        self.says_as(wms(), input)
    }

    fn says_as(&mut self, source: SiteId, input: Input) -> Answer {
        match self.hears(source, Body::Shipment(input)) {
            Reply::Answer(answer) => answer,
            other => panic!("no answer: {other:?}"),
        }
    }

    /// What the last input asked the transport system to do is settled so.
    fn settles(&mut self, claim: &crate::outbox::Claim) {
        self.settles_at(self.transport.unwrap(), claim);
    }

    /// What the last input asked that site to do last is settled so.
    fn settles_at(&mut self, at: SiteId, claim: &crate::outbox::Claim) {
        let number = self.last.iter().rev().find_map(|fact| match fact {
            crate::fact::Fact::Intended { number, intent } => match intent.as_ref() {
                crate::intent::Intent::Site { site, .. } if *site == at => Some(*number),
                _ => None,
            },
            _ => None,
        });
        let intent = crate::intent::IntentId { entity: self.state.id, incarnation: 1, number: number.unwrap() };
        self.hears(wms(), Body::Claim { intent, claim: claim.clone() });
    }

    /// What sites were asked by the last input.
    fn asked(&self) -> Vec<(SiteId, crate::effect::Effect)> {
        let asked = |fact: &crate::fact::Fact| match fact {
            crate::fact::Fact::Intended { intent, .. } => match intent.as_ref() {
                crate::intent::Intent::Site { site, effect, .. } => Some((*site, effect.as_ref().clone())),
                _ => None,
            },
            _ => None,
        };
        self.last.iter().filter_map(asked).collect()
    }

    fn hears(&mut self, source: SiteId, body: Body) -> Reply {
        self.takes(source, None, body)
    }

    /// A person acts.
    fn wishes(&mut self, who: Who, body: Body) -> Reply {
        self.takes(wms(), Some(who), body)
    }

    fn takes(&mut self, source: SiteId, who: Option<Who>, body: Body) -> Reply {
        self.told += 1;
        let mut book = Book::default();
        let region = crate::name::Region::parse("eu").unwrap();
        let site = crate::book::Site {
            kind: crate::book::SiteKind::Warehouse,
            region,
            calendar: crate::calendar::Calendar::plain("Europe/Berlin").unwrap(),
            erp: None,
            warehouse: None,
            quality: None,
            around: crate::book::Around { transport: self.transport, ..crate::book::Around::default() },
            classes: BTreeMap::new(),
            periods: crate::calendar::PeriodBook::default(),
        };
        let around =
            self.transport.map(|transport| (transport, crate::book::Site { kind: crate::book::SiteKind::Transport, ..site.clone() }));
        book.sites = BTreeMap::from([(wms(), site)]);
        book.sites.extend(around);
        let context = Context { now: self.now, book: &book, incarnation: 1, unreached: &crate::kernel::ALL_REACHED };
        let mut envelope = Envelope::ours(self.told, self.now);
        envelope.key.source = source;
        envelope.who = who;
        let id = self.state.id;
        let input = crate::input::Input { to: Address::Entity(id), envelope, body };
        let stepped = kernel::step(std::mem::replace(&mut self.state, State::unknown(id)), &input, &context);
        self.state = stepped.state;
        self.last = stepped.step.map(|step| step.facts).unwrap_or_default();
        stepped.reply
    }

    fn shipment(&self) -> &Shipment {
        let Own::Shipment(shipment) = &self.state.own else { panic!("no shipment") };
        shipment
    }

    fn granted(&self) -> Option<bool> {
        self.shipment().departure.as_ref().and_then(|departure| departure.told)
    }

    /// What its lots were told by the last input.
    fn told_lots(&self) -> Vec<(EntityId, crate::lot::Mail)> {
        let told = |fact: &crate::fact::Fact| match fact {
            crate::fact::Fact::Intended { intent, .. } => match intent.as_ref() {
                crate::intent::Intent::Mail { to, parcel: crate::intent::Parcel::Body(body), .. } => match body.as_ref() {
                    Body::Lot(crate::lot::Input::Mail(mail)) => Some((*to, mail.clone())),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        self.last.iter().filter_map(told).collect()
    }

    fn leaves(&mut self) -> bool {
        self.says(Input::Report(Report::Departed)) == Answer::Accepted
    }
}

#[test]
fn a_clearance_is_for_what_was_on_the_truck_when_it_was_asked_for() {
    assert!(Yard::cleared().leaves());
    let mut more = Yard::cleared();
    more.says(picked(2));
    assert_eq!((more.granted(), more.leaves()), (Some(false), false), "a pallet came after the yes");
    let mut mixed = Yard::cleared();
    mixed.says(located(1, &[1]));
    assert_eq!(mixed.granted(), Some(true), "the same word again changes nothing");
    mixed.says(located(1, &[1, 2]));
    assert_eq!((mixed.granted(), mixed.leaves()), (Some(false), false), "the pallet holds a second lot, which nobody asked");
}

#[test]
fn older_word_of_a_mixed_pallet_does_not_take_a_lot_off_it() {
    let mut yard = Yard::cleared();
    yard.says(located(1, &[1, 2]));
    yard.says(located(1, &[1]));
    yard.says(Input::Request(Request::ClearDeparture { attempt: 2 }));
    let asked: Vec<EntityId> = yard.shipment().departure.as_ref().unwrap().lots.keys().copied().collect();
    assert_eq!(asked, [lot(1), lot(2)], "the second lot is on it still");
}

#[test]
fn a_gate_that_is_shut_takes_the_yes_back() {
    for gate in [Gate::Quality, Gate::Credit, Gate::Customs, Gate::Manual] {
        let mut yard = Yard::cleared();
        yard.says(Input::Request(Request::Block { gate, reason: Reason::parse("stop").unwrap() }));
        assert_eq!((yard.granted(), yard.leaves()), (Some(false), false), "it left through a gate that is shut");
        let too_late = yard.says(Input::Request(Request::Block { gate, reason: Reason::parse("stop").unwrap() }));
        assert!(matches!(too_late, Answer::Refused(_)), "{too_late:?}");
    }
}

#[test]
fn a_clearance_is_good_for_as_long_as_it_says() {
    let mut late = Yard::cleared();
    late.now = late.shipment().departure.as_ref().unwrap().until.plus_ms(1);
    assert!(!late.leaves(), "it left after its clearance was over");
}

#[test]
fn word_that_a_hold_is_over_may_overtake_word_of_it() {
    for (revokes, leaves) in [(None, true), (Some(1), false)] {
        let mut yard = Yard::cleared();
        yard.says(freed("NC-1"));
        yard.says(held(1, "NC-1", revokes));
        assert!(yard.shipment().holds.is_empty(), "the same hold is over already");
        assert_eq!(yard.leaves(), leaves, "its lot took back {revokes:?}");
    }
}

fn held(of: u64, number: &str, revokes: Option<u32>) -> Input {
    let (hold, reason) = (crate::words::HoldNo::parse(number).unwrap(), Reason::parse("weld").unwrap());
    Input::Mail(Mail::Held { lot: lot(of), key: content(of).lot, hold, units: Vec::new(), reason, revokes })
}

#[test]
fn a_hold_that_comes_after_it_left_does_not_take_back_the_clearance_it_left_with() {
    for revokes in [None, Some(1)] {
        let mut yard = Yard::cleared();
        assert!(yard.leaves());
        yard.says(held(1, "NC-9", revokes));
        assert_eq!(yard.granted(), Some(true), "it left cleared");
        let open: Vec<_> = yard.state.common.cases.values().map(|case| case.kind.clone()).collect();
        assert_eq!(open, [crate::case::CaseKind::HeldAfterClearance]);
    }
}

fn freed(number: &str) -> Input {
    Input::Mail(Mail::Freed { lot: lot(1), hold: crate::words::HoldNo::parse(number).unwrap() })
}

fn answered(attempt: u32, of: u64) -> Input {
    Input::Mail(Mail::ClearanceAnswered { attempt, lot: lot(of), refused: Vec::new() })
}

#[test]
fn a_yes_that_its_lot_took_back_does_not_count_when_the_last_lot_answers() {
    let mut yard = Yard::cleared();
    yard.says(located(1, &[1, 2]));
    yard.says(Input::Request(Request::ClearDeparture { attempt: 2 }));
    for said in [answered(2, 1), held(1, "NC-1", Some(2)), freed("NC-1"), answered(2, 2)] {
        yard.says(said);
    }
    assert_eq!((yard.granted(), yard.leaves()), (Some(false), false), "what the hold left over may be less than what was asked for");
}

#[test]
fn a_unit_is_known_however_its_number_is_spelled() {
    let spelled = |text: &str| Sscc::parse(text).unwrap();
    let on =
        |lots: &[u64], word| Located { unit: Some(unit(9)), word, contents: lots.iter().map(|lot| content(*lot)).collect(), via: None };
    let mut yard = Yard::cleared();
    yard.says(Input::Report(Report::Picked { units: vec![spelled("034012345000000018")] }));
    yard.says(told(spelled("34012345000000018"), on(&[1], 1)));
    assert!(yard.shipment().units.values().all(Option::is_some), "what was picked is known: {:?}", yard.shipment().units);
    yard.says(Input::Report(Report::Picked { units: vec![spelled("34012345000000018")] }));
    assert_eq!(yard.shipment().units.len(), 2, "the same unit was picked again");
    yard.says(Input::Request(Request::ClearDeparture { attempt: 2 }));
    yard.says(answered(2, 1));
    assert_eq!(yard.granted(), Some(true));
    yard.says(told(spelled("34012345000000018"), on(&[1, 2], 2)));
    assert_eq!(yard.granted(), Some(false), "a second lot is on it");
}

#[test]
fn a_lot_that_was_told_to_be_on_a_unit_after_it_left_is_an_escape_and_hears_of_it() {
    let mut yard = Yard::cleared();
    assert!(yard.leaves());
    yard.says(located(1, &[1, 2]));
    let cases: Vec<_> = yard.state.common.cases.values().map(|case| case.kind.clone()).collect();
    assert_eq!(cases, [crate::case::CaseKind::Escape]);
    let gone = yard.told_lots().into_iter().filter(|(to, mail)| *to == lot(2) && matches!(mail, crate::lot::Mail::Departed { .. })).count();
    assert_eq!(gone, 1, "the lot still counts the unit in stock");
}

#[test]
fn what_stands_on_a_picked_unit_is_asked_for_until_it_is_taken_off() {
    let via = |lots: &[u64], word| Located {
        unit: Some(unit(2)),
        word,
        contents: lots.iter().map(|lot| content(*lot)).collect(),
        via: Some(sscc(1)),
    };
    let asked = |yard: &Yard| yard.shipment().departure.as_ref().unwrap().lots.keys().copied().collect::<Vec<_>>();
    let mut yard = Yard::cleared();
    yard.says(told(sscc(2), via(&[2], 5)));
    assert_eq!(yard.granted(), Some(false), "something stands on it that nobody asked for");
    yard.says(Input::Request(Request::ClearDeparture { attempt: 2 }));
    assert_eq!(asked(&yard), [lot(1), lot(2)]);
    yard.says(told(sscc(2), via(&[], 6)));
    yard.says(told(sscc(2), via(&[2], 5)));
    yard.says(Input::Request(Request::ClearDeparture { attempt: 3 }));
    assert_eq!(asked(&yard), [lot(1)], "it was taken off, and older word does not put it back");
}

#[test]
fn another_system_does_not_say_where_a_shipment_is() {
    let mut yard = Yard::cleared();
    let elsewhere = Shipment { warehouse: SiteId::parse("hub").ok(), ..yard.shipment().clone() };
    yard.state.own = Own::Shipment(Box::new(elsewhere));
    assert!(matches!(yard.says(Input::Report(Report::Departed)), Answer::Discrepant { .. }));
    assert_ne!(yard.shipment().stage, Stage::Departed);
}
