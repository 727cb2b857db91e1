//! Transition 12, the fan-out: ERP, warehouse and quality system are told to block, each answer is kept with its age, and a
//! refusal is shown. Apart from `hold` because none of them makes a hold and none can undo it.

use super::decide::Turn;
use super::{Containment, Fact, Hold};
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
    /// The warehouse is told to block, and the quality system that it was; the ERP's stock is moved in `stock`.
    pub(super) fn block_everywhere(&mut self, number: &HoldNo, hold: &Hold, units: &[Sscc]) {
        let (Some(key), Some(site)) = (self.key.clone(), self.site) else { return };
        let Some(plant) = self.context.book.sites.get(&site).cloned() else { return };
        let (at, reason) = (number.clone(), hold.reason.clone());
        let block = StockBlock { hold: at, lot: key, plant: site, units: units.to_vec(), keep: Vec::new(), reason };
        let now = self.context.now;
        let mut told = Vec::new();
        if let Some(warehouse) = plant.warehouse {
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

    /// How a system answered.
    pub(super) fn answered(&mut self, effect: &Effect, step: &OutboxFact) {
        if let (Effect::ChangeStockStatus { from, to, qty, .. }, OutboxFact::Settled(Outcome::Rejected { .. })) = (effect, step) {
            self.note(Fact::MoveRefused { from: *from, to: *to, qty: *qty });
        }
        let done = matches!(step, OutboxFact::Settled(Outcome::Accepted(_) | Outcome::Adopted { .. }));
        if let (Effect::ChangeStockStatus { from, to, .. }, true, false) = (effect, done, self.lot.stock.refused.is_empty()) {
            self.note(Fact::MoveDone { from: *from, to: *to });
        }
        match self.asked(effect) {
            Some(Asked::Block(Some(site), hold)) => self.contained(site, hold, effect, step),
            Some(Asked::Move(what)) => self.refused(&what, step),
            Some(Asked::Block(None, _)) | None => {}
        }
    }

    fn asked<'e>(&self, effect: &'e Effect) -> Option<Asked<'e>> {
        let plant = self.lot.site.and_then(|site| self.context.book.sites.get(&site))?;
        match effect {
            Effect::BlockStock(block) => Some(Asked::Block(plant.warehouse, &block.hold)),
            Effect::TellHold(block) => Some(Asked::Block(plant.quality, &block.hold)),
            Effect::ChangeStockStatus { to: StockStatus::Blocked, hold: Some(hold), .. } => Some(Asked::Block(plant.erp, hold)),
            Effect::ChangeStockStatus { lot, qty, from, to, .. } => {
                Some(Asked::Move(format!("the ERP did not move {qty} of {lot} from {} stock to {}", from.word(), to.word())))
            }
            Effect::UnblockStock(block) => {
                Some(Asked::Move(format!("the warehouse did not free {}, which hold {} had blocked", block.lot, block.hold)))
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
            self.draft.open_case(NewCase::new(CaseKind::Discrepancy, "quality", what));
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
