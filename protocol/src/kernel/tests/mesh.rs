//! All entities in one box: mail is delivered in any order and twice, sites are claimed, replies are lost.

use std::collections::BTreeMap;

use super::fixture::{Chance, Day, at, book, site};
use crate::commit::Step;
use crate::effect::Effect;
use crate::envelope::{Envelope, Key, KeyText, Mark};
use crate::fact::Fact;
use crate::id::EntityId;
use crate::input::{Address, Body, Input};
use crate::instant::Instant;
use crate::intent::{Intent, IntentId, Parcel};
use crate::kernel::{Context, Own, Reply, State, Stepped, replay, step};
use crate::name::Source;
use crate::order;
use crate::outbox::{Claim, ClaimAnswer, OutboxFact, Receipt};
use crate::posting::{Line, Movement, Posting, Series, Use};
use crate::qty::Qty;
use crate::words::{DocNo, LotKey};
use crate::{lot, wire};

const INCARNATION: u64 = 1;

/// The simulated ERP's books: no dedup at all.
#[derive(Default)]
pub(super) struct Erp {
    pub(super) documents: u32,
    pub(super) found_by_probe: u32,
    books: BTreeMap<String, Vec<(DocNo, Posting)>>,
}

impl Erp {
    fn post(&mut self, reference: String, posting: Posting) -> DocNo {
        self.documents += 1;
        let document = DocNo::parse(&format!("49{:08}", self.documents)).unwrap();
        self.books.entry(reference).or_default().push((document.clone(), posting));
        document
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.books.values().flatten().flat_map(|(_, posting)| &posting.lines)
    }
}

pub(super) struct Mesh {
    states: BTreeMap<EntityId, State>,
    logs: BTreeMap<EntityId, Vec<Step>>,
    waiting: Vec<Input>,
    errands: Vec<IntentId>,
    pub(super) erp: Erp,
    chance: Chance,
    trouble: bool,
    now: Instant,
    book: crate::book::Book,
}

impl Mesh {
    pub(super) fn new(seed: u64, trouble: bool) -> Self {
        Self {
            states: BTreeMap::new(),
            logs: BTreeMap::new(),
            waiting: Vec::new(),
            errands: Vec::new(),
            erp: Erp::default(),
            chance: Chance::new(seed),
            trouble,
            now: at(0),
            book: book(),
        }
    }

    pub(super) fn send(&mut self, input: Input) {
        self.waiting.push(input);
    }

    pub(super) fn run_without_trouble(&mut self) {
        self.trouble = false;
        self.run();
    }

    /// Until nothing waits: in the order given for inputs, at random between inputs and errands.
    pub(super) fn run(&mut self) {
        let mut steps = 0;
        while !(self.waiting.is_empty() && self.errands.is_empty()) {
            steps += 1;
            assert!(steps < 200_000, "the mesh does not come to rest");
            if self.errands.is_empty() || (!self.waiting.is_empty() && self.chance.one_in(2)) {
                let input = self.waiting.remove(0);
                self.deliver(&input);
            } else {
                let pick = usize::try_from(self.chance.below(self.errands.len() as u64)).unwrap();
                let errand = self.errands.swap_remove(pick);
                self.carry_out(errand);
            }
        }
    }

    fn deliver(&mut self, input: &Input) {
        let entity = match &input.to {
            Address::Entity(entity) => *entity,
            Address::Native { kind, names } => self.book.born_at(names[0].system, *kind, names[0].kind, names[0].id.as_str()).unwrap(),
        };
        if let Reply::Unborn = self.take(entity, input) {
            let source = input.envelope.key.source;
            let keeper = if self.book.sites.contains_key(&source) { source } else { site("nord") };
            let quarantine = self.book.site_entity(keeper).unwrap();
            self.take(quarantine, &crate::site::unmatched(quarantine, input.clone()));
        }
    }

    fn take(&mut self, entity: EntityId, input: &Input) -> Reply {
        let state = self.states.remove(&entity).unwrap_or_else(|| State::unknown(entity));
        let context = Context { now: self.now, book: &self.book, incarnation: INCARNATION, unreached: &crate::kernel::ALL_REACHED };
        let Stepped { state, step, reply } = step(state, input, &context);
        Self::check_state(&state);
        self.states.insert(entity, state);
        if let Some(step) = step {
            self.dispatch(entity, &step);
            self.logs.entry(entity).or_default().push(step);
        }
        reply
    }

    fn dispatch(&mut self, entity: EntityId, step: &Step) {
        for fact in &step.facts {
            match fact {
                Fact::Outbox { number, step: OutboxFact::Released { .. } } => {
                    self.errands.push(IntentId { entity, incarnation: INCARNATION, number: *number });
                }
                Fact::Intended { number, intent } => self.mail(entity, *number, intent),
                _ => {}
            }
        }
    }

