//! What the warehouse of a shipment answers to what it was told. That it must not leave is in force here all the same; but a
//! warehouse that did not take it may load on, and one that did not take the end of it lets goods stand: both are shown until it
//! takes the same the next time.

use super::Stage;
use super::decide::Turn;
use crate::case::{CaseKind, Proposal};
use crate::draft::NewCase;
use crate::effect::Effect;
use crate::name::SiteId;
use crate::outbox::{OutboxFact, Outcome};

/// What it was told, in a sentence about its refusal; who acts on that, and how.
struct Told {
    refused: &'static str,
    owner: &'static str,
    remedy: &'static str,
    /// Whether it hurts at once, and not only when the shipment is to leave.
    now: bool,
}

const BLOCK: Told = Told {
    refused: "did not block",
    owner: "quality",
    remedy: "call the warehouse and have the loading stopped by hand; whatever holds it is in force all the same",
    now: true,
};
const UNBLOCK: Told = Told {
    refused: "did not free",
    owner: "planning",
    remedy: "have the warehouse free it by hand: nothing holds it here any more",
    now: false,
};
const NO: Told = Told {
    refused: "did not take back that it may load and send off",
    owner: "quality",
    remedy: "call the warehouse and have it stopped at the dock: it may not leave",
    now: true,
};
const YES: Told = Told {
    refused: "did not take that it may send off",
    owner: "planning",
    remedy: "find out why, and have the warehouse ask for the departure again",
    now: false,
};

impl Turn<'_, '_> {
    /// An errand for the warehouse went on. What was parked has its case already.
    pub(super) fn warehouse_answered(&mut self, warehouse: SiteId, effect: &Effect, step: &OutboxFact) {
        let Some(told) = told(effect) else { return };
        let about = about(warehouse, told);
        let known: Vec<u32> = self
            .common
            .cases
            .values()
            .filter(|case| case.kind == CaseKind::Discrepancy && case.about == about)
            .map(|case| case.number)
            .collect();
        match step {
            OutboxFact::Settled(Outcome::Accepted(_)) => known.iter().for_each(|case| self.draft.close_case(*case, "it was taken since")),
            // What a departure means has cases of its own.
            OutboxFact::Settled(Outcome::Rejected { code, text }) if known.is_empty() && self.shipment.stage != Stage::Departed => {
                let number = self.shipment.delivery.as_ref().map(ToString::to_string).unwrap_or_default();
                let what = format!("{warehouse} {} {number}: {code} {text}", told.refused);
                let offers = vec![Proposal::Do(told.remedy.to_owned()), Proposal::Acknowledge];
                let at = self.shipment.planned.filter(|_| !told.now).unwrap_or(self.context.now);
                self.draft.open_case(NewCase::new(CaseKind::Discrepancy, told.owner, what).impact(at).because_of(about).offers(offers));
            }
            OutboxFact::Settled(_)
            | OutboxFact::Released { .. }
            | OutboxFact::Requeued
            | OutboxFact::InFlight { .. }
            | OutboxFact::InDoubt { .. }
            | OutboxFact::NotDone { .. }
            | OutboxFact::Parked { .. } => {}
        }
    }

    /// It is gone: what its warehouse did not take before needs nobody any more.
    pub(super) fn close_refusals(&mut self) {
        let Some(warehouse) = self.shipment.warehouse else { return };
        let abouts = [BLOCK, UNBLOCK, NO, YES].map(|told| about(warehouse, &told));
        for case in self.common.cases.values().filter(|case| case.kind == CaseKind::Discrepancy && abouts.contains(&case.about)) {
            self.draft.close_case(case.number, "it has left");
        }
    }
}

/// Which of these an errand is; nothing for others.
fn told(effect: &Effect) -> Option<&'static Told> {
    if let Effect::BlockShipment { .. } = effect {
        return Some(&BLOCK);
    }
    if let Effect::UnblockShipment { .. } = effect {
        return Some(&UNBLOCK);
    }
    if let Effect::AnswerDeparture { granted, .. } = effect {
        return Some(if *granted { &YES } else { &NO });
    }
    None
}

fn about(warehouse: SiteId, told: &Told) -> String {
    format!("{warehouse} {} a shipment", told.refused)
}
