//! Transition 12, the fan-out: ERP, warehouse and quality system are told to block, each answer is kept with its age, and a
//! refusal is shown. Apart from `hold` because none of them makes a hold and none can undo it.

use std::collections::BTreeSet;

use super::decide::Turn;
use super::{Containment, Fact, Hold};
use crate::book::SiteKind;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::effect::{Effect, StockBlock};
use crate::intent::Tier;
use crate::name::SiteId;
use crate::outbox::{OutboxFact, Outcome};
use crate::planted::{self, Bug};
use crate::words::{HoldNo, Reason, Sscc, StockStatus};
use crate::workflow::Step;

/// What a system was asked about a lot.
enum Asked<'a> {
    /// To block for a hold.
    Block(Option<SiteId>, &'a HoldNo),
    /// To free what a hold blocked, or to look at a sample: a refusal leaves stock where it is, and nobody would know.
    Move(String),
}

impl Turn<'_, '_> {
    /// Every warehouse that may have some of it is told to block, and the quality system that they were; the ERP's stock is moved
    /// in `stock`.
    pub(super) fn block_everywhere(&mut self, number: &HoldNo, hold: &Hold, units: &[Sscc]) {
        let warehouses = self.warehouses(hold);
        self.block_at(warehouses, number, hold, units);
    }

    /// The same for goods that are just told of: they are on their way to the plant's present warehouse, and to no other.
    pub(super) fn block_newcomers(&mut self, number: &HoldNo, hold: &Hold, units: &[Sscc]) {
        let warehouses = self.warehouse().into_iter().collect();
        self.block_at(warehouses, number, hold, units);
    }

    fn block_at(&mut self, warehouses: BTreeSet<SiteId>, number: &HoldNo, hold: &Hold, units: &[Sscc]) {
        let (Some(key), Some(site)) = (self.key.clone(), self.site) else { return };
        let Some(plant) = self.context.book.sites.get(&site).cloned() else { return };
        let (at, reason) = (number.clone(), hold.reason.clone());
        let block = StockBlock { hold: at, lot: key, plant: site, units: units.to_vec(), keep: Vec::new(), reason };
        let now = self.context.now;
        let mut told = Vec::new();
        for warehouse in warehouses {
            self.draft.ask_site_first(warehouse, Effect::BlockStock(block.clone()));
            told.push(warehouse);
        }
        if let Some(quality) = plant.quality.filter(|_| self.context.book.workflows.has(site, Step::TellHold)) {
            self.draft.ask_site(quality, Tier::Business, Effect::TellHold(block));
            told.push(quality);
        }
        for site in told {
            self.note(Fact::Contained { hold: number.clone(), site, containment: Containment::Requested { at: now } });
        }
    }

    /// The warehouse of its plant, as that is configured now.
    fn warehouse(&self) -> Option<SiteId> {
        self.context.book.sites.get(&self.site?)?.warehouse
    }

    /// The warehouses that may have some of it, or a block of ours for that hold: the plant's own may be another one by now.
    pub(super) fn warehouses(&self, hold: &Hold) -> BTreeSet<SiteId> {
        let sites = &self.context.book.sites;
        let is_warehouse = |site: &SiteId| sites.get(site).is_some_and(|site| site.kind == SiteKind::Warehouse);
        let known = self.lot.warehouses.iter().chain(hold.containment.keys()).copied().filter(is_warehouse);
        known.chain(self.warehouse()).collect()
    }

    /// Some of it is on its way to the plant's warehouse.
    pub(super) fn goes_to_warehouse(&mut self) {
        if let Some(warehouse) = self.warehouse() {
            self.goes_to(warehouse);
        }
    }

    fn goes_to(&mut self, warehouse: SiteId) {
        if !self.lot.warehouses.contains(&warehouse) {
            self.note(Fact::GoesTo(warehouse));
        }
    }

    /// A handling unit is on its way to another warehouse: what keeps it here keeps it there.
    pub(super) fn handed_to(&mut self, unit: &Sscc, warehouse: SiteId) {
        self.goes_to(warehouse);
        let covering = self.lot.holds.iter().filter(|(_, hold)| hold.covers(unit));
        let mut blocks: Vec<(HoldNo, Hold)> = covering.map(|(number, hold)| (number.clone(), hold.clone())).collect();
        let kept = self.lot.kept.iter().filter(|(known, _)| known.is(unit)).flat_map(|(_, kept)| kept);
        let refused = self.lot.refused.as_ref().filter(|_| self.lot.bars(unit).is_some()).map(|refused| &refused.by);
        for by in kept.chain(refused) {
            if !blocks.iter().any(|(number, _)| *number == by.hold) {
                blocks.push((by.hold.clone(), Hold { own: true, ..self.fresh(&by.hold, &by.reason) }));
            }
        }
        for (number, hold) in blocks {
            self.block_at(BTreeSet::from([warehouse]), &number, &hold, std::slice::from_ref(unit));
        }
    }