    fn mail(&mut self, from: EntityId, number: u32, intent: &Intent) {
        let Intent::Mail { to, parcel, .. } = intent else { return };
        let id = IntentId { entity: from, incarnation: INCARNATION, number };
        let input = match parcel {
            Parcel::Forward(input) => input.as_ref().clone(),
            Parcel::Body(body) => {
                Input { to: Address::Entity(*to), envelope: self.envelope(&format!("mail/{id}")), body: body.as_ref().clone() }
            }
        };
        if self.trouble && self.chance.one_in(4) {
            self.waiting.push(input.clone());
        }
        let place = usize::try_from(self.chance.below(self.waiting.len() as u64 + 1)).unwrap();
        self.waiting.insert(place, input);
    }

    fn envelope(&self, key: &str) -> Envelope {
        let key = Key { source: Source::parse("takt").unwrap(), epoch: 0, mark: Mark::Text(KeyText::ours(key)) };
        let at = self.now;
        Envelope::of(key, at)
    }

    fn claim(&mut self, intent: IntentId, claim: Claim) -> ClaimAnswer {
        let input = Input { to: Address::Entity(intent.entity), envelope: self.envelope("claim"), body: Body::Claim { intent, claim } };
        match self.take(intent.entity, &input) {
            Reply::Claim(answer) => answer,
            other => panic!("a claim was answered with {other:?}"),
        }
    }

    fn carry_out(&mut self, intent: IntentId) {
        let Some(open) = self.states[&intent.entity].common.outbox.get(intent.number) else { return };
        assert!(matches!(open.intent, Intent::Site { .. }));
        match self.claim(intent, Claim::May { window_ms: 20_000, asker: 0 }) {
            ClaimAnswer::Done => {}
            ClaimAnswer::Wait { until } => {
                self.now = self.now.max(until);
                self.errands.push(intent);
            }
            ClaimAnswer::Send { attempt, effect } => self.attempt(intent, attempt, &effect),
            ClaimAnswer::Probe { attempt, not_before, .. } => self.probe(intent, attempt, not_before),
        }
    }

    fn attempt(&mut self, intent: IntentId, attempt: u32, effect: &Effect) {
        let reference = intent.reference().as_str().to_owned();
        let Effect::Post(document) = effect else {
            self.claim(intent, Claim::Accepted { attempt, receipt: Receipt::default() });
            return;
        };
        match if self.trouble { self.chance.below(8) } else { 7 } {
            0 => {
                self.erp.post(reference, document.posting.clone());
                self.claim(intent, Claim::Lost { attempt, why: "reply lost after the effect".into() });
                self.errands.push(intent);
            }
            1 => {
                self.claim(intent, Claim::Lost { attempt, why: "request lost".into() });
                self.errands.push(intent);
            }
            2 => {
                self.erp.post(reference, document.posting.clone());
                self.errands.push(intent); // the worker died before it could say so
            }
            3 => {
                self.claim(intent, Claim::Rejected { attempt, code: "M7/021".into(), text: "deficit".into() });
            }
            4 => {
                self.claim(intent, Claim::NotDone { attempt, why: "429".into() });
                self.errands.push(intent);
            }
            _ => {
                let document = self.erp.post(reference, document.posting.clone());
                self.claim(intent, Claim::Accepted { attempt, receipt: Receipt { document: Some(document), ..Receipt::default() } });
            }
        }
    }

    fn probe(&mut self, intent: IntentId, attempt: u32, not_before: Instant) {
        self.now = self.now.max(not_before);
        let found =
            self.erp.books.get(intent.reference().as_str()).and_then(|documents| documents.first()).map(|(document, _)| document.clone());
        if let Some(document) = found {
            self.erp.found_by_probe += 1;
            let receipt = Receipt { document: Some(document), by_probe: true, ..Receipt::default() };
            self.claim(intent, Claim::Accepted { attempt, receipt });
        } else {
            self.claim(intent, Claim::Absent { attempt, asked_at: self.now });
            self.errands.push(intent);
        }
    }

    pub(super) fn order(&self) -> EntityId {
        let name = Day::order_ref();
        self.book.born_at(name.system, crate::id::Kind::Order, name.kind, name.id.as_str()).unwrap()
    }

    pub(super) fn state(&self, entity: EntityId) -> &State {
        &self.states[&entity]
    }

    pub(super) fn logs(&self) -> impl Iterator<Item = (EntityId, &[Step])> {
        self.logs.iter().map(|(entity, log)| (*entity, log.as_slice()))
    }

    /// What the ERP has of a lot by documents; `None` for none at all.
    pub(super) fn received(&self, lot: &LotKey) -> Option<Qty> {
        let of_it = |line: &&Line| line.series.material == lot.material && line.series.lot.as_ref() == Some(&lot.lot);
        let lines = self.erp.lines().filter(of_it).filter_map(|line| match line.series.purpose {
            Use::Produced => Some(line.qty),
            Use::Consumed => Some(line.qty.negated()),
            _ => None,
        });
        lines.reduce(|a, b| a.plus(b).unwrap())
    }

    /// (7) No document is taken back by more than it posted; how many were.
    pub(super) fn check_reversals(&self) -> usize {
        let documents: BTreeMap<&DocNo, &Posting> =
            self.erp.books.values().flatten().map(|(document, posting)| (document, posting)).collect();
        let mut back: BTreeMap<(&DocNo, &Series), Qty> = BTreeMap::new();
        for posting in documents.values().filter(|posting| posting.reverses.len() == 1) {
            for line in &posting.lines {
                let sum = back.entry((&posting.reverses[0], &line.series)).or_insert(Qty::zero(line.qty.uom()));
                *sum = sum.plus(line.qty).unwrap();
            }
        }
        for ((document, series), sum) in &back {
            let posted = documents[document].lines.iter().filter(|line| line.series == **series);
            let posted = posted.fold(Qty::zero(sum.uom()), |all, line| all.plus(line.qty).unwrap());
            let left = posted.plus(*sum).unwrap();
            assert!(!left.is_negative() || posted.is_negative(), "{document}: {sum} of {posted} were taken back");
        }
        back.len()
    }

    pub(super) fn log_of(&self, entity: EntityId) -> &[Step] {
        &self.logs[&entity]
    }

    pub(super) fn commits(&self) -> usize {
        self.logs.values().map(Vec::len).sum()
    }

    fn own_order(&self) -> &order::Order {
        match &self.states[&self.order()].own {
            Own::Order(order) => order,
            _ => panic!("not an order"),
        }
    }

    fn check_state(state: &State) {
        assert!(state.common.outbox.lanes_hold());
        if let Own::Order(order) = &state.own {
            for account in order.accounts() {
                assert!(account.balances(), "T4 broken: {account:?}");
            }
        }
    }

    /// No reference was posted twice, and what the ERP holds is what the ledger says it holds.
    pub(super) fn check_books(&self) {
        for (reference, documents) in &self.erp.books {
            assert_eq!(documents.len(), 1, "T2 broken: {reference} was posted twice");
        }
        for account in self.own_order().accounts() {
            let zero = Qty::zero(account.reported.uom());
            let held = self.erp.lines().filter(|line| line.series == account.series).fold(zero, |sum, line| sum.plus(line.qty).unwrap());
            assert_eq!(held, account.posted, "the books differ for {:?}", account.series);
        }
        self.check_clearances();
    }

    /// T5: no lot says yes while it is held or in inspection.
    fn check_clearances(&self) {
        for (entity, log) in &self.logs {
            let mut state = State::unknown(*entity);
            for step in log {
                let cleared = step.facts.iter().any(|fact| matches!(fact, Fact::Lot(fact) if matches!(**fact, lot::Fact::Cleared { .. })));
                if let (true, Own::Lot(lot)) = (cleared, &state.own) {
                    assert!(lot.holds.is_empty() && !lot.in_inspection(), "T5 broken at {entity}");
                }
                state = replay(state, step);
            }
        }
    }

    /// Replaying the log gives the state, byte for byte through the wire.
    pub(super) fn check_replay(&self) {
        for (entity, log) in &self.logs {
            let replayed = log.iter().fold(State::unknown(*entity), |state, step| {
                let bytes = wire::encode("step", step).unwrap();
                let read: Step = wire::decode("step", &bytes).unwrap();
                assert_eq!(read, *step);
                replay(state, &read)
            });
            assert_eq!(replayed, self.states[entity]);
        }
    }

    /// What the ERP holds, per series.
    pub(super) fn posted(&self) -> BTreeMap<Series, Qty> {
        let mut sums = BTreeMap::new();
        for line in self.erp.lines() {
            let sum = sums.entry(line.series.clone()).or_insert(Qty::zero(line.qty.uom()));
            *sum = sum.plus(line.qty).unwrap();
        }
        sums
    }

    /// What was made, whatever was posted of it.
    pub(super) fn physical(&self) -> Vec<(String, Qty, Option<Qty>)> {
        let (ops, units) = (&self.own_order().ops, &self.own_order().units);
        let ops = ops.iter().map(|(op, operation)| (op.to_string(), operation.good, Some(operation.scrap)));
        ops.chain(units.iter().map(|(sscc, unit)| (sscc.to_string(), unit.qty, None))).collect()
    }

    pub(super) fn confirmed_yield(&self) -> (usize, Qty) {
        let postings = self.erp.books.values().flatten().map(|(_, posting)| posting);
        let work: Vec<&Posting> = postings.filter(|posting| posting.movement == Movement::Confirmation).collect();
        let lines = work.iter().flat_map(|posting| &posting.lines).filter(|line| line.series.purpose == Use::Yield);
        let good = lines.map(|line| line.qty).reduce(|a, b| a.plus(b).unwrap()).unwrap();
        (work.len(), good)
    }
}