    /// How a system answered.
    pub(super) fn answered(&mut self, by: Option<SiteId>, effect: &Effect, step: &OutboxFact) {
        if let (Effect::ChangeStockStatus { from, to, qty, .. }, OutboxFact::Settled(Outcome::Rejected { .. })) = (effect, step) {
            self.note(Fact::MoveRefused { from: *from, to: *to, qty: *qty });
        }
        let done = matches!(step, OutboxFact::Settled(Outcome::Accepted(_) | Outcome::Adopted { .. }));
        if let (Effect::ChangeStockStatus { from, to, .. }, true, false) = (effect, done, self.lot.stock.refused.is_empty()) {
            self.note(Fact::MoveDone { from: *from, to: *to });
        }
        match self.asked(by, effect) {
            Some(Asked::Block(Some(site), hold)) => self.contained(site, hold, effect, step),
            Some(Asked::Move(what)) => self.refused(&what, step),
            Some(Asked::Block(None, _)) | None => {}
        }
    }

    fn asked<'e>(&self, by: Option<SiteId>, effect: &'e Effect) -> Option<Asked<'e>> {
        let plant = self.lot.site.and_then(|site| self.context.book.sites.get(&site))?;
        match effect {
            Effect::BlockStock(block) => Some(Asked::Block(by.or(plant.warehouse), &block.hold)),
            Effect::TellHold(block) => Some(Asked::Block(plant.quality, &block.hold)),
            Effect::ChangeStockStatus { to: StockStatus::Blocked, hold: Some(hold), .. } => Some(Asked::Block(plant.erp, hold)),
            Effect::ChangeStockStatus { lot, qty, from, to, .. } => {
                Some(Asked::Move(format!("the ERP did not move {qty} of {lot} from {} stock to {}", from.word(), to.word())))
            }
            Effect::UnblockStock(block) => {
                let who = by.or(plant.warehouse).map_or_else(|| "the warehouse".to_owned(), |site| site.to_string());
                Some(Asked::Move(format!("{who} did not free {}, which hold {} had blocked", block.lot, block.hold)))
            }
            Effect::OpenInspection { lot, sample, .. } => {
                Some(Asked::Move(format!("the quality system did not take sample {sample} of {lot}")))
            }
            Effect::ConvertPlannedOrder(_)
            | Effect::DispatchJob(_)
            | Effect::RevokeJob(_)
            | Effect::ChangeOrder(_)
            | Effect::ChangeJob { .. }
            | Effect::HoldJob { .. }
            | Effect::ResumeJob(_)
            | Effect::Post(_)
            | Effect::AnnounceUnit(_)
            | Effect::BlockShipment { .. }
            | Effect::UnblockShipment { .. }
            | Effect::AnswerDeparture { .. }
            | Effect::ReportBreakdown(_)
            | Effect::TenderLoad(_)
            | Effect::PlaceDemand(_)
            | Effect::AnswerDemand(_)
            | Effect::TellEvents(_)
            | Effect::ReadBooks(_) => None,
        }
    }

    fn contained(&mut self, site: SiteId, hold: &HoldNo, effect: &Effect, step: &OutboxFact) {
        let at = self.context.now;
        let containment = match step {
            OutboxFact::Settled(Outcome::Accepted(_) | Outcome::Adopted { .. }) => Containment::Confirmed { at },
            OutboxFact::Settled(Outcome::Rejected { code, text }) => Containment::Failed { at, why: format!("{code} {text}") },
            OutboxFact::Parked { why } => Containment::Failed { at, why: why.clone() },
            OutboxFact::Settled(Outcome::WrittenOff | Outcome::Superseded)
            | OutboxFact::Released { .. }
            | OutboxFact::Requeued
            | OutboxFact::InFlight { .. }
            | OutboxFact::InDoubt { .. }
            | OutboxFact::NotDone { .. } => return,
        };
        self.plant_late_hold(hold, effect);
        if let Containment::Failed { why, .. } = &containment {
            let what = format!("{site} did not block for hold {hold}: {why}; the hold is in force all the same");
            // What is bad may be promised or moved there until somebody has blocked it.
            let exposed = self.after().blocked().map(|qty| qty.to_string()).unwrap_or_default();
            let block = Proposal::Do(format!("have it blocked in {site} by hand, and see there that none of it is promised or moved"));
            let case = NewCase::new(CaseKind::Discrepancy, "quality", what).stake(exposed).impact(at);
            self.draft.open_case(case.offers(vec![block, Proposal::Acknowledge]));
        }
        self.note(Fact::Contained { hold: hold.clone(), site, containment });
    }

    /// What was parked has its case already; what was refused for good gets one here.
    fn refused(&mut self, what: &str, step: &OutboxFact) {
        let OutboxFact::Settled(Outcome::Rejected { code, text }) = step else { return };
        let offers = vec![Proposal::Do("find out why, and do it there by hand".into()), Proposal::Acknowledge];
        let case = NewCase::new(CaseKind::Discrepancy, "quality", format!("{what}: {code} {text}")).offers(offers);
        self.draft.open_case(case);
    }

    /// The planted bug of the gate: a hold that binds only when a remote system has answered.
    fn plant_late_hold(&mut self, hold: &HoldNo, effect: &Effect) {
        if !(planted::is(Bug::HoldAfterAnswer) && matches!(effect, Effect::BlockStock(_))) {
            return;
        }
        let Ok(reason) = Reason::parse("planted") else { return };
        let bound = Hold { own: true, ..self.fresh(hold, &reason) };
        self.note(Fact::Held { hold: hold.clone(), bound });
    }
}
